//! Sizes that every server must take (RFC 5321, 4.5.3.1).

use super::{Clause, Holds, clause, probe::Probe, subject::Subjects, understood};
use crate::{
    check::verdict::Rule,
    model::Outcome,
    wire::{Command, Domain, Verb},
};

pub(super) const CLAUSES: &[Clause] = &[
    clause(
        Rule::must(
            "WIR-97",
            "EHLO takes a domain of 255 octets",
            "RFC 5321 4.5.3.1.2; 4.5.3.1: \"Every implementation MUST be able to receive objects of at least these \
             sizes\"",
            "More than 200 octets are looked at here.",
            "EHLO and 255 octets, 501 too long",
        ),
        |probe| {
            let domain = match probe
                .line()
                .and_then(|line| Some(line.parsed.ok()?.command))
            {
                Some(Command::Ehlo { domain }) => domain,
                _ => b"",
            };
            probe.strict()
                && (200..=255).contains(&domain.len())
                && !domain.starts_with(b"[")
                && has_short_labels(domain)
        },
        understood,
    )
    .of(Subjects::verbs(&[Verb::Ehlo])),
    clause(
        Rule::must(
            "WIR-98",
            "MAIL takes a local part of 64 octets",
            "RFC 5321 4.5.3.1.1; 4.5.3.1: \"Every implementation MUST be able to receive objects of at least these \
             sizes\"",
            "More than 50 octets are looked at here.",
            "MAIL FROM:<64 octets@example.org>, 501 too long",
        ),
        |probe| long_local_part(probe, Verb::Mail),
        fits,
    )
    .of(Subjects::verbs(&[Verb::Mail])),
    clause(
        Rule::must(
            "WIR-99",
            "RCPT takes a local part of 64 octets",
            "RFC 5321 4.5.3.1.1; 4.5.3.1: \"Every implementation MUST be able to receive objects of at least these \
             sizes\"",
            "More than 50 octets are looked at here.",
            "RCPT TO:<64 octets@example.org>, 501 too long",
        ),
        |probe| long_local_part(probe, Verb::Rcpt),
        fits,
    )
    .of(Subjects::verbs(&[Verb::Rcpt])),
    clause(
        Rule::must(
            "WIR-100",
            "MAIL takes a path of 256 octets",
            "RFC 5321 4.5.3.1.3; 4.5.3.1: \"Every implementation MUST be able to receive objects of at least these \
             sizes\"",
            "With its brackets. More than 200 octets are looked at here.",
            "MAIL FROM: and a path of 256 octets, 501 too long",
        ),
        |probe| long_path(probe, Verb::Mail),
        fits,
    )
    .of(Subjects::verbs(&[Verb::Mail])),
    clause(
        Rule::must(
            "WIR-101",
            "RCPT takes a path of 256 octets",
            "RFC 5321 4.5.3.1.3; 4.5.3.1: \"Every implementation MUST be able to receive objects of at least these \
             sizes\"",
            "With its brackets. More than 200 octets are looked at here.",
            "RCPT TO: and a path of 256 octets, 501 too long",
        ),
        |probe| long_path(probe, Verb::Rcpt),
        fits,
    )
    .of(Subjects::verbs(&[Verb::Rcpt])),
    clause(
        Rule::must(
            "WIR-102",
            "A text line of 1000 octets is taken",
            "RFC 5321 4.5.3.1.6; 4.5.3.1: \"Every implementation MUST be able to receive objects of at least these \
             sizes\"",
            "With its CRLF. In a session in which an ordinary message was taken before.",
            "DATA, a line of 998 octets and CRLF, 500 line too long",
        ),
        |probe| {
            let longest = longest_line(probe.content());
            probe.message().is_some() && probe.ordinary_taken() && (600..=1000).contains(&longest)
        },
        |probe| probe.taken("its longest line is within the limit"),
    )
    .of(Subjects::MESSAGE),
    clause(
        Rule::must(
            "WIR-103",
            "A message of 64 KiB is taken",
            "RFC 5321 4.5.3.1.7: \"The maximum total length of a message content [...] MUST BE at least 64K octets\"",
            "In a session in which an ordinary message was taken before.",
            "DATA, 60000 octets, 552",
        ),
        |probe| {
            let size = probe.message().and_then(|message| message.content_size);
            size.is_some_and(|size| (32_768..=65_536).contains(&size)) && probe.ordinary_taken()
        },
        |probe| probe.taken("it is within the limit"),
    )
    .of(Subjects::MESSAGE),
    clause(
        Rule::must(
            "WIR-104",
            "A hundred recipients are taken",
            "RFC 5321 4.5.3.1.8: \"The minimum total number of recipients that MUST be buffered is 100 recipients\"",
            "None of the first hundred is refused by 452 or 552, which say that there are too many.",
            "51st RCPT, 452",
        ),
        |probe| {
            let (before, refused) = recipients(probe);
            probe.is(Verb::Rcpt)
                && probe.strict()
                && probe.in_sequence()
                && (20..100).contains(&before)
                && refused == 0
        },
        |probe| probe.none_of(&[452, 552, 500], "a hundred recipients must fit in"),
    )
    .of(Subjects::verbs(&[Verb::Rcpt])),
    clause(
        Rule::should(
            "WIR-105",
            "Too many recipients are refused by 452",
            "RFC 5321 4.5.3.1.10: \"it MUST use a response code of 452\" where it is a limit of the implementation",
            "Where it is the site's policy a 5yz may be meant, but 552 is what RFC 821 had by mistake: \"The correct reply \
             code for this condition is 452\".",
            "101st RCPT, 552",
        ),
        |probe| {
            let (before, refused) = recipients(probe);
            probe.is(Verb::Rcpt)
                && probe.strict()
                && probe.in_sequence()
                && before >= 100
                && refused == 0
        },
        |probe| probe.none_of(&[552], "there are too many recipients: that is 452"),
    )
    .of(Subjects::verbs(&[Verb::Rcpt])),
];

/// A label has 63 octets at most (RFC 1035, 2.3.4).
fn has_short_labels(name: &[u8]) -> bool {
    name.split(|octet| *octet == b'.')
        .all(|label| label.len() < 64)
}

fn long_local_part(probe: &Probe<'_, '_>, verb: Verb) -> bool {
    probe.bare_envelope(verb).is_some_and(|envelope| {
        (51..=64).contains(&envelope.local_part.raw().len())
            && envelope.raw.len() <= 128
            && !envelope.route
            && !envelope.raw.contains(&b'"')
    })
}

fn long_path(probe: &Probe<'_, '_>, verb: Verb) -> bool {
    probe.bare_envelope(verb).is_some_and(|envelope| {
        let named = match envelope.domain {
            Some(Domain::Name(name)) => has_short_labels(name),
            _ => false,
        };
        named
            && (201..=254).contains(&envelope.raw.len())
            && !envelope.route
            && !envelope.raw.contains(&b'"')
    })
}

/// Not called too long, nor unreadable.
fn fits(probe: &Probe<'_, '_>) -> Holds {
    probe.none_of(&[500, 501, 502, 552, 555], "it is within the limit")
}

/// Octets of the longest line with its CRLF, a stuffed dot not counted.
fn longest_line(content: &[u8]) -> usize {
    let lines = content.split_inclusive(|octet| *octet == b'\n');
    lines
        .map(|line| line.len() - usize::from(line.starts_with(b"..")))
        .max()
        .unwrap_or(0)
}

/// How many recipients of the transaction were taken before, and how many not.
fn recipients(probe: &Probe<'_, '_>) -> (usize, usize) {
    let before = probe
        .transaction()
        .filter(|before| before.verb() == Some(Verb::Rcpt));
    before.fold((0, 0), |(taken, refused), before| match before.outcome {
        Outcome::Accepted => (taken + 1, refused),
        _ => (taken, refused + 1),
    })
}
