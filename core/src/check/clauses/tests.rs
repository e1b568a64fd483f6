//! The list of clauses, and whom each is asked of.

use std::sync::Arc;

use super::*;
use crate::{
    check::{across::Across, each_view},
    conversation::Conversation,
    memory,
    transcript::Transcript,
};

#[test]
fn each_clause_cites_its_rfc_and_section() {
    for clause in clauses() {
        let source = clause.rule.source;
        let cites = source.starts_with("RFC ")
            && source[4..]
                .split(' ')
                .nth(1)
                .is_some_and(|section| section.starts_with(|c: char| c.is_ascii_digit()));
        assert!(cites, "{}: {source}", clause.rule.id);
    }
}

#[test]
fn ids_count_up_within_each_group() {
    let mut last: std::collections::BTreeMap<&str, u32> = [("WIR", 20)].into();
    for clause in clauses() {
        let (group, number) = clause.rule.id.split_once('-').unwrap();
        let number: u32 = number.parse().unwrap();
        let before = last.insert(group, number).unwrap_or(0);
        assert_eq!(number, before + 1, "{}", clause.rule.id);
    }
}

/// A session in which MAIL is answered once.
fn with_mail() -> Transcript {
    let conversation =
        Conversation::parse(b"%title MAIL\nEHLO c\nMAIL FROM:<a@example.org>\nQUIT\n");
    let log = memory::play(1, "clauses/mail", &conversation.unwrap(), &Arc::default());
    memory::transcript(vec![log])
}

const RULE: Rule = Rule::must(
    "TST-1",
    "MAIL is refused",
    "RFC 5321 4.1.1.2",
    "A clause to see asked.",
    "MAIL, 250",
);

/// Of every MAIL, and never right: `subjects` says whom it is asked of.
const fn about_mail(subjects: Subjects) -> Clause {
    let applies: fn(&Probe<'_, '_>) -> bool = |probe| probe.exchange.verb() == Some(Verb::Mail);
    clause(RULE, applies, |_| Err("it was taken".to_owned())).of(subjects)
}

/// The rules that break when `clause` is asked in [`with_mail`].
fn asked_of_a_session(clause: &'static Clause) -> Vec<&'static str> {
    let transcript = with_mail();
    let mut broken = Vec::new();
    each_view(
        &transcript,
        &Across::new(&transcript),
        |_, _| (),
        |_, view, founds| {
            let table = Table::new([clause].into_iter());
            let judged = judge_by(&table, view, &founds);
            broken.extend(judged.breaches.iter().map(|breach| breach.found.rule));
        },
    );
    broken
}

#[test]
fn a_clause_is_asked_of_its_subjects() {
    static RIGHT: Clause = about_mail(Subjects::verbs(&[Verb::Rcpt, Verb::Mail]));
    static ANY: Clause = about_mail(Subjects::ANY);
    for clause in [&RIGHT, &ANY] {
        assert_eq!(asked_of_a_session(clause), ["TST-1"]);
    }
}

/// Else a clause with a wrong mask would be asked of nobody, and hold for ever.
#[test]
#[cfg(debug_assertions)]
#[should_panic(expected = "a clause applies to what its subjects leave out")]
fn a_clause_that_applies_to_more_than_its_subjects_is_no_clause() {
    static WRONG: Clause = about_mail(Subjects::verbs(&[Verb::Rcpt, Verb::Data]));
    asked_of_a_session(&WRONG);
}
