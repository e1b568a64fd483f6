//! A message on its way in: hashed as it comes, never buffered.

use std::collections::VecDeque;

use super::clause_defects::{self, Facts};
use super::digest::{HeaderSection, Running};
use super::loose_end::{Found, LooseEnds};
use super::own_event::own_event;
use super::tamper::ContentTamper;
use super::{Defect, Defects};
use crate::event::{Event, MessageDigest};
use crate::wire::{Command, DataPart, DataStream, parse_command};

/// A place in the content that the session must act on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Mark {
    /// The header section has ended, with a blank line or with the message.
    EndOfHeaders {
        headers: MessageDigest,
        blank_line: bool,
    },
    /// The message has ended.
    EndOfData { content: MessageDigest },
    /// A line reads like this command: for the defect `commands-in-content`.
    Command(Event),
}

/// A message between 354 and its end.
#[derive(Debug)]
pub(super) struct Content {
    stream: DataStream,
    sink: Sink,
    loose_ends: LooseEnds,
    /// The last octets taken; at first what ends the line of DATA, as far as it matters.
    before: [u8; 4],
    /// The defect `end-of-headers-twice-when-cut`.
    minds_cut: bool,
    /// The reply to the message once a handler has refused it at OnEndOfHeaders.
    pub(super) refusal: Option<String>,
}

/// What becomes of the stream's parts.
#[derive(Debug)]
pub(super) struct Sink {
    whole: Running,
    /// Until the header section has ended.
    headers: Option<HeaderSection>,
    marks: VecDeque<Mark>,
    /// Only with defects that change content.
    tamper: Option<ContentTamper>,
    /// The line so far, for the defect `commands-in-content`.
    line: Option<Vec<u8>>,
    /// For the defects of clauses that ask for them.
    facts: Option<Facts>,
}

/// [`Content::before`] as long as nothing has come.
const UNTOUCHED: [u8; 4] = *b"TA\r\n";

impl Content {
    /// `earlier`: what the digest has taken in before the message, which is nothing but with a defect.
    pub(super) fn new(defects: &Defects, earlier: Running) -> Self {
        Self {
            stream: DataStream::new(),
            sink: Sink::new(defects, earlier),
            loose_ends: LooseEnds {
                bare_lf: defects.has(Defect::BareLfEndsData),
                bare_cr: defects.has(Defect::BareCrEndsData),
                crlf_dot_lf: defects.has(Defect::CrlfDotLfEndsData),
            },
            before: UNTOUCHED,
            minds_cut: defects.has(Defect::EndOfHeadersTwiceWhenCut),
            refusal: None,
        }
    }

    /// Takes from the front of `octets` what belongs to the message, and says how much that is.
    pub(super) fn take(&mut self, octets: &[u8]) -> usize {
        if let Some(tamper) = &mut self.sink.tamper {
            tamper.cut_between_dots = self.before.ends_with(b"\r\n.") && octets.starts_with(b".");
        }
        let cuts_crlf = self.is_behind_cr() && octets.starts_with(b"\n");
        let taken = match octets {
            [lf, ..] if cuts_crlf && self.minds_cut => self.take_cut_line_end(*lf),
            _ => self.take_in(octets),
        };
        for octet in &octets[taken.saturating_sub(UNTOUCHED.len())..taken] {
            self.before.rotate_left(1);
            self.before[3] = *octet;
        }
        taken
    }

    /// The LF of a CRLF whose CR came in the segment before. A blank line's fires OnEndOfHeaders once more.
    fn take_cut_line_end(&mut self, lf: u8) -> usize {
        let taken = self.take_in(&[lf]);
        let marks = &mut self.sink.marks;
        if let Some(
            mark @ Mark::EndOfHeaders {
                blank_line: true, ..
            },
        ) = marks.back().cloned()
        {
            marks.push_back(mark);
        }
        taken
    }

    fn take_in(&mut self, octets: &[u8]) -> usize {
        if self.loose_ends.is_none() {
            return self.push(octets).unwrap_or(octets.len());
        }
        let [.., previous, last] = self.before;
        let (len, loose_end) = match self.loose_ends.find([previous, last], octets) {
            Found::Content(len) => (len, None),
            Found::End { content, end } => (content, Some(end)),
        };
        let (octets, _) = octets.split_at(len);
        if let Some(strict_end) = self.push(octets) {
            return strict_end;
        }
        if loose_end.is_some() {
            self.end_here();
        }
        loose_end.unwrap_or(len)
    }

    fn push(&mut self, octets: &[u8]) -> Option<usize> {
        let sink = &mut self.sink;
        self.stream.push(octets, |part| sink.take(part))
    }

    /// The next place to act on. Take all of them before more is read.
    pub(super) fn next_mark(&mut self) -> Option<Mark> {
        self.sink.next_mark()
    }

    /// Whether nothing has come yet.
    pub(super) fn is_untouched(&self) -> bool {
        self.before == UNTOUCHED && self.size() == 0
    }

    /// Whether the header section has not ended yet.
    pub(super) fn is_in_headers(&self) -> bool {
        self.sink.headers.is_some()
    }

    fn is_behind_cr(&self) -> bool {
        self.before.ends_with(b"\r")
    }

    /// Whether all but the last LF of the message has come.
    pub(super) fn lacks_last_lf(&self) -> bool {
        self.before == *b"\r\n.\r"
    }

    /// What defects of clauses ask for; nothing without them.
    pub(super) fn facts(&self) -> Option<Facts> {
        let mut facts = self.sink.facts.clone()?;
        facts.size = self.size();
        Some(facts)
    }

    /// The digest so far.
    pub(super) fn into_running(self) -> Running {
        self.sink.whole
    }

    /// Octets so far, after dot-unstuffing.
    pub(super) fn size(&self) -> u64 {
        self.sink.size()
    }

    /// Ends the message where no strict reader would: only defects do.
    pub(super) fn end_here(&mut self) {
        self.sink.take(DataPart::EndOfHeaders);
        self.sink.take(DataPart::EndOfData);
    }
}

impl Sink {
    pub(super) fn new(defects: &Defects, earlier: Running) -> Self {
        Self {
            whole: earlier,
            headers: Some(HeaderSection::default()),
            marks: VecDeque::new(),
            tamper: ContentTamper::new(defects),
            line: defects.has(Defect::CommandsInContent).then(Vec::new),
            facts: clause_defects::asked_for(defects).then(Facts::default),
        }
    }

    /// For a message that comes in chunks: dots mean nothing in it.
    pub(super) fn of_chunks(defects: &Defects, earlier: Running) -> Self {
        Self {
            tamper: None,
            line: defects.has(Defect::CommandsInChunk).then(Vec::new),
            ..Self::new(defects, earlier)
        }
    }

    /// The next place to act on.
    pub(super) fn next_mark(&mut self) -> Option<Mark> {
        self.marks.pop_front()
    }

    /// Octets so far.
    pub(super) fn size(&self) -> u64 {
        self.whole.size()
    }

    /// The digest so far.
    pub(super) fn into_running(self) -> Running {
        self.whole
    }

    pub(super) fn take(&mut self, part: DataPart<'_>) {
        match part {
            DataPart::Content(octets) => self.take_octets(octets),
            DataPart::EndOfHeaders => {
                let is_lost = |tamper: &ContentTamper| tamper.loses_end_of_headers();
                if let Some(section) = self.headers.take()
                    && !self.tamper.as_ref().is_some_and(is_lost)
                {
                    let (headers, blank_line) = section.finish();
                    self.marks.push_back(Mark::EndOfHeaders {
                        headers,
                        blank_line,
                    });
                }
            }
            DataPart::EndOfData => self.marks.push_back(Mark::EndOfData {
                content: self.whole.clone().finish(),
            }),
        }
    }

    fn take_octets(&mut self, octets: &[u8]) {
        if let Some(section) = &mut self.headers {
            section.push(octets);
        }
        match &mut self.tamper {
            None => self.whole.push(octets),
            Some(tamper) => self.whole.push(&tamper.changed(octets)),
        }
        if let Some(facts) = &mut self.facts {
            facts.push(octets);
        }
        if let Some(line) = &mut self.line {
            look_for_commands(line, octets, &mut self.marks);
        }
    }
}

/// Longest line that is looked at.
const MAX_LINE: usize = 512;

fn look_for_commands(line: &mut Vec<u8>, octets: &[u8], marks: &mut VecDeque<Mark>) {
    for octet in octets {
        if line.len() < MAX_LINE || *octet == b'\n' {
            line.push(*octet);
        }
        if *octet == b'\n' {
            let text = line.strip_suffix(b"\r\n").unwrap_or_default();
            let command = parse_command(text).map(|parsed| parsed.command);
            if let Ok(command @ (Command::Mail { .. } | Command::Rset | Command::Noop { .. })) =
                command
            {
                marks.extend(own_event(&command).map(Mark::Command));
            }
            line.clear();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use pretty_assertions::assert_eq;

    fn marks(octets: &str, defects: &[Defect]) -> (Vec<Mark>, usize) {
        let mut content = Content::new(&defects.iter().copied().collect(), Running::default());
        let mut rest = octets.as_bytes();
        let mut marks = Vec::new();
        loop {
            let taken = content.take(rest);
            rest = &rest[taken..];
            marks.extend(core::iter::from_fn(|| content.next_mark()));
            let is_over = matches!(marks.last(), Some(Mark::EndOfData { .. }));
            if is_over || taken == 0 {
                return (marks, rest.len());
            }
        }
    }

    fn message(headers: &str, blank_line: bool, content: &str) -> Vec<Mark> {
        vec![
            Mark::EndOfHeaders {
                headers: MessageDigest::of(headers.as_bytes()),
                blank_line,
            },
            Mark::EndOfData {
                content: MessageDigest::of(content.as_bytes()),
            },
        ]
    }

    #[test]
    fn the_header_section_is_digested_without_its_blank_line() {
        assert_eq!(
            marks("A: b\r\n\r\n..x\r\n.\r\nQUIT", &[]),
            (message("A: b\r\n", true, "A: b\r\n\r\n.x\r\n"), 4)
        );
        assert_eq!(marks("\r\n.\r\n", &[]), (message("", true, "\r\n"), 0));
        assert_eq!(marks(".\r\n", &[]), (message("", false, ""), 0));
        assert_eq!(
            marks("x\r\n.\r\n", &[]),
            (message("x\r\n", false, "x\r\n"), 0)
        );
    }

    #[test]
    fn look_alikes_end_the_message_with_their_defect_only() {
        let octets = "\r\na\n.\r\nb\r\n.\r\n";
        let strict = message("", true, "\r\na\n.\r\nb\r\n");
        assert_eq!(marks(octets, &[]), (strict.clone(), 0));
        assert_eq!(marks(octets, &[Defect::BareCrEndsData]), (strict, 0));
        assert_eq!(
            marks(octets, &[Defect::BareLfEndsData]),
            (message("", true, "\r\na\n"), 6)
        );
    }

    #[test]
    fn kept_dots_change_the_digest() {
        let kept = message("", true, "\r\n..a\r\n");
        assert_eq!(marks("\r\n..a\r\n.\r\n", &[Defect::DotsKept]), (kept, 0));
    }
}
