//! Which conversations are played.

use clap::ValueEnum;
use smtpspec_core::generate::Family;

/// A set of conversations.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Suite {
    /// The conversations written by hand under `corpus/conversations`, but for those of `wire`.
    Documented,
    /// Written by hand too: every clause of the RFCs that the wire alone can show broken. Needs no adapter, and no
    /// more than an address.
    Wire,
    /// Generated: well formed, deep, with handlers, in any segments.
    Random,
    /// Generated: damaged commands, messages and ends of data.
    Malformed,
    /// Generated: cut off at any octet.
    Abrupt,
    /// Three documented conversations, cut off at every octet; with --case, for example `cuts/lost/*`, any others.
    Cuts,
    /// Look-alike ends of data in every form, and line ends in the middle of commands: does a message become two here?
    /// The report says what ends a message at this server and what that means.
    Smuggling,
    /// All of these.
    All,
    /// A load test, not part of `all`: thousands of sessions that break off; what the server's processes hold
    /// before and after them (open files, threads, memory), and whether OnDisconnect fired as often as OnConnect.
    Leaks,
}

impl Suite {
    /// The families of generated conversations in it.
    pub const fn families(self) -> &'static [Family] {
        match self {
            Self::Documented | Self::Wire | Self::Cuts | Self::Smuggling | Self::Leaks => &[],
            Self::Random => &[Family::Valid],
            Self::Malformed => &[Family::Malformed],
            Self::Abrupt => &[Family::Abrupt],
            Self::All => &Family::ALL,
        }
    }

    /// As on the command line.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Documented => "documented",
            Self::Wire => "wire",
            Self::Random => Family::Valid.name(),
            Self::Malformed => Family::Malformed.name(),
            Self::Abrupt => Family::Abrupt.name(),
            Self::Cuts => "cuts",
            Self::Smuggling => "smuggling",
            Self::All => "all",
            Self::Leaks => "leaks",
        }
    }

    /// How many conversations are generated unless `--cases` says otherwise.
    pub(super) const fn cases(self) -> u64 {
        match self {
            Self::Leaks => 10_000,
            _ => 1000,
        }
    }
}
