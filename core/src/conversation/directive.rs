//! The lines that begin with `%`: what each says.

use core::str;

use super::{
    LONGEST_PAUSE_MS, ReplyPattern, StartTls, Step, raw,
    words::{Word, Words},
};
use crate::{
    event::{EventKind, HandlerAction, HandlerRule},
    repeat::{Repeat, RepeatError},
    wire::SyntaxError,
};

/// What a directive says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Directive {
    Comment,
    Title(String),
    Purpose(String),
    Source(String),
    Handler(HandlerRule),
    Lmtp,
    Early,
    Raw(Vec<u8>),
    Segment,
    Cut,
    End,
    /// `%repeat`, `%expect`, `%pause` and the ends of a connection.
    Step(Step),
}

type Result<T> = core::result::Result<T, SyntaxError>;

const fn wrong<T>(at: usize, expected: &'static str) -> Result<T> {
    Err(SyntaxError { at, expected })
}

/// Reads a directive from its `%` to the end of its line.
///
/// ```text
/// directive = "%#" *OCTET
///           / "%title" text / "%purpose" text / "%source" text
///           / "%handler" handler / "%expect" 1*( blank code ) / "%raw" blank quoted
///           / "%repeat" blank 1*DIGIT blank quoted
///           / "%pause" blank duration / "%lmtp" / "%early" / "%segment" / "%cut" / "%end"
///           / "%silence" / "%half-close" / "%close" / "%reset"
///           / "%tls" [ blank ( "if-accepted" / "half" ) ] / "%close-notify" / "%truncate"
/// text      = blank 1*CHAR    ; without control characters or surrounding white space
/// blank     = 1*( SP / HTAB )
/// ```
pub(super) fn parse(line: &[u8]) -> Result<Directive> {
    if line.starts_with(b"%#") {
        return Ok(Directive::Comment);
    }
    let text = str::from_utf8(line).or_else(|error| wrong(error.valid_up_to(), "UTF-8 text"))?;
    let mut words = Words::of(text);
    let directive = match words.next().text {
        "%title" => Directive::Title(one_line(&words.rest())?),
        "%purpose" => Directive::Purpose(one_line(&words.rest())?),
        "%source" => Directive::Source(one_line(&words.rest())?),
        "%handler" => Directive::Handler(handler(&mut words)?),
        "%expect" => Directive::Step(Step::Expect(pattern(&mut words)?)),
        "%raw" => Directive::Raw(quoted(&words.rest())?),
        "%repeat" => Directive::Step(Step::Repeat(repeat(&mut words)?)),
        "%pause" => Directive::Step(Step::Pause(duration(&words.next())?)),
        "%lmtp" => Directive::Lmtp,
        "%early" => Directive::Early,
        "%segment" => Directive::Segment,
        "%cut" => Directive::Cut,
        "%end" => Directive::End,
        "%silence" => Directive::Step(Step::Silence),
        "%half-close" => Directive::Step(Step::HalfClose),
        "%close" => Directive::Step(Step::Close),
        "%reset" => Directive::Step(Step::Reset),
        "%tls" => Directive::Step(Step::Tls(start_tls(&words.next())?)),
        "%close-notify" => Directive::Step(Step::CloseNotify),
        "%truncate" => Directive::Step(Step::Truncate),
        _ => {
            return wrong(
                0,
                "a directive such as `%expect`, or `%%` for a line that begins with `%`",
            );
        }
    };
    words.finish()?;
    Ok(directive)
}

fn start_tls(word: &Word<'_>) -> Result<StartTls> {
    let mut known = StartTls::ALL.into_iter();
    match known.find(|start| start.name() == word.text) {
        Some(start) => Ok(start),
        None => wrong(word.at, "`if-accepted`, `half` or nothing"),
    }
}

fn one_line(word: &Word<'_>) -> Result<String> {
    if word.text.is_empty() {
        return wrong(word.at, "a line of text");
    }
    match word.text.find(char::is_control) {
        Some(control) => wrong(word.at + control, "text without control characters"),
        None => Ok(word.text.to_owned()),
    }
}

fn quoted(word: &Word<'_>) -> Result<Vec<u8>> {
    let octets = raw::unquote(word.text).map_err(|error| SyntaxError {
        at: word.at + error.at,
        ..error
    })?;
    if octets.is_empty() {
        return wrong(word.at, "at least one octet");
    }
    Ok(octets)
}

/// Lines of content, and before them how many times over ([`Repeat`] says which lines can be repeated).
fn repeat(words: &mut Words<'_>) -> Result<Repeat> {
    let times = words.next();
    let lines = words.rest();
    let Some(number) = number(times.text) else {
        return wrong(times.at, "how many times over, such as 1000");
    };
    Repeat::new(quoted(&lines)?, number).map_err(|error| SyntaxError {
        at: match error {
            RepeatError::Lines(_) => lines.at,
            RepeatError::Times(_) => times.at,
        },
        expected: error.expected(),
    })
}

/// ```text
/// handler = blank event blank nth blank action    ; nth from 1
/// action  = "accept" / "drop" / "fail" / "sleep" blank duration / "reject" blank reply
///         / "reject-for" blank recipient blank reply    ; recipient from 1, only with OnEndOfData
/// ```
fn handler(words: &mut Words<'_>) -> Result<HandlerRule> {
    let word = words.next();
    let event: EventKind = word
        .text
        .parse()
        .or_else(|_| wrong(word.at, "an event such as OnRcptCommand"))?;
    let nth = from_one(&words.next(), "which event of the session, from 1")?;
    let word = words.next();
    let action = match word.text {
        "accept" => HandlerAction::Accept,
        "drop" => HandlerAction::Drop,
        "fail" => HandlerAction::Fail,
        "sleep" => HandlerAction::Sleep(duration(&words.next())?),
        "reject" => HandlerAction::Reject(refusal(&words.rest())?),
        "reject-for" if event == EventKind::OnEndOfData => HandlerAction::RejectFor {
            recipient: from_one(&words.next(), "which recipient of the message, from 1")?,
            reply: refusal(&words.rest())?,
        },
        "reject-for" => return wrong(word.at, "OnEndOfData before `reject-for`"),
        _ => {
            return wrong(
                word.at,
                "one of `accept`, `reject`, `reject-for`, `drop`, `fail`, `sleep`",
            );
        }
    };
    Ok(HandlerRule { event, nth, action })
}

fn from_one(word: &Word<'_>, expected: &'static str) -> Result<u32> {
    match number(word.text).and_then(|number| u32::try_from(number).ok()) {
        Some(number) if number > 0 => Ok(number),
        _ => wrong(word.at, expected),
    }
}

/// A reply line that refuses (RFC 5321, 4.2).
///
/// ```text
/// reply = ( "4" / "5" ) 2DIGIT [ SP textstring ]
/// ```
fn refusal(word: &Word<'_>) -> Result<String> {
    let code_fits = match word.text.as_bytes() {
        [b'4' | b'5', second, third] | [b'4' | b'5', second, third, b' ', ..] => {
            second.is_ascii_digit() && third.is_ascii_digit()
        }
        _ => false,
    };
    if !code_fits {
        return wrong(word.at, "a reply such as 550 5.7.1 not here");
    }
    let is_text = |octet: u8| matches!(octet, b'\t' | b' '..=b'~');
    match word.text.bytes().position(|octet| !is_text(octet)) {
        Some(at) => wrong(word.at + at, "printable ASCII"),
        None => Ok(word.text.to_owned()),
    }
}

/// ```text
/// code = ( "2" / "3" / "4" / "5" / "x" ) 2( DIGIT / "x" )
/// ```
fn pattern(words: &mut Words<'_>) -> Result<ReplyPattern> {
    let mut codes = Vec::new();
    loop {
        let word = words.next();
        match *word.text.as_bytes() {
            [] if !codes.is_empty() => return Ok(ReplyPattern { codes }),
            [
                first @ (b'2'..=b'5' | b'x'),
                second @ (b'0'..=b'9' | b'x'),
                third @ (b'0'..=b'9' | b'x'),
            ] => codes.push([first, second, third]),
            _ => return wrong(word.at, "a reply code such as 250 or 5xx"),
        }
    }
}

/// A time in milliseconds.
///
/// ```text
/// duration = 1*DIGIT ( "ms" / "s" )    ; at most 60 s
/// ```
fn duration(word: &Word<'_>) -> Result<u64> {
    let millis = match word.text.strip_suffix("ms") {
        Some(digits) => number(digits),
        None => word
            .text
            .strip_suffix('s')
            .and_then(number)
            .and_then(|seconds| seconds.checked_mul(1000)),
    };
    match millis {
        Some(millis) if millis <= LONGEST_PAUSE_MS => Ok(millis),
        Some(_) => wrong(word.at, "a duration of at most 60s"),
        None => wrong(word.at, "a duration such as 200ms"),
    }
}

/// Digits only: `str::parse` would take a sign.
fn number(digits: &str) -> Option<u64> {
    if digits.bytes().all(|digit| digit.is_ascii_digit()) {
        digits.parse().ok()
    } else {
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use pretty_assertions::assert_eq;

    #[test]
    fn durations_are_milliseconds_or_seconds() {
        for (text, millis) in [
            ("%pause 200ms", 200),
            ("%pause 2s", 2000),
            ("%pause 60s", 60_000),
        ] {
            assert_eq!(
                parse(text.as_bytes()),
                Ok(Directive::Step(Step::Pause(millis)))
            );
        }
    }

    #[test]
    fn a_refusal_keeps_its_text() {
        let handler = |action| {
            Ok(Directive::Handler(HandlerRule {
                event: EventKind::OnRcptCommand,
                nth: 2,
                action,
            }))
        };
        assert_eq!(
            parse(b"%handler OnRcptCommand 2 reject 550 5.7.1 not  here "),
            handler(HandlerAction::Reject("550 5.7.1 not  here".into()))
        );
        assert_eq!(
            parse(b"%handler OnEndOfData 1 reject-for 2 452 4.2.2 full"),
            Ok(Directive::Handler(HandlerRule {
                event: EventKind::OnEndOfData,
                nth: 1,
                action: HandlerAction::RejectFor {
                    recipient: 2,
                    reply: "452 4.2.2 full".into()
                },
            }))
        );
        assert_eq!(
            parse(b"%handler\tOnRcptCommand 2 sleep 1s"),
            handler(HandlerAction::Sleep(1000))
        );
    }

    #[test]
    fn errors_point_at_the_word_that_is_wrong() {
        for (line, at) in [
            ("%", 0),
            ("%Close", 0),
            ("%title", 6),
            ("%title a\u{1}", 8),
            ("%close now", 7),
            ("%pause", 6),
            ("%pause 200", 7),
            ("%pause +1s", 7),
            ("%pause 61s", 7),
            ("%pause 18446744073709551615s", 7),
            ("%expect", 7),
            ("%expect 250 25", 12),
            ("%expect 150", 8),
            ("%handler OnFoo 1 drop", 9),
            ("%handler OnConnect 0 drop", 19),
            ("%handler OnConnect 1 droop", 21),
            ("%handler OnConnect 1 reject 250 fine", 28),
            ("%handler OnConnect 1 reject 5501", 28),
            ("%handler OnConnect 1 reject 550 \u{e9}", 32),
            ("%handler OnRcptCommand 1 reject-for 1 550 no", 25),
            ("%handler OnEndOfData 1 reject-for 0 550 no", 34),
            ("%handler OnEndOfData 1 reject-for 1 250 ok", 36),
            ("%repeat", 7),
            ("%repeat \"a\\r\\n\"", 8),
            ("%repeat 3", 9),
            ("%repeat -3 \"a\\r\\n\"", 8),
            ("%repeat 0 \"a\\r\\n\"", 8),
            ("%repeat 3 a", 10),
            ("%repeat 3 \"a\"", 10),
            ("%repeat 3 \"a\\r\\n.\\r\\n\"", 10),
            ("%repeat 3 \"a\\q\"", 12),
            ("%repeat 400000000 \"a\\r\\n\"", 8),
            ("%repeat 99999999999999999999 \"a\\r\\n\"", 8),
            ("%tls now", 5),
            ("%tls half way", 10),
            ("%close-notify 1", 14),
            ("%raw \"\"", 5),
            ("%raw \"\\q\"", 6),
        ] {
            assert_eq!(parse(line.as_bytes()).unwrap_err().at, at, "{line}");
        }
        assert_eq!(parse(b"%title a\xff").unwrap_err().at, 8);
    }

    #[test]
    fn a_comment_may_hold_any_octets() {
        assert_eq!(parse(b"%# \xff"), Ok(Directive::Comment));
    }
}
