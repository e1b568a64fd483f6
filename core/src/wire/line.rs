//! Cutting a byte stream into lines (RFC 5321, 2.3.8: only CRLF ends a line).

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
    pub fn next<'a>(&mut self, buffer: &'a [u8]) -> Option<Line<'a>> {
        let _ = (self.ends, self.searched, buffer);
        todo!()
    }
}
