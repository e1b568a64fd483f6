//! What the server's replies decide, and which further ones they make due.

use super::{Due, Mode, Pacer};
use crate::model::replies::{SeenReply, reply_lines};

impl Pacer {
    /// A reply has come: it answers what has been due longest.
    pub(super) fn reply(&mut self, code: Option<u16>, chunking: bool) {
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
}

/// Whether the reply accepts.
const fn is_positive(code: Option<u16>) -> bool {
    matches!(code, Some(200..=399))
}

/// Whether a reply to EHLO has CHUNKING among its keywords (RFC 3030, 2).
pub(super) fn announces_chunking(reply: &SeenReply) -> bool {
    let lines = reply_lines(&reply.raw).skip(1);
    let keywords = lines.map(|line| line.get(4..).unwrap_or_default().trim_ascii_end());
    let mut keywords = keywords.map(|line| line.split(|octet| *octet == b' ').next());
    keywords.any(|word| word.is_some_and(|word| word.eq_ignore_ascii_case(b"CHUNKING")))
}
