//! Messages that are refused for what they look like, or taken though they are too large.

use super::super::Defects;
use super::Defect;

/// What is known of a message at its end; only gathered where a defect may ask for it.
#[derive(Debug, Clone, Default)]
pub(in super::super) struct Facts {
    /// Its first octets, un-dot-stuffed.
    pub(super) begin: Vec<u8>,
    /// Octets of the longest line, with its CRLF.
    longest: usize,
    line: usize,
    eight_bit: bool,
    pub(in super::super) size: u64,
    /// Its MAIL had SIZE.
    pub(in super::super) declared: bool,
}

/// More than this is not looked at.
const BEGIN: usize = 2048;

impl Facts {
    /// Takes the next octets of the content.
    pub(in super::super) fn push(&mut self, octets: &[u8]) {
        let room = BEGIN.saturating_sub(self.begin.len());
        self.begin.extend(octets.iter().take(room));
        self.eight_bit |= !octets.is_ascii();
        for line in octets.split_inclusive(|octet| *octet == b'\n') {
            self.line += line.len();
            self.longest = self.longest.max(self.line);
            if line.ends_with(b"\n") {
                self.line = 0;
            }
        }
    }

    fn has(&self, text: &[u8]) -> bool {
        memchr::memmem::find(&self.begin, text).is_some()
    }

    /// What stands before the first empty line.
    fn header(&self) -> &[u8] {
        let end = memchr::memmem::find(&self.begin, b"\r\n\r\n");
        end.and_then(|end| self.begin.get(..end))
            .unwrap_or_default()
    }

    fn has_colon(&self) -> bool {
        self.header().contains(&b':')
    }
}

/// What becomes of a message in place of what should.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in super::super) enum Fate {
    /// It is refused with this.
    Refused(&'static str),
    /// Its size does not matter.
    Taken,
}
use Fate::{Refused, Taken};

type When = fn(&Facts) -> bool;

/// The defect, when it acts, and what then.
#[rustfmt::skip]
pub(super) static ROWS: &[(Defect, When, Fate)] = &[
    (Defect::HeaderlessMessageRefused, |it| it.size > 0 && !it.has_colon(), Refused(NO_MESSAGE)),
    (Defect::MalformedFieldRefused, |it| it.has_colon() && it.header().split(|octet| *octet == b'\n').any(|line| !line.contains(&b':')), Refused(NO_MESSAGE)),
    (Defect::ResentFieldsMatched, |it| it.has(b"Resent-To:") && !it.has(b"Resent-From:"), Refused(NO_MESSAGE)),
    (Defect::ControlCharactersRefused, |it| it.begin.iter().any(|octet| matches!(octet, 1..=8 | 11 | 12 | 14..=31 | 127)), Refused(NO_MESSAGE)),
    (Defect::Message555, |it| it.has(b"refused"), Refused("555 5.6.0 not this one")),
    (Defect::TextLine600, |it| it.longest > 600, Refused("554 5.6.0 line too long")),
    (Defect::Message32K, |it| (32_768..1_000_000).contains(&it.size), Refused(TOO_LARGE)),
    (Defect::DeclaredMessageTooLarge, |it| it.declared && it.size > 0, Refused(TOO_LARGE)),
    (Defect::MessageBeyondSizeTaken, |it| it.size > 1_000_000, Taken),
    (Defect::EightBitMessageRefused, |it| it.eight_bit, Refused(NO_MESSAGE)),
];

const NO_MESSAGE: &str = "554 5.6.0 malformed message";
const TOO_LARGE: &str = "552 5.3.4 too large";

/// What the defects that are on do with a message.
pub(in super::super) fn fate(defects: &Defects, facts: &Facts) -> Option<Fate> {
    let mut rows = ROWS.iter();
    let row = rows.find(|(defect, when, _)| defects.has(*defect) && when(facts))?;
    Some(row.2)
}

/// Whether a defect that is on asks for a message's facts.
pub(in super::super) fn asked_for(defects: &Defects) -> bool {
    !defects.is_empty() && ROWS.iter().any(|row| defects.has(row.0))
}
