//! What the client has sent and nobody has handled yet, cut into command lines of bounded length.

use memchr::memmem;

use crate::wire::{LineEnds, LineSplitter, SASL_LINE_LIMIT, Verb};

/// Octets of a command line with its CRLF (RFC 5321, 4.5.3.1.4).
const LINE_LIMIT: usize = 512;

/// What the announced extensions add to MAIL's: SIZE 26 (RFC 1870, 3), 8BITMIME 17 (RFC 6152, 2), SMTPUTF8 10
/// (RFC 6531, 3.1), AUTH 500 (RFC 4954, 3).
const MAIL_EXTRA: usize = 26 + 17 + 10 + 500;

/// A line of at least this many octets is too long, whatever its verb.
const LONGEST: usize = LINE_LIMIT + MAIL_EXTRA;

/// A command line without its CRLF.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum CommandLine {
    Whole(Vec<u8>),
    /// Its first octets; the rest was dropped.
    TooLong(Vec<u8>),
}

/// How long lines may be.
#[derive(Debug, Clone, Copy)]
pub(super) struct LineLimit {
    /// Extensions are announced.
    pub(super) extended: bool,
    /// The defect `line-limit-256`.
    pub(super) halved: bool,
    /// It is a response within an authentication exchange.
    pub(super) response: bool,
}

impl LineLimit {
    /// In octets, CRLF included.
    fn of(self, line: &[u8]) -> usize {
        if self.response {
            self.longest()
        } else if self.halved {
            LINE_LIMIT / 2
        } else if self.extended && Verb::of(line) == Verb::Mail {
            LONGEST
        } else {
            LINE_LIMIT
        }
    }

    /// A line of more octets is too long, whatever its verb.
    const fn longest(self) -> usize {
        match (self.response, self.halved) {
            (true, true) => LINE_LIMIT,
            (true, false) => SASL_LINE_LIMIT,
            (false, _) => LONGEST,
        }
    }
}

/// The octets not handled yet.
#[derive(Debug, Default)]
pub(super) struct Input {
    buffer: Vec<u8>,
    /// Where the octets not handled begin in `buffer`.
    start: usize,
    ends: LineEnds,
    splitter: LineSplitter,
    /// The begin of a line that is too long and has not ended yet.
    too_long: Option<Vec<u8>>,
    /// The next line's CR and LF came in two segments.
    cuts_next: bool,
    /// Those of the last line did, for the defect `event-twice-when-cut`.
    pub(super) cuts_crlf: bool,
}

impl Input {
    pub(super) fn new(ends: LineEnds) -> Self {
        Self {
            ends,
            splitter: LineSplitter::new(ends),
            ..Self::default()
        }
    }

    pub(super) fn push(&mut self, octets: &[u8]) {
        self.buffer.drain(..self.start);
        self.start = 0;
        self.cuts_next = self.buffer.ends_with(b"\r") && octets.starts_with(b"\n");
        self.buffer.extend_from_slice(octets);
    }

    /// All that is there.
    pub(super) fn rest(&self) -> &[u8] {
        self.buffer.get(self.start..).unwrap_or_default()
    }

    /// Drops `len` octets from the front.
    pub(super) fn skip(&mut self, len: usize) {
        self.start = self.buffer.len().min(self.start.saturating_add(len));
        self.splitter = LineSplitter::new(self.ends);
    }

    pub(super) fn clear(&mut self) {
        *self = Self::new(self.ends);
    }

    /// The next line, once its CRLF is there. Of a line without an end no more octets are kept than it
    /// may have.
    pub(super) fn next_line(&mut self, limit: LineLimit) -> Option<CommandLine> {
        let rest = self.buffer.get(self.start..).unwrap_or_default();
        let Some(line) = self.splitter.next(rest) else {
            if self.too_long.is_some() || rest.len() > limit.longest() {
                self.drop_the_middle();
            }
            return None;
        };
        let (text, len) = (line.text.to_vec(), line.len);
        self.skip(len);
        self.cuts_crlf = core::mem::take(&mut self.cuts_next);
        Some(match self.too_long.take() {
            Some(begin) => CommandLine::TooLong(begin),
            None if len > limit.of(&text) => CommandLine::TooLong(begin_of(&text)),
            None => CommandLine::Whole(text),
        })
    }

    /// The verb of the next line, if that line is whole.
    pub(super) fn verb_ahead(&self) -> Option<Verb> {
        let rest = self.rest();
        memmem::find(rest, b"\r\n")
            .and_then(|end| rest.get(..end))
            .map(Verb::of)
    }

    /// Keeps a CR at the end, which may be half of the CRLF.
    fn drop_the_middle(&mut self) {
        let rest = self.rest();
        let begin = begin_of(rest);
        let kept = usize::from(rest.last() == Some(&b'\r'));
        let dropped = rest.len() - kept;
        self.too_long.get_or_insert(begin);
        self.skip(dropped);
    }
}

fn begin_of(line: &[u8]) -> Vec<u8> {
    line.get(..LINE_LIMIT).unwrap_or(line).to_vec()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const LIMIT: LineLimit = LineLimit {
        extended: true,
        halved: false,
        response: false,
    };

    fn lines(pieces: &[&[u8]]) -> Vec<CommandLine> {
        let mut input = Input::default();
        let mut lines = Vec::new();
        for piece in pieces {
            input.push(piece);
            lines.extend(core::iter::from_fn(|| input.next_line(LIMIT)));
            assert!(
                input.rest().len() <= LONGEST,
                "more is kept than a line may have"
            );
        }
        lines
    }

    #[test]
    fn a_line_has_512_octets_at_most_and_mail_553_more() {
        for (begin, limit) in [("NOOP ", 512), ("mail from:<", 1065)] {
            let fits = format!("{begin:x<width$}", width = limit - 2);
            let over = format!("{fits}x");
            let cut = over.as_bytes()[..over.len().min(512)].to_vec();
            assert_eq!(
                lines(&[format!("{fits}\r\n{over}\r\n").as_bytes()]),
                [CommandLine::Whole(fits.into()), CommandLine::TooLong(cut)]
            );
        }
    }

    proptest! {
        #[test]
        fn lines_are_the_same_however_the_octets_are_cut(
            texts in prop::collection::vec("(NOOP|MAIL)[ -~\r]{0,30}([xy]{400,1200})?", 0..4),
            size in 1_usize..700,
        ) {
            let octets = texts.iter().flat_map(|text| [text.as_bytes(), b"\r\n"].concat()).collect::<Vec<_>>();
            let whole = lines(&[&octets]);
            let pieces: Vec<&[u8]> = octets.chunks(size).collect();
            prop_assert_eq!(lines(&pieces), whole);
        }
    }
}
