//! `smtpspec observe opensmtpd` against what real versions of smtpd wrote, captured at the filter's standard input
//! and output: `opensmtpd/VERSION.smtpd`, `VERSION.filter`, and the events that were seen.

use std::{fs, path::Path};

use assert_cmd::Command;
use pretty_assertions::assert_eq;

/// The event stream without what differs from run to run, and without what the hello does not claim.
fn timeless(events: &str) -> String {
    let lines = events.lines().map(|line| {
        let mut value: serde_json::Value = serde_json::from_str(line).unwrap();
        if let Some(event) = value.as_object_mut() {
            event.remove("at");
        }
        if let Some(claims) = value.get_mut("semantics").and_then(|v| v.as_object_mut()) {
            claims.retain(|_, claim| claim == &serde_json::Value::Bool(true));
        }
        format!("{value}\n")
    });
    lines.collect()
}

#[track_caller]
fn replays(version: &str) {
    let data = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/opensmtpd");
    let captured = |end: &str| fs::read_to_string(data.join(format!("{version}.{end}"))).unwrap();
    let dir = tempfile::tempdir().unwrap();
    let events = dir.path().join("events");
    let output = Command::cargo_bin("smtpspec")
        .unwrap()
        .args(["observe", "opensmtpd", "--events"])
        .arg(format!("file:{}", events.display()))
        .write_stdin(captured("smtpd"))
        .timeout(std::time::Duration::from_secs(20))
        .assert()
        .success();
    let answers = String::from_utf8(output.get_output().stdout.clone()).unwrap();
    assert_eq!(answers, captured("filter"));
    let seen = timeless(&fs::read_to_string(events).unwrap());
    assert_eq!(seen, captured("events"));
}

#[test]
fn version_6_8_speaks_0_6() {
    replays("6.8.0p2");
}

#[test]
fn what_is_no_address_to_listen_on_is_said() {
    let mut command = Command::cargo_bin("smtpspec").unwrap();
    let events = ["--events", "tcp:127.0.0.1:9"];
    let assert = command
        .args(["observe", "opensmtpd", "--listen", "2600"])
        .args(events)
        .assert()
        .code(2);
    let error = String::from_utf8_lossy(&assert.get_output().stderr).into_owned();
    assert!(error.contains("--listen: `2600`"), "{error}");
}
