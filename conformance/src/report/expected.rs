//! What a run shows beyond the findings that were expected of it, and what it no longer shows.

use std::io::{self, Write};

use serde::Serialize;

use super::style::{GOOD, MISSING, STRONG};
use crate::expect::{Change, Comparison};

/// Conversations named of one change.
const NAMED: usize = 5;

/// For people.
pub(super) fn expected(out: &mut impl Write, comparison: &Comparison) -> io::Result<()> {
    let not_played = match comparison.not_played {
        0 => String::new(),
        n => format!("; {n} more were not called for"),
    };
    let shown = comparison.as_expected;
    if comparison.holds() {
        return writeln!(
            out,
            "  {GOOD}as expected{GOOD:#}: {shown} known findings show, and no others{not_played}"
        );
    }
    writeln!(
        out,
        "  {MISSING}not as expected{MISSING:#} ({shown} known findings show{not_played}):"
    )?;
    for change in &comparison.changes {
        let (what, text) = in_words(change);
        writeln!(out, "    {STRONG}{what}{STRONG:#} {text}")?;
    }
    writeln!(
        out,
        "    when each of these has its reason, --update writes them into the file"
    )
}

/// What kind of change, and which.
fn in_words(change: &Change) -> (&'static str, String) {
    match change {
        Change::New {
            rule,
            verdict,
            cases,
        } => ("new:", format!("{rule} ({verdict}) in {}", some_of(cases))),
        Change::Gone {
            rule,
            verdict,
            cases,
        } => ("gone:", format!("{rule} ({verdict}) in {}", some_of(cases))),
        Change::NoLongerObservable(rule) => ("no longer observable:", rule.clone()),
        Change::NowObservable(rule) => ("now observable:", rule.clone()),
        Change::Unexplained { rule, verdict } => {
            ("without a reason:", format!("{rule} ({verdict})"))
        }
    }
}

fn some_of(cases: &[String]) -> String {
    match cases.len().checked_sub(NAMED) {
        Some(more @ 1..) => format!("{}, and {more} more", cases[..NAMED].join(", ")),
        _ => cases.join(", "),
    }
}

/// For programs.
#[derive(Serialize)]
pub(super) struct ExpectedInJson {
    holds: bool,
    as_expected: usize,
    not_played: usize,
    changes: Vec<ChangeInJson>,
}

#[derive(Serialize)]
struct ChangeInJson {
    change: &'static str,
    rule: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    verdict: Option<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    cases: Vec<String>,
}

impl From<&Comparison> for ExpectedInJson {
    fn from(comparison: &Comparison) -> Self {
        Self {
            holds: comparison.holds(),
            as_expected: comparison.as_expected,
            not_played: comparison.not_played,
            changes: comparison.changes.iter().map(ChangeInJson::from).collect(),
        }
    }
}

impl From<&Change> for ChangeInJson {
    fn from(change: &Change) -> Self {
        let bare = |change, rule: &str| Self {
            change,
            rule: rule.to_owned(),
            verdict: None,
            cases: Vec::new(),
        };
        match change {
            Change::New {
                rule,
                verdict,
                cases,
            } => Self {
                verdict: Some(verdict.to_string()),
                cases: cases.clone(),
                ..bare("new", rule)
            },
            Change::Gone {
                rule,
                verdict,
                cases,
            } => Self {
                verdict: Some(verdict.to_string()),
                cases: cases.clone(),
                ..bare("gone", rule)
            },
            Change::NoLongerObservable(rule) => bare("no longer observable", rule),
            Change::NowObservable(rule) => bare("now observable", rule),
            Change::Unexplained { rule, verdict } => Self {
                verdict: Some(verdict.to_string()),
                ..bare("without a reason", rule)
            },
        }
    }
}
