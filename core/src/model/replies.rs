//! Reading replies the way a patient client does: whatever can pass for a reply is one, and what is wrong with
//! it is kept beside it. A checker that stopped at the first bad octet could say nothing about the rest.

use crate::wire::{ReplyError, ReplySplitter};

/// Octets that a reply has, all but the longest.
const USUAL: usize = 512;

/// A reply as it came, well formed or not.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SeenReply {
    /// All its octets, line ends included.
    pub raw: Vec<u8>,
    /// The first line's code, if the line begins with three digits.
    pub code: Option<u16>,
    /// What the strict grammar has against it.
    pub problem: Option<ReplyError>,
}

impl SeenReply {
    /// 2yz or 3yz.
    pub fn accepts(&self) -> bool {
        self.code.is_some_and(|code| (200..400).contains(&code))
    }

    /// The octets without the last line end.
    pub fn text(&self) -> &[u8] {
        let text = self.raw.strip_suffix(b"\n").unwrap_or(&self.raw);
        text.strip_suffix(b"\r").unwrap_or(text)
    }
}

/// The lines of `raw`, a reply, each with its line end.
pub fn reply_lines(raw: &[u8]) -> impl Iterator<Item = &[u8]> {
    let mut rest = raw;
    core::iter::from_fn(move || {
        let end = memchr::memchr(b'\n', rest).map_or(rest.len(), |lf| lf + 1);
        let (line, behind) = rest.split_at(end);
        rest = behind;
        (!line.is_empty()).then_some(line)
    })
}

/// Puts replies together from octets in any pieces. A line ends at LF; a reply ends at the first line that does
/// not have a hyphen behind its code. A bare LF with more in the same piece that begins no reply is within the line:
/// some servers send back what they were sent.
#[derive(Debug, Clone, Default)]
pub struct ReplyReader {
    raw: Vec<u8>,
    line_start: usize,
}

impl ReplyReader {
    /// Takes the next octets and gives each reply that they complete to `sink`.
    pub fn push(&mut self, mut octets: &[u8], mut sink: impl FnMut(SeenReply)) {
        self.raw.reserve(octets.len().min(USUAL));
        while let Some(lf) = memchr::memchr(b'\n', octets) {
            let (line_end, rest) = octets.split_at(lf + 1);
            octets = rest;
            self.raw.extend_from_slice(line_end);
            let bare = !self.raw.ends_with(b"\r\n");
            if bare && rest.first().is_some_and(|octet| !octet.is_ascii_digit()) {
                continue;
            }
            if self.raw[self.line_start..].get(3) == Some(&b'-') {
                self.line_start = self.raw.len();
            } else {
                self.line_start = 0;
                sink(judge(core::mem::take(&mut self.raw)));
            }
        }
        self.raw.extend_from_slice(octets);
    }

    /// Octets of a reply whose end has not come.
    pub fn unfinished(&self) -> &[u8] {
        &self.raw
    }
}

fn judge(raw: Vec<u8>) -> SeenReply {
    let problem = match ReplySplitter::new().next(&raw) {
        Some(Ok(_)) => None,
        Some(Err(error)) => Some(error),
        // No CRLF at all: a strict reader would wait for ever.
        None => Some(ReplyError {
            line: 1,
            error: crate::wire::SyntaxError {
                at: raw.len().saturating_sub(1),
                expected: "a CRLF, not a bare LF, at the end of the line",
            },
            len: raw.len(),
        }),
    };
    let code = match raw.get(..3) {
        Some(digits) if digits.iter().all(u8::is_ascii_digit) => Some(
            digits
                .iter()
                .fold(0, |code, digit| code * 10 + u16::from(digit - b'0')),
        ),
        _ => None,
    };
    SeenReply { raw, code, problem }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(pieces: &[&[u8]]) -> Vec<SeenReply> {
        let mut reader = ReplyReader::default();
        let mut replies = Vec::new();
        for piece in pieces {
            reader.push(piece, |reply| replies.push(reply));
        }
        replies
    }

    #[test]
    fn a_multi_line_reply_is_one_reply_in_any_pieces() {
        let text = b"250-a\r\n250-b\r\n250 c\r\n221 bye\r\n";
        let whole = read(&[text]);
        assert_eq!(
            whole.iter().map(|r| r.code).collect::<Vec<_>>(),
            [Some(250), Some(221)]
        );
        assert!(whole.iter().all(|r| r.problem.is_none()));
        let bytes: Vec<&[u8]> = text.chunks(1).collect();
        assert_eq!(read(&bytes), whole);
    }

    #[test]
    fn a_bare_line_feed_that_no_reply_follows_is_within_the_line() {
        let codes = |replies: Vec<SeenReply>| replies.iter().map(|r| r.code).collect::<Vec<_>>();
        let echo = b"500 \"NOOP\nMAIL\" is unknown\r\n250 ok\r\n";
        assert_eq!(codes(read(&[echo])), [Some(500), Some(250)]);
        assert_eq!(
            codes(read(&[b"250 one\n250 two\n"])),
            [Some(250), Some(250)]
        );
    }

    #[test]
    fn what_is_wrong_with_a_reply_is_kept_beside_it() {
        let replies = read(&[b"250 ok\n", b"rubbish\r\n", b"250-a\r\n251 b\r\n"]);
        assert_eq!(
            replies.iter().map(|r| r.code).collect::<Vec<_>>(),
            [Some(250), None, Some(250)]
        );
        assert!(replies.iter().all(|r| r.problem.is_some()), "{replies:?}");
    }
}
