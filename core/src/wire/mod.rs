//! The grammar of SMTP: lines, commands, paths, replies, the DATA stream.
//!
//! Strict by RFC 5321. Where a parser takes more, it says so: each [`Leniency`] is a named value.
//! Everything borrows from its input and nothing is allocated on the happy path.

mod command;
mod data;
mod error;
mod leniency;
mod line;
mod param;
mod path;
mod reply;

pub use command::{Command, Parsed, Verb, parse_command};
pub use data::{DataPart, DataStream};
pub use error::SyntaxError;
pub use leniency::{Leniencies, Leniency, LeniencyLevel};
pub use line::{Line, LineEnd, LineEnds, LineSplitter};
pub use param::{Parameter, Parameters};
pub use path::{Domain, ForwardPath, LocalPart, Mailbox, Path, ReversePath};
pub use reply::{
    EnhancedCode, Reply, ReplyClass, ReplyCode, ReplyError, ReplyLines, ReplySplitter,
};
