//! What the client sends, and which replies that makes due.

use core::ops::ControlFlow::{self, Break, Continue};

use super::{Due, LONGEST, Mode, Pacer, VERB};
use crate::wire::{Command, LineEnds, LineSplitter, Verb, parse_command};

impl Pacer {
    /// Reads what was sent, up to where a reply must tell what comes next.
    pub(super) fn read_on(&mut self) {
        let mut taken = 0;
        let rest = loop {
            match self.step(taken) {
                Continue(used) => taken += used,
                Break(used) => break used,
            }
        };
        self.unread.drain(..taken + rest);
    }

    /// Reads one thing from `at` on: how many octets it was, and whether there may be more.
    fn step(&mut self, at: usize) -> ControlFlow<usize, usize> {
        match &mut self.mode {
            Mode::Undecided => Break(0),
            Mode::Handshake => Break(self.unread.len() - at),
            Mode::Commands => self.command(at),
            Mode::Response => self.response(at),
            Mode::Content(stream) => match stream.push(&self.unread[at..], |_| ()) {
                None => Break(self.unread.len() - at),
                Some(used) => {
                    self.mode = Mode::Commands;
                    self.expect(Due::End);
                    Continue(used)
                }
            },
            Mode::Chunk {
                left,
                last,
                answered,
            } => {
                let there = self.unread.len() - at;
                let used = usize::try_from(*left).map_or(there, |left| left.min(there));
                *left -= used as u64;
                if *left > 0 {
                    return Break(used);
                }
                let (last, answered) = (*last, *answered);
                self.mode = Mode::Commands;
                if !answered {
                    self.expect(if last { Due::End } else { Due::Chunk });
                }
                Continue(used)
            }
        }
    }

    fn command(&mut self, at: usize) -> ControlFlow<usize, usize> {
        let Some(line) = self.lines.next(&self.unread[at..]) else {
            return Break(self.drop_from(at));
        };
        let chunk = chunk_size(line.text).filter(|_| self.begin.is_empty());
        let verb = if self.begin.is_empty() {
            self.protocol.verb(line.text)
        } else {
            begin_with(&mut self.begin, line.text);
            self.protocol.verb(&core::mem::take(&mut self.begin))
        };
        let used = line.len;
        match (verb, chunk) {
            (_, Some((left, last))) if self.chunking => {
                self.mode = Mode::Chunk {
                    left,
                    last,
                    answered: false,
                };
            }
            (_, Some((left, _))) => self.decide(Due::Bdat(left)),
            (Verb::Data, _) => self.decide(Due::Data),
            (Verb::Auth, _) => self.decide(Due::Authentication),
            (Verb::StartTls, _) => self.decide(Due::StartTls),
            (Verb::Helo | Verb::Ehlo, _) => self.expect(Due::Greeting),
            (Verb::Mail | Verb::Rset, _) => self.expect(Due::Envelope),
            (Verb::Rcpt, _) => self.expect(Due::Rcpt),
            _ => self.expect(Due::Command),
        }
        Continue(used)
    }

    fn response(&mut self, at: usize) -> ControlFlow<usize, usize> {
        let Some(line) = self.lines.next(&self.unread[at..]) else {
            return Break(self.drop_from(at));
        };
        let used = line.len;
        self.begin.clear();
        self.decide(Due::Authentication);
        Continue(used)
    }

    /// How much of the line without an end that stands at `start` is not needed any more: of a long one all but its
    /// begin and a CR, which may be half of its end.
    fn drop_from(&mut self, start: usize) -> usize {
        let line = &self.unread[start..];
        if line.len() <= LONGEST {
            return 0;
        }
        let dropped = line.len() - usize::from(line.ends_with(b"\r"));
        begin_with(&mut self.begin, &line[..dropped]);
        self.lines = LineSplitter::new(LineEnds::default());
        dropped
    }

    /// What comes next depends on the reply to this.
    fn decide(&mut self, due: Due) {
        self.mode = Mode::Undecided;
        self.expect(due);
    }

    /// A reply that came too early counts for the next thing that wants one. What it says of DATA or STARTTLS cannot
    /// be trusted then: the client goes on with commands.
    fn expect(&mut self, due: Due) {
        if self.surplus == 0 {
            self.queue.push_back(due);
            return;
        }
        self.surplus -= 1;
        if matches!(
            due,
            Due::Data | Due::Authentication | Due::StartTls | Due::Bdat(_)
        ) {
            self.mode = Mode::Commands;
        }
    }
}

/// What a well-formed BDAT announces: the size, and whether it is the last.
fn chunk_size(line: &[u8]) -> Option<(u64, bool)> {
    if Verb::of(line) != Verb::Bdat {
        return None;
    }
    match parse_command(line).ok()?.command {
        Command::Bdat { size, last } => Some((size, last)),
        _ => None,
    }
}

/// Goes on with a line's begin, as far as its verb needs it.
fn begin_with(begin: &mut Vec<u8>, line: &[u8]) {
    let is_leading = |octet: &&u8| matches!(octet, b' ' | b'\t');
    let leading = if begin.is_empty() {
        line.iter().take_while(is_leading).count()
    } else {
        0
    };
    begin.extend(line.iter().skip(leading).take(VERB - begin.len()));
}
