//! A file of expected findings written from a run, with what people have said of them before.

use std::collections::BTreeSet;

use smtpspec_core::{check::RunVerdict, transcript::Transcript};

use super::{
    compare::{fare, not_observable, played, shown},
    file::{Expected, Known},
};
use crate::run::Minimal;

/// Suites whose conversations have names that only mean something with a seed, or stand for too many places.
const GENERATED: [&str; 5] = ["random", "malformed", "abrupt", "cuts", "leaks"];

/// What is expected from now on: what this run of `server` shows, and what `before` says of findings for which nothing
/// was played. Reasons, sources and conversations of `before` are kept; new findings get theirs from `minimal`, but for
/// the reason, which is for people to give.
pub fn update(
    before: Option<Expected>,
    server: &str,
    transcript: &Transcript,
    verdict: &RunVerdict,
    minimal: &[Minimal],
) -> Expected {
    let mut left = shown(verdict);
    let all = left.clone();
    let played = played(transcript, &all);
    let mut known = Vec::new();
    for mut finding in before.map_or_else(Vec::new, |before| before.all) {
        let fared = fare(&finding, &all, &played);
        if let Some(cases) = left.get_mut(&(finding.rule.clone(), finding.verdict)) {
            cases.retain(|case| !fared.showing.contains(case));
        }
        finding
            .cases
            .retain(|pattern| !fared.gone.contains(pattern));
        if !finding.cases.is_empty() || !finding.may_show.is_empty() {
            known.push(finding);
        }
    }
    for ((rule, verdict), cases) in left {
        if cases.is_empty() {
            continue;
        }
        let (of_a_seed, named): (Vec<_>, Vec<_>) =
            cases.iter().partition(|case| family(case).is_some());
        let families = of_a_seed.into_iter().filter_map(|case| family(case));
        let families: BTreeSet<String> = families.collect();
        let named = named.into_iter().map(|case| globset::escape(case));
        let of_rule = |known: &&mut Known| known.rule == rule && known.verdict == verdict;
        if let Some(finding) = known.iter_mut().find(of_rule) {
            finding.cases.extend(named);
            finding.cases.sort();
            finding.may_show.extend(families);
            finding.may_show.sort();
            continue;
        }
        let smallest = minimal.iter().find(|minimal| minimal.rule == rule);
        known.push(Known {
            cases: named.collect(),
            may_show: families.into_iter().collect(),
            reason: String::new(),
            source: String::new(),
            conversation: smallest.map(conversation).unwrap_or_default(),
            rule,
            verdict,
        });
    }
    known.sort_by(|a, b| (&a.rule, a.verdict).cmp(&(&b.rule, b.verdict)));
    Expected {
        server: server.to_owned(),
        not_observable: not_observable(verdict).map(str::to_owned).collect(),
        all: known,
    }
}

/// A conversation that a seed made, or that was cut, stands for its family.
fn family(case: &str) -> Option<String> {
    let family = case.split('/').next().unwrap_or_default();
    GENERATED.contains(&family).then(|| format!("{family}/*"))
}

/// Its lines, without what a file says of itself at its head.
fn conversation(minimal: &Minimal) -> String {
    let text = minimal.conversation.print();
    let text = String::from_utf8_lossy(&text);
    let head = ["%title", "%purpose", "%source", "%#"];
    let lines = text
        .lines()
        .filter(|line| !head.iter().any(|word| line.starts_with(word)));
    let mut kept = String::new();
    for line in lines.skip_while(|line| line.is_empty()) {
        kept.push_str(line);
        kept.push('\n');
    }
    kept
}
