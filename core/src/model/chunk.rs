//! Messages that come in chunks (RFC 3030), as the client sent them: what each BDAT announced, where its octets stand,
//! and which sections of the message they complete. No content is ever held.

use core::ops::Range;

use sha2::{Digest, Sha256};

use super::{exchange::CommandLine, wire_log::WireLog};
use crate::{
    event::MessageDigest,
    wire::{ChunkStream, Command, DataPart, Verb},
};

/// What followed the line of a BDAT and is no command.
#[derive(Debug, Clone, PartialEq, Eq)]
#[allow(clippy::struct_excessive_bools, reason = "each is seen for itself")]
pub struct Chunk {
    /// Where its octets stand among those that the client sent; fewer than announced where they did not all come.
    pub octets: Range<usize>,
    /// Whether all that was announced was sent.
    pub complete: bool,
    /// It has the end-marker LAST, or was taken as if it had.
    pub last: bool,
    /// It begins its message: OnDataCommand is due.
    pub first: bool,
    /// Something went before that leaves open whether the server still knows of the chunks before this one.
    pub doubtful: bool,
    /// A lenient server has ended it, and its message, at a CRLF.CRLF in it.
    pub ended_at_dot: bool,
    /// The header section, without its blank line, where that ends in this chunk.
    pub headers: Option<Section>,
    /// The whole content, where the message ends with this chunk.
    pub content: Option<Section>,
}

/// A part of a message that came in chunks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Section {
    /// Where its octets stand, in order; the last range may go beyond its size.
    pub ranges: Vec<Range<usize>>,
    /// Octets; `None` where a lenient server may have changed them.
    pub size: Option<u64>,
}

impl WireLog<'_> {
    /// The digest of the first `size` octets of what came in chunks at `ranges`.
    pub fn chunks_digest(&self, ranges: &[Range<usize>], size: u64) -> MessageDigest {
        let mut hash = Sha256::new();
        let mut left = size;
        for range in ranges {
            let octets = self.sent.get(range.clone()).unwrap_or_default();
            let taken = usize::try_from(left).map_or(octets.len(), |left| left.min(octets.len()));
            hash.update(&octets[..taken]);
            left -= taken as u64;
        }
        MessageDigest::finish(size - left, hash)
    }
}

/// A message of which some chunks have come.
#[derive(Debug, Clone, Default)]
pub(super) struct UnderWay {
    stream: ChunkStream,
    ranges: Vec<Range<usize>>,
    size: u64,
    /// See [`Chunk::doubtful`].
    pub(super) doubtful: bool,
}

impl UnderWay {
    /// Octets that have come.
    pub(super) fn size(&self) -> u64 {
        self.size
    }

    /// The next chunk, and what it completes.
    pub(super) fn take(
        &mut self,
        wire: &WireLog<'_>,
        octets: Range<usize>,
        complete: bool,
        last: bool,
    ) -> Chunk {
        let first = self.ranges.is_empty();
        self.ranges.push(octets.clone());
        let mut headers = None;
        let (mut size, mut blank) = (self.size, true);
        let mut take = |part: DataPart<'_>| match part {
            DataPart::Content(piece) => size += piece.len() as u64,
            DataPart::EndOfHeaders => headers = Some(size),
            DataPart::EndOfData => {}
        };
        self.stream.push(&wire.sent[octets.clone()], &mut take);
        let ends = complete && last;
        if ends {
            self.stream.finish(&mut take);
        }
        // A header section that the end of the message ends has no blank line.
        if ends && headers == Some(size) {
            blank = ends_with_blank_line(wire, &self.ranges);
        }
        self.size = size;
        let section = |size: u64| Section {
            ranges: self.ranges.clone(),
            size: (!self.doubtful).then_some(size),
        };
        Chunk {
            complete,
            last,
            first,
            doubtful: self.doubtful,
            ended_at_dot: false,
            headers: headers.map(|end| section(end - if blank { 2 } else { 0 })),
            content: ends.then(|| section(self.size)),
            octets,
        }
    }
}

/// Whether the content that stands at `ranges` ends with a blank line, or is one.
fn ends_with_blank_line(wire: &WireLog<'_>, ranges: &[Range<usize>]) -> bool {
    const LONGEST: usize = 5;
    let octets = ranges
        .iter()
        .rev()
        .flat_map(|range| wire.sent[range.clone()].iter().rev());
    let mut tail: Vec<u8> = octets.copied().take(LONGEST).collect();
    tail.reverse();
    tail.ends_with(b"\r\n\r\n") || tail == b"\r\n"
}

/// The size and the end-marker that `line` announces, if it is a BDAT. Of a malformed one the decimal digits count that
/// stand where the size should; those of a size beyond 64 bits as a careless server would add them up.
pub(super) fn announced(line: &CommandLine<'_>) -> Option<(u64, bool)> {
    if let Ok(parsed) = &line.parsed {
        return match parsed.command {
            Command::Bdat { size, last } => Some((size, last)),
            _ => None,
        };
    }
    if line.verb != Verb::Bdat {
        return None;
    }
    let mut words = line
        .text
        .split(u8::is_ascii_whitespace)
        .filter(|word| !word.is_empty());
    let size = words.nth(1)?;
    let digits = size
        .iter()
        .take_while(|octet| octet.is_ascii_digit())
        .count();
    let hexadecimal = size
        .get(digits)
        .is_some_and(|octet| matches!(octet, b'x' | b'X'));
    if digits == 0 || hexadecimal {
        return None;
    }
    let add = |sum: u64, digit: &u8| sum.wrapping_mul(10).wrapping_add(u64::from(digit - b'0'));
    let last = words.any(|word| word.eq_ignore_ascii_case(b"LAST"))
        || size[digits..].eq_ignore_ascii_case(b"LAST");
    Some((size[..digits].iter().fold(0, add), last))
}

/// How many of `octets` belong to a chunk that ends at the first CRLF.CRLF in them.
pub(super) fn dot_end(octets: &[u8]) -> Option<usize> {
    const END: &[u8] = b"\r\n.\r\n";
    memchr::memmem::find(octets, END).map(|at| at + END.len())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        transcript::{Entry, Open, SessionLog, What},
        wire::{LineEnd, parse_command},
    };

    fn log(sent: &str) -> SessionLog {
        SessionLog {
            conn: 1,
            open: Open {
                case: String::new(),
                client: ([127, 0, 0, 1], 1).into(),
                server: ([127, 0, 0, 1], 25).into(),
                protocol: crate::wire::Protocol::Smtp,
                handlers: crate::event::HandlerScript::default(),
            },
            entries: vec![Entry {
                at: 0,
                what: What::Sent(sent.into()),
            }],
        }
    }

    #[test]
    fn sections_are_found_over_several_chunks() {
        let log = log("A: b\r\n\r|\n..x\r\n.\r\n|");
        let wire = WireLog::new(&log);
        let mut message = UnderWay::default();
        let first = message.take(&wire, 0..7, true, false);
        assert!(first.first && first.headers.is_none() && first.content.is_none());
        let second = message.take(&wire, 8..17, true, false);
        let headers = second.headers.unwrap();
        let digest = wire.chunks_digest(&headers.ranges, headers.size.unwrap());
        assert_eq!(digest, MessageDigest::of(b"A: b\r\n"));
        assert!(!second.first && second.content.is_none());
        let last = message.take(&wire, 18..18, true, true);
        let content = last.content.unwrap();
        let digest = wire.chunks_digest(&content.ranges, content.size.unwrap());
        assert_eq!(digest, MessageDigest::of(b"A: b\r\n\r\n..x\r\n.\r\n"));
        assert!(last.headers.is_none());
    }

    #[test]
    fn a_header_section_without_a_blank_line_ends_with_the_last_chunk() {
        for (sent, headers) in [("", 0), ("A: b\r\n", 6), ("\r\n", 0), ("A: b\r\n\r\n", 6)] {
            let log = log(sent);
            let wire = WireLog::new(&log);
            let chunk = UnderWay::default().take(&wire, 0..sent.len(), true, true);
            assert_eq!(chunk.headers.unwrap().size, Some(headers), "{sent:?}");
            assert_eq!(chunk.content.unwrap().size, Some(sent.len() as u64));
        }
    }

    #[test]
    fn what_a_malformed_line_announces_is_a_guess() {
        let read = |text: &str| {
            let text = text.as_bytes();
            announced(&CommandLine {
                text,
                verb: Verb::of(text),
                parsed: parse_command(text),
                end: LineEnd::CrLf,
            })
        };
        for (text, size) in [
            ("BDAT 5", Some((5, false))),
            ("bdat 5 last", Some((5, true))),
            ("BDAT 5 X", Some((5, false))),
            ("BDAT 5LAST", Some((5, true))),
            ("BDAT 18446744073709551617 LAST", Some((1, true))),
            ("BDAT -1", None),
            ("BDAT 0x10", None),
            ("BDAT", None),
            ("NOOP 5", None),
        ] {
            assert_eq!(read(text), size, "{text}");
        }
    }
}
