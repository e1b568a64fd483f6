//! `run --expect`: a run fails on any finding that is new and on any that is gone.

use std::{
    fs,
    path::{Path, PathBuf},
    process::{Command, Output},
};

use assert_cmd::cargo::cargo_bin;
use pretty_assertions::assert_eq;

/// Plays what shows the defects `noop-event-twice` and `rcpt-event-once`.
fn run(defects: &[&str], expect: &Path, more: &[&str]) -> (Option<i32>, String) {
    let Output {
        status,
        stdout,
        stderr,
    } = Command::new(cargo_bin("smtpspec"))
        .args(["run", "--case", "states/*", "--case", "seed/*"])
        .args(defects.iter().flat_map(|defect| ["--defect", defect]))
        .arg("--expect")
        .arg(expect)
        .args(more)
        .output()
        .unwrap();
    let text = String::from_utf8([stdout, stderr].concat()).unwrap();
    (status.code(), text)
}

struct File {
    path: PathBuf,
    _dir: tempfile::TempDir,
}

/// What `noop-event-twice` shows, written by `--update` and explained by a person.
fn explained() -> File {
    explained_of("noop-event-twice", "ORD-11", "NOOP\n")
}

/// The same of any defect that breaks one rule, with what its smallest conversation holds.
fn explained_of(defect: &str, rule: &str, conversation: &str) -> File {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("expected.toml");
    let (code, text) = run(&[defect], &path, &["--update"]);
    assert_eq!(code, Some(1), "{text}");
    assert!(
        text.contains(&format!("without a reason: {rule} (broken)")),
        "{text}"
    );
    let written = fs::read_to_string(&path).unwrap();
    assert!(written.contains("server = \"smtpspec "), "{written}");
    assert!(written.contains(conversation), "{written}");
    fs::write(
        &path,
        written.replace("reason = \"\"", "reason = \"planted\""),
    )
    .unwrap();
    File { path, _dir: dir }
}

#[test]
fn what_is_known_and_explained_is_as_expected() {
    let file = explained();
    let (code, text) = run(&["noop-event-twice"], &file.path, &[]);
    assert_eq!(code, Some(0), "{text}");
    assert!(text.contains("as expected: 1 known finding"), "{text}");
}

#[test]
fn what_is_new_or_gone_fails_and_is_named() {
    let file = explained();
    let (code, text) = run(&["rcpt-answered-220", "noop-event-twice"], &file.path, &[]);
    assert_eq!(code, Some(1), "{text}");
    assert!(text.contains("new: WIR-4 (broken) in "), "{text}");
    let (code, text) = run(&[], &file.path, &[]);
    assert_eq!(code, Some(1), "{text}");
    assert!(text.contains("gone: ORD-11 (broken) in states/"), "{text}");
}

#[test]
fn an_update_keeps_what_was_said_of_what_still_shows() {
    let file = explained();
    let both = ["rcpt-answered-220", "noop-event-twice"];
    let (code, text) = run(&both, &file.path, &["--update"]);
    assert_eq!(code, Some(1), "{text}");
    let written = fs::read_to_string(&file.path).unwrap();
    assert!(written.contains("reason = \"planted\""), "{written}");
    assert!(written.contains("rule = \"WIR-4\""), "{written}");
    let (_, text) = run(&["rcpt-answered-220"], &file.path, &["--update"]);
    let written = fs::read_to_string(&file.path).unwrap();
    assert!(!written.contains("ORD-11"), "{written}\n{text}");
}

#[test]
fn what_a_seed_makes_may_show_what_is_known_and_need_not() {
    let file = explained_of("rcpt-answered-220", "WIR-4", "RCPT");
    let of_seed = |seed| {
        let generated = [
            "--suite",
            "all",
            "--case",
            "random/*",
            "--cases",
            "30",
            "--no-minimise",
        ];
        [&generated[..], &["--seed", seed]].concat()
    };
    let defect = ["rcpt-answered-220"];
    let (code, text) = run(&defect, &file.path, &of_seed("1"));
    assert_eq!(code, Some(1), "{text}");
    assert!(text.contains("new: WIR-4 (broken) in random/1/"), "{text}");

    let update = [&of_seed("1")[..], &["--update"]].concat();
    run(&defect, &file.path, &update);
    let written = fs::read_to_string(&file.path).unwrap();
    assert!(written.contains("may_show = [\"random/*\"]"), "{written}");
    assert!(!written.contains("random/1/"), "{written}");
    assert!(written.contains("reason = \"planted\""), "{written}");
    for more in [of_seed("1"), of_seed("2"), vec![]] {
        let (code, text) = run(&defect, &file.path, &more);
        assert_eq!(code, Some(0), "{text}");
    }

    let both = ["rcpt-answered-220", "noop-event-twice"];
    let (code, text) = run(&both, &file.path, &of_seed("2"));
    assert_eq!(code, Some(1), "{text}");
    assert!(text.contains("new: ORD-11 (broken) in "), "{text}");
    assert!(!text.contains("WIR-4 (broken)"), "{text}");

    let (code, text) = run(&[], &file.path, &of_seed("2"));
    assert_eq!(code, Some(1), "{text}");
    assert!(text.contains("gone: WIR-4 (broken) in "), "{text}");
    assert!(!text.contains("gone: WIR-4 (broken) in random/"), "{text}");
}

#[test]
fn what_only_may_show_is_not_missed() {
    let file = explained();
    let text = fs::read_to_string(&file.path).unwrap();
    fs::write(&file.path, text.replace("cases = [", "may_show = [")).unwrap();
    for (defects, says) in [
        (&["noop-event-twice"][..], "1 known finding"),
        (&[], "1 more were not called for"),
    ] {
        let (code, text) = run(defects, &file.path, &["--no-minimise"]);
        assert_eq!(code, Some(0), "{text}");
        assert!(text.contains(says), "{says:?}: {text}");
    }
}

#[test]
fn a_file_that_cannot_be_used_is_named_with_what_is_wrong() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("expected.toml");
    let refused = |text: Option<&str>, says: &str| {
        if let Some(text) = text {
            fs::write(&path, text).unwrap();
        }
        let (code, output) = run(&[], &path, &["--no-minimise"]);
        assert_eq!(code, Some(2), "{output}");
        assert!(output.contains(says), "{says:?} is missing: {output}");
        assert!(output.contains("expected.toml"), "{output}");
    };
    refused(None, "--update");
    refused(Some("server = 1"), "line 1");
    refused(Some("server = \"postfix 3.7\""), "`postfix 3.7`");
    let known = |rule: &str, case: &str| {
        format!(
            "server = \"x\"\n[[known]]\nrule = \"{rule}\"\nverdict = \"broken\"\ncases = [\"{case}\"]\n"
        )
    };
    refused(Some(&known("SES-99", "a/b")), "`SES-99`");
    refused(Some(&known("SES-1", "a/[b")), "a/[b");
    let nowhere = known("SES-1", "a/b").replace("cases = [\"a/b\"]", "");
    refused(Some(&nowhere), "no conversation shows `SES-1`");
    let glob = nowhere + "may_show = [\"a/[c\"]\n";
    refused(Some(&glob), "a/[c");
}
