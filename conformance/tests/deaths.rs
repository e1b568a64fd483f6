//! A server that dies in the run: the session that did it is found, a new server is started, and the run goes on.

mod common;

use std::{fs, os::unix::fs::PermissionsExt, path::Path};

use common::parse;
use pretty_assertions::assert_eq;
use smtpspec::{
    run::{CampaignOptions, Case, Ground, Outcome, campaign, minimise},
    target::{Adapter, Running, StartOptions, Target},
};
use smtpspec_core::{
    check::{Finding, check},
    receiver::{Config, Defect},
    transcript::{Death, What},
};

const HARMLESS: &str = "EHLO c.example.org\nNOOP\nQUIT\n";
const DEADLY: &str = "EHLO c.example.org\nNOOP\nMAIL FROM:<a@example.org>\nRCPT TO:<b@example.org>\nDATA\nSubject: x\n\nhalf\n%reset\n";

/// The embedded server in a process of its own; it dies of a reset in DATA.
const SERVE: &str = concat!(
    env!("CARGO_BIN_EXE_smtpspec"),
    " serve --format json --listen $SMTPSPEC_LISTEN --defect dies-when-reset-in-data"
);

fn adapter(folder: &Path, script: &str) -> Target {
    let run = folder.join("run.sh");
    fs::write(&run, format!("#!/bin/sh\n{script}\n")).unwrap();
    fs::set_permissions(&run, fs::Permissions::from_mode(0o755)).unwrap();
    Target::Adapter(Box::new(Adapter::in_folder(folder, None).unwrap()))
}

/// The embedded server in this process; it dies of the same.
fn embedded() -> Target {
    let defect: Defect = "dies-when-reset-in-data".parse().unwrap();
    Target::Embedded(Box::new(Config {
        defects: [defect].into_iter().collect(),
        ..Config::default()
    }))
}

/// So many harmless cases, with deadly ones at these places.
fn cases(count: usize, deadly: &[usize]) -> Vec<Case> {
    let case = |place| {
        let is_deadly = deadly.contains(&place);
        let text = if is_deadly { DEADLY } else { HARMLESS };
        Case {
            name: format!("{}/{place}", if is_deadly { "deadly" } else { "harmless" }),
            conversation: parse(&format!("%title t\n%purpose p\n%source s\n{text}")),
        }
    };
    (0..count).map(case).collect()
}

async fn start(target: &Target) -> Running {
    target.start(&StartOptions::default()).await.unwrap()
}

async fn play(target: &Target, cases: Vec<Case>) -> Outcome {
    let mut running = start(target).await;
    let outcome = campaign(&mut running, cases, &CampaignOptions::default(), |_| ()).await;
    running.stop().await;
    assert!(outcome.error.is_none(), "{:?}", outcome.error);
    outcome
}

fn findings(outcome: &Outcome) -> Vec<(&'static str, String)> {
    let verdict = check(&outcome.transcript);
    let shown = |finding: &Finding| (finding.rule, finding.case.clone());
    verdict.findings().map(shown).collect()
}

fn deaths(outcome: &Outcome) -> Vec<&Death> {
    let sessions = outcome.transcript.sessions.iter();
    let entries = sessions.flat_map(|session| &session.entries);
    entries
        .filter_map(|entry| match &entry.what {
            What::Died(death) => Some(&**death),
            _ => None,
        })
        .collect()
}

#[tokio::test]
async fn the_session_that_kills_is_told_from_those_beside_it() {
    let dir = tempfile::tempdir().unwrap();
    for target in [embedded(), adapter(dir.path(), &format!("exec {SERVE}"))] {
        let outcome = play(&target, cases(60, &[7, 31])).await;
        let expected = [("SES-8", "deadly/7".into()), ("SES-8", "deadly/31".into())];
        assert_eq!(findings(&outcome), expected);
        assert_eq!(outcome.transcript.sessions.len(), 60);
        assert!(outcome.transcript.complete);
        assert_eq!(outcome.transcript.strays, []);
        assert!(deaths(&outcome).iter().all(|death| death.beside == 0));
    }
}

#[tokio::test]
async fn what_the_process_left_is_kept() {
    let dir = tempfile::tempdir().unwrap();
    let target = adapter(
        dir.path(),
        &format!("{SERVE}; echo 'out of memory' >&2; exit 9"),
    );
    let outcome = play(&target, cases(1, &[0])).await;
    let [death] = deaths(&outcome)[..] else {
        panic!("one death was expected");
    };
    assert_eq!(death.status, "exit status: 9");
    assert!(death.output.contains("out of memory"), "{}", death.output);
}

#[tokio::test]
async fn a_death_that_no_session_repeats_is_told_with_how_many_were_open() {
    let dir = tempfile::tempdir().unwrap();
    let once = "if [ -e died ]; then wait; else touch died; sleep 0.7; kill $!; exit 3; fi";
    let target = adapter(dir.path(), &format!("{SERVE} & {once}"));
    let mut slow = cases(3, &[]);
    for case in &mut slow {
        case.conversation = parse("%title t\n%purpose p\n%source s\nEHLO c\n%pause 900ms\nQUIT\n");
    }
    let outcome = play(&target, slow).await;
    assert_eq!(findings(&outcome).len(), 1);
    let deaths = deaths(&outcome);
    assert_eq!((deaths.len(), deaths[0].beside), (1, 2));
}

#[tokio::test]
async fn a_server_that_dies_all_the_time_is_left_alone_after_a_while() {
    let deadly: Vec<usize> = (0..100).collect();
    let outcome = play(&embedded(), cases(100, &deadly)).await;
    let most = CampaignOptions::default().deaths;
    let deaths = deaths(&outcome).len();
    assert!((most..=100).contains(&deaths), "{deaths}");
    let played = outcome.transcript.sessions.len();
    assert_eq!(played + outcome.skipped.len(), 100);
    assert!(outcome.skipped.iter().all(|(_, why)| why.contains("died")));
}

#[tokio::test]
async fn the_smallest_conversation_that_kills_is_found() {
    let mut running = start(&embedded()).await;
    let cases = cases(9, &[4]);
    let options = CampaignOptions::default();
    let outcome = campaign(&mut running, cases.clone(), &options, |_| ()).await;
    let verdict = check(&outcome.transcript);
    let found = minimise(
        &mut Ground::Server(&mut running),
        &outcome.transcript,
        &verdict,
        &cases,
        &options,
    )
    .await;
    running.stop().await;
    let found = found.unwrap();
    let [minimal] = &found[..] else {
        panic!("one finding was expected: {found:?}");
    };
    assert_eq!((minimal.rule, minimal.repeats), ("SES-8", (3, 3)));
    let text = String::from_utf8(minimal.conversation.print()).unwrap();
    assert!(
        !text.contains("NOOP") && !text.contains("Subject"),
        "{text}"
    );
    assert!(text.contains("DATA") && text.contains("%reset"), "{text}");
}
