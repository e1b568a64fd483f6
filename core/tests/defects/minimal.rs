//! The smallest conversation that still shows a planted defect.

use smtpspec_core::{
    check::check,
    conversation::{Conversation, Shrinker},
    memory::{play, transcript},
    receiver::Defect,
};

use crate::hunt::server;

/// Conversations that are played for one; some thousand are enough.
const TRIES: usize = 20_000;

/// It takes more than one session to show these.
pub(crate) fn is_across_sessions(defect: Defect) -> bool {
    matches!(defect.rule(), "SES-5" | "SES-6")
}

/// The rules that `conversation`, alone at a server with `defect`, breaks.
pub(crate) fn broken(defect: Defect, conversation: &Conversation) -> Vec<&'static str> {
    let session = play(1, "alone", conversation, &server(&[defect]));
    let verdict = check(&transcript(vec![session]));
    verdict.findings().map(|finding| finding.rule).collect()
}

/// What is left of `conversation` when all is gone that `defect` does not need. The rule stays broken, and no other
/// is that was not before.
pub(crate) fn minimal(defect: Defect, conversation: Conversation) -> Conversation {
    let also = broken(defect, &conversation);
    assert!(also.contains(&defect.rule()), "{defect} shows alone");
    let shows = |smaller: &Conversation| {
        let now = broken(defect, smaller);
        now.contains(&defect.rule()) && now.iter().all(|rule| also.contains(rule))
    };
    Shrinker::new(conversation).run(TRIES, shows)
}
