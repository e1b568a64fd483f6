//! `--lmtp` as a user meets it: the embedded server conforms, a transcript is judged again as it was, and the planted
//! defects of LMTP are caught in a plain run.

use std::process::Command;

use assert_cmd::cargo::cargo_bin;
use smtpspec_core::receiver::Defect;

fn smtpspec(args: &[&str]) -> (i32, String) {
    let output = Command::new(cargo_bin("smtpspec"))
        .args(args)
        .output()
        .unwrap();
    let text = [output.stdout, output.stderr].concat();
    let code = output.status.code().unwrap();
    (code, String::from_utf8_lossy(&text).into_owned())
}

#[test]
fn the_embedded_server_conforms_and_its_transcript_is_judged_the_same_again() {
    let dir = tempfile::tempdir().unwrap();
    let out = dir.path().to_str().unwrap();
    let wanted = [
        "run",
        "--lmtp",
        "--strict",
        "--case",
        "lmtp/*",
        "--case",
        "chunking/*",
        "--out",
        out,
    ];
    let (code, text) = smtpspec(&wanted);
    assert_eq!(code, 0, "{text}");
    let transcript = dir.path().join("transcript.jsonl");
    let (code, text) = smtpspec(&["check", transcript.to_str().unwrap()]);
    assert_eq!(code, 0, "{text}");
    assert!(text.contains(" 0 broken"), "{text}");
}

#[test]
fn a_plain_run_exercises_every_rule_of_lmtp() {
    let (code, text) = smtpspec(&["run", "--case", "lmtp/*", "--rule", "LMT-*", "--strict"]);
    assert_eq!(code, 0, "{text}");
    assert!(text.contains("7 hold"), "{text}");
}

#[test]
fn each_defect_of_lmtp_breaks_its_rule_and_no_other() {
    for defect in Defect::ALL.iter().filter(|defect| defect.is_of_lmtp()) {
        let name = defect.name();
        let (code, text) =
            smtpspec(&["run", "--case", "lmtp/*", "--defect", name, "--no-minimise"]);
        assert_eq!(code, 1, "{name}: {text}");
        assert!(
            text.contains(&format!("BROKEN {}", defect.rule())),
            "{name}: {text}"
        );
        assert!(text.contains(" 1 broken"), "{name}: {text}");
    }
}

#[test]
fn a_conversation_of_lmtp_is_replayed_as_such() {
    let (code, text) = smtpspec(&["replay", "lmtp/several-recipients"]);
    assert_eq!(code, 0, "{text}");
    assert!(
        text.contains("<lmtp-several-recipients-c@example.org> message accepted"),
        "{text}"
    );
    let (code, text) = smtpspec(&["replay", "seed/as-meant", "--lmtp"]);
    assert_eq!(code, 0, "{text}");
    assert!(text.contains("C: lhlo console"), "{text}");
}

#[test]
fn an_adapter_without_lmtp_says_so() {
    let (code, text) = smtpspec(&["run", "--lmtp", "--target", "postfix"]);
    assert_eq!(code, 2, "{text}");
    // Where it is not installed, that is said first.
    assert!(
        text.contains("has no LMTP server") || text.contains("not installed"),
        "{text}"
    );
}
