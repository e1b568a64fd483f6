//! Generated conversations until each planted defect is found.

use std::sync::Arc;

use smtpspec_core::{
    check::check,
    conversation::Conversation,
    generate::{Family, conversation},
    memory::{play_in_turn, transcript},
    receiver::{Config, Defect},
    transcript::SessionLog,
};

/// Cases that a defect may need.
pub(crate) const MOST: u64 = 10_000;

/// Sessions that are open at one server.
const GROUP: u64 = 8;

/// The case number `k` (from 0) of `seed`: the families in turn.
pub(crate) fn case(seed: u64, k: u64) -> (String, Conversation) {
    let families = Family::ALL.len() as u64;
    let family = Family::ALL[usize::try_from(k % families).unwrap()];
    let index = k / families;
    (
        format!("{family}/{seed}/{index}"),
        conversation(family, seed, index),
    )
}

/// A server with these defects.
pub(crate) fn server(defects: &[Defect]) -> Arc<Config> {
    Arc::new(Config {
        defects: defects.iter().copied().collect(),
        ..Config::default()
    })
}

/// Those that generated conversations are to find. A clause's is shown by its own conversations of the suite `wire`,
/// one of LMTP's by those of the folder `lmtp`.
pub(crate) fn defects() -> Vec<Defect> {
    let all = Defect::ALL.iter().copied();
    all.filter(|defect| !defect.is_of_clause() && !defect.is_of_lmtp())
        .collect()
}

/// For each defect the number (from 1) of the first case of `seed` that breaks its rule.
pub(crate) fn hunt(seed: u64) -> Vec<Option<u64>> {
    hunt_for(&defects(), seed)
}

/// The same for `defects` alone.
pub(crate) fn hunt_for(defects: &[Defect], seed: u64) -> Vec<Option<u64>> {
    let mut found = vec![None; defects.len()];
    let mut first = 0;
    while first < MOST && found.contains(&None) {
        let group: Vec<_> = (first..first + GROUP).map(|k| case(seed, k)).collect();
        let sound = play(seed ^ first, &group, &[]);
        for (found, defect) in found.iter_mut().zip(defects) {
            if found.is_none() {
                let sessions = play(seed ^ first, &group, &[*defect]);
                // What a sound server does breaks nothing; other tests hold that.
                if sessions != sound {
                    *found = breaks(sessions, defect.rule()).map(|conn| first + conn);
                }
            }
        }
        first += GROUP;
    }
    found
}

/// Plays `group` in turns that `turns` decides.
fn play(turns: u64, group: &[(String, Conversation)], defects: &[Defect]) -> Vec<SessionLog> {
    let mut turns = Turns(turns);
    play_in_turn(1, group, &server(defects), |_| turns.next())
}

/// The first connection on which `rule` is broken.
fn breaks(sessions: Vec<SessionLog>, rule: &str) -> Option<u64> {
    let verdict = check(&transcript(sessions));
    let of_rule = verdict.findings().filter(|finding| finding.rule == rule);
    of_rule.map(|finding| finding.conn).min()
}

/// Numbers that look random, the same on every machine (SplitMix64).
struct Turns(u64);

impl Turns {
    fn next(&mut self) -> usize {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        // The upper half fits a usize of 32 bits too.
        usize::try_from(mixed >> 33).unwrap_or(usize::MAX)
    }
}
