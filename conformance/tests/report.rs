//! The reports of a saved run, held to snapshots: what a person reads is part of the interface.

use smtpspec::report::{RunReport, console, explain_rule, json};
use smtpspec_core::{
    check::{RunVerdict, check, rules},
    transcript::Transcript,
};

fn saved() -> (Transcript, RunVerdict) {
    let text = include_bytes!("data/two-defects.jsonl");
    let transcript = Transcript::parse(text).unwrap();
    let verdict = check(&transcript);
    (transcript, verdict)
}

/// Without the colours that only a terminal gets.
fn plain(write: impl FnOnce(&mut anstream::StripStream<Vec<u8>>) -> std::io::Result<()>) -> String {
    let mut out = anstream::StripStream::new(Vec::new());
    write(&mut out).unwrap();
    String::from_utf8(out.into_inner()).unwrap()
}

#[test]
fn the_console_report_shows_what_broke_and_how_to_see_it_again() {
    let (transcript, verdict) = saved();
    let report = RunReport {
        transcript: &transcript,
        verdict: &verdict,
        skipped: &[(
            "a/b".into(),
            "needs handler scripts, which this target does not take".into(),
        )],
        elapsed: None,
        minimal: &[],
        target_options: " --defect bare-lf-ends-data".into(),
        strict: false,
        leaks: None,
        counted: None,
        expected: None,
    };
    assert_eq!(report.exit_code(), 1);
    insta::assert_snapshot!(plain(|out| console(out, &report)));
}

#[test]
fn the_json_report_holds_the_same() {
    let (transcript, verdict) = saved();
    let report = RunReport {
        transcript: &transcript,
        verdict: &verdict,
        skipped: &[],
        elapsed: None,
        minimal: &[],
        target_options: String::new(),
        strict: false,
        leaks: None,
        counted: None,
        expected: None,
    };
    insta::assert_snapshot!(json(&report));
}

#[test]
fn a_rule_is_explained_with_its_source_and_defects() {
    let rule = rules().find(|rule| rule.id == "SES-2").unwrap();
    insta::assert_snapshot!(plain(|out| explain_rule(out, rule)));
}
