//! AUT-1: what EHLO's reply says of authentication.

use crate::{
    check::{
        verdict::Level,
        view::{Found, View},
        wir::texts,
    },
    model::{Exchange, Outcome},
    octets::escape,
    wire::Verb,
};

/// Characters of a mechanism's name (RFC 4422, 3.1).
const MAX_NAME: usize = 20;

/// As many mechanisms are looked at: no server has more, and the work stays bounded.
const MOST: usize = 64;

/// The mechanisms that the greeting answered in `exchange` announced. A server's second spelling, `AUTH=`, is for
/// clients older than the standard, and announces nothing.
pub(super) fn mechanisms<'a>(view: &'a View<'_>, exchange: &Exchange<'_>) -> Vec<&'a [u8]> {
    let reply = view
        .reply(exchange)
        .filter(|_| exchange.verb() == Some(Verb::Ehlo));
    let lines = reply.map(|reply| texts(&reply.reply.raw).skip(1));
    let names = lines.into_iter().flatten().filter_map(|text| {
        let mut words = text.split(|octet| *octet == b' ');
        let is_auth = words.next()?.eq_ignore_ascii_case(b"AUTH");
        is_auth.then_some(words)
    });
    names
        .flatten()
        .filter(|name| !name.is_empty())
        .take(MOST)
        .collect()
}

/// Whether an EHLO of the session was answered with mechanisms.
pub(super) fn are_offered(view: &View<'_>) -> bool {
    let mut greetings = view.exchanges().iter();
    greetings.any(|exchange| {
        exchange.outcome == Outcome::Accepted && !mechanisms(view, exchange).is_empty()
    })
}

/// The first thing that is wrong with what was announced.
pub(super) fn judge(view: &View<'_>) -> Option<Found> {
    view.exchanges().iter().find_map(|exchange| {
        let names = mechanisms(view, exchange);
        let (level, what) = (0..names.len()).find_map(|at| wrong(&names[..at], names[at]))?;
        let entry = view.reply(exchange).map(|reply| reply.entry);
        Some(Found {
            level: Some(level),
            ..Found::new("AUT-1", entry, format!("{} announced {what}", view.ehlo()))
        })
    })
}

/// What is wrong with `name`, which stands behind others.
///
/// ```abnf
/// sasl-mech    = 1*20mech-char                             ; RFC 4422, 3.1
/// mech-char    = UPPER-ALPHA / DIGIT / HYPHEN / UNDERSCORE
/// ```
fn wrong(before: &[&[u8]], name: &[u8]) -> Option<(Level, String)> {
    let shown = escape(name);
    let is_mech_char = |octet: &u8| octet.is_ascii_alphanumeric() || matches!(octet, b'-' | b'_');
    if name.len() > MAX_NAME || !name.iter().all(is_mech_char) {
        return Some((
            Level::Must,
            format!("`{shown}`, which is no mechanism's name"),
        ));
    }
    if name.iter().any(u8::is_ascii_lowercase) {
        return Some((
            Level::Must,
            format!("`{shown}`, and names are in upper case"),
        ));
    }
    let twice = before.iter().any(|other| other.eq_ignore_ascii_case(name));
    twice.then(|| (Level::Should, format!("`{shown}` twice")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_in_upper_case_short_and_unique() {
        let before: [&[u8]; 2] = [b"PLAIN", b"SCRAM-SHA-256"];
        let level = |name: &str| wrong(&before, name.as_bytes()).map(|(level, _)| level);
        assert_eq!(level("LOGIN"), None);
        assert_eq!(level("X_OAUTH-2"), None);
        assert_eq!(level("login"), Some(Level::Must));
        assert_eq!(level("A.B"), Some(Level::Must));
        assert_eq!(level("ABCDEFGHIJKLMNOPQRSTU"), Some(Level::Must));
        assert_eq!(level("PLAIN"), Some(Level::Should));
    }
}
