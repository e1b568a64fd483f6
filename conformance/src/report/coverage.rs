//! Which pairs of a state and a stimulus were reached: as a table, as JSON, and in a run's report.

use std::io::{self, Write};

use serde::Serialize;
use smtpspec_core::{
    coverage::{Coverage, Form, Pair, SessionState, Stimulus, pairs},
    event::Hello,
};

use super::{
    RunReport,
    style::{FAINT, MISSING, STRONG},
};

/// Wide enough for the longest stimulus.
const STIMULUS: usize = 40;

/// More pairs than this that were not reached are counted, not named, in the report of a run.
const MOST_NAMED: usize = 12;

#[derive(Serialize)]
struct Document {
    #[serde(flatten)]
    numbers: Numbers,
    missing: Vec<Missing>,
}

/// How many pairs there are, and how many were reached.
#[derive(Serialize)]
pub(super) struct Numbers {
    pairs: usize,
    reached: usize,
}

impl Numbers {
    pub(super) fn of(coverage: &Coverage) -> Self {
        Self {
            pairs: pairs().count(),
            reached: coverage.reached(),
        }
    }
}

#[derive(Serialize)]
struct Missing {
    state: &'static str,
    stimulus: String,
    why: Option<&'static str>,
}

impl Document {
    fn of(coverage: &Coverage, hello: Option<&Hello>) -> Self {
        let missing = |pair: Pair| Missing {
            state: pair.state.name(),
            stimulus: pair.stimulus.to_string(),
            why: why_missing(pair, hello),
        };
        Self {
            numbers: Numbers::of(coverage),
            missing: coverage.missing().map(missing).collect(),
        }
    }
}

/// The numbers and what is missing, as pretty-printed JSON with a final line end.
pub fn coverage_json(coverage: &Coverage, hello: Option<&Hello>) -> String {
    let document = Document::of(coverage, hello);
    // Strings and numbers only: there is nothing in it that JSON cannot carry.
    let mut text = serde_json::to_string_pretty(&document).unwrap_or_default();
    text.push('\n');
    text
}

/// A line for each stimulus, a column for each state; then what is missing.
pub fn coverage_table(
    out: &mut impl Write,
    coverage: &Coverage,
    hello: Option<&Hello>,
) -> io::Result<()> {
    write!(out, "{STRONG}{:<STIMULUS$}", "stimulus")?;
    for state in SessionState::ALL {
        write!(out, "  {:>width$}", state.name(), width = width(state))?;
    }
    writeln!(out, "{STRONG:#}")?;
    for stimulus in stimuli() {
        write!(out, "{stimulus:<STIMULUS$}")?;
        for state in SessionState::ALL {
            cell(out, coverage, Pair { state, stimulus })?;
        }
        writeln!(out)?;
    }
    writeln!(out, "{FAINT}a dot: there is no such pair{FAINT:#}\n")?;
    let missing: Vec<Pair> = coverage.missing().collect();
    name_missing(out, "", &missing, hello)?;
    writeln!(out, "{}", coverage_line(coverage))
}

/// What the run reached, what has been counted and not kept included.
pub(super) fn coverage_of(report: &RunReport<'_>) -> Coverage {
    let leaks = report.leaks.map(|leaks| &leaks.coverage);
    let counted = report.counted.map(|counted| &counted.coverage);
    let known = leaks.or(counted).cloned();
    known.unwrap_or_else(|| Coverage::of(report.transcript))
}

/// `367 of 367 pairs of a state and a stimulus reached`.
fn coverage_line(coverage: &Coverage) -> String {
    let Numbers { pairs, reached } = Numbers::of(coverage);
    format!("{reached} of {pairs} pairs of a state and a stimulus reached")
}

/// The line, and those that are missing when they are few.
pub(super) fn coverage_summary(
    out: &mut impl Write,
    coverage: &Coverage,
    hello: Option<&Hello>,
) -> io::Result<()> {
    writeln!(out, "  {}", coverage_line(coverage))?;
    let missing: Vec<Pair> = coverage.missing().collect();
    if missing.len() <= MOST_NAMED {
        name_missing(out, "  ", &missing, hello)?;
    }
    Ok(())
}

fn name_missing(
    out: &mut impl Write,
    indent: &str,
    missing: &[Pair],
    hello: Option<&Hello>,
) -> io::Result<()> {
    for pair in missing {
        let why = why_missing(*pair, hello).map_or(String::new(), |why| format!(": {why}"));
        writeln!(out, "{indent}{MISSING}not reached{MISSING:#}  {pair}{why}")?;
    }
    Ok(())
}

/// In the order of the list of pairs, each once.
fn stimuli() -> Vec<Stimulus> {
    let mut stimuli: Vec<Stimulus> = Vec::new();
    for pair in pairs() {
        if !stimuli.contains(&pair.stimulus) {
            stimuli.push(pair.stimulus);
        }
    }
    stimuli
}

fn width(state: SessionState) -> usize {
    state.name().len().max(6)
}

fn cell(out: &mut impl Write, coverage: &Coverage, pair: Pair) -> io::Result<()> {
    let width = width(pair.state);
    if !pairs().any(|known| known == pair) {
        return write!(out, "  {FAINT}{:>width$}{FAINT:#}", ".");
    }
    match coverage.times(pair) {
        0 => write!(out, "  {MISSING}{:>width$}{MISSING:#}", 0),
        times => write!(out, "  {times:>width$}"),
    }
}

/// Why a run at the server that says `hello` cannot reach `pair`, if that is known.
fn why_missing(pair: Pair, hello: Option<&Hello>) -> Option<&'static str> {
    let scripts = hello.is_some_and(|hello| hello.semantics.scripts);
    let by_handler = matches!(
        pair.stimulus,
        Stimulus::Command(_, Form::Refused)
            | Stimulus::Content(smtpspec_core::coverage::ContentStimulus::EndOfDataRefused)
    );
    (by_handler && !scripts).then_some("the target takes no handler scripts")
}
