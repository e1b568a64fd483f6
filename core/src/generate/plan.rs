//! What is drawn for one conversation, and how it becomes one.
//!
//! Swarm testing: each conversation draws its own subset of the side stimuli and of the damage, because a case that
//! may do everything seldom does one thing often.

use proptest::{collection::vec, prelude::*, sample::Index};

use super::{
    Family,
    content::{Draft, draft},
    damage::{Damage, damage},
    delivery::{Delivery, delivery},
    handlers::script,
    walk::walk,
};
use crate::{
    conversation::{Conversation, Ending},
    event::HandlerScript,
};

/// One draw: enough for whatever the walk makes of it in the state it is in.
#[derive(Debug, Clone)]
pub(super) struct Draw {
    /// Whether to go deeper or aside; below 256.
    pub(super) aside: u8,
    /// Which side stimulus.
    pub(super) side: Index,
    /// Which flavour of address and parameters.
    pub(super) flavour: u8,
    /// What is wrong with the command, if anything.
    pub(super) damage: Option<Damage>,
    /// What the message looks like, if there is one.
    pub(super) draft: Draft,
    /// Sent together with what comes before.
    pub(super) joined: bool,
}

/// All that is drawn for one conversation.
#[derive(Debug, Clone)]
pub(super) struct Plan {
    /// A bit for each side stimulus.
    pub(super) swarm: u32,
    pub(super) draws: Vec<Draw>,
    /// Ends by QUIT; else the client just goes.
    pub(super) quits: bool,
    delivery: Delivery,
    handlers: HandlerScript,
    cut: Option<(Index, Ending)>,
}

/// A plan for a conversation of `family`.
pub(super) fn plan(family: Family) -> impl Strategy<Value = Plan> {
    // What is cut off is well formed three times in four.
    let damaged = match family {
        Family::Valid => Just(false).boxed(),
        Family::Malformed => Just(true).boxed(),
        Family::Abrupt => prop::bool::weighted(0.25).boxed(),
    };
    let cut = match family {
        Family::Abrupt => (any::<Index>(), ending()).prop_map(Some).boxed(),
        Family::Valid | Family::Malformed => Just(None).boxed(),
    };
    let draws = damaged.prop_flat_map(|damaged| vec(draw(damaged), 3..22));
    let quits = prop::bool::weighted(0.85);
    (any::<u32>(), draws, quits, delivery(), script(), cut).prop_map(
        |(swarm, draws, quits, delivery, handlers, cut)| Plan {
            swarm,
            draws,
            quits,
            delivery,
            handlers,
            cut,
        },
    )
}

/// Silence costs a time-out each.
fn ending() -> impl Strategy<Value = Ending> {
    prop_oneof![
        40 => Just(Ending::Close),
        40 => Just(Ending::Reset),
        40 => Just(Ending::HalfClose),
        1 => Just(Ending::Silence),
    ]
}

fn draw(damaged: bool) -> impl Strategy<Value = Draw> {
    let harm = if damaged {
        prop::option::weighted(0.25, damage()).boxed()
    } else {
        Just(None).boxed()
    };
    let joined = prop::bool::weighted(0.3);
    (
        any::<u8>(),
        any::<Index>(),
        any::<u8>(),
        harm,
        draft(damaged),
        joined,
    )
        .prop_map(|(aside, side, flavour, damage, draft, joined)| Draw {
            aside,
            side,
            flavour,
            damage,
            draft,
            joined,
        })
}

impl Plan {
    /// The conversation; `tag` goes into every address.
    pub(super) fn conversation(&self, tag: &str) -> Conversation {
        let steps = self.delivery.steps(walk(self, tag));
        let whole = Conversation {
            title: format!("Generated: {tag}"),
            handlers: self.handlers.clone(),
            steps,
            ..Conversation::default()
        };
        let segmented = self.delivery.segment(&whole);
        match &self.cut {
            None => segmented,
            Some((at, ending)) => {
                let offset = at.index(segmented.octets().len() + 1);
                segmented.cut_at(offset, *ending)
            }
        }
    }
}
