//! The same generator out of a fuzzer's octets: every input is a conversation.

use arbitrary::{Arbitrary, Unstructured};

use super::{Family, goal::goals, read};
use crate::conversation::Conversation;

/// A conversation that a fuzzer's octets are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Drawn {
    /// Of which family.
    pub family: Family,
    /// The conversation.
    pub conversation: Conversation,
}

impl<'a> Arbitrary<'a> for Drawn {
    fn arbitrary(octets: &mut Unstructured<'a>) -> arbitrary::Result<Self> {
        let family = *octets.choose(&Family::ALL)?;
        let aims: bool = octets.arbitrary()?;
        let goal = if aims {
            Some(*octets.choose(goals(family))?)
        } else {
            None
        };
        let rest = octets.bytes(octets.len())?;
        Ok(Self {
            family,
            conversation: read(family, 0, goal, rest),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use pretty_assertions::assert_eq;
    use proptest::{
        prelude::*,
        test_runner::{RngAlgorithm, TestRng},
    };
    use std::collections::BTreeSet;

    fn drawn(octets: &[u8]) -> Drawn {
        Drawn::arbitrary(&mut Unstructured::new(octets)).unwrap()
    }

    proptest! {
        #[test]
        fn any_octets_are_a_conversation_that_can_be_written_down(octets in prop::collection::vec(any::<u8>(), 0..4096)) {
            let drawn = drawn(&octets).conversation;
            prop_assert_eq!(Conversation::parse(&drawn.print()), Ok(drawn));
        }
    }

    /// Some octets, others for each `n`; without a goal, so that more of them count.
    fn octets(n: u64) -> Vec<u8> {
        let mut rng = TestRng::from_seed(RngAlgorithm::ChaCha, &[n.to_le_bytes(); 4].concat());
        let mut octets = vec![0; 300];
        rng.fill_bytes(&mut octets);
        octets[1] = 0;
        octets
    }

    #[test]
    fn octets_decide_all_and_other_octets_something_else() {
        let printed = |n| drawn(&octets(n)).conversation.print();
        assert_eq!(printed(7), printed(7));
        let all: BTreeSet<Vec<u8>> = (0..100).map(printed).collect();
        assert!(all.len() > 90, "{} of 100 differ", all.len());
    }

    #[test]
    fn all_families_are_reached() {
        let families: Vec<Family> = (0..=u8::MAX).map(|n| drawn(&[n; 64]).family).collect();
        assert!(Family::ALL.iter().all(|family| families.contains(family)));
    }
}
