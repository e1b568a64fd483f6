//! The columns: which servers, and how much was seen of each.

use std::collections::BTreeMap;

use serde::Serialize;
use smtpspec_core::{check::Verdict, event::EventKind};

use super::{
    Column, Seen,
    text::{distinct, shown, shown_lines},
};
use crate::report::{Counts, counts::rules_with};

/// One server.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Server {
    /// The target's name, with a number where it stands there several times.
    pub name: String,
    /// The software and its version, as its adapter says.
    pub software: Option<String>,
    /// How many of the fifteen events it shows.
    pub shows: usize,
    /// The events that it does not show.
    pub hidden: Vec<&'static str>,
    /// Conversations played.
    pub conversations: usize,
    /// Events seen.
    pub events: usize,
    /// How many conversations were not played, for each reason.
    pub skipped: BTreeMap<String, usize>,
    /// Rules that hold.
    pub holds: usize,
    /// Rules that are broken.
    pub broken: usize,
    /// Rules that are kept, though not strictly.
    pub not_strict: usize,
    /// Why it could not be started, or was lost. Its cells then show what was seen until then.
    pub trouble: Option<String>,
}

impl Server {
    /// The software, or why it is not known.
    pub fn software_or_why(&self) -> &str {
        match &self.software {
            Some(software) => software,
            None if self.conversations == 0 => "nothing was seen of it",
            None => "events not observed",
        }
    }
}

/// The servers of `columns`.
pub(super) fn servers(columns: &[Column]) -> Vec<Server> {
    let names = distinct(columns.iter().map(|column| column.name.as_str()));
    let servers = columns.iter().zip(names);
    servers.map(|(column, name)| server(column, name)).collect()
}

fn server(column: &Column, name: String) -> Server {
    let trouble = column.trouble.as_deref().map(shown_lines);
    let mut server = Server {
        name,
        software: None,
        shows: 0,
        hidden: Vec::new(),
        conversations: 0,
        events: 0,
        skipped: BTreeMap::new(),
        holds: 0,
        broken: 0,
        not_strict: 0,
        trouble,
    };
    if let Some(seen) = &column.seen {
        fill(&mut server, seen);
    }
    server
}

fn fill(server: &mut Server, seen: &Seen) {
    let hello = seen.transcript.header.hello.as_ref();
    server.software = hello.map(|hello| shown(&hello.server));
    let shows = |kind: &EventKind| hello.is_some_and(|hello| hello.sees(*kind));
    let hidden = EventKind::ALL.iter().filter(|kind| !shows(kind));
    server.hidden = hidden.map(|kind| kind.name()).collect();
    server.shows = EventKind::ALL.len() - server.hidden.len();
    let counts = Counts::of(&seen.transcript);
    (server.conversations, server.events) = (counts.cases, counts.events);
    for (_, why) in &seen.skipped {
        *server.skipped.entry(why.clone()).or_default() += 1;
    }
    let rules = |verdict| rules_with(&seen.verdict, verdict);
    server.holds = rules(Verdict::Holds);
    server.broken = rules(Verdict::Broken);
    server.not_strict = rules(Verdict::NotStrict);
}
