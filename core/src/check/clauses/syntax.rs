//! What commands look like: case, white space, arguments (RFC 5321, 2.4, 4.1.1).

use super::{
    Clause, clause,
    mailboxes::is_simple_path,
    probe::{Envelope, Probe},
    subject::Subjects,
    understood,
};
use crate::{
    check::verdict::Rule,
    wire::{Leniency, Verb},
};

pub(super) const CLAUSES: &[Clause] = &[
    clause(
        Rule::must(
            "WIR-34",
            "MAIL's FROM: is read without regard to case",
            "RFC 5321 2.4: \"argument values (e.g., 'TO:' or 'to:' in the RCPT command [...]) are not case sensitive\"",
            "`MAIL from:` and `MAIL FROM:` are one.",
            "MAIL from:<a@example.org>, 501",
        ),
        |probe| {
            probe
                .bare_envelope(Verb::Mail)
                .is_some_and(|path| is_simple_path(&path))
                && probe.text().starts_with(b"MAIL ")
                && !probe.text().starts_with(b"MAIL FROM:")
        },
        understood,
    )
    .of(Subjects::verbs(&[Verb::Mail])),
    clause(
        Rule::must(
            "WIR-35",
            "RCPT's TO: is read without regard to case",
            "RFC 5321 2.4: \"argument values (e.g., 'TO:' or 'to:' in the RCPT command [...]) are not case sensitive\"",
            "`RCPT to:` and `RCPT TO:` are one.",
            "RCPT to:<a@example.org>, 501",
        ),
        |probe| {
            probe
                .bare_envelope(Verb::Rcpt)
                .is_some_and(|path| is_simple_path(&path))
                && probe.text().starts_with(b"RCPT ")
                && !probe.text().starts_with(b"RCPT TO:")
        },
        understood,
    )
    .of(Subjects::verbs(&[Verb::Rcpt])),
    clause(
        Rule::must(
            "WIR-36",
            "Parameters are read without regard to case",
            "RFC 5321 2.4: \"extension name keywords\" \"are not case sensitive\"; 4.1.1.1",
            "`size=100` and `SIZE=100` are one, where SIZE is announced.",
            "MAIL FROM:<a@example.org> size=100, 555",
        ),
        |probe| {
            probe.strict()
                && probe.in_sequence()
                && probe.announces("SIZE")
                && probe.envelope().is_some_and(|path| is_simple_path(&path))
                && probe.mail_parameters().is_some_and(|parameters| {
                    let value = |digits: &[u8]| {
                        (1..5).contains(&digits.len()) && digits.iter().all(u8::is_ascii_digit)
                    };
                    parameters
                        .raw
                        .split_at_checked(5)
                        .is_some_and(|(name, digits)| {
                            name.eq_ignore_ascii_case(b"SIZE=") && name != b"SIZE=" && value(digits)
                        })
                })
        },
        understood,
    )
    .of(Subjects::verbs(&[Verb::Mail])),
    clause(
        Rule::should(
            "WIR-37",
            "White space behind a command without an argument is tolerated",
            "RFC 5321 4.1.1: \"SMTP receivers SHOULD tolerate trailing white space before the terminating <CRLF>\"",
            "NOOP, RSET, DATA, QUIT.",
            "`NOOP ` CRLF, 501",
        ),
        |probe| {
            let plain = [Verb::Noop, Verb::Rset, Verb::Data, Verb::Quit]
                .into_iter()
                .any(|verb| probe.is(verb));
            plain
                && probe.in_sequence()
                && probe.only(Leniency::TrailingSpace)
                && probe.text().trim_ascii_end().len() == 4
        },
        |probe| probe.none_of(&[500, 501, 502, 504, 555], TRAILING),
    )
    .of(Subjects::verbs(&[Verb::Noop, Verb::Rset, Verb::Data, Verb::Quit])),
    clause(
        Rule::should(
            "WIR-38",
            "White space behind MAIL's path is tolerated",
            "RFC 5321 4.1.1: \"SMTP receivers SHOULD tolerate trailing white space before the terminating <CRLF>\"",
            "It is no parameter.",
            "`MAIL FROM:<a@example.org> ` CRLF, 501",
        ),
        |probe| trailing_behind_path(probe, Verb::Mail),
        |probe| probe.none_of(&[500, 501, 502, 504, 555], TRAILING),
    )
    .of(Subjects::verbs(&[Verb::Mail])),
    clause(
        Rule::should(
            "WIR-39",
            "White space behind RCPT's path is tolerated",
            "RFC 5321 4.1.1: \"SMTP receivers SHOULD tolerate trailing white space before the terminating <CRLF>\"",
            "It is no parameter.",
            "`RCPT TO:<a@example.org> ` CRLF, 501",
        ),
        |probe| trailing_behind_path(probe, Verb::Rcpt),
        |probe| probe.none_of(&[500, 501, 502, 504, 555], TRAILING),
    )
    .of(Subjects::verbs(&[Verb::Rcpt])),
    clause(
        Rule::should(
            "WIR-40",
            "White space behind a greeting's domain is tolerated",
            "RFC 5321 4.1.1: \"SMTP receivers SHOULD tolerate trailing white space before the terminating <CRLF>\"",
            "EHLO and HELO.",
            "`EHLO c.example ` CRLF, 501",
        ),
        |probe| {
            (probe.is(Verb::Ehlo) || probe.is(Verb::Helo)) && probe.only(Leniency::TrailingSpace)
        },
        |probe| probe.none_of(&[500, 501, 502, 504, 555], TRAILING),
    )
    .of(Subjects::verbs(&[Verb::Ehlo, Verb::Helo])),
    clause(
        Rule::should(
            "WIR-41",
            "DATA with an argument is refused by 501",
            "RFC 5321 4.3.2: \"commands that are specified [...] as not accepting arguments (DATA, RSET, QUIT) SHOULD \
             return a 501 message\"; 4.1.1",
            "That it is taken is WIR-6.",
            "DATA now, 554",
        ),
        |probe| argued(probe, Verb::Data) && probe.in_sequence(),
        |probe| probe.refused_with(&[501]),
    )
    .of(Subjects::verbs(&[Verb::Data])),
    clause(
        Rule::should(
            "WIR-42",
            "RSET with an argument is refused by 501",
            "RFC 5321 4.3.2: \"commands that are specified [...] as not accepting arguments (DATA, RSET, QUIT) SHOULD \
             return a 501 message\"; 4.1.1",
            "That it is taken is WIR-6.",
            "RSET now, 500",
        ),
        |probe| argued(probe, Verb::Rset),
        |probe| probe.refused_with(&[501]),
    )
    .of(Subjects::verbs(&[Verb::Rset])),
    clause(
        Rule::should(
            "WIR-43",
            "QUIT with an argument is refused by 501",
            "RFC 5321 4.3.2: \"commands that are specified [...] as not accepting arguments (DATA, RSET, QUIT) SHOULD \
             return a 501 message\"; 4.1.1",
            "That it is taken is WIR-6.",
            "QUIT now, 500",
        ),
        |probe| argued(probe, Verb::Quit),
        |probe| probe.refused_with(&[501]),
    )
    .of(Subjects::verbs(&[Verb::Quit])),
];

const TRAILING: &str = "white space at its end should be tolerated";

fn trailing_behind_path(probe: &Probe<'_, '_>, verb: Verb) -> bool {
    let bare =
        |envelope: Envelope<'_>| envelope.parameters.raw.is_empty() && is_simple_path(&envelope);
    probe.is(verb)
        && probe.in_sequence()
        && probe.only(Leniency::TrailingSpace)
        && probe.envelope().is_some_and(bare)
}

/// An argument where none is allowed, and nothing else against the line.
fn argued(probe: &Probe<'_, '_>, verb: Verb) -> bool {
    probe.is(verb)
        && probe.only(Leniency::UnexpectedArgument)
        && probe.text().is_ascii()
        && probe.refused()
}
