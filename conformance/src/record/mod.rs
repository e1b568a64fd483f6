//! Session logs in the making: driver and event stream write into one log, each entry stamped by one clock.

mod clock;
mod log;

pub use clock::now_ns;
pub use log::Log;
