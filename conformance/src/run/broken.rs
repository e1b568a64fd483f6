//! Sessions that break off: the material of the suite `leaks`. Half of them are generated, half are documented
//! conversations cut somewhere. None waits for a time-out, and none needs handler scripts.

use smtpspec_core::{
    conversation::{Conversation, Ending, Step},
    event::HandlerScript,
    generate::{Family, conversation},
    wire::Protocol,
};

use super::{Case, CaseError, documented};

/// The name of the suite.
pub(super) const LEAKS: &str = "leaks";

const ENDINGS: [Ending; 3] = [Ending::Close, Ending::Reset, Ending::HalfClose];

/// Longer conversations would be most of the run.
const LONGEST: usize = 16 * 1024;

/// Endless sessions that break off, the same for the same seed.
#[derive(Debug)]
pub struct BrokenSessions {
    seed: u64,
    protocol: Protocol,
    documented: Vec<Conversation>,
}

impl BrokenSessions {
    /// Those of `seed`.
    pub fn new(seed: u64) -> Result<Self, CaseError> {
        let all = documented()?.into_iter().map(|case| case.conversation);
        let documented = all.filter(|conversation| {
            conversation.octets().len() <= LONGEST && conversation.protocol.is_smtp()
        });
        Ok(Self {
            seed,
            protocol: Protocol::Smtp,
            documented: documented.map(hurried).collect(),
        })
    }

    /// The same in `protocol`.
    #[must_use]
    pub fn spoken_in(self, protocol: Protocol) -> Self {
        Self { protocol, ..self }
    }

    /// What the case number `index` is called: `leaks/SEED/INDEX`.
    pub fn name(&self, index: u64) -> String {
        format!("{LEAKS}/{}/{index}", self.seed)
    }

    /// The case number `index`.
    pub fn case(&self, index: u64) -> Case {
        let drawn = if index.is_multiple_of(2) {
            let drawn = impatient(hurried(conversation(Family::Abrupt, self.seed, index)));
            broken_off(drawn, ENDINGS[pick(mixed(self.seed, index), ENDINGS.len())])
        } else {
            self.cut(index)
        };
        let drawn = drawn.spoken_in(self.protocol);
        let name = self.name(index);
        Case {
            conversation: Conversation {
                title: format!("{name}: {}", drawn.title),
                handlers: HandlerScript::default(),
                ..drawn
            },
            name,
        }
    }

    fn cut(&self, index: u64) -> Conversation {
        let dice = mixed(self.seed, index);
        let whole = &self.documented[pick(dice, self.documented.len())];
        let offset = pick(dice >> 16, whole.octets().len() + 1);
        whole.cut_at(offset, ENDINGS[pick(dice >> 48, ENDINGS.len())])
    }
}

/// Without what would only take time, or be missed once the end is cut off.
fn hurried(mut conversation: Conversation) -> Conversation {
    let takes_time = |step: &Step| matches!(step, Step::Pause(_) | Step::Expect(_));
    conversation.steps.retain(|step| !takes_time(step));
    conversation
}

/// A client that would wait for a time-out resets instead.
fn impatient(mut conversation: Conversation) -> Conversation {
    for step in &mut conversation.steps {
        if *step == Step::Silence {
            *step = Step::Reset;
        }
    }
    conversation
}

/// Some that aim at TLS go on to their end, or end TLS and not the connection: these end by `ending`.
fn broken_off(conversation: Conversation, ending: Ending) -> Conversation {
    match conversation.steps.last() {
        Some(Step::Close | Step::Reset | Step::HalfClose) => conversation,
        _ => conversation.cut_at(conversation.octets().len(), ending),
    }
}

/// The lowest 16 bits of `dice` as an index below `len`, which is no more than they can tell apart.
fn pick(dice: u64, len: usize) -> usize {
    usize::try_from(dice & 0xffff).unwrap_or(0) % len
}

/// One step of SplitMix64: a number that looks random, the same on every machine.
fn mixed(seed: u64, index: u64) -> u64 {
    let mut z = seed.rotate_left(32) ^ index.wrapping_mul(0x9e37_79b9_7f4a_7c15);
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}

#[cfg(test)]
mod tests {
    use super::*;
    use pretty_assertions::assert_eq;
    use std::collections::HashSet;

    #[test]
    fn the_same_seed_gives_the_same_sessions() {
        let sessions = BrokenSessions::new(7).unwrap();
        let again = BrokenSessions::new(7).unwrap();
        let other = BrokenSessions::new(8).unwrap();
        for index in 0..200 {
            assert_eq!(sessions.case(index), again.case(index));
            assert_eq!(sessions.case(index).name, format!("leaks/7/{index}"));
        }
        let differ = (0..200)
            .filter(|i| sessions.case(*i).conversation.steps != other.case(*i).conversation.steps);
        assert!(differ.count() > 150);
    }

    #[test]
    fn each_breaks_off_without_a_time_out_or_a_script_and_can_be_written_down() {
        let sessions = BrokenSessions::new(3).unwrap();
        let mut ends = HashSet::new();
        for index in 0..2000 {
            let conversation = sessions.case(index).conversation;
            assert!(conversation.handlers.is_empty());
            let last = conversation.steps.last().cloned();
            ends.insert(format!("{last:?}"));
            let steps = &conversation.steps;
            assert!(
                !steps
                    .iter()
                    .any(|s| matches!(s, Step::Pause(_) | Step::Silence))
            );
            assert_eq!(Conversation::parse(&conversation.print()), Ok(conversation));
        }
        let mut ends: Vec<_> = ends.into_iter().collect();
        ends.sort();
        assert_eq!(ends, ["Some(Close)", "Some(HalfClose)", "Some(Reset)"]);
    }

    #[test]
    fn every_documented_conversation_is_cut() {
        let sessions = BrokenSessions::new(3).unwrap();
        let titles: HashSet<_> = (1..16_000)
            .step_by(2)
            .map(|index| sessions.cut(index).title)
            .collect();
        assert_eq!(
            titles.len(),
            sessions
                .documented
                .iter()
                .map(|c| &c.title)
                .collect::<HashSet<_>>()
                .len()
        );
    }
}
