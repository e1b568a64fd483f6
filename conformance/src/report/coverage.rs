//! Which pairs of a state and a stimulus were reached: as a table, as JSON, and as a line of the run's report.

use std::io::{self, Write};

use serde::Serialize;
use smtpspec_core::{
    coverage::{Coverage, Form, Pair, SessionState, Stimulus, pairs},
    event::Hello,
};

use super::style::{FAINT, MISSING, STRONG};

/// Wide enough for the longest stimulus.
const STIMULUS: usize = 40;

#[derive(Serialize)]
pub(super) struct Document {
    pairs: usize,
    reached: usize,
    missing: Vec<Missing>,
}

#[derive(Serialize)]
struct Missing {
    state: &'static str,
    stimulus: String,
    why: Option<&'static str>,
}

impl Document {
    pub(super) fn of(coverage: &Coverage, hello: Option<&Hello>) -> Self {
        let missing = |pair: Pair| Missing {
            state: pair.state.name(),
            stimulus: pair.stimulus.to_string(),
            why: why_missing(pair, hello),
        };
        Self {
            pairs: pairs().count(),
            reached: coverage.reached(),
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
    for pair in coverage.missing() {
        let why = why_missing(pair, hello).map_or(String::new(), |why| format!(": {why}"));
        writeln!(out, "{MISSING}not reached{MISSING:#}  {pair}{why}")?;
    }
    writeln!(out, "{}", coverage_line(coverage))
}

/// `387 of 387 pairs of a state and a stimulus reached`.
pub(super) fn coverage_line(coverage: &Coverage) -> String {
    let (reached, all) = (coverage.reached(), pairs().count());
    format!("{reached} of {all} pairs of a state and a stimulus reached")
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
