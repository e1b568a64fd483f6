//! Enhanced status codes (RFC 2034, RFC 3463), where ENHANCEDSTATUSCODES is announced.

use super::{Clause, Holds, clause, probe::Probe, subject::Subjects};
use crate::{check::verdict::Rule, octets::escape, wire::Verb};

pub(super) const CLAUSES: &[Clause] = &[
    clause(
        Rule::must(
            "ESC-1",
            "ENHANCEDSTATUSCODES has no parameters",
            "RFC 2034 3: \"no parameter is used with the ENHANCEDSTATUSCODES EHLO keyword\" (3)",
            "The keyword alone.",
            "250-ENHANCEDSTATUSCODES 2",
        ),
        |probe| probe.lists("ENHANCEDSTATUSCODES").is_some(),
        |probe| probe.bare_keyword("ENHANCEDSTATUSCODES"),
    )
    .of(Subjects::verbs(&[Verb::Ehlo])),
    clause(
        Rule::must(
            "ESC-2",
            "2yz replies have an enhanced code",
            "RFC 2034 4: \"These codes must appear in all 2xx, 4xx, and 5xx response lines other than initial greeting \
             and any response to HELO or EHLO\"",
            "Before the text of the first line; ESC-6 looks at the others.",
            "250-ENHANCEDSTATUSCODES; RSET, 250 ok",
        ),
        |probe| probe.code / 100 == 2 && owes_code(probe),
        has_code,
    ),
    clause(
        Rule::must(
            "ESC-3",
            "4yz replies have an enhanced code",
            "RFC 2034 4: \"These codes must appear in all 2xx, 4xx, and 5xx response lines other than initial greeting \
             and any response to HELO or EHLO\"",
            "Before the text of the first line; ESC-6 looks at the others.",
            "250-ENHANCEDSTATUSCODES; RCPT, 452 too many",
        ),
        |probe| probe.code / 100 == 4 && owes_code(probe),
        has_code,
    ),
    clause(
        Rule::must(
            "ESC-4",
            "5yz replies have an enhanced code",
            "RFC 2034 4: \"These codes must appear in all 2xx, 4xx, and 5xx response lines other than initial greeting \
             and any response to HELO or EHLO\"",
            "Before the text of the first line; ESC-6 looks at the others.",
            "250-ENHANCEDSTATUSCODES; XYZZY, 500 what?",
        ),
        |probe| probe.code / 100 == 5 && owes_code(probe),
        has_code,
    ),
    clause(
        Rule::must(
            "ESC-5",
            "The class of the enhanced code is that of the reply",
            "RFC 2034 4: \"a 2xx response must incorporate a 2.X.X code, a 4xx response must incorporate a 4.X.X code, and \
             a 5xx response must incorporate a 5.X.X code\"",
            "A client that looks at either comes to the same end.",
            "550 4.1.1 no such user",
        ),
        |probe| owes_code(probe) && status(first(probe)).is_some(),
        |probe| {
            let class = status(first(probe)).and_then(|code| code.first().copied());
            let digit = u8::try_from(probe.code / 100)
                .map(|digit| digit + b'0')
                .ok();
            if class == digit {
                return Ok(());
            }
            Err(format!(
                "its enhanced code begins `{}`",
                escape(first(probe))
            ))
        },
    ),
    clause(
        Rule::must(
            "ESC-6",
            "Each line of a reply has the same enhanced code",
            "RFC 2034 4: \"When responses are continued across multiple lines the same status code must appear at the \
             beginning of the text in each line of the response\"",
            "Where the first line has one.",
            "550-5.1.1 no such CRLF 550 user",
        ),
        |probe| {
            owes_code(probe) && status(first(probe)).is_some() && probe.lines().nth(1).is_some()
        },
        |probe| {
            let code = status(first(probe));
            match probe.lines().find(|line| status(line) != code) {
                Some(line) => Err(format!(
                    "the line `{}` has another code, or none",
                    escape(line)
                )),
                None => Ok(()),
            }
        },
    ),
    clause(
        Rule::must(
            "ESC-7",
            "Enhanced codes are well formed",
            "RFC 3463 2: class, subject and detail, of one to three digits each, without zeros in front; RFC 2034 4",
            "A class of 2, 4 or 5.",
            "550 5.01.1 no such user",
        ),
        |probe| owes_code(probe) && looks_like_code(first(probe)),
        |probe| {
            if status(first(probe)).is_some() {
                return Ok(());
            }
            Err(format!(
                "`{}` is no enhanced code",
                escape(word(first(probe)))
            ))
        },
    ),
];

fn first<'v>(probe: &Probe<'v, '_>) -> &'v [u8] {
    probe.lines().next().unwrap_or_default()
}

/// "Almost all response lines": not the banner, not what answers HELO or EHLO, and no 3yz.
fn owes_code(probe: &Probe<'_, '_>) -> bool {
    let greets = probe.is(Verb::Ehlo) || probe.is(Verb::Helo);
    !probe.is_connection()
        && !greets
        && probe.announces("ENHANCEDSTATUSCODES")
        && probe.code / 100 != 3
}

fn word(text: &[u8]) -> &[u8] {
    text.split(|octet| *octet == b' ')
        .next()
        .unwrap_or_default()
}

/// A word of digits and dots, with both.
fn looks_like_code(text: &[u8]) -> bool {
    let word = word(text);
    let numbers = |octet: &u8| octet.is_ascii_digit() || *octet == b'.';
    word.contains(&b'.') && word.first().is_some_and(u8::is_ascii_digit) && word.iter().all(numbers)
}

/// The enhanced code at the front of `text`, if it is well formed.
///
/// ```abnf
/// status-code  = class "." subject "." detail
/// class        = "2" / "4" / "5"
/// subject      = 1*3digit
/// detail       = 1*3digit
/// ```
fn status(text: &[u8]) -> Option<&[u8]> {
    let word = word(text);
    let mut parts = word.split(|octet| *octet == b'.');
    let number = |digits: &[u8]| {
        (1..=3).contains(&digits.len())
            && digits.iter().all(u8::is_ascii_digit)
            && (digits.len() == 1 || digits[0] != b'0')
    };
    let good = matches!(parts.next(), Some(b"2" | b"4" | b"5"))
        && parts.next().is_some_and(number)
        && parts.next().is_some_and(number)
        && parts.next().is_none();
    good.then_some(word)
}

/// Something that is meant to be one; whether it is one is ESC-7.
fn has_code(probe: &Probe<'_, '_>) -> Holds {
    if looks_like_code(first(probe)) {
        return Ok(());
    }
    Err("it has no enhanced code".into())
}
