//! What replies look like (RFC 5321, 2.4, 4.2).

use super::{
    Clause, Holds, clause,
    probe::{Probe, is_name, raw_texts},
    subject::Subjects,
};
use crate::{
    check::verdict::Rule,
    octets::escape,
    wire::{Command, Verb},
};

pub(super) const CLAUSES: &[Clause] = &[
    clause(
        Rule::should(
            "WIR-84",
            "A code is followed by text",
            "RFC 5321 4.2: \"senders SHOULD NOT send bare codes\"; 4.2.1",
            "A reply is \"a three-digit code, <SP>, one line of text, and <CRLF>\".",
            "NOOP, `250` CRLF",
        ),
        // A challenge may be empty (RFC 4954, 4).
        |probe| probe.code != 334,
        |probe| match raw_texts(&probe.reply.reply.raw).last() {
            Some(text) if !text.trim_ascii().is_empty() => Ok(()),
            _ => Err("nothing but the code".into()),
        },
    ),
    clause(
        Rule::must(
            "WIR-85",
            "Replies are ASCII",
            "RFC 5321 2.4: \"Commands and replies are composed of characters from the ASCII character set\"; 4.2 \
             (textstring); RFC 6531 3.7.4.2",
            "SMTPUTF8 allows more in the replies to VRFY and EXPN with that parameter, and in 251 and 551.",
            "NOOP, 250 d\u{e9}j\u{e0} vu",
        ),
        |probe| !may_be_utf8(probe),
        |probe| {
            if probe.reply.reply.raw.is_ascii() {
                return Ok(());
            }
            Err("the reply has octets that are no ASCII".into())
        },
    ),
    clause(
        Rule::should(
            "WIR-86",
            "The code is one of those that are defined",
            "RFC 5321 4.2: \"An SMTP server SHOULD send only the reply codes listed in this document\"",
            "Or in those of the extensions.",
            "RCPT TO:<a@example.org>, 571",
        ),
        |_| true,
        |probe| {
            if is_defined(probe.code) {
                return Ok(());
            }
            Err("no document defines it".into())
        },
    ),
    clause(
        Rule::should(
            "WIR-87",
            "The 221 names the server",
            "RFC 5321 4.2: \"the 220, 221, 251, 421, and 551 reply codes are associated with message text that must be \
             parsed\"; 4.2.2 (221 <domain>)",
            "Its domain stands first, or behind the enhanced code.",
            "QUIT, 221 Bye",
        ),
        |probe| probe.is(Verb::Quit) && probe.code == 221,
        names_server,
    )
    .of(Subjects::verbs(&[Verb::Quit])),
    clause(
        Rule::should(
            "WIR-88",
            "The 421 names the server",
            "RFC 5321 4.2: \"the 220, 221, 251, 421, and 551 reply codes are associated with message text that must be \
             parsed\"; 4.2.2 (421 <domain>)",
            "Its domain stands first, or behind the enhanced code.",
            "421 too many errors",
        ),
        |probe| probe.line().is_some() && probe.code == 421,
        names_server,
    )
    .of_drops(),
];

/// Whether SMTPUTF8 lets this reply have what is no ASCII.
fn may_be_utf8(probe: &Probe<'_, '_>) -> bool {
    let asks = match probe
        .line()
        .and_then(|line| Some(line.parsed.ok()?.command))
    {
        Some(Command::Vrfy { argument } | Command::Expn { argument }) => {
            argument.to_ascii_uppercase().ends_with(b" SMTPUTF8")
        }
        _ => false,
    };
    // EHLO's greeting is any text; WIR-11 and the rest look at its lines.
    asks || (matches!(probe.code, 251 | 551) && probe.announces("SMTPUTF8"))
}

/// RFC 5321, 4.2.3; AUTH (4954), STARTTLS (3207), BDAT and the like need no others; ETRN (1985), ATRN (2645),
/// no mail at all (7504), and too many transactions (LIMITS, 9422).
pub(super) const fn is_defined(code: u16) -> bool {
    matches!(
        code,
        211 | 214 | 220 | 221 | 235 | 250..=253 | 334 | 354 | 421 | 432 | 450..=455 | 458 | 459
            | 500..=504 | 521 | 530 | 534 | 535 | 538 | 550..=556
    )
}

/// Whether the first word, or the one behind an enhanced code, is a name of more than one label, or the banner's.
fn names_server(probe: &Probe<'_, '_>) -> Holds {
    let text = probe.lines().next().unwrap_or_default();
    let mut words = text
        .split(|octet| *octet == b' ')
        .filter(|word| !word.is_empty());
    let first = words.next().unwrap_or_default();
    let numbers = |octet: &u8| octet.is_ascii_digit() || *octet == b'.';
    let word = if first.iter().all(numbers) {
        words.next().unwrap_or_default()
    } else {
        first
    };
    let banner = probe.view.wire.replies.first();
    let own = banner.and_then(|banner| {
        let text = raw_texts(&banner.reply.raw).next()?;
        text.split(|octet| *octet == b' ').next()
    });
    let is_own = own.is_some_and(|own| own.eq_ignore_ascii_case(word));
    if is_own || (is_name(word) && (word.contains(&b'.') || word.starts_with(b"["))) {
        return Ok(());
    }
    Err(format!("`{}` is not its name", escape(word)))
}
