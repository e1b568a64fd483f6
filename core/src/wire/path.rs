//! Paths (RFC 5321, 4.1.2): what MAIL and RCPT name, and the grammar around the mailbox in it.

use super::cursor::Cursor;
use super::domain::parse_name;
use super::mailbox::{Mailbox, parse_mailbox};
use super::{Leniency, SyntaxError};

/// Octets of a path with its brackets (RFC 5321, 4.5.3.1.3).
const MAX_PATH: usize = 256;

/// MAIL's argument.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ReversePath<'a> {
    /// `<>`
    Null,
    /// `<...>`
    Path(Path<'a>),
}

/// RCPT's argument.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ForwardPath<'a> {
    /// `<Postmaster>` without a domain, in any case, as sent.
    Postmaster(&'a [u8]),
    /// `<...>`
    Path(Path<'a>),
}

/// A path: an optional source route and a mailbox.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Path<'a> {
    /// What stands between the angle brackets (or in their place), as sent.
    pub raw: &'a [u8],
    /// `@a,@b` of `<@a,@b:c@d>`; obsolete, must be taken, should be ignored.
    pub route: Option<&'a [u8]>,
    /// The rest.
    pub mailbox: Mailbox<'a>,
}

impl<'a> ReversePath<'a> {
    /// What stands between the angle brackets, as sent.
    pub const fn raw(self) -> &'a [u8] {
        match self {
            Self::Null => b"",
            Self::Path(path) => path.raw,
        }
    }
}

impl<'a> ForwardPath<'a> {
    /// What stands between the angle brackets, as sent.
    pub const fn raw(self) -> &'a [u8] {
        match self {
            Self::Postmaster(raw) => raw,
            Self::Path(path) => path.raw,
        }
    }
}

/// MAIL's argument.
///
/// ```abnf
/// Reverse-path  = Path / "<>"
/// ```
pub(super) fn parse_reverse_path<'a>(
    cursor: &mut Cursor<'a>,
) -> Result<ReversePath<'a>, SyntaxError> {
    if cursor.is_at_end() {
        return Err(cursor.expected("a reverse-path such as <a@example.org> or <>"));
    }
    if cursor.eat_word(b"<>") {
        return Ok(ReversePath::Null);
    }
    let path = parse_path(cursor)?;
    if path.mailbox.domain.is_none() {
        cursor.forgive(Leniency::NoDomain);
    }
    Ok(ReversePath::Path(path))
}

/// RCPT's argument (RFC 5321, 4.1.1.3).
///
/// ```abnf
/// ( "<Postmaster@" Domain ">" / "<Postmaster>" / Forward-path )
/// Forward-path  = Path
/// ```
pub(super) fn parse_forward_path<'a>(
    cursor: &mut Cursor<'a>,
) -> Result<ForwardPath<'a>, SyntaxError> {
    if cursor.is_at_end() || cursor.rest().starts_with(b"<>") {
        return Err(cursor.expected("a forward-path such as <a@example.org>"));
    }
    let path = parse_path(cursor)?;
    if path.raw.eq_ignore_ascii_case(b"Postmaster") {
        return Ok(ForwardPath::Postmaster(path.raw));
    }
    if path.mailbox.domain.is_none() {
        cursor.forgive(Leniency::NoDomain);
    }
    Ok(ForwardPath::Path(path))
}

/// ```abnf
/// Path  = "<" [ A-d-l ":" ] Mailbox ">"
/// ```
fn parse_path<'a>(cursor: &mut Cursor<'a>) -> Result<Path<'a>, SyntaxError> {
    let bracketed = cursor.eat(b'<');
    if !bracketed {
        cursor.forgive(Leniency::NoAngleBrackets);
    }
    let start = cursor.at();
    let route = parse_source_route(cursor)?;
    let mailbox = parse_mailbox(cursor)?;
    let raw = cursor.since(start);
    if raw.len() + 2 > MAX_PATH {
        cursor.forgive(Leniency::OverLong);
    }
    if bracketed && !cursor.eat(b'>') {
        return Err(cursor.expected("\">\" behind the mailbox"));
    }
    Ok(Path {
        raw,
        route,
        mailbox,
    })
}

/// The part `A-d-l ":"` of a path, if it has one.
///
/// ```abnf
/// A-d-l      = At-domain *( "," At-domain )
/// At-domain  = "@" Domain
/// ```
fn parse_source_route<'a>(cursor: &mut Cursor<'a>) -> Result<Option<&'a [u8]>, SyntaxError> {
    let start = cursor.at();
    if cursor.peek() != Some(b'@') {
        return Ok(None);
    }
    loop {
        if !cursor.eat(b'@') {
            return Err(cursor.expected("\"@\" and a domain of the source route"));
        }
        parse_name(cursor)?;
        if !cursor.eat(b',') {
            break;
        }
    }
    let route = cursor.since(start);
    if !cursor.eat(b':') {
        return Err(cursor.expected("\":\" behind the source route"));
    }
    Ok(Some(route))
}
