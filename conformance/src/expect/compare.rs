//! What a run shows that was not expected, and what it no longer shows.

use std::collections::{BTreeMap, BTreeSet};

use smtpspec_core::{
    check::{RunVerdict, Verdict},
    transcript::Transcript,
};

use super::file::{Expected, Known, Strength, globs};

/// A difference between a run and what was expected of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Change {
    /// A finding that is not in the file.
    New {
        /// The rule's id.
        rule: String,
        /// How much it weighs.
        verdict: Strength,
        /// The conversations that show it.
        cases: Vec<String>,
    },
    /// A finding in the file that was played for and did not show.
    Gone {
        /// The rule's id.
        rule: String,
        /// How much it weighed.
        verdict: Strength,
        /// The conversations that should have shown it, as the file names them.
        cases: Vec<String>,
    },
    /// A rule that could be observed cannot be any more.
    NoLongerObservable(String),
    /// A rule can be observed now that could not be.
    NowObservable(String),
    /// A finding in the file without a reason.
    Unexplained {
        /// The rule's id.
        rule: String,
        /// How much it weighs.
        verdict: Strength,
    },
}

/// What came of a comparison.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Comparison {
    /// Findings in the file that showed as they were to.
    pub as_expected: usize,
    /// Findings in the file for which nothing was played, or only what may show them and did not.
    pub not_played: usize,
    /// All that is different.
    pub changes: Vec<Change>,
}

impl Comparison {
    /// Whether all is as it was to be.
    pub fn holds(&self) -> bool {
        self.changes.is_empty()
    }
}

/// What the run shows: for each rule and weight, the conversations.
type Shown = BTreeMap<(String, Strength), BTreeSet<String>>;

/// The findings of a run.
pub(super) fn shown(verdict: &RunVerdict) -> Shown {
    let mut shown = Shown::new();
    for finding in verdict.findings() {
        let key = (finding.rule.to_owned(), finding.level.into());
        shown.entry(key).or_default().insert(finding.case.clone());
    }
    shown
}

/// The names of all conversations that were played, and of what stands for none.
pub(super) fn played(transcript: &Transcript, shown: &Shown) -> BTreeSet<String> {
    let sessions = transcript.sessions.iter();
    let played = sessions.map(|session| session.open.case.clone());
    played.chain(shown.values().flatten().cloned()).collect()
}

/// How a finding in the file fares.
pub(super) struct Fared {
    /// The patterns for which something was played.
    pub(super) played: Vec<String>,
    /// Those of them that nothing shows.
    pub(super) gone: Vec<String>,
    /// The conversations that show it, where they must or may.
    pub(super) showing: BTreeSet<String>,
}

pub(super) fn fare(known: &Known, shown: &Shown, played: &BTreeSet<String>) -> Fared {
    // That the patterns are well formed was seen to when the file was read.
    let set = globs(&known.cases).unwrap_or_default();
    let may = globs(&known.may_show).unwrap_or_default();
    let fitting = |cases: &BTreeSet<String>| -> BTreeSet<usize> {
        cases.iter().flat_map(|case| set.matches(case)).collect()
    };
    let key = (known.rule.clone(), known.verdict);
    let showing = shown.get(&key).cloned().unwrap_or_default();
    let (asked, met) = (fitting(played), fitting(&showing));
    let named = |places: Vec<&usize>| -> Vec<String> {
        places
            .into_iter()
            .map(|place| known.cases[*place].clone())
            .collect()
    };
    Fared {
        played: named(asked.iter().collect()),
        gone: named(asked.difference(&met).collect()),
        showing: showing
            .into_iter()
            .filter(|case| set.is_match(case) || may.is_match(case))
            .collect(),
    }
}

/// Holds the run against `expected`.
pub fn compare(expected: &Expected, transcript: &Transcript, verdict: &RunVerdict) -> Comparison {
    let mut left = shown(verdict);
    let all = left.clone();
    let played = played(transcript, &all);
    let mut comparison = Comparison {
        as_expected: 0,
        not_played: 0,
        changes: Vec::new(),
    };
    let mut gone = Vec::new();
    for known in &expected.all {
        let (rule, verdict) = (known.rule.clone(), known.verdict);
        let fared = fare(known, &all, &played);
        if let Some(cases) = left.get_mut(&(rule.clone(), verdict)) {
            cases.retain(|case| !fared.showing.contains(case));
        }
        if known.reason.trim().is_empty() {
            let rule = rule.clone();
            gone.push(Change::Unexplained { rule, verdict });
        }
        if fared.played.is_empty() && fared.showing.is_empty() {
            comparison.not_played += 1;
        } else if fared.gone.is_empty() {
            comparison.as_expected += 1;
        } else {
            let cases = fared.gone;
            gone.push(Change::Gone {
                rule,
                verdict,
                cases,
            });
        }
    }
    left.retain(|_, cases| !cases.is_empty());
    let new = left
        .into_iter()
        .map(|((rule, verdict), cases)| Change::New {
            rule,
            verdict,
            cases: cases.into_iter().collect(),
        });
    comparison.changes.extend(new);
    comparison.changes.extend(gone);
    comparison.changes.extend(observable(expected, verdict));
    comparison
}

/// Rules that are not observable in the run.
pub(super) fn not_observable(verdict: &RunVerdict) -> impl Iterator<Item = &'static str> {
    let rules = verdict.rules.iter();
    let unseen = rules.filter(|rule| rule.verdict == Verdict::NotObservable);
    unseen.map(|rule| rule.rule.id)
}

fn observable(expected: &Expected, verdict: &RunVerdict) -> Vec<Change> {
    let was_not = |id: &str| expected.not_observable.iter().any(|known| known == id);
    let now_not: Vec<_> = not_observable(verdict).collect();
    let judged = verdict.rules.iter().map(|rule| rule.rule.id);
    let lost = now_not.iter().filter(|id| !was_not(id));
    let lost = lost.map(|id| Change::NoLongerObservable((*id).to_owned()));
    let won = judged.filter(|id| was_not(id) && !now_not.contains(id));
    let won = won.map(|id| Change::NowObservable(id.to_owned()));
    lost.chain(won).collect()
}
