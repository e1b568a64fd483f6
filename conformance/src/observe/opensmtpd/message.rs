//! A message as it comes in data-lines: where its header section ends, and the digests of both.
//!
//! smtpd passes lines without their ends, dot-stuffed, and puts a Received field of its own before the client's first.

use sha2::{Digest, Sha256};
use smtpspec_core::event::MessageDigest;

/// What a line was.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Seen {
    /// A line of smtpd's own, of the header section or of the body.
    Line,
    /// The blank line behind the header section, whose digest this is.
    EndOfHeaders(MessageDigest),
    /// The dot. A header section that had no end ends here.
    End { headers: Option<MessageDigest> },
}

/// Whose lines come.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
enum Place {
    /// smtpd's own fields; the last ends with the line behind the one that ends with a semicolon.
    #[default]
    Trace,
    LastOfTrace,
    Headers,
    Body,
    End,
}

/// A message in the making.
#[derive(Debug, Default)]
pub(super) struct Message {
    place: Place,
    size: u64,
    hash: Sha256,
}

impl Message {
    pub(super) fn line(&mut self, line: &[u8]) -> Seen {
        match self.place {
            Place::Trace => {
                if line.ends_with(b";") {
                    self.place = Place::LastOfTrace;
                }
                Seen::Line
            }
            Place::LastOfTrace => {
                self.place = Place::Headers;
                Seen::Line
            }
            _ if line == b"." => {
                let headers = (self.place == Place::Headers).then(|| self.digest());
                self.place = Place::End;
                Seen::End { headers }
            }
            Place::Headers if line.is_empty() => {
                let headers = self.digest();
                self.place = Place::Body;
                self.add(line);
                Seen::EndOfHeaders(headers)
            }
            Place::Headers | Place::Body | Place::End => {
                self.add(line);
                Seen::Line
            }
        }
    }

    /// Of what the client has sent so far.
    pub(super) fn digest(&self) -> MessageDigest {
        MessageDigest::finish(self.size, self.hash.clone())
    }

    fn add(&mut self, line: &[u8]) {
        let unstuffed = line.strip_prefix(b".").unwrap_or(line);
        self.hash.update(unstuffed);
        self.hash.update(b"\r\n");
        self.size += unstuffed.len() as u64 + 2;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use pretty_assertions::assert_eq;

    /// What is seen of the lines behind smtpd's own, and the digest in the end.
    fn seen(lines: &[&str]) -> (Vec<Seen>, MessageDigest) {
        let mut message = Message::default();
        for own in [
            "Received: from me (localhost [127.0.0.1])",
            "\tby mx.example.org (OpenSMTPD) with ESMTP id 1a2b3c4d",
            "\tfor <b@example.org>;",
            "\tThu, 1 Jan 1970 00:00:00 +0000 (UTC)",
        ] {
            assert_eq!(message.line(own.as_bytes()), Seen::Line);
        }
        let seen = lines.iter().map(|line| message.line(line.as_bytes()));
        (seen.collect(), message.digest())
    }

    #[test]
    fn the_header_section_ends_at_the_first_blank_line() {
        let (seen, content) = seen(&["Subject: a", "", "b", "", "."]);
        let headers = MessageDigest::of(b"Subject: a\r\n");
        let expected = [
            Seen::Line,
            Seen::EndOfHeaders(headers),
            Seen::Line,
            Seen::Line,
            Seen::End { headers: None },
        ];
        assert_eq!(seen, expected);
        assert_eq!(content, MessageDigest::of(b"Subject: a\r\n\r\nb\r\n\r\n"));
    }

    #[test]
    fn a_header_section_without_end_ends_with_the_message() {
        let headers = Some(MessageDigest::of(b"Subject: a\r\n"));
        let (seen, _) = seen(&["Subject: a", "."]);
        assert_eq!(seen, [Seen::Line, Seen::End { headers }]);
    }

    #[test]
    fn a_field_like_smtpds_own_is_the_clients_behind_it() {
        let (_, content) = seen(&["Received: x;", "\tnow", "."]);
        assert_eq!(content, MessageDigest::of(b"Received: x;\r\n\tnow\r\n"));
    }

    #[test]
    fn dots_are_unstuffed() {
        let (_, content) = seen(&["", "..", "...a", "."]);
        assert_eq!(content, MessageDigest::of(b"\r\n.\r\n..a\r\n"));
    }
}
