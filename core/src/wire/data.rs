//! The DATA stream (RFC 5321, 4.1.1.4 and 4.5.2): dot-unstuffing, end of headers, end of data, and what only
//! looks like the end of data.

use memchr::memmem;

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

/// Where the last octet has left the stream. A dot that begins a line is never content, whether it ends the message or
/// was stuffed; so a CR behind such a dot is all that ever has to be held back.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Place {
    /// Behind CRLF, or at the message's begin.
    LineStart,
    /// Behind an empty line.
    BlankLine,
    /// Inside a line.
    Text,
    /// Behind a CR inside a line.
    Cr,
    /// Behind a CR that begins a line.
    EmptyCr,
    /// Behind a dot that begins a line.
    Dot,
    /// Behind a dot that begins a line, and a CR: the CR is held back.
    DotCr,
    /// Behind the end of data.
    End,
}

/// Reads message content in any pieces. Strict: only CRLF.CRLF ends it.
#[derive(Debug, Clone)]
pub struct DataStream {
    place: Place,
    in_headers: bool,
    dot_line: memmem::Finder<'static>,
}

impl Default for DataStream {
    fn default() -> Self {
        Self {
            place: Place::LineStart,
            in_headers: true,
            dot_line: memmem::Finder::new(b"\r\n."),
        }
    }
}

impl DataStream {
    /// At the start of a message, right behind the 354.
    pub fn new() -> Self {
        Self::default()
    }

    /// Takes the next octets, gives each part to `sink` in order, and says how many octets of `input` belong to the
    /// message when its end is among them; `None` means that all were taken and more must come.
    /// What cannot be decided yet (a CR, a dot at the line's begin) is held back until it can.
    /// Behind the end of data nothing belongs to the message: `Some(0)`.
    pub fn push<'a>(
        &mut self,
        input: &'a [u8],
        mut sink: impl FnMut(DataPart<'a>),
    ) -> Option<usize> {
        if self.place == Place::End {
            return Some(0);
        }
        if self.place == Place::DotCr && input.first().is_some_and(|octet| *octet != b'\n') {
            // The CR came with an earlier input and has turned out to be content.
            sink(DataPart::Content(b"\r"));
            self.place = Place::Cr;
        }
        // `input[from..at]` is content that the sink has not seen yet.
        let (mut from, mut at) = (0, 0);
        while let Some(octet) = input.get(at) {
            let before = at;
            at += self.step(*octet, &input[at..]);
            match self.place {
                Place::Dot => {
                    give(&input[from..before], &mut sink);
                    from = at;
                }
                Place::BlankLine if self.in_headers => {
                    give(&input[from..at], &mut sink);
                    from = at;
                    self.end_headers(&mut sink);
                }
                Place::End => {
                    self.end_headers(&mut sink);
                    sink(DataPart::EndOfData);
                    return Some(at);
                }
                _ => {}
            }
        }
        if self.place != Place::DotCr {
            give(&input[from..], &mut sink);
        }
        None
    }

    /// Goes on by one octet, or by a run of text, and returns how many octets that were. `rest` begins with `octet`.
    #[inline]
    fn step(&mut self, octet: u8, rest: &[u8]) -> usize {
        self.place = match (self.place, octet) {
            (Place::LineStart | Place::BlankLine, b'.') => Place::Dot,
            (Place::LineStart | Place::BlankLine, b'\r') => Place::EmptyCr,
            (Place::EmptyCr, b'\n') => Place::BlankLine,
            (Place::Cr, b'\n') => Place::LineStart,
            (Place::Dot, b'\r') => Place::DotCr,
            (Place::DotCr, b'\n') => Place::End,
            (_, b'\r') => Place::Cr,
            _ => return self.skip_text(rest),
        };
        1
    }

    /// Passes over text up to the next octet that could matter. `rest` begins inside a line and not with a CR.
    #[inline]
    fn skip_text(&mut self, rest: &[u8]) -> usize {
        if self.in_headers {
            // Blank lines matter: one line at a time.
            let cr = memchr::memchr(b'\r', rest);
            self.place = cr.map_or(Place::Text, |_| Place::Cr);
            return cr.map_or(rest.len(), |cr| cr + 1);
        }
        if let Some(crlf) = near_dot_line(rest).or_else(|| self.dot_line.find(rest)) {
            self.place = Place::LineStart;
            return crlf + 2;
        }
        self.place = match rest {
            [.., b'\r', b'\n'] => Place::LineStart,
            [.., b'\r'] => Place::Cr,
            _ => Place::Text,
        };
        rest.len()
    }

    /// Reports the end of the header section, unless that has been done.
    fn end_headers<'a>(&mut self, sink: &mut impl FnMut(DataPart<'a>)) {
        if self.in_headers {
            self.in_headers = false;
            sink(DataPart::EndOfHeaders);
        }
    }
}

/// Where CRLF with a dot behind it is, if it is as near as where many short lines begin with dots: quicker than a search
/// that has to get under way.
#[inline]
fn near_dot_line(rest: &[u8]) -> Option<usize> {
    rest.windows(3).take(8).position(|three| three == b"\r\n.")
}

fn give<'a>(content: &'a [u8], sink: &mut impl FnMut(DataPart<'a>)) {
    if !content.is_empty() {
        sink(DataPart::Content(content));
    }
}
