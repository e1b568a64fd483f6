//! Parameters that nobody knows, or that nobody has negotiated (RFC 5321, 3.3, 4.1.1.11).

use super::{Clause, Holds, clause, probe::Probe, subject::Subjects};
use crate::{
    check::verdict::Rule,
    wire::{Parameters, Verb},
};

pub(super) const CLAUSES: &[Clause] = &[
    clause(
        Rule::must(
            "WIR-75",
            "MAIL with a parameter that nobody knows is refused",
            "RFC 5321 4.1.1.11: \"If the server SMTP does not recognize [...] one or more of the parameters [...], it \
             will return code 555\"",
            "A client that is told 250 believes that it was understood.",
            "MAIL FROM:<a@example.org> XYZZY=1, 250",
        ),
        |probe| {
            let mail = probe.mail_parameters();
            unheard_of(probe, mail) && probe.greeted_by(Verb::Ehlo)
        },
        not_taken,
    )
    .of(Subjects::verbs(&[Verb::Mail])),
    clause(
        Rule::must(
            "WIR-76",
            "RCPT with a parameter that nobody knows is refused",
            "RFC 5321 4.1.1.11: \"If the server SMTP does not recognize [...] one or more of the parameters [...], it \
             will return code 555\"",
            "A client that is told 250 believes that it was understood.",
            "RCPT TO:<a@example.org> XYZZY=1, 250",
        ),
        |probe| {
            let rcpt = probe.rcpt_parameters();
            unheard_of(probe, rcpt) && probe.greeted_by(Verb::Ehlo)
        },
        not_taken,
    )
    .of(Subjects::verbs(&[Verb::Rcpt])),
    clause(
        Rule::should(
            "WIR-77",
            "MAIL's unknown parameter is refused by 555",
            "RFC 5321 4.1.1.11: \"it will return code 555\"",
            "That it is refused at all is WIR-75.",
            "MAIL FROM:<a@example.org> XYZZY=1, 501",
        ),
        |probe| {
            let mail = probe.mail_parameters();
            unheard_of(probe, mail) && probe.refused() && probe.greeted_by(Verb::Ehlo)
        },
        |probe| probe.only_code(555, "it should be refused for its parameter"),
    )
    .of(Subjects::verbs(&[Verb::Mail])),
    clause(
        Rule::should(
            "WIR-78",
            "RCPT's unknown parameter is refused by 555",
            "RFC 5321 4.1.1.11: \"it will return code 555\"",
            "That it is refused at all is WIR-76. A recipient that is refused for itself is let pass (550).",
            "RCPT TO:<a@example.org> XYZZY=1, 501",
        ),
        |probe| {
            let rcpt = probe.rcpt_parameters();
            unheard_of(probe, rcpt) && probe.refused() && probe.greeted_by(Verb::Ehlo)
        },
        |probe| match probe.code {
            550 | 551 | 553 | 554 | 450..=452 => Ok(()),
            _ => probe.only_code(555, "it should be refused for its parameter"),
        },
    )
    .of(Subjects::verbs(&[Verb::Rcpt])),
    clause(
        Rule::should(
            "WIR-79",
            "Behind HELO MAIL has no parameters",
            "RFC 5321 3.3: \"The optional <mail-parameters> are associated with negotiated SMTP service extensions\"; \
             4.1.1.11",
            "HELO negotiates none.",
            "HELO c.example; MAIL FROM:<a@example.org> SIZE=100, 250",
        ),
        |probe| {
            let mail = probe.mail_parameters();
            probe.greeted_by(Verb::Helo)
                && probe.strict()
                && probe.in_sequence()
                && mail.is_some_and(|parameters| !parameters.raw.is_empty())
        },
        |probe| {
            if probe.accepted() {
                return Err("no extension was negotiated".into());
            }
            Ok(())
        },
    )
    .of(Subjects::verbs(&[Verb::Mail])),
];

/// Only parameters whose keywords begin with X and are not announced, in a strict line in sequence.
fn unheard_of(probe: &Probe<'_, '_>, parameters: Option<Parameters<'_>>) -> bool {
    let unknown = |keyword: &[u8]| {
        let keyword = core::str::from_utf8(keyword).unwrap_or_default();
        keyword.starts_with(['X', 'x']) && !probe.announces(keyword)
    };
    probe.strict()
        && probe.in_sequence()
        && parameters.is_some_and(|parameters| {
            !parameters.raw.is_empty() && parameters.iter().all(|one| unknown(one.keyword))
        })
}

fn not_taken(probe: &Probe<'_, '_>) -> Holds {
    if probe.accepted() {
        return Err("nobody knows its parameter".into());
    }
    Ok(())
}
