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
}

impl Separator {
    /// All that the checker looks for beside a dot.
    pub const ALL: [Self; 6] = [
        Self::CrLf,
        Self::Lf,
        Self::Cr,
        Self::CrCrLf,
        Self::CrLfNul,
        Self::NulCrLf,
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
        }
    }

    /// Whether `text` ends with this separator, and not just with part of a longer one.
    fn ends(self, text: &[u8]) -> bool {
        text.ends_with(self.octets()) && !(self == Self::Lf && text.ends_with(b"\r\n"))
    }

    /// Whether `text` begins with this separator, and not with a longer one.
    fn begins(self, text: &[u8]) -> bool {
        text.starts_with(self.octets())
            && !(self == Self::Cr && (text.starts_with(b"\r\n") || text.starts_with(b"\r\r\n")))
    }
}

/// A look-alike end of data: `before` `.` `after`, not both CRLF (event-model.md, CON-2).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct LookAlike {
    /// What stands before the dot.
    pub before: Separator,
    /// What stands behind it.
    pub after: Separator,
}

impl LookAlike {
    /// A sender that stuffs dots behind CRLF would still let this through unless it begins with CRLF
    /// (smtpsmug, issue 8): only then can a message be smuggled with it.
    pub const fn level(self) -> LeniencyLevel {
        match self.before {
            Separator::CrLf | Separator::CrCrLf => LeniencyLevel::NotStrict,
            _ => LeniencyLevel::Security,
        }
    }

    /// The look-alike around the dot at `dot` in `content`, if there is one. The true end is none.
    pub fn around(content: &[u8], dot: usize) -> Option<Self> {
        let (head, tail) = (&content[..dot], content.get(dot + 1..)?);
        let before = Separator::ALL.into_iter().rev().find(|s| s.ends(head));
        // The message's begin is a line's begin.
        let before = if dot == 0 {
            Some(Separator::CrLf)
        } else {
            before
        }?;
        let after = Separator::ALL.into_iter().rev().find(|s| s.begins(tail))?;
        let strict_before = dot == 0 || head.ends_with(b"\r\n");
        let strict = strict_before && after == Separator::CrLf;
        (!strict).then_some(Self { before, after })
    }
}

impl fmt::Display for LookAlike {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} . {}", self.before.name(), self.after.name())
    }
}

/// What a reading takes beyond the strict one. The default is the strict reading.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Tolerance {
    /// Line ends of commands.
    pub line_ends: LineEnds,
    /// Ends of data.
    pub look_alikes: Vec<LookAlike>,
}

impl Tolerance {
    /// How many leniencies it has.
    pub fn len(&self) -> usize {
        usize::from(self.line_ends.bare_lf)
            + usize::from(self.line_ends.bare_cr)
            + self.look_alikes.len()
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
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn around(content: &str) -> Option<String> {
        let dot = content.find('.').unwrap();
        LookAlike::around(content.as_bytes(), dot).map(|found| found.to_string())
    }

    #[test]
    fn every_look_alike_is_named_and_the_true_end_is_none() {
        for (content, name) in [
            ("a\r\n.\r\n", None),
            (".\r\n", None),
            ("a\r\r\n.\r\n", None),
            ("a\n.\n", Some("LF . LF")),
            ("a\n.\r\n", Some("LF . CRLF")),
            ("a\r\n.\n", Some("CRLF . LF")),
            ("a\r.\r", Some("CR . CR")),
            ("a\r\n.\rb", Some("CRLF . CR")),
            ("a\r.\r\n", Some("CR . CRLF")),
            ("a\n.\rb", Some("LF . CR")),
            ("a\r.\n", Some("CR . LF")),
            ("a\r\n\0.\r\n", Some("CRLF NUL . CRLF")),
            ("a\r\n.\0\r\n", Some("CRLF . NUL CRLF")),
            ("a\r\n.\r\r\n", Some("CRLF . CRCRLF")),
            ("a.\r\n", None),
            ("a\r\n.b", None),
        ] {
            assert_eq!(around(content).as_deref(), name, "{content:?}");
        }
    }
}
