//! `smtpspec check`: judges a saved transcript, or an event log without one.

use smtpspec_core::{
    check::{RunVerdict, check_events},
    transcript::Transcript,
};

use super::{CliError, args::CheckArgs, filter::Filter};
use crate::report::RunReport;

pub(super) fn check(args: &CheckArgs) -> Result<u8, CliError> {
    let filter = Filter::new("--rule", &args.rule)?;
    let path = &args.transcript;
    let text = std::fs::read(path).map_err(|source| CliError::Read {
        path: path.clone(),
        source,
    })?;
    let (transcript, mut verdict) = judge(args, &text)?;
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
        counted: None,
        expected: None,
    };
    super::run::print(&report, args.format)?;
    Ok(report.exit_code())
}

fn judge(args: &CheckArgs, text: &[u8]) -> Result<(Transcript, RunVerdict), CliError> {
    let path = args.transcript.clone();
    if is_event_log(text) {
        let transcript = Transcript::from_event_log(text, args.ended);
        let transcript = transcript.map_err(|source| CliError::EventLog { path, source })?;
        let verdict = check_events(&transcript);
        return Ok((transcript, verdict));
    }
    let transcript = Transcript::parse(text);
    let transcript = transcript.map_err(|source| CliError::Transcript { path, source })?;
    let verdict = smtpspec_core::check::check(&transcript);
    Ok((transcript, verdict))
}

/// Its first line is a hello.
fn is_event_log(text: &[u8]) -> bool {
    let line = text.split(|octet| *octet == b'\n').next();
    let value = line.and_then(|line| serde_json::from_slice::<serde_json::Value>(line).ok());
    value.is_some_and(|value| value.get("smtpspec-events").is_some())
}
