//! What planted defects do to replies.

use super::super::{Defect, Defects, clause_defects::reworded};
use crate::wire::Verb;

/// What a reply answers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in super::super) enum To {
    Connection,
    Command(Verb),
    Message,
    /// Nothing: the client was silent.
    Silence,
    /// Nothing: the server or an agent ends the session.
    Dropping,
}

/// The filter between the engine and the client.
#[derive(Debug)]
pub(in super::super) struct ReplyTamper {
    defects: Defects,
    held: Option<Vec<u8>>,
}

impl ReplyTamper {
    pub(in super::super) fn new(defects: Defects) -> Self {
        Self {
            defects,
            held: None,
        }
    }

    /// What is to be sent in place of `reply`, which has its line ends. `pipelined`: the next command has come.
    pub(in super::super) fn reply(
        &mut self,
        to: To,
        reply: Vec<u8>,
        pipelined: bool,
    ) -> Vec<Vec<u8>> {
        let reply = self.of_clauses(to, reply);
        let accepts = reply.first() == Some(&b'2');
        let mut sent = match to {
            To::Command(verb) if accepts => self.changed(verb, reply),
            To::Connection if accepts && self.has(Defect::Banner250) => {
                vec![with_code(reply, *b"250")]
            }
            To::Dropping if self.has(Defect::ClosesWithout421) => vec![],
            _ => vec![reply],
        };
        if pipelined && self.holds(to) {
            self.held = Some(sent.concat());
            return vec![];
        }
        sent.extend(self.held.take());
        sent
    }

    /// Whether every reply is sent as it is.
    pub(in super::super) fn is_idle(&self) -> bool {
        self.defects.is_empty()
    }

    /// The same but for the defects of clauses. A refusal has been through them before OnReject told of it.
    fn of_clauses(&self, to: To, reply: Vec<u8>) -> Vec<u8> {
        if self.defects.is_empty() || !matches!(reply.first(), Some(b'2' | b'3')) {
            return reply;
        }
        let text = reply.strip_suffix(b"\r\n").unwrap_or(&reply);
        let text = String::from_utf8_lossy(text).into_owned();
        let mut reworded = reworded(&self.defects, to, text).into_bytes();
        reworded.extend_from_slice(b"\r\n");
        reworded
    }

    /// The reply that still waits for another, when there will be none.
    pub(in super::super) fn take_held(&mut self) -> Option<Vec<u8>> {
        self.held.take()
    }

    fn has(&self, defect: Defect) -> bool {
        self.defects.has(defect)
    }

    /// Not behind DATA or AUTH, behind which no command may follow, nor behind QUIT.
    fn holds(&self, to: To) -> bool {
        self.has(Defect::RepliesSwappedWhenPipelined)
            && self.held.is_none()
            && matches!(to, To::Command(verb) if !matches!(verb, Verb::Data | Verb::Auth | Verb::Quit))
    }

    fn changed(&self, verb: Verb, reply: Vec<u8>) -> Vec<Vec<u8>> {
        match verb {
            Verb::Noop if self.has(Defect::NoopUnanswered) => vec![],
            Verb::Noop if self.has(Defect::ReplyBareLf) => vec![with_bare_lf(reply)],
            Verb::Rset if self.has(Defect::DoubleReply) => vec![reply.clone(), reply],
            Verb::Ehlo if self.has(Defect::MixedCodes) => vec![with_last_code(reply, *b"220")],
            Verb::Ehlo if self.has(Defect::MechanismAnnouncedTwice) => {
                vec![with_mechanism_twice(&reply)]
            }
            Verb::Ehlo if self.has(Defect::EhloKeywordMalformed) => vec![with_bad_keyword(reply)],
            Verb::Rcpt if self.has(Defect::RcptAnswered220) => vec![with_code(reply, *b"220")],
            Verb::Quit if self.has(Defect::QuitWithout221) => vec![],
            Verb::Help if self.has(Defect::LongReplyLine) => vec![lengthened(reply)],
            _ => vec![reply],
        }
    }
}

/// Of a reply of one line.
fn with_code(mut reply: Vec<u8>, code: [u8; 3]) -> Vec<u8> {
    reply.splice(..3, code);
    reply
}

fn with_last_code(mut reply: Vec<u8>, code: [u8; 3]) -> Vec<u8> {
    let text = reply.strip_suffix(b"\r\n").unwrap_or(&reply);
    let start = memchr::memrchr(b'\n', text).map_or(0, |lf| lf + 1);
    reply.splice(start..start + 3, code);
    reply
}

fn with_bad_keyword(mut reply: Vec<u8>) -> Vec<u8> {
    let second = memchr::memchr(b'\n', &reply).map_or(0, |lf| lf + 1);
    reply.splice(second..second, *b"250-BAD_KEYWORD\r\n");
    reply
}

fn with_mechanism_twice(reply: &[u8]) -> Vec<u8> {
    let text = String::from_utf8_lossy(reply);
    text.replace("AUTH PLAIN LOGIN", "AUTH PLAIN LOGIN PLAIN")
        .into_bytes()
}

fn with_bare_lf(mut reply: Vec<u8>) -> Vec<u8> {
    reply.truncate(reply.len().saturating_sub(2));
    reply.push(b'\n');
    reply
}

/// The line's length with its CRLF.
const LONG_LINE: usize = 600;

fn lengthened(mut reply: Vec<u8>) -> Vec<u8> {
    reply.truncate(reply.len().saturating_sub(2));
    reply.resize(LONG_LINE - 2, b'.');
    reply.extend_from_slice(b"\r\n");
    reply
}
