//! A place in a command line, and the leniencies met on the way there.

use super::plain::is_plain;
use super::{Leniencies, Leniency, SyntaxError, class};

/// Walks over a line. Behind [`Cursor::trim`] its octets are all printable, TAB, or above 127.
#[derive(Debug)]
pub(super) struct Cursor<'a> {
    /// Offsets in it are offsets in the line, since only its end is ever trimmed.
    line: &'a [u8],
    at: usize,
    eight_bit: bool,
    leniencies: Leniencies,
}

impl<'a> Cursor<'a> {
    /// Stands at the front of `line`.
    pub(super) fn new(line: &'a [u8]) -> Self {
        Self {
            line,
            at: 0,
            eight_bit: false,
            leniencies: Leniencies::NONE,
        }
    }

    /// Goes to the first octet that is no white space, and leaves out white space at the line's end. A control
    /// character other than TAB is an error wherever it is: RFC 5321, 4.1.2 and 2.3.8 leave no command in which it
    /// could stand.
    pub(super) fn trim(&mut self) -> Result<(), SyntaxError> {
        if !is_plain(self.line) {
            self.survey()?;
        }
        while let [rest @ .., b' ' | b'\t'] = self.line {
            self.line = rest;
            self.forgive(Leniency::TrailingSpace);
        }
        if self.white_space() > 0 {
            self.forgive(Leniency::LeadingSpace);
        }
        Ok(())
    }

    /// Looks closely at a line that has an octet outside of printable ASCII.
    #[cold]
    fn survey(&mut self) -> Result<(), SyntaxError> {
        for (at, octet) in self.line.iter().enumerate() {
            match octet {
                b'\t' => self.forgive(Leniency::TabAsSpace),
                0x80.. => self.eight_bit = true,
                b' '..=b'~' => {}
                _ => {
                    return Err(SyntaxError {
                        at,
                        expected: "a printable character",
                    });
                }
            }
        }
        Ok(())
    }

    /// Whether the line has an octet above 127.
    pub(super) const fn eight_bit(&self) -> bool {
        self.eight_bit
    }

    /// Offset in the line.
    pub(super) const fn at(&self) -> usize {
        self.at
    }

    /// Goes back to, or on to, an offset that [`Cursor::at`] gave.
    pub(super) const fn set_at(&mut self, at: usize) {
        self.at = at;
    }

    /// What has been forgiven so far.
    pub(super) const fn leniencies(&self) -> Leniencies {
        self.leniencies
    }

    /// Notes that `leniency` was needed.
    pub(super) const fn forgive(&mut self, leniency: Leniency) {
        self.leniencies.insert(leniency);
    }

    /// The error that `expected` does not stand here.
    pub(super) const fn expected(&self, expected: &'static str) -> SyntaxError {
        SyntaxError {
            at: self.at,
            expected,
        }
    }

    /// What is left of the line.
    pub(super) fn rest(&self) -> &'a [u8] {
        self.line.get(self.at..).unwrap_or_default()
    }

    /// From `start` to here.
    pub(super) fn since(&self, start: usize) -> &'a [u8] {
        self.line.get(start..self.at).unwrap_or_default()
    }

    /// The next octet.
    pub(super) fn peek(&self) -> Option<u8> {
        self.line.get(self.at).copied()
    }

    /// Whether nothing is left.
    pub(super) const fn is_at_end(&self) -> bool {
        self.at >= self.line.len()
    }

    /// Passes over `octet`, if it is next.
    pub(super) fn eat(&mut self, octet: u8) -> bool {
        let found = self.peek() == Some(octet);
        self.at += usize::from(found);
        found
    }

    /// Passes over `word` without regard to case, if it is next.
    pub(super) fn eat_word(&mut self, word: &[u8]) -> bool {
        let found = self
            .rest()
            .get(..word.len())
            .is_some_and(|next| next.eq_ignore_ascii_case(word));
        if found {
            self.at += word.len();
        }
        found
    }

    /// Passes over the longest run of octets in `classes`, and returns it.
    pub(super) fn run(&mut self, classes: u8) -> &'a [u8] {
        let rest = self.rest();
        let mut length = 0;
        while length < rest.len() && class::is(rest[length], classes) {
            length += 1;
        }
        self.at += length;
        &rest[..length]
    }

    /// Passes over white space where the grammar has one space, and says whether there was any.
    pub(super) fn space(&mut self) -> bool {
        let length = self.white_space();
        if length > 1 {
            self.forgive(Leniency::ExtraSpace);
        }
        length > 0
    }

    /// Passes over white space and says how much there was. (A TAB was forgiven when the line was trimmed.)
    pub(super) fn white_space(&mut self) -> usize {
        let start = self.at;
        while self.peek().is_some_and(is_white_space) {
            self.at += 1;
        }
        self.at - start
    }

    /// Passes over all that is left, and returns it.
    pub(super) fn remainder(&mut self) -> &'a [u8] {
        let rest = self.rest();
        self.at = self.line.len();
        rest
    }
}

pub(super) const fn is_white_space(octet: u8) -> bool {
    matches!(octet, b' ' | b'\t')
}
