//! Cutting a byte stream into replies (RFC 5321, 4.2).

use super::plain::is_plain;
use super::{Reply, ReplyCode, ReplyError, SyntaxError};

/// Finds replies at the front of a growing buffer; octets and lines already seen are not looked at again.
#[derive(Debug, Clone, Default)]
pub struct ReplySplitter {
    searched: usize,
    /// Offset of the line that has not ended yet, and how many of the reply are before it.
    line_start: usize,
    lines: usize,
    /// The code of the lines before.
    code: Option<ReplyCode>,
}

/// What one line says about its reply.
struct ReplyLine {
    code: ReplyCode,
    last: bool,
}

impl ReplySplitter {
    /// A splitter at the start of a reply.
    pub const fn new() -> Self {
        Self {
            searched: 0,
            line_start: 0,
            lines: 0,
            code: None,
        }
    }

    /// The reply at the front of `buffer`: `None` while it is incomplete. The caller then drops as many octets as
    /// [`Reply::raw`] or [`ReplyError::len`] has. A reply may be as long as it likes: the caller bounds its buffer.
    ///
    /// ```abnf
    /// Reply-line  = *( Reply-code "-" [ textstring ] CRLF ) Reply-code [ SP textstring ] CRLF
    /// ```
    pub fn next<'a>(&mut self, buffer: &'a [u8]) -> Option<Result<Reply<'a>, ReplyError>> {
        loop {
            let Some(offset) = memchr::memchr(b'\n', buffer.get(self.searched..)?) else {
                self.searched = buffer.len();
                return None;
            };
            let end = self.searched + offset;
            let line = buffer.get(self.line_start..end)?;
            self.searched = end + 1;
            self.line_start = end + 1;
            self.lines += 1;
            match parse_line(line, self.code) {
                Ok(ReplyLine { code, last: false }) => self.code = Some(code),
                Ok(ReplyLine { code, last: true }) => {
                    *self = Self::new();
                    let raw = buffer.get(..=end)?;
                    return Some(Ok(Reply { raw, code }));
                }
                Err(error) => {
                    let line = self.lines;
                    *self = Self::new();
                    let len = end + 1;
                    return Some(Err(ReplyError { line, error, len }));
                }
            }
        }
    }
}

/// One line of a reply, given without its LF. A separator without text behind it is taken, as many servers send it.
///
/// ```abnf
/// textstring  = 1*(%d09 / %d32-126)
/// ```
///
/// Octets above 127 are text too (RFC 6531, 3.7.4.2).
fn parse_line(line: &[u8], before: Option<ReplyCode>) -> Result<ReplyLine, SyntaxError> {
    let error = |at, expected| SyntaxError { at, expected };
    let Some(text) = line.strip_suffix(b"\r") else {
        return Err(error(line.len(), "CR before the LF"));
    };
    let Some(code) = ReplyCode::at_front(text) else {
        return Err(error(0, "a reply code such as 250"));
    };
    if before.is_some_and(|before| before != code) {
        return Err(error(0, "the first line's code"));
    }
    let last = match text.get(3) {
        Some(b'-') => false,
        Some(b' ') | None => true,
        Some(_) => return Err(error(3, "\"-\", a space or the end of the line")),
    };
    if !is_plain(text)
        && let Some(at) = text.iter().position(|octet| !is_text(*octet))
    {
        let expected = match text.get(at) {
            Some(b'\r') => "LF behind the CR",
            _ => "a printable character",
        };
        return Err(error(at, expected));
    }
    Ok(ReplyLine { code, last })
}

const fn is_text(octet: u8) -> bool {
    matches!(octet, b'\t' | b' '..=b'~' | 0x80..)
}
