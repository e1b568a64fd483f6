//! The suite `leaks`: what a server is left with after its sessions is told from what it only warms up.
#![cfg(target_os = "linux")]

mod server;

use std::{
    env, fs,
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
    process::{Command, Output},
    time::Duration,
};

use assert_cmd::cargo::cargo_bin;
use pretty_assertions::assert_eq;
use smtpspec::{
    run::{BrokenSessions, CampaignOptions, Held, Leaks, RESOURCES, RunError, leaks},
    target::{Adapter, StartOptions, Target},
};
use smtpspec_core::receiver::Defects;

/// Enough for 4 KiB a session to stand out.
const SESSIONS: u64 = 500;

/// Not a test: what the adapters of these tests run.
#[test]
fn the_server_that_leaks() {
    if let Ok(leak) = env::var(server::LEAK) {
        server::serve(&leak);
    }
}

/// An adapter whose server leaks what `leak` names.
fn leaky(folder: &Path, leak: &str) -> Target {
    let run = folder.join("run.sh");
    let program = env::current_exe().unwrap();
    let text = format!(
        "#!/bin/sh\n{}={leak} exec '{}' --exact the_server_that_leaks --nocapture\n",
        server::LEAK,
        program.display()
    );
    fs::write(&run, text).unwrap();
    fs::set_permissions(&run, fs::Permissions::from_mode(0o755)).unwrap();
    Target::Adapter(Box::new(Adapter::in_folder(folder, None).unwrap()))
}

async fn play(target: Target, sessions: u64, options: CampaignOptions) -> Leaks {
    let mut running = target.start(&StartOptions::default()).await.unwrap();
    let material = BrokenSessions::new(5).unwrap();
    let indices: Vec<u64> = (0..sessions).collect();
    let settle = Duration::from_secs(2);
    let played = leaks(&mut running, &material, &indices, &options, settle, |_| ()).await;
    running.stop().await;
    played
}

async fn play_leaky(leak: &str) -> Leaks {
    let dir = tempfile::tempdir().unwrap();
    let played = play(
        leaky(dir.path(), leak),
        SESSIONS,
        CampaignOptions::default(),
    )
    .await;
    assert!(played.error.is_none(), "{:?}", played.error);
    assert!(played.check.balances(), "{:?}", played.check);
    played
}

/// What leaks, and how much for each session.
fn found(played: &Leaks) -> Vec<(&'static str, f64)> {
    let Held::Measured(growth) = &played.check.held else {
        panic!("nothing measured: {:?}", played.check)
    };
    let resources = const { &RESOURCES }.iter();
    let leaks = resources.filter_map(|r| Some((r.name, r.leak(growth, played.check.sessions)?)));
    leaks.collect()
}

fn findings(played: &Leaks) -> Vec<String> {
    let findings = played.gathered.verdict.findings();
    findings
        .map(|f| format!("{} {}: {}", f.rule, f.case, f.what))
        .collect()
}

fn program() -> PathBuf {
    cargo_bin("smtpspec")
}

#[tokio::test(flavor = "multi_thread")]
async fn the_embedded_server_leaks_nothing() {
    let target = Target::Apart {
        program: program(),
        defects: Defects::default(),
    };
    let played = play(target, SESSIONS, CampaignOptions::default()).await;
    assert!(played.error.is_none(), "{:?}", played.error);
    assert_eq!(findings(&played), Vec::<String>::new());
    assert_eq!(found(&played), []);
    assert!(!played.check.failed());
    let all = SESSIONS + 256;
    assert_eq!(played.check.fired, Some((all, all)));
    assert_eq!(played.gathered.transcript.sessions, []);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_is_sound_but_for_being_simple_leaks_nothing() {
    let played = play_leaky("nothing").await;
    assert_eq!(found(&played), []);
    assert!(!played.check.failed());
}

#[tokio::test(flavor = "multi_thread")]
async fn sockets_of_reset_sessions_that_stay_open_are_found() {
    let played = play_leaky("sockets").await;
    let [("open files", each)] = found(&played)[..] else {
        panic!("{:?} {:?}", found(&played), played.check)
    };
    assert!((0.1..0.6).contains(&each), "{each}");
    assert!(played.check.failed());
}

#[tokio::test(flavor = "multi_thread")]
async fn threads_that_never_end_are_found() {
    let played = play_leaky("threads").await;
    // Each of them holds its socket and its stack as well.
    let names: Vec<_> = found(&played).into_iter().map(|leak| leak.0).collect();
    assert!(names.contains(&"threads"), "{names:?} {:?}", played.check);
}

#[tokio::test(flavor = "multi_thread")]
async fn four_kibibytes_kept_of_each_session_are_found() {
    let played = play_leaky("memory").await;
    let [("memory", each)] = found(&played)[..] else {
        panic!("{:?} {:?}", found(&played), played.check)
    };
    assert!((3000.0..8000.0).contains(&each), "{each}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_rule_that_thousands_break_is_shown_by_a_few_sessions() {
    let defect = "disconnect-lost-after-ehlo".parse().unwrap();
    let target = Target::Apart {
        program: program(),
        defects: [defect].into_iter().collect(),
    };
    let short = Duration::from_millis(20);
    let options = CampaignOptions {
        disconnect_limit: short,
        grace: short,
        ..CampaignOptions::default()
    };
    let played = play(target, 600, options).await;
    assert!(played.error.is_none(), "{:?}", played.error);
    let lost = findings(&played)
        .iter()
        .filter(|f| f.starts_with("SES-2 "))
        .count();
    assert!(lost > 100, "{lost}");
    assert!(!played.check.balances());
    assert!(played.check.failed());
    let kept = &played.gathered.transcript.sessions;
    assert!((1..=6).contains(&kept.len()), "{}", kept.len());
    for session in kept {
        assert!(
            played
                .cases
                .iter()
                .any(|case| case.name == session.open.case)
        );
        let shown = played.gathered.verdict.findings();
        assert!(
            shown
                .filter(|f| f.conn == session.conn)
                .all(|f| f.case == session.open.case)
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_time_limit_is_that_of_the_whole_run() {
    let target = Target::Apart {
        program: program(),
        defects: Defects::default(),
    };
    let limit = Duration::from_millis(1500);
    let options = CampaignOptions {
        run: limit,
        ..CampaignOptions::default()
    };
    let start = std::time::Instant::now();
    let played = play(target, 100_000, options).await;
    assert!(matches!(played.error, Some(RunError::Time(time)) if time == limit));
    assert!(
        start.elapsed() < Duration::from_secs(20),
        "{:?}",
        start.elapsed()
    );
    assert_eq!(played.check.held, Held::BrokenOff);
    assert!(!played.gathered.transcript.complete);
}

fn smtpspec(args: &[&str]) -> Output {
    let command = ["run", "--suite", "leaks"];
    Command::new(program())
        .args(command)
        .args(args)
        .output()
        .unwrap()
}

#[test]
fn the_report_says_what_was_held_before_and_after() {
    let ran = smtpspec(&["--cases", "60", "--seed", "5"]);
    let text = String::from_utf8(ran.stdout).unwrap();
    assert_eq!(ran.status.code(), Some(0), "{text}");
    for says in [
        "Leak check: 60 broken sessions, after 60 to warm up",
        "OnConnect fired 120 times, OnDisconnect 120 times: as many",
        "open files",
        "threads",
        "memory",
        "60 cases, 120 sessions",
    ] {
        assert!(text.contains(says), "{says:?} is missing:\n{text}");
    }
    let ran = smtpspec(&["--cases", "60", "--seed", "5", "--format", "json"]);
    let report: serde_json::Value = serde_json::from_slice(&ran.stdout).unwrap();
    assert_eq!(report["leaks"]["on_disconnect"], 120);
    assert_eq!(report["leaks"]["failed"], false);
    assert_eq!(report["leaks"]["held"][0]["resource"], "open files");
}

#[test]
fn a_leak_is_named_and_the_exit_code_is_1() {
    let dir = tempfile::tempdir().unwrap();
    fs::create_dir(dir.path().join("leaky")).unwrap();
    let _ = leaky(&dir.path().join("leaky"), "sockets");
    let ran = Command::new(program())
        .args(["run", "--suite", "leaks", "--target", "leaky"])
        .args(["--cases", "200", "--seed", "5", "--no-minimise"])
        .env("SMTPSPEC_ADAPTERS", dir.path())
        .output()
        .unwrap();
    let text = String::from_utf8(ran.stdout).unwrap();
    assert_eq!(ran.status.code(), Some(1), "{text}");
    assert!(
        text.contains("more for each session") && text.contains("it leaks"),
        "{text}"
    );
}

#[test]
#[ignore = "slow: ten thousand sessions; cargo test --workspace -- --ignored"]
fn ten_thousand_broken_sessions_leave_nothing_behind() {
    let start = std::time::Instant::now();
    let ran = smtpspec(&["--seed", "1"]);
    let text = String::from_utf8(ran.stdout).unwrap();
    assert_eq!(ran.status.code(), Some(0), "{text}");
    assert!(
        text.contains("OnConnect fired 11000 times, OnDisconnect 11000 times"),
        "{text}"
    );
    assert!(
        start.elapsed() < Duration::from_mins(2),
        "{:?}",
        start.elapsed()
    );
}
