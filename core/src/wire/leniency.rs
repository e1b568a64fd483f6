//! What the strict grammar forbids and a parser may take all the same, each by name.

use core::fmt;

/// How much a leniency matters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum LeniencyLevel {
    /// Widely sent and taken; nothing can go wrong.
    Harmless,
    /// Against the standard, without a known attack.
    NotStrict,
    /// A known attack rests on it.
    Security,
}

macro_rules! leniencies {
    ($($(#[$doc:meta])* $name:ident = $text:literal, $level:ident;)*) => {
        /// A departure from RFC 5321's grammar that a command parser can report.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        #[repr(u8)]
        pub enum Leniency { $($(#[$doc])* $name,)* }

        impl Leniency {
            /// All of them.
            pub const ALL: &'static [Self] = &[$(Self::$name,)*];

            /// In words, for reports.
            pub const fn name(self) -> &'static str {
                match self { $(Self::$name => $text,)* }
            }

            /// How much it matters.
            pub const fn level(self) -> LeniencyLevel {
                match self { $(Self::$name => LeniencyLevel::$level,)* }
            }
        }
    };
}

leniencies! {
    /// `MAIL FROM: <a@b>`. RFC 5321 3.3 forbids it; the seed of this project types it.
    SpaceAfterColon = "space after the colon", Harmless;
    /// `MAIL FROM :<a@b>`.
    SpaceBeforeColon = "space before the colon", NotStrict;
    /// `MAIL FROM:a@b`.
    NoAngleBrackets = "no angle brackets around the path", Harmless;
    /// White space before the line end.
    TrailingSpace = "trailing white space", Harmless;
    /// White space before the verb.
    LeadingSpace = "leading white space", NotStrict;
    /// More than one space where the grammar has one.
    ExtraSpace = "more than one space between words", Harmless;
    /// A TAB where the grammar has a space.
    TabAsSpace = "TAB as white space", NotStrict;
    /// EHLO or HELO with an argument that is neither a domain nor an address literal.
    LooseDomain = "a greeting that is no domain", Harmless;
    /// `DATA x`, `RSET x`, `QUIT x`, `STARTTLS x`.
    UnexpectedArgument = "an argument where none is allowed", NotStrict;
    /// Octets above 127 in a path or parameter without SMTPUTF8.
    EightBitWithoutSmtpUtf8 = "8-bit octets without SMTPUTF8", NotStrict;
    /// A local part of more than 64 octets, a domain of more than 255, a path of more than 256.
    OverLong = "longer than RFC 5321 4.5.3.1 allows", Harmless;
    /// A forward-path or reverse-path without a domain that is not `<Postmaster>`.
    NoDomain = "a mailbox without a domain", Harmless;
}

/// A set of [`Leniency`].
#[derive(Clone, Copy, PartialEq, Eq, Hash, Default)]
pub struct Leniencies(u32);

impl Leniencies {
    /// The strict reading.
    pub const NONE: Self = Self(0);

    /// The set of one.
    pub const fn of(leniency: Leniency) -> Self {
        Self(1 << leniency as u8)
    }

    /// This set and `leniency`.
    #[must_use]
    pub const fn with(self, leniency: Leniency) -> Self {
        Self(self.0 | 1 << leniency as u8)
    }

    /// Adds `leniency`.
    pub const fn insert(&mut self, leniency: Leniency) {
        self.0 |= 1 << leniency as u8;
    }

    /// Whether `leniency` is in the set.
    pub const fn contains(self, leniency: Leniency) -> bool {
        self.0 & (1 << leniency as u8) != 0
    }

    /// Whether every member is in `other`.
    pub const fn is_subset(self, other: Self) -> bool {
        self.0 & !other.0 == 0
    }

    /// Members of either.
    #[must_use]
    pub const fn union(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    /// Whether the reading is strict.
    pub const fn is_empty(self) -> bool {
        self.0 == 0
    }

    /// The members.
    pub fn iter(self) -> impl Iterator<Item = Leniency> {
        Leniency::ALL
            .iter()
            .copied()
            .filter(move |leniency| self.contains(*leniency))
    }
}

impl fmt::Debug for Leniencies {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.iter()).finish()
    }
}
