//! What LMTP (RFC 2033) has that SMTP has not: other greetings, and a reply for each recipient of a message.

use super::panel::RefusalFor;
use super::tamper::To;
use super::{Config, Defect, Receiver, replies};
use crate::event::ParsingStatus;
use crate::wire::{Command, Protocol, Verb};

/// The longest path that is said again in a reply, in octets with its angle brackets (RFC 5321, 4.5.3.1.3): a reply
/// line has room for it.
const LONGEST_PATH: usize = 256;

/// Whom a message is for, once its end has come: each is owed a reply, in the order of the RCPT commands (4.2).
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct Recipients(Vec<Recipient>);

#[derive(Debug, Clone, PartialEq, Eq)]
struct Recipient {
    /// The forward-path as sent, in angle brackets; empty where a reply cannot say it.
    path: String,
    /// A handler has refused the message for this one.
    refusal: Option<String>,
}

impl Recipients {
    /// One more; only RCPT has one.
    pub(super) fn add(&mut self, command: &Command<'_>) {
        if let Command::Rcpt { path, .. } = command {
            self.0.push(Recipient {
                path: shown(path.raw()),
                refusal: None,
            });
        }
    }

    /// The message is refused for one of them; says whether there is one for whom it was not yet.
    fn refuse(&mut self, one: &RefusalFor) -> bool {
        let place = usize::try_from(one.recipient).ok();
        let place = place.and_then(|recipient| recipient.checked_sub(1));
        let recipient = place.and_then(|place| self.0.get_mut(place));
        let Some(Recipient { refusal, .. }) = recipient else {
            return false;
        };
        let is_first = refusal.is_none();
        refusal.get_or_insert_with(|| one.reply.clone());
        is_first
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

    /// OnEndOfData has fired and the message passes, but not for those of `recipients` for whom alone a handler has refused
    /// it: OnReject at once for each of them. `line` is that of the last chunk, if the message came in chunks.
    pub(super) fn refuse_for_some(&mut self, line: Option<&[u8]>, recipients: &mut Recipients) {
        for one in self.outlet.take_refused_for() {
            let is_refused = self.config.protocol.is_lmtp() && recipients.refuse(&one);
            if is_refused && !self.has(Defect::HandlerRefusalWithoutReject) {
                self.outlet
                    .reject(line, ParsingStatus::Complete, &one.reply);
            }
        }
    }

    /// Answers the end of a message: once, or in LMTP once for each recipient. `reply` is without the last CRLF.
    pub(super) fn answer_message(&mut self, to: To, reply: &str) {
        let Recipients(mut recipients) = core::mem::take(&mut self.owed);
        let in_chunks = matches!(to, To::Command(_)) || self.ended_by_chunk;
        let only_one = if in_chunks {
            Defect::OneReplyForLastChunk
        } else {
            Defect::OneReplyForAllRecipients
        };
        // A server that leaves says so once.
        let leaves = reply.starts_with("421");
        let several = recipients.len() > 1;
        let only_one = several && self.has(only_one);
        if self.config.protocol.is_smtp() || recipients.is_empty() || leaves || only_one {
            return self.outlet.reply(to, reply);
        }
        let forgets_one = several && !in_chunks && self.has(Defect::RefusedRecipientUnanswered);
        if self.has(Defect::RecipientsAnsweredBackwards) {
            recipients.reverse();
        }
        for Recipient { path, refusal } in recipients {
            match refusal {
                Some(_) if forgets_one => {}
                Some(refusal) => self.outlet.reply(to, &refusal),
                None if reply == replies::MESSAGE && !path.is_empty() => {
                    self.outlet.reply(to, &replies::taken_for(&path));
                }
                None => self.outlet.reply(to, reply),
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
