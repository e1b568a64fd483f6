//! Cuts a stream into numbered lines of bounded length.

use tokio::io::{AsyncBufRead, AsyncBufReadExt, AsyncReadExt};

use super::BrokenLine;

/// The longest line, in octets.
const LONGEST: u64 = 1 << 20;

/// Reads lines from an event stream.
pub(super) struct Lines<R> {
    reader: R,
    number: u64,
    buffer: Vec<u8>,
}

impl<R: AsyncBufRead + Unpin> Lines<R> {
    pub(super) fn new(reader: R) -> Self {
        Self {
            reader,
            number: 0,
            buffer: Vec::new(),
        }
    }

    /// The next line without its line end; `None` at the end of the stream.
    pub(super) async fn next(&mut self) -> Result<Option<&[u8]>, BrokenLine> {
        self.buffer.clear();
        self.number += 1;
        let mut limited = (&mut self.reader).take(LONGEST + 1);
        let read = limited.read_until(b'\n', &mut self.buffer).await;
        if self.buffer.pop_if(|last| *last == b'\n').is_some() {
            let _ = self.buffer.pop_if(|last| *last == b'\r');
            return Ok(Some(&self.buffer));
        }
        if self.buffer.len() as u64 > LONGEST {
            return Err(self.broken("longer than 1 MiB"));
        }
        // A stream that was lost has ended just as one that was closed.
        let _ = read;
        if self.buffer.is_empty() {
            return Ok(None);
        }
        Err(self.broken("the stream ends in the middle of this line"))
    }

    /// The error for the line that was read last.
    pub(super) fn broken(&self, why: impl Into<String>) -> BrokenLine {
        BrokenLine {
            line: self.number,
            text: shortened(&self.buffer),
            why: why.into(),
        }
    }
}

fn shortened(line: &[u8]) -> String {
    const MOST: usize = 200;
    let dots = if line.len() > MOST { "..." } else { "" };
    let shown = smtpspec_core::octets::escape(&line[..line.len().min(MOST)]);
    format!("{shown}{dots}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn lines_lose_their_ends_and_the_last_needs_one() {
        let mut lines = Lines::new(&b"a\r\nb\n\nc"[..]);
        assert_eq!(lines.next().await, Ok(Some(&b"a"[..])));
        assert_eq!(lines.next().await, Ok(Some(&b"b"[..])));
        assert_eq!(lines.next().await, Ok(Some(&b""[..])));
        let broken = lines.next().await.unwrap_err();
        assert_eq!((broken.line, broken.text.as_str()), (4, "c"));
    }

    #[tokio::test]
    async fn a_line_without_end_is_given_up_at_the_limit() {
        let endless = tokio::io::repeat(b'x');
        let mut lines = Lines::new(tokio::io::BufReader::new(endless));
        assert_eq!(lines.next().await.unwrap_err().why, "longer than 1 MiB");
    }
}
