//! `run --transport memory`: the same checks without sockets.

use std::process::{Command, Output};

use assert_cmd::cargo::cargo_bin;
use pretty_assertions::assert_eq;
use serde_json::Value;

fn smtpspec(args: &[&str]) -> Output {
    let mut command = Command::new(cargo_bin("smtpspec"));
    command.args(args).output().unwrap()
}

/// A run's report, without the time that it took.
fn report(args: &[&str]) -> Value {
    let ran = smtpspec(&[&["run", "--format", "json"], args].concat());
    let mut report: Value = serde_json::from_slice(&ran.stdout)
        .unwrap_or_else(|error| panic!("{error}: {}", String::from_utf8_lossy(&ran.stderr)));
    report["elapsed_ms"] = Value::Null;
    report
}

fn broken(report: &Value) -> Vec<&str> {
    let rules = report["rules"].as_array().unwrap().iter();
    let found = rules.filter(|rule| rule["verdict"] == "broken");
    found.map(|rule| rule["id"].as_str().unwrap()).collect()
}

#[test]
fn the_embedded_server_conforms_in_memory_and_as_much_is_exercised() {
    let args = ["--suite", "documented", "--strict"];
    let sockets = report(&args);
    let memory = report(&[&args[..], &["--transport", "memory"]].concat());
    assert_eq!(memory["verdict"], "holds");
    assert_eq!(memory["cases"], sockets["cases"]);
    // Over sockets it is chance whether a reset takes the last pair with it.
    let reached = |report: &Value| report["coverage"]["reached"].as_u64().unwrap();
    assert!(reached(&memory) >= reached(&sockets));
    let exercised = |report: &Value| -> Vec<String> {
        let rules = report["rules"].as_array().unwrap().iter();
        let exercised = rules.filter(|rule| rule["exercised"].as_u64() > Some(0));
        exercised.map(|rule| rule["id"].to_string()).collect()
    };
    assert_eq!(exercised(&memory), exercised(&sockets));
}

#[test]
fn a_planted_defect_is_found_in_memory_as_over_sockets() {
    for (defect, rule) in [
        ("disconnect-twice", "SES-2"),
        ("session-id-reused", "SES-6"),
        ("bare-lf-ends-data", "CON-2"),
        ("second-mail-fires", "ORD-6"),
        ("helo-lists-extensions", ""),
    ] {
        let args = ["--defect", defect, "--no-minimise"];
        let sockets = report(&args);
        let memory = report(&[&args[..], &["--transport", "memory"]].concat());
        assert_eq!(broken(&memory), broken(&sockets), "{defect}");
        assert!(
            rule.is_empty() || broken(&memory).contains(&rule),
            "{defect}"
        );
    }
}

#[test]
fn a_server_that_mixes_its_sessions_up_under_load_is_found_out() {
    let args = ["--transport", "memory", "--no-minimise", "--defect"];
    let report = report(&[&args[..], &["mixed-sessions-under-load"]].concat());
    assert!(broken(&report).contains(&"SES-5"), "{:?}", broken(&report));
}

#[test]
fn a_finding_is_made_smaller_in_memory_too() {
    let args = ["--transport", "memory", "--defect", "noop-event-twice"];
    let report = report(&[&args[..], &["--case", "states/greeted-queries"]].concat());
    let minimal = report["minimal"].as_array().unwrap();
    let smallest = minimal.iter().find(|one| one["rule"] == "ORD-11").unwrap();
    let conversation = smallest["conversation"].as_str().unwrap();
    assert!(conversation.ends_with("\nNOOP\n"), "{conversation}");
    assert!(!conversation.contains("\nHELP"), "{conversation}");
}

#[test]
fn the_outcome_is_the_same_on_one_core_and_on_many() {
    let args = [
        "--transport",
        "memory",
        "--suite",
        "all",
        "--cases",
        "200",
        "--seed",
        "3",
    ];
    let args = [&args[..], &["--defect", "mixed-sessions", "--no-minimise"]].concat();
    let alone = report(&[&args[..], &["--jobs", "1"]].concat());
    let together = report(&args);
    assert!(broken(&alone).contains(&"SES-5"));
    assert!(alone == together, "the reports differ");
}

#[test]
fn what_is_kept_of_a_run_shows_its_findings_again() {
    let dir = tempfile::tempdir().unwrap();
    let out = dir.path().to_str().unwrap();
    let args = [
        "--transport",
        "memory",
        "--suite",
        "random",
        "--seed",
        "1",
        "--cases",
        "600",
    ];
    let defect = [
        "--defect",
        "disconnect-twice",
        "--no-minimise",
        "--out",
        out,
    ];
    let report = report(&[&args[..], &defect].concat());
    assert_eq!(report["sessions"], 600);
    let transcript = dir.path().join("transcript.jsonl");
    let again = smtpspec(&["check", "--format", "json", transcript.to_str().unwrap()]);
    let again: Value = serde_json::from_slice(&again.stdout).unwrap();
    assert_eq!(broken(&again), broken(&report));
    assert!(
        again["sessions"].as_u64() < Some(50),
        "{}",
        again["sessions"]
    );
}

#[test]
fn only_the_embedded_server_can_be_reached_without_sockets() {
    for (args, says) in [
        (&["--connect", "127.0.0.1:25"][..], "cannot be used with"),
        (
            &["--target", "postfix"],
            "only the embedded server can be reached",
        ),
        (&["--suite", "leaks"], "looks at the server's process"),
        (
            &["--case", "no/such/*"],
            "no conversation of the suite fits",
        ),
    ] {
        let ran = smtpspec(&[&["run", "--transport", "memory"], args].concat());
        let error = String::from_utf8_lossy(&ran.stderr);
        assert_eq!(ran.status.code(), Some(2), "{args:?}: {error}");
        assert!(error.contains(says), "{args:?}: {error}");
    }
}
