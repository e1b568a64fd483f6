//! A message as the client sent it, read under a tolerance.

use crate::{
    event::MessageDigest,
    wire::{DataPart, DataStream},
};

use super::tolerance::{LookAlike, Tolerance};

/// What followed a 354.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Message {
    /// Octets of the client's stream that belong to it, its end included.
    pub len: usize,
    /// Whether its end was sent.
    pub complete: bool,
    /// Whether the blank line behind the header section was sent.
    pub header_section_ended: bool,
    /// What ended it, if not CRLF.CRLF. Digests are then absent: a lenient server may have changed the content.
    pub ended_by: Option<LookAlike>,
    /// Of the header section, un-dot-stuffed; only for a complete message.
    pub headers: Option<MessageDigest>,
    /// Of the content, un-dot-stuffed; only for a complete message.
    pub content: Option<MessageDigest>,
}

/// Reads the message at the front of `octets`.
pub(super) fn read_message(octets: &[u8], tolerance: &Tolerance) -> Message {
    let lenient_end = lenient_end(octets, tolerance);
    let within = lenient_end.map_or(octets, |(_, len)| &octets[..len]);
    let mut content = Vec::new();
    let mut headers_end = None;
    let strict_end = DataStream::new().push(within, |part| match part {
        DataPart::Content(piece) => content.extend_from_slice(piece),
        DataPart::EndOfHeaders => headers_end = Some(content.len()),
        DataPart::EndOfData => {}
    });
    let header_section_ended = headers_end
        .is_some_and(|end| content[..end].ends_with(b"\r\n\r\n") || content[..end] == *b"\r\n");
    let Some(len) = strict_end else {
        return Message {
            len: within.len(),
            complete: lenient_end.is_some(),
            header_section_ended,
            ended_by: lenient_end.map(|(look_alike, _)| look_alike),
            headers: None,
            content: None,
        };
    };
    let mut headers = &content[..headers_end.unwrap_or(content.len())];
    if header_section_ended {
        headers = &headers[..headers.len() - 2];
    }
    Message {
        len,
        complete: true,
        header_section_ended,
        ended_by: None,
        headers: Some(MessageDigest::of(headers)),
        content: Some(MessageDigest::of(&content)),
    }
}

/// The first look-alike that `tolerance` takes, and the octets up to and with it.
fn lenient_end(octets: &[u8], tolerance: &Tolerance) -> Option<(LookAlike, usize)> {
    if tolerance.look_alikes.is_empty() {
        return None;
    }
    // Not beyond the true end: behind it are other messages, which are searched for their own.
    memchr::memchr_iter(b'.', octets)
        .take_while(|dot| !is_true_end(octets, *dot))
        .flat_map(|dot| LookAlike::around(octets, dot).map(move |found| (found, dot)))
        .find(|(look_alike, _)| tolerance.look_alikes.contains(look_alike))
        .map(|(look_alike, dot)| (look_alike, dot + 1 + look_alike.after.octets().len()))
}

fn is_true_end(octets: &[u8], dot: usize) -> bool {
    let (head, tail) = (&octets[..dot], &octets[dot + 1..]);
    tail.starts_with(b"\r\n") && (dot == 0 || head.ends_with(b"\r\n"))
}

/// Each look-alike in `octets` with the place of its dot.
pub(super) fn look_alikes(octets: &[u8]) -> impl Iterator<Item = (LookAlike, usize)> {
    memchr::memchr_iter(b'.', octets)
        .flat_map(|dot| LookAlike::around(octets, dot).map(move |found| (found, dot)))
}
