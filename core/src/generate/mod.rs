//! Generated conversations: endless material for the same rules, and every one can be had again.
//!
//! `numbers` draws from octets, whoever they come from; `plan` holds what is drawn. `walk` turns draws into commands and messages, guided by the
//! model's states, so that most conversations get deep; `goal` gives every other one a pair of a state and a stimulus
//! to reach, and `aim` leads there. `commands`, `authentication`, `damage` and `content` say what is sent, `delivery` in which writes,
//! `telling` where it is best cut, `handlers` what the server's handlers do.

mod aim;
mod arbitrary;
mod authentication;
mod chunks;
mod commands;
mod content;
mod damage;
mod delivery;
mod goal;
mod handlers;
mod numbers;
mod plan;
mod route;
mod telling;
mod tls;
mod walk;

pub use arbitrary::Drawn;

use core::{fmt, str::FromStr};

use numbers::Numbers;
use plan::Plan;
use proptest::{
    collection::vec,
    prelude::*,
    test_runner::{RngAlgorithm, TestRng},
};

use crate::{conversation::Conversation, coverage::Pair};
use goal::goal;

/// Octets that the longest conversation is drawn from, and more.
const ENOUGH: usize = 2048;

/// A family of generated conversations.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Family {
    /// Every line and every message is well formed; the order is not always right.
    Valid,
    /// Tokens of commands, header sections and ends of data are damaged.
    Malformed,
    /// Cut off at some octet.
    Abrupt,
}

impl Family {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Valid, Self::Malformed, Self::Abrupt];

    /// The name of the suite that plays it: `random`, `malformed`, `abrupt`.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Valid => "random",
            Self::Malformed => "malformed",
            Self::Abrupt => "abrupt",
        }
    }
}

impl fmt::Display for Family {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

/// A name that is no family's.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("unknown family `{0}`: expected random, malformed or abrupt")]
pub struct UnknownFamily(pub String);

impl FromStr for Family {
    type Err = UnknownFamily;

    fn from_str(name: &str) -> Result<Self, Self::Err> {
        Self::ALL
            .into_iter()
            .find(|family| family.name() == name)
            .ok_or_else(|| UnknownFamily(name.to_owned()))
    }
}

/// The conversation number `index` of `family` under `seed`: the same on every machine, whatever else was generated.
///
/// It is valid, ends by itself, and names addresses that no other index names. Every other one aims at a pair of a
/// state and a stimulus, another one each time.
pub fn conversation(family: Family, seed: u64, index: u64) -> Conversation {
    conversation_to(family, seed, index, goal(family, seed, index))
}

/// The same, but for what it aims at.
pub(crate) fn conversation_to(
    family: Family,
    seed: u64,
    index: u64,
    goal: Option<Pair>,
) -> Conversation {
    let mut octets = [0; ENOUGH];
    TestRng::from_seed(RngAlgorithm::ChaCha, &key(family, seed, index)).fill_bytes(&mut octets);
    Conversation {
        title: format!("Generated: {family}/{seed}/{index}"),
        ..read(family, index, goal, &octets)
    }
}

/// Any conversation of `family` that aims at `goal`, as a strategy for property tests, which shrink it. `index` goes
/// into the addresses.
pub fn conversations(
    family: Family,
    index: u64,
    goal: Option<Pair>,
) -> impl Strategy<Value = Conversation> {
    vec(any::<u8>(), 0..ENOUGH).prop_map(move |octets| read(family, index, goal, &octets))
}

/// The conversation that `octets`, taken for random numbers, are.
fn read(family: Family, index: u64, goal: Option<Pair>, octets: &[u8]) -> Conversation {
    let plan = Plan::draw(family, goal, &mut Numbers::new(octets));
    plan.conversation(&format!("{family}-{index}"))
}

/// 32 octets: seed, index, family, and zeros.
fn key(family: Family, seed: u64, index: u64) -> [u8; 32] {
    let mut key = [0; 32];
    key[..8].copy_from_slice(&seed.to_le_bytes());
    key[8..16].copy_from_slice(&index.to_le_bytes());
    key[16] = match family {
        Family::Valid => 0,
        Family::Malformed => 1,
        Family::Abrupt => 2,
    };
    key
}

#[cfg(test)]
mod tests {
    use super::*;
    use pretty_assertions::assert_eq;

    #[test]
    fn seed_index_and_family_decide_all() {
        for family in Family::ALL {
            for index in 0..50 {
                let drawn = conversation(family, 7, index);
                assert_eq!(conversation(family, 7, index), drawn);
                assert_ne!(conversation(family, 8, index).octets(), drawn.octets());
            }
        }
    }

    #[test]
    fn what_is_generated_can_be_written_down() {
        for family in Family::ALL {
            for index in 0..200 {
                let drawn = conversation(family, 1, index);
                assert_eq!(
                    Conversation::parse(&drawn.print()),
                    Ok(drawn),
                    "{family} {index}"
                );
            }
        }
    }

    #[test]
    fn a_family_is_found_by_its_name() {
        for family in Family::ALL {
            assert_eq!(family.name().parse(), Ok(family));
        }
        assert!("documented".parse::<Family>().is_err());
    }
}
