//! Inputs that the benchmarks share: the same octets in every run and for every parser.

mod bare;
mod commands;
mod data;
mod random;
mod replies;
mod short;

pub use bare::{bare_server, converse};
pub use commands::{COMMANDS, commands};
pub use data::{DATA_OCTETS, data};
pub use replies::{REPLIES, replies};
pub use short::{EXCHANGES, short};
