//! The grammar of SMTP: lines, commands, paths, replies, the DATA stream.
//!
//! Strict by RFC 5321. Where a parser takes more, it says so: each [`Leniency`] is a named value.
//! Everything borrows from its input and nothing is allocated on the happy path.

mod argument;
mod chunk;
mod class;
mod command;
mod cursor;
mod data;
mod domain;
mod dsn;
mod error;
mod lanes;
mod leniency;
mod line;
mod mailbox;
mod param;
mod path;
mod plain;
mod protocol;
mod reply;
mod reply_code;
mod reply_splitter;
mod sasl;
mod strict;
mod verb;

pub use chunk::ChunkStream;
pub use command::{Command, Parsed, parse_command};
pub use data::{DataPart, DataStream};
pub use dsn::{DSN_MAIL, DSN_RCPT, dsn_value_problem, is_only_too_long, is_orcpt_without_address};
pub use error::SyntaxError;
pub use leniency::{Leniencies, Leniency, LeniencyLevel};
pub use line::{Line, LineEnd, LineEnds, LineSplitter};
pub use mailbox::{Domain, LocalPart, Mailbox};
pub use param::{Parameter, Parameters};
pub use path::{ForwardPath, Path, ReversePath};
pub use protocol::Protocol;
pub use reply::{Reply, ReplyError, ReplyLines};
pub use reply_code::{EnhancedCode, ReplyClass, ReplyCode};
pub use reply_splitter::ReplySplitter;
pub use sasl::{
    SASL_LINE_LIMIT, SaslLine, encode_challenge, parse_initial_response, parse_sasl_line,
    without_initial_response,
};
pub use verb::Verb;

#[cfg(test)]
mod tests;
