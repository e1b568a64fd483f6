//! What is not understood, and that it is borne with (RFC 5321, 3.8, 4.1.4, 4.1.5, 4.2.4).

use super::{Clause, clause, probe::Probe, subject::Subjects};
use crate::{check::verdict::Rule, wire::Verb};

pub(super) const CLAUSES: &[Clause] = &[
    clause(
        Rule::must(
            "WIR-58",
            "A MAIL whose argument is not acceptable is refused by 501",
            "RFC 5321 4.1.4: \"If the transaction beginning command argument is not acceptable, a 501 failure reply \
             MUST be returned\"",
            "What cannot be parsed has no mailbox that 550 or 553 could speak of; these are let pass. Whether it is \
             refused at all is WIR-6.",
            "MAIL FROM:<a@@example.org>, 504",
        ),
        |probe| probe.malformed(Verb::Mail) && probe.in_sequence() && !is_exact(probe),
        |probe| probe.refused_with(&[501, 500, 550, 553, 555]),
    )
    .of(Subjects::verbs(&[Verb::Mail])),
    clause(
        Rule::should(
            "WIR-59",
            "A malformed RCPT is refused as such",
            "RFC 5321 4.3.2 (501 \"Syntax error in command or arguments\"), 4.3.1 (\"SHOULD be strictly adhered to\")",
            "By 501 or 553. A 4yz invites the client to send the same line again.",
            "RCPT TO:<a@@example.org>, 451",
        ),
        |probe| probe.malformed(Verb::Rcpt) && probe.in_sequence() && !is_exact(probe),
        // The client, or any recipient elsewhere, may be refused before the path is looked at.
        |probe| probe.refused_with(&[501, 500, 450, 454, 550, 553, 554, 555]),
    )
    .of(Subjects::verbs(&[Verb::Rcpt])),
    clause(
        Rule::should(
            "WIR-60",
            "VRFY without an argument is refused as such",
            "RFC 5321 4.3.2 (501 \"Syntax error in command or arguments\"), 4.1.1.6 (vrfy)",
            "By 501, or by 502 or 252 of a server that verifies nobody.",
            "VRFY, 550",
        ),
        |probe| probe.text().eq_ignore_ascii_case(b"VRFY"),
        |probe| probe.refused_with(&[501, 500, 502, 504]),
    )
    .of(Subjects::verbs(&[Verb::Vrfy])),
    clause(
        Rule::should(
            "WIR-61",
            "An unknown command is refused by 500",
            "RFC 5321 4.2.4: \"If the command is not recognized, code 500 SHOULD be returned\"",
            "502 is for commands that are known and not implemented.",
            "XYZZY, 502",
        ),
        |probe| probe.unknown() && !is_private(probe) && !is_heard_of(probe),
        |probe| probe.refused_with(&[500]),
    )
    .of(Subjects::verbs(&[Verb::Unknown])),
    clause(
        Rule::should(
            "WIR-62",
            "A private command that is not known is refused by 500",
            "RFC 5321 4.1.5: \"An SMTP server that does not recognize such a command is expected to reply with '500 \
             Command not recognized'\"",
            "Those that begin with X.",
            "XFOO, 502",
        ),
        |probe| probe.unknown() && is_private(probe) && !is_heard_of(probe),
        |probe| probe.refused_with(&[500]),
    )
    .of(Subjects::verbs(&[Verb::Unknown])),
    clause(
        Rule::must(
            "WIR-63",
            "An unknown command does not end the session",
            "RFC 5321 3.8: \"a server that closes connections in response to commands that are not understood is in \
             violation of this specification\"",
            "One of the first two errors of a session; that somebody who makes many is sent away is not meant here.",
            "XYZZY, 421",
        ),
        |probe| probe.unknown() && !is_heard_of(probe) && probe.errors_before() < FEW,
        |probe| probe.none_of(&[421], "it should await further instructions"),
    )
    .of(Subjects::verbs(&[Verb::Unknown]))
    .of_drops(),
    clause(
        Rule::must(
            "WIR-64",
            "A malformed command does not end the session",
            "RFC 5321 3.8: \"Servers are expected to be tolerant of unknown commands\"; 4.1.1.10",
            "One of the first two errors of a session; that somebody who makes many is sent away is not meant here.",
            "MAIL, 421",
        ),
        |probe| {
            let malformed = [Verb::Mail, Verb::Rcpt, Verb::Vrfy, Verb::Ehlo, Verb::Helo]
                .into_iter()
                .any(|verb| probe.malformed(verb));
            malformed && probe.errors_before() < FEW
        },
        |probe| probe.none_of(&[421], "it should await further instructions"),
    )
    .of(Subjects::verbs(&[Verb::Mail, Verb::Rcpt, Verb::Vrfy, Verb::Ehlo, Verb::Helo]))
    .of_drops(),
];

/// As many errors are not held against a client.
const FEW: usize = 2;

/// WIR-51 says it more exactly.
fn is_exact(probe: &Probe<'_, '_>) -> bool {
    super::is_more_exact(probe.text())
}

fn is_private(probe: &Probe<'_, '_>) -> bool {
    probe
        .text()
        .first()
        .is_some_and(|octet| octet.eq_ignore_ascii_case(&b'X'))
}

/// Verbs of other documents, and of well-known servers: those who know them and do not have them say 502.
fn is_heard_of(probe: &Probe<'_, '_>) -> bool {
    const VERBS: [&[u8]; 24] = [
        b"SEND",
        b"SOML",
        b"SAML",
        b"TURN",
        b"ETRN",
        b"ATRN",
        b"LHLO",
        b"BURL",
        b"ONEX",
        b"VERB",
        b"QUEU",
        b"TICK",
        b"SITE",
        b"SHOW",
        b"DEBUG",
        b"WIZ",
        b"GET",
        b"POST",
        b"CONNECT",
        b"XCLIENT",
        b"XFORWARD",
        b"XADR",
        b"PROXY",
        b"HEAD",
    ];
    let text = probe.text();
    let verb = text
        .split(|octet| *octet == b' ')
        .next()
        .unwrap_or_default();
    VERBS.iter().any(|known| known.eq_ignore_ascii_case(verb))
        || !verb.iter().all(u8::is_ascii_alphabetic)
}
