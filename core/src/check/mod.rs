//! The rules: transcript in, findings out.

mod verdict;

pub use verdict::{Finding, Level, Rule, RuleVerdict, RunVerdict, SeenLeniency, Verdict};

use crate::transcript::Transcript;

/// Every rule, in the order in which reports show them.
pub fn rules() -> &'static [Rule] {
    &[]
}

/// Judges a run. A pure function of the transcript.
pub fn check(transcript: &Transcript) -> RunVerdict {
    let _ = transcript;
    todo!()
}
