//! `smtpspec check`: judges a saved transcript.

use smtpspec_core::transcript::Transcript;

use super::{CliError, args::CheckArgs, filter::Filter};
use crate::report::RunReport;

pub(super) fn check(args: &CheckArgs) -> Result<u8, CliError> {
    let filter = Filter::new("--rule", &args.rule)?;
    let path = &args.transcript;
    let text = std::fs::read(path).map_err(|source| CliError::Read {
        path: path.clone(),
        source,
    })?;
    let transcript = Transcript::parse(&text).map_err(|source| CliError::Transcript {
        path: path.clone(),
        source,
    })?;
    let mut verdict = smtpspec_core::check::check(&transcript);
    verdict.rules.retain(|rule| filter.takes(rule.rule.id));
    let report = RunReport {
        transcript: &transcript,
        verdict: &verdict,
        skipped: &[],
        elapsed: None,
        minimal: &[],
        target_options: String::new(),
        strict: args.strict,
        leaks: None,
        expected: None,
    };
    super::run::print(&report, args.format)?;
    Ok(report.exit_code())
}
