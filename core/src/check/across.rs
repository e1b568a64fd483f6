//! What can only be judged over several sessions: ids used twice, data that belongs to another session, events
//! that belong to no connection.

use core::net::SocketAddr;
use std::collections::HashMap;

use super::{
    elsewhere::Elsewhere,
    verdict::{Finding, Level},
    view::{Found, View},
};
use crate::transcript::{SessionLog, Transcript, What};

pub(super) struct Across<'t> {
    elsewhere: Elsewhere<'t>,
    /// The connection on which each session id was first seen, of each server: one that took the place of a dead one,
    /// at another address, counts anew.
    ids: HashMap<(SocketAddr, &'t str), u64>,
    /// The sessions of each client's address.
    clients: HashMap<SocketAddr, Vec<&'t SessionLog>>,
}

impl<'t> Across<'t> {
    pub(super) fn new(transcript: &'t Transcript) -> Self {
        let mut across = Self {
            elsewhere: Elsewhere::new(transcript),
            ids: HashMap::new(),
            clients: HashMap::new(),
        };
        for session in &transcript.sessions {
            let of_client = across.clients.entry(session.open.client).or_default();
            of_client.push(session);
            let mut last = None;
            for entry in &session.entries {
                if let What::Event(record) = &entry.what {
                    let id = (session.open.server, record.session.as_str());
                    if last.replace(id) != Some(id) {
                        across.ids.entry(id).or_insert(session.conn);
                    }
                }
            }
        }
        across
    }

    pub(super) fn elsewhere(&self) -> &Elsewhere<'t> {
        &self.elsewhere
    }

    /// SES-5 and SES-6 as far as ids and addresses show them: a session id that another connection had before, an
    /// event of this session that names another client.
    pub(super) fn judge(&self, view: &View<'_>) -> Vec<Found> {
        let events = || view.wire.events.iter();
        let mut last = None;
        let reused = events().find_map(|event| {
            let id = (view.log.open.server, event.record.session.as_str());
            if last.replace(id) == Some(id) {
                return None;
            }
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

    /// Events that came when their session was over, and those whose client address is none of ours.
    pub(super) fn strays(&self, transcript: &Transcript) -> Vec<Finding> {
        let hello = transcript.header.hello.as_ref();
        let slow = hello.is_some_and(|hello| !hello.semantics.slow_from.is_empty());
        let strays = transcript.strays.iter();
        strays
            .filter_map(|(_, record)| {
                let kind = record.event.kind();
                let id = &record.session;
                let of_session = |session: &&SessionLog| {
                    let first = self.ids.get(&(session.open.server, id.as_str()));
                    first == Some(&session.conn)
                };
                let of_client = self.clients.get(&record.peer).into_iter().flatten();
                let session = of_client.copied().find(of_session);
                if slow && session.is_some() {
                    // It ends the sessions of clients that it makes wait when nobody waits for that any more.
                    return None;
                }
                let (rule, case, what) = match session {
                    Some(session) => (
                        "SES-4",
                        session.open.case.clone(),
                        format!("{kind} fired when the session had long ended"),
                    ),
                    None => (
                        "SES-5",
                        "(no connection)".into(),
                        format!(
                            "{kind} of session {id:?} names the client {}, which never connected",
                            record.peer
                        ),
                    ),
                };
                Some(Finding {
                    rule,
                    level: Level::Must,
                    conn: session.map_or(0, |session| session.conn),
                    case,
                    entry: None,
                    what,
                })
            })
            .collect()
    }
}
