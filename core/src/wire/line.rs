//! Cutting a byte stream into lines (RFC 5321, 2.3.8: only CRLF ends a line).

use super::lanes::octets_in;

/// How a line ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum LineEnd {
    /// As the standard says.
    CrLf,
    /// A bare LF.
    Lf,
    /// A bare CR.
    Cr,
}

/// Which line ends a reader takes. CRLF always.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub struct LineEnds {
    /// A bare LF ends a line.
    pub bare_lf: bool,
    /// A bare CR ends a line.
    pub bare_cr: bool,
}

/// A line with its end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Line<'a> {
    /// Without the line end.
    pub text: &'a [u8],
    /// How it ended.
    pub end: LineEnd,
    /// Octets with the line end: what the caller drops from the front of its buffer.
    pub len: usize,
}

/// Finds lines at the front of a growing buffer; octets already searched are not searched again.
#[derive(Debug, Clone, Default)]
pub struct LineSplitter {
    ends: LineEnds,
    searched: usize,
}

impl LineSplitter {
    /// A splitter that takes `ends`.
    pub const fn new(ends: LineEnds) -> Self {
        Self { ends, searched: 0 }
    }

    /// The line at the front of `buffer`, if its end is there. The caller then drops [`Line::len`] octets; if
    /// there is none it calls again with the same octets and more behind them.
    #[inline]
    pub fn next<'a>(&mut self, buffer: &'a [u8]) -> Option<Line<'a>> {
        if let Some(line) = self.near_line(buffer) {
            return Some(line);
        }
        let end = self.find_end(buffer);
        if end.is_some() {
            self.searched = 0;
        }
        end
    }

    /// The short way: a line whose CRLF is near the front of a buffer that is not yet searched, and no LF before it.
    #[inline]
    fn near_line<'a>(&self, buffer: &'a [u8]) -> Option<Line<'a>> {
        if self.searched > 0 || self.ends.bare_cr {
            return None;
        }
        let [lfs] = octets_in(buffer, |octets| [octets.is(b'\n')]);
        let (text, _) = buffer.split_at_checked(lfs.trailing_zeros() as usize)?;
        match text {
            [text @ .., b'\r'] if lfs != 0 => Some(Line::new(text, LineEnd::CrLf)),
            _ => None,
        }
    }

    /// Leaves off with `searched` on the first octet that must be looked at again: a CR at the buffer's end.
    fn find_end<'a>(&mut self, buffer: &'a [u8]) -> Option<Line<'a>> {
        loop {
            let rest = buffer.get(self.searched..)?;
            let found = if self.ends.bare_cr {
                memchr::memchr2(b'\r', b'\n', rest)
            } else {
                memchr::memchr(b'\n', rest)
            };
            let Some(offset) = found else {
                self.searched = buffer.len();
                return None;
            };
            self.searched += offset;
            let (text, end) = buffer.split_at(self.searched);
            match (end, text) {
                // Only with bare CRs: whether an LF follows is for the next octet to say.
                ([b'\r'], _) => return None,
                ([b'\r', b'\n', ..], _) => return Some(Line::new(text, LineEnd::CrLf)),
                ([b'\r', ..], _) => return Some(Line::new(text, LineEnd::Cr)),
                (_, [text @ .., b'\r']) => return Some(Line::new(text, LineEnd::CrLf)),
                _ if self.ends.bare_lf => return Some(Line::new(text, LineEnd::Lf)),
                _ => self.searched += 1,
            }
        }
    }
}

impl<'a> Line<'a> {
    const fn new(text: &'a [u8], end: LineEnd) -> Self {
        let len = text.len()
            + match end {
                LineEnd::CrLf => 2,
                LineEnd::Lf | LineEnd::Cr => 1,
            };
        Self { text, end, len }
    }
}
