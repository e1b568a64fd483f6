//! Generated cases: the three families, and every cut of documented conversations.

use smtpspec_core::{
    conversation::{Conversation, Ending, TlsMode},
    generate::{Family, conversation},
};

use super::{BrokenSessions, Case, CaseError, broken::LEAKS, documented, smuggling, wire};

/// The conversations that the suite `cuts` cuts: one message, two, a whole session in one group, and a message inside TLS.
const CUT: [&str; 4] = [
    "seed/as-meant",
    "messages/two",
    "pipelining/whole-session",
    "tls/message",
];

/// The name of that suite.
const CUTS: &str = "cuts";

/// Octets of the longest conversation that is cut at each of them.
const LONGEST: u64 = 2048;

/// Silence is left out: each costs a time-out.
const ENDINGS: [Ending; 3] = [Ending::Close, Ending::Reset, Ending::HalfClose];

/// The first `cases` conversations of `family` under `seed`, called `random/SEED/INDEX` and so on.
pub fn generated(family: Family, seed: u64, cases: u64) -> impl Iterator<Item = Case> {
    (0..cases).map(move |index| numbered(family, seed, index))
}

pub(super) fn numbered(family: Family, seed: u64, index: u64) -> Case {
    Case {
        name: generated_name(family, seed, index),
        conversation: conversation(family, seed, index),
    }
}

/// What a generated case is called.
pub(super) fn generated_name(family: Family, seed: u64, index: u64) -> String {
    format!("{family}/{seed}/{index}")
}

/// Four documented conversations, ended at every octet in every way that costs no time-out; called
/// `cuts/seed/as-meant/17/reset`. Inside TLS there are two ways more; `tls` says where they will be played.
pub fn cuts(tls: TlsMode) -> Result<Vec<Case>, CaseError> {
    let chosen = |case: &Case| CUT.contains(&case.name.as_str());
    cuts_of(chosen, |_| true, tls)
}

/// Of all documented conversations but the longest, those cuts whose names `takes` likes.
pub fn every_cut(takes: impl Fn(&str) -> bool) -> Result<Vec<Case>, CaseError> {
    cuts_of(is_cut, takes, TlsMode::None)
}

fn cuts_of(
    chosen: impl Fn(&Case) -> bool,
    takes: impl Fn(&str) -> bool,
    tls: TlsMode,
) -> Result<Vec<Case>, CaseError> {
    let mut cuts = Vec::new();
    for case in documented()?.iter().filter(|case| chosen(case)) {
        for offset in 0..=octets(case) {
            for ending in ENDINGS.into_iter().chain(Ending::TLS) {
                let name = name(case, offset, ending);
                if takes(&name) && (ENDINGS.contains(&ending) || is_inside(case, offset, tls)) {
                    cuts.push(cut(case, offset, ending));
                }
            }
        }
    }
    Ok(cuts)
}

/// Whether what is cut at `offset` stands inside TLS then, so that it can end in the ways of TLS.
fn is_inside(case: &Case, offset: usize, tls: TlsMode) -> bool {
    let own = || case.conversation.cut_at(offset, Ending::Close).starts_tls();
    tls != TlsMode::None || own()
}

/// Whether it is short enough to be cut at each octet.
fn is_cut(case: &Case) -> bool {
    case.conversation.octet_count() <= LONGEST
}

fn octets(case: &Case) -> usize {
    usize::try_from(case.conversation.octet_count()).unwrap_or(usize::MAX)
}

fn name(case: &Case, offset: usize, ending: Ending) -> String {
    format!("{CUTS}/{}/{offset}/{}", case.name, ending.name())
}

fn cut(case: &Case, offset: usize, ending: Ending) -> Case {
    let conversation = case.conversation.cut_at(offset, ending);
    let title = format!(
        "{}, cut at octet {offset}: {}",
        conversation.title,
        ending.name()
    );
    Case {
        name: name(case, offset, ending),
        conversation: Conversation {
            title,
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
    let documented = documented()?;
    if let Some((of, offset, ending)) = cut_by_name(name) {
        let mut cases = documented.into_iter().filter(is_cut);
        let whole = cases.find(|case| case.name == of && offset <= octets(case));
        return Ok(whole.map(|case| cut(&case, offset, ending)));
    }
    let mut all = documented.into_iter().chain(wire()?).chain(smuggling()?);
    Ok(all.find(|case| case.name == name))
}

/// What is cut, where and how.
fn cut_by_name(name: &str) -> Option<(&str, usize, Ending)> {
    let (rest, ending) = name
        .strip_prefix(CUTS)?
        .strip_prefix('/')?
        .rsplit_once('/')?;
    let (of, offset) = rest.rsplit_once('/')?;
    let mut endings = ENDINGS.into_iter().chain(Ending::TLS);
    let ending = endings.find(|known| known.name() == ending)?;
    Some((of, offset.parse().ok()?, ending))
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
        for name in [
            "seed/as-meant",
            "cuts/seed/as-meant/17/reset",
            "cuts/tls/message/80/truncate",
            "leaks/3/17",
        ] {
            assert_eq!(named(name).unwrap().unwrap().name, name);
        }
        for name in [
            "random/1",
            "random/1/2/3",
            "leaks/1/2/3",
            "random/x/2",
            "cuts/17",
            "cuts/seed/as-meant/1000000/reset",
            "cuts/seed/as-meant/17/leave",
            "nothing",
        ] {
            assert_eq!(named(name).unwrap(), None, "{name}");
        }
    }

    #[test]
    fn any_documented_conversation_can_be_cut_at_any_octet() {
        let cases = every_cut(|name| name.starts_with("cuts/reset/")).unwrap();
        let whole = documented().unwrap();
        let octets = whole.iter().filter(|case| case.name.starts_with("reset/"));
        let expected: usize = octets.map(|case| 3 * (super::octets(case) + 1)).sum();
        assert_eq!(cases.len(), expected);
        for case in [&cases[0], &cases[expected / 2], &cases[expected - 1]] {
            assert_eq!(named(&case.name).unwrap().as_ref(), Some(case));
        }
    }

    #[test]
    fn inside_tls_there_are_two_ways_more_to_end() {
        let ways = |tls, of: &str, offset: usize| {
            let cases = cuts(tls).unwrap();
            let at = format!("cuts/{of}/{offset}/");
            let names = cases.iter().filter_map(|case| case.name.strip_prefix(&at));
            names.map(str::to_owned).collect::<Vec<_>>()
        };
        let three = ["close", "reset", "half-close"];
        let five = [&three[..], &["close-notify", "truncate"]].concat();
        assert_eq!(ways(TlsMode::None, "tls/message", 20), three);
        assert_eq!(ways(TlsMode::None, "tls/message", 80), five);
        assert_eq!(ways(TlsMode::None, "messages/two", 80), three);
        assert_eq!(ways(TlsMode::StartTls, "messages/two", 80), five);
    }

    #[test]
    fn all_four_conversations_are_cut_behind_every_octet() {
        let cases = cuts(TlsMode::StartTls).unwrap();
        let octets: usize = documented()
            .unwrap()
            .iter()
            .filter(|case| CUT.contains(&case.name.as_str()))
            .map(|case| case.conversation.octets().len() + 1)
            .sum();
        assert_eq!(cases.len(), 5 * octets);
        for name in CUT {
            let prefix = format!("cuts/{name}/");
            assert!(
                cases.iter().any(|case| case.name.starts_with(&prefix)),
                "{name}"
            );
        }
    }
}
