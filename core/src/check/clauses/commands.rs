//! RSET, VRFY, HELP, NOOP and QUIT (RFC 5321, 3.5, 4.1.1.5 to 4.1.1.10).

use super::{Clause, clause, probe::Probe, subject::Subjects};
use crate::{check::verdict::Rule, wire::Verb};

pub(super) const CLAUSES: &[Clause] = &[
    clause(
        Rule::must(
            "WIR-65",
            "RSET outside a transaction is answered by 250",
            "RFC 5321 4.1.1.5: \"The receiver MUST send a '250 OK' reply to a RSET command with no arguments\"",
            "\"A reset command may be issued by the client at any time.\"",
            "EHLO c.example; RSET, 550",
        ),
        |probe| alone(probe, Verb::Rset) && probe.in_transaction() == Some(false),
        |probe| probe.only_code(250, "it is always to be answered"),
    )
    .of(Subjects::verbs(&[Verb::Rset])),
    clause(
        Rule::must(
            "WIR-66",
            "RSET in a transaction is answered by 250",
            "RFC 5321 4.1.1.5: \"The receiver MUST send a '250 OK' reply to a RSET command with no arguments\"",
            "Else the client cannot give a message up without giving up the session.",
            "MAIL, RCPT, RSET, 554",
        ),
        |probe| alone(probe, Verb::Rset) && probe.in_transaction() == Some(true),
        |probe| probe.only_code(250, "it is always to be answered"),
    )
    .of(Subjects::verbs(&[Verb::Rset])),
    clause(
        Rule::must(
            "WIR-67",
            "NOOP is answered by 250",
            "RFC 5321 4.1.1.9: \"It specifies no action other than that the receiver send a '250 OK' reply\"",
            "There is nothing in it that could be refused.",
            "NOOP, 550",
        ),
        |probe| alone(probe, Verb::Noop) && probe.argument().is_empty(),
        |probe| probe.only_code(250, "it is always to be answered"),
    )
    .of(Subjects::verbs(&[Verb::Noop])),
    clause(
        Rule::should(
            "WIR-68",
            "NOOP's argument is ignored",
            "RFC 5321 4.1.1.9: \"If a parameter string is specified, servers SHOULD ignore it\"",
            "And so it is answered by 250.",
            "NOOP hello, 501",
        ),
        |probe| {
            let short = (1..100).contains(&probe.argument().len());
            alone(probe, Verb::Noop) && short && probe.argument().is_ascii()
        },
        |probe| probe.only_code(250, "its argument should be ignored"),
    )
    .of(Subjects::verbs(&[Verb::Noop])),
    clause(
        Rule::must(
            "WIR-69",
            "QUIT outside a transaction is answered by 221",
            "RFC 5321 4.1.1.10: \"the receiver MUST send a '221 OK' reply\"",
            "\"The QUIT command may be issued at any time.\"",
            "EHLO c.example; QUIT, 554",
        ),
        |probe| alone(probe, Verb::Quit) && probe.in_transaction() == Some(false),
        |probe| probe.only_code(221, "it is always to be answered"),
    )
    .of(Subjects::verbs(&[Verb::Quit])),
    clause(
        Rule::must(
            "WIR-70",
            "QUIT in a transaction is answered by 221",
            "RFC 5321 4.1.1.10: \"The QUIT command may be issued at any time. Any current uncompleted mail transaction \
             will be aborted\"",
            "As outside.",
            "MAIL, RCPT, QUIT, 554",
        ),
        |probe| alone(probe, Verb::Quit) && probe.in_transaction() == Some(true),
        |probe| probe.only_code(221, "it is always to be answered"),
    )
    .of(Subjects::verbs(&[Verb::Quit])),
    clause(
        Rule::should(
            "WIR-71",
            "HELP is served",
            "RFC 5321 4.1.1.8: \"SMTP servers SHOULD support HELP without arguments\"",
            "Where EHLO lists it, that it is not is WIR-32.",
            "HELP, 502",
        ),
        |probe| alone(probe, Verb::Help) && probe.argument().is_empty() && !probe.announces("HELP"),
        |probe| probe.none_of(&[500, 502], "it should be served"),
    )
    .of(Subjects::verbs(&[Verb::Help])),
    clause(
        Rule::must(
            "WIR-72",
            "VRFY's 250 names a mailbox",
            "RFC 5321 3.5.1: \"If a normal (i.e., 250) response is returned, the response [...] MUST include the \
             mailbox of the user\"; 3.5.2",
            "`User Name <local-part@domain>` or `local-part@domain`. What only looks right is 252.",
            "VRFY a, 250 ok",
        ),
        |probe| probe.is(Verb::Vrfy) && probe.strict() && probe.code == 250,
        |probe| {
            if probe.lines().all(names_mailbox) {
                return Ok(());
            }
            Err("no mailbox is named".into())
        },
    )
    .of(Subjects::verbs(&[Verb::Vrfy])),
    clause(
        Rule::should(
            "WIR-73",
            "VRFY takes a mailbox",
            "RFC 5321 3.5.1: \"SHOULD accept the 'local-part@domain' form as a 'user name'\"",
            "That it has no such user, or tells nobody, a server says by 550 or 252.",
            "VRFY a@example.org, 501",
        ),
        |probe| {
            alone(probe, Verb::Vrfy) && is_word(probe.argument()) && is_mailbox(probe.argument())
        },
        |probe| probe.none_of(&[501, 504], "it names a mailbox"),
    )
    .of(Subjects::verbs(&[Verb::Vrfy])),
    clause(
        Rule::must(
            "WIR-74",
            "VRFY takes a local user's name",
            "RFC 5321 3.5.1: \"MUST include at least recognition of local mailboxes as 'user names'\"",
            "That it has no such user, or tells nobody, a server says by 550 or 252.",
            "VRFY postmaster, 501",
        ),
        |probe| {
            alone(probe, Verb::Vrfy)
                && is_word(probe.argument())
                && !probe.argument().contains(&b'@')
        },
        |probe| probe.none_of(&[501, 504], "it names a user"),
    )
    .of(Subjects::verbs(&[Verb::Vrfy])),
];

/// A strict line whose verb is this, and nothing sent together with it.
fn alone(probe: &Probe<'_, '_>, verb: Verb) -> bool {
    probe.is(verb) && probe.strict() && !probe.grouped()
}

/// Whether `line`, the text of a reply, has a mailbox in it.
fn names_mailbox(line: &[u8]) -> bool {
    let mut words = line.split(|octet| b" <>".contains(octet));
    words.any(|word| {
        let line = [b"RCPT TO:<", word, b">"].concat();
        word.contains(&b'@')
            && crate::wire::parse_command(&line).is_ok_and(|parsed| parsed.leniencies.is_empty())
    })
}

/// Something, one at sign, and something.
fn is_mailbox(word: &[u8]) -> bool {
    let at = word.iter().position(|octet| *octet == b'@');
    at.is_some_and(|at| at > 0 && at + 1 < word.len() && !word[at + 1..].contains(&b'@'))
}

/// One word of plain characters.
fn is_word(argument: &[u8]) -> bool {
    let plain = |octet: &u8| octet.is_ascii_alphanumeric() || b"@.-".contains(octet);
    !argument.is_empty() && argument.len() < 100 && argument.iter().all(plain)
}
