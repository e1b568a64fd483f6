//! The list of all rules. A rule is added in its group's file; nothing else knows them all.

use super::{
    con, ord, rej, ses,
    verdict::{Level, Rule},
    view::View,
    wir,
};
use crate::event::{EventKind, Hello};

/// A rule with what decides whether it can be judged.
pub(super) struct Entry {
    pub(super) rule: Rule,
    /// Whether what the adapter shows is enough; `None` is a run that observed the wire only.
    pub(super) observable: fn(Option<&Hello>) -> bool,
    /// Whether something in the session could have broken it.
    pub(super) exercised: fn(&View<'_>) -> bool,
}

/// `observable` for rules that need each of these events.
macro_rules! sees {
    ($($kind:ident),+) => {
        |hello| hello.is_some_and(|hello| $(hello.sees($crate::event::EventKind::$kind))&&+)
    };
}
pub(super) use sees;

/// `observable` for rules that the wire alone can show broken.
pub(super) fn on_the_wire(_: Option<&Hello>) -> bool {
    true
}

/// `observable` for rules about any command's event.
pub(super) fn sees_commands(hello: Option<&Hello>) -> bool {
    use EventKind::{
        OnDataCommand, OnEhloCommand, OnHeloCommand, OnHelpCommand, OnMailCommand, OnNoopCommand,
        OnRcptCommand, OnRsetCommand,
    };
    let commands = [
        OnHeloCommand,
        OnEhloCommand,
        OnMailCommand,
        OnRcptCommand,
        OnDataCommand,
        OnRsetCommand,
        OnNoopCommand,
        OnHelpCommand,
    ];
    hello.is_some_and(|hello| commands.iter().any(|kind| hello.sees(*kind)))
}

/// `observable` for rules about what a command's event carries.
pub(super) fn sees_arguments(hello: Option<&Hello>) -> bool {
    use EventKind::{OnEhloCommand, OnHeloCommand, OnMailCommand, OnRcptCommand};
    let carry = [OnHeloCommand, OnEhloCommand, OnMailCommand, OnRcptCommand];
    hello.is_some_and(|hello| carry.iter().any(|kind| hello.sees(*kind)))
}

/// `exercised` for rules that every session exercises.
pub(super) fn always(_: &View<'_>) -> bool {
    true
}

/// All, in the order in which reports show them.
pub(super) fn entries() -> impl Iterator<Item = &'static Entry> {
    static SES: &[Entry] = &ses::RULES;
    static ORD: &[Entry] = &ord::RULES;
    static REJ: &[Entry] = &rej::RULES;
    static CON: &[Entry] = &con::RULES;
    static WIR: &[Entry] = wir::RULES;
    [SES, ORD, REJ, CON, WIR].into_iter().flatten()
}

/// Every rule, in the order in which reports show them.
pub fn rules() -> impl Iterator<Item = &'static Rule> {
    entries().map(|entry| &entry.rule)
}

/// The level of the rule `id`.
pub(super) fn level_of(id: &str) -> Level {
    rules()
        .find(|rule| rule.id == id)
        .map_or(Level::Must, |rule| rule.level)
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
