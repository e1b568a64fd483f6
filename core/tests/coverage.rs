//! What generated conversations reach on the reference receiver: every pair of a state and a stimulus.

use std::sync::Arc;

use smtpspec_core::{
    conversation::Conversation,
    coverage::{Coverage, Form, Pair, SessionState, Stimulus, pairs},
    generate::{Family, conversation},
    memory::{play, transcript},
    wire::Verb,
};

fn coverage_of(cases: impl IntoIterator<Item = Conversation>) -> Coverage {
    let config = Arc::default();
    let play_one = |(conn, case): (u64, Conversation)| play(conn, "case", &case, &config);
    Coverage::of(&transcript((1..).zip(cases).map(play_one).collect()))
}

fn text(body: &str) -> Conversation {
    Conversation::parse(format!("%title t\n{body}").as_bytes()).unwrap()
}

/// As many as `smtpspec run --suite all` plays by default, under several seeds.
#[test]
fn a_thousand_conversations_of_each_family_reach_every_pair() {
    for seed in [0, 1, 5321] {
        let all = Family::ALL.into_iter();
        let cases = all.flat_map(|family| (0..1000).map(move |at| conversation(family, seed, at)));
        let coverage = coverage_of(cases);
        let missing: Vec<String> = coverage.missing().map(|pair| pair.to_string()).collect();
        assert_eq!(missing, Vec::<String>::new(), "seed {seed}");
        assert_eq!(coverage.reached(), pairs().count());
    }
}

#[test]
fn what_was_not_done_is_missing() {
    let coverage = coverage_of([text("EHLO a\nMAIL FROM:<a@example.org>\nQUIT\n")]);
    let reached: Vec<String> = pairs()
        .filter(|pair| coverage.times(*pair) > 0)
        .map(|pair| pair.to_string())
        .collect();
    let expected = [
        "EHLO in state connected",
        "MAIL in state greeted",
        "QUIT in state transaction",
    ];
    assert_eq!(reached, expected);
    assert_eq!(coverage.missing().count(), pairs().count() - 3);
}

#[test]
fn a_refusal_a_group_and_a_message_are_told_apart() {
    let body = "%handler OnMailCommand 1 reject 550 no\nEHLO a\nMAIL FROM:<>\n%raw \"NOOP\\r\\nMAIL FROM:<>\\r\\n\"\n\
                RCPT TO:<a@example.org>\nDATA\n..\n.\nRCPT TO:\n%reset\n";
    let coverage = coverage_of([text(body)]);
    for pair in [
        "MAIL, refused in state greeted",
        "MAIL, pipelined in state greeted",
        "RCPT in state transaction",
        "DATA in state recipients",
        "stuffed dot in state header section",
        "end of data in state header section",
    ] {
        let found = pairs().find(|known| known.to_string() == pair).unwrap();
        assert_eq!(coverage.times(found), 1, "{pair}");
    }
    let malformed = Pair {
        state: SessionState::Greeted,
        stimulus: Stimulus::Command(Verb::Rcpt, Form::Malformed),
    };
    assert_eq!(coverage.times(malformed), 1);
}
