//! The events of one session as they are told, and what its script does at each.

use std::{
    collections::HashMap,
    net::SocketAddr,
    sync::Arc,
    time::{SystemTime, UNIX_EPOCH},
};

use smtpspec_core::event::{Event, EventKind, EventRecord, HandlerAction, HandlerScript};

use super::{EmitError, EventSink};

/// One session of the server under test.
pub struct SessionEvents {
    sink: Arc<EventSink>,
    name: String,
    peer: SocketAddr,
    script: HandlerScript,
    told: u64,
    counts: HashMap<EventKind, u32>,
}

impl SessionEvents {
    /// The session that the server calls `name`, of the client at `peer`. Takes its script, if there is one.
    pub fn new(sink: Arc<EventSink>, name: String, peer: SocketAddr) -> Self {
        let script = sink.take_script(peer);
        Self {
            sink,
            name,
            peer,
            script,
            told: 0,
            counts: HashMap::new(),
        }
    }

    /// Tells of an event; returns what the script does with it.
    pub fn fire(&mut self, event: Event) -> Result<HandlerAction, EmitError> {
        let kind = event.kind();
        self.told += 1;
        self.sink.event(&EventRecord {
            session: self.name.clone(),
            seq: self.told,
            at: Some(now()),
            peer: self.peer,
            event,
        })?;
        let nth = self.counts.entry(kind).or_default();
        *nth += 1;
        Ok(self.script.action(kind, *nth).clone())
    }
}

/// Nanoseconds of UNIX time.
fn now() -> u64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH);
    // A clock before 1970 or after 2554 is wrong anyway.
    since.map_or(0, |since| u64::try_from(since.as_nanos()).unwrap_or(0))
}
