//! The content as a server hands it on that keeps header fields and body apart: with a blank line between them, also
//! where the client sent none.

use sha2::{Digest, Sha256};

use super::{content::parts, wire_log::WireLog};
use crate::{event::MessageDigest, wire::DataPart};

impl WireLog<'_> {
    /// The digest of the message of `size` octets that begins at `at`, with a blank line put behind its last header
    /// field; `None` where one stands there.
    pub fn digest_with_blank_line(&self, at: usize, size: u64) -> Option<MessageDigest> {
        let fields = self.fields(at, size)?;
        let mut hash = Sha256::new();
        let mut seen = 0;
        self.content(at, size, |piece| {
            let before = usize::try_from(fields.saturating_sub(seen)).unwrap_or(usize::MAX);
            let end = seen + piece.len() as u64;
            if (seen..end).contains(&fields) {
                hash.update(&piece[..before]);
                hash.update(b"\r\n");
                hash.update(&piece[before..]);
            } else {
                hash.update(piece);
            }
            seen = end;
        });
        if fields == size {
            hash.update(b"\r\n");
        }
        Some(MessageDigest::finish(size + 2, hash))
    }

    /// Octets of the header fields that the message begins with; `None` where a blank line follows them.
    fn fields(&self, at: usize, size: u64) -> Option<u64> {
        let mut fields = Fields::default();
        self.content(at, size, |piece| fields.take(piece));
        match fields.line {
            Line::Blank => None,
            _ => Some(fields.ended),
        }
    }

    fn content(&self, at: usize, size: u64, mut sink: impl FnMut(&[u8])) {
        let mut left = size;
        parts(self, at..self.sent.len(), |part, times| {
            let DataPart::Content(piece) = part else {
                return;
            };
            for _ in 0..times {
                let taken = usize::try_from(left).map_or(piece.len(), |left| left.min(piece.len()));
                if taken == 0 {
                    return;
                }
                sink(&piece[..taken]);
                left -= taken as u64;
            }
        });
    }
}

/// Where the header fields end, octet by octet.
#[derive(Default)]
struct Fields {
    /// Octets read.
    read: u64,
    /// Octets up to the end of the last field.
    ended: u64,
    line: Line,
}

/// What the line is, as far as it has come.
#[derive(Default, Clone, Copy, PartialEq, Eq)]
enum Line {
    /// Nothing of it.
    #[default]
    Start,
    /// The name of a field.
    Name,
    /// White space behind the name.
    BehindName,
    /// A field, or a further line of one.
    Field,
    /// A CR alone.
    Cr,
    /// It was the blank line.
    Blank,
    /// It was no field.
    Body,
}

impl Fields {
    fn take(&mut self, piece: &[u8]) {
        for octet in piece {
            if matches!(self.line, Line::Blank | Line::Body) {
                return;
            }
            self.read += 1;
            self.line = self.next(*octet);
        }
    }

    fn next(&mut self, octet: u8) -> Line {
        match (self.line, octet) {
            (Line::Field, b'\n') => {
                self.ended = self.read;
                Line::Start
            }
            (Line::Field, _) | (Line::Name | Line::BehindName, b':') => Line::Field,
            (Line::Start, b' ' | b'\t') if self.ended > 0 => Line::Field,
            (Line::Start, b'\r') => Line::Cr,
            (Line::Start | Line::Cr, b'\n') => Line::Blank,
            (Line::Start | Line::Name, b'!'..=b'~') if octet != b':' => Line::Name,
            (Line::Name | Line::BehindName, b' ' | b'\t') => Line::BehindName,
            _ => Line::Body,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        repeat::Repeat,
        transcript::{Entry, Open, SessionLog, What},
    };

    fn log(whats: Vec<What>) -> SessionLog {
        let open = Open {
            case: String::new(),
            client: ([127, 0, 0, 1], 1).into(),
            server: ([127, 0, 0, 1], 25).into(),
            protocol: crate::wire::Protocol::Smtp,
            handlers: crate::event::HandlerScript::default(),
        };
        let entries = (0..).zip(whats).map(|(at, what)| Entry { at, what });
        SessionLog {
            conn: 1,
            open,
            entries: entries.collect(),
        }
    }

    fn supplied(content: &str) -> Option<MessageDigest> {
        let log = log(vec![What::Sent(format!("{content}.\r\n").as_str().into())]);
        WireLog::new(&log).digest_with_blank_line(0, content.len() as u64)
    }

    #[test]
    fn a_blank_line_is_put_behind_the_last_field() {
        for (sent, rebuilt) in [
            ("", "\r\n"),
            ("hi\r\n", "\r\nhi\r\n"),
            ("A: b\r\n", "A: b\r\n\r\n"),
            ("A: b\r\n c\r\nhi: \r\n", "A: b\r\n c\r\nhi: \r\n\r\n"),
            (
                "A : b\r\nno field\r\n\r\nC: d\r\n",
                "A : b\r\n\r\nno field\r\n\r\nC: d\r\n",
            ),
            (" A: b\r\n\r\n", "\r\n A: b\r\n\r\n"),
        ] {
            let digest = MessageDigest::of(rebuilt.as_bytes());
            assert_eq!(supplied(sent), Some(digest), "{sent:?}");
        }
    }

    #[test]
    fn where_one_stands_there_none_is_put() {
        assert_eq!(supplied("\r\nhi\r\n"), None);
        assert_eq!(supplied("A: b\r\n\r\nhi\r\n"), None);
    }

    #[test]
    fn repeated_fields_are_fields_each_time() {
        let repeat = Repeat::new(b"A: b\r\n".to_vec(), 1000).unwrap();
        let log = log(vec![
            What::Repeated(repeat),
            What::Sent("hi\r\n.\r\n".into()),
        ]);
        let digest = WireLog::new(&log).digest_with_blank_line(0, 6004);
        let rebuilt = format!("{}\r\nhi\r\n", "A: b\r\n".repeat(1000));
        assert_eq!(digest, Some(MessageDigest::of(rebuilt.as_bytes())));
    }
}
