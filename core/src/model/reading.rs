//! Reading a session from its wire: which reply answers what, and what state each command met.
//!
//! The model does not guess whether a server accepts: it takes each decision from the reply (event-model.md,
//! section 4). What was never answered leaves several states possible.

use core::ops::Range;

use super::{
    content::{Message, look_alikes, read_message},
    state::{Certainty, State, States, clears},
    tolerance::{LookAlike, Tolerance},
    wire_log::{LoggedReply, WireLog},
};
use crate::wire::{
    Command, Leniencies, Leniency, LineEnd, LineSplitter, Parsed, SyntaxError, Verb, parse_command,
};

/// Octets of a command line, with its CRLF, that every server must take (RFC 5321, 4.5.3.1.4).
pub const COMMAND_LINE_LIMIT: usize = 512;

/// A command line as read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CommandLine<'w> {
    /// Without its line end.
    pub text: &'w [u8],
    /// Its verb, also of a malformed line.
    pub verb: Verb,
    /// The command, or what is wrong with it.
    pub parsed: Result<Parsed<'w>, SyntaxError>,
    /// How the line ended.
    pub end: LineEnd,
}

/// What the client did that wants a reply.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Stimulus<'w> {
    /// It connected; the banner answers.
    Connection,
    /// It sent a command line.
    Command(CommandLine<'w>),
    /// It sent a message, or began to.
    Message(Message),
}

/// What a reply says of its stimulus.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// 2yz, 3yz.
    Accepted,
    /// 4yz, 5yz.
    Refused,
    /// 421: refused, and the server closes.
    Dropped,
    /// No reply came.
    Unanswered,
    /// Something came that has no legal code.
    Strange,
}

/// What has happened to the transaction since it could last be changed, for telling rules apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct History {
    /// What cleared the last transaction, if nothing opened one since.
    pub cleared_by: Option<&'static str>,
    /// The first command of those that touch the transaction that was refused since the transaction was last opened or cleared.
    pub refused: Option<Verb>,
    /// The transaction was opened with SMTPUTF8: its paths may have 8-bit octets.
    pub smtputf8: bool,
}

/// A stimulus and its reply.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Exchange<'w> {
    /// What the client did.
    pub stimulus: Stimulus<'w>,
    /// Where it stands among the octets that the client sent.
    pub span: Range<usize>,
    /// Index of the entry that carried its last octet.
    pub entry: usize,
    /// When that was written (ns); 0 for the connection.
    pub sent_at: u64,
    /// Index of its reply.
    pub reply: Option<usize>,
    /// What the reply says.
    pub outcome: Outcome,
    /// Whether the command was in sequence. Yes for all else.
    pub in_sequence: Certainty,
    /// The state it met, where only one is possible.
    pub state: Option<State>,
    /// What went before.
    pub history: History,
}

impl Exchange<'_> {
    /// What has to be forgiven in the command, the transaction's SMTPUTF8 considered.
    pub fn leniencies(&self) -> Leniencies {
        let Stimulus::Command(CommandLine {
            parsed: Ok(parsed), ..
        }) = &self.stimulus
        else {
            return Leniencies::NONE;
        };
        let forgiven = |leniency: &Leniency| {
            *leniency != Leniency::EightBitWithoutSmtpUtf8 || !self.history.smtputf8
        };
        parsed
            .leniencies
            .iter()
            .filter(forgiven)
            .fold(Leniencies::NONE, Leniencies::with)
    }

    /// The verb, if it is a command.
    pub fn verb(&self) -> Option<Verb> {
        match &self.stimulus {
            Stimulus::Command(line) => Some(line.verb),
            _ => None,
        }
    }
}

/// Why the reading ended before the client's octets did.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stop {
    /// It did not: what is left is an incomplete line.
    EndOfInput,
    /// A 221 or 421 ended the session; the rest is not to be acted on.
    SessionEnded,
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
    /// Whether it was left open how a DATA was answered.
    pub data_unanswered: bool,
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
            data_unanswered: false,
        },
    };
    reader.run();
    reader.reading
}

/// The tolerances under which `wire` could be read otherwise than strictly, each with one leniency.
pub fn relevant_tolerances(wire: &WireLog<'_>, strict: &Reading<'_>) -> Vec<Tolerance> {
    let mut found: Vec<LookAlike> = Vec::new();
    let mut line_ends = crate::wire::LineEnds::default();
    for exchange in &strict.exchanges {
        let octets = &wire.sent[exchange.span.clone()];
        match &exchange.stimulus {
            Stimulus::Message(_) => {
                for (look_alike, _) in look_alikes(octets) {
                    if !found.contains(&look_alike) {
                        found.push(look_alike);
                    }
                }
            }
            Stimulus::Command(line) => {
                line_ends.bare_lf |= line.text.contains(&b'\n');
                line_ends.bare_cr |= line.text.contains(&b'\r');
            }
            Stimulus::Connection => {}
        }
    }
    let rest = &wire.sent[strict.rest..];
    line_ends.bare_lf |= rest.contains(&b'\n');
    line_ends.bare_cr |= rest.iter().rev().skip(1).any(|octet| *octet == b'\r');
    let mut tolerances: Vec<Tolerance> = found
        .into_iter()
        .map(|look_alike| Tolerance {
            look_alikes: vec![look_alike],
            ..Tolerance::default()
        })
        .collect();
    for (on, line_ends) in [
        (
            line_ends.bare_lf,
            crate::wire::LineEnds {
                bare_lf: true,
                bare_cr: false,
            },
        ),
        (
            line_ends.bare_cr,
            crate::wire::LineEnds {
                bare_lf: false,
                bare_cr: true,
            },
        ),
    ] {
        if on {
            tolerances.push(Tolerance {
                line_ends,
                ..Tolerance::default()
            });
        }
    }
    tolerances
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
        let mut stop = if outcome == Outcome::Dropped {
            Some(Stop::SessionEnded)
        } else {
            None
        };
        while stop.is_none() {
            let mut lines = LineSplitter::new(self.tolerance.line_ends);
            let Some(line) = lines.next(&self.wire.sent[self.at..]) else {
                break;
            };
            let command = CommandLine {
                text: line.text,
                verb: Verb::of(line.text),
                parsed: parse_command(line.text),
                end: line.end,
            };
            let span = self.at..self.at + line.len;
            self.at = span.end;
            stop = self.command(command, span);
        }
        self.reading
            .unsolicited
            .extend(self.next_reply..self.wire.replies.len());
        self.reading.rest = self.at;
        self.reading.stop = stop.unwrap_or(Stop::EndOfInput);
    }

    fn command(&mut self, line: CommandLine<'w>, span: Range<usize>) -> Option<Stop> {
        let verb = line.verb;
        // RFC 5321, 3.1: behind a banner that refuses, only QUIT is in sequence.
        let in_sequence = match self.reading.exchanges[0].outcome {
            Outcome::Refused if verb != Verb::Quit => Certainty::No,
            _ => self.states.allow(verb),
        };
        let outcome = self.exchange(Stimulus::Command(line), span, in_sequence);
        let smtputf8 = matches!(&line.parsed, Ok(parsed) if asks_smtputf8(&parsed.command));
        self.remember(verb, outcome, smtputf8);
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
            (Verb::StartTls | Verb::Bdat, Outcome::Accepted) => Some(Stop::Extension(verb)),
            _ => None,
        }
    }

    fn message(&mut self) -> Option<Stop> {
        let message = read_message(&self.wire.sent[self.at..], self.tolerance);
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

    fn remember(&mut self, verb: Verb, outcome: Outcome, smtputf8: bool) {
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
        let outcome = outcome(reply.map(|index| &self.wire.replies[index]));
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

    fn segment_end(&self, span: &Range<usize>) -> Option<(usize, u64)> {
        let last = span.end.checked_sub(1)?;
        self.wire
            .segment_of(last)
            .map(|segment| (segment.entry, segment.at))
    }

    fn sent_at(&self, span: &Range<usize>) -> u64 {
        self.segment_end(span).map_or(0, |segment| segment.1)
    }

    fn last_code(&self) -> Option<u16> {
        let reply = self.reading.exchanges.last()?.reply?;
        self.wire.replies[reply].reply.code
    }
}

fn asks_smtputf8(command: &Command<'_>) -> bool {
    matches!(command, Command::Mail { parameters, .. } if parameters.get("SMTPUTF8").is_some())
}

fn outcome(reply: Option<&LoggedReply>) -> Outcome {
    match reply.map(|logged| logged.reply.code) {
        None => Outcome::Unanswered,
        Some(Some(421)) => Outcome::Dropped,
        Some(Some(200..=399)) => Outcome::Accepted,
        Some(Some(400..=599)) => Outcome::Refused,
        Some(_) => Outcome::Strange,
    }
}
