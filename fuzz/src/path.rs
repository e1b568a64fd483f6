//! Paths: MAIL and RCPT read the same one, what was read can be written down and read again, and its parts, and whether
//! it needs forgiving, are what an obvious reading of the grammar says.

use smtpspec_core::wire::{
    Command, Domain, ForwardPath, Leniencies, Leniency, LocalPart, Path, ReversePath, parse_command,
};

use super::grammar;

/// Panics if `argument`, behind `MAIL FROM:` and behind `RCPT TO:`, shows that the parser of paths is wrong.
pub fn path(argument: &[u8]) {
    let mail = [b"MAIL FROM:", argument].concat();
    let rcpt = [b"RCPT TO:", argument].concat();
    match (parse_mail(&mail), parse_rcpt(&rcpt)) {
        (Some((ReversePath::Null, ..)), forward) => assert_eq!(forward, None, "no recipient"),
        (Some((ReversePath::Path(reverse), leniencies)), Some((forward, forward_leniencies))) => {
            assert_eq!(reverse.raw, forward.raw());
            match forward {
                ForwardPath::Postmaster(_) => assert!(leniencies.contains(Leniency::NoDomain)),
                ForwardPath::Path(path) => {
                    assert_eq!((path, forward_leniencies), (reverse, leniencies));
                }
            }
            assert_eq!(leniencies.is_empty(), grammar::is_command(&mail), "MAIL");
            is_grammatical(reverse, leniencies);
            reads_back(reverse);
        }
        (reverse, forward) => {
            assert_eq!((reverse, forward), (None, None));
            assert!(!grammar::is_command(&mail) && !grammar::is_command(&rcpt));
        }
    }
}

fn parse_mail(line: &[u8]) -> Option<(ReversePath<'_>, Leniencies)> {
    let parsed = parse_command(line).ok()?;
    match parsed.command {
        Command::Mail { path, .. } => Some((path, parsed.leniencies)),
        other => panic!("MAIL FROM: was read as {other:?}"),
    }
}

fn parse_rcpt(line: &[u8]) -> Option<(ForwardPath<'_>, Leniencies)> {
    let parsed = parse_command(line).ok()?;
    match parsed.command {
        Command::Rcpt { path, .. } => Some((path, parsed.leniencies)),
        other => panic!("RCPT TO: was read as {other:?}"),
    }
}

/// In its strict spelling, the path is the same and needs no more forgiving than its own parts do.
fn reads_back(path: Path<'_>) {
    let line = [b"MAIL FROM:<", path.raw, b"> SMTPUTF8"].concat();
    let (again, leniencies) = parse_mail(&line).expect("a path that was read before");
    assert_eq!(again, ReversePath::Path(path));
    for leniency in leniencies.iter() {
        assert!(
            [Leniency::NoDomain, Leniency::OverLong].contains(&leniency),
            "{leniency:?} in a strict spelling"
        );
    }
}

/// Holds the parts to RFC 5321, 4.1.2 and 4.5.3.1.
fn is_grammatical(path: Path<'_>, leniencies: Leniencies) {
    let local_part = path.mailbox.local_part;
    let domain = path.mailbox.domain;
    let over_long = path.raw.len() > 254
        || local_part.raw().len() > 64
        || domain.is_some_and(|domain| domain.raw().len() > 255);
    // A parameter may be too long as well.
    assert!(!over_long || leniencies.contains(Leniency::OverLong));
    assert_eq!(domain.is_none(), leniencies.contains(Leniency::NoDomain));
    match local_part {
        LocalPart::DotString(text) => assert!(grammar::is_dot_string(text), "{text:?}"),
        LocalPart::QuotedString(text) => assert!(grammar::is_quoted(text), "{text:?}"),
    }
    match domain {
        Some(Domain::Name(name)) => assert!(grammar::is_name(name), "{name:?}"),
        Some(Domain::AddressLiteral(literal)) => {
            assert!(grammar::is_literal(literal), "{literal:?}");
        }
        None => {}
    }
    assert!(path.route.is_none_or(grammar::is_route), "{path:?}");
}
