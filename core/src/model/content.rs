//! A message as the client sent it, read under a tolerance, without ever holding its content.

use core::ops::Range;

use sha2::{Digest, Sha256};

use super::{
    tolerance::{LookAlike, Tolerance},
    wire_log::WireLog,
};
use crate::{
    event::MessageDigest,
    wire::{DataPart, DataStream},
};

/// What followed a 354.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Message {
    /// Octets of [`WireLog::sent`] that belong to it, its end included.
    pub len: usize,
    /// Whether its end was sent.
    pub complete: bool,
    /// Whether the blank line behind the header section was sent.
    pub header_section_ended: bool,
    /// What ended it, if not CRLF.CRLF. Sizes are then absent: a lenient server may have changed the content.
    pub ended_by: Option<LookAlike>,
    /// Octets of the header section without the blank line, un-dot-stuffed; only for a complete message.
    pub header_size: Option<u64>,
    /// Octets of the content, un-dot-stuffed; only for a complete message.
    pub content_size: Option<u64>,
}

/// Reads the message that begins at `at`.
pub(super) fn read_message(wire: &WireLog<'_>, at: usize, tolerance: &Tolerance) -> Message {
    let octets = &wire.sent[at..];
    if tolerance.misses_empty && octets.starts_with(EMPTY) {
        return unended(wire, at, tolerance);
    }
    let lenient_end = lenient_end(octets, tolerance);
    let within = lenient_end.map_or(octets.len(), |(_, len)| len);
    let mut sizes = Sizes::default();
    let strict_end = parts(wire, at..at + within, |part, times| sizes.take(part, times));
    let strict = strict_end.is_some();
    Message {
        len: strict_end.unwrap_or(within),
        complete: strict || lenient_end.is_some(),
        header_section_ended: sizes.blank_line,
        ended_by: lenient_end
            .filter(|_| !strict)
            .map(|(look_alike, _)| look_alike),
        header_size: sizes.headers.filter(|_| strict),
        content_size: strict.then_some(sizes.content),
    }
}

/// All that is sent of an empty message.
pub(super) const EMPTY: &[u8] = b".\r\n";

/// The message at `at` that begins with what should have ended it.
fn unended(wire: &WireLog<'_>, at: usize, tolerance: &Tolerance) -> Message {
    let strict = Tolerance {
        misses_empty: false,
        ..tolerance.clone()
    };
    let behind = read_message(wire, at + EMPTY.len(), &strict);
    Message {
        len: EMPTY.len() + behind.len,
        // What the server makes of its first line is its own affair.
        header_size: None,
        content_size: None,
        ..behind
    }
}

impl WireLog<'_> {
    /// The digest of the first `size` octets of the content of the message that begins at `at`.
    pub fn content_digest(&self, at: usize, size: u64) -> MessageDigest {
        let mut digests = self.digests.borrow_mut();
        let digest = digests
            .entry((at, size))
            .or_insert_with(|| hash(self, at, size));
        digest.clone()
    }
}

fn hash(wire: &WireLog<'_>, at: usize, size: u64) -> MessageDigest {
    let mut hash = Sha256::new();
    let mut left = size;
    parts(wire, at..wire.sent.len(), |part, times| {
        let DataPart::Content(piece) = part else {
            return;
        };
        for _ in 0..times {
            if left == 0 {
                return;
            }
            let taken = usize::try_from(left).map_or(piece.len(), |left| left.min(piece.len()));
            hash.update(&piece[..taken]);
            left -= taken as u64;
        }
    });
    MessageDigest::finish(size - left, hash)
}

/// Gives the parts of the message in `range` to `sink`, each with how many times it stands there, and says how many
/// octets belong to the message; `None` when its end is not in `range`.
///
/// A fold is read once like all else. It ends with a line and has nothing in it that dot-unstuffing changes, so that
/// each further time is content as it stands, and leaves the stream where it is.
pub(super) fn parts<'w>(
    wire: &'w WireLog<'_>,
    range: Range<usize>,
    mut sink: impl FnMut(DataPart<'w>, u64),
) -> Option<usize> {
    let mut stream = DataStream::new();
    let mut at = range.start;
    let first = wire.folds.partition_point(|fold| fold.start < range.start);
    for fold in wire.folds[first..]
        .iter()
        .take_while(|fold| fold.end() <= range.end)
    {
        let end = stream.push(&wire.sent[at..fold.end()], |part| sink(part, 1));
        if let Some(taken) = end {
            return Some(at + taken - range.start);
        }
        at = fold.end();
        sink(DataPart::Content(&wire.sent[fold.start..at]), fold.further);
    }
    let taken = stream.push(&wire.sent[at..range.end], |part| sink(part, 1))?;
    Some(at + taken - range.start)
}

/// What the parts of a message add up to.
#[derive(Debug, Default)]
struct Sizes {
    content: u64,
    /// Once the header section has ended.
    headers: Option<u64>,
    /// Whether it ended with a blank line.
    blank_line: bool,
    /// The last octets of the content: as many as show a blank line.
    tail: Vec<u8>,
}

impl Sizes {
    fn take(&mut self, part: DataPart<'_>, times: u64) {
        match part {
            DataPart::Content(piece) => {
                self.content += times.saturating_mul(piece.len() as u64);
                if times > 0 && self.headers.is_none() {
                    self.keep_tail(piece);
                }
            }
            DataPart::EndOfHeaders => {
                self.blank_line =
                    self.tail == b"\r\n\r\n" || (self.content == 2 && self.tail == b"\r\n");
                let blank = if self.blank_line { 2 } else { 0 };
                self.headers = Some(self.content - blank);
            }
            DataPart::EndOfData => {}
        }
    }

    fn keep_tail(&mut self, piece: &[u8]) {
        const KEPT: usize = 4;
        let kept = &piece[piece.len().saturating_sub(KEPT)..];
        self.tail.extend_from_slice(kept);
        let dropped = self.tail.len().saturating_sub(KEPT);
        self.tail.drain(..dropped);
    }
}

/// The first look-alike that `tolerance` takes, and the octets up to and with it.
fn lenient_end(octets: &[u8], tolerance: &Tolerance) -> Option<(LookAlike, usize)> {
    if tolerance.look_alikes.is_empty() {
        return None;
    }
    // Not beyond the true end: behind it are other messages, which are searched for their own.
    memchr::memchr_iter(b'.', octets)
        .take_while(|dot| !is_true_end(octets, *dot))
        .flat_map(|dot| LookAlike::around(octets, dot).map(move |found| (found, dot)))
        .find(|(look_alike, _)| tolerance.look_alikes.contains(look_alike))
        .map(|(look_alike, dot)| (look_alike, dot + 1 + look_alike.after.octets().len()))
}

fn is_true_end(octets: &[u8], dot: usize) -> bool {
    let (head, tail) = (&octets[..dot], &octets[dot + 1..]);
    tail.starts_with(b"\r\n") && (dot == 0 || head.ends_with(b"\r\n"))
}

/// Each look-alike in `octets` with the place of its dot.
pub(super) fn look_alikes(octets: &[u8]) -> impl Iterator<Item = (LookAlike, usize)> {
    memchr::memchr_iter(b'.', octets)
        .flat_map(|dot| LookAlike::around(octets, dot).map(move |found| (found, dot)))
}

#[cfg(test)]
mod tests {
    use super::{super::tolerance::Separator, *};
    use crate::{
        octets::Octets,
        repeat::tests::repeat,
        transcript::{Entry, Open, SessionLog, What},
    };
    use proptest::{collection::vec, prelude::*};

    fn log(whats: Vec<What>) -> SessionLog {
        SessionLog {
            conn: 1,
            open: Open {
                case: String::new(),
                client: ([127, 0, 0, 1], 1).into(),
                server: ([127, 0, 0, 1], 25).into(),
                protocol: crate::wire::Protocol::Smtp,
                handlers: crate::event::HandlerScript::default(),
            },
            entries: (0..)
                .zip(whats)
                .map(|(at, what)| Entry { at, what })
                .collect(),
        }
    }

    /// What is repeated, sent in full.
    fn unfolded(whats: &[What]) -> Vec<What> {
        let unfold = |what: &What| match what {
            What::Repeated(repeat) => {
                let times = usize::try_from(repeat.times()).unwrap();
                What::Sent(repeat.lines().repeat(times).into())
            }
            other => other.clone(),
        };
        whats.iter().map(unfold).collect()
    }

    fn sent() -> impl Strategy<Value = What> {
        let octets = "([a.\r\n]|\r\n|\r\n\\.|\r\n\r\n){0,5}";
        prop_oneof![
            octets.prop_map(|octets| What::Sent(Octets::from(octets.as_str()))),
            repeat().prop_map(What::Repeated),
        ]
    }

    fn every_look_alike() -> Vec<LookAlike> {
        let befores = Separator::ALL.into_iter();
        let pairs =
            befores.flat_map(|before| Separator::ALL.map(|after| LookAlike { before, after }));
        pairs.collect()
    }

    /// The message as somebody would read it who holds all of it: with its sections' digests.
    fn in_memory(octets: &[u8]) -> Option<(MessageDigest, MessageDigest)> {
        let (mut content, mut headers_end) = (Vec::new(), 0);
        DataStream::new().push(octets, |part| match part {
            DataPart::Content(piece) => content.extend_from_slice(piece),
            DataPart::EndOfHeaders => headers_end = content.len(),
            DataPart::EndOfData => {}
        })?;
        let headers = &content[..headers_end];
        let blank = headers.ends_with(b"\r\n\r\n") || headers == b"\r\n";
        let headers = &headers[..headers_end - if blank { 2 } else { 0 }];
        Some((MessageDigest::of(headers), MessageDigest::of(&content)))
    }

    fn digests(wire: &WireLog<'_>, message: &Message) -> Option<(MessageDigest, MessageDigest)> {
        let headers = wire.content_digest(0, message.header_size?);
        Some((headers, wire.content_digest(0, message.content_size?)))
    }

    proptest! {
        #[test]
        fn a_folded_message_reads_like_one_sent_in_full(
            mut whats in vec(sent(), 0..6),
            ended: bool,
            taken in proptest::sample::subsequence(every_look_alike(), 0..3),
        ) {
            if ended {
                whats.push(What::Sent("\r\n.\r\n".into()));
            }
            let (folded, full) = (log(whats.clone()), log(unfolded(&whats)));
            let (folded, full) = (WireLog::new(&folded), WireLog::new(&full));
            let tolerance = Tolerance { look_alikes: taken, ..Tolerance::default() };
            let (message, whole) = (read_message(&folded, 0, &tolerance), read_message(&full, 0, &tolerance));
            prop_assert_eq!(digests(&folded, &message), digests(&full, &whole));
            // Only what stands behind the message may have another length.
            prop_assert_eq!(&folded.sent[message.len..].is_empty(), &full.sent[whole.len..].is_empty());
            prop_assert_eq!(Message { len: 0, ..message }, Message { len: 0, ..whole.clone() });
            if tolerance.is_empty() {
                prop_assert_eq!(digests(&full, &whole), in_memory(&full.sent));
            }
        }
    }

    #[test]
    fn a_message_of_a_gigabyte_costs_no_memory_and_is_hashed_only_when_asked_for() {
        let lines = b"a line of the body\r\n".to_vec();
        let repeat = crate::repeat::Repeat::new(lines, 50_000_000).unwrap();
        let log = log(vec![
            What::Sent("A: b\r\n\r\n".into()),
            What::Repeated(repeat),
            What::Sent(".\r\n".into()),
        ]);
        let wire = WireLog::new(&log);
        let message = read_message(&wire, 0, &Tolerance::default());
        assert_eq!(message.content_size, Some(8 + 50_000_000 * 20));
        assert_eq!(message.header_size, Some(6));
        assert!(wire.digests.borrow().is_empty());
        assert_eq!(wire.content_digest(0, 6), MessageDigest::of(b"A: b\r\n"));
        assert!(wire.sent.capacity() < 1000);
    }

    #[test]
    fn a_fold_that_a_lenient_end_leaves_outside_is_no_content() {
        let log = log(vec![
            What::Sent("a\n.\n".into()),
            What::Repeated(crate::repeat::Repeat::new(b"NOOP\r\n".to_vec(), 1000).unwrap()),
        ]);
        let wire = WireLog::new(&log);
        let lf = LookAlike::around(b"a\n.\n", 2).next().unwrap();
        let tolerance = Tolerance {
            look_alikes: vec![lf],
            ..Tolerance::default()
        };
        let message = read_message(&wire, 0, &tolerance);
        assert_eq!((message.len, message.ended_by), (4, Some(lf)));
        assert_eq!(&wire.sent[message.len..], b"NOOP\r\nNOOP\r\n");
    }
}
