//! The table of bugs: TOML, written by people. The one that belongs to the project is built in.

use std::{collections::BTreeSet, fs, io, path::Path};

use globset::{GlobSet, GlobSetBuilder};
use serde::Deserialize;
use smtpspec_core::check::rules;

use crate::{expect::Strength, run::Case};

const BUILT_IN: &str = include_str!("../../recall/recall.toml");
/// The built-in table, as errors name it.
const BUILT_IN_NAME: &str = "conformance/recall/recall.toml";

/// Known bugs.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Table {
    /// In the order of the file.
    #[serde(default, rename = "bug")]
    pub bugs: Vec<Bug>,
}

/// A bug that a release has had.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Bug {
    /// Stable, in kebab case: `aiosmtpd-smuggling`.
    pub id: String,
    /// What went wrong, in one line.
    pub title: String,
    /// Where it is told: an address, or words where there is none.
    pub source: String,
    /// The adapter.
    pub target: String,
    /// A version that has it.
    pub vulnerable: String,
    /// A version that has it no longer.
    pub fixed: String,
    /// The rule that finds it.
    pub rule: String,
    /// How much the finding weighs.
    #[serde(default = "broken")]
    pub verdict: Strength,
    /// The documented conversations that show it, by name; `*` stands for any part of one.
    pub cases: Vec<String>,
    /// What must be there to install it, for people, beyond what the adapter needs.
    #[serde(default)]
    pub needs: String,
}

const fn broken() -> Strength {
    Strength::Broken
}

/// A table that cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum TableError {
    /// It cannot be read.
    #[error("--table: cannot read {path}: {source}")]
    Read {
        /// The file.
        path: String,
        /// Why.
        source: io::Error,
    },
    /// It is not what it should be.
    #[error("{path}: {why}")]
    Malformed {
        /// The file.
        path: String,
        /// What is wrong, with the line where that is known.
        why: String,
    },
    /// One of its bugs is not what it should be.
    #[error("{path}: bug `{id}`: {why}")]
    Bug {
        /// The file.
        path: String,
        /// The bug.
        id: String,
        /// What is wrong.
        why: String,
    },
}

impl Table {
    /// The table in `path`, or the built-in one. `targets` are the names that a bug may have as its target, `cases`
    /// the conversations.
    pub fn read(
        path: Option<&Path>,
        targets: &[String],
        cases: &[Case],
    ) -> Result<Self, TableError> {
        let Some(path) = path else {
            return Self::parse(BUILT_IN, BUILT_IN_NAME, targets, cases);
        };
        let name = path.display().to_string();
        match fs::read_to_string(path) {
            Ok(text) => Self::parse(&text, &name, targets, cases),
            Err(source) => Err(TableError::Read { path: name, source }),
        }
    }

    fn parse(
        text: &str,
        path: &str,
        targets: &[String],
        cases: &[Case],
    ) -> Result<Self, TableError> {
        let table: Self = toml::from_str(text).map_err(|error| TableError::Malformed {
            path: path.to_owned(),
            why: error.to_string(),
        })?;
        let mut ids = BTreeSet::new();
        for bug in &table.bugs {
            let known = !ids.insert(&bug.id);
            let again = known.then(|| "there is another of this id".to_owned());
            if let Some(why) = again.or_else(|| bug.trouble(targets, cases)) {
                return Err(TableError::Bug {
                    path: path.to_owned(),
                    id: bug.id.clone(),
                    why,
                });
            }
        }
        Ok(table)
    }
}

impl Bug {
    /// What is wrong with it.
    fn trouble(&self, targets: &[String], cases: &[Case]) -> Option<String> {
        if !is_kebab(&self.id) {
            return Some(
                "an id is made of lower-case letters and digits, with hyphens between".to_owned(),
            );
        }
        if !rules().any(|rule| rule.id == self.rule) {
            return Some(format!(
                "no rule is called `{}`: `smtpspec rules` lists them all",
                self.rule
            ));
        }
        if !targets.contains(&self.target) {
            return Some(format!(
                "no adapter is called `{}`: `smtpspec targets` lists them all",
                self.target
            ));
        }
        if self.vulnerable == self.fixed {
            return Some(format!(
                "`{}` cannot be both vulnerable and fixed",
                self.fixed
            ));
        }
        if self.cases.is_empty() {
            return Some("`cases` names no conversation".to_owned());
        }
        self.cases.iter().find_map(|glob| match globs([glob]) {
            Err(why) => Some(why),
            Ok(set) if cases.iter().any(|case| set.is_match(&case.name)) => None,
            Ok(_) => Some(format!("no documented conversation fits `{glob}`")),
        })
    }

    /// Those of `cases` that it names.
    pub fn cases<'c>(&self, cases: &'c [Case]) -> Vec<&'c Case> {
        // The globs were tried when the table was read.
        let set = globs(&self.cases).unwrap_or_default();
        let fits = cases.iter().filter(|case| set.is_match(&case.name));
        fits.collect()
    }
}

fn globs<'g>(patterns: impl IntoIterator<Item = &'g String>) -> Result<GlobSet, String> {
    let mut set = GlobSetBuilder::new();
    for pattern in patterns {
        set.add(globset::Glob::new(pattern).map_err(|error| error.to_string())?);
    }
    set.build().map_err(|error| error.to_string())
}

fn is_kebab(id: &str) -> bool {
    let is_word = |word: &str| {
        let mut letters = word.chars();
        !word.is_empty() && letters.all(|c| c.is_ascii_lowercase() || c.is_ascii_digit())
    };
    id.split('-').all(is_word)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{run::documented, target};
    use pretty_assertions::assert_eq;

    const GOOD: &str = r#"
        [[bug]]
        id = "postal-lost"
        title = "t"
        source = "s"
        target = "postal"
        vulnerable = "1"
        fixed = "2"
        rule = "SES-2"
        cases = ["lost/greeted-*"]
    "#;

    fn parse(text: &str) -> Result<Table, String> {
        let cases = documented().unwrap();
        Table::parse(text, "my.toml", &["postal".to_owned()], &cases)
            .map_err(|error| error.to_string())
    }

    #[test]
    fn what_is_wrong_is_told_with_file_and_bug() {
        assert!(parse(GOOD).is_ok());
        for (right, wrong, why) in [
            ("SES-2", "SES-99", "no rule is called `SES-99`"),
            ("\"postal\"", "\"post\"", "no adapter is called `post`"),
            (
                "greeted-*",
                "greated-*",
                "no documented conversation fits `lost/greated-*`",
            ),
            (
                "[\"lost/greeted-*\"]",
                "[]",
                "`cases` names no conversation",
            ),
            ("\"1\"", "\"2\"", "`2` cannot be both vulnerable and fixed"),
        ] {
            let error = parse(&GOOD.replace(right, wrong)).unwrap_err();
            let begin = format!("my.toml: bug `postal-lost`: {why}");
            assert!(error.starts_with(&begin), "{error}");
        }
        for (right, wrong, why) in [
            ("postal-lost", "postal lost", "an id is made of"),
            ("title", "titel", "unknown field `titel`"),
        ] {
            let error = parse(&GOOD.replace(right, wrong)).unwrap_err();
            assert!(error.contains(why), "{error}");
        }
        let error = parse(&GOOD.repeat(2)).unwrap_err();
        assert_eq!(
            error,
            "my.toml: bug `postal-lost`: there is another of this id"
        );
    }

    #[test]
    fn the_built_in_table_can_be_used() {
        let table = Table::read(None, &target::known(), &documented().unwrap()).unwrap();
        assert!(table.bugs.len() >= 20);
    }
}
