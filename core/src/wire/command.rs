//! Commands (RFC 5321, 4.1.1; RFC 3030; RFC 3207; RFC 4954): from a line to a value.

use super::argument::{
    parse_argument, parse_auth, parse_bdat, parse_greeting, parse_no_argument,
    parse_optional_argument,
};
use super::cursor::Cursor;
use super::param::parse_parameters;
use super::path::{parse_forward_path, parse_reverse_path};
use super::strict::parse_usual;
use super::{ForwardPath, Leniencies, Leniency, Parameters, ReversePath, SyntaxError, Verb, class};

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
///
/// A line is an error when it is empty, when it has a control character other than TAB, or when its verb is known
/// and its argument malformed. Every other line is a command, be it [`Command::Unknown`].
pub fn parse_command(line: &[u8]) -> Result<Parsed<'_>, SyntaxError> {
    parse_usual(line, parse_any)
}

/// The long way: any line.
pub(super) fn parse_any(line: &[u8]) -> Result<Parsed<'_>, SyntaxError> {
    parse_with(line, Verb::of_word)
}

/// The same with other verbs: `verb_of` says which the first word is.
pub(super) fn parse_with(
    line: &[u8],
    verb_of: impl FnOnce(&[u8]) -> Verb,
) -> Result<Parsed<'_>, SyntaxError> {
    let mut cursor = Cursor::new(line);
    cursor.trim()?;
    let word = cursor.run(class::VISIBLE | class::HIGH);
    if word.is_empty() {
        return Err(cursor.expected("a command"));
    }
    let command = parse_behind(verb_of(word), word, &mut cursor)?;
    Ok(Parsed {
        command,
        leniencies: cursor.leniencies(),
    })
}

/// Reads what follows `word`, which is `verb`.
fn parse_behind<'a>(
    verb: Verb,
    word: &'a [u8],
    cursor: &mut Cursor<'a>,
) -> Result<Command<'a>, SyntaxError> {
    Ok(match verb {
        Verb::Helo => Command::Helo {
            domain: parse_greeting(cursor)?,
        },
        Verb::Ehlo => Command::Ehlo {
            domain: parse_greeting(cursor)?,
        },
        Verb::Mail => parse_mail(cursor)?,
        Verb::Rcpt => parse_rcpt(cursor)?,
        Verb::Data => parse_no_argument(cursor, Command::Data),
        Verb::Rset => parse_no_argument(cursor, Command::Rset),
        Verb::Quit => parse_no_argument(cursor, Command::Quit),
        Verb::StartTls => parse_no_argument(cursor, Command::StartTls),
        Verb::Noop => Command::Noop {
            argument: parse_optional_argument(cursor),
        },
        Verb::Help => Command::Help {
            argument: parse_optional_argument(cursor),
        },
        Verb::Vrfy => Command::Vrfy {
            argument: parse_argument(cursor)?,
        },
        Verb::Expn => Command::Expn {
            argument: parse_argument(cursor)?,
        },
        Verb::Auth => parse_auth(cursor)?,
        Verb::Bdat => parse_bdat(cursor)?,
        Verb::Unknown => Command::Unknown {
            verb: word,
            argument: cursor.space().then(|| cursor.remainder()),
        },
    })
}

/// ```abnf
/// mail  = "MAIL FROM:" Reverse-path [SP Mail-parameters] CRLF
/// ```
fn parse_mail<'a>(cursor: &mut Cursor<'a>) -> Result<Command<'a>, SyntaxError> {
    parse_preposition(cursor, b"FROM", "\"FROM:\" behind MAIL")?;
    let start = cursor.at();
    let path = parse_reverse_path(cursor)?;
    let parameters = parse_parameters(cursor)?;
    check_eight_bit(cursor, start, parameters)?;
    Ok(Command::Mail { path, parameters })
}

/// ```abnf
/// rcpt  = "RCPT TO:" ( "<Postmaster@" Domain ">" / "<Postmaster>" / Forward-path ) [SP Rcpt-parameters] CRLF
/// ```
fn parse_rcpt<'a>(cursor: &mut Cursor<'a>) -> Result<Command<'a>, SyntaxError> {
    parse_preposition(cursor, b"TO", "\"TO:\" behind RCPT")?;
    let start = cursor.at();
    let path = parse_forward_path(cursor)?;
    let parameters = parse_parameters(cursor)?;
    check_eight_bit(cursor, start, parameters)?;
    Ok(Command::Rcpt { path, parameters })
}

/// The `FROM:` of MAIL or the `TO:` of RCPT, with the spaces that are often put around it.
fn parse_preposition(
    cursor: &mut Cursor<'_>,
    word: &[u8],
    expected: &'static str,
) -> Result<(), SyntaxError> {
    if !cursor.space() || !cursor.eat_word(word) {
        return Err(cursor.expected(expected));
    }
    if cursor.white_space() > 0 {
        cursor.forgive(Leniency::SpaceBeforeColon);
    }
    if !cursor.eat(b':') {
        return Err(cursor.expected("\":\""));
    }
    if cursor.white_space() > 0 {
        cursor.forgive(Leniency::SpaceAfterColon);
    }
    Ok(())
}

/// Octets above 127, from `start` on, are UTF-8 and announced by the parameter SMTPUTF8 (RFC 6531, 3.4). UTF-8
/// without it is forgiven, other octets never are.
fn check_eight_bit(
    cursor: &mut Cursor<'_>,
    start: usize,
    parameters: Parameters<'_>,
) -> Result<(), SyntaxError> {
    if !cursor.eight_bit() {
        return Ok(());
    }
    if let Err(error) = core::str::from_utf8(cursor.since(start)) {
        return Err(SyntaxError {
            at: start + error.valid_up_to(),
            expected: "UTF-8",
        });
    }
    if parameters.get("SMTPUTF8").is_none() {
        cursor.forgive(Leniency::EightBitWithoutSmtpUtf8);
    }
    Ok(())
}
