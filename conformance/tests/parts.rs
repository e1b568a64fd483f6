//! A long run over sockets in parts: what is found is what is found in one piece, in less room.

use pretty_assertions::assert_eq;
use smtpspec::{
    run::{CampaignOptions, Generated, InParts, Manner, Material, RunError, documented, in_parts},
    target::{StartOptions, Target},
};
use smtpspec_core::{
    check::{RunVerdict, Verdict, check},
    generate::Family,
    receiver::{Config, Defect},
    transcript::Transcript,
};

const GENERATED: u64 = 60;

/// A few written conversations, and generated ones behind them.
fn material() -> Material {
    let mut written = documented().unwrap();
    written.retain(|case| case.name.starts_with("lost/"));
    let generated = Generated {
        families: Family::ALL.to_vec(),
        seed: 1,
        cases: GENERATED,
    };
    Material::new(written, Some(generated), |_| true, Manner::default())
}

async fn play(defect: Option<&str>, part: u64, options: &CampaignOptions) -> InParts {
    let defect: Option<Defect> = defect.map(|name| name.parse().unwrap());
    let target = Target::Embedded(Box::new(Config {
        defects: defect.into_iter().collect(),
        ..Config::default()
    }));
    let mut running = target.start(&StartOptions::default()).await.unwrap();
    let played = in_parts(&mut running, &material(), part, options, |_| ()).await;
    running.stop().await;
    played
}

fn broken(verdict: &RunVerdict) -> Vec<&'static str> {
    let rules = verdict.rules.iter();
    let broken = rules.filter(|rule| rule.verdict == Verdict::Broken);
    broken.map(|rule| rule.rule.id).collect()
}

/// What a person would see in the sessions that are kept.
fn shown(transcript: &Transcript) -> Vec<&'static str> {
    broken(&check(transcript))
}

#[tokio::test(flavor = "multi_thread")]
async fn parts_show_what_the_whole_shows() {
    let options = CampaignOptions::default();
    let total = material().numbers();
    let whole = play(Some("disconnect-twice"), total, &options).await;
    let parts = play(Some("disconnect-twice"), 50, &options).await;
    assert!(parts.error.is_none(), "{:?}", parts.error);
    assert_eq!(parts.gathered.counted.sessions, total);
    assert_eq!(broken(&whole.gathered.verdict), ["SES-2"]);
    assert_eq!(broken(&parts.gathered.verdict), ["SES-2"]);
    let found = |played: &InParts| played.gathered.verdict.findings().count();
    assert_eq!(found(&parts), found(&whole));
    let transcript = &parts.gathered.transcript;
    assert!(transcript.complete);
    assert_eq!(shown(transcript), ["SES-2"]);
    let written = total - 3 * GENERATED;
    let kept = transcript.sessions.len() as u64;
    assert!((written..total / 2).contains(&kept), "{kept} of {total}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_finding_names_the_session_that_shows_it() {
    let parts = play(Some("noop-event-twice"), 40, &CampaignOptions::default()).await;
    let sessions = &parts.gathered.transcript.sessions;
    let mut conns: Vec<u64> = sessions.iter().map(|session| session.conn).collect();
    conns.sort_unstable();
    conns.dedup();
    assert_eq!(
        conns.len(),
        sessions.len(),
        "a number stands for one session"
    );
    let named = parts.gathered.verdict.findings().filter_map(|finding| {
        let session = sessions
            .iter()
            .find(|session| session.conn == finding.conn)?;
        Some((&session.open.case, &finding.case))
    });
    let named: Vec<_> = named.collect();
    assert!(!named.is_empty());
    assert!(named.iter().all(|(session, finding)| session == finding));
}

#[tokio::test(flavor = "multi_thread")]
async fn the_limits_are_those_of_the_whole_run() {
    let options = CampaignOptions {
        deaths: 2,
        ..CampaignOptions::default()
    };
    let died = play(Some("dies-when-reset-in-data"), 30, &options).await;
    let played = died.gathered.counted.sessions;
    assert!(!died.skipped.is_empty());
    assert_eq!(
        played + died.skipped.len() as u64,
        material().numbers(),
        "each is played, or named with the reason"
    );
    assert!(
        died.skipped
            .iter()
            .all(|(_, why)| why.contains("died too often"))
    );

    let options = CampaignOptions {
        run: std::time::Duration::ZERO,
        ..CampaignOptions::default()
    };
    let late = play(None, 30, &options).await;
    assert!(matches!(late.error, Some(RunError::Time(limit)) if limit == options.run));
    assert!(!late.gathered.transcript.complete);
}
