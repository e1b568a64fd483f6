//! Generated cases: the three families, and every cut of a few documented conversations.

use smtpspec_core::{
    conversation::{Conversation, Ending},
    generate::{Family, conversation},
};

use super::{BrokenSessions, Case, CaseError, broken::LEAKS, documented};

/// The conversations that the suite `cuts` cuts: one message, two, and a whole session in one group.
const CUT: [&str; 3] = ["seed/as-meant", "messages/two", "pipelining/whole-session"];

/// Silence is left out: each costs a time-out.
const ENDINGS: [(&str, Ending); 3] = [
    ("close", Ending::Close),
    ("reset", Ending::Reset),
    ("half-close", Ending::HalfClose),
];

/// The first `cases` conversations of `family` under `seed`, called `random/SEED/INDEX` and so on.
pub fn generated(family: Family, seed: u64, cases: u64) -> impl Iterator<Item = Case> {
    (0..cases).map(move |index| numbered(family, seed, index))
}

fn numbered(family: Family, seed: u64, index: u64) -> Case {
    Case {
        name: format!("{family}/{seed}/{index}"),
        conversation: conversation(family, seed, index),
    }
}

/// Three documented conversations, ended at every octet in every way that costs no time-out; called
/// `cuts/seed/as-meant/17/reset`.
pub fn cuts() -> Result<Vec<Case>, CaseError> {
    let documented = documented()?;
    let chosen = documented
        .iter()
        .filter(|case| CUT.contains(&case.name.as_str()));
    Ok(chosen.flat_map(cuts_of).collect())
}

fn cuts_of(case: &Case) -> Vec<Case> {
    let offsets = 0..=case.conversation.octets().len();
    let at = |offset| ENDINGS.map(|(name, ending)| cut(case, offset, name, ending));
    offsets.flat_map(at).collect()
}

fn cut(case: &Case, offset: usize, name: &str, ending: Ending) -> Case {
    let conversation = case.conversation.cut_at(offset, ending);
    Case {
        name: format!("cuts/{}/{offset}/{name}", case.name),
        conversation: Conversation {
            title: format!("{}, cut at octet {offset}: {name}", conversation.title),
            ..conversation
        },
    }
}

/// The case called `name`, of whatever suite; `None` when no suite has such a case.
pub fn named(name: &str) -> Result<Option<Case>, CaseError> {
    if let Some(case) = numbered_by_name(name) {
        return Ok(Some(case));
    }
    if let Some((seed, index)) = after_family(name, LEAKS) {
        return Ok(Some(BrokenSessions::new(seed)?.case(index)));
    }
    let cases = if name.starts_with("cuts/") {
        cuts()?
    } else {
        documented()?
    };
    Ok(cases.into_iter().find(|case| case.name == name))
}

fn numbered_by_name(name: &str) -> Option<Case> {
    let family: Family = name.split('/').next()?.parse().ok()?;
    let (seed, index) = after_family(name, family.name())?;
    Some(numbered(family, seed, index))
}

/// The two numbers of `FAMILY/SEED/INDEX`.
fn after_family(name: &str, family: &str) -> Option<(u64, u64)> {
    let numbers = name.strip_prefix(family)?.strip_prefix('/')?;
    let (seed, index) = numbers.split_once('/')?;
    Some((seed.parse().ok()?, index.parse().ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;
    use pretty_assertions::assert_eq;

    #[test]
    fn every_case_is_found_by_its_name() {
        for family in Family::ALL {
            for case in generated(family, 9, 20) {
                assert_eq!(named(&case.name).unwrap(), Some(case));
            }
        }
        for name in ["seed/as-meant", "cuts/seed/as-meant/17/reset", "leaks/3/17"] {
            assert_eq!(named(name).unwrap().unwrap().name, name);
        }
        for name in [
            "random/1",
            "random/1/2/3",
            "leaks/1/2/3",
            "random/x/2",
            "cuts/17",
            "nothing",
        ] {
            assert_eq!(named(name).unwrap(), None, "{name}");
        }
    }

    #[test]
    fn all_three_conversations_are_cut_behind_every_octet() {
        let cases = cuts().unwrap();
        let octets: usize = documented()
            .unwrap()
            .iter()
            .filter(|case| CUT.contains(&case.name.as_str()))
            .map(|case| case.conversation.octets().len() + 1)
            .sum();
        assert_eq!(cases.len(), 3 * octets);
        for name in CUT {
            let prefix = format!("cuts/{name}/");
            assert!(
                cases.iter().any(|case| case.name.starts_with(&prefix)),
                "{name}"
            );
        }
    }
}
