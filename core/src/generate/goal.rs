//! Steering: every other conversation has a goal, a pair of a state and a stimulus, and the goals of a family take
//! turns in an order that the seed decides. So a campaign reaches every pair, the rare ones as often as the others,
//! and a conversation still depends on nothing but family, seed and index.

use std::sync::LazyLock;

use super::Family;
use crate::{
    conversation::Ending,
    coverage::{ContentStimulus, Form, Pair, ResponseStimulus, Stimulus, pairs},
};

/// Primes larger than the number of pairs: a stride that meets each of them once.
const STRIDES: [u64; 4] = [4001, 5003, 6101, 7919];

/// Silence costs a time-out each: its goals have a turn in one round of so many.
const SILENCE_ROUNDS: u64 = 4;

static GOALS: LazyLock<[Vec<Pair>; 3]> = LazyLock::new(|| {
    Family::ALL.map(|family| {
        pairs()
            .filter(|pair| family_of(pair.stimulus) == family)
            .collect()
    })
});

/// The goals of `family`, in a fixed order.
pub(super) fn goals(family: Family) -> &'static [Pair] {
    let at = Family::ALL.iter().position(|other| *other == family);
    at.map_or(&[], |at| &GOALS[at])
}

/// What conversation `index` is to reach, if it is to reach anything.
pub(super) fn goal(family: Family, seed: u64, index: u64) -> Option<Pair> {
    let goals = goals(family);
    let (turn, len) = (index / 2, goals.len() as u64);
    if index % 2 == 1 || len == 0 {
        return None;
    }
    let (round, place) = (turn / len, turn % len);
    let stride = STRIDES[usize::try_from(seed % 4).unwrap_or_default()];
    let at = (place * stride + seed / 4 % len + round) % len;
    let goal = goals[usize::try_from(at).unwrap_or_default()];
    let silent = matches!(goal.stimulus, Stimulus::End(Ending::Silence, _));
    (!silent || round % SILENCE_ROUNDS == 0).then_some(goal)
}

/// The family that a stimulus is in keeping with.
const fn family_of(stimulus: Stimulus) -> Family {
    use ContentStimulus as C;
    use ResponseStimulus as R;
    match stimulus {
        Stimulus::End(..) | Stimulus::Tls(_) => Family::Abrupt,
        Stimulus::Command(_, Form::WellFormed | Form::Pipelined | Form::Refused)
        | Stimulus::SplitLineEnd
        | Stimulus::Response(
            R::Accepted
            | R::ChallengedAgain
            | R::Wrong
            | R::Refused
            | R::Empty
            | R::Cancel
            | R::Split
            | R::Pipelined,
        )
        | Stimulus::Chunk(_)
        | Stimulus::Content(
            C::BlankLine
            | C::BlankLineSplit
            | C::EndOfData
            | C::EndOfDataRefused
            | C::EndOfDataSplit
            | C::StuffedDot
            | C::CommandLine,
        ) => Family::Valid,
        Stimulus::Command(_, Form::Malformed)
        | Stimulus::EarlyTalk
        | Stimulus::OverLongLine
        | Stimulus::LookAlike(_)
        | Stimulus::Response(R::Garbage | R::CommandLine | R::OverLong)
        | Stimulus::Content(C::OverLongLine | C::BareLf | C::BareCr | C::Nul | C::EightBit) => {
            Family::Malformed
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn every_pair_is_a_goal_of_one_family() {
        let all: usize = Family::ALL.map(|family| goals(family).len()).iter().sum();
        assert_eq!(all, pairs().count());
        assert!(
            STRIDES
                .iter()
                .all(|stride| *stride > pairs().count() as u64)
        );
    }

    #[test]
    fn each_goal_has_its_turn_in_each_round() {
        for (family, seed) in Family::ALL.into_iter().zip([0, 77, u64::MAX]) {
            let round = 2 * goals(family).len() as u64;
            let met: BTreeSet<Pair> = (0..round).filter_map(|i| goal(family, seed, i)).collect();
            assert_eq!(met.len(), goals(family).len(), "{family}");
        }
    }
}
