//! How many replies are due: what a client in lock-step waits for.

use std::collections::VecDeque;

use super::{
    replies::{ReplyReader, SeenReply},
    wire_log::is_tls_record,
};
use crate::wire::{Command, DataStream, LineEnds, LineSplitter, Protocol, Verb, parse_command};

/// What a reply will answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Due {
    Banner,
    Command,
    /// HELO or EHLO: which extensions there are.
    Greeting,
    Data,
    /// AUTH or a response to a challenge.
    Authentication,
    StartTls,
    /// Opens a transaction, or clears it.
    Envelope,
    Rcpt,
    /// The end of a message: LMTP has a reply for each recipient.
    End,
    /// A chunk that is not the last.
    Chunk,
    /// A BDAT to a server that has not announced CHUNKING; its chunk's size.
    Bdat(u64),
    Message,
}

/// How the client's next octets are to be read.
#[derive(Debug)]
enum Mode {
    Commands,
    /// DATA, AUTH, STARTTLS or a response to a challenge was sent, or BDAT to a server that may not know it; the reply
    /// decides.
    Undecided,
    /// A challenge was read: the next line answers it, whatever it looks like.
    Response,
    /// STARTTLS was accepted: nothing in clear is a command.
    Handshake,
    Content(Box<DataStream>),
    /// The octets of a chunk; how many are to come. A reply is due behind them, unless it has come before.
    Chunk {
        left: u64,
        last: bool,
        answered: bool,
    },
}

/// Octets of a line without an end that are kept: more than any line needs that a server must take.
const LONGEST: usize = 2048;

/// Octets of a line, behind its leading white space, that tell its verb: more than the longest verb has.
const VERB: usize = 16;

/// Follows a session's octets in both directions under the strict reading.
#[expect(
    clippy::struct_excessive_bools,
    reason = "each is a fact of its own about the session so far"
)]
#[derive(Debug)]
pub struct Pacer {
    unread: Vec<u8>,
    lines: LineSplitter,
    /// The begin of a line of which more has been dropped from `unread`.
    begin: Vec<u8>,
    mode: Mode,
    queue: VecDeque<Due>,
    /// Replies that came beyond those due.
    surplus: usize,
    replies: ReplyReader,
    last_code: Option<u16>,
    /// Nothing has been sent or received.
    fresh: bool,
    secured: bool,
    /// A handshake is done, and the client has not said anything inside TLS yet: what it is told answers nothing.
    quiet: bool,
    /// Whether the last greeting announced CHUNKING.
    chunking: bool,
    protocol: Protocol,
    /// Recipients of the transaction that were accepted.
    recipients: usize,
}

impl Default for Pacer {
    fn default() -> Self {
        Self {
            unread: Vec::new(),
            lines: LineSplitter::new(LineEnds::default()),
            begin: Vec::new(),
            mode: Mode::Commands,
            queue: VecDeque::from([Due::Banner]),
            surplus: 0,
            replies: ReplyReader::default(),
            last_code: None,
            fresh: true,
            secured: false,
            quiet: false,
            chunking: false,
            protocol: Protocol::Smtp,
            recipients: 0,
        }
    }
}

impl Pacer {
    /// At the accept of the connection: the banner is due.
    pub fn new() -> Self {
        Self::default()
    }

    /// The same where `protocol` is spoken.
    pub fn speaking(protocol: Protocol) -> Self {
        Self {
            protocol,
            ..Self::default()
        }
    }

    /// The client sent these.
    pub fn sent(&mut self, octets: &[u8]) {
        self.fresh = false;
        self.quiet = false;
        self.unread.extend_from_slice(octets);
        self.read_on();
    }

    /// The client received these.
    pub fn received(&mut self, octets: &[u8]) {
        self.fresh = false;
        if !self.secured && self.replies.unfinished().is_empty() && is_tls_record(octets) {
            return;
        }
        let mut seen = Vec::new();
        self.replies.push(octets, |reply| {
            seen.push((reply.code, announces_chunking(&reply)));
        });
        for (code, chunking) in seen {
            self.last_code = code;
            self.reply(code, chunking);
        }
    }

    fn reply(&mut self, code: Option<u16>, chunking: bool) {
        match self.queue.pop_front() {
            None if self.quiet => {}
            None => self.surplus += 1,
            Some(Due::Data) => {
                self.mode = match code {
                    Some(354) => Mode::Content(Box::default()),
                    _ => Mode::Commands,
                };
                self.read_on();
            }
            Some(Due::Authentication) => {
                self.mode = match code {
                    Some(334) => Mode::Response,
                    _ => Mode::Commands,
                };
                self.read_on();
            }
            Some(Due::StartTls) => {
                self.mode = match code {
                    Some(220) => Mode::Handshake,
                    _ => Mode::Commands,
                };
                self.read_on();
            }
            Some(Due::Greeting) => {
                if code == Some(250) {
                    self.chunking = chunking;
                    self.recipients = 0;
                }
            }
            Some(Due::Bdat(left)) => {
                self.mode = match code {
                    // Taken all the same.
                    Some(200..=399) => Mode::Chunk {
                        left,
                        last: false,
                        answered: true,
                    },
                    // What was not announced need not be known: commands follow.
                    _ => Mode::Commands,
                };
                self.read_on();
            }
            Some(Due::Envelope) if is_positive(code) => self.recipients = 0,
            Some(Due::Rcpt) => self.recipients += usize::from(is_positive(code)),
            Some(Due::End) => self.ended(code),
            // The message has failed (RFC 3030, 2): nobody is owed a reply for it.
            Some(Due::Chunk) if !is_positive(code) => self.recipients = 0,
            Some(Due::Banner | Due::Command | Due::Message | Due::Envelope | Due::Chunk) => {}
        }
    }

    /// The first reply to a message has come. In LMTP the other recipients' are due now, unless the server leaves.
    fn ended(&mut self, code: Option<u16>) {
        let recipients = core::mem::take(&mut self.recipients);
        if self.protocol.is_lmtp() && code != Some(421) {
            for _ in 1..recipients {
                self.queue.push_front(Due::Message);
            }
        }
    }

    fn read_on(&mut self) {
        let mut taken = 0;
        loop {
            match &mut self.mode {
                Mode::Undecided => break,
                Mode::Handshake => {
                    taken = self.unread.len();
                    break;
                }
                Mode::Commands => {
                    let Some(line) = self.lines.next(&self.unread[taken..]) else {
                        taken += self.drop_from(taken);
                        break;
                    };
                    let chunk = chunk_size(line.text).filter(|_| self.begin.is_empty());
                    let verb = if self.begin.is_empty() {
                        self.protocol.verb(line.text)
                    } else {
                        begin_with(&mut self.begin, line.text);
                        self.protocol.verb(&core::mem::take(&mut self.begin))
                    };
                    taken += line.len;
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
                }
                Mode::Response => {
                    let Some(line) = self.lines.next(&self.unread[taken..]) else {
                        taken += self.drop_from(taken);
                        break;
                    };
                    taken += line.len;
                    self.begin.clear();
                    self.decide(Due::Authentication);
                }
                Mode::Content(stream) => {
                    let used = stream.push(&self.unread[taken..], |_| ());
                    taken = used.map_or(self.unread.len(), |used| taken + used);
                    if used.is_none() {
                        break;
                    }
                    self.mode = Mode::Commands;
                    self.expect(Due::End);
                }
                Mode::Chunk {
                    left,
                    last,
                    answered,
                } => {
                    let there = self.unread.len() - taken;
                    let used = usize::try_from(*left).map_or(there, |left| left.min(there));
                    taken += used;
                    *left -= used as u64;
                    if *left > 0 {
                        break;
                    }
                    let (last, answered) = (*last, *answered);
                    self.mode = Mode::Commands;
                    if !answered {
                        self.expect(if last { Due::End } else { Due::Chunk });
                    }
                }
            }
        }
        self.unread.drain(..taken);
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

    /// Whether a TLS handshake may begin: the server has accepted STARTTLS, or nothing at all has passed yet.
    pub fn awaits_handshake(&self) -> bool {
        self.fresh || matches!(self.mode, Mode::Handshake)
    }

    /// A handshake was finished: what was sent in clear is forgotten, and a banner that has not come is still due.
    pub fn secured(&mut self) {
        let banner = self.queue.contains(&Due::Banner);
        *self = Self {
            last_code: self.last_code,
            protocol: self.protocol,
            fresh: false,
            secured: true,
            quiet: !banner,
            ..Self::default()
        };
        if !banner {
            self.queue.clear();
        }
    }

    /// Whether a handshake was finished.
    pub fn is_secured(&self) -> bool {
        self.secured
    }

    /// Whether the server is receiving content: DATA was answered by 354, and its end has not been sent.
    pub fn in_content(&self) -> bool {
        matches!(self.mode, Mode::Content(_))
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

/// Whether the reply accepts.
const fn is_positive(code: Option<u16>) -> bool {
    matches!(code, Some(200..=399))
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

/// Whether a reply to EHLO has CHUNKING among its keywords (RFC 3030, 2).
fn announces_chunking(reply: &SeenReply) -> bool {
    let lines = reply.raw.split(|octet| *octet == b'\n').skip(1);
    let keywords = lines.map(|line| line.get(4..).unwrap_or_default().trim_ascii_end());
    let mut keywords = keywords.map(|line| line.split(|octet| *octet == b' ').next());
    keywords.any(|word| word.is_some_and(|word| word.eq_ignore_ascii_case(b"CHUNKING")))
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

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::{collection::vec, prelude::*, sample::select};

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

    const TO_TLS: [(&str, &str); 2] =
        [("", "220 hi\r\n"), ("STARTTLS\r\nNOOP\r\nNO", "220 go\r\n")];

    #[test]
    fn behind_an_accepted_starttls_nothing_in_clear_is_answered() {
        let mut pacer = after(&TO_TLS);
        assert!(pacer.awaits_handshake());
        pacer.sent(b"RSET\r\n");
        pacer.received(b"\x15\x03\x01\0\x02\x02\x46");
        assert_eq!((pacer.due(), pacer.last_code()), (0, Some(220)));
        pacer.secured();
        pacer.sent(b"OP\r\nNOOP\r\n");
        assert_eq!((pacer.due(), pacer.awaits_handshake()), (2, false));
    }

    #[test]
    fn behind_a_refused_starttls_come_commands() {
        let pacer = after(&[("", "220 hi\r\n"), ("STARTTLS\r\nNOOP\r\n", "502 no\r\n")]);
        assert_eq!((pacer.due(), pacer.awaits_handshake()), (1, false));
    }

    #[test]
    fn where_tls_comes_first_the_banner_is_due_behind_it() {
        let mut pacer = Pacer::new();
        assert!(pacer.awaits_handshake());
        pacer.secured();
        assert_eq!(pacer.due(), 1);
    }

    #[test]
    fn behind_a_challenge_comes_a_response_whatever_it_looks_like() {
        let mut pacer = after(&[("", "220 hi\r\n"), ("AUTH LOGIN\r\n", "334 x\r\n")]);
        pacer.sent(b"DATA\r\n");
        assert_eq!(pacer.due(), 1);
        pacer.received(b"334 y\r\n");
        assert_eq!(pacer.due(), 0);
        pacer.sent(b"cGFzcw==\r\nDATA\r\n");
        pacer.received(b"535 no\r\n");
        assert_eq!(pacer.due(), 1, "the exchange is over");
        pacer.received(b"354 go\r\n");
        assert!(pacer.in_content());
    }

    #[test]
    fn behind_a_refused_auth_come_commands() {
        let mut pacer = after(&[("", "220 hi\r\n"), ("AUTH X\r\nDATA\r\n", "504 no\r\n")]);
        assert_eq!(pacer.due(), 1);
        pacer.received(b"354 go\r\n");
        assert!(pacer.in_content());
    }

    const TO_CHUNKS: [(&str, &str); 2] = [
        ("", "220 hi\r\n"),
        ("EHLO c\r\n", "250-hi\r\n250-CHUNKING\r\n250 HELP\r\n"),
    ];

    #[test]
    fn a_chunk_wants_one_reply_behind_its_octets() {
        let mut pacer = after(&TO_CHUNKS);
        for octet in b"BDAT 9\r\nQUIT\r\n.\r" {
            pacer.sent(&[*octet]);
            assert_eq!(pacer.due(), 0);
        }
        pacer.sent(b"\nBDAT 0 LAST\r\nNOOP\r\n");
        assert_eq!(pacer.due(), 3);
        pacer.sent(b"BDAT x\r\nNOOP\r\n");
        assert_eq!(pacer.due(), 5);
    }

    /// A session of LMTP's, with two recipients if both are taken.
    fn to_two(second: &str) -> Pacer {
        let mut pacer = Pacer::speaking(Protocol::Lmtp);
        pacer.received(b"220 hi\r\n");
        pacer.sent(b"LHLO c\r\n");
        pacer.received(b"250-hi\r\n250 CHUNKING\r\n");
        pacer.sent(b"MAIL FROM:<>\r\nRCPT TO:<a@b>\r\nRCPT TO:<a@b>\r\n");
        pacer.received(b"250 ok\r\n250 ok\r\n");
        pacer.received(second.as_bytes());
        pacer
    }

    #[test]
    fn in_lmtp_each_recipient_that_was_taken_is_owed_a_reply() {
        for (second, due) in [("250 ok\r\n", 2), ("550 no\r\n", 1)] {
            let mut pacer = to_two(second);
            pacer.sent(b"DATA\r\n");
            pacer.received(b"354 go\r\n");
            pacer.sent(b"x\r\n.\r\nNOOP\r\n");
            for left in (1..=due).rev() {
                assert!(pacer.due() > 0);
                pacer.received(b"250 ok\r\n");
                assert_eq!(pacer.due(), left, "the other recipients' and NOOP's");
            }
            pacer.received(b"250 ok\r\n");
            assert_eq!(pacer.due(), 0);
        }
    }

    #[test]
    fn in_lmtp_only_the_last_chunk_is_answered_for_each_recipient() {
        let mut pacer = to_two("250 ok\r\n");
        pacer.sent(b"BDAT 1\r\nxBDAT 1 LAST\r\nx");
        pacer.received(b"250 ok\r\n250 ok\r\n");
        assert_eq!(pacer.due(), 1);
        pacer.received(b"250 ok\r\n");
        assert_eq!(pacer.due(), 0);
    }

    #[test]
    fn in_lmtp_a_message_that_failed_or_a_goodbye_is_answered_once() {
        let mut pacer = to_two("250 ok\r\n");
        pacer.sent(b"BDAT 1\r\nxBDAT 1 LAST\r\nx");
        pacer.received(b"452 no\r\n503 no\r\n");
        assert_eq!(pacer.due(), 0);
        let mut pacer = to_two("250 ok\r\n");
        pacer.sent(b"BDAT 1 LAST\r\nx");
        pacer.received(b"421 bye\r\n");
        assert_eq!((pacer.due(), pacer.closing()), (0, true));
    }

    #[test]
    fn without_chunking_the_reply_tells_what_the_octets_are() {
        let greeting = [("", "220 hi\r\n"), ("EHLO c\r\n", "250 hi\r\n")];
        for (code, due) in [("500", 2), ("502", 2), ("503", 2), ("250", 1)] {
            let mut pacer = after(&greeting);
            pacer.sent(b"BDAT 6\r\nNOOP\r\nRSET\r\n");
            assert_eq!(pacer.due(), 1);
            pacer.received(format!("{code} so\r\n").as_bytes());
            assert_eq!(pacer.due(), due, "{code}");
        }
    }

    #[test]
    fn a_reply_too_many_counts_for_the_next_command() {
        let pacer = after(&[("", "220 hi\r\n"), ("", "250 early\r\n"), ("NOOP\r\n", "")]);
        assert_eq!(pacer.due(), 0);
    }

    proptest! {
        /// In small pieces much of a long line has been dropped when its end comes; sent whole, nothing has.
        #[test]
        fn what_is_dropped_of_a_long_line_changes_nothing(
            lines in vec(
                ("( {2040,2052}|\t)?", "(DATA|NOOP|da|data [xy]{2000,2100}|[xy\r\n]{2040,2060}|x{5000})", "[ \r]{0,3}\r\n"),
                1..4,
            ),
            size in 1_usize..3000,
            last in 0_usize..6,
            code in select(vec!["354 go", "503 no"]),
        ) {
            let others = "250 ok\r\n".repeat(lines.len() - 1);
            let replies = format!("220 hi\r\n{others}{code}\r\n");
            let octets = lines.iter().map(|(a, b, c)| [a.as_str(), b, c].concat()).collect::<String>();
            // Often cut inside the last line end.
            let (front, rest) = octets.as_bytes().split_at(octets.len().saturating_sub(last));
            let (mut whole, mut pieces) = (Pacer::new(), Pacer::new());
            whole.sent(octets.as_bytes());
            for piece in front.chunks(size).chain([rest]) {
                pieces.sent(piece);
                let kept = matches!(pieces.mode, Mode::Commands).then_some(pieces.unread.len());
                prop_assert!(kept.is_none_or(|kept| kept <= LONGEST));
            }
            for reply in replies.split_inclusive('\n') {
                prop_assert_eq!((pieces.due(), pieces.in_content()), (whole.due(), whole.in_content()));
                pieces.received(reply.as_bytes());
                whole.received(reply.as_bytes());
            }
            prop_assert_eq!((pieces.due(), pieces.in_content()), (whole.due(), whole.in_content()));
        }
    }

    #[test]
    fn content_is_what_follows_354_up_to_its_end() {
        let mut pacer = after(&TO_DATA);
        assert!(!pacer.in_content());
        pacer.received(b"354 go\r\n");
        assert!(pacer.in_content());
        pacer.sent(b"x\r\n.\r\n");
        assert!(!pacer.in_content());
        let mut refused = after(&TO_DATA);
        refused.received(b"554 no\r\n");
        assert!(!refused.in_content());
    }
}
