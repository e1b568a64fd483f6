//! What must hold for any input. The targets only call these functions, and so can a test.

mod command;

pub use command::command;
