//! `ReplySplitter` and `ReplyReader`: replies do not depend on how they were cut, none of their octets is lost, and
//! the strict reader, the patient one and a slow reader of the whole agree on what is well formed.

use smtpspec_core::{
    model::{ReplyReader, SeenReply},
    wire::{Reply, ReplyCode, ReplyError, ReplySplitter},
};

use super::pieces::Cut;

/// Panics if the stream of octets in `input`, cut at each 0xFF, shows that the readers of replies are wrong.
pub fn reply(input: &[u8]) {
    let cut = Cut::read(input);
    let [as_marked, in_one, by_octet] = cut.cuttings();
    let strict = split(&in_one);
    let seen = read(&in_one);
    // What follows a bare LF in its piece tells whether a line ends there.
    let bare = has_bare_lf(&cut.whole);
    for pieces in [&as_marked, &by_octet] {
        assert_eq!(split(pieces), strict, "cut as {pieces:?}");
        assert!(bare || read(pieces) == seen, "cut as {pieces:?}");
    }
    nothing_is_lost(&cut.whole, &strict, &seen);
    // Up to the first that is broken the two read alike; behind it the strict one goes on at the next line.
    for (strict, seen) in strict.iter().zip(&seen.0) {
        match strict {
            Ok((raw, code)) => assert_eq!((raw, Some(code.get())), (&seen.raw, seen.code)),
            Err(error) => {
                assert_eq!(seen.problem, Some(*error));
                break;
            }
        }
    }
    for reply in &seen.0 {
        agrees(reply);
    }
}

fn has_bare_lf(octets: &[u8]) -> bool {
    let mut lines = octets.split_inclusive(|octet| *octet == b'\n');
    lines.any(|line| line.ends_with(b"\n") && !line.ends_with(b"\r\n"))
}

type Strict = Vec<Result<(Vec<u8>, ReplyCode), ReplyError>>;

/// The way its documentation asks for.
fn split(pieces: &[&[u8]]) -> Strict {
    let mut splitter = ReplySplitter::new();
    let mut buffer = Vec::new();
    let mut start = 0;
    let mut replies = Vec::new();
    for piece in pieces {
        buffer.extend_from_slice(piece);
        while let Some(reply) = splitter.next(&buffer[start..]) {
            if let Ok(reply) = reply {
                is_well_formed(reply);
            }
            let len = reply.map_or_else(|error| error.len, |reply| reply.raw.len());
            replies.push(reply.map(|reply| (reply.raw.to_vec(), reply.code)));
            start += len;
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

fn read(pieces: &[&[u8]]) -> (Vec<SeenReply>, Vec<u8>) {
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
    assert_eq!(raw, read_slowly(whole));
}

/// A reply goes up to and with the first line that has no hyphen behind its code; a bare LF ends no line where what
/// follows it begins no reply.
fn read_slowly(whole: &[u8]) -> Vec<&[u8]> {
    let mut replies = Vec::new();
    let (mut from, mut line) = (0, 0);
    for (at, octet) in whole.iter().enumerate() {
        let end = at + 1;
        let bare = !whole[from..end].ends_with(b"\r\n");
        let goes_on = bare && whole.get(end).is_some_and(|next| !next.is_ascii_digit());
        if *octet != b'\n' || goes_on {
            continue;
        }
        if whole[line..end].get(3) != Some(&b'-') {
            replies.push(&whole[from..end]);
            from = end;
        }
        line = end;
    }
    replies
}

/// The patient reader has nothing against a reply that the strict one takes, nor against one of the grammar.
fn agrees(reply: &SeenReply) {
    assert_eq!(reply.problem.is_none(), is_reply(&reply.raw), "{reply:?}");
    match (&reply.problem, &split(&[&reply.raw])[..]) {
        (None, [Ok((raw, code))]) => {
            assert_eq!((raw, Some(code.get())), (&reply.raw, reply.code));
        }
        (Some(problem), [Err(error), ..]) => assert_eq!(problem, error),
        (problem, strict) => panic!("{problem:?} beside {strict:?}"),
    }
}

/// RFC 5321, 4.2: each line has the code of the first, and text behind a hyphen, or a space if it is the last.
fn is_reply(raw: &[u8]) -> bool {
    let code = raw.get(..3).unwrap_or_default();
    let text = |octet: &u8| *octet == b'\t' || (*octet >= b' ' && *octet != 127);
    matches!(code, [b'2'..=b'5', b'0'..=b'5', b'0'..=b'9'])
        && raw.split_inclusive(|octet| *octet == b'\n').all(|line| {
            let Some(line) = line.strip_suffix(b"\r\n") else {
                return false;
            };
            line.starts_with(code)
                && matches!(line.get(3), None | Some(b'-' | b' '))
                && line.iter().all(text)
        })
}
