//! `DataStream`: however a message is cut, it comes to what a slow reader of the whole makes of it.

use smtpspec_core::wire::{DataPart, DataStream};

use super::pieces::Cut;

/// Panics if the stream of octets in `input`, cut at each 0xFF, shows that the DATA stream is wrong.
pub fn data(input: &[u8]) {
    let cut = Cut::read(input);
    let expected = read_slowly(&cut.whole);
    for pieces in cut.cuttings() {
        assert_eq!(read(&pieces), expected, "cut as {pieces:?}");
    }
}

/// What a message comes to.
#[derive(Debug, Default, PartialEq, Eq)]
struct Message {
    /// With the blank line.
    header: Vec<u8>,
    body: Vec<u8>,
    headers_ended: bool,
    /// Octets up to and with the end of the data; `None` while that has not come.
    taken: Option<usize>,
}

/// Looks at all octets again for each question. The message begins where a line does: behind a CRLF that is not its own.
fn read_slowly(octets: &[u8]) -> Message {
    let lines = [b"\r\n", octets].concat();
    let end = find(&lines, b"\r\n.\r\n");
    let stuffed = &lines[..end.map_or(lines.len(), |end| end + 2)];
    let blank_line = find(stuffed, b"\r\n\r\n").map(|at| at + 4);
    let (header, body) = stuffed.split_at(blank_line.unwrap_or(stuffed.len()));
    let body = [b"\r\n", body].concat();
    let mut message = Message {
        header: unstuff(header),
        body: unstuff(&body),
        headers_ended: blank_line.is_some() || end.is_some(),
        taken: end.map(|end| end + 3),
    };
    if end.is_none() && lines.ends_with(b"\r\n.\r") {
        // The CR is part of the end of the data, or content: not decided.
        let part = if blank_line.is_some() {
            &mut message.body
        } else {
            &mut message.header
        };
        part.pop();
    }
    message
}

/// Takes the dot off the begin of each line, and the CRLF off the front.
fn unstuff(lines: &[u8]) -> Vec<u8> {
    let mut out = Vec::new();
    for at in 0..lines.len() {
        if !lines[..=at].ends_with(b"\r\n.") {
            out.push(lines[at]);
        }
    }
    out.split_off(2)
}

fn find(octets: &[u8], what: &[u8]) -> Option<usize> {
    octets.windows(what.len()).position(|window| window == what)
}

/// Reads `pieces` with the stream under test, and holds the order of its parts.
fn read(pieces: &[&[u8]]) -> Message {
    let mut stream = DataStream::new();
    let mut message = Message::default();
    let mut before = 0;
    for piece in pieces {
        let mut ended = false;
        let taken = stream.push(piece, |part| {
            assert!(!ended, "{part:?} behind the end of the data");
            ended = part == DataPart::EndOfData;
            take(&mut message, part);
        });
        assert_eq!(ended, taken.is_some(), "the end and its place");
        if let Some(taken) = taken {
            message.taken = Some(before + taken);
            let more = stream.push(b"\r\n.\r\n", |part| panic!("{part:?} behind the end"));
            assert_eq!(more, Some(0));
            break;
        }
        before += piece.len();
    }
    message
}

fn take(message: &mut Message, part: DataPart<'_>) {
    match part {
        DataPart::Content(content) => {
            assert!(!content.is_empty(), "an empty piece of content");
            let part = if message.headers_ended {
                &mut message.body
            } else {
                &mut message.header
            };
            part.extend_from_slice(content);
        }
        DataPart::EndOfHeaders => {
            assert!(!message.headers_ended, "the headers ended twice");
            message.headers_ended = true;
        }
        DataPart::EndOfData => assert!(message.headers_ended, "the data ended before its headers"),
    }
}
