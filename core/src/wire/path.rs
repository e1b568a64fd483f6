//! Paths and mailboxes (RFC 5321, 4.1.2).

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
