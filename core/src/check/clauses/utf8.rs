//! SMTPUTF8 (RFC 6531).

use super::{
    Clause, clause,
    probe::{Envelope, Probe},
    subject::Subjects,
    understood,
};
use crate::{
    check::verdict::Rule,
    wire::{Command, Domain, Verb},
};

pub(super) const CLAUSES: &[Clause] = &[
    clause(
        Rule::must(
            "UTF-1",
            "A server with SMTPUTF8 has 8BITMIME",
            "RFC 6531 3.1: \"Servers offering this extension MUST provide support for, and announce, the 8BITMIME \
             extension\" (8)",
            "Headers in UTF-8 have 8-bit octets.",
            "EHLO c.example, 250-mx.example CRLF 250 SMTPUTF8",
        ),
        |probe| probe.lists("SMTPUTF8").is_some(),
        |probe| match probe.lists("8BITMIME") {
            Some(_) => Ok(()),
            None => Err("it lists SMTPUTF8 without 8BITMIME".into()),
        },
    )
    .of(Subjects::verbs(&[Verb::Ehlo])),
    clause(
        Rule::must(
            "UTF-2",
            "SMTPUTF8 has no parameters",
            "RFC 6531 3.1: \"the EHLO response MUST NOT contain any parameters for this keyword\" (3)",
            "The keyword alone.",
            "250-SMTPUTF8 1",
        ),
        |probe| probe.lists("SMTPUTF8").is_some(),
        |probe| probe.bare_keyword("SMTPUTF8"),
    )
    .of(Subjects::verbs(&[Verb::Ehlo])),
    clause(
        Rule::must(
            "UTF-3",
            "MAIL takes a local part in UTF-8",
            "RFC 6531 3.2: \"MUST be prepared to accept a UTF-8 string [...] in any position in which RFC 5321 specifies \
             that a <mailbox> can appear\"",
            "With the parameter SMTPUTF8. That there shall be no such sender is policy (550).",
            "MAIL FROM:<\u{e9}@example.org> SMTPUTF8, 501",
        ),
        |probe| sender(probe).is_some_and(|envelope| !envelope.local_part.raw().is_ascii()),
        understood,
    )
    .of(Subjects::verbs(&[Verb::Mail])),
    clause(
        Rule::must(
            "UTF-4",
            "MAIL takes a domain in UTF-8",
            "RFC 6531 3.3 (sub-domain =/ U-label), 3.2",
            "With the parameter SMTPUTF8.",
            "MAIL FROM:<a@b\u{fc}cher.example> SMTPUTF8, 501",
        ),
        |probe| {
            sender(probe).is_some_and(|envelope| match envelope.domain {
                Some(Domain::Name(name)) => {
                    !name.is_ascii() && envelope.local_part.raw().is_ascii()
                }
                _ => false,
            })
        },
        understood,
    )
    .of(Subjects::verbs(&[Verb::Mail])),
    clause(
        Rule::must(
            "UTF-5",
            "RCPT takes a mailbox in UTF-8",
            "RFC 6531 3.2: \"MUST be prepared to accept a UTF-8 string [...] in any position in which RFC 5321 specifies \
             that a <mailbox> can appear\"",
            "Where MAIL had SMTPUTF8. That there is no such recipient is 550 or 553.",
            "RCPT TO:<\u{e9}@example.org>, 501",
        ),
        |probe| {
            probe.announces("SMTPUTF8")
                && probe.exchange.history.smtputf8
                && probe
                    .bare_envelope(Verb::Rcpt)
                    .is_some_and(|envelope| !envelope.raw.is_ascii())
        },
        understood,
    )
    .of(Subjects::verbs(&[Verb::Rcpt])),
    clause(
        Rule::must(
            "UTF-6",
            "MAIL's SMTPUTF8 has no value",
            "RFC 6531 3.4: \"If this parameter is provided, it MUST not accept a value\"",
            "With one it is another parameter, which nobody knows.",
            "MAIL FROM:<a@example.org> SMTPUTF8=1, 250",
        ),
        |probe| {
            let valued = probe
                .mail_parameters()
                .and_then(|parameters| parameters.get("SMTPUTF8"))
                .is_some_and(|parameter| parameter.value.is_some());
            probe.strict() && probe.in_sequence() && probe.announces("SMTPUTF8") && valued
        },
        |probe| {
            if probe.accepted() {
                return Err("SMTPUTF8 has no value".into());
            }
            Ok(())
        },
    )
    .of(Subjects::verbs(&[Verb::Mail])),
    clause(
        Rule::must(
            "UTF-7",
            "VRFY takes the parameter SMTPUTF8",
            "RFC 6531 3.7.4.2: \"VERIFY (VRFY) and EXPAND (EXPN) command syntaxes are changed\" (vrfy)",
            "Where SMTPUTF8 is announced.",
            "VRFY a SMTPUTF8, 501",
        ),
        |probe| {
            let argument = match probe
                .line()
                .and_then(|line| Some(line.parsed.ok()?.command))
            {
                Some(Command::Vrfy { argument }) => argument,
                _ => b"",
            };
            let mut words = argument.split(|octet| *octet == b' ');
            let (first, second, more) = (words.next(), words.next(), words.next());
            probe.strict()
                && probe.announces("SMTPUTF8")
                && first.is_some_and(|word| word.iter().all(u8::is_ascii_alphanumeric))
                && second.is_some_and(|word| word.eq_ignore_ascii_case(b"SMTPUTF8"))
                && more.is_none()
        },
        |probe| probe.none_of(&[501, 504, 555], "SMTPUTF8 is announced"),
    )
    .of(Subjects::verbs(&[Verb::Vrfy])),
];

/// MAIL's path, where SMTPUTF8 is announced and the line's only parameter.
fn sender<'t>(probe: &Probe<'_, 't>) -> Option<Envelope<'t>> {
    let envelope = probe.envelope()?;
    let asks = envelope.parameters.raw.eq_ignore_ascii_case(b"SMTPUTF8");
    let fits = probe.is(Verb::Mail) && probe.strict() && probe.in_sequence() && asks;
    (fits && probe.announces("SMTPUTF8")).then_some(envelope)
}
