//! What a person or a program reads after a run.

mod console;
mod counts;
mod coverage;
mod expected;
mod json;
mod ladder;
mod leaks;
pub mod matrix;
mod netcat;
mod recall;
mod rules;
mod single;
mod smuggling;
mod style;
mod targets;

pub use console::console;
pub use counts::Counts;
pub use coverage::{coverage_json, coverage_table};
pub use json::json;
pub use ladder::{event_line, ladder};
pub use recall::{recall_json, recall_markdown, recall_table};
pub use rules::{explain_rule, list_rules};
pub use single::{findings_of_one, one_session};
pub use smuggling::{Exposure, FormFate, HandedOn, LookAlikeFates, Smuggling};
pub use targets::{KnownTarget, list_targets, targets_json};

use std::time::Duration;

use smtpspec_core::{check::RunVerdict, transcript::Transcript};

use crate::{
    expect::Comparison,
    run::{Counted, LeakCheck, Minimal},
};

/// A finished run, ready to be reported.
#[derive(Debug)]
pub struct RunReport<'a> {
    /// What happened.
    pub transcript: &'a Transcript,
    /// What it means.
    pub verdict: &'a RunVerdict,
    /// Conversations that were not played, each with the reason.
    pub skipped: &'a [(String, String)],
    /// How long the run took; absent when a saved transcript is judged.
    pub elapsed: Option<Duration>,
    /// Findings in their smallest form.
    pub minimal: &'a [Minimal],
    /// Options that name the target again, as on the command line; with a leading blank, or empty.
    pub target_options: String,
    /// Whether what is only not strict counts as broken.
    pub strict: bool,
    /// What the suite `leaks` saw besides the rules.
    pub leaks: Option<&'a LeakCheck>,
    /// What was counted, where the transcript does not hold all sessions.
    pub counted: Option<&'a Counted>,
    /// How the findings compare with those that were expected, where some were.
    pub expected: Option<&'a Comparison>,
}

impl RunReport<'_> {
    /// The documented exit code: 0 conforms, 1 rules broken, 3 inconclusive. (2 is an error's.) Where findings were
    /// expected: 0 as expected, 1 not.
    pub fn exit_code(&self) -> u8 {
        use smtpspec_core::check::Verdict;
        if self.leaks.is_some_and(LeakCheck::failed) {
            return 1;
        }
        if let Some(comparison) = self.expected {
            return u8::from(!comparison.holds());
        }
        match self.verdict.overall() {
            Verdict::Broken => 1,
            Verdict::NotStrict if self.strict => 1,
            Verdict::Inconclusive => 3,
            _ => 0,
        }
    }
}
