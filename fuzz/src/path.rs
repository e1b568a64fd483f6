//! Paths: MAIL and RCPT read the same one, what was read can be written down and read again, and its parts are what
//! the grammar says.

use smtpspec_core::wire::{
    Command, Domain, ForwardPath, Leniencies, Leniency, LocalPart, Path, ReversePath, parse_command,
};

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
            is_grammatical(reverse, leniencies);
            reads_back(reverse);
        }
        (reverse, forward) => assert_eq!((reverse, forward), (None, None)),
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
        LocalPart::DotString(text) => {
            assert!(text.split(|octet| *octet == b'.').all(is_atom), "{text:?}");
        }
        LocalPart::QuotedString(text) => assert!(is_quoted(text), "{text:?}"),
    }
    match domain {
        Some(Domain::Name(name)) => assert!(is_name(name), "{name:?}"),
        Some(Domain::AddressLiteral(literal)) => {
            let inner = &literal[1..literal.len() - 1];
            assert!(literal.starts_with(b"[") && literal.ends_with(b"]"));
            assert!(!inner.iter().any(|octet| b"[]\\ ".contains(octet)));
        }
        None => {}
    }
    for at_domain in path
        .route
        .into_iter()
        .flat_map(|route| route.split(|octet| *octet == b','))
    {
        assert!(
            at_domain.strip_prefix(b"@").is_some_and(is_name),
            "{at_domain:?}"
        );
    }
}

fn is_atom(text: &[u8]) -> bool {
    let atext = |octet: &u8| {
        octet.is_ascii_alphanumeric() || b"!#$%&'*+-/=?^_`{|}~".contains(octet) || *octet > 127
    };
    !text.is_empty() && text.iter().all(atext)
}

/// Between its quotes, each quote and backslash stands behind a backslash.
fn is_quoted(text: &[u8]) -> bool {
    let Some([b'"', inner @ .., b'"']) = Some(text) else {
        return false;
    };
    let mut escaped = false;
    for octet in inner {
        match octet {
            0..=31 | 127 => return false,
            _ if escaped => escaped = false,
            b'\\' => escaped = true,
            b'"' => return false,
            _ => {}
        }
    }
    !escaped
}

fn is_name(name: &[u8]) -> bool {
    name.split(|octet| *octet == b'.').all(|label| {
        let ldh = |octet: &u8| octet.is_ascii_alphanumeric() || *octet == b'-' || *octet > 127;
        !label.is_empty()
            && label.iter().all(ldh)
            && !label.starts_with(b"-")
            && !label.ends_with(b"-")
    })
}
