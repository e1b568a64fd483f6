//! The corpus and generated conversations in LMTP, in memory: nothing is found at the sound server, and what is planted is found
//! by the same rules as in SMTP.

use std::{collections::BTreeSet, fs, path::Path, sync::Arc};

use pretty_assertions::assert_eq;
use smtpspec_core::{
    check::{RunVerdict, check},
    conversation::Conversation,
    generate::{Family, conversation},
    memory::{play, transcript},
    receiver::{Config, Defect},
    wire::Protocol,
};

fn collect(folder: &Path, all: &mut Vec<Conversation>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            collect(&path, all);
        } else if path.extension().is_some_and(|end| end == "smtp") {
            all.push(Conversation::parse(&fs::read(path).unwrap()).unwrap());
        }
    }
}

/// The corpus in LMTP.
fn corpus() -> Vec<Conversation> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../corpus/conversations");
    let mut all = Vec::new();
    collect(&root, &mut all);
    all.iter()
        .map(|one| one.spoken_in(Protocol::Lmtp))
        .collect()
}

fn judged(conversations: &[Conversation], defects: &[Defect]) -> RunVerdict {
    let config = Arc::new(Config {
        defects: defects.iter().copied().collect(),
        ..Config::default()
    });
    let sessions = (1..).zip(conversations);
    let sessions = sessions.map(|(conn, one)| play(conn, "lmtp", one, &config));
    check(&transcript(sessions.collect()))
}

fn found(verdict: &RunVerdict) -> Vec<String> {
    let findings = verdict.findings();
    findings.map(|f| format!("{} {}", f.rule, f.what)).collect()
}

#[test]
fn the_corpus_conforms_in_lmtp() {
    assert_eq!(found(&judged(&corpus(), &[])), Vec::<String>::new());
}

#[test]
fn generated_conversations_conform_in_lmtp() {
    for family in Family::ALL {
        let cases = 0..700;
        let all: Vec<_> = cases
            .map(|index| conversation(family, 2033, index).spoken_in(Protocol::Lmtp))
            .collect();
        assert_eq!(found(&judged(&all, &[])), Vec::<String>::new(), "{family}");
    }
}

/// What LMTP has no occasion for: HELO, and lines that consist of the four letters of HELO or EHLO.
const OF_SMTP: [&str; 7] = [
    "bare-ehlo-503",
    "bare-helo-503",
    "dsn-taken-unannounced",
    "helo-lists-extensions",
    "helo-names-nobody",
    "parameters-taken-behind-helo",
    "second-mail-taken-after-helo",
];

#[test]
#[ignore = "slow: the whole corpus for each defect; cargo test --workspace -- --ignored"]
fn what_is_planted_is_found_in_lmtp_too() {
    let corpus = corpus();
    // It takes many sessions at once to show these.
    let alone = |defect: &&Defect| !matches!(defect.rule(), "SES-5" | "SES-6");
    let mut unseen = BTreeSet::new();
    for defect in Defect::ALL.iter().filter(alone) {
        let verdict = judged(&corpus, &[*defect]);
        if !verdict.findings().any(|found| found.rule == defect.rule()) {
            unseen.insert(defect.name());
        }
    }
    assert_eq!(unseen, BTreeSet::from(OF_SMTP));
}
