//! SIZE (RFC 1870).

use super::{Clause, clause, probe::Probe, subject::Subjects};
use crate::{
    check::verdict::Rule,
    octets::escape,
    wire::{Command, Verb, parse_command},
};

pub(super) const CLAUSES: &[Clause] = &[
    clause(
        Rule::must(
            "SIZ-1",
            "SIZE has one number, or nothing",
            "RFC 1870 3: \"one optional parameter is allowed with this EHLO keyword value, a decimal number\" (size-param)",
            "Digits, without sign or unit.",
            "250-SIZE 10M",
        ),
        |probe| probe.lists("SIZE").is_some(),
        |probe| match probe.lists("SIZE").map(<[u8]>::trim_ascii) {
            Some(text) if !text.iter().all(u8::is_ascii_digit) => {
                Err(format!("`{}` is no number", escape(text)))
            }
            _ => Ok(()),
        },
    )
    .of(Subjects::verbs(&[Verb::Ehlo])),
    clause(
        Rule::must(
            "SIZ-2",
            "The size announced is 64 KiB at least",
            "RFC 5321 4.5.3.1.7: \"The maximum total length of a message content [...] MUST BE at least 64K octets\"",
            "Or 0, which is no limit.",
            "250-SIZE 10000",
        ),
        |probe| number(probe.lists("SIZE")).is_some(),
        |probe| match number(probe.lists("SIZE")) {
            Some(1..=65_535) => Err("that is less than 65536 octets".into()),
            _ => Ok(()),
        },
    )
    .of(Subjects::verbs(&[Verb::Ehlo])),
    clause(
        Rule::must(
            "SIZ-3",
            "A message declared larger than the limit is refused",
            "RFC 1870 7: \"Such a server must accept the extended MAIL command and return a 552 reply code if the \
             client's declared size exceeds its fixed size limit\"",
            "Before it is transferred.",
            "250-SIZE 1000000; MAIL FROM:<a@example.org> SIZE=2000000, 250",
        ),
        declares_too_much,
        |probe| {
            if probe.accepted() {
                return Err(too_large(probe));
            }
            Ok(())
        },
    )
    .of(Subjects::verbs(&[Verb::Mail])),
    clause(
        Rule::must(
            "SIZ-4",
            "A message declared larger than the limit is refused by 552",
            "RFC 1870 6.1 (2): \"If the indicated size is larger than the server's fixed maximum message size, the server responds with code '552 message size exceeds fixed maximium message size'\"; 7",
            "452 would have the client try again.",
            "250-SIZE 1000000; MAIL FROM:<a@example.org> SIZE=2000000, 452",
        ),
        |probe| declares_too_much(probe) && probe.refused(),
        |probe| match probe.code {
            // Refused for its sender.
            550 | 553 | 554 => Ok(()),
            _ => probe.only_code(552, &too_large(probe)),
        },
    )
    .of(Subjects::verbs(&[Verb::Mail])),
    clause(
        Rule::must(
            "SIZ-5",
            "A SIZE of twenty digits is well formed",
            "RFC 1870 3 (size-value): \"1*20DIGIT\"",
            "Zeros in front too.",
            "MAIL FROM:<a@example.org> SIZE=00000000000000000100, 501",
        ),
        |probe| {
            let digits = size_value(probe).filter(|digits| digits.len() == 20);
            digits.is_some_and(|digits| digits.starts_with(b"0000000000"))
                && probe.announces("SIZE")
        },
        |probe| {
            probe.none_of(
                &[500, 501, 502, 552, 555],
                "the declared size is a hundred octets or so",
            )
        },
    )
    .of(Subjects::verbs(&[Verb::Mail])),
    clause(
        Rule::should(
            "SIZ-6",
            "A SIZE that is no number is refused",
            "RFC 1870 3 (size-value): \"1*20DIGIT\"; RFC 5321 4.2.2 (501)",
            "Letters, a sign, or more than twenty digits.",
            "MAIL FROM:<a@example.org> SIZE=many, 250",
        ),
        |probe| {
            let value = only_parameter(probe, b"SIZE");
            let bad = |value: &[u8]| {
                value.len() > 20 || value.is_empty() || !value.iter().all(u8::is_ascii_digit)
            };
            probe.announces("SIZE") && value.is_some_and(bad)
        },
        |probe| {
            if probe.accepted() {
                return Err("its SIZE is no number".into());
            }
            Ok(())
        },
    )
    .of(Subjects::verbs(&[Verb::Mail])),
    clause(
        Rule::should(
            "SIZ-7",
            "SIZE stands in MAIL once",
            "RFC 1870 6: \"Only one SIZE parameter may be specified in a single MAIL command\"",
            "The client may not; a server that takes two does not say which of them it believes.",
            "MAIL FROM:<a@example.org> SIZE=100 SIZE=200, 250",
        ),
        |probe| {
            let count = probe.mail_parameters().map(|parameters| {
                let size =
                    |one: &crate::wire::Parameter<'_>| one.keyword.eq_ignore_ascii_case(b"SIZE");
                (
                    parameters.iter().filter(size).count(),
                    parameters.iter().count(),
                )
            });
            probe.strict()
                && probe.in_sequence()
                && probe.announces("SIZE")
                && matches!(count, Some((2, 2)))
        },
        |probe| {
            if probe.accepted() {
                return Err("it has two SIZE parameters".into());
            }
            Ok(())
        },
    )
    .of(Subjects::verbs(&[Verb::Mail])),
    clause(
        Rule::should(
            "SIZ-8",
            "A message no larger than was declared is not too large",
            "RFC 1870 6.3: \"Once a server has agreed [...] to accept a message of a particular size, it should not \
             return a 552 reply code [...], unless the actual size of the message [...] is greater\"",
            "The client has asked before.",
            "MAIL FROM:<a@example.org> SIZE=2000, 250; a message of 1000 octets, 552",
        ),
        |probe| {
            let size = probe.message().and_then(|message| message.content_size);
            size.is_some_and(|size| declared(probe).is_some_and(|declared| size <= declared))
        },
        |probe| probe.none_of(&[552], "it is no larger than what MAIL declared"),
    )
    .of(Subjects::MESSAGE),
    clause(
        Rule::must(
            "SIZ-9",
            "A message larger than the limit is refused by 552",
            "RFC 1870 4: \"Any attempt by a client to transfer a message which is larger than this limit will be \
             rejected with a permanent failure (552) reply code\"",
            "At its end, where MAIL did not declare it.",
            "250-SIZE 1000000; a message of 2000000 octets, 250",
        ),
        |probe| {
            let size = probe.message().and_then(|message| message.content_size);
            let limit = number(probe.announced("SIZE")).filter(|limit| *limit > 0);
            size.zip(limit).is_some_and(|(size, limit)| size > limit)
        },
        |probe| probe.only_code(552, &too_large(probe)),
    )
    .of(Subjects::MESSAGE),
];

/// The number that a line of EHLO's reply has.
fn number(parameters: Option<&[u8]>) -> Option<u64> {
    let text = core::str::from_utf8(parameters?.trim_ascii()).ok()?;
    text.parse().ok()
}

/// The value of MAIL's only parameter, in a strict line in sequence.
pub(super) fn only_parameter<'t>(probe: &Probe<'_, 't>, keyword: &[u8]) -> Option<&'t [u8]> {
    let parameters = probe.mail_parameters()?;
    let mut all = parameters.iter();
    let only = all
        .next()
        .filter(|one| one.keyword.eq_ignore_ascii_case(keyword))?;
    (all.next().is_none() && probe.strict() && probe.in_sequence())
        .then_some(only.value)
        .flatten()
}

/// Digits only.
fn size_value<'t>(probe: &Probe<'_, 't>) -> Option<&'t [u8]> {
    only_parameter(probe, b"SIZE")
        .filter(|value| (1..=20).contains(&value.len()) && value.iter().all(u8::is_ascii_digit))
}

fn too_large(probe: &Probe<'_, '_>) -> String {
    format!("it exceeds the limit that {} announced", probe.view.ehlo())
}

fn declares_too_much(probe: &Probe<'_, '_>) -> bool {
    let limit = number(probe.announced("SIZE")).filter(|limit| *limit > 0);
    // What does not fit in 64 bits is larger than anything.
    let size = size_value(probe).map(|digits| number(Some(digits)).unwrap_or(u64::MAX));
    limit.zip(size).is_some_and(|(limit, size)| size > limit)
}

/// What the MAIL of the message's transaction declared.
fn declared(probe: &Probe<'_, '_>) -> Option<u64> {
    let mail = probe
        .transaction()
        .find(|before| before.verb() == Some(Verb::Mail))?;
    let span = &probe.view.wire.sent[mail.span.clone()];
    let Command::Mail { parameters, .. } = parse_command(span.trim_ascii_end()).ok()?.command
    else {
        return None;
    };
    number(parameters.get("SIZE")?.value)
}
