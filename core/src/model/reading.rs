//! Reading a session from its wire: which reply answers what, and what state each command met.
//!
//! The model does not guess whether a server accepts: it takes each decision from the reply (MODEL.md,
//! section 4). What was never answered leaves several states possible.

use core::ops::Range;

use super::{
    authentication::{AuthStep, ResponseLine, Said, auth, rounds},
    chunk::{Chunk, UnderWay, announced, dot_end},
    content::read_message,
    exchange::{CommandLine, Exchange, History, Outcome, Stimulus},
    expect::own_event,
    state::{Certainty, State, States, clears},
    tolerance::Tolerance,
    wire_log::{LoggedHandshake, LoggedReply, WireLog},
};
use crate::{
    transcript::ClientAct,
    wire::{Command, LineSplitter, Protocol, Verb},
};

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

    /// A HELO or EHLO that a server of LMTP's takes is one of SMTP's to it (LMT-4).
    fn protocol_of(&mut self, line: &[u8], span: &Range<usize>) -> Protocol {
        let greets = matches!(Verb::of(line), Verb::Helo | Verb::Ehlo);
        if greets && self.wire.protocol.is_lmtp() {
            let reply = self.next_reply_to(span);
            let code = reply.and_then(|reply| self.wire.replies[reply].reply.code);
            if matches!(code, Some(200..=299)) {
                return Protocol::Smtp;
            }
        }
        self.wire.protocol
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

    /// What follows an AUTH command.
    fn behind_auth(&mut self, in_sequence: Certainty) -> Option<Stop> {
        let last = self.reading.exchanges.last()?;
        let Stimulus::Command(line) = &last.stimulus else {
            return None;
        };
        let (line, step) = (*line, last.authentication);
        let unanswered = last.outcome == Outcome::Unanswered;
        match step {
            Some(AuthStep::Challenged) => return self.responses(line, None),
            Some(AuthStep::Succeeded) => self.states.advance(State::after_authentication),
            Some(AuthStep::Open) if unanswered && in_sequence != Certainty::No => {
                let (mechanism, initial) = auth(&line)?;
                self.states.advance_maybe(State::after_authentication);
                let rounds = rounds(mechanism, initial);
                if rounds > 0 && self.is_taken_unanswered() {
                    return self.responses(line, Some(rounds));
                }
            }
            _ => {}
        }
        None
    }

    /// The lines of an exchange up to its end. `rounds`: nobody saw the challenge, and so many lines are still to come.
    fn responses(&mut self, auth: CommandLine<'w>, mut rounds: Option<usize>) -> Option<Stop> {
        loop {
            let mut lines = LineSplitter::new(self.tolerance.line_ends);
            let Some(line) = lines.next(&self.wire.sent[self.at..]) else {
                self.reading.authenticating = true;
                return Some(Stop::EndOfInput);
            };
            let response = ResponseLine::new(line.text, line.end, auth);
            let span = self.at..self.at + line.len;
            self.at = span.end;
            let outcome = self.exchange(Stimulus::Response(response), span, Certainty::Yes);
            let last = self.reading.exchanges.last();
            match last.and_then(|last| last.authentication) {
                Some(AuthStep::Challenged) => rounds = None,
                Some(AuthStep::Succeeded) => {
                    self.states.advance(State::after_authentication);
                    return None;
                }
                Some(AuthStep::Open) if outcome == Outcome::Unanswered => {
                    self.states.advance_maybe(State::after_authentication);
                    let left = rounds.unwrap_or(1).saturating_sub(1);
                    if left == 0 || response.said != Said::Response {
                        return None;
                    }
                    rounds = Some(left);
                }
                _ => return self.left_exchange(response, outcome),
            }
        }
    }

    /// Behind a refusal, or behind an answer that is none to a response: then the server took the line for a command.
    fn left_exchange(&mut self, response: ResponseLine<'_>, outcome: Outcome) -> Option<Stop> {
        let protocol = self.wire.protocol;
        let verb = protocol.verb(response.text);
        match outcome {
            Outcome::Dropped if self.said_goodbye() => return Some(Stop::SessionEnded),
            Outcome::Accepted if protocol.parse(response.text).is_ok() => {
                self.states.advance(|state| state.after(verb));
            }
            _ => {}
        }
        None
    }

    /// Goes on inside TLS, behind what was sent in clear.
    fn handshake(&mut self) -> Option<Stop> {
        let exchange = self.reading.exchanges.len() - 1;
        if self.is_secured() {
            // A second TLS inside the first is nobody's plan: what the server does now is not followed.
            return Some(Stop::Extension(Verb::StartTls));
        }
        let behind = |at: &LoggedHandshake<'_>| at.start >= self.at;
        let handshake = self.wire.handshakes.iter().position(behind);
        let next = handshake.map(|index| self.wire.handshakes[index]);
        let done = next.is_some_and(|next| next.is_done());
        let end = next.map_or(self.wire.sent.len(), |next| next.start);
        self.reading.pipelining = false;
        self.chunking = false;
        self.binarymime = false;
        self.reading.handshakes.push(Begun {
            exchange,
            in_clear: self.at..end,
            handshake,
            done,
        });
        if self.tolerance.clear_behind_starttls {
            return None;
        }
        self.at = if done { end } else { self.wire.sent.len() };
        self.skip_banner(next.filter(|_| done), end);
        (!done).then_some(Stop::Handshake)
    }

    /// A 220 that is the first reply inside TLS answers nothing, unless STARTTLS comes again.
    fn skip_banner(&mut self, handshake: Option<LoggedHandshake<'_>>, end: usize) {
        let next = self.wire.replies.get(self.next_reply);
        let is_banner = handshake.zip(next).is_some_and(|(handshake, next)| {
            next.entry > handshake.entry && next.reply.code == Some(220)
        });
        if is_banner && Verb::of(&self.wire.sent[end..]) != Verb::StartTls {
            self.reading.unsolicited.push(self.next_reply);
            self.next_reply += 1;
        }
    }

    /// Whether what is read now stands inside TLS.
    fn is_secured(&self) -> bool {
        let implicit = self.wire.handshakes.first();
        implicit.is_some_and(|first| first.is_done() && first.is_first(self.wire))
            || self.reading.handshakes.iter().any(|begun| begun.done)
    }

    /// Whether the octets behind a BDAT are a chunk, kept or discarded, and no commands. The reply tells: a server that
    /// does not know the command, or cannot read its size, goes on with the next line; any other that has announced
    /// CHUNKING discards the chunk (RFC 3030, 2: it MUST, before it refuses).
    fn is_chunk(&mut self, line: &CommandLine<'_>, span: &Range<usize>, size: u64) -> bool {
        let reply = self.next_reply_to(span);
        let code = reply.map(|reply| self.wire.replies[reply].reply.code);
        // A line that is not strict may be one whose size the server cannot read.
        let loose = line
            .parsed
            .is_ok_and(|parsed| !parsed.leniencies.is_empty());
        let unread = line.parsed.is_err() || (loose && code == Some(Some(501)));
        // A server that has taken one knows what it is, announced or not.
        let known = self.chunking || self.took_chunk || self.tolerance.bdat_known;
        match code {
            Some(Some(200..=399)) => true,
            Some(Some(500 | 502)) => self.tolerance.bdat_turned,
            // Not all was sent: nobody can tell.
            None if (self.wire.sent.len() - span.end) as u64 <= size && !unread && known => true,
            // Nor need one discard anything that has not announced CHUNKING.
            _ => (unread || !known) == self.tolerance.bdat_turned,
        }
    }

    fn chunk(
        &mut self,
        line: CommandLine<'w>,
        line_span: Range<usize>,
        in_sequence: Certainty,
        (size, mut last): (u64, bool),
    ) -> Option<Stop> {
        let rest = &self.wire.sent[line_span.end..];
        let mut len = usize::try_from(size).map_or(rest.len(), |size| size.min(rest.len()));
        let mut complete = len as u64 == size;
        // What was refused has ended no message.
        let code = self.next_reply_to(&line_span);
        let code = code.and_then(|reply| self.wire.replies[reply].reply.code);
        let ends = self.tolerance.dot_ends_chunk && matches!(code, Some(200..=399));
        let dot = dot_end(&rest[..len]).filter(|_| ends);
        if let Some(end) = dot {
            (len, complete, last) = (end, true, true);
        }
        let octets = line_span.end..line_span.end + len;
        let span = line_span.start..octets.end;
        self.at = span.end;
        let reply = self.next_reply_to(&line_span).filter(|reply| {
            // Where the client has left in the chunk, that is no answer to it.
            complete || self.wire.replies[*reply].reply.code != Some(421)
        });
        self.next_reply += usize::from(reply.is_some());
        let mut under_way = self.under_way.take().unwrap_or_default();
        under_way.doubtful |= dot.is_some() || self.history.failed;
        let chunk = Chunk {
            ended_at_dot: dot.is_some(),
            ..under_way.take(self.wire, octets, complete, last)
        };
        if last && in_sequence != Certainty::No {
            self.owed = self.recipients;
        }
        let outcome = self.push(Stimulus::Command(line), span, reply, in_sequence);
        if last || outcome == Outcome::Refused {
            self.recipients = 0;
        }
        if let Some(exchange) = self.reading.exchanges.last_mut() {
            exchange.chunk = Some(chunk);
        }
        let goes_on = matches!(outcome, Outcome::Accepted | Outcome::Unanswered);
        self.under_way = Some(under_way).filter(|_| goes_on && !(complete && last));
        self.after_chunk(outcome, in_sequence, last);
        match outcome {
            Outcome::Dropped if self.said_goodbye() => Some(Stop::SessionEnded),
            _ if !complete => Some(Stop::EndOfInput),
            _ => None,
        }
    }

    fn after_chunk(&mut self, outcome: Outcome, in_sequence: Certainty, last: bool) {
        match outcome {
            Outcome::Accepted => self.states.advance(|state| state.after_chunk(last)),
            Outcome::Unanswered => self.states.advance_maybe(|state| state.after_chunk(last)),
            // The message has failed, and its transaction may be gone with it.
            _ => self.states.advance_maybe(State::after_message),
        }
        self.took_chunk |= outcome == Outcome::Accepted;
        self.discarding = match outcome {
            Outcome::Accepted => false,
            Outcome::Refused => !last,
            _ => self.discarding,
        };
        match outcome {
            Outcome::Accepted if last => {
                self.history = History {
                    cleared_by: Some(LAST),
                    ..History::default()
                };
            }
            Outcome::Refused if in_sequence != Certainty::No => self.history.failed = true,
            _ => {}
        }
    }

    /// What a command other than BDAT does to a message whose chunks are coming.
    fn remember_chunks(&mut self, verb: Verb, outcome: Outcome) {
        let Some(under_way) = &mut self.under_way else {
            return;
        };
        match outcome {
            Outcome::Accepted if clears(verb) || matches!(verb, Verb::Data | Verb::Mail) => {
                self.history.given_up = under_way.size();
                self.under_way = None;
                self.history.gave_up_chunks = true;
            }
            // RFC 3030, 2: what state a DATA between chunks leaves is open.
            Outcome::Refused if verb == Verb::Data => {
                under_way.doubtful = true;
                self.states.advance_maybe(State::after_message);
                self.states.advance_maybe(State::without_chunks);
            }
            Outcome::Accepted | Outcome::Refused => {}
            _ => under_way.doubtful = true,
        }
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

    fn remember(&mut self, line: &CommandLine<'_>, outcome: Outcome, in_sequence: Certainty) {
        let verb = line.verb;
        self.remember_chunks(verb, outcome);
        self.discarding &= !(outcome == Outcome::Accepted && (clears(verb) || verb == Verb::Mail));
        let command = line.parsed.as_ref().ok().map(|parsed| &parsed.command);
        match (verb, outcome) {
            (Verb::Mail, Outcome::Accepted) => {
                self.history = History {
                    smtputf8: command.is_some_and(asks_smtputf8),
                    binary: self.binarymime && command.is_some_and(asks_binary),
                    gave_up_chunks: self.history.gave_up_chunks,
                    given_up: self.history.given_up,
                    ..History::default()
                };
            }
            (
                Verb::Mail | Verb::Rcpt | Verb::Data | Verb::Rset | Verb::Helo | Verb::Ehlo,
                Outcome::Refused,
            ) => {
                self.history.refused = self.history.refused.or(Some(verb));
            }
            // In sequence: what was refused before has left the transaction open.
            (Verb::Rcpt, Outcome::Accepted) if in_sequence == Certainty::Yes => {
                self.history.refused = None;
            }
            (_, Outcome::Accepted) if clears(verb) => {
                // What was never open is not cleared.
                let open = self
                    .states
                    .single()
                    .is_none_or(|state| state.transaction != super::state::Transaction::None);
                if open || self.history.cleared_by.is_some() {
                    self.history.cleared_by = Some(verb.name());
                }
                self.history.refused = None;
                self.history.smtputf8 = false;
                self.history.binary = false;
                self.history.failed = false;
            }
            _ => {}
        }
    }

    /// Takes the next reply for `stimulus`. A reply that was read before the stimulus was sent cannot answer it.
    fn exchange(
        &mut self,
        stimulus: Stimulus<'w>,
        span: Range<usize>,
        in_sequence: Certainty,
    ) -> Outcome {
        let reply = self.next_reply_to(&span);
        self.next_reply += usize::from(reply.is_some());
        self.push(stimulus, span, reply, in_sequence)
    }

    /// The reply that comes next, if it can answer what stands at `span`.
    fn next_reply_to(&mut self, span: &Range<usize>) -> Option<usize> {
        let sent_at = self.sent_at(span);
        while self
            .wire
            .replies
            .get(self.next_reply)
            .is_some_and(|reply| reply.at < sent_at)
        {
            self.reading.unsolicited.push(self.next_reply);
            self.next_reply += 1;
        }
        (self.next_reply < self.wire.replies.len()).then_some(self.next_reply)
    }

    fn push(
        &mut self,
        stimulus: Stimulus<'w>,
        span: Range<usize>,
        reply: Option<usize>,
        in_sequence: Certainty,
    ) -> Outcome {
        let reply_read = reply.map(|index| &self.wire.replies[index]);
        let quit = matches!(&stimulus, Stimulus::Command(line) if line.verb == Verb::Quit)
            || is_farewell(reply_read) && takes_time(&stimulus) && self.quit_behind(&span);
        let recipients = core::mem::take(&mut self.owed);
        let lacking = if recipients > 1 {
            self.lacking(&span, recipients)
        } else {
            0
        };
        let further = self.further_replies(reply, recipients.saturating_sub(lacking));
        let outcome = match self.outcome_of_all(outcome(reply_read, quit), &further) {
            Outcome::Refused if self.ends_with(&stimulus, &span) => Outcome::Dropped,
            outcome => outcome,
        };
        let authentication = AuthStep::of(
            &stimulus,
            outcome,
            reply_read.and_then(|read| read.reply.code),
        );
        self.reading.exchanges.push(Exchange {
            authentication,
            stimulus,
            entry: self.segment_end(&span).map_or(0, |segment| segment.0),
            sent_at: self.sent_at(&span),
            span,
            reply,
            recipients,
            further,
            outcome,
            in_sequence,
            state: self.states.single(),
            history: self.history,
            chunk: None,
        });
        outcome
    }

    /// The replies behind the first, where `recipients` are owed one each: as far as they came, and nothing that
    /// cannot be one.
    fn further_replies(&mut self, first: Option<usize>, recipients: usize) -> Range<usize> {
        let start = self.next_reply;
        let code = |reply: usize| self.wire.replies.get(reply)?.reply.code;
        let goes_on = first.is_some_and(|first| code(first) != Some(421));
        // A 421 is the server's goodbye to the session, whoever is still owed a reply.
        let answers = |reply| matches!(code(reply), Some(250 | 400..=420 | 422..=599));
        while goes_on && self.next_reply + 1 < start + recipients && answers(self.next_reply) {
            self.next_reply += 1;
        }
        start..self.next_reply
    }

    /// How many replies the message at `span` seems to lack, where commands were sent in one go with it: all that came up
    /// to the reply to QUIT, or until the client gave up, are fewer than were due. Nobody else can say whose they are.
    fn lacking(&self, span: &Range<usize>, recipients: usize) -> usize {
        // Longer groups are not looked at, so that reading takes linear time.
        const LONGEST: usize = 4096;
        let rest = &self.wire.sent[span.end..];
        let rest = &rest[..rest.len().min(LONGEST)];
        let segment = self.segment_end(span);
        let mut lines = LineSplitter::new(self.tolerance.line_ends);
        let (mut commands, mut quit, mut at) = (0, false, 0);
        while let Some(line) = lines.next(&rest[at..]) {
            let line_at = span.end + at..span.end + at + line.len;
            at += line.len;
            if quit || self.segment_end(&line_at) != segment {
                break;
            }
            let verb = self.wire.protocol.verb(line.text);
            if matches!(verb, Verb::Data | Verb::Bdat | Verb::Auth | Verb::StartTls) {
                return 0;
            }
            quit = verb == Verb::Quit;
            commands += 1;
        }
        let came = self.wire.replies.get(self.next_reply..).unwrap_or_default();
        let ended = match came.last().and_then(|last| last.reply.code) {
            Some(221) => quit,
            _ => self.wire.did(ClientAct::GaveUp) && self.wire.server_end.is_none(),
        };
        if commands == 0 || !ended {
            return 0;
        }
        (recipients - 1 + commands).saturating_sub(came.len())
    }

    /// What several replies to a message say together: that the server leaves, or that somebody gets it, or the first.
    fn outcome_of_all(&self, first: Outcome, further: &Range<usize>) -> Outcome {
        let of = |reply: usize| outcome(Some(&self.wire.replies[reply]), false);
        let says = |wanted: Outcome| first == wanted || further.clone().any(|at| of(at) == wanted);
        let decisive = [Outcome::Dropped, Outcome::Accepted];
        decisive
            .into_iter()
            .find(|outcome| says(*outcome))
            .unwrap_or(first)
    }

    fn count_recipient(&mut self, verb: Verb, outcome: Outcome) {
        match (verb, outcome) {
            (Verb::Rcpt, Outcome::Accepted) if self.wire.protocol.is_lmtp() => {
                self.recipients += 1;
            }
            (_, Outcome::Accepted) if verb == Verb::Mail || clears(verb) => self.recipients = 0,
            _ => {}
        }
    }

    /// Whether the server's last word was the refusal of this, and then it left. What was sent behind it does not
    /// count where the client had no right to send it yet (RFC 2920, 3.1).
    fn ends_with(&self, stimulus: &Stimulus<'_>, span: &Range<usize>) -> bool {
        let Some((.., left)) = self.wire.server_end else {
            return false;
        };
        let more = span.end < self.wire.sent.len();
        let mut before = self.wire.acts.iter().filter(|(.., at)| *at < left);
        let last = self.next_reply == self.wire.replies.len();
        last && !matches!(stimulus, Stimulus::Connection)
            && !(more && self.reading.pipelining)
            && before.all(|(act, ..)| match act {
                ClientAct::Silence => true,
                // A server may leave when its client has.
                ClientAct::HalfClose => more,
                _ => false,
            })
    }

    /// Whether QUIT stands behind `span` in what was sent in one go with it: a 221 may then be its, out of order.
    fn quit_behind(&self, span: &Range<usize>) -> bool {
        // Longer groups are not looked at, so that reading takes linear time.
        const LONGEST: usize = 4096;
        let segment = self.segment_end(span);
        let rest = &self.wire.sent[span.end..];
        let mut lines = rest[..rest.len().min(LONGEST)].split_inclusive(|octet| *octet == b'\n');
        let mut at = span.end;
        lines.any(|line| {
            let line_at = at..at + line.len();
            at = line_at.end;
            line.eq_ignore_ascii_case(b"QUIT\r\n") && self.segment_end(&line_at) == segment
        })
    }

    fn segment_end(&self, span: &Range<usize>) -> Option<(usize, u64)> {
        let last = span.end.checked_sub(1)?;
        self.wire
            .segment_of(last)
            .map(|segment| (segment.entry, segment.at))
    }

    fn sent_at(&self, span: &Range<usize>) -> u64 {
        self.segment_end(span).map_or(0, |segment| segment.1)
    }

    /// Reads what the last reply, to a greeting, announced: only EHLO's can.
    fn greeted(&mut self, verb: Verb) {
        self.reading.pipelining = false;
        self.chunking = false;
        self.took_chunk = false;
        self.binarymime = false;
        let reply = self.reading.exchanges.last().and_then(|last| last.reply);
        let Some(reply) = reply.filter(|_| verb == Verb::Ehlo) else {
            return;
        };
        for line in self.wire.replies[reply]
            .reply
            .raw
            .split(|octet| *octet == b'\n')
            .skip(1)
        {
            let text = line.get(4..).unwrap_or_default().trim_ascii_end();
            self.reading.pipelining |= text.eq_ignore_ascii_case(b"PIPELINING");
            self.chunking |= text.eq_ignore_ascii_case(b"CHUNKING");
            self.binarymime |= text.eq_ignore_ascii_case(b"BINARYMIME");
        }
    }

    fn last_code(&self) -> Option<u16> {
        let reply = self.reading.exchanges.last()?.replies().last()?;
        self.wire.replies[reply].reply.code
    }
}

fn asks_smtputf8(command: &Command<'_>) -> bool {
    matches!(command, Command::Mail { parameters, .. } if parameters.get("SMTPUTF8").is_some())
}

fn asks_binary(command: &Command<'_>) -> bool {
    let Command::Mail { parameters, .. } = command else {
        return false;
    };
    let body = parameters.get("BODY").and_then(|parameter| parameter.value);
    body.is_some_and(|body| body.eq_ignore_ascii_case(b"BINARYMIME"))
}

fn is_farewell(reply: Option<&LoggedReply>) -> bool {
    reply.is_some_and(|logged| logged.reply.code == Some(221))
}

/// Whether a handler may be busy with it. To anything else a 221 is the server's own goodbye.
fn takes_time(stimulus: &Stimulus<'_>) -> bool {
    match stimulus {
        Stimulus::Command(line) => own_event(line.verb).is_some(),
        Stimulus::Message(_) | Stimulus::Response(_) => true,
        Stimulus::Connection => false,
    }
}

fn outcome(reply: Option<&LoggedReply>, quit: bool) -> Outcome {
    match reply.map(|logged| logged.reply.code) {
        None => Outcome::Unanswered,
        Some(Some(421)) => Outcome::Dropped,
        // A farewell to one that did not say QUIT.
        Some(Some(221)) if !quit => Outcome::Dropped,
        Some(Some(200..=399)) => Outcome::Accepted,
        Some(Some(400..=599)) => Outcome::Refused,
        Some(_) => Outcome::Strange,
    }
}
