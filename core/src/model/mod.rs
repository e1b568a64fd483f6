//! The reference event-ordering model.

mod pacer;

pub use pacer::Pacer;
