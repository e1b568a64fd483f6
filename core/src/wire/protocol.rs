//! Which protocol is spoken: SMTP, or LMTP (RFC 2033), which has its grammar but for the greeting.

use serde::{Deserialize, Serialize};

use super::{
    Parsed, SyntaxError, Verb,
    command::{parse_command, parse_with},
    verb::first_word_of_malformed,
};

/// What a session speaks.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize,
)]
#[serde(rename_all = "kebab-case")]
pub enum Protocol {
    /// RFC 5321.
    #[default]
    Smtp,
    /// RFC 2033: LHLO in place of HELO and EHLO, and a reply for each recipient behind the end of a message.
    Lmtp,
}

impl Protocol {
    /// As on the wire and in reports.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Smtp => "SMTP",
            Self::Lmtp => "LMTP",
        }
    }

    /// What `verb` is called here: [`Verb::Ehlo`] is LHLO in LMTP.
    pub const fn name_of(self, verb: Verb) -> &'static str {
        match (self, verb) {
            (Self::Lmtp, Verb::Ehlo) => "LHLO",
            (_, verb) => verb.name(),
        }
    }

    /// Whether it is LMTP.
    pub const fn is_lmtp(self) -> bool {
        matches!(self, Self::Lmtp)
    }

    /// Whether it is SMTP, which a transcript need not say.
    #[allow(clippy::trivially_copy_pass_by_ref, reason = "as serde calls it")]
    pub const fn is_smtp(&self) -> bool {
        matches!(self, Self::Smtp)
    }

    /// The verb of `line`, as [`Verb::of`]. "The LHLO command has identical semantics to the EHLO command" (RFC 2033,
    /// 4.1), so it is [`Verb::Ehlo`] in LMTP, where HELO and EHLO are no commands; in SMTP LHLO is none.
    pub fn verb(self, line: &[u8]) -> Verb {
        self.translate(Verb::of(line), || first_word(line))
    }

    /// The same for a malformed line, as [`Verb::of_malformed`].
    pub fn verb_of_malformed(self, line: &[u8]) -> Verb {
        self.translate(Verb::of_malformed(line), || first_word_of_malformed(line))
    }

    /// Reads a command line, as [`parse_command`](super::parse_command); LHLO gives
    /// [`Command::Ehlo`](super::Command::Ehlo).
    ///
    /// # Errors
    ///
    /// As there.
    pub fn parse(self, line: &[u8]) -> Result<Parsed<'_>, SyntaxError> {
        match self {
            Self::Smtp => parse_command(line),
            Self::Lmtp => parse_with(line, |word| self.translate(Verb::of_word(word), || word)),
        }
    }

    /// What the verb that SMTP has for a word is here.
    fn translate<'a>(self, verb: Verb, word: impl FnOnce() -> &'a [u8]) -> Verb {
        match (self, verb) {
            (Self::Lmtp, Verb::Helo | Verb::Ehlo) => Verb::Unknown,
            (Self::Lmtp, Verb::Unknown) if word().eq_ignore_ascii_case(b"LHLO") => Verb::Ehlo,
            (_, verb) => verb,
        }
    }
}

fn first_word(line: &[u8]) -> &[u8] {
    let mut words = line.split(|octet| matches!(octet, b' ' | b'\t'));
    words.find(|word| !word.is_empty()).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wire::Command;

    #[test]
    fn lmtp_greets_by_lhlo_only_and_smtp_does_not_know_it() {
        for (line, smtp, lmtp) in [
            ("LHLO a", Verb::Unknown, Verb::Ehlo),
            (" lhlo\ta", Verb::Unknown, Verb::Ehlo),
            ("EHLO a", Verb::Ehlo, Verb::Unknown),
            ("helo a", Verb::Helo, Verb::Unknown),
            ("MAIL FROM:<>", Verb::Mail, Verb::Mail),
            ("LHLOX", Verb::Unknown, Verb::Unknown),
            ("", Verb::Unknown, Verb::Unknown),
        ] {
            let line = line.as_bytes();
            assert_eq!(Protocol::Smtp.verb(line), smtp);
            assert_eq!(Protocol::Lmtp.verb(line), lmtp);
            assert_eq!(Protocol::Lmtp.verb_of_malformed(line), lmtp);
        }
    }

    #[test]
    fn what_is_read_as_ehlo_is_called_lhlo_in_lmtp() {
        for verb in Verb::ALL {
            assert_eq!(Protocol::Smtp.name_of(verb), verb.name());
            let lmtp = Protocol::Lmtp.name_of(verb);
            assert_eq!(lmtp == verb.name(), verb != Verb::Ehlo);
        }
        assert_eq!(Protocol::Lmtp.name_of(Verb::Ehlo), "LHLO");
    }

    #[test]
    fn lhlo_is_read_as_ehlo_is() {
        let lhlo = |line: &'static [u8]| Protocol::Lmtp.parse(line).map(|parsed| parsed.command);
        let domain = b"client.example.org";
        assert_eq!(
            lhlo(b"LHLO client.example.org"),
            Ok(Command::Ehlo { domain })
        );
        assert!(lhlo(b"LHLO").is_err());
        assert!(matches!(
            lhlo(b"EHLO a"),
            Ok(Command::Unknown { verb: b"EHLO", .. })
        ));
        for line in [&b"LHLO a"[..], b"EHLO a", b"QUIT", b"x\0"] {
            assert_eq!(Protocol::Smtp.parse(line), parse_command(line));
        }
    }
}
