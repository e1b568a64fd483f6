//! A finding is shrunk to what matters: the planted defect's trigger and little else.

use smtpspec::{
    run::{CampaignOptions, Ground, Minimal, campaign, documented, minimise},
    target::{StartOptions, Target},
};
use smtpspec_core::{
    check::check,
    conversation::Step,
    receiver::{Config, Defect},
};

/// What of `case` is left when `defect` is planted.
async fn minimal(defect: &str, case: &str) -> Minimal {
    let defect: Defect = defect.parse().unwrap();
    let config = Config {
        defects: [defect].into_iter().collect(),
        ..Config::default()
    };
    let mut running = Target::Embedded(Box::new(config))
        .start(&StartOptions::default())
        .await
        .unwrap();
    let mut cases = documented().unwrap();
    cases.retain(|known| known.name == case);
    let options = CampaignOptions::default();
    let outcome = campaign(&mut running, cases.clone(), &options, |_| ()).await;
    let mut verdict = check(&outcome.transcript);
    verdict.rules.retain(|rule| rule.rule.id == defect.rule());
    let found = minimise(
        &mut Ground::Server(&mut running),
        &outcome.transcript,
        &verdict,
        &cases,
        &options,
    )
    .await
    .unwrap();
    running.stop().await;
    found.into_iter().next().expect("the defect is found")
}

fn sent(minimal: &Minimal) -> String {
    String::from_utf8(minimal.conversation.octets()).unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_doubled_noop_needs_a_noop() {
    let minimal = minimal("noop-event-twice", "states/greeted-queries").await;
    assert_eq!(minimal.repeats, (3, 3));
    assert_eq!(sent(&minimal), "NOOP\r\n");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_lost_disconnect_needs_an_ehlo_and_an_end() {
    let minimal = minimal("disconnect-lost-after-ehlo", "lost/greeted-close").await;
    let sent = sent(&minimal);
    assert!(
        sent.starts_with("EHLO ") && sent.len() <= "EHLO a\r\n".len(),
        "{sent:?}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn smuggling_keeps_the_look_alike_and_no_second_envelope() {
    let minimal = minimal("bare-lf-ends-data", "lookalike/lf-dot-lf").await;
    let sent = sent(&minimal);
    // The defect takes either of these for the end of data.
    let look_alikes = ["DATA\r\n\n.\n", "DATA\r\n\n.\r\n"];
    assert!(look_alikes.iter().any(|end| sent.contains(end)), "{sent:?}");
    assert!(sent.len() < 80, "{sent:?}");
    assert!(
        minimal
            .conversation
            .steps
            .iter()
            .all(|step| matches!(step, Step::Send(_)))
    );
}
