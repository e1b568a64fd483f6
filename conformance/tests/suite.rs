//! The documented suite over real sockets: it conforms on the embedded server, exercises every rule, and catches
//! every planted defect; and what a server fires does not depend on how the octets were cut.

use std::time::Duration;

use pretty_assertions::assert_eq;
use smtpspec::{
    drive::Limits,
    run::{CampaignOptions, Case, Outcome, campaign, documented, wire},
    target::{StartOptions, Target},
};
use smtpspec_core::{
    check::{RunVerdict, Verdict, check},
    conversation::{Conversation, Ending, Segmentation},
    event::{DisconnectReason, Event},
    receiver::{Config, Defect},
    transcript::{SessionLog, What},
};

async fn play(cases: Vec<Case>, defect: Option<Defect>, reply: Duration) -> Outcome {
    let config = Config {
        defects: defect.into_iter().collect(),
        ..Config::default()
    };
    let target = Target::Embedded(Box::new(config));
    let mut running = target.start(&StartOptions::default()).await.unwrap();
    let limits = Limits {
        reply,
        ..Limits::default()
    };
    let options = CampaignOptions {
        limits,
        ..CampaignOptions::default()
    };
    let outcome = campaign(&mut running, cases, &options, |_| ()).await;
    running.stop().await;
    assert!(outcome.error.is_none(), "{:?}", outcome.error);
    outcome
}

fn found(verdict: &RunVerdict) -> Vec<String> {
    verdict
        .findings()
        .map(|f| format!("{} {}: {}", f.rule, f.case, f.what))
        .collect()
}

/// The documented suite and the suite `wire`.
fn written() -> Vec<Case> {
    let mut cases = documented().unwrap();
    cases.extend(wire().unwrap());
    cases
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_written_by_hand_conforms_and_exercises_every_rule() {
    let outcome = play(written(), None, Duration::from_secs(5)).await;
    let verdict = check(&outcome.transcript);
    assert_eq!(found(&verdict), Vec::<String>::new());
    let idle: Vec<_> = verdict
        .rules
        .iter()
        .filter(|rule| rule.verdict != Verdict::Holds)
        .map(|r| r.rule.id)
        .collect();
    assert_eq!(idle, Vec::<&str>::new());
    let missed: Vec<_> = outcome
        .transcript
        .sessions
        .iter()
        .filter(|s| missed(s))
        .map(|s| &s.open.case)
        .collect();
    assert_eq!(missed, Vec::<&String>::new());
}

fn missed(session: &SessionLog) -> bool {
    session
        .entries
        .iter()
        .any(|entry| matches!(entry.what, What::Expected { met: false, .. }))
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "slow: some sixty runs of the suite; cargo test --workspace -- --ignored"]
async fn every_defect_is_caught_over_sockets() {
    let all = written();
    // Silence costs a time-out each; one case is played, and only for what is only said then.
    let takes = |name: &str, defect: Defect| {
        !name.contains("silence")
            || (name == "tls/silence-inside" && defect == Defect::TimesOutInClear)
    };
    let mut uncaught = Vec::new();
    // What comes in one read with a close_notify is lost inside TLS, so this one shows by chance only; in memory it is
    // caught each time.
    let by_chance = |defect: &&Defect| **defect == Defect::ActsBehindCloseNotify;
    for defect in Defect::ALL.iter().filter(|defect| !by_chance(defect)) {
        let mut cases = all.clone();
        cases.retain(|case| takes(&case.name, *defect));
        let outcome = play(cases, Some(*defect), Duration::from_millis(700)).await;
        let verdict = check(&outcome.transcript);
        let rule = verdict
            .rules
            .iter()
            .find(|rule| rule.rule.id == defect.rule())
            .unwrap();
        if !matches!(rule.verdict, Verdict::Broken | Verdict::NotStrict) {
            uncaught.push(format!("{} ({})", defect.name(), defect.rule()));
        }
    }
    assert_eq!(uncaught, Vec::<String>::new());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_session_id_used_twice_is_caught() {
    let mut cases = documented().unwrap();
    cases.retain(|case| case.name.starts_with("isolation/"));
    let outcome = play(
        cases,
        Some("session-id-reused".parse().unwrap()),
        Duration::from_secs(5),
    )
    .await;
    let verdict = check(&outcome.transcript);
    let broken: Vec<_> = verdict
        .rules
        .iter()
        .filter(|r| r.verdict == Verdict::Broken)
        .map(|r| r.rule.id)
        .collect();
    assert_eq!(broken, ["SES-6"]);
}

fn seed() -> Conversation {
    let cases = documented().unwrap();
    cases
        .into_iter()
        .find(|case| case.name == "seed/as-meant")
        .unwrap()
        .conversation
}

fn named(conversation: Conversation, name: String) -> Case {
    Case { name, conversation }
}

fn events(session: &SessionLog) -> Vec<Event> {
    let event = |what: &What| match what {
        What::Event(record) => Some(record.event.clone()),
        _ => None,
    };
    // Where the server listens and the client's port are the run's, not the conversation's.
    let local = |event: Event| match event {
        Event::OnConnect { .. } => Event::OnConnect { local: None },
        event => event,
    };
    session
        .entries
        .iter()
        .filter_map(|entry| event(&entry.what))
        .map(local)
        .collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn events_are_the_same_however_the_octets_are_cut() {
    let seed = seed();
    let cuts = (1..seed.octets().len()).map(Segmentation::CutAt);
    let all = [
        Segmentation::AsWritten,
        Segmentation::Whole,
        Segmentation::PerByte,
    ]
    .into_iter()
    .chain(cuts);
    let cases = all
        .map(|cut| named(seed.segmented(cut), format!("{cut:?}")))
        .collect();
    let outcome = play(cases, None, Duration::from_secs(5)).await;
    assert_eq!(found(&check(&outcome.transcript)), Vec::<String>::new());
    let sessions = &outcome.transcript.sessions;
    assert!(sessions.len() > 150);
    let as_written = events(&sessions[0]);
    assert_eq!(as_written.len(), 8);
    for session in sessions {
        assert_eq!(events(session), as_written, "{}", session.open.case);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_client_lost_at_any_octet_of_the_seed_is_told_of_once() {
    let seed = seed();
    let octets = seed.octets();
    let end = memchr::memmem::find(&octets, b"\r\n.\r\n").unwrap() + 5;
    let quit = end + b"quit\r\n".len();
    for ending in [Ending::Close, Ending::Reset, Ending::HalfClose] {
        let case = |offset| named(seed.cut_at(offset, ending), format!("{ending:?} {offset}"));
        let outcome = play(
            (0..=octets.len()).map(case).collect(),
            None,
            Duration::from_secs(5),
        )
        .await;
        assert_eq!(found(&check(&outcome.transcript)), Vec::<String>::new());
        for (offset, session) in outcome.transcript.sessions.iter().enumerate() {
            let events = events(session);
            let reasons = events.iter().filter_map(|event| match event {
                Event::OnDisconnect { reason } => Some(reason.unwrap()),
                _ => None,
            });
            let reasons: Vec<_> = reasons.collect();
            if offset < quit {
                assert_eq!(
                    reasons,
                    [DisconnectReason::SenderDisconnected],
                    "{}",
                    session.open.case
                );
            }
            assert_eq!(reasons.len(), 1, "{}", session.open.case);
            let ended = events
                .iter()
                .any(|event| matches!(event, Event::OnEndOfData { .. }));
            // A reset right behind the terminator may overtake it.
            let may = ending == Ending::Reset && offset >= end;
            assert!(may || ended == (offset >= end), "{}", session.open.case);
        }
    }
}
