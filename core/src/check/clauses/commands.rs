//! RSET, VRFY, EXPN, HELP, NOOP, QUIT and parameters that nobody knows (RFC 5321, 3.5, 4.1.1.5 to 4.1.1.11).

use super::{Clause, Holds, clause, probe::Probe};
use crate::{
    check::verdict::Rule,
    wire::{Parameters, Verb},
};

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
    ),
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
    ),
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
    ),
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
    ),
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
    ),
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
    ),
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
    ),
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
    ),
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
    ),
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
    ),
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
    ),
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
    ),
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
    ),
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
    ),
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
    ),
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
