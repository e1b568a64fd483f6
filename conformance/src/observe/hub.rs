//! Routes events to connections.
//!
//! The client's address decides at the first event of a server's session; from there on the session's id does,
//! so that an event with another session's data still lands where the rules about mixing can see it.

use std::{
    collections::HashMap,
    net::SocketAddr,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use smtpspec_core::event::{EventKind, EventRecord};

use crate::record::{Log, now_ns};

/// Strays kept of one run; what comes beyond them tells nothing new.
const MOST_STRAYS: usize = 10_000;

/// Knows the open connections and the server's names for them.
#[derive(Debug, Clone, Default)]
pub struct Hub(Arc<Mutex<Routes>>);

#[derive(Debug, Default)]
struct Routes {
    /// Connections that are open, or whose late events are still waited for.
    open: HashMap<SocketAddr, Log>,
    sessions: HashMap<String, Bindings>,
    strays: Vec<(u64, EventRecord)>,
}

/// The connections to which a session id belongs: one, unless the server uses ids again.
#[derive(Debug, Default)]
struct Bindings {
    by_peer: HashMap<SocketAddr, Log>,
    latest: Option<Log>,
}

impl Hub {
    /// A hub without connections.
    pub fn new() -> Self {
        Self::default()
    }

    /// From now on events of `client` belong into `log`. To be called before the client connects.
    pub fn open(&self, client: SocketAddr, log: Log) {
        self.routes().open.insert(client, log);
    }

    /// Whether events of `client` are still waited for.
    pub fn is_open(&self, client: SocketAddr) -> bool {
        self.routes().open.contains_key(&client)
    }

    /// No more events are waited for. The port may be another connection's by now: `log` says which one is meant.
    pub fn close(&self, client: SocketAddr, log: &Log) {
        let mut routes = self.routes();
        if routes.open.get(&client).is_some_and(|open| open.is(log)) {
            routes.open.remove(&client);
        }
    }

    /// Takes an event and logs it where it belongs; an event that belongs nowhere is a stray.
    pub fn event(&self, record: EventRecord) {
        let mut routes = self.routes();
        let refused = match routes.route(&record) {
            Some(log) => log.push_event(record),
            None => Some(record),
        };
        if let Some(stray) = refused
            && routes.strays.len() < MOST_STRAYS
        {
            routes.strays.push((now_ns(), stray));
        }
    }

    /// Takes the events that belonged to no connection, with the time (ns) when they were read.
    pub fn take_strays(&self) -> Vec<(u64, EventRecord)> {
        std::mem::take(&mut self.routes().strays)
    }

    /// Forgets the server's names for connections that are over: an event under such a name is a stray either way.
    pub fn forget_ended(&self) {
        let lives = |log: &Log| !log.is_finished();
        self.routes().sessions.retain(|_, bindings| {
            bindings.by_peer.retain(|_, log| lives(log));
            bindings.latest.take_if(|log| !lives(log));
            bindings.latest.is_some() || !bindings.by_peer.is_empty()
        });
    }

    fn routes(&self) -> MutexGuard<'_, Routes> {
        // No panic can leave the maps half-written.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Routes {
    fn route(&mut self, record: &EventRecord) -> Option<Log> {
        let of_peer = self.open.get(&record.peer);
        let bound = self.sessions.get(&record.session);
        let bound_log = bound.and_then(|bindings| bindings.log(record.peer));
        match (bound_log, of_peer) {
            (Some(log), None) => Some(log.clone()),
            (Some(log), Some(peer_log)) if !begins_anew(record, log, peer_log) => Some(log.clone()),
            (_, Some(peer_log)) => {
                let peer_log = peer_log.clone();
                if peer_log.is_full() {
                    // Nor are the names remembered under which the surplus comes.
                    return Some(peer_log);
                }
                let bindings = self.sessions.entry(record.session.clone()).or_default();
                bindings.by_peer.insert(record.peer, peer_log.clone());
                bindings.latest = Some(peer_log.clone());
                Some(peer_log)
            }
            (None, None) => None,
        }
    }
}

/// Whether a session id that is bound to `log` begins to serve for the connection `peer_log` as well.
fn begins_anew(record: &EventRecord, log: &Log, peer_log: &Log) -> bool {
    !log.is(peer_log) && (record.event.kind() == EventKind::OnConnect || log.is_finished())
}

impl Bindings {
    fn log(&self, peer: SocketAddr) -> Option<&Log> {
        self.by_peer.get(&peer).or(self.latest.as_ref())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use pretty_assertions::assert_eq;
    use smtpspec_core::{event::Event, transcript::What};

    fn peer(port: u16) -> SocketAddr {
        ([127, 0, 0, 1], port).into()
    }

    fn record(session: &str, port: u16, event: Event) -> EventRecord {
        EventRecord {
            session: session.into(),
            seq: 1,
            at: None,
            peer: peer(port),
            event,
        }
    }

    fn connect(session: &str, port: u16) -> EventRecord {
        record(session, port, Event::OnConnect { local: None })
    }

    fn opened(hub: &Hub, port: u16) -> Log {
        let log = Log::new();
        hub.open(peer(port), log.clone());
        log
    }

    fn events(log: &Log) -> Vec<EventKind> {
        let kind = |what| match what {
            What::Event(record) => Some(record.event.kind()),
            _ => None,
        };
        let entries = log.take().into_iter();
        entries.filter_map(|entry| kind(entry.what)).collect()
    }

    #[test]
    fn events_go_to_the_connection_of_their_peer() {
        let hub = Hub::new();
        let (one, two) = (opened(&hub, 1), opened(&hub, 2));
        hub.event(connect("b", 2));
        hub.event(connect("a", 1));
        hub.event(record("a", 1, Event::OnRsetCommand {}));
        let both = (events(&one), events(&two));
        let connect = EventKind::OnConnect;
        assert_eq!(
            both,
            (vec![connect, EventKind::OnRsetCommand], vec![connect])
        );
    }

    #[test]
    fn a_session_that_changes_its_peer_stays_with_its_connection() {
        let hub = Hub::new();
        let (one, two) = (opened(&hub, 1), opened(&hub, 2));
        hub.event(connect("a", 1));
        hub.event(connect("b", 2));
        hub.event(record("a", 2, Event::OnRsetCommand {}));
        assert_eq!(
            events(&one),
            [EventKind::OnConnect, EventKind::OnRsetCommand]
        );
        assert_eq!(events(&two), [EventKind::OnConnect]);
    }

    #[test]
    fn an_id_used_for_two_connections_serves_both() {
        let hub = Hub::new();
        let (one, two) = (opened(&hub, 1), opened(&hub, 2));
        hub.event(connect("a", 1));
        hub.event(connect("a", 2));
        hub.event(record("a", 2, Event::OnDataCommand {}));
        hub.event(record("a", 1, Event::OnRsetCommand {}));
        assert_eq!(
            events(&one),
            [EventKind::OnConnect, EventKind::OnRsetCommand]
        );
        assert_eq!(
            events(&two),
            [EventKind::OnConnect, EventKind::OnDataCommand]
        );
    }

    #[test]
    fn events_of_unknown_peers_and_of_finished_sessions_are_strays() {
        let hub = Hub::new();
        let log = opened(&hub, 1);
        hub.event(connect("a", 1));
        log.finish();
        hub.close(peer(1), &log);
        hub.event(record("a", 1, Event::OnRsetCommand {}));
        hub.event(connect("z", 9));
        let strays: Vec<_> = hub.take_strays().into_iter().map(|s| s.1.session).collect();
        assert_eq!(strays, ["a", "z"]);
    }

    #[test]
    fn a_flood_under_ever_new_names_is_not_remembered() {
        let hub = Hub::new();
        let _log = opened(&hub, 1);
        for n in 0..10_000 {
            hub.event(record(&format!("s{n}"), 1, Event::OnRsetCommand {}));
        }
        assert!(hub.routes().sessions.len() <= 1000);
    }

    #[test]
    fn what_is_forgotten_is_only_what_is_over() {
        let hub = Hub::new();
        let (one, two) = (opened(&hub, 1), opened(&hub, 2));
        hub.event(connect("a", 1));
        hub.event(connect("b", 2));
        one.finish();
        hub.close(peer(1), &one);
        hub.forget_ended();
        hub.event(record("a", 1, Event::OnRsetCommand {}));
        hub.event(record("b", 1, Event::OnRsetCommand {}));
        assert_eq!(hub.routes().sessions.len(), 1);
        assert_eq!(hub.take_strays().len(), 1);
        assert_eq!(events(&two).len(), 2);
    }

    #[test]
    fn a_port_used_again_is_not_closed_by_its_last_owner() {
        let hub = Hub::new();
        let old = opened(&hub, 1);
        let new = opened(&hub, 1);
        hub.close(peer(1), &old);
        hub.event(connect("a", 1));
        assert_eq!(events(&new), [EventKind::OnConnect]);
    }
}
