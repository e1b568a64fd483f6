//! The DATA stream (RFC 5321, 4.1.1.4 and 4.5.2): dot-unstuffing, end of headers, end of data, and what only
//! looks like the end of data.

/// What the stream gives back, in order.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DataPart<'a> {
    /// Content after dot-unstuffing.
    Content(&'a [u8]),
    /// The header section has ended: behind the blank line, or just before the end of data if there was none.
    /// Exactly once before [`DataPart::EndOfData`].
    EndOfHeaders,
    /// CRLF.CRLF was there (or `.CRLF` first of all). Nothing follows.
    EndOfData,
}

/// Reads message content in any pieces. Strict: only CRLF.CRLF ends it.
#[derive(Debug, Clone, Default)]
pub struct DataStream {}

impl DataStream {
    /// At the start of a message, right behind the 354.
    pub fn new() -> Self {
        Self::default()
    }

    /// Takes the next octets, gives each part to `sink` in order, and says how many octets of `input` belong to the
    /// message when its end is among them; `None` means that all were taken and more must come.
    /// What cannot be decided yet (a CR, a dot at the line's begin) is held back until it can.
    pub fn push<'a>(&mut self, input: &'a [u8], sink: impl FnMut(DataPart<'a>)) -> Option<usize> {
        let _ = (input, sink);
        todo!()
    }
}
