//! What a server hands on where a look-alike stood: the octets themselves, fewer, or a line end in their place.

use serde::Serialize;
use smtpspec_core::{
    event::{Event, MessageDigest},
    transcript::What,
    wire::{DataPart, DataStream},
};

use super::Played;
use crate::run::Case;

/// What was handed on where a look-alike stood.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum HandedOn {
    /// What was sent.
    Kept,
    /// A bare CR, a bare LF or a NUL became a line end.
    Converted,
    /// A bare CR, a bare LF or a NUL was left out.
    Stripped,
    /// Something else.
    Otherwise,
}

/// What OnEndOfData says of the message in `case`, whole; `None` where it says nothing, or more than one was seen.
pub(super) fn handed_on(case: &Case, played: &Played<'_>) -> Option<HandedOn> {
    let session = played.sessions.get(case.name.as_str())?;
    let mut contents = session
        .log
        .entries
        .iter()
        .filter_map(|entry| match &entry.what {
            What::Event(record) => match &record.event {
                Event::OnEndOfData { content } => Some(content),
                _ => None,
            },
            _ => None,
        });
    let (Some(content), None) = (contents.next()?, contents.next()) else {
        return None;
    };
    Some(compare(&content_of(case)?, content))
}

/// What is content of the conversation's message, dots unstuffed.
fn content_of(case: &Case) -> Option<Vec<u8>> {
    let octets = case.conversation.octets();
    let data = memchr::memmem::find(&octets, b"\r\nDATA\r\n")? + b"\r\nDATA\r\n".len();
    let mut content = Vec::new();
    DataStream::new().push(&octets[data..], |part| {
        if let DataPart::Content(piece) = part {
            content.extend_from_slice(piece);
        }
    })?;
    Some(content)
}

fn compare(sent: &[u8], seen: &MessageDigest) -> HandedOn {
    // What the line ends become in turn; then whether NUL is left out.
    let line_ends: [(HandedOn, LineEnd, LineEnd); 8] = [
        (HandedOn::Kept, LineEnd::Kept, LineEnd::Kept),
        (HandedOn::Converted, LineEnd::CrLf, LineEnd::Kept),
        (HandedOn::Converted, LineEnd::Kept, LineEnd::CrLf),
        (HandedOn::Converted, LineEnd::CrLf, LineEnd::CrLf),
        (HandedOn::Stripped, LineEnd::None, LineEnd::Kept),
        (HandedOn::Stripped, LineEnd::Kept, LineEnd::None),
        (HandedOn::Stripped, LineEnd::None, LineEnd::None),
        (HandedOn::Converted, LineEnd::None, LineEnd::CrLf),
    ];
    for (so, cr, lf) in line_ends {
        for without_nul in [false, true] {
            let octets = rewritten(sent, cr, lf, without_nul);
            // Some count the last line end, some do not.
            let bare = octets.strip_suffix(b"\r\n").unwrap_or(&octets);
            if MessageDigest::of(&octets) == *seen || MessageDigest::of(bare) == *seen {
                let stripped = without_nul && sent.contains(&0);
                return if stripped { HandedOn::Stripped } else { so };
            }
        }
    }
    HandedOn::Otherwise
}

/// What becomes of a bare CR or LF.
#[derive(Clone, Copy, PartialEq, Eq)]
enum LineEnd {
    Kept,
    CrLf,
    None,
}

fn rewritten(sent: &[u8], cr: LineEnd, lf: LineEnd, without_nul: bool) -> Vec<u8> {
    let mut octets = Vec::with_capacity(sent.len());
    let mut rest = sent;
    while let Some((first, behind)) = rest.split_first() {
        let (len, so) = match first {
            b'\r' if behind.starts_with(b"\n") => (2, LineEnd::Kept),
            b'\r' => (1, cr),
            b'\n' => (1, lf),
            0 if without_nul => (1, LineEnd::None),
            _ => (1, LineEnd::Kept),
        };
        match so {
            LineEnd::Kept => octets.extend_from_slice(&rest[..len]),
            LineEnd::CrLf => octets.extend_from_slice(b"\r\n"),
            LineEnd::None => {}
        }
        rest = &rest[len..];
    }
    octets
}

#[cfg(test)]
mod tests {
    use super::*;
    use pretty_assertions::assert_eq;

    #[test]
    fn what_was_done_to_the_odd_octets_is_told_apart() {
        let sent = b"a\r\nb\nc\rd\0e\r\n";
        for (seen, so) in [
            (&sent[..], HandedOn::Kept),
            (b"a\r\nb\nc\rd\0e", HandedOn::Kept),
            (b"a\r\nb\r\nc\rd\0e\r\n", HandedOn::Converted),
            (b"a\r\nb\r\nc\r\nd\0e\r\n", HandedOn::Converted),
            (b"a\r\nb\ncd\0e\r\n", HandedOn::Stripped),
            (b"a\r\nb\nc\rde\r\n", HandedOn::Stripped),
            (b"nothing like it", HandedOn::Otherwise),
        ] {
            assert_eq!(
                compare(sent, &MessageDigest::of(seen)),
                so,
                "{}",
                seen.escape_ascii()
            );
        }
    }
}
