//! Replies (RFC 5321, 4.2) and enhanced status codes (RFC 2034).

use core::fmt;

use super::SyntaxError;

/// A reply code, 200 to 559: `Reply-code = %x32-35 %x30-35 %x30-39`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ReplyCode(u16);

/// What a reply's first digit says (RFC 5321, 4.2.1).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ReplyClass {
    /// 2yz
    PositiveCompletion,
    /// 3yz
    PositiveIntermediate,
    /// 4yz
    TransientNegative,
    /// 5yz
    PermanentNegative,
}

/// `class.subject.detail`, for example 5.7.1.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[allow(missing_docs, reason = "RFC 3463's own words")]
pub struct EnhancedCode {
    pub class: u8,
    pub subject: u16,
    pub detail: u16,
}

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

/// Finds replies at the front of a growing buffer.
#[derive(Debug, Clone, Default)]
pub struct ReplySplitter {
    searched: usize,
}

impl ReplyCode {
    /// The code, if its digits are legal.
    pub const fn new(code: u16) -> Option<Self> {
        let _ = code;
        todo!()
    }
    /// As a number.
    pub const fn get(self) -> u16 {
        self.0
    }
    /// What its first digit says.
    pub const fn class(self) -> ReplyClass {
        todo!()
    }
}

impl fmt::Display for ReplyCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl<'a> Reply<'a> {
    /// The text of each line.
    pub fn lines(&self) -> ReplyLines<'a> {
        ReplyLines { rest: self.raw }
    }
    /// The enhanced status code at the front of the first line's text, if its class fits the code's.
    pub fn enhanced(&self) -> Option<EnhancedCode> {
        todo!()
    }
}

impl<'a> Iterator for ReplyLines<'a> {
    type Item = &'a [u8];
    fn next(&mut self) -> Option<&'a [u8]> {
        let _ = self.rest;
        todo!()
    }
}

impl ReplySplitter {
    /// A splitter at the start of a reply.
    pub const fn new() -> Self {
        Self { searched: 0 }
    }

    /// The reply at the front of `buffer`: `None` while it is incomplete. The caller then drops as many octets as
    /// [`Reply::raw`] or [`ReplyError::len`] has.
    pub fn next<'a>(&mut self, buffer: &'a [u8]) -> Option<Result<Reply<'a>, ReplyError>> {
        let _ = (buffer, self.searched);
        todo!()
    }
}
