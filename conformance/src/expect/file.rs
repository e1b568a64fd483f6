//! The file of expected findings: TOML, written by `--update` and explained by people.

use std::{
    fs, io,
    path::{Path, PathBuf},
};

use globset::{Glob, GlobSet, GlobSetBuilder};
use serde::{Deserialize, Serialize};
use smtpspec_core::check::{Level, rules};

/// What a server is known to show.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Expected {
    /// The server with its version, as its adapter's hello names it; without an adapter, the target.
    pub server: String,
    /// The rules that cannot be observed.
    #[serde(default)]
    pub not_observable: Vec<String>,
    /// The findings.
    #[serde(default, rename = "known", skip_serializing_if = "Vec::is_empty")]
    pub all: Vec<Known>,
}

/// A finding that is known.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Known {
    /// The rule's id.
    pub rule: String,
    /// How much it weighs.
    pub verdict: Strength,
    /// The conversations that show it, by name; `*` stands for any part of one. Each that is played must show it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub cases: Vec<String>,
    /// Conversations that may show it, likewise: it is known where they do, and nothing is missing where they do not.
    /// For those that a seed makes (`malformed/*`), for those that show it only where no other did before, and for what
    /// the server decides anew each time.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub may_show: Vec<String>,
    /// Why this server does so, for people. One without a reason is not accepted.
    #[serde(default)]
    pub reason: String,
    /// Where the reason can be looked up: an issue, a page of documentation, a line of source.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub source: String,
    /// The smallest conversation that shows it, in the `.smtp` form without its head.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub conversation: String,
}

/// How much a finding weighs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Strength {
    /// The rule is broken.
    #[serde(rename = "broken")]
    Broken,
    /// The server is only not strict.
    #[serde(rename = "not strict")]
    NotStrict,
}

impl From<Level> for Strength {
    fn from(level: Level) -> Self {
        match level {
            Level::Must => Self::Broken,
            Level::Should => Self::NotStrict,
        }
    }
}

impl std::fmt::Display for Strength {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.pad(match self {
            Self::Broken => "broken",
            Self::NotStrict => "not strict",
        })
    }
}

/// A file of expected findings that cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum ExpectError {
    /// It cannot be read or written.
    #[error("--expect: {}: {source}", path.display())]
    Io {
        /// The file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// It is not what it should be.
    #[error("--expect: {}: {why}", path.display())]
    Malformed {
        /// The file.
        path: PathBuf,
        /// What is wrong, with the line where that is known.
        why: String,
    },
    /// It speaks of another server.
    #[error(
        "--expect: {} is about `{known}`, and this is `{found}`: look at what has changed and write it with --update",
        path.display()
    )]
    OtherServer {
        /// The file.
        path: PathBuf,
        /// The server in the file.
        known: String,
        /// The server of the run.
        found: String,
    },
}

impl Expected {
    /// Reads `path`; `None` where there is no such file.
    pub fn read(path: &Path) -> Result<Option<Self>, ExpectError> {
        let malformed = |why| ExpectError::Malformed {
            path: path.to_owned(),
            why,
        };
        let text = match fs::read_to_string(path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            text => text.map_err(|source| io_error(path, source))?,
        };
        let expected: Self = toml::from_str(&text).map_err(|error| malformed(error.to_string()))?;
        expected.check().map_err(malformed)?;
        Ok(Some(expected))
    }

    /// Writes `path`.
    pub fn write(&self, path: &Path) -> Result<(), ExpectError> {
        let text = toml::to_string_pretty(self).map_err(|error| ExpectError::Malformed {
            path: path.to_owned(),
            why: error.to_string(),
        })?;
        fs::write(path, text).map_err(|source| io_error(path, source))
    }

    fn check(&self) -> Result<(), String> {
        let is_rule = |id: &&String| rules().any(|rule| rule.id == **id);
        let named = self.all.iter().map(|known| &known.rule);
        let mut unknown = named.chain(&self.not_observable).filter(|id| !is_rule(id));
        if let Some(id) = unknown.next() {
            return Err(format!("no rule is called `{id}`"));
        }
        let silent = |known: &&Known| known.cases.is_empty() && known.may_show.is_empty();
        if let Some(known) = self.all.iter().find(silent) {
            return Err(format!("no conversation shows `{}`", known.rule));
        }
        let lists = self
            .all
            .iter()
            .flat_map(|known| [&known.cases, &known.may_show]);
        lists
            .map(|list| globs(list))
            .collect::<Result<Vec<_>, _>>()
            .map(|_| ())
    }
}

fn io_error(path: &Path, source: io::Error) -> ExpectError {
    ExpectError::Io {
        path: path.to_owned(),
        source,
    }
}

/// A set in which each pattern stands at its own place.
pub(super) fn globs(patterns: &[String]) -> Result<GlobSet, String> {
    let mut set = GlobSetBuilder::new();
    for pattern in patterns {
        set.add(Glob::new(pattern).map_err(|error| error.to_string())?);
    }
    set.build().map_err(|error| error.to_string())
}
