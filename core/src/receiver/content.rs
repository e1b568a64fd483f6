//! A message on its way in: hashed as it comes, never buffered.

use std::collections::VecDeque;

use super::digest::{HeaderSection, Running};
use super::loose_end::{Found, LooseEnds};
use super::own_event::own_event;
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
    /// The last two octets taken; the line end of DATA at first.
    before: [u8; 2],
    /// The reply to the message once a handler has refused it at OnEndOfHeaders.
    pub(super) refusal: Option<String>,
}

/// What becomes of the stream's parts.
#[derive(Debug)]
struct Sink {
    whole: Running,
    /// Until the header section has ended.
    headers: Option<HeaderSection>,
    marks: VecDeque<Mark>,
    /// The last two octets of the content, for the defect `dots-kept`.
    stuffed: Option<[u8; 2]>,
    /// The line so far, for the defect `commands-in-content`.
    line: Option<Vec<u8>>,
}

impl Content {
    pub(super) fn new(defects: &Defects) -> Self {
        Self {
            stream: DataStream::new(),
            sink: Sink {
                whole: Running::default(),
                headers: Some(HeaderSection::default()),
                marks: VecDeque::new(),
                stuffed: defects.has(Defect::DotsKept).then_some(*b"\r\n"),
                line: defects.has(Defect::CommandsInContent).then(Vec::new),
            },
            loose_ends: LooseEnds {
                bare_lf: defects.has(Defect::BareLfEndsData),
                bare_cr: defects.has(Defect::BareCrEndsData),
            },
            before: *b"\r\n",
            refusal: None,
        }
    }

    /// Takes from the front of `octets` what belongs to the message, and says how much that is.
    pub(super) fn take(&mut self, octets: &[u8]) -> usize {
        if self.loose_ends.is_none() {
            return self.push(octets).unwrap_or(octets.len());
        }
        let (len, loose_end) = match self.loose_ends.find(self.before, octets) {
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
        for octet in octets {
            self.before = [self.before[1], *octet];
        }
        loose_end.unwrap_or(len)
    }

    fn push(&mut self, octets: &[u8]) -> Option<usize> {
        let sink = &mut self.sink;
        self.stream.push(octets, |part| sink.take(part))
    }

    /// The next place to act on. Take all of them before more is read.
    pub(super) fn next_mark(&mut self) -> Option<Mark> {
        self.sink.marks.pop_front()
    }

    /// Octets so far, after dot-unstuffing.
    pub(super) fn size(&self) -> u64 {
        self.sink.whole.size()
    }

    /// Ends the message where no strict reader would: only defects do.
    pub(super) fn end_here(&mut self) {
        self.sink.take(DataPart::EndOfHeaders);
        self.sink.take(DataPart::EndOfData);
    }
}

impl Sink {
    fn take(&mut self, part: DataPart<'_>) {
        match part {
            DataPart::Content(octets) => self.take_octets(octets),
            DataPart::EndOfHeaders => {
                if let Some(section) = self.headers.take() {
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
        match &mut self.stuffed {
            None => self.whole.push(octets),
            Some(before) => push_stuffed(&mut self.whole, before, octets),
        }
        if let Some(line) = &mut self.line {
            look_for_commands(line, octets, &mut self.marks);
        }
    }
}

/// Puts back the dots that the stream has taken away.
fn push_stuffed(whole: &mut Running, before: &mut [u8; 2], octets: &[u8]) {
    for octet in octets {
        if before == b"\r\n" && *octet == b'.' {
            whole.push(b".");
        }
        whole.push(&[*octet]);
        *before = [before[1], *octet];
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
        let mut content = Content::new(&defects.iter().copied().collect());
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
