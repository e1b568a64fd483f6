//! The adapter's end of an event stream: events go out, handler scripts come in.
//!
//! What a server shows in a protocol of its own is told in ours by `smtpspec observe`. See
//! `conformance/adapters/EVENT-STREAM.md` for the stream itself.

mod script_lines;
mod session;
mod sink;

pub use session::SessionEvents;
pub use sink::{EmitError, EventSink};
