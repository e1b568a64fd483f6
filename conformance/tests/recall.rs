//! `smtpspec recall` with adapters whose version 1 has a defect, and whose version 2 has it no longer.

use std::{fs, os::unix::fs::PermissionsExt, path::Path, process::Output};

use assert_cmd::Command;
use pretty_assertions::assert_eq;

/// Versions of `postal`: those that begin with 1 lose OnDisconnect, `3` does not start, `9` is not installed.
const RUN: &str = concat!(
    "#!/bin/sh\n",
    "case $SMTPSPEC_VERSION in\n",
    "    1*) defect='--defect disconnect-lost-after-ehlo' ;;\n",
    "    3) echo 'no such port' >&2; exit 4 ;;\n",
    "esac\n",
    "echo $SMTPSPEC_VERSION >>../started\n",
    "exec ",
    env!("CARGO_BIN_EXE_smtpspec"),
    " serve --format json --listen $SMTPSPEC_LISTEN $defect\n"
);

struct Adapters(tempfile::TempDir);

impl Adapters {
    fn new() -> Self {
        let dir = tempfile::tempdir().unwrap();
        let folder = dir.path().join("postal");
        for version in ["1", "1.1", "2", "3"] {
            let installed = folder.join("installed").join(version);
            fs::create_dir_all(&installed).unwrap();
            fs::write(installed.join(".done"), "").unwrap();
        }
        fs::write(folder.join("install.sh"), "").unwrap();
        let run = folder.join("run.sh");
        fs::write(&run, RUN).unwrap();
        fs::set_permissions(&run, fs::Permissions::from_mode(0o755)).unwrap();
        Self(dir)
    }

    fn path(&self) -> &Path {
        self.0.path()
    }

    /// Plays `bugs`, each an id with the vulnerable and the fixed version, with more arguments.
    fn recall(&self, bugs: &[[&str; 3]], arguments: &[&str]) -> (i32, String, String) {
        let bugs = bugs.iter().map(|bug| entry(*bug)).collect::<String>();
        self.recall_text(&bugs, arguments)
    }

    fn recall_text(&self, table: &str, arguments: &[&str]) -> (i32, String, String) {
        let path = self.path().join("my.toml");
        fs::write(&path, table).unwrap();
        let mut command = Command::cargo_bin("smtpspec").unwrap();
        command.env("SMTPSPEC_ADAPTERS", self.path());
        command
            .args(["recall", "--table"])
            .arg(&path)
            .args(arguments);
        let Output {
            status,
            stdout,
            stderr,
        } = command.output().unwrap();
        let text = |octets| String::from_utf8(octets).unwrap();
        (status.code().unwrap(), text(stdout), text(stderr))
    }
}

fn entry([id, vulnerable, fixed]: [&str; 3]) -> String {
    format!(
        "[[bug]]\nid = \"{id}\"\ntitle = \"OnDisconnect is lost\"\nsource = \"https://example.org/1\"\n\
         target = \"postal\"\nvulnerable = \"{vulnerable}\"\nfixed = \"{fixed}\"\nrule = \"SES-2\"\n\
         cases = [\"lost/greeted-close\", \"lost/connected-close\"]\nneeds = \"a stamp\"\n"
    )
}

const LOST: [&str; 3] = ["lost", "1", "2"];

#[test]
fn a_bug_that_shows_in_the_one_and_not_in_the_other_is_found() {
    let adapters = Adapters::new();
    let (code, out, _) = adapters.recall(&[LOST, ["lost-again", "1.1", "2"]], &[]);
    assert_eq!(code, 0, "{out}");
    assert!(out.contains("found   lost "), "{out}");
    assert!(
        out.contains("postal 1: SES-2 in 1 of 2 conversations"),
        "{out}"
    );
    assert!(out.contains("postal 2: silent"), "{out}");
    assert!(out.contains("2 bugs: 2 found"), "{out}");
    let started = fs::read_to_string(adapters.path().join("started")).unwrap();
    assert_eq!(started, "1\n1.1\n2\n", "each version is started once");
}

#[test]
fn what_is_not_found_not_silent_or_not_to_be_started_is_missed() {
    let adapters = Adapters::new();
    for (vulnerable, fixed, said) in [
        (
            "2",
            "1",
            "postal 2: not found: SES-2 in none of 2 conversations",
        ),
        (
            "1",
            "1.1",
            "postal 1.1: not silent: SES-2 in 1 of 2 conversations",
        ),
        ("1", "3", "postal 3: could not be started"),
    ] {
        let bad = ["bad", vulnerable, fixed];
        let (code, out, _) = adapters.recall(&[LOST, bad], &[]);
        assert_eq!(code, 1, "{out}");
        assert!(out.contains("MISSED  bad"), "{out}");
        assert!(out.contains(said), "{out}");
        assert!(out.contains("1 missed"), "{out}");
    }
}

#[test]
fn a_version_that_is_not_installed_is_skipped_and_says_what_installs_it() {
    let adapters = Adapters::new();
    let absent = ["absent", "1", "9"];
    let (code, out, _) = adapters.recall(&[LOST, absent], &[]);
    assert_eq!(code, 0, "{out}");
    let install = adapters.path().join("postal/install.sh");
    let said = format!("postal 9: not installed: run {} 9", install.display());
    assert!(out.contains("skipped absent"), "{out}");
    assert!(out.contains(&said), "{out}");
    assert!(out.contains("needs a stamp"), "{out}");
    let (code, _, error) = adapters.recall(&[absent], &[]);
    assert_eq!(code, 2, "{error}");
    assert!(
        error.contains("conformance/recall/install.sh installs"),
        "{error}"
    );
}

#[test]
fn a_table_that_cannot_be_used_names_the_bug() {
    let adapters = Adapters::new();
    for (right, wrong, said) in [
        ("SES-2", "SES-99", "bug `lost`: no rule is called `SES-99`"),
        (
            "\"postal\"",
            "\"post\"",
            "bug `lost`: no adapter is called `post`",
        ),
        ("title =", "titel =", "unknown field `titel`"),
    ] {
        let (code, _, error) = adapters.recall_text(&entry(LOST).replace(right, wrong), &[]);
        assert_eq!(code, 2, "{error}");
        assert!(error.contains("my.toml: "), "{error}");
        assert!(error.contains(said), "{error}");
    }
    let (code, _, error) = adapters.recall(&[LOST], &["lots*"]);
    assert_eq!(code, 2, "{error}");
    assert!(error.contains("no bug fits `lots*`"), "{error}");
}

#[test]
fn the_table_is_also_for_programs_and_to_be_kept() {
    let adapters = Adapters::new();
    let kept = adapters.path().join("kept.md");
    let kept_there = kept.display().to_string();
    let arguments = ["lost", "--format", "json", "--out", &kept_there];
    let (code, out, _) = adapters.recall(&[LOST, ["other", "1", "2"]], &arguments);
    assert_eq!(code, 0, "{out}");
    let json: serde_json::Value = serde_json::from_str(&out).unwrap();
    assert_eq!(json["found"], 1);
    assert_eq!(json["bugs"][0]["standing"], "found");
    assert_eq!(
        json["bugs"][0]["vulnerable"]["cases"][0],
        "lost/greeted-close"
    );
    let kept = fs::read_to_string(kept).unwrap();
    assert!(
        kept.contains("| `lost` | [OnDisconnect is lost](https://example.org/1) |"),
        "{kept}"
    );
    assert!(kept.contains("OnDisconnect never fired"), "{kept}");
}

#[test]
fn what_is_to_be_installed_can_be_listed() {
    let adapters = Adapters::new();
    let (code, out, _) = adapters.recall(&[LOST, ["other", "1", "9"]], &["--installs"]);
    assert_eq!((code, out.as_str()), (0, "postal 1\npostal 2\npostal 9\n"));
}
