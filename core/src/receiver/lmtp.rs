//! What LMTP (RFC 2033) has that SMTP has not: other greetings, and a reply for each recipient of a message.

use super::tamper::To;
use super::{Config, Defect, Receiver, replies};
use crate::wire::{Command, Protocol, Verb};

/// The longest path that is said again in a reply, in octets with its angle brackets (RFC 5321, 4.5.3.1.3): a reply
/// line has room for it.
const LONGEST_PATH: usize = 256;

/// Whom a message is for, once its end has come: each is owed a reply, in the order of the RCPT commands (4.2).
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct Recipients {
    /// Their forward-paths as sent, each in angle brackets; empty where a reply cannot say it.
    paths: Vec<String>,
}

impl Recipients {
    /// One more; only RCPT has one.
    pub(super) fn add(&mut self, command: &Command<'_>) {
        if let Command::Rcpt { path, .. } = command {
            self.paths.push(shown(path.raw()));
        }
    }
}

fn shown(path: &[u8]) -> String {
    let is_text = path.iter().all(u8::is_ascii_graphic) && path.len() + 2 <= LONGEST_PATH;
    match core::str::from_utf8(path) {
        Ok(text) if is_text => format!("<{text}>"),
        _ => String::new(),
    }
}

impl Config {
    /// What `line` is read as: with the defect `ehlo-taken-in-lmtp` a greeting of SMTP's is one here too.
    pub(super) fn protocol_of(&self, line: &[u8]) -> Protocol {
        let greets = || matches!(Verb::of(line), Verb::Helo | Verb::Ehlo);
        if self.defects.has(Defect::EhloTakenInLmtp) && greets() {
            Protocol::Smtp
        } else {
            self.protocol
        }
    }
}

impl Receiver {
    /// The message's end has come: its transaction is over, and in LMTP its recipients are owed their replies.
    pub(super) fn end_transaction(&mut self) {
        let transaction = self.dialogue.transaction.take();
        self.owed = transaction
            .map(|transaction| transaction.addressed)
            .unwrap_or_default();
    }

    /// Answers the end of a message: once, or in LMTP once for each recipient. `reply` is without the last CRLF.
    pub(super) fn answer_message(&mut self, to: To, reply: &str) {
        let mut paths = core::mem::take(&mut self.owed).paths;
        let in_chunks = matches!(to, To::Command(_)) || self.ended_by_chunk;
        let only_one = if in_chunks {
            Defect::OneReplyForLastChunk
        } else {
            Defect::OneReplyForAllRecipients
        };
        // A server that leaves says so once.
        let leaves = reply.starts_with("421");
        if self.config.protocol.is_smtp() || paths.is_empty() || leaves || self.has(only_one) {
            return self.outlet.reply(to, reply);
        }
        if self.has(Defect::RecipientsAnsweredBackwards) {
            paths.reverse();
        }
        for path in paths {
            if reply == replies::MESSAGE && !path.is_empty() {
                self.outlet.reply(to, &replies::taken_for(&path));
            } else {
                self.outlet.reply(to, reply);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_is_said_again_where_a_reply_line_can_hold_it() {
        assert_eq!(shown(b"a@b.example"), "<a@b.example>");
        for path in [
            &b"\"a b\"@c.example"[..],
            "\u{e9}@b".as_bytes(),
            &[b'x'; 255],
        ] {
            assert_eq!(shown(path), "");
        }
        assert_eq!(shown(&[b'x'; 254]).len(), 256);
    }
}
