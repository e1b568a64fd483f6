//! What is due in each mode, and that long lines change nothing.

use super::{LONGEST, Mode, Pacer};
use crate::wire::Protocol;
use proptest::{collection::vec, prelude::*, sample::select};

fn after(steps: &[(&str, &str)]) -> Pacer {
    let mut pacer = Pacer::new();
    for (sent, received) in steps {
        pacer.sent(sent.as_bytes());
        pacer.received(received.as_bytes());
    }
    pacer
}

const TO_DATA: [(&str, &str); 2] = [("", "220 hi\r\n"), ("DATA\r\n", "")];

#[test]
fn the_banner_is_due_first_and_then_one_reply_a_line() {
    assert_eq!(Pacer::new().due(), 1);
    let pacer = after(&[("", "220 hi\r\n"), ("NOOP\r\nNOOP\r\nNO", "250 ok\r\n")]);
    assert_eq!((pacer.due(), pacer.last_code()), (1, Some(250)));
}

#[test]
fn content_wants_one_reply_at_its_end_in_any_pieces() {
    let mut pacer = after(&TO_DATA);
    pacer.received(b"354 go\r\n");
    for octet in b"QUIT\r\n\n.\n\r\n." {
        pacer.sent(&[*octet]);
        assert_eq!(pacer.due(), 0);
    }
    pacer.sent(b"\r\nNOOP\r\n");
    assert_eq!(pacer.due(), 2);
}

#[test]
fn behind_a_refused_data_come_commands() {
    let mut pacer = after(&TO_DATA);
    pacer.sent(b"NOOP\r\n");
    assert_eq!(pacer.due(), 1);
    pacer.received(b"503 no\r\n");
    assert_eq!(pacer.due(), 1);
}

const TO_TLS: [(&str, &str); 2] = [("", "220 hi\r\n"), ("STARTTLS\r\nNOOP\r\nNO", "220 go\r\n")];

#[test]
fn behind_an_accepted_starttls_nothing_in_clear_is_answered() {
    let mut pacer = after(&TO_TLS);
    assert!(pacer.awaits_handshake());
    pacer.sent(b"RSET\r\n");
    pacer.received(b"\x15\x03\x01\0\x02\x02\x46");
    assert_eq!((pacer.due(), pacer.last_code()), (0, Some(220)));
    pacer.secured();
    pacer.sent(b"OP\r\nNOOP\r\n");
    assert_eq!((pacer.due(), pacer.awaits_handshake()), (2, false));
}

#[test]
fn behind_a_refused_starttls_come_commands() {
    let pacer = after(&[("", "220 hi\r\n"), ("STARTTLS\r\nNOOP\r\n", "502 no\r\n")]);
    assert_eq!((pacer.due(), pacer.awaits_handshake()), (1, false));
}

#[test]
fn where_tls_comes_first_the_banner_is_due_behind_it() {
    let mut pacer = Pacer::new();
    assert!(pacer.awaits_handshake());
    pacer.secured();
    assert_eq!(pacer.due(), 1);
}

#[test]
fn behind_a_challenge_comes_a_response_whatever_it_looks_like() {
    let mut pacer = after(&[("", "220 hi\r\n"), ("AUTH LOGIN\r\n", "334 x\r\n")]);
    pacer.sent(b"DATA\r\n");
    assert_eq!(pacer.due(), 1);
    pacer.received(b"334 y\r\n");
    assert_eq!(pacer.due(), 0);
    pacer.sent(b"cGFzcw==\r\nDATA\r\n");
    pacer.received(b"535 no\r\n");
    assert_eq!(pacer.due(), 1, "the exchange is over");
    pacer.received(b"354 go\r\n");
    assert!(pacer.in_content());
}

#[test]
fn behind_a_refused_auth_come_commands() {
    let mut pacer = after(&[("", "220 hi\r\n"), ("AUTH X\r\nDATA\r\n", "504 no\r\n")]);
    assert_eq!(pacer.due(), 1);
    pacer.received(b"354 go\r\n");
    assert!(pacer.in_content());
}

const TO_CHUNKS: [(&str, &str); 2] = [
    ("", "220 hi\r\n"),
    ("EHLO c\r\n", "250-hi\r\n250-CHUNKING\r\n250 HELP\r\n"),
];

#[test]
fn a_chunk_wants_one_reply_behind_its_octets() {
    let mut pacer = after(&TO_CHUNKS);
    for octet in b"BDAT 9\r\nQUIT\r\n.\r" {
        pacer.sent(&[*octet]);
        assert_eq!(pacer.due(), 0);
    }
    pacer.sent(b"\nBDAT 0 LAST\r\nNOOP\r\n");
    assert_eq!(pacer.due(), 3);
    pacer.sent(b"BDAT x\r\nNOOP\r\n");
    assert_eq!(pacer.due(), 5);
}

/// A session of LMTP's, with two recipients if both are taken.
fn to_two(second: &str) -> Pacer {
    let mut pacer = Pacer::speaking(Protocol::Lmtp);
    pacer.received(b"220 hi\r\n");
    pacer.sent(b"LHLO c\r\n");
    pacer.received(b"250-hi\r\n250 CHUNKING\r\n");
    pacer.sent(b"MAIL FROM:<>\r\nRCPT TO:<a@b>\r\nRCPT TO:<a@b>\r\n");
    pacer.received(b"250 ok\r\n250 ok\r\n");
    pacer.received(second.as_bytes());
    pacer
}

#[test]
fn in_lmtp_each_recipient_that_was_taken_is_owed_a_reply() {
    for (second, due) in [("250 ok\r\n", 2), ("550 no\r\n", 1)] {
        let mut pacer = to_two(second);
        pacer.sent(b"DATA\r\n");
        pacer.received(b"354 go\r\n");
        pacer.sent(b"x\r\n.\r\nNOOP\r\n");
        for left in (1..=due).rev() {
            assert!(pacer.due() > 0);
            pacer.received(b"250 ok\r\n");
            assert_eq!(pacer.due(), left, "the other recipients' and NOOP's");
        }
        pacer.received(b"250 ok\r\n");
        assert_eq!(pacer.due(), 0);
    }
}

#[test]
fn in_lmtp_only_the_last_chunk_is_answered_for_each_recipient() {
    let mut pacer = to_two("250 ok\r\n");
    pacer.sent(b"BDAT 1\r\nxBDAT 1 LAST\r\nx");
    pacer.received(b"250 ok\r\n250 ok\r\n");
    assert_eq!(pacer.due(), 1);
    pacer.received(b"250 ok\r\n");
    assert_eq!(pacer.due(), 0);
}

#[test]
fn in_lmtp_a_message_that_failed_or_a_goodbye_is_answered_once() {
    let mut pacer = to_two("250 ok\r\n");
    pacer.sent(b"BDAT 1\r\nxBDAT 1 LAST\r\nx");
    pacer.received(b"452 no\r\n503 no\r\n");
    assert_eq!(pacer.due(), 0);
    let mut pacer = to_two("250 ok\r\n");
    pacer.sent(b"BDAT 1 LAST\r\nx");
    pacer.received(b"421 bye\r\n");
    assert_eq!((pacer.due(), pacer.closing()), (0, true));
}

#[test]
fn without_chunking_the_reply_tells_what_the_octets_are() {
    let greeting = [("", "220 hi\r\n"), ("EHLO c\r\n", "250 hi\r\n")];
    for (code, due) in [("500", 2), ("502", 2), ("503", 2), ("250", 1)] {
        let mut pacer = after(&greeting);
        pacer.sent(b"BDAT 6\r\nNOOP\r\nRSET\r\n");
        assert_eq!(pacer.due(), 1);
        pacer.received(format!("{code} so\r\n").as_bytes());
        assert_eq!(pacer.due(), due, "{code}");
    }
}

#[test]
fn a_reply_too_many_counts_for_the_next_command() {
    let pacer = after(&[("", "220 hi\r\n"), ("", "250 early\r\n"), ("NOOP\r\n", "")]);
    assert_eq!(pacer.due(), 0);
}

proptest! {
    /// In small pieces much of a long line has been dropped when its end comes; sent whole, nothing has.
    #[test]
    fn what_is_dropped_of_a_long_line_changes_nothing(
        lines in vec(
            ("( {2040,2052}|\t)?", "(DATA|NOOP|da|data [xy]{2000,2100}|[xy\r\n]{2040,2060}|x{5000})", "[ \r]{0,3}\r\n"),
            1..4,
        ),
        size in 1_usize..3000,
        last in 0_usize..6,
        code in select(vec!["354 go", "503 no"]),
    ) {
        let others = "250 ok\r\n".repeat(lines.len() - 1);
        let replies = format!("220 hi\r\n{others}{code}\r\n");
        let octets = lines.iter().map(|(a, b, c)| [a.as_str(), b, c].concat()).collect::<String>();
        // Often cut inside the last line end.
        let (front, rest) = octets.as_bytes().split_at(octets.len().saturating_sub(last));
        let (mut whole, mut pieces) = (Pacer::new(), Pacer::new());
        whole.sent(octets.as_bytes());
        for piece in front.chunks(size).chain([rest]) {
            pieces.sent(piece);
            let kept = matches!(pieces.mode, Mode::Commands).then_some(pieces.unread.len());
            prop_assert!(kept.is_none_or(|kept| kept <= LONGEST));
        }
        for reply in replies.split_inclusive('\n') {
            prop_assert_eq!((pieces.due(), pieces.in_content()), (whole.due(), whole.in_content()));
            pieces.received(reply.as_bytes());
            whole.received(reply.as_bytes());
        }
        prop_assert_eq!((pieces.due(), pieces.in_content()), (whole.due(), whole.in_content()));
    }
}

#[test]
fn content_is_what_follows_354_up_to_its_end() {
    let mut pacer = after(&TO_DATA);
    assert!(!pacer.in_content());
    pacer.received(b"354 go\r\n");
    assert!(pacer.in_content());
    pacer.sent(b"x\r\n.\r\n");
    assert!(!pacer.in_content());
    let mut refused = after(&TO_DATA);
    refused.received(b"554 no\r\n");
    assert!(!refused.in_content());
}
