//! 8BITMIME (RFC 6152).

use super::{
    Clause, clause, data::has_plain_header, probe::Probe, size::only_parameter, subject::Subjects,
};
use crate::{
    check::verdict::Rule,
    wire::{Command, Verb, parse_command},
};

pub(super) const CLAUSES: &[Clause] = &[
    clause(
        Rule::must(
            "EBM-1",
            "8BITMIME has no parameters",
            "RFC 6152 2: \"no parameter is used with the 8BITMIME EHLO keyword\"",
            "The keyword alone.",
            "250-8BITMIME BODY",
        ),
        |probe| probe.lists("8BITMIME").is_some(),
        |probe| probe.bare_keyword("8BITMIME"),
    )
    .of(Subjects::verbs(&[Verb::Ehlo])),
    clause(
        Rule::must(
            "EBM-2",
            "BODY's value is read without regard to case",
            "RFC 6152 2 (body-value: ABNF's strings have no case); RFC 5321 2.4",
            "`8bitmime` is `8BITMIME`.",
            "MAIL FROM:<a@example.org> BODY=8bitmime, 501",
        ),
        |probe| {
            // A quoted string may be what the server cannot read.
            probe.announces("8BITMIME")
                && !probe.text().contains(&b'"')
                // A server may have no address literals (RFC 5321, 4.1.3).
                && memchr::memmem::find(probe.text(), b"]>").is_none()
                && only_parameter(probe, b"BODY").is_some_and(|value| {
                    value != b"8BITMIME" && value.eq_ignore_ascii_case(b"8BITMIME")
                })
        },
        |probe| probe.none_of(&[500, 501, 502, 504, 555], "it is 8BITMIME"),
    )
    .of(Subjects::verbs(&[Verb::Mail])),
    clause(
        Rule::should(
            "EBM-3",
            "A BODY that is neither 7BIT nor 8BITMIME is refused",
            "RFC 6152 2 (body-value); RFC 5321 4.1.1.11",
            "But for BINARYMIME where that is announced too.",
            "MAIL FROM:<a@example.org> BODY=9BIT, 250",
        ),
        |probe| {
            let known: [&[u8]; 3] = [b"7BIT", b"8BITMIME", b"BINARYMIME"];
            probe.announces("8BITMIME")
                && only_parameter(probe, b"BODY")
                    .is_some_and(|value| !known.iter().any(|one| one.eq_ignore_ascii_case(value)))
        },
        |probe| {
            if probe.accepted() {
                return Err("there is no such BODY".into());
            }
            Ok(())
        },
    )
    .of(Subjects::verbs(&[Verb::Mail])),
    clause(
        Rule::must(
            "EBM-4",
            "A message announced by BODY=8BITMIME may have 8-bit octets",
            "RFC 6152 3: a server with 8BITMIME \"shall preserve all bits in each octet passed using the DATA \
             command\"",
            "In a session in which an ordinary message was taken before. That the octets are handed on is CON-3.",
            "MAIL FROM:<a@example.org> BODY=8BITMIME; a message with \u{e9}, 554",
        ),
        |probe| {
            probe.message().is_some()
                && probe.ordinary_taken()
                && !probe.content().is_ascii()
                && has_plain_header(probe)
                && is_announced(probe)
        },
        |probe| probe.taken("MAIL said that it has 8-bit octets"),
    )
    .of(Subjects::MESSAGE),
];

/// Whether the message's MAIL had BODY=8BITMIME and nothing else.
fn is_announced(probe: &Probe<'_, '_>) -> bool {
    let mail = probe
        .transaction()
        .find(|before| before.verb() == Some(Verb::Mail));
    mail.is_some_and(|mail| {
        let line = probe.view.wire.sent[mail.span.clone()].trim_ascii_end();
        match parse_command(line).map(|parsed| parsed.command) {
            Ok(Command::Mail { parameters, .. }) => {
                parameters.raw.eq_ignore_ascii_case(b"BODY=8BITMIME")
            }
            _ => false,
        }
    })
}
