//! Ends of data that only a server with a defect takes: `bare-lf-ends-data`, `bare-cr-ends-data` and
//! `crlf-dot-lf-ends-data`.
//!
//! Only the defects come here, so it is written to be short, not fast.

use crate::wire::LineEnd;

/// Which look-alikes end the message.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct LooseEnds {
    /// LF.LF, LF.CRLF, CRLF.LF.
    pub(super) bare_lf: bool,
    /// CR.CR, CR.CRLF, CRLF.CR.
    pub(super) bare_cr: bool,
    /// CRLF.LF alone.
    pub(super) crlf_dot_lf: bool,
}

/// What was found in the octets not handled yet.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Found {
    /// The content ends behind `content` octets, the line with the dot behind `end`.
    End { content: usize, end: usize },
    /// As many octets belong to the content for sure.
    Content(usize),
}

impl LooseEnds {
    pub(super) fn is_none(self) -> bool {
        self == Self::default()
    }

    /// Looks for the first end in `octets`, which come behind `before`. What may yet turn into one is left out of
    /// [`Found::Content`]: the caller comes again with it and more.
    pub(super) fn find(self, before: [u8; 2], octets: &[u8]) -> Found {
        let [mut previous, mut last] = before;
        for (at, octet) in octets.iter().enumerate() {
            let line_end = match [previous, last] {
                _ if *octet != b'.' => None,
                [b'\r', b'\n'] => Some(LineEnd::CrLf),
                [_, b'\n'] => Some(LineEnd::Lf),
                [_, b'\r'] => Some(LineEnd::Cr),
                _ => None,
            };
            match line_end.map_or(DotLine::No, |first| self.dot_line(first, &octets[at + 1..])) {
                DotLine::No => {}
                DotLine::Perhaps => return Found::Content(at),
                DotLine::Yes(len) => {
                    let end = at + 1 + len;
                    return Found::End { content: at, end };
                }
            }
            [previous, last] = [last, *octet];
        }
        Found::Content(octets.len())
    }

    /// Whether `rest`, behind the line end `first` and a dot, begins with a line end that makes a look-alike.
    fn dot_line(self, first: LineEnd, rest: &[u8]) -> DotLine {
        match (first, rest) {
            (LineEnd::Lf, _) if !self.bare_lf => DotLine::No,
            (LineEnd::Cr, _) if !self.bare_cr => DotLine::No,
            (_, [] | [b'\r']) => DotLine::Perhaps,
            (LineEnd::CrLf, [b'\r', b'\n', ..]) => DotLine::No,
            (_, [b'\r', b'\n', ..]) => DotLine::Yes(2),
            (LineEnd::Lf | LineEnd::CrLf, [b'\n', ..]) if self.bare_lf => DotLine::Yes(1),
            (LineEnd::CrLf, [b'\n', ..]) if self.crlf_dot_lf => DotLine::Yes(1),
            (LineEnd::Cr | LineEnd::CrLf, [b'\r', ..]) if self.bare_cr => DotLine::Yes(1),
            _ => DotLine::No,
        }
    }
}

enum DotLine {
    Yes(usize),
    No,
    Perhaps,
}

#[cfg(test)]
mod tests {
    use super::*;

    const LF: LooseEnds = LooseEnds {
        bare_lf: true,
        bare_cr: false,
        crlf_dot_lf: false,
    };
    const CR: LooseEnds = LooseEnds {
        bare_lf: false,
        bare_cr: true,
        crlf_dot_lf: false,
    };

    const AMID: [u8; 2] = *b"xx";

    #[test]
    fn each_look_alike_ends_the_message_of_its_defect_only() {
        let cases = [
            ("a\n.\nb", LF, Found::End { content: 2, end: 4 }),
            ("a\n.\r\nb", LF, Found::End { content: 2, end: 5 }),
            ("a\r\n.\nb", LF, Found::End { content: 3, end: 5 }),
            ("a\r.\rb", CR, Found::End { content: 2, end: 4 }),
            ("a\r.\r\nb", CR, Found::End { content: 2, end: 5 }),
            ("a\r\n.\rb", CR, Found::End { content: 3, end: 5 }),
        ];
        for (text, ends, found) in cases {
            let octets = text.as_bytes();
            assert_eq!(ends.find(AMID, octets), found, "{text:?}");
            let other = if ends == LF { CR } else { LF };
            assert_eq!(
                other.find(AMID, octets),
                Found::Content(octets.len()),
                "{text:?}"
            );
        }
    }

    #[test]
    fn the_true_end_is_left_to_the_strict_reader() {
        for ends in [LF, CR] {
            assert_eq!(ends.find(AMID, b"a\r\n.\r\n"), Found::Content(6));
            assert_eq!(ends.find(*b"\r\n", b".\r\n"), Found::Content(3));
        }
    }

    #[test]
    fn an_end_is_found_across_pieces() {
        assert_eq!(LF.find(AMID, b"ab\r\n."), Found::Content(4));
        assert_eq!(LF.find(*b"\r\n", b".\n"), Found::End { content: 0, end: 2 });
        assert_eq!(CR.find(AMID, b"ab\r.\r"), Found::Content(3));
        assert_eq!(CR.find(*b"b\r", b".\rc"), Found::End { content: 0, end: 2 });
    }
}
