//! The strict grammar of command lines (RFC 5321, 4.1), as obvious as it can be written: whole words, cut and compared,
//! and no place in the line. Of each word it says only whether the grammar has it.

use core::net::{Ipv4Addr, Ipv6Addr};

/// Whether `line`, without its line end, is a known command that needs no forgiving.
pub(crate) fn is_command(line: &[u8]) -> bool {
    if line.iter().any(|octet| *octet < b' ' || *octet == 127) {
        return false;
    }
    let (verb, argument) = cut_at(line, b' ');
    match (verb.to_ascii_uppercase().as_slice(), argument) {
        (b"DATA" | b"RSET" | b"QUIT" | b"STARTTLS", argument) => argument.is_none(),
        (b"HELO" | b"EHLO", Some(domain)) => {
            domain.is_ascii() && domain.len() <= 255 && is_domain(domain)
        }
        (b"MAIL", Some(argument)) => {
            is_envelope(argument, b"FROM:", |path| path.is_empty() || is_path(path))
        }
        (b"RCPT", Some(argument)) => is_envelope(argument, b"TO:", |path| {
            path.eq_ignore_ascii_case(b"Postmaster") || is_path(path)
        }),
        (b"NOOP" | b"HELP", None) => true,
        (b"NOOP" | b"HELP" | b"VRFY" | b"EXPN", Some(text)) => is_text(text),
        (b"AUTH", Some(argument)) => is_auth(argument),
        (b"BDAT", Some(argument)) => is_chunk(argument),
        _ => false,
    }
}

/// What is before the first `octet`, and what is behind it.
fn cut_at(text: &[u8], octet: u8) -> (&[u8], Option<&[u8]>) {
    let mut halves = text.splitn(2, |other| *other == octet);
    (halves.next().unwrap_or_default(), halves.next())
}

/// A path in its brackets and its parameters. A bracket inside quotes ends no path.
fn is_envelope(argument: &[u8], preposition: &[u8], is_inner: fn(&[u8]) -> bool) -> bool {
    let Some((word, rest)) = argument.split_at_checked(preposition.len()) else {
        return false;
    };
    let is_bracket = |(_, octet): &(usize, &u8)| **octet == b'>';
    let ends = rest.iter().enumerate().filter(is_bracket);
    word.eq_ignore_ascii_case(preposition)
        && ends.map(|(end, _)| end).any(|end| {
            let inner = rest[..end].strip_prefix(b"<");
            let parameters = &rest[end + 1..];
            inner.is_some_and(is_inner)
                && is_parameters(parameters)
                && (rest.is_ascii() || announces_utf8(rest, parameters))
        })
}

fn announces_utf8(rest: &[u8], parameters: &[u8]) -> bool {
    let mut words = parameters.split(|octet| *octet == b' ');
    core::str::from_utf8(rest).is_ok()
        && words.any(|word| cut_at(word, b'=').0.eq_ignore_ascii_case(b"SMTPUTF8"))
}

/// Nothing, or a space before each parameter.
fn is_parameters(text: &[u8]) -> bool {
    let Some(words) = text.strip_prefix(b" ") else {
        return text.is_empty();
    };
    words.split(|octet| *octet == b' ').all(|word| {
        let (keyword, value) = cut_at(word, b'=');
        keyword.first().is_some_and(u8::is_ascii_alphanumeric)
            && keyword.iter().copied().all(is_ldh)
            && value.is_none_or(|value| !value.is_empty() && !value.contains(&b'='))
    })
}

/// What stands between the brackets, a null path or `Postmaster` aside.
fn is_path(path: &[u8]) -> bool {
    let mailbox = match path {
        [b'@', ..] => {
            let (route, mailbox) = cut_at(path, b':');
            if !is_route(route) {
                return false;
            }
            mailbox.unwrap_or_default()
        }
        _ => path,
    };
    // An `@` may stand in quotes, and in a literal.
    let mut ats = (0..mailbox.len()).filter(|at| mailbox[*at] == b'@');
    path.len() <= 254 && ats.any(|at| is_mailbox(&mailbox[..at], &mailbox[at + 1..]))
}

fn is_mailbox(local_part: &[u8], domain: &[u8]) -> bool {
    (1..=64).contains(&local_part.len())
        && (is_dot_string(local_part) || is_quoted(local_part))
        && domain.len() <= 255
        && is_domain(domain)
}

/// `@a,@b`
pub(crate) fn is_route(route: &[u8]) -> bool {
    let mut hops = route.split(|octet| *octet == b',');
    hops.all(|hop| hop.strip_prefix(b"@").is_some_and(is_name))
}

pub(crate) fn is_dot_string(text: &[u8]) -> bool {
    let atext = |octet: &u8| {
        octet.is_ascii_alphanumeric() || b"!#$%&'*+-/=?^_`{|}~".contains(octet) || *octet > 127
    };
    let mut atoms = text.split(|octet| *octet == b'.');
    atoms.all(|atom| !atom.is_empty() && atom.iter().all(atext))
}

/// Between its quotes, each quote and backslash stands behind a backslash, and no octet above 127 does.
pub(crate) fn is_quoted(text: &[u8]) -> bool {
    let [b'"', inner @ .., b'"'] = text else {
        return false;
    };
    let mut escaped = false;
    for octet in inner {
        match octet {
            0..=31 | 127 => return false,
            128.. if escaped => return false,
            _ if escaped => escaped = false,
            b'\\' => escaped = true,
            b'"' => return false,
            _ => {}
        }
    }
    !escaped
}

fn is_domain(domain: &[u8]) -> bool {
    is_name(domain) || is_literal(domain)
}

pub(crate) fn is_name(name: &[u8]) -> bool {
    name.split(|octet| *octet == b'.').all(|label| {
        !label.is_empty()
            && label.iter().all(|octet| is_ldh(*octet) || *octet > 127)
            && !label.starts_with(b"-")
            && !label.ends_with(b"-")
    })
}

/// In its brackets: an address, or a tag and what it says.
pub(crate) fn is_literal(literal: &[u8]) -> bool {
    let [b'[', inner @ .., b']'] = literal else {
        return false;
    };
    let dcontent = |octet: &u8| (33..=126).contains(octet) && !b"[\\]".contains(octet);
    if !inner.iter().all(dcontent) {
        return false;
    }
    let (tag, rest) = cut_at(inner, b':');
    match rest {
        None => reads_as::<Ipv4Addr>(inner),
        Some(address) if tag.eq_ignore_ascii_case(b"IPv6") => reads_as::<Ipv6Addr>(address),
        Some(text) => {
            !text.is_empty()
                && tag.iter().copied().all(is_ldh)
                && tag.last().is_some_and(u8::is_ascii_alphanumeric)
        }
    }
}

fn reads_as<A: core::str::FromStr>(text: &[u8]) -> bool {
    core::str::from_utf8(text).is_ok_and(|text| text.parse::<A>().is_ok())
}

const fn is_ldh(octet: u8) -> bool {
    octet.is_ascii_alphanumeric() || octet == b'-'
}

/// Free text, which may say at its end that it is UTF-8 (RFC 6531, 3.7.4.2).
fn is_text(text: &[u8]) -> bool {
    let last = text.rsplit(|octet| *octet == b' ').next();
    let announced = last.is_some_and(|word| word.eq_ignore_ascii_case(b"SMTPUTF8"));
    !text.is_empty()
        && !text.starts_with(b" ")
        && !text.ends_with(b" ")
        && (announced || text.is_ascii())
}

/// RFC 4954, 8.
fn is_auth(argument: &[u8]) -> bool {
    let (mechanism, initial) = cut_at(argument, b' ');
    (1..=20).contains(&mechanism.len())
        && mechanism
            .iter()
            .all(|octet| is_ldh(*octet) || *octet == b'_')
        && initial.is_none_or(|response| {
            !response.is_empty() && response.iter().all(u8::is_ascii_graphic)
        })
}

/// RFC 3030, 2.
fn is_chunk(argument: &[u8]) -> bool {
    let (size, marker) = cut_at(argument, b' ');
    let digits = core::str::from_utf8(size).unwrap_or_default();
    size.iter().all(u8::is_ascii_digit)
        && digits.parse::<u64>().is_ok()
        && marker.is_none_or(|marker| marker.eq_ignore_ascii_case(b"LAST"))
}
