//! Reading a session from its wire: which reply answers what, and what state each command met.
//!
//! The model does not guess whether a server accepts: it takes each decision from the reply (MODEL.md,
//! section 4). What was never answered leaves several states possible. The commands behind which something else than a
//! command follows have files of their own.

mod answers;
mod authentication;
mod chunks;
mod eight_bit;
mod history;
mod lmtp;
mod starttls;

pub(crate) use lmtp::NO_TIME_OUT;

use core::ops::Range;

use super::{
    chunk::{UnderWay, announced},
    content::read_message,
    exchange::{CommandLine, Exchange, History, Outcome, Stimulus},
    state::{Certainty, State, States},
    tolerance::Tolerance,
    wire_log::WireLog,
};
use crate::wire::{LineSplitter, Verb};

/// Why the reading ended before the client's octets did.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stop {
    /// It did not: what is left is an incomplete line.
    EndOfInput,
    /// A 221 or 421 ended the session; the rest is not to be acted on.
    SessionEnded,
    /// STARTTLS was accepted, and no handshake was finished: what follows in clear is not to be acted on.
    Handshake,
    /// The server accepted a command whose consequences this version does not follow.
    Extension(Verb),
}

/// What a DATA, or an AUTH, that was never answered is taken for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum UnansweredData {
    /// It was accepted: content follows, or responses do.
    #[default]
    Accepted,
    /// It was refused: commands follow.
    Refused,
    /// Some of the session were accepted and some refused: the n-th was where the n-th bit is set.
    Each(u8),
}

impl UnansweredData {
    /// Whether the one that `before` others went before was accepted.
    fn accepted(self, before: usize) -> bool {
        match self {
            Self::Accepted => true,
            Self::Refused => false,
            Self::Each(accepted) => u32::try_from(before)
                .ok()
                .and_then(|bit| accepted.checked_shr(bit))
                .is_some_and(|rest| rest & 1 == 1),
        }
    }
}

/// An accepted STARTTLS.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Begun {
    /// Index of its exchange.
    pub exchange: usize,
    /// What the client sent in clear behind it and before the handshake, or instead of one.
    pub in_clear: Range<usize>,
    /// Index of the handshake in the log, if the client began one.
    pub handshake: Option<usize>,
    /// Whether it was finished.
    pub done: bool,
}

/// What clears a transaction whose message came in chunks.
pub(crate) const LAST: &str = "BDAT LAST";

/// A session read under a tolerance.
#[expect(
    clippy::struct_excessive_bools,
    reason = "each is a fact of its own about the session"
)]
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reading<'w> {
    /// In order; the first is the connection.
    pub exchanges: Vec<Exchange<'w>>,
    /// Indices of replies that answer nothing.
    pub unsolicited: Vec<usize>,
    /// Client octets from here on belong to no exchange.
    pub rest: usize,
    /// Why.
    pub stop: Stop,
    /// In order. More than one only where the server takes STARTTLS again, or a handshake has failed.
    pub handshakes: Vec<Begun>,
    /// Whether it was left open how a DATA was answered.
    pub data_unanswered: bool,
    /// How many of DATA and AUTH were left open so.
    pub left_open: usize,
    /// Whether the client was to answer a challenge: what comes then is a response.
    pub authenticating: bool,
    /// Whether the last greeting announced PIPELINING.
    pub pipelining: bool,
    /// Chunks of a message have come and its last has not.
    pub chunks_under_way: bool,
}

/// Reads `wire` under `tolerance`.
pub fn read<'w>(wire: &'w WireLog<'_>, tolerance: &Tolerance, data: UnansweredData) -> Reading<'w> {
    let mut reader = Reader {
        wire,
        tolerance,
        data,
        states: States::only(State::START),
        history: History::default(),
        next_reply: 0,
        at: 0,
        reading: Reading {
            exchanges: Vec::new(),
            unsolicited: Vec::new(),
            rest: 0,
            stop: Stop::EndOfInput,
            handshakes: Vec::new(),
            data_unanswered: false,
            left_open: 0,
            authenticating: false,
            pipelining: false,
            chunks_under_way: false,
        },
        chunking: false,
        binarymime: false,
        under_way: None,
        took_chunk: false,
        discarding: false,
        recipients: 0,
        owed: 0,
    };
    reader.run();
    reader.reading
}

#[expect(
    clippy::struct_excessive_bools,
    reason = "each is a fact of its own about what was read"
)]
struct Reader<'w, 'l, 't> {
    wire: &'w WireLog<'l>,
    tolerance: &'t Tolerance,
    data: UnansweredData,
    states: States,
    history: History,
    next_reply: usize,
    at: usize,
    reading: Reading<'w>,
    /// Whether the last greeting announced CHUNKING.
    chunking: bool,
    /// Whether the last greeting announced BINARYMIME.
    binarymime: bool,
    /// The message whose chunks are coming.
    under_way: Option<UnderWay>,
    /// A chunk was accepted since the last greeting.
    took_chunk: bool,
    /// A chunk was refused, and neither LAST nor what clears a transaction has come since: the server may still be
    /// discarding what it takes for the rest of that message, whether it was in sequence or not (RFC 3030, 2).
    discarding: bool,
    /// Recipients of the transaction that were accepted; only in LMTP.
    recipients: usize,
    /// Replies that the next exchange is owed, where it ends a message of LMTP's.
    owed: usize,
}

impl<'w> Reader<'w, '_, '_> {
    fn run(&mut self) {
        self.exchange(Stimulus::Connection, 0..0, Certainty::Yes);
        let first = self.wire.handshakes.first();
        let mut stop = match first {
            _ if self.said_goodbye() => Some(Stop::SessionEnded),
            // Where TLS comes first, nothing else comes without it.
            Some(first) if first.is_first(self.wire) && !first.is_done() => {
                self.at = self.wire.sent.len();
                Some(Stop::Handshake)
            }
            _ => None,
        };
        while stop.is_none() {
            let mut lines = LineSplitter::new(self.tolerance.line_ends);
            let Some(line) = lines.next(&self.wire.sent[self.at..]) else {
                break;
            };
            let span = self.at..self.at + line.len;
            self.at = span.end;
            let protocol = self.protocol_of(line.text, &span);
            let parsed = protocol.parse(line.text);
            let command = CommandLine {
                text: line.text,
                verb: match parsed {
                    Ok(_) => protocol.verb(line.text),
                    Err(_) => protocol.verb_of_malformed(line.text),
                },
                parsed,
                end: line.end,
            };
            let command = self.as_taken(command, &span);
            stop = self.command(command, span);
        }
        self.reading.rest = self.at;
        self.reading.chunks_under_way = self.under_way.is_some();
        self.reading.stop = stop.unwrap_or(Stop::EndOfInput);
        // What an extension answers is not followed.
        if !matches!(self.reading.stop, Stop::Extension(_)) {
            self.reading
                .unsolicited
                .extend(self.next_reply..self.wire.replies.len());
        }
    }

    fn command(&mut self, line: CommandLine<'w>, span: Range<usize>) -> Option<Stop> {
        let verb = line.verb;
        // RFC 5321, 3.1: behind a banner that refuses, only QUIT is in sequence.
        let in_sequence = match self.reading.exchanges[0].outcome {
            Outcome::Refused if verb != Verb::Quit => Certainty::No,
            // RFC 3030, 3: a binary message comes by BDAT.
            _ if verb == Verb::Data && self.history.binary => Certainty::No,
            _ => self.allow(verb),
        };
        if let Some((size, last)) = announced(&line)
            && self.is_chunk(&line, &span, size)
        {
            return self.chunk(line, span, in_sequence, (size, last));
        }
        let outcome = self.exchange(Stimulus::Command(line), span, in_sequence);
        if let (Verb::Helo | Verb::Ehlo, Outcome::Accepted) = (verb, outcome) {
            self.greeted(verb);
        }
        self.remember(&line, outcome, in_sequence);
        self.count_recipient(verb, outcome);
        match outcome {
            Outcome::Accepted => self.states.advance(|state| state.after(verb)),
            Outcome::Unanswered if in_sequence != Certainty::No => {
                self.states.advance_maybe(|state| state.after(verb));
            }
            _ => {}
        }
        match (verb, outcome) {
            (_, Outcome::Dropped) if self.said_goodbye() => Some(Stop::SessionEnded),
            (Verb::Quit, Outcome::Accepted) => Some(Stop::SessionEnded),
            (Verb::Data, Outcome::Accepted) if self.last_code() == Some(354) => self.message(),
            (Verb::Data, Outcome::Unanswered) if in_sequence != Certainty::No => {
                self.reading.data_unanswered = true;
                self.is_taken_unanswered().then(|| self.message()).flatten()
            }
            (Verb::Auth, _) => self.behind_auth(in_sequence),
            (Verb::StartTls, Outcome::Accepted) if self.last_code() == Some(220) => {
                self.handshake()
            }
            // A chunk whose size nobody can read.
            (Verb::Bdat, Outcome::Accepted) => Some(Stop::Extension(verb)),
            (Verb::Bdat, Outcome::Refused) => {
                // The message has failed (RFC 3030, 2), and its transaction may be gone with it.
                self.states.advance_maybe(State::after_message);
                None
            }
            _ => None,
        }
    }

    /// Whether the model lets `verb` through. A server that discards the rest of a failed message takes nothing for another
    /// until that has ended.
    fn allow(&self, verb: Verb) -> Certainty {
        let waits = self.discarding && matches!(verb, Verb::Mail | Verb::Rcpt | Verb::Data);
        match self.states.allow(verb) {
            Certainty::Yes if waits => Certainty::Maybe,
            certainty => certainty,
        }
    }

    /// What this reading makes of the next DATA or AUTH that nobody answered.
    fn is_taken_unanswered(&mut self) -> bool {
        let before = self.reading.left_open;
        self.reading.left_open += 1;
        self.data.accepted(before)
    }

    fn message(&mut self) -> Option<Stop> {
        let message = read_message(self.wire, self.at, self.tolerance);
        let span = self.at..self.at + message.len;
        self.at = span.end;
        if !message.complete {
            self.push(Stimulus::Message(message), span, None, Certainty::Yes);
            return Some(Stop::EndOfInput);
        }
        self.owed = core::mem::take(&mut self.recipients);
        let outcome = self.exchange(Stimulus::Message(message), span, Certainty::Yes);
        self.history = History {
            cleared_by: Some("the end of data"),
            ..History::default()
        };
        match outcome {
            Outcome::Unanswered => self.states.advance_maybe(State::after_message),
            _ => self.states.advance(State::after_message),
        }
        self.said_goodbye().then_some(Stop::SessionEnded)
    }

    /// Whether the server has ended the session with a code that says so. One that leaves behind another refusal may
    /// have acted on what came behind it.
    fn said_goodbye(&self) -> bool {
        let last = self.reading.exchanges.last();
        last.is_some_and(|last| last.outcome == Outcome::Dropped)
            && matches!(self.last_code(), Some(221 | 421))
    }

    fn last_code(&self) -> Option<u16> {
        let reply = self.reading.exchanges.last()?.replies().last()?;
        self.wire.replies[reply].reply.code
    }
}
