//! Lines: found once, whole, and the same in every cut.

use pretty_assertions::assert_eq;
use proptest::prelude::*;

use super::reference;
use crate::wire::{LineEnd, LineEnds, LineSplitter};

/// Feeds `input` in pieces of `length` octets; gives each line with its end, and what is left.
fn split(input: &[u8], ends: LineEnds, length: usize) -> (Vec<(Vec<u8>, LineEnd)>, Vec<u8>) {
    let mut splitter = LineSplitter::new(ends);
    let mut buffer = Vec::new();
    let mut lines = Vec::new();
    for piece in input.chunks(length) {
        buffer.extend_from_slice(piece);
        while let Some(line) = splitter.next(&buffer) {
            lines.push((line.text.to_vec(), line.end));
            let len = line.len;
            buffer.drain(..len);
        }
    }
    (lines, buffer)
}

/// One octet at a time, with all that a bare CR or LF can mean.
fn obvious(input: &[u8], ends: LineEnds) -> (Vec<(Vec<u8>, LineEnd)>, Vec<u8>) {
    let mut lines = Vec::new();
    let mut text = Vec::new();
    let mut rest = input;
    while let [octet, behind @ ..] = rest {
        let (end, len) = match (octet, behind.first()) {
            (b'\r', Some(b'\n')) => (LineEnd::CrLf, 2),
            (b'\r', Some(_)) if ends.bare_cr => (LineEnd::Cr, 1),
            (b'\n', _) if ends.bare_lf => (LineEnd::Lf, 1),
            _ => {
                text.push(*octet);
                rest = behind;
                continue;
            }
        };
        lines.push((core::mem::take(&mut text), end));
        rest = &rest[len..];
    }
    (lines, text)
}

#[test]
fn bare_ends_stay_inside_a_strict_line() {
    let (lines, rest) = split(b"a\nb\rc\r\r\nd\n", LineEnds::default(), 100);
    assert_eq!(lines, [(b"a\nb\rc\r".to_vec(), LineEnd::CrLf)]);
    assert_eq!(rest, b"d\n");
}

#[test]
fn a_bare_cr_waits_for_the_octet_behind_it() {
    let ends = LineEnds {
        bare_lf: false,
        bare_cr: true,
    };
    let mut splitter = LineSplitter::new(ends);
    assert_eq!(splitter.next(b"a\r"), None);
    let line = splitter.next(b"a\r\n").expect("the line has ended");
    assert_eq!(
        (line.text, line.end, line.len),
        (&b"a"[..], LineEnd::CrLf, 3)
    );
    assert_eq!(splitter.next(b"b\r"), None);
    let line = splitter.next(b"b\rc").expect("the line has ended");
    assert_eq!((line.text, line.end, line.len), (&b"b"[..], LineEnd::Cr, 2));
}

proptest! {
    #[test]
    fn lines_are_the_same_in_every_cut(
        input in prop::collection::vec(prop::sample::select(b"\r\r\n\nab".to_vec()), 0..60),
        bare_lf: bool,
        bare_cr: bool,
        length in 1..9_usize,
    ) {
        let ends = LineEnds { bare_lf, bare_cr };
        prop_assert_eq!(split(&input, ends, length), obvious(&input, ends));
    }

    #[test]
    fn strict_lines_are_what_stands_between_crlfs(
        input in prop::collection::vec(prop::sample::select(b"\r\n\nab".to_vec()), 0..60),
    ) {
        let (lines, rest) = split(&input, LineEnds::default(), 1);
        let texts: Vec<_> = lines.iter().map(|(text, _)| text.as_slice()).collect();
        prop_assert_eq!((texts, rest.as_slice()), reference::lines(&input));
    }
}
