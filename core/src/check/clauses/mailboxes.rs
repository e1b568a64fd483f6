//! What mailboxes look like (RFC 5321, 4.1.2, 4.1.3).

use super::{
    Clause, clause,
    probe::{Envelope, Probe},
    subject::Subjects,
    understood,
};
use crate::{
    check::verdict::Rule,
    wire::{Domain, LocalPart, Verb, parse_command},
};

pub(super) const CLAUSES: &[Clause] = &[
    clause(
        Rule::must(
            "WIR-44",
            "MAIL takes a quoted local part",
            "RFC 5321 4.1.2 (Local-part, Quoted-string)",
            "`\"a.b\"@example.org`. That there is no such mailbox may be said, not that this is none.",
            "MAIL FROM:<\"a.b\"@example.org>, 501",
        ),
        |probe| quoted(probe, Verb::Mail).is_some_and(is_simple),
        understood,
    )
    .of(Subjects::verbs(&[Verb::Mail])),
    clause(
        Rule::must(
            "WIR-45",
            "RCPT takes a quoted local part",
            "RFC 5321 4.1.2 (Local-part, Quoted-string)",
            "As MAIL does.",
            "RCPT TO:<\"a.b\"@example.org>, 501",
        ),
        |probe| quoted(probe, Verb::Rcpt).is_some_and(is_simple),
        understood,
    )
    .of(Subjects::verbs(&[Verb::Rcpt])),
    clause(
        Rule::must(
            "WIR-46",
            "A quoted local part may have quoted pairs",
            "RFC 5321 4.1.2 (quoted-pairSMTP)",
            "A backslash and any printable character, a quote too.",
            "MAIL FROM:<\"a\\\"b\"@example.org>, 501",
        ),
        |probe| {
            // What WIR-47 and WIR-48 are about may be what was refused.
            let other = |octet: &u8| b" @<>:;,()[]".contains(octet);
            either_quoted(probe)
                .is_some_and(|text| text.contains(&b'\\') && !text.iter().any(other))
        },
        understood,
    )
    .of(Subjects::verbs(&[Verb::Mail, Verb::Rcpt])),
    clause(
        Rule::must(
            "WIR-47",
            "A quoted local part may have spaces",
            "RFC 5321 4.1.2 (qtextSMTP)",
            "A server that cuts the line at its spaces loses half of it.",
            "MAIL FROM:<\"a b\"@example.org>, 501",
        ),
        |probe| {
            either_quoted(probe).is_some_and(|text| text.contains(&b' ') && !text.contains(&b'\\'))
        },
        understood,
    )
    .of(Subjects::verbs(&[Verb::Mail, Verb::Rcpt])),
    clause(
        Rule::must(
            "WIR-48",
            "A quoted local part may have \"@\", \">\" and the like",
            "RFC 5321 4.1.2 (qtextSMTP)",
            "A server that looks for the first \">\" or the first \"@\" does not find the end of the path.",
            "MAIL FROM:<\"a@b>c\"@example.org>, 501",
        ),
        |probe| {
            let special = |octet: &u8| b"@<>:;,()[]".contains(octet);
            either_quoted(probe).is_some_and(|text| {
                text.iter().any(special) && !text.contains(&b' ') && !text.contains(&b'\\')
            })
        },
        understood,
    )
    .of(Subjects::verbs(&[Verb::Mail, Verb::Rcpt])),
    clause(
        Rule::must(
            "WIR-49",
            "A local part may have every character of an atom",
            "RFC 5321 4.1.2 (Atom; atext of RFC 5322, 3.2.3)",
            "Also ! # $ % & ' * / = ? ^ ` { | } ~.",
            "MAIL FROM:<a{b|c}d@example.org>, 501",
        ),
        |probe| {
            let odd = |octet: &u8| b"!#$%&'*/?^`{|}~".contains(octet);
            [Verb::Mail, Verb::Rcpt].into_iter().any(|verb| {
                probe
                    .bare_envelope(verb)
                    .is_some_and(|envelope| match envelope.local_part {
                        LocalPart::DotString(text) => text.iter().any(odd) && is_plain(&envelope),
                        LocalPart::QuotedString(_) => false,
                    })
            })
        },
        understood,
    )
    .of(Subjects::verbs(&[Verb::Mail, Verb::Rcpt])),
    clause(
        Rule::must(
            "WIR-50",
            "A domain's label may begin with a digit",
            "RFC 5321 4.1.2 (sub-domain, Let-dig); RFC 1123 2.1",
            "`3com.com` is a domain.",
            "MAIL FROM:<a@4u.example.org>, 501",
        ),
        |probe| {
            [Verb::Mail, Verb::Rcpt].into_iter().any(|verb| {
                probe.bare_envelope(verb).is_some_and(|envelope| {
                    is_plain(&envelope) && name(&envelope).is_some_and(begins_with_digit)
                })
            })
        },
        understood,
    )
    .of(Subjects::verbs(&[Verb::Mail, Verb::Rcpt])),
    clause(
        Rule::must(
            "WIR-51",
            "A domain with an underscore is refused by 501",
            "RFC 5321 4.1.2: \"SMTP servers that receive a command in which invalid character codes have been employed \
             [...] MUST reject that command with a 501 response\"",
            "\"In particular, the underscore character is not permitted.\" In MAIL and RCPT.",
            "MAIL FROM:<a@my_host.example.org>, 250",
        ),
        |probe| {
            let sent = probe.malformed(Verb::Mail) || probe.malformed(Verb::Rcpt);
            sent && probe.in_sequence() && has_underscore(probe.text())
        },
        // 550 and 553 may have other reasons than the character.
        |probe| match probe.code {
            501 | 550 | 553 | 554 | 400..=499 => Ok(()),
            code => probe.only_code(
                501,
                &format!("{code} does not say that its domain has an underscore"),
            ),
        },
    )
    .of(Subjects::verbs(&[Verb::Mail, Verb::Rcpt])),
    clause(
        Rule::should(
            "WIR-52",
            "MAIL takes an IPv4 address literal",
            "RFC 5321 4.1.2 (Mailbox), 4.1.3",
            "A server may want none of such senders; that is policy, and no syntax error.",
            "MAIL FROM:<a@[192.0.2.1]>, 501",
        ),
        |probe| path_literal(probe, Verb::Mail).is_some_and(is_ipv4),
        understood,
    )
    .of(Subjects::verbs(&[Verb::Mail])),
    clause(
        Rule::should(
            "WIR-53",
            "MAIL takes an IPv6 address literal",
            "RFC 5321 4.1.2 (Mailbox), 4.1.3 (IPv6-address-literal)",
            "A server may want none of such senders; that is policy, and no syntax error.",
            "MAIL FROM:<a@[IPv6:2001:db8::1]>, 501",
        ),
        |probe| path_literal(probe, Verb::Mail).is_some_and(is_ipv6),
        understood,
    )
    .of(Subjects::verbs(&[Verb::Mail])),
    clause(
        Rule::should(
            "WIR-54",
            "RCPT takes an IPv4 address literal",
            "RFC 5321 4.1.2 (Mailbox), 4.1.3",
            "A server may have no such recipients; that is policy, and no syntax error.",
            "RCPT TO:<a@[192.0.2.1]>, 501",
        ),
        |probe| path_literal(probe, Verb::Rcpt).is_some_and(is_ipv4),
        understood,
    )
    .of(Subjects::verbs(&[Verb::Rcpt])),
    clause(
        Rule::should(
            "WIR-55",
            "RCPT takes an IPv6 address literal",
            "RFC 5321 4.1.2 (Mailbox), 4.1.3 (IPv6-address-literal)",
            "A server may have no such recipients; that is policy, and no syntax error.",
            "RCPT TO:<a@[IPv6:2001:db8::1]>, 501",
        ),
        |probe| path_literal(probe, Verb::Rcpt).is_some_and(is_ipv6),
        understood,
    )
    .of(Subjects::verbs(&[Verb::Rcpt])),
    clause(
        Rule::must(
            "WIR-56",
            "MAIL recognises a source route",
            "RFC 5321 4.1.2: \"Note that this form, the so-called 'source route', MUST BE accepted, SHOULD NOT be \
             generated, and SHOULD be ignored\"",
            "It may be declined by policy, not as a syntax error.",
            "MAIL FROM:<@a.example.org:b@example.org>, 501",
        ),
        |probe| {
            probe
                .bare_envelope(Verb::Mail)
                .is_some_and(|envelope| envelope.route && envelope.raw.len() <= 100)
        },
        understood,
    )
    .of(Subjects::verbs(&[Verb::Mail])),
    clause(
        Rule::must(
            "WIR-57",
            "RCPT recognises a source route",
            "RFC 5321 4.1.1.3: \"Receiving systems MUST recognize source route syntax\"; 3.3",
            "It may be declined by policy (550), not as a syntax error.",
            "RCPT TO:<@a.example.org:b@example.org>, 501",
        ),
        |probe| {
            probe
                .bare_envelope(Verb::Rcpt)
                .is_some_and(|envelope| envelope.route && envelope.raw.len() <= 100)
        },
        understood,
    )
    .of(Subjects::verbs(&[Verb::Rcpt])),
];

/// The domain, if it is a name.
fn name<'t>(envelope: &Envelope<'t>) -> Option<&'t [u8]> {
    match envelope.domain? {
        Domain::Name(name) => Some(name),
        Domain::AddressLiteral(_) => None,
    }
}

/// Nothing else about the path that a server could stumble over.
pub(super) fn is_plain(envelope: &Envelope<'_>) -> bool {
    !envelope.route
        && envelope.raw.len() <= 100
        && envelope.raw.is_ascii()
        && name(envelope).is_some()
}

/// Nothing at all about the path that a server could stumble over, its local part included.
pub(super) fn is_simple_path(envelope: &Envelope<'_>) -> bool {
    is_plain(envelope)
        && match envelope.local_part {
            LocalPart::DotString(text) => is_simple(text),
            LocalPart::QuotedString(_) => false,
        }
}

/// Between the quotes of `verb`'s local part.
fn quoted<'t>(probe: &Probe<'_, 't>, verb: Verb) -> Option<&'t [u8]> {
    let envelope = probe.bare_envelope(verb).filter(is_plain)?;
    match envelope.local_part {
        LocalPart::QuotedString(raw) => raw.get(1..raw.len().checked_sub(1)?),
        LocalPart::DotString(_) => None,
    }
}

fn either_quoted<'t>(probe: &Probe<'_, 't>) -> Option<&'t [u8]> {
    quoted(probe, Verb::Mail).or_else(|| quoted(probe, Verb::Rcpt))
}

/// It could stand without its quotes.
fn is_simple(text: &[u8]) -> bool {
    let simple = |octet: &u8| octet.is_ascii_alphanumeric() || b".-".contains(octet);
    !text.is_empty() && text.iter().all(simple)
}

fn begins_with_digit(name: &[u8]) -> bool {
    let mut labels = name.split(|octet| *octet == b'.');
    labels.any(|label| label.first().is_some_and(u8::is_ascii_digit))
        && name.last().is_some_and(u8::is_ascii_alphabetic)
}

/// The address literal that is `verb`'s domain.
fn path_literal<'t>(probe: &Probe<'_, 't>, verb: Verb) -> Option<&'t [u8]> {
    match probe.bare_envelope(verb)?.domain? {
        Domain::AddressLiteral(raw) => Some(raw),
        Domain::Name(_) => None,
    }
}

/// The others have a tag before a colon.
fn is_ipv4(literal: &[u8]) -> bool {
    !literal.contains(&b':')
}

fn is_ipv6(literal: &[u8]) -> bool {
    literal.to_ascii_uppercase().starts_with(b"[IPV6:")
}

/// Whether the domain of the path on `line` has an underscore, and nothing else is wrong with the line.
pub(super) fn has_underscore(line: &[u8]) -> bool {
    let verb = matches!(Verb::of(line), Verb::Mail | Verb::Rcpt);
    let at = line.iter().rposition(|octet| *octet == b'@');
    let Some((front, domain)) = at.filter(|_| verb).map(|at| line.split_at(at)) else {
        return false;
    };
    let mended: Vec<u8> = domain
        .iter()
        .map(|octet| if *octet == b'_' { b'x' } else { *octet })
        .collect();
    let mended = [front, &mended].concat();
    domain.contains(&b'_')
        && parse_command(&mended).is_ok_and(|parsed| parsed.leniencies.is_empty())
}
