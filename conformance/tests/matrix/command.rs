//! The command.

use std::{fs, path::Path};

use assert_cmd::Command;
use pretty_assertions::assert_eq;

fn smtpspec() -> Command {
    Command::new(env!("CARGO_BIN_EXE_smtpspec"))
}

/// A folder of adapters: one whose server ends at once, and one that is not installed.
fn adapters(folder: &Path) {
    use std::os::unix::fs::PermissionsExt;
    for name in ["broken", "absent"] {
        let folder = folder.join(name);
        fs::create_dir(&folder).unwrap();
        let run = folder.join("run.sh");
        fs::write(&run, "#!/bin/sh\necho no such option >&2\nexit 7\n").unwrap();
        fs::set_permissions(&run, fs::Permissions::from_mode(0o755)).unwrap();
    }
    fs::write(folder.join("absent/install.sh"), "").unwrap();
}

#[test]
fn the_embedded_server_beside_itself_does_the_same_over_sockets() {
    let dir = tempfile::tempdir().unwrap();
    let out = smtpspec()
        .args([
            "matrix", "--target", "embedded", "--target", "embedded", "--case", "seed/*",
        ])
        .args([
            "--case",
            "lookalike/crlf-nul-dot-lf",
            "--format",
            "json",
            "--out",
        ])
        .arg(dir.path())
        .assert()
        .success();
    let matrix: serde_json::Value = serde_json::from_slice(&out.get_output().stdout).unwrap();
    assert_eq!(matrix["servers"][1]["name"], "embedded-2");
    assert_eq!(matrix["events"]["compared"], 8);
    assert_eq!(matrix["events"]["agree"], 8);
    assert_eq!(matrix["replies"]["same"], 8);
    assert_eq!(
        matrix["look_alikes"][0]["cells"],
        serde_json::json!(["content", "content"])
    );
    for file in ["matrix.json", "matrix.html", "matrix.md"] {
        assert!(dir.path().join(file).is_file(), "{file}");
    }
}

#[test]
fn a_server_that_cannot_be_started_is_told_of_and_the_rest_goes_on() {
    let dir = tempfile::tempdir().unwrap();
    adapters(dir.path());
    let matrix = |targets: &[&str]| {
        let mut command = smtpspec();
        command
            .env("SMTPSPEC_ADAPTERS", dir.path())
            .args(["matrix", "--case", "seed/*"]);
        for target in targets {
            command.args(["--target", target]);
        }
        command
    };
    let out = matrix(&[]).assert().success();
    let (stdout, stderr) = (
        out.get_output().stdout.clone(),
        out.get_output().stderr.clone(),
    );
    let (stdout, stderr) = (
        String::from_utf8(stdout).unwrap(),
        String::from_utf8(stderr).unwrap(),
    );
    assert!(
        stdout.contains("could not be started") && stdout.contains("no such option"),
        "{stdout}"
    );
    assert!(
        stdout.contains("7 conversations compared; in 7 of them"),
        "{stdout}"
    );
    assert!(
        stderr.contains("left out, for they are not installed: absent"),
        "{stderr}"
    );
    assert!(!stdout.contains("absent"), "{stdout}");
    // Asked for by name, it has its column.
    let out = matrix(&["embedded", "absent"]).assert().success();
    let stdout = String::from_utf8(out.get_output().stdout.clone()).unwrap();
    assert!(stdout.contains("absent/install.sh"), "{stdout}");
    // Nothing at all could be played.
    let out = matrix(&["broken"]).assert().code(2);
    let stderr = String::from_utf8(out.get_output().stderr.clone()).unwrap();
    assert!(stderr.contains("no server could be started"), "{stderr}");
}

#[test]
fn in_lmtp_those_that_speak_it_are_laid_side_by_side() {
    let dir = tempfile::tempdir().unwrap();
    adapters(dir.path());
    fs::write(dir.path().join("broken/adapter.toml"), "lmtp = true\n").unwrap();
    fs::create_dir(dir.path().join("smtp-only")).unwrap();
    fs::copy(
        dir.path().join("broken/run.sh"),
        dir.path().join("smtp-only/run.sh"),
    )
    .unwrap();
    let matrix = |targets: &[&str]| {
        let mut command = smtpspec();
        command.env("SMTPSPEC_ADAPTERS", dir.path());
        command.args(["matrix", "--lmtp", "--format", "json"]);
        command.args(["--case", "seed/strict", "--case", "lookalike/lf-dot-lf"]);
        for target in targets {
            command.args(["--target", target]);
        }
        let out = command.assert().success().get_output().stdout.clone();
        serde_json::from_slice::<serde_json::Value>(&out).unwrap()
    };
    let named = |matrix: &serde_json::Value| {
        let servers = matrix["servers"].as_array().unwrap().iter();
        let names = servers.map(|server| server["name"].as_str().unwrap().to_owned());
        names.collect::<Vec<_>>()
    };
    // Who cannot speak it is left out, and told of where it is asked for by name.
    assert_eq!(named(&matrix(&[])), ["embedded", "broken"]);
    let matrix = matrix(&["embedded", "smtp-only"]);
    assert!(
        matrix["again"].as_str().unwrap().ends_with(" --lmtp"),
        "{}",
        matrix["again"]
    );
    assert_eq!(named(&matrix), ["embedded", "smtp-only"]);
    let trouble = matrix["servers"][1]["trouble"].as_str().unwrap();
    assert!(trouble.contains("LMTP"), "{trouble}");
    let rules = matrix["rules"].as_array().unwrap();
    let lhlo = rules.iter().find(|rule| rule["id"] == "LMT-7").unwrap();
    assert_eq!(lhlo["cells"][0]["verdict"], "holds");
    assert_eq!(matrix["look_alikes"][0]["cells"][0], "content");
}

#[test]
fn what_cannot_be_laid_side_by_side_is_refused() {
    smtpspec()
        .args(["matrix", "--suite", "leaks"])
        .assert()
        .code(2);
    smtpspec()
        .args(["matrix", "--target", "postmaster-pro"])
        .assert()
        .code(2);
    smtpspec()
        .args(["matrix", "--case", "no/such"])
        .assert()
        .code(2);
}

#[test]
#[ignore = "needs conformance/adapters/aiosmtpd/install.sh to have been run"]
fn aiosmtpd_beside_the_embedded_server_shows_what_it_breaks() {
    let out = smtpspec()
        .args([
            "matrix", "--target", "embedded", "--target", "aiosmtpd", "--format", "json",
        ])
        .assert()
        .success();
    let matrix: serde_json::Value = serde_json::from_slice(&out.get_output().stdout).unwrap();
    let rules = matrix["rules"].as_array().unwrap();
    let broken = rules
        .iter()
        .filter(|rule| rule["cells"][1]["verdict"] == "broken");
    assert!(broken.clone().any(|rule| rule["id"] == "SES-7"));
    assert!(
        rules
            .iter()
            .all(|rule| rule["cells"][0]["verdict"] == "holds")
    );
    let events = matrix["events"]["differences"].to_string();
    assert!(
        events.contains("OnMailCommand extra") && events.contains("breaks SES-7"),
        "{events}"
    );
    let fates: Vec<&str> = matrix["look_alikes"]
        .as_array()
        .unwrap()
        .iter()
        .filter_map(|row| row["cells"][1].as_str())
        .collect();
    assert!(
        fates.len() >= 50 && fates.iter().all(|fate| *fate == "content"),
        "{fates:?}"
    );
}
