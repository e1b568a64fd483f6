//! Mailboxes (RFC 5321, 4.1.2): local part, `@`, domain.

use super::cursor::Cursor;
use super::domain::parse_domain;
use super::{Leniency, SyntaxError, class};

/// Octets of a local part (RFC 5321, 4.5.3.1.1).
const MAX_LOCAL_PART: usize = 64;
/// Octets of a domain (RFC 5321, 4.5.3.1.2).
pub(super) const MAX_DOMAIN: usize = 255;

/// `local-part@domain`
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Mailbox<'a> {
    /// Left of the `@`.
    pub local_part: LocalPart<'a>,
    /// Right of it; absent only with the leniency for it.
    pub domain: Option<Domain<'a>>,
}

/// Left of the `@`, as sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LocalPart<'a> {
    /// `a.b`
    DotString(&'a [u8]),
    /// `"a b"`, with its quotes.
    QuotedString(&'a [u8]),
}

/// Right of the `@`, as sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Domain<'a> {
    /// `example.org`
    Name(&'a [u8]),
    /// `[192.0.2.1]`, `[IPv6:2001:db8::1]`, with its brackets.
    AddressLiteral(&'a [u8]),
}

impl<'a> LocalPart<'a> {
    /// As sent, a quoted string with its quotes.
    pub const fn raw(self) -> &'a [u8] {
        match self {
            Self::DotString(raw) | Self::QuotedString(raw) => raw,
        }
    }
}

impl<'a> Domain<'a> {
    /// As sent, an address literal with its brackets.
    pub const fn raw(self) -> &'a [u8] {
        match self {
            Self::Name(raw) | Self::AddressLiteral(raw) => raw,
        }
    }
}

/// A local part alone is taken too; whether it needed forgiving is for the caller to say, who knows `Postmaster`.
///
/// ```abnf
/// Mailbox  = Local-part "@" ( Domain / address-literal )
/// ```
pub(super) fn parse_mailbox<'a>(cursor: &mut Cursor<'a>) -> Result<Mailbox<'a>, SyntaxError> {
    let local_part = parse_local_part(cursor)?;
    if local_part.raw().len() > MAX_LOCAL_PART {
        cursor.forgive(Leniency::OverLong);
    }
    if !cursor.eat(b'@') {
        return Ok(Mailbox {
            local_part,
            domain: None,
        });
    }
    let domain = parse_domain(cursor)?;
    if domain.raw().len() > MAX_DOMAIN {
        cursor.forgive(Leniency::OverLong);
    }
    Ok(Mailbox {
        local_part,
        domain: Some(domain),
    })
}

/// ```abnf
/// Local-part  = Dot-string / Quoted-string
/// Dot-string  = Atom *("."  Atom)
/// Atom        = 1*atext
/// ```
fn parse_local_part<'a>(cursor: &mut Cursor<'a>) -> Result<LocalPart<'a>, SyntaxError> {
    if cursor.peek() == Some(b'"') {
        return parse_quoted_string(cursor).map(LocalPart::QuotedString);
    }
    let start = cursor.at();
    loop {
        if cursor.run(class::ATEXT).is_empty() {
            return Err(cursor.expected("a mailbox's local part"));
        }
        if !cursor.eat(b'.') {
            return Ok(LocalPart::DotString(cursor.since(start)));
        }
    }
}

/// ```abnf
/// Quoted-string     = DQUOTE *QcontentSMTP DQUOTE
/// QcontentSMTP      = qtextSMTP / quoted-pairSMTP
/// quoted-pairSMTP   = %d92 %d32-126
/// ```
fn parse_quoted_string<'a>(cursor: &mut Cursor<'a>) -> Result<&'a [u8], SyntaxError> {
    let start = cursor.at();
    cursor.eat(b'"');
    loop {
        cursor.run(class::QTEXT);
        if cursor.eat(b'"') {
            return Ok(cursor.since(start));
        }
        if !cursor.eat(b'\\') {
            return Err(cursor.expected("the closing quote of the local part"));
        }
        if !cursor
            .peek()
            .is_some_and(|octet| matches!(octet, b' '..=b'~'))
        {
            return Err(cursor.expected("a printable character behind the backslash"));
        }
        cursor.set_at(cursor.at() + 1);
    }
}
