//! `--out DIR`: the transcript, the report, and each finding as files that `replay` and `check` take.

use std::{
    fmt::Write,
    fs,
    path::{Path, PathBuf},
};

use smtpspec_core::{
    check::{Finding, check},
    transcript::Transcript,
};

use super::CliError;
use crate::{
    report::{RunReport, json},
    run::{Case, Minimal},
};

/// `transcript.jsonl`, `report.json`, and under `findings/` each conversation that broke a rule; of each rule also the
/// smallest that shows it, with the transcript of that.
pub(super) fn write(dir: &Path, report: &RunReport<'_>, cases: &[Case]) -> Result<(), CliError> {
    file(dir.join("transcript.jsonl"), &file_form(report.transcript))?;
    file(dir.join("report.json"), json(report).as_bytes())?;
    let findings = dir.join("findings");
    for minimal in report.minimal {
        write_minimal(&findings, report, minimal)?;
    }
    for finding in report.verdict.findings() {
        if let Some(case) = cases.iter().find(|case| case.name == finding.case) {
            write_finding(&findings, finding, case)?;
        }
    }
    Ok(())
}

fn write_finding(findings: &Path, finding: &Finding, case: &Case) -> Result<(), CliError> {
    let name = format!("{}-{}.smtp", finding.rule, case.name.replace('/', "-"));
    let comment = comment(&format!("breaks {}: {}", finding.rule, finding.what));
    let text = [comment.as_bytes(), &case.conversation.print()].concat();
    file(findings.join(name), &text)
}

/// `RULE-minimal.smtp`, and `RULE-minimal.jsonl` where that session alone shows what is wrong.
fn write_minimal(
    findings: &Path,
    report: &RunReport<'_>,
    minimal: &Minimal,
) -> Result<(), CliError> {
    let name = |ending: &str| findings.join(format!("{}-minimal.{ending}", minimal.rule));
    let (conversation, transcript) = (name("smtp"), name("jsonl"));
    let played = minimal.transcript(report.transcript);
    let shows = check(&played).findings().any(|f| f.rule == minimal.rule);
    let mut text = about(report, minimal, &conversation);
    if shows {
        text += &comment(&format!(
            "judge what happened then: smtpspec check {}",
            transcript.display()
        ));
        file(transcript, &file_form(&played))?;
    }
    let text = [text.as_bytes(), &minimal.conversation.print()].concat();
    file(conversation, &text)
}

/// What a reader of the conversation wants to know first.
fn about(report: &RunReport<'_>, minimal: &Minimal, conversation: &Path) -> String {
    let mut text = comment(&format!(
        "breaks {}: {}",
        minimal.rule, minimal.finding.what
    ));
    let mut rules = report.verdict.rules.iter();
    if let Some(rule) = rules.find(|rule| rule.rule.id == minimal.rule) {
        text += &comment(&format!("{} ({})", rule.rule.title, rule.rule.source));
    }
    let (shown, of) = minimal.repeats;
    let mut found = format!("from {}, ", minimal.case);
    // Writing into a string cannot fail.
    let _ = match (minimal.is_flaky(), minimal.stopped) {
        (true, _) => write!(
            found,
            "as it was found: FLAKY, it showed again in {shown} of {of} playings"
        ),
        (_, true) => write!(found, "not minimal: stopped after {} tries", minimal.tries),
        _ => write!(
            found,
            "the smallest found in {} tries; it showed again in {shown} of {of} playings",
            minimal.tries
        ),
    };
    text += &comment(&found);
    let (path, options) = (conversation.display(), &report.target_options);
    text += &comment(&format!("see it again: smtpspec replay {path}{options}"));
    text
}

/// A comment of one line, whatever stands in `text`.
fn comment(text: &str) -> String {
    format!("%# {}\n", text.replace(char::is_control, " "))
}

pub(super) fn file(path: PathBuf, octets: &[u8]) -> Result<(), CliError> {
    let folder = path.parent().map_or(Ok(()), fs::create_dir_all);
    let written = folder.and_then(|()| fs::write(&path, octets));
    written.map_err(|source| CliError::Write { path, source })
}

fn file_form(transcript: &Transcript) -> Vec<u8> {
    let mut octets = Vec::new();
    // Writing into memory cannot fail.
    let _ = transcript.write_to(&mut octets);
    octets
}
