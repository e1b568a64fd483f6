//! What can only be judged over several sessions: ids used twice, data that belongs to another session, events
//! that belong to no connection.

use core::net::SocketAddr;
use std::collections::HashMap;

use super::{
    verdict::{Finding, Level},
    view::{Arguments, Found, View},
};
use crate::{
    model::{Stimulus, Tolerance, UnansweredData, WireLog, read},
    transcript::{Transcript, What},
    wire::Command,
};

pub(super) struct Across<'t> {
    arguments: Arguments,
    /// The connection on which each session id was first seen, of each server: one that took the place of a dead one,
    /// at another address, counts anew.
    ids: HashMap<(SocketAddr, &'t str), u64>,
}

impl<'t> Across<'t> {
    pub(super) fn new(transcript: &'t Transcript) -> Self {
        let mut across = Self {
            arguments: Arguments::default(),
            ids: HashMap::new(),
        };
        for session in &transcript.sessions {
            for entry in &session.entries {
                if let What::Event(record) = &entry.what {
                    let id = (session.open.server, record.session.as_str());
                    across.ids.entry(id).or_insert(session.conn);
                }
            }
            across.note_arguments(&WireLog::new(session), session.conn);
        }
        across
    }

    fn note_arguments(&mut self, wire: &WireLog<'_>, conn: u64) {
        let reading = read(wire, &Tolerance::default(), UnansweredData::default());
        for exchange in &reading.exchanges {
            let Stimulus::Command(line) = &exchange.stimulus else {
                continue;
            };
            let Ok(parsed) = &line.parsed else { continue };
            match parsed.command {
                Command::Helo { domain } | Command::Ehlo { domain } => {
                    self.arguments.add(domain, conn);
                }
                Command::Mail { path, .. } => self.arguments.add(path.raw(), conn),
                Command::Rcpt { path, .. } => self.arguments.add(path.raw(), conn),
                _ => {}
            }
        }
    }

    pub(super) fn arguments(&self) -> &Arguments {
        &self.arguments
    }

    /// SES-5 and SES-6 as far as ids and addresses show them: a session id that another connection had before, an
    /// event of this session that names another client.
    pub(super) fn judge(&self, view: &View<'_>) -> Vec<Found> {
        let events = || view.wire.events.iter();
        let reused = events().find_map(|event| {
            let id = (view.log.open.server, event.record.session.as_str());
            let first = *self.ids.get(&id)?;
            (first != view.log.conn).then(|| {
                let id = &event.record.session;
                let what = format!("session id {id:?} was used for connection {first} before");
                Found::new("SES-6", event.entry, what)
            })
        });
        let client = view.wire.client;
        let stranger = events()
            .find(|event| event.record.peer != client)
            .map(|event| {
                let (kind, peer) = (event.record.event.kind(), event.record.peer);
                let what =
                    format!("{kind} names the client {peer}; the session's client is {client}");
                Found::new("SES-5", event.entry, what)
            });
        reused.into_iter().chain(stranger).collect()
    }

    /// Events whose client address is none of ours.
    pub(super) fn strays(transcript: &Transcript) -> Vec<Finding> {
        transcript
            .strays
            .iter()
            .map(|(_, record)| Finding {
                rule: "SES-5",
                level: Level::Must,
                conn: 0,
                case: "(no connection)".into(),
                entry: None,
                what: format!(
                    "{} of session {:?} names the client {}, which never connected",
                    record.event.kind(),
                    record.session,
                    record.peer
                ),
            })
            .collect()
    }
}
