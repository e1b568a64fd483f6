//! How many replies are due: what a client in lock-step waits for.

use std::collections::VecDeque;

use super::replies::ReplyReader;
use crate::wire::{DataStream, LineEnds, LineSplitter, Verb};

/// What a reply will answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Due {
    Banner,
    Command,
    Data,
    Message,
}

/// How the client's next octets are to be read.
#[derive(Debug)]
enum Mode {
    Commands,
    /// DATA was sent; its reply decides.
    Undecided,
    Content(Box<DataStream>),
}

/// Follows a session's octets in both directions under the strict reading.
#[derive(Debug)]
pub struct Pacer {
    unread: Vec<u8>,
    lines: LineSplitter,
    mode: Mode,
    queue: VecDeque<Due>,
    /// Replies that came beyond those due.
    surplus: usize,
    replies: ReplyReader,
    last_code: Option<u16>,
}

impl Default for Pacer {
    fn default() -> Self {
        Self {
            unread: Vec::new(),
            lines: LineSplitter::new(LineEnds::default()),
            mode: Mode::Commands,
            queue: VecDeque::from([Due::Banner]),
            surplus: 0,
            replies: ReplyReader::default(),
            last_code: None,
        }
    }
}

impl Pacer {
    /// At the accept of the connection: the banner is due.
    pub fn new() -> Self {
        Self::default()
    }

    /// The client sent these.
    pub fn sent(&mut self, octets: &[u8]) {
        self.unread.extend_from_slice(octets);
        self.read_on();
    }

    /// The client received these.
    pub fn received(&mut self, octets: &[u8]) {
        let mut codes = Vec::new();
        self.replies.push(octets, |reply| codes.push(reply.code));
        for code in codes {
            self.last_code = code;
            self.reply(code);
        }
    }

    fn reply(&mut self, code: Option<u16>) {
        match self.queue.pop_front() {
            None => self.surplus += 1,
            Some(Due::Data) => {
                self.mode = match code {
                    Some(354) => Mode::Content(Box::default()),
                    _ => Mode::Commands,
                };
                self.read_on();
            }
            Some(Due::Banner | Due::Command | Due::Message) => {}
        }
    }

    fn read_on(&mut self) {
        let mut taken = 0;
        loop {
            match &mut self.mode {
                Mode::Undecided => break,
                Mode::Commands => {
                    let Some(line) = self.lines.next(&self.unread[taken..]) else {
                        break;
                    };
                    let data = Verb::of(line.text) == Verb::Data;
                    taken += line.len;
                    if data {
                        self.mode = Mode::Undecided;
                    }
                    self.expect(if data { Due::Data } else { Due::Command });
                }
                Mode::Content(stream) => {
                    let used = stream.push(&self.unread[taken..], |_| ());
                    taken = used.map_or(self.unread.len(), |used| taken + used);
                    if used.is_none() {
                        break;
                    }
                    self.mode = Mode::Commands;
                    self.expect(Due::Message);
                }
            }
        }
        self.unread.drain(..taken);
    }

    /// A reply that came too early counts for the next thing that wants one. What it says of DATA cannot be
    /// trusted then: the client goes on with commands.
    fn expect(&mut self, due: Due) {
        if self.surplus == 0 {
            self.queue.push_back(due);
            return;
        }
        self.surplus -= 1;
        if due == Due::Data {
            self.mode = Mode::Commands;
        }
    }

    /// Replies that must still come for what was sent, the banner included.
    pub fn due(&self) -> usize {
        self.queue.len()
    }

    /// The last reply's code.
    pub fn last_code(&self) -> Option<u16> {
        self.last_code
    }

    /// Whether the server is bound to close now: a 221 or a 421 was its last reply.
    pub fn closing(&self) -> bool {
        matches!(self.last_code, Some(221 | 421))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn after(steps: &[(&str, &str)]) -> Pacer {
        let mut pacer = Pacer::new();
        for (sent, received) in steps {
            pacer.sent(sent.as_bytes());
            pacer.received(received.as_bytes());
        }
        pacer
    }

    const TO_DATA: [(&str, &str); 2] = [("", "220 hi\r\n"), ("DATA\r\n", "")];

    #[test]
    fn the_banner_is_due_first_and_then_one_reply_a_line() {
        assert_eq!(Pacer::new().due(), 1);
        let pacer = after(&[("", "220 hi\r\n"), ("NOOP\r\nNOOP\r\nNO", "250 ok\r\n")]);
        assert_eq!((pacer.due(), pacer.last_code()), (1, Some(250)));
    }

    #[test]
    fn content_wants_one_reply_at_its_end_in_any_pieces() {
        let mut pacer = after(&TO_DATA);
        pacer.received(b"354 go\r\n");
        for octet in b"QUIT\r\n\n.\n\r\n." {
            pacer.sent(&[*octet]);
            assert_eq!(pacer.due(), 0);
        }
        pacer.sent(b"\r\nNOOP\r\n");
        assert_eq!(pacer.due(), 2);
    }

    #[test]
    fn behind_a_refused_data_come_commands() {
        let mut pacer = after(&TO_DATA);
        pacer.sent(b"NOOP\r\n");
        assert_eq!(pacer.due(), 1);
        pacer.received(b"503 no\r\n");
        assert_eq!(pacer.due(), 1);
    }

    #[test]
    fn a_reply_too_many_counts_for_the_next_command() {
        let pacer = after(&[("", "220 hi\r\n"), ("", "250 early\r\n"), ("NOOP\r\n", "")]);
        assert_eq!(pacer.due(), 0);
    }
}
