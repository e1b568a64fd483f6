//! What a rule is, and what can be said of it after a run.

use core::fmt;

use crate::wire::LeniencyLevel;

/// How binding a rule is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Level {
    /// Breaking it is a finding.
    Must,
    /// Breaking it is reported as not strict.
    Should,
}

/// A rule of the event-ordering model or of the wire.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rule {
    /// Stable: `SES-2`.
    pub id: &'static str,
    /// One line.
    pub title: &'static str,
    /// How binding.
    pub level: Level,
    /// Section or document.
    pub source: &'static str,
    /// One paragraph.
    pub explanation: &'static str,
    /// A trace that breaks it.
    pub example: &'static str,
}

impl Rule {
    pub(super) const fn must(
        id: &'static str,
        title: &'static str,
        source: &'static str,
        explanation: &'static str,
        example: &'static str,
    ) -> Self {
        Self {
            id,
            title,
            level: Level::Must,
            source,
            explanation,
            example,
        }
    }

    pub(super) const fn should(
        id: &'static str,
        title: &'static str,
        source: &'static str,
        explanation: &'static str,
        example: &'static str,
    ) -> Self {
        Self {
            level: Level::Should,
            ..Self::must(id, title, source, explanation, example)
        }
    }
}

/// What can be said of a rule after a run (MODEL.md, section 3).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Verdict {
    /// Exercised, and never broken.
    Holds,
    /// Broken at least once.
    Broken,
    /// Only a SHOULD was broken, or a harmless leniency used.
    NotStrict,
    /// The evidence was cut off.
    Inconclusive,
    /// The server under test does not show what the rule speaks of.
    NotObservable,
    /// Nothing in the run could have broken it.
    NotExercised,
}

impl fmt::Display for Verdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Holds => "holds",
            Self::Broken => "broken",
            Self::NotStrict => "not strict",
            Self::Inconclusive => "inconclusive",
            Self::NotObservable => "not observable",
            Self::NotExercised => "not exercised",
        })
    }
}

/// One place where one rule is broken.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// The rule's id.
    pub rule: &'static str,
    /// How much it weighs; may be less than the rule's own level where only strictness is lacking.
    pub level: Level,
    /// The connection's number in the transcript; 0 for an event that belongs to none.
    pub conn: u64,
    /// The conversation's name.
    pub case: String,
    /// Index of the entry in the session's log where it shows; `None` for the session as a whole.
    pub entry: Option<usize>,
    /// What was expected and what was seen, one sentence.
    pub what: String,
}

/// A leniency without which what was seen cannot be explained.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SeenLeniency {
    /// In words.
    pub name: String,
    /// How much it matters.
    pub level: LeniencyLevel,
    /// The conversations that showed it.
    pub cases: Vec<String>,
}

/// What a run says of one rule.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RuleVerdict {
    /// The rule.
    pub rule: &'static Rule,
    /// What can be said.
    pub verdict: Verdict,
    /// Sessions in which it could have been broken.
    pub exercised: u64,
    /// Where it was broken.
    pub findings: Vec<Finding>,
}

/// What a run says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RunVerdict {
    /// One for each rule, in the catalogue's order.
    pub rules: Vec<RuleVerdict>,
    /// What the server took beyond the standard.
    pub leniencies: Vec<SeenLeniency>,
}

impl RunVerdict {
    /// All findings, in the order of the rules.
    pub fn findings(&self) -> impl Iterator<Item = &Finding> {
        self.rules.iter().flat_map(|rule| &rule.findings)
    }

    /// The worst of all: broken, else inconclusive, else not strict, else holds.
    pub fn overall(&self) -> Verdict {
        let has = |verdict| self.rules.iter().any(|rule| rule.verdict == verdict);
        [Verdict::Broken, Verdict::Inconclusive, Verdict::NotStrict]
            .into_iter()
            .find(|verdict| has(*verdict))
            .unwrap_or(Verdict::Holds)
    }
}
