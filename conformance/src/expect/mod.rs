//! Findings that are known: a file of them for a server, and what a run shows beyond it or no longer.
//!
//! With such a file a run fails on any change: a finding that is new, and one that is gone.

mod compare;
mod file;
mod update;

pub use compare::{Change, Comparison, compare};
pub use file::{ExpectError, Expected, Known, Strength};
pub use update::update;
