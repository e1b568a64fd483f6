//! What must hold for any input: one function for each target, in a file of the same name.
//!
//! The targets only call these functions. So do the tests of core, which take this file in as a module of theirs and
//! play every seed without a fuzzer: nothing here may need more than core and what core needs.

mod bdat;
mod checker;
mod command;
mod conversation;
mod data;
mod events;
mod grammar;
mod growth;
mod ladder;
mod path;
mod pieces;
mod receiver;
mod reply;
mod sasl;
mod starttls;
mod structured;
mod transcript;

pub use bdat::bdat;
pub use checker::{checker, checker_in_linear_time, checker_in_linear_time_for_long};
pub use command::command;
pub use conversation::conversation;
pub use data::data;
pub use events::events;
pub use path::path;
pub use receiver::receiver;
pub use reply::reply;
pub use sasl::sasl;
pub use starttls::starttls;
pub use structured::structured;
pub use transcript::transcript;

/// Panics if the input shows that something is wrong.
pub type Body = fn(&[u8]);

/// All of them, by the names of the targets.
pub const BODIES: &[(&str, Body)] = &[
    ("bdat", bdat),
    ("checker", checker),
    ("command", command),
    ("conversation", conversation),
    ("data", data),
    ("events", events),
    ("path", path),
    ("receiver", receiver),
    ("reply", reply),
    ("sasl", sasl),
    ("starttls", starttls),
    ("structured", structured),
    ("transcript", transcript),
];
