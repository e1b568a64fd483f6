//! Well-formed command lines: in every spelling that RFC 5321 allows and clients use.

use super::authentication::opening;
use crate::wire::Verb;

/// What the walk does besides going deeper.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Side {
    /// This command, in sequence or not.
    Verb(Verb),
    /// This line.
    Line(&'static str),
}

/// All of them; a swarm is a subset. Those that refuse count as errors, so the harmless ones lead.
pub(super) const SIDES: [Side; 21] = [
    Side::Verb(Verb::Noop),
    Side::Line("NOOP with an argument\r\n"),
    Side::Verb(Verb::Help),
    Side::Line("HELP DATA\r\n"),
    Side::Verb(Verb::Rset),
    Side::Verb(Verb::Vrfy),
    Side::Verb(Verb::Expn),
    Side::Verb(Verb::Ehlo),
    Side::Verb(Verb::Helo),
    Side::Verb(Verb::Mail),
    Side::Verb(Verb::Rcpt),
    Side::Verb(Verb::Data),
    Side::Line("XUNKNOWN\r\n"),
    Side::Verb(Verb::StartTls),
    Side::Line("\r\n"),
    Side::Line("TURN\r\n"),
    Side::Line("RSET now\r\n"),
    Side::Line("SEND FROM:<a@example.org>\r\n"),
    Side::Verb(Verb::Auth),
    Side::Verb(Verb::Bdat),
    Side::Line("HELO one\r\nEHLO two\r\n"),
];

/// The flavour without anything unusual.
pub(super) const PLAIN: u8 = 39;

/// A well-formed line for `verb`. `tag` goes into domains and paths; `flavour` picks the spelling.
pub(super) fn line(verb: Verb, tag: &str, flavour: u8) -> Vec<u8> {
    let text = match verb {
        Verb::Helo => format!("HELO {tag}.example.org"),
        Verb::Ehlo => format!("EHLO {tag}.example.org"),
        Verb::Mail => mail(tag, flavour),
        // Every server takes it (RFC 5321, 4.5.1).
        Verb::Rcpt if flavour % 13 == 6 => "RCPT TO:<Postmaster>".to_owned(),
        Verb::Rcpt => format!("RCPT TO:{}", path(tag, flavour)),
        Verb::Vrfy => format!("VRFY {tag}@example.org"),
        Verb::Expn => format!("EXPN {tag}"),
        Verb::Auth => opening(flavour).line.to_owned(),
        // No octets follow, whether it is served or not.
        Verb::Bdat => "BDAT 0 LAST".to_owned(),
        Verb::Unknown => "XUNKNOWN".to_owned(),
        // Of 511 octets with CRLF: every server takes it (RFC 5321, 4.5.3.1.4).
        Verb::Noop if flavour % 16 == 5 => format!("NOOP {tag:x<504}"),
        Verb::Noop if flavour % 3 == 1 => format!("NOOP {tag}"),
        Verb::Help if flavour % 3 == 1 => "HELP DATA".to_owned(),
        Verb::Data | Verb::Rset | Verb::Noop | Verb::Help | Verb::Quit | Verb::StartTls => {
            verb.name().to_owned()
        }
    };
    let cased = match flavour % 7 {
        0 => lower_verb(&text),
        _ => text,
    };
    format!("{cased}\r\n").into_bytes()
}

/// A line whose verb is `verb` and which no strict server takes.
pub(super) fn malformed(verb: Verb, tag: &str, flavour: u8) -> Vec<u8> {
    if verb == Verb::Unknown {
        let lines: [&[u8]; 3] = [b"\r\n", b"X\x01\r\n", b"\x16\x03\x01\x02\0\r\n"];
        return lines[usize::from(flavour) % lines.len()].to_vec();
    }
    let whole = line(verb, tag, PLAIN);
    let text = whole.strip_suffix(b"\r\n").unwrap_or(&whole);
    let wrong: &[u8] = match (verb, flavour % 4) {
        (Verb::Mail | Verb::Rcpt, 0) => b" =",
        (_, 0) => b" \x7f",
        (_, 1) => b" \0",
        (_, 2) => b" \x01\x02",
        _ => b" \x1b[0m",
    };
    [text, wrong, b"\r\n"].concat()
}

fn mail(tag: &str, flavour: u8) -> String {
    match flavour % 10 {
        0 => "MAIL FROM:<>".to_owned(),
        1 => format!("MAIL FROM:{} BODY=8BITMIME", path(tag, flavour)),
        2 => format!("MAIL FROM:{} SIZE=1000", path(tag, flavour)),
        3 => format!("MAIL FROM:{} SIZE=99 BODY=7BIT", path(tag, flavour)),
        // RFC 6531: announced by the receiver, and asked for.
        4 => format!("MAIL FROM:<{tag}-grüße@bücher.example> SMTPUTF8"),
        5 => format!("MAIL FROM:{} AUTH=<>", path(tag, flavour)),
        _ => format!("MAIL FROM:{}", path(tag, flavour)),
    }
}

fn path(tag: &str, flavour: u8) -> String {
    match flavour % 11 {
        0 => format!("<\"{tag} quoted\"@example.org>"),
        1 => format!("<\"{tag}\\\"escaped\"@example.org>"),
        2 => format!("<{tag}@[192.0.2.1]>"),
        3 => format!("<{tag}@[IPv6:2001:db8::1]>"),
        4 => format!("<@relay.example.org:{tag}@example.org>"),
        5 => format!("<{tag}+Detail/=x@Sub.Example.ORG>"),
        _ => format!("<{tag}@example.org>"),
    }
}

/// The verb in small letters; the rest as it is (RFC 5321, 2.4).
fn lower_verb(text: &str) -> String {
    match text.split_once(' ') {
        Some((verb, rest)) => format!("{} {rest}", verb.to_ascii_lowercase()),
        None => text.to_ascii_lowercase(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wire::parse_command;

    #[test]
    fn every_spelling_is_well_formed() {
        for verb in Verb::ALL {
            for flavour in 0..=u8::MAX {
                let line = line(verb, "t-1", flavour);
                let text = line.strip_suffix(b"\r\n").unwrap();
                let parsed = parse_command(text);
                assert!(parsed.is_ok(), "{}", String::from_utf8_lossy(text));
                assert_eq!(Verb::of(text), verb);
                let line = malformed(verb, "t-1", flavour);
                let text = line.strip_suffix(b"\r\n").unwrap();
                assert!(parse_command(text).is_err(), "{}", text.escape_ascii());
                assert_eq!(Verb::of(text), verb);
            }
        }
    }
}
