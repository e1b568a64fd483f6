//! A finding in a user's hands: the files that `--out` writes show it again, and one that comes and goes is said to.

use std::{
    fs,
    io::{BufRead, BufReader, Write},
    net::{TcpListener, TcpStream},
    path::Path,
    process::{Command, Output},
    thread,
};

use assert_cmd::cargo::cargo_bin;
use pretty_assertions::assert_eq;
use serde_json::Value;

fn smtpspec(args: &[&str]) -> (Option<i32>, String) {
    let Output { status, stdout, .. } = Command::new(cargo_bin("smtpspec"))
        .args(args)
        .output()
        .unwrap();
    (status.code(), String::from_utf8(stdout).unwrap())
}

/// The smallest form of what breaks the rule `id`.
fn minimal<'a>(report: &'a Value, id: &str) -> &'a Value {
    let minimal = report["minimal"].as_array().unwrap();
    minimal.iter().find(|found| found["rule"] == id).unwrap()
}

/// Plays `cases` with `defect` planted and asks the files for `id` whether they show it too.
fn shows_again(defect: &str, id: &str, cases: &str) {
    let dir = tempfile::tempdir().unwrap();
    let out = dir.path().to_str().unwrap();
    let args = ["run", "--defect", defect, "--case", cases, "--out", out];
    let (code, report) = smtpspec(&[&args[..], &["--format", "json"]].concat());
    assert_eq!(code, Some(1), "{defect}: {report}");
    let report: Value = serde_json::from_str(&report).unwrap();
    let minimal = minimal(&report, id);
    assert_eq!(minimal["flaky"], false, "{defect}: {minimal}");
    assert_eq!(minimal["repeats"]["shown"], minimal["repeats"]["of"]);
    assert!(minimal["tries"].as_u64().unwrap() > 0);

    let file = |ending: &str| dir.path().join(format!("findings/{id}-minimal.{ending}"));
    let (conversation, transcript) = (file("smtp"), file("jsonl"));
    let text = fs::read_to_string(&conversation).unwrap();
    let again = format!(
        "smtpspec replay {} --defect {defect}",
        conversation.display()
    );
    for says in [
        &format!("%# breaks {id}: "),
        &again,
        minimal["conversation"].as_str().unwrap(),
    ] {
        assert!(text.contains(says), "{says:?} is missing:\n{text}");
    }
    let path = conversation.to_str().unwrap();
    let (code, replayed) = smtpspec(&["replay", path, "--defect", defect]);
    assert_eq!(code, Some(1), "{defect}: {replayed}\n{text}");
    assert!(replayed.contains(&format!("{id} ")), "{replayed}");
    let (code, judged) = smtpspec(&["check", transcript.to_str().unwrap()]);
    assert_eq!(code, Some(1), "{defect}: {judged}");
    assert!(judged.contains(&format!("BROKEN {id} ")), "{judged}");
    let (code, _) = smtpspec(&["replay", path]);
    assert_eq!(
        code,
        Some(0),
        "{defect}: without the defect nothing is broken\n{text}"
    );
}

#[test]
fn a_minimal_file_shows_the_same_rule_when_it_is_played_or_judged_again() {
    shows_again("noop-event-twice", "ORD-11", "states/greeted-queries");
    shows_again("disconnect-lost-after-ehlo", "SES-2", "lost/greeted-*");
    shows_again("bare-lf-ends-data", "CON-2", "lookalike/lf-*");
}

/// Answers every command, but in one session of three, counted as they are accepted, NOOP with a stray octet.
fn flaky(listener: &TcpListener) {
    thread::scope(|scope| {
        for (n, stream) in listener.incoming().flatten().enumerate() {
            scope.spawn(move || answer(&stream, n % 3 == 1));
        }
    });
}

fn answer(stream: &TcpStream, misbehaves: bool) -> Option<()> {
    let mut out = stream;
    let mut say = |text: &str| out.write_all(text.as_bytes()).ok();
    say("220 flaky.example.org ESMTP\r\n")?;
    for line in BufReader::new(stream).lines() {
        match &line.ok()?.to_ascii_uppercase()[..] {
            "QUIT" => return say("221 bye\r\n"),
            "NOOP" if misbehaves => say("250 o\x01k\r\n")?,
            _ => say("250 ok\r\n")?,
        }
    }
    Some(())
}

fn play_at_flaky(dir: &Path, format: &str) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap().to_string();
    thread::spawn(move || flaky(&listener));
    let args = [
        "run",
        "--connect",
        &address,
        "--case",
        "states/greeted-queries",
    ];
    let rest = [
        "--rule",
        "WIR-3",
        "--format",
        format,
        "--out",
        dir.to_str().unwrap(),
    ];
    let (code, report) = smtpspec(&[&args[..], &rest].concat());
    assert_eq!(code, Some(1), "{report}");
    report
}

#[test]
fn a_finding_that_comes_and_goes_is_called_flaky_with_its_rate() {
    let dir = tempfile::tempdir().unwrap();
    let report = play_at_flaky(dir.path(), "json");
    let report: Value = serde_json::from_str(&report).unwrap();
    let minimal = minimal(&report, "WIR-3");
    assert_eq!(minimal["flaky"], true, "{minimal}");
    // The probe is number 0 and the finding number 1; of 2 to 21 every third misbehaves.
    let rate = (&minimal["repeats"]["shown"], &minimal["repeats"]["of"]);
    assert_eq!(rate, (&Value::from(6), &Value::from(20)));
    let text = fs::read_to_string(dir.path().join("findings/WIR-3-minimal.smtp")).unwrap();
    assert!(
        text.contains("FLAKY, it showed again in 6 of 20 playings"),
        "{text}"
    );
    let report = play_at_flaky(dir.path(), "console");
    assert!(
        report.contains("FLAKY: it showed again in 6 of 20 playings"),
        "{report}"
    );
}
