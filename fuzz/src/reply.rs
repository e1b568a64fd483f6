//! `ReplySplitter` and `ReplyReader`: replies do not depend on how they were cut, none of their octets is lost, and
//! the strict reader and the patient one agree on what is well formed.

use smtpspec_core::{
    model::{ReplyReader, SeenReply},
    wire::{Reply, ReplyCode, ReplyError, ReplySplitter},
};

use super::pieces::cuttings;

/// Panics if the stream of octets in `input`, cut at each 0xFF, shows that the readers of replies are wrong.
pub fn reply(input: &[u8]) {
    let (whole, [as_marked, in_one, by_octet]) = cuttings(input);
    let strict = split(&in_one);
    let seen = read(&in_one);
    for pieces in [&as_marked, &by_octet] {
        assert_eq!(split(pieces), strict, "cut as {pieces:?}");
        assert_eq!(read(pieces), seen, "cut as {pieces:?}");
    }
    nothing_is_lost(&whole, &strict, &seen);
    for reply in &seen.0 {
        agrees(reply);
    }
}

type Strict = Vec<Result<(Vec<u8>, ReplyCode), ReplyError>>;

/// The way its documentation asks for.
fn split(pieces: &[Vec<u8>]) -> Strict {
    let mut splitter = ReplySplitter::new();
    let mut buffer = Vec::new();
    let mut replies = Vec::new();
    for piece in pieces {
        buffer.extend_from_slice(piece);
        while let Some(reply) = splitter.next(&buffer) {
            if let Ok(reply) = reply {
                is_well_formed(reply);
            }
            let len = reply.map_or_else(|error| error.len, |reply| reply.raw.len());
            replies.push(reply.map(|reply| (reply.raw.to_vec(), reply.code)));
            buffer.drain(..len);
        }
    }
    replies
}

fn is_well_formed(reply: Reply<'_>) {
    let digits = reply.code.to_string();
    let mut lines = reply
        .raw
        .split_inclusive(|octet| *octet == b'\n')
        .peekable();
    assert_eq!(reply.lines().count(), lines.clone().count());
    while let Some(line) = lines.next() {
        let rest = line.strip_prefix(digits.as_bytes());
        let rest = rest.expect("each line begins with the code");
        assert!(line.ends_with(b"\r\n"), "a line without its end");
        assert_eq!(rest.starts_with(b"-"), lines.peek().is_some());
    }
    if let Some(enhanced) = reply.enhanced() {
        assert_eq!(u16::from(enhanced.class), reply.code.get() / 100);
    }
}

fn read(pieces: &[Vec<u8>]) -> (Vec<SeenReply>, Vec<u8>) {
    let mut reader = ReplyReader::default();
    let mut replies = Vec::new();
    for piece in pieces {
        reader.push(piece, |reply| replies.push(reply));
    }
    (replies, reader.unfinished().to_vec())
}

/// Every octet is in a reply, or in one that has not ended.
fn nothing_is_lost(whole: &[u8], strict: &Strict, (seen, unfinished): &(Vec<SeenReply>, Vec<u8>)) {
    let mut rest = whole;
    for reply in strict {
        let len = match reply {
            Ok((raw, _)) => {
                assert!(rest.starts_with(raw), "{raw:?} is not what came");
                raw.len()
            }
            Err(error) => error.len,
        };
        assert_eq!(rest.get(len - 1), Some(&b'\n'), "not the end of a line");
        rest = &rest[len..];
    }
    let raw: Vec<&[u8]> = seen.iter().map(|reply| reply.raw.as_slice()).collect();
    assert_eq!([&raw.concat(), unfinished.as_slice()].concat(), whole);
}

/// The patient reader has nothing against a reply that the strict one takes.
fn agrees(reply: &SeenReply) {
    match (
        &reply.problem,
        &split(core::slice::from_ref(&reply.raw))[..],
    ) {
        (None, [Ok((raw, code))]) => {
            assert_eq!((raw, Some(code.get())), (&reply.raw, reply.code));
        }
        (Some(problem), [Err(error), ..]) => assert_eq!(problem, error),
        (problem, strict) => panic!("{problem:?} beside {strict:?}"),
    }
}
