//! Replies (RFC 5321, 4.2): one or several lines with one code.

use super::lanes::find_near;
use super::{EnhancedCode, ReplyCode, SyntaxError};

/// A whole reply, one line or several, borrowed from the buffer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Reply<'a> {
    /// With all line ends.
    pub raw: &'a [u8],
    /// The code, the same on each line.
    pub code: ReplyCode,
}

/// Iterates over the text of each line (behind code and separator).
#[derive(Debug, Clone)]
pub struct ReplyLines<'a> {
    rest: &'a [u8],
}

/// Octets that are no reply.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("in the reply, line {line}, {error}")]
pub struct ReplyError {
    /// Line of the reply, from 1.
    pub line: usize,
    /// What was expected there.
    pub error: SyntaxError,
    /// Octets up to and with the end of the broken line: what the caller drops to go on.
    pub len: usize,
}

impl<'a> Reply<'a> {
    /// The text of each line.
    pub fn lines(&self) -> ReplyLines<'a> {
        ReplyLines { rest: self.raw }
    }

    /// The enhanced status code at the front of the first line's text, if its class fits the code's.
    pub fn enhanced(&self) -> Option<EnhancedCode> {
        let code = EnhancedCode::at_front(self.raw.get(4..)?)?;
        (u16::from(code.class) == self.code.get() / 100).then_some(code)
    }
}

impl<'a> Iterator for ReplyLines<'a> {
    type Item = &'a [u8];

    #[inline]
    fn next(&mut self) -> Option<&'a [u8]> {
        // Without a hyphen it is the last one, which ends where the reply does.
        let len = match self.rest.get(3)? {
            b'-' => find_near(b'\n', self.rest)? + 1,
            _ => self.rest.len(),
        };
        let (line, rest) = self.rest.split_at(len);
        self.rest = rest;
        let line = line.strip_suffix(b"\r\n").unwrap_or(line);
        Some(line.get(4..).unwrap_or_default())
    }
}
