//! Arguments that are no path: greetings, free text, AUTH, BDAT.

use super::cursor::Cursor;
use super::domain::parse_domain;
use super::mailbox::MAX_DOMAIN;
use super::{Command, Leniency, SyntaxError, class};

/// Characters of a mechanism's name (RFC 4422, 3.1).
const MAX_MECHANISM: usize = 20;

/// Any word is taken for a greeting, but only these are strict:
///
/// ```abnf
/// ehlo  = "EHLO" SP ( Domain / address-literal ) CRLF
/// helo  = "HELO" SP Domain CRLF
/// ```
///
/// HELO with an address literal is read as EHLO's: RFC 5321, 4.1.4 speaks of both as one. A U-label is no strict
/// greeting (RFC 6531, 3.7.1).
pub(super) fn parse_greeting<'a>(cursor: &mut Cursor<'a>) -> Result<&'a [u8], SyntaxError> {
    if !cursor.space() {
        return Err(cursor.expected("a space and a domain or an address literal"));
    }
    let start = cursor.at();
    let is_domain = parse_domain(cursor).is_ok() && cursor.is_at_end();
    cursor.set_at(start);
    let greeting = cursor.run(class::VISIBLE | class::HIGH);
    if !cursor.is_at_end() {
        return Err(cursor.expected("the end of the line"));
    }
    if !is_domain || !greeting.is_ascii() {
        cursor.forgive(Leniency::LooseDomain);
    }
    if greeting.len() > MAX_DOMAIN {
        cursor.forgive(Leniency::OverLong);
    }
    Ok(greeting)
}

/// ```abnf
/// data  = "DATA" CRLF
/// rset  = "RSET" CRLF
/// quit  = "QUIT" CRLF
/// ```
pub(super) fn parse_no_argument<'a>(cursor: &mut Cursor<'a>, command: Command<'a>) -> Command<'a> {
    if !cursor.is_at_end() {
        cursor.remainder();
        cursor.forgive(Leniency::UnexpectedArgument);
    }
    command
}

/// Any text is taken: `String`, an atom or a quoted string, has no room for the mailboxes that RFC 5321, 3.5.1
/// itself puts there.
///
/// ```abnf
/// noop  = "NOOP" [ SP String ] CRLF
/// help  = "HELP" [ SP String ] CRLF
/// ```
pub(super) fn parse_optional_argument<'a>(cursor: &mut Cursor<'a>) -> Option<&'a [u8]> {
    if !cursor.space() {
        return None;
    }
    let argument = cursor.remainder();
    if !argument.is_ascii() && !announces_utf8(argument) {
        cursor.forgive(Leniency::EightBitWithoutSmtpUtf8);
    }
    Some(argument)
}

/// ```abnf
/// vrfy  = "VRFY" SP String CRLF
/// expn  = "EXPN" SP String CRLF
/// ```
pub(super) fn parse_argument<'a>(cursor: &mut Cursor<'a>) -> Result<&'a [u8], SyntaxError> {
    let error = cursor.expected("a space and a user's or a list's name");
    parse_optional_argument(cursor).ok_or(error)
}

/// `VRFY name SMTPUTF8` (RFC 6531, 3.7.4.2).
fn announces_utf8(argument: &[u8]) -> bool {
    argument
        .rsplit(|octet| *octet == b' ')
        .next()
        .is_some_and(|word| word.eq_ignore_ascii_case(b"SMTPUTF8"))
}

/// RFC 4954, 8, takes all of it without regard to case. The response may be any visible ASCII here: bad base64 fails
/// the exchange (501), not the command.
///
/// ```abnf
/// auth-command  = "AUTH" SP sasl-mech [SP initial-response]
/// sasl-mech     = 1*20mech-char
/// mech-char     = UPPER-ALPHA / DIGIT / HYPHEN / UNDERSCORE
/// ```
pub(super) fn parse_auth<'a>(cursor: &mut Cursor<'a>) -> Result<Command<'a>, SyntaxError> {
    if !cursor.space() {
        return Err(cursor.expected("a space and a mechanism such as PLAIN"));
    }
    let start = cursor.at();
    let mechanism = cursor.run(class::VISIBLE | class::HIGH);
    let is_mech_char = |octet: &u8| class::is(*octet, class::LDH) || *octet == b'_';
    if let Some(bad) = mechanism.iter().position(|octet| !is_mech_char(octet)) {
        cursor.set_at(start + bad);
        return Err(cursor.expected("a letter, a digit, \"-\" or \"_\" of the mechanism's name"));
    }
    if mechanism.len() > MAX_MECHANISM {
        cursor.set_at(start + MAX_MECHANISM);
        return Err(cursor.expected("at most 20 characters in the mechanism's name"));
    }
    let initial = cursor.space().then(|| cursor.run(class::VISIBLE));
    if !cursor.is_at_end() {
        return Err(cursor.expected("a base64 response and the end of the line"));
    }
    Ok(Command::Auth { mechanism, initial })
}

/// RFC 3030, 2. Sizes that do not fit in 64 bits are errors.
///
/// ```abnf
/// bdat-cmd    = "BDAT" SP chunk-size [ SP end-marker ] CR LF
/// chunk-size  = 1*DIGIT
/// end-marker  = "LAST"
/// ```
pub(super) fn parse_bdat<'a>(cursor: &mut Cursor<'a>) -> Result<Command<'a>, SyntaxError> {
    if !cursor.space() {
        return Err(cursor.expected("a space and a chunk's size"));
    }
    let size = parse_size(cursor)?;
    let last = cursor.space();
    if last && !cursor.eat_word(b"LAST") {
        return Err(cursor.expected("\"LAST\" or the end of the line"));
    }
    if !cursor.is_at_end() {
        return Err(cursor.expected("the end of the line"));
    }
    Ok(Command::Bdat { size, last })
}

/// Digits only: no sign, no separator.
fn parse_size(cursor: &mut Cursor<'_>) -> Result<u64, SyntaxError> {
    let start = cursor.expected("a size below 2^64 in decimal digits");
    let mut size = None;
    while let Some(digit) = cursor.peek().filter(u8::is_ascii_digit) {
        cursor.eat(digit);
        size = size
            .unwrap_or(0_u64)
            .checked_mul(10)
            .and_then(|tens| tens.checked_add(u64::from(digit - b'0')))
            .map(Some)
            .ok_or(start)?;
    }
    size.ok_or(start)
}
