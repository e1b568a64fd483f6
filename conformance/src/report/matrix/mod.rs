//! The same conversations at several servers, side by side: rules, events, replies, look-alike ends of data.
//!
//! [`Matrix::new`] is a pure function of what was seen; `console`, `json`, `html` and `markdown` write the value down.

mod console;
mod diff;
mod events;
mod html;
mod json;
mod look_alikes;
mod markdown;
mod played;
mod replies;
mod rules;
mod server;
mod text;

pub use console::console;
pub use events::{Difference, DifferenceAt, Differing, EventRow, Events, Reason};
pub use html::html;
pub use json::json;
pub use look_alikes::{Fate, LookAlikeRow};
pub use markdown::markdown;
pub use replies::{Answer, Level, Replies, ReplyDifference, ReplyRow, Sequence};
pub use rules::{Cell, RuleRow, Shown, Smallest};
pub use server::Server;

use serde::Serialize;
use smtpspec_core::{check::RunVerdict, transcript::Transcript};

use crate::run::Minimal;
pub(super) use look_alikes::fate;
pub(super) use played::Played;

/// One server and what came of it.
#[derive(Debug)]
pub struct Column {
    /// The target's name.
    pub name: String,
    /// What was seen; nothing when the server could not be started.
    pub seen: Option<Seen>,
    /// Why it could not be started, or was lost.
    pub trouble: Option<String>,
}

/// What was seen of one server.
#[derive(Debug)]
pub struct Seen {
    /// What happened.
    pub transcript: Transcript,
    /// What it means.
    pub verdict: RunVerdict,
    /// Conversations that were not played, each with the reason.
    pub skipped: Vec<(String, String)>,
    /// Findings in their smallest form, as far as they were looked for.
    pub minimal: Vec<Minimal>,
}

/// Servers side by side.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Matrix {
    /// `smtpspec 0.1.0`.
    pub tool: String,
    /// The command that makes this matrix again.
    pub again: String,
    /// The columns of all tables, in order.
    pub servers: Vec<Server>,
    /// Each rule, with a cell for each server.
    pub rules: Vec<RuleRow>,
    /// Where the events are not those of the reference server.
    pub events: Events,
    /// Where the servers answer differently.
    pub replies: Replies,
    /// What each server takes a look-alike end of data for.
    pub look_alikes: Vec<LookAlikeRow>,
}

impl Matrix {
    /// Lays `columns` side by side; their events are compared with those of `reference`, which sees and shows all.
    pub fn new(again: String, reference: &Transcript, columns: &[Column]) -> Self {
        let servers = server::servers(columns);
        let names: Vec<String> = servers.iter().map(|server| server.name.clone()).collect();
        let expected = Played::all(reference);
        let played: Vec<Option<Played<'_>>> = columns
            .iter()
            .map(|column| column.seen.as_ref().map(Played::new))
            .collect();
        Self {
            tool: reference.header.tool.clone(),
            again,
            rules: rules::rows(columns),
            events: events::compare(&names, &expected, &played),
            replies: replies::compare(&names, &played),
            look_alikes: look_alikes::rows(&played),
            servers,
        }
    }
}

/// The names of the servers at these columns.
fn named(names: &[String], columns: &[usize]) -> Vec<String> {
    columns
        .iter()
        .map(|column| names[*column].clone())
        .collect()
}
