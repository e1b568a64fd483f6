//! Reading a session from its wire: which reply answers what, and what state each command met.
//!
//! The model does not guess whether a server accepts: it takes each decision from the reply (MODEL.md,
//! section 4). What was never answered leaves several states possible.

use core::ops::Range;

use super::{
    content::read_message,
    exchange::{CommandLine, Exchange, History, Outcome, Stimulus},
    expect::own_event,
    state::{Certainty, State, States, clears},
    tolerance::Tolerance,
    wire_log::{LoggedHandshake, LoggedReply, WireLog},
};
use crate::{
    transcript::ClientAct,
    wire::{Command, LineSplitter, Verb, parse_command},
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

/// What a DATA that was never answered is taken for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum UnansweredData {
    /// It was accepted: content follows.
    #[default]
    Accepted,
    /// It was refused: commands follow.
    Refused,
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

/// A session read under a tolerance.
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
    /// Whether the last greeting announced PIPELINING.
    pub pipelining: bool,
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
            pipelining: false,
        },
    };
    reader.run();
    reader.reading
}

struct Reader<'w, 'l, 't> {
    wire: &'w WireLog<'l>,
    tolerance: &'t Tolerance,
    data: UnansweredData,
    states: States,
    history: History,
    next_reply: usize,
    at: usize,
    reading: Reading<'w>,
}

impl<'w> Reader<'w, '_, '_> {
    fn run(&mut self) {
        let outcome = self.exchange(Stimulus::Connection, 0..0, Certainty::Yes);
        let first = self.wire.handshakes.first();
        let mut stop = match first {
            _ if outcome == Outcome::Dropped => Some(Stop::SessionEnded),
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
            let parsed = parse_command(line.text);
            let command = CommandLine {
                text: line.text,
                verb: match parsed {
                    Ok(_) => Verb::of(line.text),
                    Err(_) => Verb::of_malformed(line.text),
                },
                parsed,
                end: line.end,
            };
            let span = self.at..self.at + line.len;
            self.at = span.end;
            stop = self.command(command, span);
        }
        self.reading.rest = self.at;
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
            _ => self.states.allow(verb),
        };
        let outcome = self.exchange(Stimulus::Command(line), span, in_sequence);
        if let (Verb::Helo | Verb::Ehlo, Outcome::Accepted) = (verb, outcome) {
            self.reading.pipelining = verb == Verb::Ehlo && self.last_announced(b"PIPELINING");
        }
        let smtputf8 = matches!(&line.parsed, Ok(parsed) if asks_smtputf8(&parsed.command));
        self.remember(verb, outcome, in_sequence, smtputf8);
        match outcome {
            Outcome::Accepted => self.states.advance(|state| state.after(verb)),
            Outcome::Unanswered if in_sequence != Certainty::No => {
                self.states.advance_maybe(|state| state.after(verb));
            }
            _ => {}
        }
        match (verb, outcome) {
            (_, Outcome::Dropped) | (Verb::Quit, Outcome::Accepted) => Some(Stop::SessionEnded),
            (Verb::Data, Outcome::Accepted) if self.last_code() == Some(354) => self.message(),
            (Verb::Data, Outcome::Unanswered) if in_sequence != Certainty::No => {
                self.reading.data_unanswered = true;
                (self.data == UnansweredData::Accepted)
                    .then(|| self.message())
                    .flatten()
            }
            (Verb::Auth, Outcome::Accepted) if self.last_code() == Some(334) => {
                Some(Stop::Extension(verb))
            }
            (Verb::StartTls, Outcome::Accepted) if self.last_code() == Some(220) => {
                self.handshake()
            }
            (Verb::Bdat, Outcome::Accepted) => Some(Stop::Extension(verb)),
            (Verb::Bdat, Outcome::Refused) => {
                // The message has failed (RFC 3030, 2), and its transaction may be gone with it.
                self.states.advance_maybe(State::after_message);
                None
            }
            _ => None,
        }
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

    fn message(&mut self) -> Option<Stop> {
        let message = read_message(self.wire, self.at, self.tolerance);
        let span = self.at..self.at + message.len;
        self.at = span.end;
        if !message.complete {
            self.push(Stimulus::Message(message), span, None, Certainty::Yes);
            return Some(Stop::EndOfInput);
        }
        let outcome = self.exchange(Stimulus::Message(message), span, Certainty::Yes);
        self.history = History {
            cleared_by: Some("the end of data"),
            ..History::default()
        };
        match outcome {
            Outcome::Unanswered => self.states.advance_maybe(State::after_message),
            _ => self.states.advance(State::after_message),
        }
        (outcome == Outcome::Dropped).then_some(Stop::SessionEnded)
    }

    fn remember(&mut self, verb: Verb, outcome: Outcome, in_sequence: Certainty, smtputf8: bool) {
        match (verb, outcome) {
            (Verb::Mail, Outcome::Accepted) => {
                self.history = History {
                    smtputf8,
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
        let sent_at = self.sent_at(&span);
        while self
            .wire
            .replies
            .get(self.next_reply)
            .is_some_and(|reply| reply.at < sent_at)
        {
            self.reading.unsolicited.push(self.next_reply);
            self.next_reply += 1;
        }
        let reply = (self.next_reply < self.wire.replies.len()).then_some(self.next_reply);
        self.next_reply += usize::from(reply.is_some());
        self.push(stimulus, span, reply, in_sequence)
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
        let outcome = match outcome(reply_read, quit) {
            Outcome::Refused if self.ends_with(&stimulus, &span) => Outcome::Dropped,
            outcome => outcome,
        };
        self.reading.exchanges.push(Exchange {
            stimulus,
            entry: self.segment_end(&span).map_or(0, |segment| segment.0),
            sent_at: self.sent_at(&span),
            span,
            reply,
            outcome,
            in_sequence,
            state: self.states.single(),
            history: self.history,
        });
        outcome
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

    /// Whether the last reply, to EHLO, has a line with this keyword.
    fn last_announced(&self, keyword: &[u8]) -> bool {
        let reply = self.reading.exchanges.last().and_then(|last| last.reply);
        let raw = reply.map_or(&[][..], |reply| &self.wire.replies[reply].reply.raw);
        let mut lines = raw.split(|octet| *octet == b'\n').skip(1);
        lines.any(|line| {
            let text = line.get(4..).unwrap_or_default().trim_ascii_end();
            text.eq_ignore_ascii_case(keyword)
        })
    }

    fn last_code(&self) -> Option<u16> {
        let reply = self.reading.exchanges.last()?.reply?;
        self.wire.replies[reply].reply.code
    }
}

fn asks_smtputf8(command: &Command<'_>) -> bool {
    matches!(command, Command::Mail { parameters, .. } if parameters.get("SMTPUTF8").is_some())
}

fn is_farewell(reply: Option<&LoggedReply>) -> bool {
    reply.is_some_and(|logged| logged.reply.code == Some(221))
}

/// Whether a handler may be busy with it. To anything else a 221 is the server's own goodbye.
fn takes_time(stimulus: &Stimulus<'_>) -> bool {
    match stimulus {
        Stimulus::Command(line) => own_event(line.verb).is_some(),
        Stimulus::Message(_) => true,
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
