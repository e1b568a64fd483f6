//! Which codes may refuse which command (RFC 5321, 4.3.2).
//!
//! WIR-4 speaks of positive codes, WIR-86 of codes that nobody has defined, other rules of what a malformed command or
//! one out of sequence is answered.

use super::{Clause, Holds, clause, probe::Probe, subject::Subjects};
use crate::{check::verdict::Rule, wire::Verb};

macro_rules! code_clause {
    ($id:literal, $title:expr, $example:literal, $applies:expr, $holds:expr) => {
        clause(
            Rule::should(
                $id,
                $title,
                "RFC 5321 4.3.1: \"The table below lists alternative success and failure replies for each command. \
                 These SHOULD be strictly adhered to\"; 4.3.2",
                "With 500, 501 and 421, which any command may have, and those of AUTH and STARTTLS. Codes that no \
                 document defines are WIR-86.",
                $example,
            ),
            $applies,
            $holds,
        )
    };
}

pub(super) const CLAUSES: &[Clause] = &[
    code_clause!(
        "WIR-89",
        "EHLO and HELO are refused by one of their codes",
        "EHLO c.example, 554",
        |probe| asked(probe, Verb::Ehlo) || asked(probe, Verb::Helo),
        |probe| of(probe, &[502, 504, 550])
    )
    .of(Subjects::verbs(&[Verb::Ehlo, Verb::Helo])),
    code_clause!(
        "WIR-90",
        "MAIL is refused by one of its codes",
        "MAIL FROM:<a@example.org>, 554",
        |probe| asked(probe, Verb::Mail),
        |probe| of(probe, &[451, 452, 455, 503, 550, 552, 553, 555])
    )
    .of(Subjects::verbs(&[Verb::Mail])),
    code_clause!(
        "WIR-91",
        "RCPT is refused by one of its codes",
        "RCPT TO:<a@example.org>, 554",
        |probe| asked(probe, Verb::Rcpt),
        |probe| of(probe, &[450, 451, 452, 455, 503, 550, 551, 552, 553, 555])
    )
    .of(Subjects::verbs(&[Verb::Rcpt])),
    code_clause!(
        "WIR-92",
        "DATA is refused by one of its codes",
        "DATA, 553",
        |probe| asked(probe, Verb::Data),
        |probe| of(probe, &[450, 451, 452, 503, 550, 552, 554])
    )
    .of(Subjects::verbs(&[Verb::Data])),
    code_clause!(
        "WIR-93",
        "A message is refused by one of its codes",
        "the end of data, 555",
        |probe| probe.message().is_some(),
        |probe| of(probe, &[450, 451, 452, 550, 552, 554])
    )
    .of(Subjects::MESSAGE),
    code_clause!(
        "WIR-94",
        "VRFY is refused by one of its codes",
        "VRFY a, 554",
        |probe| asked(probe, Verb::Vrfy),
        |probe| of(probe, &[502, 504, 550, 551, 553])
    )
    .of(Subjects::verbs(&[Verb::Vrfy])),
    code_clause!(
        "WIR-95",
        "EXPN is refused by one of its codes",
        "EXPN staff, 554",
        |probe| asked(probe, Verb::Expn) && names_a_list(probe),
        |probe| of(probe, &[502, 504, 550])
    )
    .of(Subjects::verbs(&[Verb::Expn])),
    code_clause!(
        "WIR-96",
        "HELP is refused by one of its codes",
        "HELP, 554",
        |probe| asked(probe, Verb::Help),
        |probe| of(probe, &[502, 504])
    )
    .of(Subjects::verbs(&[Verb::Help])),
];

/// A strict command in sequence, whatever was answered.
fn asked(probe: &Probe<'_, '_>, verb: Verb) -> bool {
    probe.is(verb) && probe.strict() && probe.in_sequence()
}

/// Whether the argument is an atom: what is none may be refused as a mailbox is whose syntax is wrong, by 553.
fn names_a_list(probe: &Probe<'_, '_>) -> bool {
    let argument = probe.argument();
    let special = |octet: &u8| b"<>()[]{}\\,;:\" ".contains(octet) || !octet.is_ascii_graphic();
    !argument.iter().any(special)
}

/// Those that any command may have: RFC 5321, 4.3.2; RFC 4954, 6; RFC 3207, 4.
const ANY: [u16; 9] = [421, 432, 454, 500, 501, 530, 534, 535, 538];

fn of(probe: &Probe<'_, '_>, codes: &[u16]) -> Holds {
    if ANY.contains(&probe.code) || !super::replies::is_defined(probe.code) {
        return Ok(());
    }
    probe.refused_with(codes)
}
