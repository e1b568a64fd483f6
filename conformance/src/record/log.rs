//! One session's log while it is being written.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use smtpspec_core::{
    event::{EventKind, EventRecord},
    transcript::{Entry, What},
};
use tokio::sync::watch;

use super::now_ns;

/// Events that a log takes whatever the client has sent.
const EVENTS: usize = 1000;
/// And for each octet that it has sent: the shortest line there is may fire its own event and OnReject.
const EVENTS_PER_OCTET: usize = 2;

/// A session's log, shared by the driver, which logs what it does and reads, and the event stream, which logs
/// what the server fires. Entries are stamped under one lock, so that their times grow in their order.
#[derive(Debug, Clone)]
pub struct Log(Arc<Shared>);

#[derive(Debug)]
struct Shared {
    state: Mutex<State>,
    /// How many events were logged, and whether OnDisconnect was one of them.
    events: watch::Sender<Seen>,
}

#[derive(Debug, Default)]
struct State {
    entries: Vec<Entry>,
    finished: bool,
    /// Octets that the client has sent.
    sent: usize,
    events: usize,
}

impl State {
    /// Whether more events have come than all that was sent can have fired.
    fn is_full(&self) -> bool {
        self.events >= EVENTS.saturating_add(self.sent.saturating_mul(EVENTS_PER_OCTET))
    }
}

/// What the event stream has brought so far.
#[derive(Debug, Clone, Copy, Default)]
struct Seen {
    count: u64,
    disconnect: bool,
}

impl Default for Log {
    fn default() -> Self {
        Self::new()
    }
}

impl Log {
    /// An empty log.
    pub fn new() -> Self {
        Self(Arc::new(Shared {
            state: Mutex::default(),
            events: watch::Sender::new(Seen::default()),
        }))
    }

    /// Adds an entry, stamped now. A finished log takes no more.
    pub fn push(&self, what: What) {
        let mut state = self.state();
        if !state.finished {
            if let What::Sent(octets) = &what {
                state.sent += octets.0.len();
            }
            state.entries.push(Entry { at: now_ns(), what });
        }
    }

    /// Adds an entry of which more will be known later, and says which it is; `None` when the log takes no more.
    pub fn begin(&self, what: What) -> Option<usize> {
        let mut state = self.state();
        if state.finished {
            return None;
        }
        state.entries.push(Entry { at: now_ns(), what });
        Some(state.entries.len() - 1)
    }

    /// Puts what is known by now in the place of `entry`, which [`Log::begin`] gave, with its time. Entries behind it
    /// move on. A finished log stays as it is.
    pub fn amend(&self, entry: usize, whats: impl IntoIterator<Item = What>) {
        let mut state = self.state();
        if state.finished {
            return;
        }
        if let Some(at) = state.entries.get(entry).map(|begun| begun.at) {
            let known = whats.into_iter().map(|what| Entry { at, what });
            state.entries.splice(entry..=entry, known);
        }
    }

    /// Adds an event, stamped now; gives it back when the log is finished.
    ///
    /// Of a server that never stops firing, what comes beyond all measure is dropped: that it fires too much is in the
    /// log by then. Only OnDisconnect is still taken, once, so that it is not missed.
    #[must_use = "what is given back is a stray"]
    pub fn push_event(&self, record: EventRecord) -> Option<EventRecord> {
        let disconnect = record.event.kind() == EventKind::OnDisconnect;
        let mut state = self.state();
        if state.finished {
            return Some(record);
        }
        if state.is_full() && (!disconnect || self.0.events.borrow().disconnect) {
            return None;
        }
        state.events += 1;
        let what = What::Event(Box::new(record));
        state.entries.push(Entry { at: now_ns(), what });
        drop(state);
        self.0.events.send_modify(|seen| {
            seen.count += 1;
            seen.disconnect |= disconnect;
        });
        None
    }

    /// Waits until OnDisconnect has been logged.
    pub async fn disconnected(&self) {
        // The sender lives in `self`: the channel cannot close while this waits.
        let _ = self
            .0
            .events
            .subscribe()
            .wait_for(|seen| seen.disconnect)
            .await;
    }

    /// How many events have been logged.
    pub fn events(&self) -> u64 {
        self.0.events.borrow().count
    }

    /// Whether the log takes no more events, because of their number.
    pub fn is_full(&self) -> bool {
        self.state().is_full()
    }

    /// Whether the log takes no more entries.
    pub fn is_finished(&self) -> bool {
        self.state().finished
    }

    /// Adds these, stamped now, in the place of what has been noted of the session's end already, and ends the log.
    pub fn end_with(&self, whats: impl IntoIterator<Item = What>) {
        let mut state = self.state();
        state.entries.retain(|entry| entry.what != What::Settled);
        let last = whats.into_iter().map(|what| Entry { at: now_ns(), what });
        state.entries.extend(last);
        state.finished = true;
    }

    /// Whether an entry is such a one. The log goes on.
    pub fn any(&self, is_such: impl Fn(&What) -> bool) -> bool {
        self.state()
            .entries
            .iter()
            .any(|entry| is_such(&entry.what))
    }

    /// When the last entry was added (ns); 0 for an empty log.
    pub fn last_at(&self) -> u64 {
        self.state().entries.last().map_or(0, |entry| entry.at)
    }

    /// Ends the log: it takes no more entries.
    pub fn finish(&self) {
        self.state().finished = true;
    }

    /// Ends the log and takes its entries.
    pub fn take(&self) -> Vec<Entry> {
        let mut state = self.state();
        state.finished = true;
        let mut entries = std::mem::take(&mut state.entries);
        // They stay until the run is judged.
        entries.shrink_to_fit();
        entries
    }

    /// Whether `other` is this same log.
    pub fn is(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.0, &other.0)
    }

    fn state(&self) -> MutexGuard<'_, State> {
        // A panic elsewhere cannot leave a vector of entries half-written.
        self.0.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use smtpspec_core::event::Event;

    fn fire(log: &Log, event: Event) {
        let record = EventRecord {
            session: "a".into(),
            seq: 1,
            at: None,
            peer: ([127, 0, 0, 1], 7).into(),
            event,
        };
        assert_eq!(log.push_event(record), None);
    }

    #[test]
    fn a_flood_of_events_fills_no_memory_and_hides_no_disconnect() {
        let log = Log::new();
        log.push(What::Sent(b"NOOP\r\n".as_slice().into()));
        for _ in 0..10_000 {
            fire(&log, Event::OnRsetCommand {});
        }
        for _ in 0..10 {
            fire(&log, Event::OnDisconnect { reason: None });
        }
        assert!(log.is_full());
        let entries = log.take();
        assert_eq!(entries.len(), 1 + EVENTS + 6 * EVENTS_PER_OCTET + 1);
        let last = entries.last().map(|entry| &entry.what);
        assert!(matches!(last, Some(What::Event(r)) if r.event.kind() == EventKind::OnDisconnect));
    }
}
