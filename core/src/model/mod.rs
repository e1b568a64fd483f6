//! The reference event-ordering model: how a session is read from its wire, and which events that allows.
//!
//! `wire_log` takes a log apart, `reading` says which reply answers what and in which [`State`] each command was
//! sent (an `exchange`), `expect` says which events each exchange may fire. `state` holds the table; `tolerance` names what a
//! lenient reading takes. `pacer` is the same reading for a client that must know how long to wait.

mod authentication;
mod blank_line;
mod candidates;
mod chunk;
mod content;
mod exchange;
mod expect;
mod pacer;
mod reading;
mod replies;
mod state;
mod tolerance;
mod wire_log;

pub use authentication::{AuthStep, ResponseLine, Said, auth};
pub use candidates::relevant_tolerances;
pub use chunk::{Chunk, Section};
pub use content::Message;
pub use exchange::{
    COMMAND_LINE_LIMIT, CommandLine, Exchange, History, Outcome, RefusedVerbs, Stimulus,
};
pub use expect::{Pattern, Patterns, allowed, own_event};
pub use pacer::Pacer;
pub use reading::{Begun, Reading, Stop, UnansweredData, read};
pub(crate) use reading::{LAST, NO_TIME_OUT};
pub use replies::{ReplyReader, SeenReply, reply_lines};
pub use state::{Certainty, Effect, Needs, SEQUENCE, State, States, Transaction, clears};
pub use tolerance::{LookAlike, Separator, Tolerance};
pub use wire_log::{LoggedEvent, LoggedHandshake, LoggedReply, Segment, WireLog};
