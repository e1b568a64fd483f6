//! Commands (RFC 5321, 4.1.1).

use super::{ForwardPath, Leniencies, Parameters, ReversePath, SyntaxError};

/// The verb at the front of a line, whatever follows it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[allow(missing_docs, reason = "the verbs are their own names")]
pub enum Verb {
    Helo,
    Ehlo,
    Mail,
    Rcpt,
    Data,
    Rset,
    Noop,
    Help,
    Quit,
    Vrfy,
    Expn,
    Auth,
    StartTls,
    Bdat,
    Unknown,
}

impl Verb {
    /// The verb of `line`, which may be malformed behind it. Leading white space is passed over.
    pub fn of(line: &[u8]) -> Self {
        let _ = line;
        todo!()
    }

    /// As in the RFC: `MAIL`, `STARTTLS`; the unknown verb is `?`.
    pub const fn name(self) -> &'static str {
        todo!()
    }
}

/// A well-formed command; arguments as sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[allow(
    missing_docs,
    reason = "the variants are the RFC's verbs and the fields its arguments"
)]
pub enum Command<'a> {
    Helo {
        domain: &'a [u8],
    },
    Ehlo {
        domain: &'a [u8],
    },
    Mail {
        path: ReversePath<'a>,
        parameters: Parameters<'a>,
    },
    Rcpt {
        path: ForwardPath<'a>,
        parameters: Parameters<'a>,
    },
    Data,
    Rset,
    Noop {
        argument: Option<&'a [u8]>,
    },
    Help {
        argument: Option<&'a [u8]>,
    },
    Quit,
    Vrfy {
        argument: &'a [u8],
    },
    Expn {
        argument: &'a [u8],
    },
    Auth {
        mechanism: &'a [u8],
        initial: Option<&'a [u8]>,
    },
    StartTls,
    Bdat {
        size: u64,
        last: bool,
    },
    /// A line whose first word is none of the above.
    Unknown {
        verb: &'a [u8],
        argument: Option<&'a [u8]>,
    },
}

/// A command and what had to be forgiven to read it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Parsed<'a> {
    /// The command.
    pub command: Command<'a>,
    /// What the strict grammar forbids in the line.
    pub leniencies: Leniencies,
}

/// Reads a command line, given without its line end.
pub fn parse_command(line: &[u8]) -> Result<Parsed<'_>, SyntaxError> {
    let _ = line;
    todo!()
}
