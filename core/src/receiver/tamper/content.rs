//! What planted defects do to content on its way into the digest.

use super::super::{Defect, Defects};

/// The filter between the stream of content and its digest.
#[derive(Debug)]
pub(in super::super) struct ContentTamper {
    defects: Defects,
    /// The last two octets of the content; a line end at first.
    before: [u8; 2],
    /// No octet has come yet.
    fresh: bool,
    /// The client's last segment ended behind the first of two dots.
    pub(in super::super) cut_between_dots: bool,
    /// Of the line so far, a NUL has come.
    behind_nul: bool,
    /// Octets of the line so far.
    line: usize,
    /// Of the longest line so far.
    longest: usize,
}

/// Octets of a line of content without CRLF (RFC 5321, 4.5.3.1.6).
const LONGEST_LINE: usize = 998;

impl ContentTamper {
    /// `None` where no defect would change anything.
    pub(in super::super) fn new(defects: &Defects) -> Option<Self> {
        const NEEDED_BY: [Defect; 5] = [
            Defect::DotsKept,
            Defect::FirstDotKept,
            Defect::DotKeptWhenCut,
            Defect::ContentEndsAtNul,
            Defect::EndOfHeadersLostBehindLongLine,
        ];
        let needed = NEEDED_BY.iter().any(|defect| defects.has(*defect));
        needed.then(|| Self {
            defects: defects.clone(),
            before: *b"\r\n",
            fresh: true,
            cut_between_dots: false,
            behind_nul: false,
            line: 0,
            longest: 0,
        })
    }

    /// What goes into the digest in place of `octets`.
    pub(in super::super) fn changed(&mut self, octets: &[u8]) -> Vec<u8> {
        let mut changed = Vec::with_capacity(octets.len());
        for octet in octets {
            if self.puts_back_dot(*octet) {
                changed.push(b'.');
            }
            if !self.leaves_out(*octet) {
                changed.push(*octet);
            }
            self.note(*octet);
        }
        changed
    }

    /// Asked where the header section ends: its lines are all that has come.
    pub(in super::super) fn loses_end_of_headers(&self) -> bool {
        self.longest > LONGEST_LINE && self.defects.has(Defect::EndOfHeadersLostBehindLongLine)
    }

    /// The stream has taken away the first of the dots that begin a line.
    fn puts_back_dot(&mut self, octet: u8) -> bool {
        if octet != b'.' || self.before != *b"\r\n" {
            return false;
        }
        let was_cut = core::mem::take(&mut self.cut_between_dots);
        self.defects.has(Defect::DotsKept)
            || (self.fresh && self.defects.has(Defect::FirstDotKept))
            || (was_cut && self.defects.has(Defect::DotKeptWhenCut))
    }

    /// As a C string ends: the line end is still there.
    fn leaves_out(&mut self, octet: u8) -> bool {
        self.behind_nul |= octet == 0 && self.defects.has(Defect::ContentEndsAtNul);
        self.behind_nul &= octet != b'\n';
        self.behind_nul && octet != b'\r'
    }

    fn note(&mut self, octet: u8) {
        self.fresh = false;
        self.before = [self.before[1], octet];
        match octet {
            b'\n' => self.line = 0,
            b'\r' => {}
            _ => self.line += 1,
        }
        self.longest = self.longest.max(self.line);
    }
}
