//! `smtpspec coverage` as a user sees it, and the line of it in a run's report.

use std::fs;

use assert_cmd::Command;
use pretty_assertions::assert_eq;

/// Runs `smtpspec`; gives exit code, standard output, standard error.
fn smtpspec(arguments: &[&str]) -> (Option<i32>, String, String) {
    let mut command = Command::cargo_bin("smtpspec").unwrap();
    let output = command
        .args(arguments)
        .timeout(std::time::Duration::from_mins(1))
        .output();
    let output = output.unwrap();
    let text = |octets: Vec<u8>| String::from_utf8(octets).unwrap();
    (
        output.status.code(),
        text(output.stdout),
        text(output.stderr),
    )
}

#[test]
fn the_suites_reach_every_pair() {
    let (code, table, _) = smtpspec(&["coverage"]);
    assert_eq!(code, Some(0));
    let last = table.lines().last().unwrap();
    let (reached, of) = last.split_once(" of ").unwrap();
    assert!(of.starts_with(&format!("{reached} pairs")), "{last}");
    assert!(!table.contains("not reached"), "{table}");
}

#[test]
fn a_conversation_reaches_little_and_what_is_missing_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("short.smtp");
    fs::write(&file, "%title t\nEHLO a\nQUIT\n").unwrap();
    for path in [file.as_path(), folder.path()] {
        let (code, table, _) = smtpspec(&["coverage", path.to_str().unwrap()]);
        assert_eq!(code, Some(0));
        assert!(
            table.contains("not reached  MAIL, malformed in state greeted\n"),
            "{table}"
        );
        assert!(table.contains("\n2 of "), "{table}");
    }
}

#[test]
fn a_saved_run_says_the_same_as_its_report() {
    let folder = tempfile::tempdir().unwrap();
    let out = folder.path().to_str().unwrap();
    let (code, report, _) = smtpspec(&["run", "--case", "seed/*", "--out", out]);
    assert_eq!(code, Some(0));
    let saved = folder.path().join("transcript.jsonl");
    let (_, table, _) = smtpspec(&["coverage", saved.to_str().unwrap()]);
    let line = table.lines().last().unwrap();
    assert!(report.contains(line), "{line}\n{report}");
    let (_, json, _) = smtpspec(&["coverage", "--format", "json", saved.to_str().unwrap()]);
    let json: serde_json::Value = serde_json::from_str(&json).unwrap();
    let numbers = [&json["reached"], &json["pairs"]].map(|n| n.as_u64().unwrap());
    assert!(
        line.starts_with(&format!("{} of {} pairs", numbers[0], numbers[1])),
        "{line}"
    );
    let missing = json["missing"].as_array().unwrap().len() as u64;
    assert_eq!(missing, numbers[1] - numbers[0]);
}

/// Where nobody takes handler scripts, no handler refuses: the table says so.
#[test]
fn a_run_without_an_adapter_says_why_refusals_are_missing() {
    let folder = tempfile::tempdir().unwrap();
    let saved = folder.path().join("wire.jsonl");
    let header = r#"{"smtpspec-transcript":1,"tool":"t","target":"t","disconnect_limit_ms":1}"#;
    fs::write(&saved, format!("{header}\n{{\"end\":true}}\n")).unwrap();
    let (code, table, error) = smtpspec(&["coverage", saved.to_str().unwrap()]);
    assert_eq!(code, Some(0), "{error}");
    let why = "MAIL, refused in state greeted: the target takes no handler scripts\n";
    assert!(table.contains(why), "{table}");
    let (code, _, error) = smtpspec(&["coverage", saved.to_str().unwrap(), "other.smtp"]);
    assert_eq!(code, Some(2));
    assert!(
        error.contains("wire.jsonl: a transcript is counted by itself"),
        "{error}"
    );
}

#[test]
fn bad_input_is_named() {
    let empty = tempfile::tempdir().unwrap();
    let empty = empty.path().to_str().unwrap();
    let broken = tempfile::NamedTempFile::with_suffix(".smtp").unwrap();
    fs::write(broken.path(), "%title\n").unwrap();
    for (path, says) in [
        (empty, "no `.smtp` file in"),
        ("/nowhere/at.all", "cannot read /nowhere/at.all"),
        ("/nowhere/run.jsonl", "cannot read /nowhere/run.jsonl"),
        (broken.path().to_str().unwrap(), "line 1, column"),
    ] {
        let (code, _, error) = smtpspec(&["coverage", path]);
        assert_eq!(code, Some(2), "{path}");
        assert!(error.contains(says), "{error}");
    }
}
