//! Generated conversations on the reference receiver, in memory: no finding in thousands.

use std::sync::Arc;

use smtpspec_core::{
    check::{RunVerdict, check},
    conversation::Conversation,
    generate::{Family, conversation},
    memory::{play, transcript},
    receiver::Config,
    transcript::SessionLog,
};

/// Any; another one finds other things.
const SEED: u64 = 5321;

fn sessions(
    family: Family,
    indices: core::ops::Range<u64>,
    config: &Arc<Config>,
) -> Vec<SessionLog> {
    let play_one = |index| {
        let name = format!("{family}/{SEED}/{index}");
        play(1 + index, &name, &conversation(family, SEED, index), config)
    };
    indices.map(play_one).collect()
}

fn found(verdict: &RunVerdict) -> Vec<String> {
    let line = |f: &smtpspec_core::check::Finding| format!("{} {}: {}", f.rule, f.case, f.what);
    verdict.findings().map(line).collect()
}

fn conforms(family: Family) {
    let cases = 2000;
    let verdict = check(&transcript(sessions(family, 0..cases, &Arc::default())));
    let found = found(&verdict);
    assert!(
        found.is_empty(),
        "{} findings:\n{}",
        found.len(),
        found.join("\n")
    );
}

#[test]
fn valid_conversations_conform() {
    conforms(Family::Valid);
}

#[test]
fn malformed_conversations_conform() {
    conforms(Family::Malformed);
}

#[test]
fn abrupt_conversations_conform() {
    conforms(Family::Abrupt);
}

/// What generated conversations have brought to light, cut down.
#[track_caller]
fn judged_fairly(body: &str) {
    let text = format!("%title Found by generated conversations\n{body}");
    let conversation = Conversation::parse(text.as_bytes()).unwrap();
    let session = play(1, "regression", &conversation, &Arc::default());
    assert_eq!(
        found(&check(&transcript(vec![session]))),
        Vec::<String>::new()
    );
}

#[test]
fn a_scripted_drop_that_never_happened_is_no_reason() {
    judged_fairly(&format!(
        "%handler OnHelpCommand 1 drop\n{}",
        "FOO\n".repeat(10)
    ));
    judged_fairly("%handler OnHelpCommand 1 drop\n%silence\n");
    judged_fairly(&format!("%handler OnReject 1 drop\n{}", "FOO\n".repeat(10)));
}

#[test]
fn an_extension_counts_from_the_ehlo_that_announced_it() {
    judged_fairly("HELO a\nMAIL FROM:<a@example.org> SIZE=1000\nEHLO a\n");
}

#[test]
fn an_extension_in_a_line_with_something_else_wrong_may_be_refused() {
    judged_fairly("EHLO a\n%raw \"MAIL FROM:<a@example.org> SIZE=1000\\t\\r\\n\"\n");
    judged_fairly(&format!(
        "EHLO a\nMAIL FROM:<a@{}> SIZE=1000\n",
        "x".repeat(3000)
    ));
}

#[test]
fn a_line_too_long_and_out_of_sequence_may_be_refused_for_either() {
    judged_fairly(&format!(
        "MAIL FROM:<a@example.org> SIZE={}\n",
        "x".repeat(3000)
    ));
}
