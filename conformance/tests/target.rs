//! Targets that cannot be had, or are lost: each error says what is wrong and what to do.

mod common;

use std::{fs, net::TcpListener, os::unix::fs::PermissionsExt, path::Path, time::Duration};

use common::parse;
use smtpspec::{
    run::{CampaignOptions, Case, Outcome, RunError, campaign},
    target::{Adapter, StartOptions, Target, TargetError},
};

/// An adapter whose `run.sh` does `script`.
fn adapter(folder: &Path, script: &str) -> Target {
    let run = folder.join("run.sh");
    fs::write(&run, format!("#!/bin/sh\n{script}\n")).unwrap();
    fs::set_permissions(&run, fs::Permissions::from_mode(0o755)).unwrap();
    Target::Adapter(Box::new(Adapter::in_folder(folder, None).unwrap()))
}

/// The embedded server as an adapter that writes its event stream to standard output.
const SERVE: &str = concat!(
    env!("CARGO_BIN_EXE_smtpspec"),
    " serve --format json --listen $SMTPSPEC_LISTEN"
);

async fn error(target: Target) -> TargetError {
    let options = StartOptions {
        start: Duration::from_millis(500),
        ..StartOptions::default()
    };
    target.start(&options).await.expect_err("it cannot start")
}

async fn run(target: Target) -> Outcome {
    let mut target = target.start(&StartOptions::default()).await.unwrap();
    let text = "%title t\n%purpose p\n%source s\nEHLO c.example.org\n%pause 20ms\nQUIT\n";
    let case = Case {
        name: "case".into(),
        conversation: parse(text),
    };
    let options = CampaignOptions {
        jobs: 1,
        ..CampaignOptions::default()
    };
    let outcome = campaign(&mut target, vec![case; 50], &options, |_| ()).await;
    target.stop().await;
    outcome
}

#[tokio::test]
async fn an_unknown_target_lists_the_known_ones() {
    let text = Target::named("postmaster-pro").unwrap_err().to_string();
    assert!(text.contains("`postmaster-pro`"), "{text}");
    assert!(
        text.contains("embedded") && text.contains("aiosmtpd"),
        "{text}"
    );
}

#[tokio::test]
async fn a_server_that_is_not_installed_names_the_script() {
    let dir = tempfile::tempdir().unwrap();
    let install = dir.path().join("install.sh");
    fs::write(&install, "").unwrap();
    let text = error(adapter(dir.path(), "")).await.to_string();
    assert!(text.contains(install.to_str().unwrap()), "{text}");
}

#[tokio::test]
async fn a_process_that_ends_at_start_shows_its_status_and_last_words() {
    let dir = tempfile::tempdir().unwrap();
    let error = error(adapter(dir.path(), "echo no such option >&2; exit 7")).await;
    let text = error.to_string();
    assert!(matches!(error, TargetError::Died { .. }), "{text}");
    assert!(
        text.contains('7') && text.contains("no such option"),
        "{text}"
    );
}

#[tokio::test]
async fn last_words_that_come_behind_the_end_are_shown() {
    let dir = tempfile::tempdir().unwrap();
    let script = "(sleep 0.1; echo 'the last words' >&2) & exit 3";
    let error = error(adapter(dir.path(), script)).await;
    assert!(matches!(error, TargetError::Died { .. }), "{error}");
    assert!(error.to_string().contains("the last words"), "{error}");
}

#[tokio::test]
async fn an_adapter_that_says_no_hello_is_named() {
    let dir = tempfile::tempdir().unwrap();
    let error = error(adapter(dir.path(), "exec sleep 10")).await;
    assert!(matches!(error, TargetError::NoHello { .. }), "{error}");
}

#[tokio::test]
async fn an_adapter_whose_server_answers_nobody_shows_its_last_words() {
    let dir = tempfile::tempdir().unwrap();
    // A stopped process takes connections, as the kernel does that for it; it is stopped before its hello is passed on.
    let pipe = dir.path().join("hello");
    let script = format!(
        "mkfifo {pipe}; {SERVE} > {pipe} & exec 3< {pipe}; read -r hello <&3; kill -STOP $!
        echo bad configuration >&2; echo \"$hello\"; wait",
        pipe = pipe.display()
    );
    let error = error(adapter(dir.path(), &script)).await;
    let text = error.to_string();
    assert!(matches!(error, TargetError::Silent { .. }), "{text}");
    assert!(text.contains("bad configuration"), "{text}");
}

#[tokio::test]
async fn what_observes_a_server_has_to_be_named_where_it_cannot_be_known() {
    let adapters = concat!(env!("CARGO_MANIFEST_DIR"), "/adapters");
    for script in ["milter/start.sh", "opensmtpd/run.sh"] {
        let dir = tempfile::tempdir().unwrap();
        let script = format!("unset SMTPSPEC_PROGRAM; . {adapters}/{script}");
        let error = error(adapter(dir.path(), &script)).await;
        let text = error.to_string();
        assert!(matches!(error, TargetError::Died { .. }), "{text}");
        assert!(text.contains("SMTPSPEC_PROGRAM: has to name"), "{text}");
    }
}

#[tokio::test]
async fn a_connection_that_is_refused_names_the_address() {
    let address = TcpListener::bind("127.0.0.1:0")
        .unwrap()
        .local_addr()
        .unwrap();
    let target = Target::Connect {
        address: address.to_string(),
        events: None,
    };
    let text = error(target).await.to_string();
    assert!(text.contains(&address.to_string()), "{text}");
}

#[tokio::test]
async fn a_server_beyond_this_machine_needs_to_be_allowed() {
    let target = Target::Connect {
        address: "192.0.2.1:25".into(),
        events: None,
    };
    let error = error(target).await;
    assert!(error.to_string().contains("--allow-remote"), "{error}");
}

#[tokio::test]
async fn an_event_stream_may_come_over_standard_output() {
    let dir = tempfile::tempdir().unwrap();
    let outcome = run(adapter(dir.path(), &format!("exec {SERVE}"))).await;
    assert!(outcome.error.is_none(), "{:?}", outcome.error);
    assert!(outcome.transcript.complete);
    for session in &outcome.transcript.sessions {
        assert_eq!(common::events(session), "Connect Ehlo Disconnect(QuitVerb)");
    }
}

#[tokio::test]
async fn what_comes_late_of_the_first_probe_is_no_stray() {
    let dir = tempfile::tempdir().unwrap();
    let slowly = "for line in hello connect; do read -r line; echo \"$line\"; done; sleep 1.3; cat";
    let outcome = run(adapter(dir.path(), &format!("{SERVE} | {{ {slowly}; }}"))).await;
    assert!(outcome.error.is_none(), "{:?}", outcome.error);
    assert_eq!(outcome.transcript.strays, []);
}

#[tokio::test]
async fn a_server_that_dies_and_cannot_be_started_again_ends_the_run_with_what_was_seen() {
    let dir = tempfile::tempdir().unwrap();
    let first = format!("{SERVE} & sleep 0.5; echo out of memory >&2; kill $!; rm run.sh; exit 9");
    let script = format!("{{ {first}; }}");
    let outcome = run(adapter(dir.path(), &script)).await;
    let error = outcome.error.expect("the server has died");
    assert!(matches!(error, RunError::NotAgain { .. }), "{error:?}");
    assert!(error.to_string().contains("out of memory"), "{error}");
    assert!(!outcome.transcript.complete);
    assert!(!outcome.transcript.sessions.is_empty());
}

#[tokio::test]
async fn a_broken_event_stream_ends_the_run() {
    let dir = tempfile::tempdir().unwrap();
    let script = format!("{SERVE} & sleep 0.5; echo rubbish; wait");
    let outcome = run(adapter(dir.path(), &script)).await;
    let error = outcome.error.expect("the stream is broken");
    let broken = matches!(error, RunError::Target(TargetError::BrokenEventStream(_)));
    assert!(broken, "{error:?}");
    assert!(error.to_string().contains("rubbish"), "{error}");
}
