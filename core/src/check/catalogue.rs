//! The list of all rules. A rule is added in its group's file; nothing else knows them all.

use super::{
    aut, chk, clauses::clauses, con, dsn, entry::Entry, lmt, ord, rej, ses, tls, verdict::Rule, wir,
};

/// All that are no clauses, in the order in which reports show them.
pub(super) fn entries() -> impl Iterator<Item = &'static Entry> {
    static SES: &[Entry] = &ses::RULES;
    static ORD: &[Entry] = &ord::RULES;
    static REJ: &[Entry] = &rej::RULES;
    static CON: &[Entry] = &con::RULES;
    static WIR: &[Entry] = wir::RULES;
    static AUT: &[Entry] = aut::RULES;
    static TLS: &[Entry] = tls::RULES;
    [
        SES,
        ORD,
        REJ,
        CON,
        WIR,
        AUT,
        TLS,
        chk::RULES,
        dsn::RULES,
        lmt::RULES,
    ]
    .into_iter()
    .flatten()
}

/// Every rule, in the order in which reports show them.
pub fn rules() -> impl Iterator<Item = &'static Rule> {
    let of_clauses = clauses().map(|clause| &clause.rule);
    entries().map(|entry| &entry.rule).chain(of_clauses)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_are_unique_and_every_rule_says_what_and_why() {
        let mut ids: Vec<&str> = rules().map(|rule| rule.id).collect();
        let count = ids.len();
        ids.sort_unstable();
        ids.dedup();
        assert_eq!(ids.len(), count);
        for rule in rules() {
            for text in [rule.title, rule.source, rule.explanation, rule.example] {
                assert!(!text.is_empty(), "{} leaves something unsaid", rule.id);
            }
        }
    }
}
