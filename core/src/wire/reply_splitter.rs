//! Cutting a byte stream into replies (RFC 5321, 4.2).

use super::lanes::octets_in;
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
#[derive(Debug, PartialEq, Eq)]
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
    #[inline]
    pub fn next<'a>(&mut self, buffer: &'a [u8]) -> Option<Result<Reply<'a>, ReplyError>> {
        loop {
            if self.searched == self.line_start
                && let Some((line, len)) = strict_line(buffer.get(self.line_start..)?, self.code)
            {
                self.line_start += len;
                self.searched = self.line_start;
                if line.last {
                    let raw = buffer.get(..self.line_start)?;
                    *self = Self::new();
                    let code = line.code;
                    return Some(Ok(Reply { raw, code }));
                }
                self.lines += 1;
                self.code = Some(line.code);
                continue;
            }
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

/// The short way for a line as nearly all are, and how long it is with its CRLF: fewer than 64 octets, in ASCII, and
/// nothing wrong with it. Other lines are for [`parse_line`], which reads these to the same.
#[inline]
fn strict_line(rest: &[u8], before: Option<ReplyCode>) -> Option<(ReplyLine, usize)> {
    let [text] = octets_in(rest, |octets| [octets.within(b' ', b'~')]);
    let len = text.trailing_ones() as usize;
    let (_, b"\r\n") = rest.get(..len + 2)?.split_at(len) else {
        return None;
    };
    let code = ReplyCode::at_front(rest)?;
    // Behind a code alone stands the CR.
    let separator = *rest.get(3)?;
    let whole =
        before.is_none_or(|before| before == code) && matches!(separator, b'-' | b' ' | b'\r');
    let last = separator != b'-';
    whole.then_some((ReplyLine { code, last }, len + 2))
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

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(20_000))]

        #[test]
        fn the_long_way_reads_the_same(
            front in "([2-6][0-6][0-9]|25)?[- \ta]?",
            text in "[ -~]{0,70}([ -~\r\n\t\u{0}-\u{1}\u{7f}é]{0,3})?",
            end in "(\r\n|\n|\r|)",
            before in prop::option::of(Just(ReplyCode::new(250).unwrap())),
        ) {
            let octets = format!("{front}{text}{end}250 b\r\n");
            let Some((line, len)) = strict_line(octets.as_bytes(), before) else {
                return Ok(());
            };
            let end = memchr::memchr(b'\n', octets.as_bytes()).unwrap();
            prop_assert_eq!(len, end + 1);
            prop_assert_eq!(parse_line(&octets.as_bytes()[..end], before), Ok(line));
        }
    }

    #[test]
    fn usual_lines_go_the_short_way() {
        for line in [
            "250\r\n",
            "250 2.1.0 Ok\r\n",
            "250-PIPELINING\r\n",
            "354 \r\n",
        ] {
            assert!(strict_line(line.as_bytes(), None).is_some(), "{line:?}");
        }
    }
}
