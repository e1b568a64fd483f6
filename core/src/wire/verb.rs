//! The verbs (RFC 5321, 4.1.1; RFC 3030; RFC 3207; RFC 4954).

use super::cursor::is_white_space;

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
    /// All of them, the unknown one last.
    pub const ALL: [Self; 15] = [
        Self::Helo,
        Self::Ehlo,
        Self::Mail,
        Self::Rcpt,
        Self::Data,
        Self::Rset,
        Self::Noop,
        Self::Help,
        Self::Quit,
        Self::Vrfy,
        Self::Expn,
        Self::Auth,
        Self::StartTls,
        Self::Bdat,
        Self::Unknown,
    ];

    /// The verb of `line`, which may be malformed behind it. Leading white space is passed over.
    pub fn of(line: &[u8]) -> Self {
        let is_text = |octet: &u8| !is_white_space(*octet);
        let start = line.iter().position(is_text).unwrap_or(line.len());
        let text = line.get(start..).unwrap_or_default();
        let end = text
            .iter()
            .position(|octet| is_white_space(*octet))
            .unwrap_or(text.len());
        Self::of_word(text.get(..end).unwrap_or_default())
    }

    /// The verb that a careless server finds in a malformed `line`: see [`first_word_of_malformed`].
    pub fn of_malformed(line: &[u8]) -> Self {
        Self::of_word(first_word_of_malformed(line))
    }

    /// The verb that a server finds in `line` which drops the eighth bit of each octet, or the octets that have one.
    pub fn of_seven_bits(line: &[u8]) -> Self {
        // As long as the longest verb, and what may stand around it.
        const LONGEST: usize = 16;
        let front = &line[..line.len().min(LONGEST)];
        let dropped: Vec<u8> = front.iter().map(|octet| octet & 0x7f).collect();
        let ascii: Vec<u8> = front.iter().copied().filter(u8::is_ascii).collect();
        match Self::of_malformed(&dropped) {
            Self::Unknown => Self::of_malformed(&ascii),
            verb => verb,
        }
    }

    /// The verb that `word` is, without regard to case.
    pub(super) fn of_word(word: &[u8]) -> Self {
        let Ok(four) = <[u8; 4]>::try_from(word) else {
            return if word.eq_ignore_ascii_case(b"STARTTLS") {
                Self::StartTls
            } else {
                Self::Unknown
            };
        };
        match &four.map(|octet| octet.to_ascii_uppercase()) {
            b"HELO" => Self::Helo,
            b"EHLO" => Self::Ehlo,
            b"MAIL" => Self::Mail,
            b"RCPT" => Self::Rcpt,
            b"DATA" => Self::Data,
            b"RSET" => Self::Rset,
            b"NOOP" => Self::Noop,
            b"HELP" => Self::Help,
            b"QUIT" => Self::Quit,
            b"VRFY" => Self::Vrfy,
            b"EXPN" => Self::Expn,
            b"AUTH" => Self::Auth,
            b"BDAT" => Self::Bdat,
            _ => Self::Unknown,
        }
    }

    /// As in the RFC: `MAIL`, `STARTTLS`; the unknown verb is `?`.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Helo => "HELO",
            Self::Ehlo => "EHLO",
            Self::Mail => "MAIL",
            Self::Rcpt => "RCPT",
            Self::Data => "DATA",
            Self::Rset => "RSET",
            Self::Noop => "NOOP",
            Self::Help => "HELP",
            Self::Quit => "QUIT",
            Self::Vrfy => "VRFY",
            Self::Expn => "EXPN",
            Self::Auth => "AUTH",
            Self::StartTls => "STARTTLS",
            Self::Bdat => "BDAT",
            Self::Unknown => "?",
        }
    }
}

/// The first word of a malformed `line` as a careless server finds it: all that a program takes for white space may stand
/// around it, CR and LF too; and where lines are C strings nothing stands behind a NUL.
pub(super) fn first_word_of_malformed(line: &[u8]) -> &[u8] {
    let is_space = |octet: &u8| octet.is_ascii_whitespace() || *octet == b'\x0b';
    let text = line.split(|octet| *octet == 0).next().unwrap_or_default();
    let mut words = text.split(is_space);
    words.find(|word| !word.is_empty()).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_verb_is_found_in_any_case_behind_white_space() {
        assert_eq!(Verb::of(b"mAiL FROM:"), Verb::Mail);
        assert_eq!(Verb::of(b" \tstarttls"), Verb::StartTls);
        assert_eq!(Verb::of(b"DATA\tx"), Verb::Data);
    }

    #[test]
    fn the_eighth_bit_is_passed_over_where_it_is_asked_for() {
        for line in [&b"DATA\x80"[..], b"D\xc1TA", b"\xffDATA", b"data\xa0x"] {
            assert_eq!(Verb::of_seven_bits(line), Verb::Data);
            assert_eq!(Verb::of(line), Verb::Unknown);
        }
        assert_eq!(Verb::of_seven_bits(b"XDAT\xc1"), Verb::Unknown);
    }

    #[test]
    fn other_white_space_is_passed_over_in_malformed_lines_only() {
        for line in [&b"DATA\n."[..], b"\x0bDATA", b" DATA\r", b"\x0c\n data\x0b"] {
            assert_eq!(Verb::of_malformed(line), Verb::Data);
        }
        assert_eq!(Verb::of(b"DATA\n."), Verb::Unknown);
        assert_eq!(Verb::of_malformed(b"\r\n"), Verb::Unknown);
    }

    #[test]
    fn a_nul_ends_a_malformed_line() {
        for line in [&b"DATA\0"[..], b"data\0RSET", b" DATA \0"] {
            assert_eq!(Verb::of_malformed(line), Verb::Data);
        }
        for line in [&b"\0DATA"[..], b"DA\0TA"] {
            assert_eq!(Verb::of_malformed(line), Verb::Unknown);
        }
    }

    #[test]
    fn a_verb_glued_to_something_is_unknown() {
        for line in [
            "DATAX",
            "MAILFROM:<a>",
            "",
            "  ",
            "STARTTL",
            "EHL\0",
            "-AIL",
        ] {
            assert_eq!(Verb::of(line.as_bytes()), Verb::Unknown, "{line}");
        }
    }

    #[test]
    fn each_name_is_read_as_its_verb() {
        for verb in Verb::ALL {
            assert_eq!(Verb::of(verb.name().as_bytes()), verb);
        }
    }
}
