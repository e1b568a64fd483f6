//! A session's log taken apart: what the client sent as one run of octets, the replies, the events, the ends.

use core::{cell::RefCell, net::SocketAddr};
use std::collections::HashMap;

use super::replies::{ReplyReader, SeenReply};
use crate::{
    event::{EventRecord, MessageDigest},
    repeat::Repeat,
    transcript::{ClientAct, Death, Handshake, ServerEnd, SessionLog, What},
    wire::Protocol,
};

/// Whether octets that were received are a TLS record (RFC 8446, 5.1), and so no reply: none begins with a control
/// character.
pub(super) const fn is_tls_record(octets: &[u8]) -> bool {
    matches!(octets, [0x14..=0x17, 0x03, ..])
}

/// A handshake with its place.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LoggedHandshake<'t> {
    /// What came of it.
    pub handshake: &'t Handshake,
    /// How many octets the client had sent before.
    pub start: usize,
    /// Index of its entry.
    pub entry: usize,
}

impl LoggedHandshake<'_> {
    /// Whether it came before all else: on a port where TLS comes first.
    pub fn is_first(&self, wire: &WireLog<'_>) -> bool {
        let behind = |entry: usize| entry > self.entry;
        self.start == 0 && wire.replies.first().is_none_or(|reply| behind(reply.entry))
    }

    /// Whether it was finished.
    pub const fn is_done(&self) -> bool {
        matches!(self.handshake, Handshake::Done(_))
    }
}

/// A reply with its place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LoggedReply {
    /// The reply.
    pub reply: SeenReply,
    /// Index of the entry that completed it.
    pub entry: usize,
    /// When the client had read it (ns).
    pub at: u64,
}

/// An event with its place.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LoggedEvent<'t> {
    /// The event.
    pub record: &'t EventRecord,
    /// Index of its entry.
    pub entry: usize,
    /// When the suite read it (ns).
    pub at: u64,
}

/// One write of the client.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Segment {
    /// Offset of its first octet among all that the client sent.
    pub start: usize,
    /// Index of its entry.
    pub entry: usize,
    /// When, before the write (ns).
    pub at: u64,
}

/// Octets that were sent again and again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Fold {
    /// Offset of the first among all that the client sent, folded.
    pub(super) start: usize,
    /// How many they are.
    pub(super) len: usize,
    /// How many times more they were sent.
    pub(super) further: u64,
}

impl Fold {
    /// Offset behind the last.
    pub(super) const fn end(&self) -> usize {
        self.start + self.len
    }
}

/// A session's log, taken apart.
#[derive(Debug)]
pub struct WireLog<'t> {
    /// The client's address.
    pub client: SocketAddr,
    /// What is spoken.
    pub protocol: Protocol,
    /// All that the client sent; of what it sent many times over only two times, the second being a fold, so that
    /// each line stands there as it stood behind itself. All offsets count these octets.
    pub sent: Vec<u8>,
    /// Where the second times are, and for how many more they stand. Only content is unfolded, and only a fold that
    /// lies in it whole. Where a reading takes repeated lines for commands (a lenient end of data stood before them;
    /// DATA was never answered), it reads them two times: enough to show what became of them, and no work without
    /// bound. What more of them was answered is then a reply to nothing.
    pub(super) folds: Vec<Fold>,
    /// Digests that have been asked for, by place and size: a message is hashed once, in however many readings.
    pub(super) digests: RefCell<HashMap<(usize, u64), MessageDigest>>,
    /// What the client sent in clear behind a close_notify, and the entry of that.
    pub behind_notify: Option<(Vec<u8>, usize)>,
    /// In order.
    pub handshakes: Vec<LoggedHandshake<'t>>,
    /// How it was cut.
    pub segments: Vec<Segment>,
    /// In order.
    pub replies: Vec<LoggedReply>,
    /// Octets of a reply that never ended.
    pub unfinished_reply: Vec<u8>,
    /// In the order in which they were read.
    pub events: Vec<LoggedEvent<'t>>,
    /// What the client did to the connection, with entry and time.
    pub acts: Vec<(ClientAct, usize, u64)>,
    /// How and when the server ended its side.
    pub server_end: Option<(ServerEnd, usize, u64)>,
    /// How the server came to its end in the session, and the entry.
    pub death: Option<(&'t Death, usize)>,
    /// Whether all that belongs to the session has been seen.
    pub settled: bool,
}

impl<'t> WireLog<'t> {
    /// Takes `log` apart.
    pub fn new(log: &'t SessionLog) -> Self {
        let mut wire = Self {
            client: log.open.client,
            protocol: log.open.protocol,
            sent: Vec::new(),
            folds: Vec::new(),
            digests: RefCell::default(),
            behind_notify: None,
            handshakes: Vec::new(),
            segments: Vec::new(),
            replies: Vec::new(),
            unfinished_reply: Vec::new(),
            events: Vec::new(),
            acts: Vec::new(),
            server_end: None,
            death: None,
            settled: false,
        };
        let mut reader = ReplyReader::default();
        for (entry, logged) in log.entries.iter().enumerate() {
            let at = logged.at;
            match &logged.what {
                What::Sent(octets) if wire.behind_notify.is_some() => {
                    wire.in_clear(octets.as_ref());
                }
                What::Repeated(repeat) if wire.behind_notify.is_some() => {
                    wire.in_clear(repeat.lines());
                }
                What::Sent(octets) => {
                    wire.begin_segment(entry, at);
                    wire.sent.extend_from_slice(octets.as_ref());
                }
                What::Repeated(repeat) => {
                    wire.begin_segment(entry, at);
                    wire.repeat(repeat);
                }
                What::Handshake(handshake) => wire.handshakes.push(LoggedHandshake {
                    handshake,
                    start: wire.sent.len(),
                    entry,
                }),
                What::Received(octets)
                    if reader.unfinished().is_empty()
                        && wire.is_in_clear()
                        && is_tls_record(octets.as_ref()) => {}
                What::Received(octets) => reader.push(octets.as_ref(), |reply| {
                    wire.replies.push(LoggedReply { reply, entry, at });
                }),
                What::Event(record) => wire.events.push(LoggedEvent { record, entry, at }),
                What::Client(act) => {
                    wire.acts.push((*act, entry, at));
                    if *act == ClientAct::CloseNotify {
                        wire.behind_notify = Some((Vec::new(), entry));
                    }
                }
                What::Server(end) => wire.server_end = Some((*end, entry, at)),
                What::Died(death) => wire.death = Some((death, entry)),
                What::Settled => wire.settled = true,
                What::Expected { .. } => {}
            }
        }
        // A record that came in one read with the reply before it is none either.
        let unfinished = reader.unfinished();
        if !(wire.is_in_clear() && is_tls_record(unfinished)) {
            wire.unfinished_reply = unfinished.to_vec();
        }
        wire
    }

    fn in_clear(&mut self, octets: &[u8]) {
        if let Some((behind, _)) = &mut self.behind_notify {
            behind.extend_from_slice(octets);
        }
    }

    /// Whether what comes next is not inside TLS.
    fn is_in_clear(&self) -> bool {
        self.behind_notify.is_some() || !self.handshakes.iter().any(LoggedHandshake::is_done)
    }

    fn begin_segment(&mut self, entry: usize, at: u64) {
        let start = self.sent.len();
        self.segments.push(Segment { start, entry, at });
    }

    fn repeat(&mut self, repeat: &Repeat) {
        self.sent.extend_from_slice(repeat.lines());
        if let Some(further) = repeat.times().checked_sub(2) {
            self.folds.push(Fold {
                start: self.sent.len(),
                len: repeat.lines().len(),
                further,
            });
            self.sent.extend_from_slice(repeat.lines());
        }
    }

    /// The segment that carried the octet at `offset`; `None` when nothing was sent.
    pub fn segment_of(&self, offset: usize) -> Option<Segment> {
        let behind = self
            .segments
            .partition_point(|segment| segment.start <= offset);
        self.segments.get(behind.checked_sub(1)?).copied()
    }

    /// Whether a segment begins at one of these offsets.
    pub fn is_cut_within(&self, offsets: &core::ops::Range<usize>) -> bool {
        let behind = self
            .segments
            .partition_point(|segment| segment.start < offsets.start);
        self.segments
            .get(behind)
            .is_some_and(|segment| offsets.contains(&segment.start))
    }

    /// Whether content within `span` was sent many times over: it is then longer than the span.
    pub(crate) fn repeats_in(&self, span: &core::ops::Range<usize>) -> bool {
        self.folds.iter().any(|fold| span.contains(&fold.start))
    }

    /// Whether the client did `act`.
    pub fn did(&self, act: ClientAct) -> bool {
        self.acts.iter().any(|(done, ..)| *done == act)
    }
}
