//! Replies: one code, CRLF only, the same in every cut.

use pretty_assertions::assert_eq;
use proptest::prelude::*;

use crate::wire::{EnhancedCode, ReplyCode, ReplyError, ReplySplitter};

type Owned = Result<(u16, Vec<Vec<u8>>), ReplyError>;

/// Feeds `input` in pieces of `length` octets; gives each reply or error, and what is left.
fn split(input: &[u8], length: usize) -> (Vec<Owned>, Vec<u8>) {
    let mut splitter = ReplySplitter::new();
    let mut buffer = Vec::new();
    let mut replies = Vec::new();
    for piece in input.chunks(length) {
        buffer.extend_from_slice(piece);
        while let Some(reply) = splitter.next(&buffer) {
            let len = match &reply {
                Ok(reply) => reply.raw.len(),
                Err(error) => error.len,
            };
            replies.push(reply.map(|reply| {
                let lines = reply.lines().map(<[u8]>::to_vec).collect();
                (reply.code.get(), lines)
            }));
            buffer.drain(..len);
        }
    }
    (replies, buffer)
}

fn error_of(input: &str) -> String {
    match ReplySplitter::new().next(input.as_bytes()) {
        Some(Err(error)) => format!("{error}; {} octets", error.len),
        other => panic!("{input:?} gave {other:?}"),
    }
}

#[test]
fn a_multi_line_reply_is_one_reply() {
    let (replies, rest) = split(b"250-mx\r\n250-\r\n250 SIZE\r\n354\r\n221 ", 1000);
    assert_eq!(
        replies,
        [
            Ok((250, vec![b"mx".to_vec(), Vec::new(), b"SIZE".to_vec()])),
            Ok((354, vec![Vec::new()])),
        ]
    );
    assert_eq!(rest, b"221 ");
}

#[test]
fn text_may_be_utf_8() {
    let (replies, _) = split("250 grüß\t!\r\n".as_bytes(), 3);
    assert_eq!(replies, [Ok((250, vec!["grüß\t!".as_bytes().to_vec()]))]);
}

#[test]
fn broken_replies_say_where_and_why() {
    assert_eq!(
        error_of("250-a\r\n251 b\r\n"),
        "in the reply, line 2, at byte 0: expected the first line's code; 14 octets"
    );
    assert_eq!(
        error_of("250 a\n250 b\r\n"),
        "in the reply, line 1, at byte 5: expected CR before the LF; 6 octets"
    );
    assert_eq!(
        error_of("250 a\rb\r\n"),
        "in the reply, line 1, at byte 5: expected LF behind the CR; 9 octets"
    );
    assert_eq!(
        error_of("250_a\r\n"),
        "in the reply, line 1, at byte 3: expected \"-\", a space or the end of the line; 7 octets"
    );
    assert_eq!(
        error_of("260 a\r\n"),
        "in the reply, line 1, at byte 0: expected a reply code such as 250; 7 octets"
    );
    assert_eq!(
        error_of("250 a\0\r\n"),
        "in the reply, line 1, at byte 5: expected a printable character; 8 octets"
    );
}

#[test]
fn the_enhanced_code_must_fit_the_code() {
    let enhanced = |text: &str| {
        let reply = ReplySplitter::new().next(text.as_bytes());
        reply
            .and_then(Result::ok)
            .and_then(|reply| reply.enhanced())
    };
    let expected = EnhancedCode {
        class: 5,
        subject: 7,
        detail: 1,
    };
    assert_eq!(enhanced("550 5.7.1 no\r\n"), Some(expected));
    assert_eq!(enhanced("450 5.7.1 no\r\n"), None);
    assert_eq!(enhanced("550 no 5.7.1\r\n"), None);
}

fn a_reply() -> impl Strategy<Value = (u16, Vec<String>)> {
    let code = (200..600_u16).prop_filter("no legal code", |code| ReplyCode::new(*code).is_some());
    (code, prop::collection::vec("[ -~\téß]{0,12}", 1..5))
}

fn write(code: u16, lines: &[String], out: &mut Vec<u8>) {
    for (index, line) in lines.iter().enumerate() {
        let separator = if index + 1 < lines.len() { '-' } else { ' ' };
        out.extend_from_slice(format!("{code}{separator}{line}\r\n").as_bytes());
    }
}

proptest! {
    #[test]
    fn replies_come_back_as_written(
        replies in prop::collection::vec(a_reply(), 0..5),
        length in 1..20_usize,
    ) {
        let mut wire = Vec::new();
        for (code, lines) in &replies {
            write(*code, lines, &mut wire);
        }
        let expected: Vec<Owned> = replies
            .into_iter()
            .map(|(code, lines)| Ok((code, lines.into_iter().map(String::into_bytes).collect())))
            .collect();
        prop_assert_eq!(split(&wire, length), (expected, Vec::new()));
    }

    #[test]
    fn any_octets_read_the_same_in_every_cut(
        input in prop::collection::vec(prop::sample::select(b"255500--  \r\r\n\n\na\0".to_vec()), 0..80),
        length in 1..9_usize,
    ) {
        let whole = split(&input, input.len().max(1));
        for error in whole.0.iter().filter_map(|reply| reply.as_ref().err()) {
            prop_assert!(error.len <= input.len() && error.error.at < error.len);
        }
        prop_assert_eq!(split(&input, length), whole);
    }
}
