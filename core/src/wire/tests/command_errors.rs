//! Malformed commands: where the error is, and what should have been there.

use pretty_assertions::assert_eq;

use crate::wire::parse_command;

fn error_of(line: &[u8]) -> (usize, &'static str) {
    match parse_command(line) {
        Err(error) => (error.at, error.expected),
        Ok(parsed) => panic!("{:?} gave {parsed:?}", String::from_utf8_lossy(line)),
    }
}

#[test]
fn errors_point_at_the_place_and_say_what_is_wanted() {
    for (line, at, expected) in [
        ("", 0, "a command"),
        ("  ", 0, "a command"),
        ("EHLO", 4, "a space and a domain or an address literal"),
        ("HELO ", 4, "a space and a domain or an address literal"),
        ("EHLO a b", 6, "the end of the line"),
        ("MAIL", 4, "\"FROM:\" behind MAIL"),
        ("MAIL TO:<a@b>", 5, "\"FROM:\" behind MAIL"),
        ("RCPT FROM:<a@b>", 5, "\"TO:\" behind RCPT"),
        ("MAIL FROM<a@b>", 9, "\":\""),
        (
            "MAIL FROM:",
            10,
            "a reverse-path such as <a@example.org> or <>",
        ),
        ("RCPT TO:<>", 8, "a forward-path such as <a@example.org>"),
        ("RCPT TO:", 8, "a forward-path such as <a@example.org>"),
        ("MAIL FROM:<@a>", 13, "\":\" behind the source route"),
        (
            "MAIL FROM:<@a,b:c@d>",
            14,
            "\"@\" and a domain of the source route",
        ),
        ("MAIL FROM:<a..b@c>", 13, "a mailbox's local part"),
        ("MAIL FROM:<a@>", 13, "a letter or a digit of a domain"),
        ("MAIL FROM:<a@b_c>", 14, "\">\" behind the mailbox"),
        ("MAIL FROM:<a@b", 14, "\">\" behind the mailbox"),
        ("MAIL FROM:<\"a", 13, "the closing quote of the local part"),
        (
            "MAIL FROM:<a@b>SIZE=1",
            15,
            "a space or the end of the line",
        ),
        ("MAIL FROM:<a@b> =1", 16, "a parameter such as SIZE=1000"),
        ("MAIL FROM:<a@b> SIZE=", 21, "the parameter's value"),
        ("MAIL FROM:<a@b> A=b=c", 19, "a space between parameters"),
        ("VRFY", 4, "a space and a user's or a list's name"),
        ("AUTH", 4, "a space and a mechanism such as PLAIN"),
        (
            "AUTH A.B",
            6,
            "a letter, a digit, \"-\" or \"_\" of the mechanism's name",
        ),
        (
            "AUTH ABCDEFGHIJKLMNOPQRSTU",
            25,
            "at most 20 characters in the mechanism's name",
        ),
        (
            "AUTH PLAIN a b",
            12,
            "a base64 response and the end of the line",
        ),
        ("BDAT", 4, "a space and a chunk's size"),
        ("BDAT +1", 5, "a size below 2^64 in decimal digits"),
        (
            "BDAT 18446744073709551616",
            5,
            "a size below 2^64 in decimal digits",
        ),
        ("BDAT 1 FIRST", 7, "\"LAST\" or the end of the line"),
        ("BDAT 1x", 6, "the end of the line"),
        ("BDAT 1 LASTX", 11, "the end of the line"),
    ] {
        assert_eq!(error_of(line.as_bytes()), (at, expected), "{line}");
    }
}

#[test]
fn control_characters_are_errors_in_every_command() {
    for verb in ["NOOP ", "MAIL FROM:<", "UNKNOWN ", "DATA ", ""] {
        for control in (0..0x20_u8).chain([0x7f]).filter(|octet| *octet != b'\t') {
            let line = [verb.as_bytes(), &[control], b"x"].concat();
            assert_eq!(error_of(&line), (verb.len(), "a printable character"));
        }
    }
}

#[test]
fn a_control_character_at_the_line_s_end_is_no_trailing_space() {
    assert_eq!(error_of(b"DATA\r"), (4, "a printable character"));
    assert_eq!(error_of(b"DATA \n"), (5, "a printable character"));
}

#[test]
fn octets_above_127_must_be_utf_8() {
    assert_eq!(error_of(b"MAIL FROM:<a\xff@b> SMTPUTF8"), (12, "UTF-8"));
    assert_eq!(error_of(b"RCPT TO:<a@b> X=\xc3"), (16, "UTF-8"));
}

#[test]
fn the_error_reads_as_a_sentence() {
    let error = parse_command(b"MAIL FROM:").map_err(|error| error.to_string());
    let expected = "at byte 10: expected a reverse-path such as <a@example.org> or <>";
    assert_eq!(error, Err(expected.to_owned()));
}
