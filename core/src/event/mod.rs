//! The fifteen events of a receiving server, in Exchange's words, and what each carries.
//!
//! Source: "Transport Agents Architecture" (bb643108) and "SmtpReceiveAgent events" (Exchange 2007).

mod args;
mod kind;
mod script;
mod stream;

pub use args::{AuthOutcome, DisconnectReason, Event, MessageDigest, ParsingStatus};
pub use kind::EventKind;
pub use script::{HandlerAction, HandlerRule, HandlerScript};
pub use stream::{
    EVENT_STREAM_VERSION, EventRecord, Hello, Semantics, StreamError, StreamItem, parse_stream_line,
};
