//! `CLAUSES.md` and the catalogue of rules agree: each rule that comes from one of the RFCs which the file goes through is
//! named there, and each rule that it names exists.

use std::collections::BTreeSet;

use pretty_assertions::assert_eq;
use smtpspec_core::check::{is_clause, rules};

const FILE: &str = include_str!("../CLAUSES.md");

/// What the file goes through.
const RFCS: [&str; 7] = ["5321", "2920", "1870", "6152", "2034", "3463", "6531"];

/// The ids in the tables: three capitals, a hyphen, a number.
fn named() -> BTreeSet<String> {
    let words = FILE.split(|c: char| !(c.is_ascii_alphanumeric() || c == '-'));
    let is_id = |word: &&str| {
        word.split_once('-').is_some_and(|(group, number)| {
            group.len() == 3
                && group.bytes().all(|octet| octet.is_ascii_uppercase())
                && !number.is_empty()
                && number.bytes().all(|octet| octet.is_ascii_digit())
        })
    };
    // A rule and an encoding: it is the encoding.
    let is_rule = |word: &&str| is_id(word) && *word != "UTF-8";
    words.filter(is_rule).map(str::to_owned).collect()
}

#[test]
fn each_rule_that_is_named_exists() {
    let known: BTreeSet<String> = rules().map(|rule| rule.id.to_owned()).collect();
    let unknown: Vec<_> = named().difference(&known).cloned().collect();
    assert_eq!(unknown, Vec::<String>::new());
}

#[test]
fn each_rule_of_these_rfcs_is_named() {
    let named = named();
    let from_one = |source: &str| {
        let number = source
            .strip_prefix("RFC ")
            .and_then(|rest| rest.split(' ').next());
        number.is_some_and(|number| RFCS.contains(&number))
    };
    let of_rfcs = rules().filter(|rule| from_one(rule.source));
    let missing: Vec<_> = of_rfcs
        .map(|rule| rule.id)
        .filter(|id| !named.contains(*id))
        .collect();
    assert_eq!(missing, Vec::<&str>::new());
}

#[test]
fn there_are_a_hundred_clauses_and_more() {
    assert!(rules().filter(|rule| is_clause(rule)).count() >= 115);
}

#[test]
fn each_row_names_a_rule_or_says_why_there_is_none() {
    let reasons = [
        "*inside*",
        "*client*",
        "*policy*",
        "*time*",
        "cannot be tested",
        "examples only",
    ];
    let rows = FILE
        .lines()
        .filter(|line| line.starts_with("| ") && !line.starts_with("| section"));
    for row in rows {
        let cell = row
            .trim_end_matches(" |")
            .rsplit(" | ")
            .next()
            .unwrap_or_default();
        let ids = rules().any(|rule| cell.contains(rule.id));
        assert!(
            ids || reasons.iter().any(|reason| cell.contains(reason)),
            "{row}"
        );
    }
}
