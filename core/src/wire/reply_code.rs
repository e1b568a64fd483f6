//! Reply codes (RFC 5321, 4.2.1) and enhanced status codes (RFC 2034, RFC 3463).

use core::fmt;

/// A reply code, 200 to 559: `Reply-code = %x32-35 %x30-35 %x30-39`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ReplyCode(u16);

/// What a reply's first digit says (RFC 5321, 4.2.1).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ReplyClass {
    /// 2yz
    PositiveCompletion,
    /// 3yz
    PositiveIntermediate,
    /// 4yz
    TransientNegative,
    /// 5yz
    PermanentNegative,
}

/// `class.subject.detail`, for example 5.7.1.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[allow(missing_docs, reason = "RFC 3463's own words")]
pub struct EnhancedCode {
    pub class: u8,
    pub subject: u16,
    pub detail: u16,
}

impl ReplyCode {
    /// The code, if its digits are legal.
    pub const fn new(code: u16) -> Option<Self> {
        let legal = matches!(code / 100, 2..=5) && matches!(code / 10 % 10, 0..=5);
        if legal { Some(Self(code)) } else { None }
    }

    /// As a number.
    pub const fn get(self) -> u16 {
        self.0
    }

    /// What its first digit says.
    pub const fn class(self) -> ReplyClass {
        match self.0 / 100 {
            2 => ReplyClass::PositiveCompletion,
            3 => ReplyClass::PositiveIntermediate,
            4 => ReplyClass::TransientNegative,
            _ => ReplyClass::PermanentNegative,
        }
    }
}

impl ReplyCode {
    /// The code whose three digits begin `line`.
    ///
    /// ```abnf
    /// Reply-code  = %x32-35 %x30-35 %x30-39
    /// ```
    pub(super) fn at_front(line: &[u8]) -> Option<Self> {
        let [
            first @ b'2'..=b'5',
            second @ b'0'..=b'5',
            third @ b'0'..=b'9',
            ..,
        ] = line
        else {
            return None;
        };
        let value = |digit: &u8| u16::from(digit - b'0');
        Some(Self(100 * value(first) + 10 * value(second) + value(third)))
    }
}

impl fmt::Display for ReplyCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl EnhancedCode {
    /// The code at the front of a line's text, before a space or the line's end, which may be there still.
    ///
    /// ```abnf
    /// status-code  = class "." subject "." detail
    /// class        = "2" / "4" / "5"
    /// subject      = 1*3digit
    /// detail       = 1*3digit
    /// ```
    pub(super) fn at_front(text: &[u8]) -> Option<Self> {
        let [class @ (b'2' | b'4' | b'5'), b'.', rest @ ..] = text else {
            return None;
        };
        let (subject, rest) = number(rest)?;
        let (detail, rest) = number(rest.strip_prefix(b".")?)?;
        matches!(rest, [] | [b' ' | b'\r', ..]).then_some(Self {
            class: class - b'0',
            subject,
            detail,
        })
    }
}

/// The one to three digits at the front of `text`, without leading zeros (RFC 3463, 2), and what is behind them.
fn number(text: &[u8]) -> Option<(u16, &[u8])> {
    let digits = text.iter().take_while(|octet| octet.is_ascii_digit());
    let (value, len) = digits.take(4).fold((0, 0), |(value, len), digit| {
        (10 * value + u16::from(digit - b'0'), len + 1)
    });
    let well_formed = len == 1 || (matches!(len, 2 | 3) && text.first() != Some(&b'0'));
    well_formed.then(|| (value, &text[len..]))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_code_is_legal_by_its_digits() {
        for code in 0..=u16::MAX {
            let text = code.to_string();
            let legal =
                text.len() == 3 && "2345".contains(&text[..1]) && "012345".contains(&text[1..2]);
            assert_eq!(ReplyCode::new(code).is_some(), legal, "{code}");
            assert_eq!(
                ReplyCode::at_front(text.as_bytes()).is_some(),
                legal || (text.len() > 3 && ReplyCode::at_front(&text.as_bytes()[..3]).is_some()),
                "{code}"
            );
        }
        assert_eq!(ReplyCode::at_front(b"354 x"), ReplyCode::new(354));
    }

    #[test]
    fn the_first_digit_is_the_class() {
        let class = |code| ReplyCode::new(code).map(ReplyCode::class);
        assert_eq!(class(250), Some(ReplyClass::PositiveCompletion));
        assert_eq!(class(354), Some(ReplyClass::PositiveIntermediate));
        assert_eq!(class(421), Some(ReplyClass::TransientNegative));
        assert_eq!(class(559), Some(ReplyClass::PermanentNegative));
    }

    #[test]
    fn enhanced_codes_stand_alone_or_before_a_space() {
        let code = |class, subject, detail| {
            Some(EnhancedCode {
                class,
                subject,
                detail,
            })
        };
        assert_eq!(EnhancedCode::at_front(b"5.7.1 no"), code(5, 7, 1));
        assert_eq!(EnhancedCode::at_front(b"2.0.0"), code(2, 0, 0));
        assert_eq!(EnhancedCode::at_front(b"4.999.10 x"), code(4, 999, 10));
    }

    #[test]
    fn numbers_that_only_look_like_enhanced_codes_are_none() {
        for text in [
            "",
            "5.7",
            "5.7.1.2 x",
            "3.1.1 x",
            "5.07.1",
            "5.7.1000",
            "5.7.1x",
            "5..1",
            " 5.7.1",
            "25.7.1",
        ] {
            assert_eq!(EnhancedCode::at_front(text.as_bytes()), None, "{text}");
        }
    }
}
