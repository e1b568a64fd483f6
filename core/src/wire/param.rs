//! ESMTP parameters (RFC 5321, 4.1.2: Mail-parameters, Rcpt-parameters).

use super::cursor::{Cursor, is_white_space};
use super::lanes::{MOST, find_near, octets_in};
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
        Words { rest: self.raw }.map(Parameter::of_word)
    }

    /// The first whose keyword is `keyword`, without regard to case.
    pub fn get(self, keyword: &str) -> Option<Parameter<'a>> {
        self.iter()
            .find(|p| p.keyword.eq_ignore_ascii_case(keyword.as_bytes()))
    }
}

/// What stands between white space.
struct Words<'a> {
    rest: &'a [u8],
}

impl<'a> Iterator for Words<'a> {
    type Item = &'a [u8];

    #[inline]
    fn next(&mut self) -> Option<&'a [u8]> {
        while let Some((octet, behind)) = self.rest.split_first() {
            if !is_white_space(*octet) {
                let (word, rest) = self.rest.split_at(word_end(self.rest));
                self.rest = rest;
                return Some(word);
            }
            self.rest = behind;
        }
        None
    }
}

/// How long the word at the front of `text` is.
#[inline]
fn word_end(text: &[u8]) -> usize {
    let [ends] = octets_in(text, |octets| [octets.is(b' ').or(octets.is(b'\t'))]);
    if ends != 0 {
        return ends.trailing_zeros() as usize;
    }
    let behind = text.get(MOST..).unwrap_or_default();
    let end = behind.iter().position(|octet| is_white_space(*octet));
    end.map_or(text.len(), |end| MOST + end)
}

impl<'a> Parameter<'a> {
    /// Cuts at the first `=`: a keyword cannot have one.
    #[inline]
    fn of_word(word: &'a [u8]) -> Self {
        let (keyword, value) = match find_near(b'=', word) {
            Some(equals) => (&word[..equals], Some(&word[equals + 1..])),
            None => (word, None),
        };
        Self { keyword, value }
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

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn parameters_are_what_stands_between_white_space(raw in "([a-c=]{0,70}[ \t]{0,2}){0,5}") {
            let read: Vec<_> = Parameters { raw: raw.as_bytes() }.iter().collect();
            let words = raw.split([' ', '\t']).filter(|word| !word.is_empty());
            let expected: Vec<_> = words
                .map(|word| {
                    let (keyword, value) = word.split_once('=').map_or((word, None), |(k, v)| (k, Some(v)));
                    Parameter { keyword: keyword.as_bytes(), value: value.map(str::as_bytes) }
                })
                .collect();
            prop_assert_eq!(read, expected);
        }
    }
}
