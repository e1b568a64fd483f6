//! Generated conversations over real sockets: they conform on the embedded server, whatever the number of sessions
//! at once, and a seed stands for its conversations.

use pretty_assertions::assert_eq;
use smtpspec::{
    run::{CampaignOptions, Case, campaign, cuts, generated},
    target::{StartOptions, Target},
};
use smtpspec_core::{check::check, conversation::TlsMode, generate::Family};

/// Any; another one finds other things.
const SEED: u64 = 2821;

async fn conforms(cases: Vec<Case>) {
    let total = cases.len();
    let target = Target::Embedded(Box::default());
    let mut running = target.start(&StartOptions::default()).await.unwrap();
    let outcome = campaign(&mut running, cases, &CampaignOptions::default(), |_| ()).await;
    running.stop().await;
    assert!(outcome.error.is_none(), "{:?}", outcome.error);
    assert_eq!(outcome.transcript.sessions.len(), total);
    let verdict = check(&outcome.transcript);
    let found: Vec<String> = verdict
        .findings()
        .map(|f| format!("{} {}: {}", f.rule, f.case, f.what))
        .collect();
    assert_eq!(found, Vec::<String>::new());
}

fn family(family: Family) -> Vec<Case> {
    generated(family, SEED, 300).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn valid_conversations_conform() {
    conforms(family(Family::Valid)).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn malformed_conversations_conform() {
    conforms(family(Family::Malformed)).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn abrupt_conversations_conform() {
    conforms(family(Family::Abrupt)).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn documented_conversations_cut_anywhere_conform() {
    conforms(cuts(TlsMode::None).unwrap()).await;
}

#[test]
fn a_seed_stands_for_its_conversations() {
    for kind in Family::ALL {
        let again: Vec<Case> = generated(kind, SEED, 300).collect();
        assert_eq!(family(kind), again);
        let other: Vec<Case> = generated(kind, SEED + 1, 300).collect();
        assert_ne!(again, other);
    }
}
