//! ESMTP parameters (RFC 5321, 4.1.2: Mail-parameters, Rcpt-parameters).

use super::cursor::{Cursor, is_white_space};
use super::{SyntaxError, class};

/// The parameters behind a path, as sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Parameters<'a> {
    /// From the first keyword on, without trailing white space; empty when there are none.
    pub raw: &'a [u8],
}

/// One parameter.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Parameter<'a> {
    /// As sent; compare without regard to case.
    pub keyword: &'a [u8],
    /// What follows `=`.
    pub value: Option<&'a [u8]>,
}

impl<'a> Parameters<'a> {
    /// Each in turn. Well formed, since the command parser has looked at them.
    pub fn iter(self) -> impl Iterator<Item = Parameter<'a>> {
        self.raw
            .split(|octet| is_white_space(*octet))
            .filter(|word| !word.is_empty())
            .map(Parameter::of_word)
    }

    /// The first whose keyword is `keyword`, without regard to case.
    pub fn get(self, keyword: &str) -> Option<Parameter<'a>> {
        self.iter()
            .find(|p| p.keyword.eq_ignore_ascii_case(keyword.as_bytes()))
    }
}

impl<'a> Parameter<'a> {
    /// Cuts at the first `=`: a keyword cannot have one.
    fn of_word(word: &'a [u8]) -> Self {
        let mut halves = word.splitn(2, |octet| *octet == b'=');
        Self {
            keyword: halves.next().unwrap_or_default(),
            value: halves.next(),
        }
    }
}

/// What may follow a path, up to the line's end.
///
/// ```abnf
/// [SP Mail-parameters]
/// Mail-parameters  = esmtp-param *(SP esmtp-param)
/// Rcpt-parameters  = esmtp-param *(SP esmtp-param)
/// ```
pub(super) fn parse_parameters<'a>(cursor: &mut Cursor<'a>) -> Result<Parameters<'a>, SyntaxError> {
    if cursor.is_at_end() {
        return Ok(Parameters::default());
    }
    if !cursor.space() {
        return Err(cursor.expected("a space or the end of the line"));
    }
    let start = cursor.at();
    loop {
        parse_parameter(cursor)?;
        if cursor.is_at_end() {
            return Ok(Parameters {
                raw: cursor.since(start),
            });
        }
        if !cursor.space() {
            return Err(cursor.expected("a space between parameters"));
        }
    }
}

/// ```abnf
/// esmtp-param    = esmtp-keyword ["=" esmtp-value]
/// esmtp-keyword  = (ALPHA / DIGIT) *(ALPHA / DIGIT / "-")
/// esmtp-value    = 1*(%d33-60 / %d62-126)
/// ```
fn parse_parameter(cursor: &mut Cursor<'_>) -> Result<(), SyntaxError> {
    if !cursor
        .peek()
        .is_some_and(|octet| class::is(octet, class::LET_DIG))
    {
        return Err(cursor.expected("a parameter such as SIZE=1000"));
    }
    cursor.run(class::LDH);
    if cursor.eat(b'=') && cursor.run(class::VALUE).is_empty() {
        return Err(cursor.expected("the parameter's value"));
    }
    Ok(())
}
