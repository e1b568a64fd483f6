//! Event streams: where a server's events come from, and to which connection each belongs.
//!
//! An adapter writes JSON Lines, a hello first (see `conformance/adapters/EVENT-STREAM.md`). They come over TCP, a Unix
//! socket, a file or a child's standard output; a [`Hub`] routes them by the client's own port, never by timing.
//!
//! The other end, for servers that show their events in a protocol of their own: an [`Outlet`] is such a stream,
//! [`milter`] takes what it tells from an MTA's milter connections, [`opensmtpd`] from smtpd.

mod audit;
mod hub;
mod lines;
pub mod milter;
mod observer;
pub mod opensmtpd;
mod outlet;
mod scripts;
mod source;
mod spec;

pub use audit::{Audit, Problem, SCHEMA};
pub use hub::Hub;
pub use observer::{Observer, ScriptSender, StreamReader};
pub use outlet::{Outlet, OutletError};
pub use scripts::ScriptError;
pub use source::ObserveError;
pub use spec::{EventsSpec, EventsSpecError};

/// A line that is no part of an event stream: the run is an error, not a failure of the server under test.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("event stream, line {line}: {why}: {text}")]
pub struct BrokenLine {
    /// From 1.
    pub line: u64,
    /// The line, shortened, escaped as octets are in JSON.
    pub text: String,
    /// What was wrong.
    pub why: String,
}
