//! The events of one session as they are told, and what its script does at each.

use std::{collections::HashMap, net::SocketAddr};

use smtpspec_core::event::{Event, EventKind, EventRecord, HandlerAction, HandlerScript};

use crate::{
    observe::outlet::{Generation, Outlet},
    record::now_ns,
};

/// One session of the server under test.
pub(super) struct SessionEvents {
    outlet: Outlet,
    /// None: nobody listened when the session began.
    told_to: Option<Generation>,
    name: String,
    peer: SocketAddr,
    script: HandlerScript,
    told: u64,
    counts: HashMap<EventKind, u32>,
}

impl SessionEvents {
    /// The session that the server calls `name`, of the client at `peer`. Takes its script, if there is one.
    pub(super) fn new(outlet: Outlet, name: String, peer: SocketAddr) -> Self {
        let script = outlet.script(peer);
        Self {
            told_to: outlet.generation(),
            outlet,
            name,
            peer,
            script,
            told: 0,
            counts: HashMap::new(),
        }
    }

    /// Tells of an event; returns what the script does with it.
    pub(super) fn fire(&mut self, event: Event) -> HandlerAction {
        let kind = event.kind();
        self.told += 1;
        let record = EventRecord {
            session: self.name.clone(),
            seq: self.told,
            at: Some(now_ns()),
            peer: self.peer,
            event,
        };
        if let Some(generation) = self.told_to {
            self.outlet.event(generation, &record);
        }
        let nth = self.counts.entry(kind).or_default();
        *nth += 1;
        self.script.action(kind, *nth).clone()
    }
}
