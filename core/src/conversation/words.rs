//! The words of a directive, with their places.

use crate::wire::SyntaxError;

/// A piece of the line and its place in it.
pub(super) struct Word<'a> {
    /// Offset of its first octet in the line.
    pub(super) at: usize,
    /// What it says.
    pub(super) text: &'a str,
}

/// Takes a line apart at its blanks.
pub(super) struct Words<'a> {
    text: &'a str,
    at: usize,
}

const BLANKS: [char; 2] = [' ', '\t'];

impl<'a> Words<'a> {
    pub(super) const fn of(text: &'a str) -> Self {
        Self { text, at: 0 }
    }

    /// The next word; empty at the end of the line.
    pub(super) fn next(&mut self) -> Word<'a> {
        let rest = self.text[self.at..].trim_start_matches(BLANKS);
        let at = self.text.len() - rest.len();
        let len = rest.find(BLANKS).unwrap_or(rest.len());
        self.at = at + len;
        Word {
            at,
            text: &rest[..len],
        }
    }

    /// All that is left, without the white space around it.
    pub(super) fn rest(&mut self) -> Word<'a> {
        let rest = self.text[self.at..].trim_start();
        let at = self.text.len() - rest.len();
        self.at = self.text.len();
        Word {
            at,
            text: rest.trim_end(),
        }
    }

    /// Nothing may be left.
    pub(super) fn finish(mut self) -> Result<(), SyntaxError> {
        let word = self.next();
        if word.text.is_empty() {
            return Ok(());
        }
        Err(SyntaxError {
            at: word.at,
            expected: "the end of the line",
        })
    }
}
