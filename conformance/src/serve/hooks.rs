//! What hangs on each session of the reference server: an agent that shows its events, and one with a script.

use std::{
    collections::HashMap,
    fmt,
    net::SocketAddr,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use smtpspec_core::{
    event::{Event, EventRecord, HandlerScript},
    receiver::{ScriptAgent, SmtpReceiveAgent, Verdict},
};

use crate::record::now_ns;

/// Where the events of all sessions go. Called in the session's own task, before the event's reply is written.
pub type EventSink = Arc<dyn Fn(EventRecord) + Send + Sync>;

/// Handler scripts by the address of the client whose session they are for.
#[derive(Debug, Clone, Default)]
pub struct ScriptRegistry(Arc<Mutex<HashMap<SocketAddr, HandlerScript>>>);

impl ScriptRegistry {
    /// The session of `client`, who has not connected yet, shall play `script`.
    pub fn put(&self, client: SocketAddr, script: HandlerScript) {
        self.scripts().insert(client, script);
    }

    /// Takes the script for `client`; an empty one if there is none.
    pub fn take(&self, client: SocketAddr) -> HandlerScript {
        self.scripts().remove(&client).unwrap_or_default()
    }

    fn scripts(&self) -> MutexGuard<'_, HashMap<SocketAddr, HandlerScript>> {
        // Inserting and removing cannot leave the map half-written.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// What the reference server's sessions report to and take their handlers from.
#[derive(Clone)]
pub struct Hooks {
    /// Takes every event.
    pub events: EventSink,
    /// The handlers' scripts.
    pub scripts: ScriptRegistry,
}

impl fmt::Debug for Hooks {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut out = f.debug_struct("Hooks");
        out.field("scripts", &self.scripts).finish_non_exhaustive()
    }
}

impl Hooks {
    /// Hooks that report to `events`, with no scripts yet.
    pub fn new(events: impl Fn(EventRecord) + Send + Sync + 'static) -> Self {
        Self {
            events: Arc::new(events),
            scripts: ScriptRegistry::default(),
        }
    }

    /// The agents of the session `session`, the observing one first: it sees each event before a handler decides.
    pub(super) fn agents(
        &self,
        session: String,
        peer: SocketAddr,
    ) -> Vec<Box<dyn SmtpReceiveAgent>> {
        let observing = ObservingAgent {
            session,
            seq: 0,
            peer,
            events: Arc::clone(&self.events),
        };
        let script = ScriptAgent::new(self.scripts.take(peer));
        vec![Box::new(observing), Box::new(script)]
    }
}

/// Shows every event and accepts all.
struct ObservingAgent {
    session: String,
    seq: u64,
    peer: SocketAddr,
    events: EventSink,
}

impl SmtpReceiveAgent for ObservingAgent {
    fn on_event(&mut self, event: &Event) -> Verdict {
        self.seq += 1;
        (self.events)(EventRecord {
            session: self.session.clone(),
            seq: self.seq,
            at: Some(now_ns()),
            peer: self.peer,
            event: event.clone(),
        });
        Verdict::Accept
    }
}
