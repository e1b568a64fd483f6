//! The banner, HELO and EHLO (RFC 5321, 3.2, 4.1.1.1, 4.2).

use super::{
    Clause, clause,
    probe::{Probe, is_name, raw_texts},
    subject::Subjects,
    understood,
};
use crate::{
    check::verdict::Rule,
    octets::escape,
    wire::{Command, Verb},
};

pub(super) const CLAUSES: &[Clause] = &[
    clause(
        Rule::must(
            "WIR-21",
            "HELO's reply lists no extensions",
            "RFC 5321 3.2: \"Servers MUST NOT return the extended EHLO-style response to a HELO command\"",
            "A client that says HELO may read one line only, and take the second for the answer to MAIL.",
            "HELO c.example, 250-mx.example CRLF 250 SIZE 1000",
        ),
        |probe| probe.is(Verb::Helo) && probe.accepted(),
        |probe| match probe.lines().skip(1).find(|line| is_extension(line)) {
            Some(line) => Err(format!("`{}` is EHLO's", escape(line))),
            None => Ok(()),
        },
    )
    .of(Subjects::verbs(&[Verb::Helo])),
    clause(
        Rule::must(
            "WIR-22",
            "The banner begins with the server's name",
            "RFC 5321 4.2 (Greeting), 4.3.1",
            "\"220\", a space, and a domain or an address literal.",
            "220 *** ESMTP ***",
        ),
        |probe| probe.is_connection() && probe.code == 220,
        names_server,
    )
    .of(Subjects::CONNECTION),
    clause(
        Rule::must(
            "WIR-23",
            "EHLO's reply begins with the server's name",
            "RFC 5321 4.1.1.1 (ehlo-ok-rsp)",
            "A domain stands first on its first line.",
            "EHLO c.example, 250-my_server",
        ),
        |probe| probe.is(Verb::Ehlo) && probe.accepted(),
        names_server,
    )
    .of(Subjects::verbs(&[Verb::Ehlo])),
    clause(
        Rule::should(
            "WIR-24",
            "HELO's reply begins with the server's name",
            "RFC 5321 4.3.1: \"all the greeting-type replies have the official name [...] as the first word\"",
            "As EHLO's, and the banner.",
            "HELO c.example, 250 *** hello",
        ),
        |probe| probe.is(Verb::Helo) && probe.accepted(),
        names_server,
    )
    .of(Subjects::verbs(&[Verb::Helo])),
    clause(
        Rule::must(
            "WIR-25",
            "The parameters of EHLO's keywords are well formed",
            "RFC 5321 4.1.1.1 (ehlo-line, ehlo-param)",
            "One space before each, and visible ASCII in them.",
            "250-SIZE  1000 (two spaces)",
        ),
        |probe| probe.is(Verb::Ehlo) && probe.accepted() && probe.lines().nth(1).is_some(),
        |probe| {
            let lines = raw_texts(&probe.reply.reply.raw).skip(1);
            match lines.into_iter().find(|line| !is_ehlo_line(line)) {
                Some(line) => Err(format!("`{}` is no ehlo-line", escape(line))),
                None => Ok(()),
            }
        },
    )
    .of(Subjects::verbs(&[Verb::Ehlo])),
    clause(
        Rule::must(
            "WIR-26",
            "EHLO takes an IPv4 address literal",
            "RFC 5321 4.1.1.1 (ehlo), 4.1.3",
            "A client without a name says its address. That a server wants a name is policy, and no syntax error.",
            "EHLO [192.0.2.1], 501",
        ),
        |probe| {
            literal(probe).is_some_and(|literal| {
                !literal.to_ascii_uppercase().starts_with(b"[IPV6:") && !literal.contains(&b':')
            })
        },
        understood,
    )
    .of(Subjects::verbs(&[Verb::Ehlo, Verb::Helo])),
    clause(
        Rule::must(
            "WIR-27",
            "EHLO takes an IPv6 address literal",
            "RFC 5321 4.1.1.1 (ehlo), 4.1.3 (IPv6-address-literal)",
            "\"IPv6:\" and the address, in brackets.",
            "EHLO [IPv6:2001:db8::1], 501",
        ),
        |probe| {
            literal(probe)
                .is_some_and(|literal| literal.to_ascii_uppercase().starts_with(b"[IPV6:"))
        },
        understood,
    )
    .of(Subjects::verbs(&[Verb::Ehlo, Verb::Helo])),
    clause(
        Rule::must(
            "WIR-28",
            "EHLO without an argument is refused by 501, 500, 502 or 550",
            "RFC 5321 4.1.4: \"501, 500, 502, or 550 failure replies MUST be returned as appropriate\"",
            "504 is in the list of 4.3.2. Anything else speaks of another error.",
            "EHLO, 503",
        ),
        |probe| bare(probe, probe.view.ehlo().as_bytes()),
        |probe| probe.refused_with(&[501, 500, 502, 504, 550]),
    )
    .of(Subjects::verbs(&[Verb::Ehlo])),
    clause(
        Rule::should(
            "WIR-29",
            "HELO without an argument is refused by 501, 500, 502, 504 or 550",
            "RFC 5321 4.3.2 (EHLO or HELO), 4.3.1 (\"SHOULD be strictly adhered to\")",
            "501 is \"syntax error in command or arguments\".",
            "HELO, 503",
        ),
        |probe| bare(probe, b"HELO"),
        |probe| probe.refused_with(&[501, 500, 502, 504, 550]),
    )
    .of(Subjects::verbs(&[Verb::Helo])),
    clause(
        Rule::must(
            "WIR-30",
            "A server that has HELP says so",
            "RFC 5321 4.1.1.1: \"The EHLO response MUST contain keywords [...] for all commands not listed as \
             'required' in Section 4.5.1\"",
            "HELP is none of the minimum.",
            "EHLO c.example, 250 mx.example; HELP, 214",
        ),
        |probe| probe.is(Verb::Help) && probe.strict() && probe.greeted_by(Verb::Ehlo),
        |probe| {
            if probe.accepted() && !probe.announces("HELP") {
                return Err(format!("{}'s reply does not list HELP", probe.view.ehlo()));
            }
            Ok(())
        },
    )
    .of(Subjects::verbs(&[Verb::Help])),
    clause(
        Rule::must(
            "WIR-31",
            "A server that has EXPN says so",
            "RFC 5321 3.5.2: \"if EXPN is supported, it MUST be listed as a service extension in an EHLO response\"",
            "EXPN is none of the minimum.",
            "EHLO c.example, 250 mx.example; EXPN staff, 250 <a@example.org>",
        ),
        |probe| probe.is(Verb::Expn) && probe.strict() && probe.greeted_by(Verb::Ehlo),
        |probe| {
            if probe.accepted() && !probe.announces("EXPN") {
                return Err(format!("{}'s reply does not list EXPN", probe.view.ehlo()));
            }
            Ok(())
        },
    )
    .of(Subjects::verbs(&[Verb::Expn])),
    clause(
        Rule::must(
            "WIR-32",
            "What EHLO lists is served",
            "RFC 5321 4.2.4: \"MUST NOT list capabilities in response to EHLO for which they will return 502 (or \
             500) replies\"",
            "HELP, without an argument, and EXPN, where they are listed.",
            "EHLO c.example, 250-mx.example CRLF 250 HELP; HELP, 502",
        ),
        |probe| {
            let listed = |verb: Verb| probe.is(verb) && probe.announces(verb.name());
            let help = listed(Verb::Help) && probe.argument().is_empty();
            probe.strict() && (help || listed(Verb::Expn))
        },
        |probe| probe.none_of(&[500, 502], &format!("{}'s reply lists it", probe.view.ehlo())),
    )
    .of(Subjects::verbs(&[Verb::Help, Verb::Expn])),
    clause(
        Rule::should(
            "WIR-33",
            "8BITMIME is announced",
            "RFC 5321 2.4: \"8BITMIME SHOULD be supported by SMTP servers\"",
            "Else half of all mail has to be encoded anew, or is sent all the same.",
            "EHLO c.example, 250 mx.example",
        ),
        // With SMTPUTF8 it is a MUST: UTF-1.
        |probe| {
            probe.is(Verb::Ehlo)
                && probe.accepted()
                && (probe.lists("SMTPUTF8").is_none() || probe.lists("8BITMIME").is_some())
        },
        |probe| match probe.lists("8BITMIME") {
            Some(_) => Ok(()),
            None => Err("it does not list 8BITMIME".into()),
        },
    )
    .of(Subjects::verbs(&[Verb::Ehlo])),
];

/// Keywords that a server may list (IANA, "SMTP Service Extensions").
const EXTENSIONS: [&[u8]; 22] = [
    b"8BITMIME",
    b"ATRN",
    b"AUTH",
    b"BINARYMIME",
    b"BURL",
    b"CHECKPOINT",
    b"CHUNKING",
    b"DELIVERBY",
    b"DSN",
    b"ENHANCEDSTATUSCODES",
    b"ETRN",
    b"EXPN",
    b"HELP",
    b"LIMITS",
    b"MT-PRIORITY",
    b"PIPELINING",
    b"REQUIRETLS",
    b"SIZE",
    b"SMTPUTF8",
    b"STARTTLS",
    b"VRFY",
    b"XCLIENT",
];

fn is_extension(line: &[u8]) -> bool {
    let word = line
        .split(|octet| *octet == b' ')
        .next()
        .unwrap_or_default();
    EXTENSIONS
        .iter()
        .any(|keyword| keyword.eq_ignore_ascii_case(word))
}

fn names_server(probe: &Probe<'_, '_>) -> super::Holds {
    let word = probe.first_word();
    if is_name(word) {
        return Ok(());
    }
    Err(format!("`{}` is no domain", escape(word)))
}

/// ```abnf
/// ehlo-line   = ehlo-keyword *( SP ehlo-param )
/// ehlo-param  = 1*(%d33-126)
/// ```
///
/// WIR-11 looks at the keyword.
fn is_ehlo_line(line: &[u8]) -> bool {
    let mut words = line.split(|octet| *octet == b' ').skip(1);
    words.all(|word| !word.is_empty() && word.iter().all(u8::is_ascii_graphic))
}

/// The address literal of a strict EHLO.
fn literal<'t>(probe: &Probe<'_, 't>) -> Option<&'t [u8]> {
    let Command::Ehlo { domain } = probe.line()?.parsed.ok()?.command else {
        return None;
    };
    (probe.strict() && domain.starts_with(b"[")).then_some(domain)
}

/// Whether the line is nothing but `verb`, and was refused. Behind a greeting it may be refused for being another: WIR-5.
fn bare(probe: &Probe<'_, '_>, verb: &[u8]) -> bool {
    let greeted = probe.greeted_by(Verb::Ehlo) || probe.greeted_by(Verb::Helo);
    probe.text().eq_ignore_ascii_case(verb) && probe.refused() && !greeted
}
