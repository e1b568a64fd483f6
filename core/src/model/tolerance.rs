//! What a reading takes beyond the strict one: other line ends, other ends of data.

use core::fmt;

use crate::wire::{LeniencyLevel, LineEnds};

/// Octets that a careless reader takes for a line end beside the dot.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[allow(missing_docs, reason = "the octets are their own names")]
pub enum Separator {
    CrLf,
    Lf,
    Cr,
    CrCrLf,
    CrLfNul,
    NulCrLf,
    CrNulLf,
    CrLfSp,
    Vt,
    Ff,
    Nel,
    Ls,
}

impl Separator {
    /// All that the checker looks for beside a dot. CRLFLF ends with LF and LFCR with CR: these it names so.
    pub const ALL: [Self; 12] = [
        Self::CrLf,
        Self::Lf,
        Self::Cr,
        Self::CrCrLf,
        Self::CrLfNul,
        Self::NulCrLf,
        Self::CrNulLf,
        Self::CrLfSp,
        Self::Vt,
        Self::Ff,
        Self::Nel,
        Self::Ls,
    ];

    /// As reports write it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::CrLf => "CRLF",
            Self::Lf => "LF",
            Self::Cr => "CR",
            Self::CrCrLf => "CRCRLF",
            Self::CrLfNul => "CRLF NUL",
            Self::NulCrLf => "NUL CRLF",
            Self::CrNulLf => "CR NUL LF",
            Self::CrLfSp => "CRLF SP",
            Self::Vt => "VT",
            Self::Ff => "FF",
            Self::Nel => "NEL",
            Self::Ls => "LS",
        }
    }

    /// The octets.
    pub const fn octets(self) -> &'static [u8] {
        match self {
            Self::CrLf => b"\r\n",
            Self::Lf => b"\n",
            Self::Cr => b"\r",
            Self::CrCrLf => b"\r\r\n",
            Self::CrLfNul => b"\r\n\0",
            Self::NulCrLf => b"\0\r\n",
            Self::CrNulLf => b"\r\0\n",
            Self::CrLfSp => b"\r\n ",
            Self::Vt => b"\x0b",
            Self::Ff => b"\x0c",
            // U+0085 as ISO 8859 has it, and U+2028 in UTF-8.
            Self::Nel => b"\x85",
            Self::Ls => b"\xe2\x80\xa8",
        }
    }

    /// Whether `text` ends with this separator. CRLF is no bare LF.
    fn ends(self, text: &[u8]) -> bool {
        text.ends_with(self.octets()) && !(self == Self::Lf && text.ends_with(b"\r\n"))
    }

    /// Whether `text` begins with this separator. CRLF is no bare CR.
    fn begins(self, text: &[u8]) -> bool {
        text.starts_with(self.octets()) && !(self == Self::Cr && text.starts_with(b"\r\n"))
    }
}

/// A look-alike end of data: `before` `.` `after`, not both CRLF (MODEL.md, CON-2).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct LookAlike {
    /// What stands before the dot.
    pub before: Separator,
    /// What stands behind it.
    pub after: Separator,
}

impl LookAlike {
    /// A sender that stuffs dots behind CRLF would still let this through unless its dot stands behind CRLF
    /// (smtpsmug, issue 8): only then can a message be smuggled with it.
    pub const fn level(self) -> LeniencyLevel {
        match self.before {
            Separator::CrLf | Separator::CrCrLf | Separator::NulCrLf => LeniencyLevel::NotStrict,
            _ => LeniencyLevel::Security,
        }
    }

    /// All that the checker looks for. What holds CRLF.CRLF is no look-alike but the end of data itself.
    pub fn all() -> impl Iterator<Item = Self> {
        let befores = Separator::ALL.into_iter();
        befores
            .flat_map(|before| Separator::ALL.map(|after| Self { before, after }))
            .filter(|look_alike| memchr::memmem::find(&look_alike.octets(), b"\r\n.\r\n").is_none())
    }

    /// Whether CR, LF or both stand on one side at least: those that servers are known to take for an end.
    pub fn has_cr_or_lf(self) -> bool {
        let plain = [Separator::CrLf, Separator::Lf, Separator::Cr];
        plain.contains(&self.before) || plain.contains(&self.after)
    }

    /// Before, dot and after.
    pub fn octets(self) -> Vec<u8> {
        [self.before.octets(), b".", self.after.octets()].concat()
    }

    /// The look-alikes around the dot at `dot` in `content`: several where one separator is part of another.
    /// The true end of data is none.
    pub fn around(content: &[u8], dot: usize) -> impl Iterator<Item = Self> {
        let (head, tail) = (&content[..dot], &content[dot + 1..]);
        let line_start = dot == 0 || head.ends_with(b"\r\n");
        let ends = move |before: &Separator| {
            // The message's begin is a line's begin.
            before.ends(head) || (dot == 0 && *before == Separator::CrLf)
        };
        let befores = Separator::ALL.into_iter().filter(ends);
        befores.flat_map(move |before| {
            let afters = Separator::ALL
                .into_iter()
                .filter(|after| after.begins(tail));
            afters
                .filter(move |after| !(line_start && after.octets().starts_with(b"\r\n")))
                .map(move |after| Self { before, after })
        })
    }
}

impl fmt::Display for LookAlike {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} . {}", self.before.name(), self.after.name())
    }
}

/// What a reading takes beyond the strict one. The default is the strict reading.
#[expect(
    clippy::struct_excessive_bools,
    reason = "each is a leniency of its own"
)]
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Tolerance {
    /// Line ends of commands.
    pub line_ends: LineEnds,
    /// Ends of data.
    pub look_alikes: Vec<LookAlike>,
    /// CRLF.CRLF is looked for behind the line end of DATA only: a message without a line has no end.
    pub misses_empty: bool,
    /// What came in clear behind STARTTLS and before the handshake is read as commands.
    pub clear_behind_starttls: bool,
    /// A chunk ends at a CRLF.CRLF in it, and its message with it.
    pub dot_ends_chunk: bool,
    /// The server knows BDAT though it has not announced CHUNKING to this client: it discards the octets of what it refuses.
    pub bdat_known: bool,
    /// The octets behind a BDAT that was not accepted are read the other way than the reply says: as commands where
    /// they should have been discarded, and discarded where BDAT seems not to be known.
    pub bdat_turned: bool,
}

impl Tolerance {
    /// How many leniencies it has.
    pub fn len(&self) -> usize {
        usize::from(self.line_ends.bare_lf)
            + usize::from(self.line_ends.bare_cr)
            + self.look_alikes.len()
            + usize::from(self.misses_empty)
            + usize::from(self.clear_behind_starttls)
            + usize::from(self.dot_ends_chunk)
            + usize::from(self.bdat_known)
            + usize::from(self.bdat_turned)
    }

    /// Whether it is the strict reading.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Both.
    #[must_use]
    pub fn union(&self, other: &Self) -> Self {
        let mut look_alikes = [&self.look_alikes[..], &other.look_alikes[..]].concat();
        look_alikes.sort_unstable();
        look_alikes.dedup();
        let line_ends = LineEnds {
            bare_lf: self.line_ends.bare_lf || other.line_ends.bare_lf,
            bare_cr: self.line_ends.bare_cr || other.line_ends.bare_cr,
        };
        Self {
            line_ends,
            look_alikes,
            misses_empty: self.misses_empty || other.misses_empty,
            clear_behind_starttls: self.clear_behind_starttls || other.clear_behind_starttls,
            dot_ends_chunk: self.dot_ends_chunk || other.dot_ends_chunk,
            bdat_known: self.bdat_known || other.bdat_known,
            bdat_turned: self.bdat_turned || other.bdat_turned,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn around(content: &str) -> Vec<String> {
        let dot = content.find('.').unwrap();
        LookAlike::around(content.as_bytes(), dot)
            .map(|found| found.to_string())
            .collect()
    }

    #[test]
    fn every_look_alike_is_named_and_the_true_end_is_none() {
        for (content, names) in [
            ("a\r\n.\r\n", &[][..]),
            (".\r\n", &[]),
            ("a\r\r\n.\r\n", &[]),
            ("a\n.\n", &["LF . LF"]),
            ("a\n.\r\n", &["LF . CRLF"]),
            ("a\r\n.\n", &["CRLF . LF"]),
            ("a\r.\r", &["CR . CR"]),
            ("a\r\n.\rb", &["CRLF . CR"]),
            ("a\r.\r\n", &["CR . CRLF"]),
            ("a\n.\rb", &["LF . CR"]),
            ("a\r.\n", &["CR . LF"]),
            ("a\r\n\0.\r\n", &["CRLF NUL . CRLF"]),
            ("a\r\n.\0\r\n", &["CRLF . NUL CRLF"]),
            ("a\r\n.\r\r\n", &["CRLF . CR", "CRLF . CRCRLF"]),
            ("a.\r\n", &[]),
            ("a\r\n.b", &[]),
        ] {
            assert_eq!(around(content), names, "{content:?}");
        }
    }
}
