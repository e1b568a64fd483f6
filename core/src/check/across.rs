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
    /// The connection on which each of the server's session ids was first seen.
    ids: HashMap<&'t str, u64>,
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
                    across.ids.entry(&record.session).or_insert(session.conn);
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
            let first = *self.ids.get(event.record.session.as_str())?;
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
        let hello = transcript.header.hello.as_ref();
        let slow = hello.is_some_and(|hello| !hello.semantics.slow_from.is_empty());
        let connected = |peer: SocketAddr| {
            let mut clients = transcript
                .sessions
                .iter()
                .map(|session| session.open.client);
            clients.any(|client| client == peer)
        };
        transcript
            .strays
            .iter()
            // A server that makes clients wait ends their sessions when nobody waits for that any more.
            .filter(|(_, record)| !(slow && connected(record.peer)))
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
