//! BDAT: whatever the octets of chunks are, and in whatever pieces they come, receiver and model agree on what is
//! content, and both with a reader that holds all of it.
//!
//! An input is so many chunks, each ended by 0xFF. A chunk's first octet says what is done with the rest of it:
//! - 0x01: it is the last of its message
//! - 0x02, 0x04: one octet less, or one more, is announced than is sent
//! - 0x18: what comes before it: nothing, NOOP, RSET, DATA
//! - 0x20: nothing more is sent behind its line and half of its octets

use std::sync::Arc;

use smtpspec_core::{
    check::check,
    event::{Event, HandlerScript, MessageDigest},
    memory::{Client, transcript},
    transcript::{ClientAct, SessionLog},
};

use super::receiver::events;

const ENVELOPE: &[u8] = b"MAIL FROM:<a@example.org>\r\nRCPT TO:<b@example.org>\r\n";

/// More would be too many errors at some point, or only more of the same.
const MOST_CHUNKS: usize = 8;

/// Panics if the chunks in `input` show that the receiver, the model or the checker is wrong.
pub fn bdat(input: &[u8]) {
    let plan = Plan::read(input);
    let by_octet: Vec<&[u8]> = plan.sent.chunks(1).collect();
    let by_seven: Vec<&[u8]> = plan.sent.chunks(7).collect();
    let log = play(&[&plan.sent]);
    for pieces in [by_octet, by_seven] {
        let other = play(&pieces);
        assert_eq!(events(&other), events(&log), "in pieces");
        conforms(other);
    }
    if let Some(messages) = &plan.messages {
        assert_eq!(&handed_on(&log), messages, "{}", plan.sent.escape_ascii());
    }
    conforms(log);
}

fn conforms(log: SessionLog) {
    let transcript = transcript(vec![log]);
    let verdict = check(&transcript);
    let findings: Vec<_> = verdict.findings().collect();
    assert!(findings.is_empty(), "{findings:#?} in {transcript:#?}");
}

/// What an input comes to.
struct Plan {
    sent: Vec<u8>,
    /// Header section and content of each message that ends; `None` where a size is wrong, and what is content then a
    /// matter of what follows.
    messages: Option<Vec<(MessageDigest, MessageDigest)>>,
}

impl Plan {
    fn read(input: &[u8]) -> Self {
        let mut sent = [b"EHLO c.example.org\r\n", ENVELOPE].concat();
        let (mut content, mut chunks) = (Vec::new(), 0);
        let mut messages = Some(Vec::new());
        for chunk in input.split(|octet| *octet == 0xff).take(MOST_CHUNKS) {
            let Some((how, octets)) = chunk.split_first() else {
                continue;
            };
            match how >> 3 & 3 {
                1 => sent.extend(b"NOOP\r\n"),
                2 => {
                    sent.extend([b"RSET\r\n", ENVELOPE].concat());
                    (content, chunks) = (Vec::new(), 0);
                }
                // Before the first chunk it would be taken.
                3 if chunks > 0 => sent.extend(b"DATA\r\n"),
                _ => {}
            }
            let last = how & 1 != 0;
            let wrong = [how & 2 != 0 && !octets.is_empty(), how & 4 != 0];
            let announced = octets.len() - usize::from(wrong[0]) + usize::from(wrong[1]);
            if wrong[0] != wrong[1] {
                messages = None;
            }
            let marker = if last { " LAST" } else { "" };
            sent.extend(format!("BDAT {announced}{marker}\r\n").as_bytes());
            if how & 0x20 != 0 {
                sent.extend(&octets[..octets.len() / 2]);
                if octets.is_empty() && last {
                    messages = messages.map(|before| ended(before, &content));
                }
                break;
            }
            sent.extend(octets);
            content.extend(octets);
            chunks += 1;
            if last {
                messages = messages.map(|before| ended(before, &content));
                sent.extend(ENVELOPE);
                (content, chunks) = (Vec::new(), 0);
            }
        }
        Self { sent, messages }
    }
}

/// One message more.
fn ended(
    mut messages: Vec<(MessageDigest, MessageDigest)>,
    content: &[u8],
) -> Vec<(MessageDigest, MessageDigest)> {
    let lines = [b"\r\n", content].concat();
    let blank = lines.windows(4).position(|four| four == b"\r\n\r\n");
    // The line end before it belongs to the last field; that of a message which begins with it is not its own.
    let headers = blank.map_or(content, |at| &content[..at]);
    messages.push((MessageDigest::of(headers), MessageDigest::of(content)));
    messages
}

fn play(segments: &[&[u8]]) -> SessionLog {
    let mut client = Client::connect(1, "memory", &HandlerScript::default(), &Arc::default());
    client.read();
    for segment in segments {
        if !client.is_over() {
            client.send(segment);
        }
    }
    if !client.is_over() {
        client.act(ClientAct::Close);
    }
    client.finish()
}

/// Header section and content of each message that the receiver handed on.
fn handed_on(log: &SessionLog) -> Vec<(MessageDigest, MessageDigest)> {
    let mut messages = Vec::new();
    let mut section = None;
    for event in events(log) {
        match event {
            Event::OnEndOfHeaders { headers } => section.clone_from(headers),
            Event::OnEndOfData {
                content: Some(content),
            } => messages.extend(section.take().map(|section| (section, content.clone()))),
            _ => {}
        }
    }
    messages
}
