//! What is drawn for one conversation, and how it becomes one.
//!
//! Swarm testing: each conversation draws its own weights of the side stimuli, many of them zero, and its own kinds
//! of damage, because a case that may do everything seldom does one thing often.

use proptest::{collection::vec, prelude::*, sample::Index};

use super::{
    Family,
    commands::SIDES,
    content::{Draft, draft},
    damage::{Damage, damage},
    delivery::{Delivery, delivery},
    handlers::script,
    telling::telling,
    walk::{Route, walk},
};
use crate::{
    conversation::{Conversation, Ending, Step},
    coverage::Pair,
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
    /// The client waits for so many milliseconds first.
    pub(super) pause: Option<u64>,
}

/// A run of commands in one write.
#[derive(Debug, Clone)]
pub(super) struct Flood {
    /// Before which draw.
    pub(super) before: Index,
    /// How many.
    pub(super) commands: usize,
}

/// How a client behaves throughout.
#[derive(Debug, Clone)]
pub(super) struct Manner {
    /// Draws before the goal.
    pub(super) before: usize,
    /// How often of 256 the walk goes aside instead of deeper.
    pub(super) aside: u8,
    /// The weight of each side stimulus.
    pub(super) swarm: Vec<u8>,
    pub(super) flood: Option<Flood>,
    /// Speaks before the banner.
    pub(super) early: bool,
    /// Ends by QUIT; else the client just goes.
    pub(super) quits: bool,
    /// Goes on behind QUIT.
    pub(super) insists: bool,
}

/// All that is drawn for one conversation.
#[derive(Debug, Clone)]
pub(super) struct Plan {
    /// What must be reached.
    pub(super) goal: Option<Pair>,
    pub(super) manner: Manner,
    pub(super) draws: Vec<Draw>,
    /// What the goal is reached with: nothing of it is damaged.
    pub(super) sound: Draw,
    delivery: Delivery,
    handlers: HandlerScript,
    cut: Option<Cut>,
}

/// Where and how a conversation is cut off.
#[derive(Debug, Clone)]
struct Cut {
    at: Index,
    /// Only where a careless server would be caught.
    telling: bool,
    ending: Ending,
}

/// A plan for a conversation of `family` that is to reach `goal`.
pub(super) fn plan(family: Family, goal: Option<Pair>) -> BoxedStrategy<Plan> {
    // What is cut off is well formed three times in four.
    let damaged = match family {
        Family::Valid => Just(false).boxed(),
        Family::Malformed => Just(true).boxed(),
        Family::Abrupt => prop::bool::weighted(0.25).boxed(),
    };
    let draws = (damaged, any::<u8>())
        .prop_flat_map(|(damaged, kinds)| vec(draw(damaged.then_some(kinds)), 3..22));
    let parts = (
        manner(family),
        draws,
        draw(None),
        delivery(),
        script(),
        cut(family),
    );
    parts
        .prop_map(
            move |(manner, draws, sound, delivery, handlers, cut)| Plan {
                goal,
                manner,
                draws,
                sound,
                delivery,
                handlers,
                cut,
            },
        )
        .boxed()
}

prop_compose! {
    fn manner(family: Family)(
        // Goals want room behind them, and seldom much before.
        before in 0..4_usize,
        aside in 20..140_u8,
        swarm in vec(prop_oneof![1 => Just(0_u8), 1 => 1..6_u8], SIDES.len()),
        flood in prop::option::weighted(0.02, flood()),
        early in prop::bool::weighted(if family == Family::Malformed { 0.05 } else { 0.0 }),
        quits in prop::bool::weighted(0.85),
        insists in prop::bool::weighted(0.1),
    ) -> Manner {
        Manner { before, aside, swarm, flood, early, quits, insists }
    }
}

prop_compose! {
    fn flood()(before: Index, commands in 96..140_usize) -> Flood {
        Flood { before, commands }
    }
}

fn cut(family: Family) -> impl Strategy<Value = Option<Cut>> {
    let cut = (any::<Index>(), any::<bool>(), ending()).prop_map(|(at, telling, ending)| Cut {
        at,
        telling,
        ending,
    });
    match family {
        Family::Abrupt => cut.prop_map(Some).boxed(),
        Family::Valid | Family::Malformed => Just(None).boxed(),
    }
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

/// Damaged by one of these kinds, if there are any.
fn draw(kinds: Option<u8>) -> BoxedStrategy<Draw> {
    let harm = match kinds {
        Some(kinds) => prop::option::weighted(0.25, damage(kinds)).boxed(),
        None => Just(None).boxed(),
    };
    (
        any::<u8>(),
        any::<Index>(),
        any::<u8>(),
        harm,
        draft(kinds.is_some()),
        prop::bool::weighted(0.3),
        prop::option::weighted(0.02, 1..6_u64),
    )
        .prop_map(
            |(aside, side, flavour, damage, draft, joined, pause)| Draw {
                aside,
                side,
                flavour,
                damage,
                draft,
                joined,
                pause,
            },
        )
        .boxed()
}

impl Plan {
    /// The conversation; `tag` goes into every address.
    pub(super) fn conversation(&self, tag: &str) -> Conversation {
        let Route {
            pieces,
            ending,
            refusal,
            early,
        } = walk(self, tag);
        let mut steps = self.delivery.steps(pieces);
        steps.extend(ending.map(Ending::step));
        // A handler of another event would come in the goal's way.
        let handlers = match self.goal {
            Some(_) => HandlerScript {
                rules: refusal.into_iter().collect(),
            },
            None => self.handlers.clone(),
        };
        let whole = Conversation {
            title: format!("Generated: {tag}"),
            handlers,
            early,
            steps,
            ..Conversation::default()
        };
        let segmented = self.delivery.segment(&whole, self.goal.is_some());
        match &self.cut {
            Some(cut) if self.goal.is_none() => cut.apply(&segmented),
            _ => segmented,
        }
    }
}

impl Cut {
    fn apply(&self, conversation: &Conversation) -> Conversation {
        let octets = conversation.octets();
        let places = if self.telling {
            telling(&octets)
        } else {
            Vec::new()
        };
        let offset = match places.len() {
            0 => self.at.index(octets.len() + 1),
            len => places[self.at.index(len)],
        };
        let mut cut = conversation.cut_at(offset, self.ending);
        // Nothing was sent that could have been early.
        cut.early &= cut.steps.iter().any(|step| matches!(step, Step::Send(_)));
        cut
    }
}
