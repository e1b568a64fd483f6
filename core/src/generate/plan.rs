//! What is drawn for one conversation, and how it becomes one.
//!
//! Swarm testing: each conversation draws its own weights of the side stimuli, many of them zero, and its own kinds
//! of damage, because a case that may do everything seldom does one thing often.

use super::{
    Family,
    commands::SIDES,
    content::Draft,
    damage::Damage,
    delivery::Delivery,
    handlers::script,
    numbers::{Numbers, Place},
    route::Route,
    telling::telling,
    walk::walk,
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
    pub(super) side: Place,
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
    pub(super) before: Place,
    /// How many.
    pub(super) commands: usize,
}

/// How a client behaves throughout.
#[derive(Debug, Clone)]
#[allow(clippy::struct_excessive_bools, reason = "each is drawn for itself")]
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
    /// Heeds what the handlers refuse; else it goes on as if nothing had been refused.
    pub(super) heeds: bool,
    /// Below this flavour of a draw another recipient follows the first, else the message.
    pub(super) recipients: u8,
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
    pub(super) handlers: HandlerScript,
    cut: Option<Cut>,
}

/// Where and how a conversation is cut off.
#[derive(Debug, Clone)]
struct Cut {
    at: Place,
    /// Only where a careless server would be caught.
    telling: bool,
    ending: Ending,
}

/// Draws of one conversation.
const DRAWS: core::ops::RangeInclusive<usize> = 3..=21;

impl Plan {
    /// What `numbers` make of a conversation of `family` that is to reach `goal`.
    pub(super) fn draw(family: Family, goal: Option<Pair>, numbers: &mut Numbers<'_>) -> Self {
        // What is cut off is well formed three times in four.
        let damaged = match family {
            Family::Valid => false,
            Family::Malformed => true,
            Family::Abrupt => numbers.chance(64),
        };
        let kinds = damaged.then(|| numbers.octet());
        Self {
            goal,
            manner: Manner::draw(family, numbers),
            delivery: Delivery::draw(numbers),
            handlers: script(numbers),
            cut: (family == Family::Abrupt).then(|| Cut::draw(numbers)),
            sound: Draw::new(None, numbers),
            draws: numbers.some(DRAWS, |numbers| Draw::new(kinds, numbers)),
        }
    }
}

impl Manner {
    fn draw(family: Family, numbers: &mut Numbers<'_>) -> Self {
        Self {
            // Goals want room behind them, and seldom much before.
            before: numbers.within(0..=3),
            aside: 20 + numbers.octet() / 2,
            swarm: SIDES
                .map(|_| numbers.octet())
                .map(|weight| (weight % 2) * (weight >> 5))
                .to_vec(),
            flood: numbers.chance(5).then(|| Flood::draw(numbers)),
            early: numbers.chance(13) && family == Family::Malformed,
            quits: !numbers.chance(38),
            insists: numbers.chance(26),
            heeds: !numbers.chance(51),
            recipients: numbers.pick(&[60, 60, 60, 200]),
        }
    }
}

impl Flood {
    fn draw(numbers: &mut Numbers<'_>) -> Self {
        Self {
            before: numbers.place(),
            commands: numbers.within(96..=139),
        }
    }
}

impl Cut {
    fn draw(numbers: &mut Numbers<'_>) -> Self {
        Self {
            at: numbers.place(),
            telling: numbers.chance(128),
            ending: numbers.weighted(&ENDINGS),
        }
    }
}

/// Silence costs a time-out each.
const ENDINGS: [(u8, Ending); 4] = [
    (40, Ending::Close),
    (40, Ending::Reset),
    (40, Ending::HalfClose),
    (1, Ending::Silence),
];

impl Draw {
    /// Damaged by one of these kinds, if there are any.
    fn new(kinds: Option<u8>, numbers: &mut Numbers<'_>) -> Self {
        Self {
            aside: u8::MAX - numbers.octet(),
            side: numbers.place(),
            flavour: numbers.octet(),
            damage: kinds
                .filter(|_| numbers.chance(64))
                .map(|kinds| Damage::draw(kinds, numbers)),
            draft: Draft::draw(kinds.is_some(), numbers),
            joined: numbers.chance(77),
            pause: numbers
                .chance(5)
                .then(|| u64::from(1 + numbers.octet() % 5)),
        }
    }
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
        steps.extend(ending.into_iter().flat_map(Ending::steps));
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
