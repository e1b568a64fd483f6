//! Groups of commands (RFC 2920). That each is answered, in order, is WIR-2 and WIR-9; that none is lost behind the
//! end of data is CON-9.

use super::{Clause, Holds, clause, probe::Probe, subject::Subjects};
use crate::{check::verdict::Rule, model::Outcome, wire::Verb};

pub(super) const CLAUSES: &[Clause] = &[
    clause(
        Rule::must(
            "PIP-1",
            "PIPELINING has no parameters",
            "RFC 2920 2: \"no parameter is used with the PIPELINING EHLO keyword\" (3)",
            "The keyword alone.",
            "250-PIPELINING 10",
        ),
        |probe| probe.lists("PIPELINING").is_some(),
        |probe| probe.bare_keyword("PIPELINING"),
    )
    .of(Subjects::verbs(&[Verb::Ehlo])),
    clause(
        Rule::must(
            "PIP-2",
            "MAIL in a group is read as it is alone",
            "RFC 2920 3.2: a server \"MUST NOT make assumptions about commands that are yet to be received\"",
            "That more has come behind it is no error where PIPELINING is announced.",
            "MAIL and RCPT in one segment: 501, 503",
        ),
        |probe| in_group(probe, Verb::Mail) && plain(probe),
        not_for_the_group,
    )
    .of(Subjects::verbs(&[Verb::Mail])),
    clause(
        Rule::must(
            "PIP-3",
            "RCPT in a group is read as it is alone",
            "RFC 2920 3.2: a server \"MUST NOT make assumptions about commands that are yet to be received\"",
            "That more has come behind it is no error where PIPELINING is announced.",
            "MAIL and RCPT in one segment: 250, 501",
        ),
        |probe| in_group(probe, Verb::Rcpt) && plain(probe),
        not_for_the_group,
    )
    .of(Subjects::verbs(&[Verb::Rcpt])),
    clause(
        Rule::must(
            "PIP-4",
            "DATA at the end of a group is read as it is alone",
            "RFC 2920 3.1: DATA \"can only appear as the last command in a group\"; 3.2",
            "With a recipient that was taken it is answered by 354, or refused for a reason of its own.",
            "MAIL, RCPT and DATA in one segment: 250, 250, 501",
        ),
        |probe| in_group(probe, Verb::Data),
        not_for_the_group,
    )
    .of(Subjects::verbs(&[Verb::Data])),
    clause(
        Rule::must(
            "PIP-5",
            "RSET in a group is answered by 250",
            "RFC 2920 3.1 (RSET \"can all appear anywhere in a pipelined command group\"); RFC 5321 4.1.1.5",
            "As alone.",
            "RSET, MAIL and RCPT in one segment: 501, 250, 250",
        ),
        |probe| in_group(probe, Verb::Rset),
        |probe| probe.only_code(250, "it is always to be answered"),
    )
    .of(Subjects::verbs(&[Verb::Rset])),
    clause(
        Rule::must(
            "PIP-6",
            "NOOP at the end of a group is answered by 250",
            "RFC 2920 3.1 (NOOP \"can only appear as the last command in a group\"); RFC 5321 4.1.1.9",
            "As alone.",
            "RSET and NOOP in one segment: 250, 501",
        ),
        |probe| in_group(probe, Verb::Noop) && probe.argument().is_empty(),
        |probe| probe.only_code(250, "it is always to be answered"),
    )
    .of(Subjects::verbs(&[Verb::Noop])),
    clause(
        Rule::must(
            "PIP-7",
            "QUIT at the end of a group is answered by 221",
            "RFC 2920 3.1 (QUIT \"can only appear as the last command in a group\"); RFC 5321 4.1.1.10",
            "As alone.",
            "RSET and QUIT in one segment: 250, 554",
        ),
        |probe| in_group(probe, Verb::Quit),
        |probe| probe.only_code(221, "it is always to be answered"),
    )
    .of(Subjects::verbs(&[Verb::Quit])),
    clause(
        Rule::must(
            "PIP-8",
            "MAIL behind the end of data, in one segment with it, is read as it is alone",
            "RFC 2920 3.1: the end of data may be followed by the next group; 3.2",
            "The next transaction may begin before the last is answered.",
            "`.` CRLF and MAIL in one segment: 250, 501",
        ),
        |probe| {
            let behind = |before: &crate::model::Exchange<'_>| {
                matches!(before.stimulus, crate::model::Stimulus::Message(_))
                    && before.entry == probe.exchange.entry
            };
            let before = probe.index.checked_sub(1);
            let exchanges = probe.view.exchanges();
            probe.is(Verb::Mail)
                && plain(probe)
                && probe.announces("PIPELINING")
                && before.is_some_and(|at| behind(&exchanges[at]))
        },
        not_for_the_group,
    )
    .of(Subjects::verbs(&[Verb::Mail])),
];

/// A strict command in sequence, sent together with another to a server that has PIPELINING.
fn in_group(probe: &Probe<'_, '_>, verb: Verb) -> bool {
    // One that nobody answered, or that was refused, leaves it open what those behind it meet.
    let sure = |before: Option<&crate::model::Exchange<'_>>| {
        before.is_some_and(|before| before.outcome == Outcome::Accepted)
    };
    let before = probe.index.checked_sub(1);
    let behind_message = before.is_some_and(|at| {
        matches!(
            probe.view.exchanges()[at].stimulus,
            crate::model::Stimulus::Message(_)
        )
    });
    probe.is(verb)
        && probe.strict()
        && probe.in_sequence()
        && probe.grouped()
        && !behind_message
        && probe.announces("PIPELINING")
        && sure(before.and_then(|at| probe.view.exchanges().get(at)))
}

/// Nothing in the line that it could be refused for but its path.
fn plain(probe: &Probe<'_, '_>) -> bool {
    let simple = |octet: &u8| octet.is_ascii_alphanumeric() || b"@.-".contains(octet);
    probe.strict()
        && probe.in_sequence()
        && probe.envelope().is_some_and(|envelope| {
            envelope.parameters.raw.is_empty()
                && envelope.raw.len() <= 100
                && envelope.raw.iter().all(simple)
        })
}

fn not_for_the_group(probe: &Probe<'_, '_>) -> Holds {
    probe.none_of(
        &[500, 501, 502, 503, 555],
        "it is well formed and in sequence",
    )
}
