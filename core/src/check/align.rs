//! Laying the events that fired against those that the model allows, and naming where they part.
//!
//! Exchange by exchange the events are taken in order as long as they fit in exactly one way. Where they fit in
//! several or in none, the cheapest reading within a small window is looked for: an event is missing, there is one
//! too many, or one is there but says something else. The window keeps the whole linear in the session's length.

use std::collections::HashMap;

use crate::{
    event::EventKind,
    model::{Pattern, Patterns},
};

/// How well an event fits a place in a pattern.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Fit {
    /// Another kind of event.
    No,
    /// The kind is right, an argument is not.
    Altered,
    /// The kind is right, and but for its case, white space at its end or the backslashes of quoted pairs the argument too.
    Close,
    /// The kind is right, and what is malformed may fire it whatever it says.
    Loose,
    /// All that can be seen is right.
    Exact,
}

/// A place where events and model part.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Deviation {
    /// The exchange's event did not fire.
    Missing { exchange: usize, kind: EventKind },
    /// The event has no place; it came just before what the exchange fires, or inside it.
    Extra { event: usize, exchange: usize },
    /// The exchange's event says something else than was sent.
    Altered { exchange: usize, event: usize },
}

/// The events laid against the exchanges.
#[derive(Debug, Default)]
pub(super) struct Alignment {
    /// For each event the exchange that fired it.
    pub(super) cause: Vec<Option<usize>>,
    /// Where they part.
    pub(super) deviations: Vec<Deviation>,
}

// What each kind of repair costs.
const MISSING: u32 = 40;
const EXTRA: u32 = 40;
const ALTERED: u32 = 57;
/// Less than an event too many or one that is left over: a message that was refused need not have fired it, and still it
/// is this message's.
const ALTERED_OF_MESSAGE: u32 = 18;
/// The same of a command's: no other can have fired it.
const CLOSE: u32 = 30;
/// Beside an event that is missing, more than one that says something else: what a malformed command fires is rather
/// that of a sound one near it.
const LOOSE: u32 = 18;
/// An event that is left over in the window, for what stands behind it: less than a repair, so that alone it decides
/// nothing; but of many events that fit within the window few are for something behind it. Where the window's events are
/// all left over and its exchanges have none, it must be less than to throw these events away.
const LEFT: u32 = 19;
/// An event too few for what must fire behind the window: more than one that is left over, so that what may have fired
/// nothing does not take the event of another; and less than a repair.
const SHORT: u32 = 20;
/// How far a repair looks ahead, in exchanges and in events. Exchanges that fire nothing do not count: they would
/// hide that what was left over before them finds a place behind them, or none there either.
const WINDOW_EXCHANGES: usize = 8;
const WINDOW_EVENTS: usize = 16;
/// After how many repairs in a row that lay no event anywhere the fullest pattern that fits is taken.
const VAIN: usize = 64;
/// Behind how many events that nothing explains an exchange that may have fired nothing is looked for.
const FEW: usize = 4;

/// Lays events of these `kinds` against `slots`; `fit(exchange, event, kind)` judges a pair.
pub(super) fn align(
    slots: &[Patterns],
    kinds: &[EventKind],
    fit: &dyn Fn(usize, usize, EventKind) -> Fit,
) -> Alignment {
    let events = kinds.len();
    let mut alignment = Alignment {
        cause: vec![None; events],
        deviations: Vec::new(),
    };
    let mut next = 0;
    let mut supply = None;
    // Repairs since the last event that was laid somewhere.
    let mut vain = 0;
    for (exchange, patterns) in slots.iter().enumerate() {
        let fits = |pattern: &Pattern, next: usize, least: Fit| {
            let mut places = pattern.iter().zip(next..);
            next + pattern.len() <= events
                && places.all(|(kind, event)| fit(exchange, event, *kind) >= least)
        };
        // That nothing fired fits always: where more may have, events that nothing explains may stand before it.
        let stands_behind = |pattern: &Pattern| {
            let mut places = next + 1..=next + FEW;
            !pattern.is_empty() && places.any(|next| fits(pattern, next, Fit::Close))
        };
        let decided =
            |pattern: &Pattern| !pattern.is_empty() || !patterns.iter().any(stands_behind);
        let mut exactly = patterns
            .iter()
            .filter(|pattern| fits(pattern, next, Fit::Exact));
        let fitting = if vain < VAIN {
            // Where several patterns fit, what follows decides between them.
            let loosely = |pattern: &&Pattern| fits(pattern, next, Fit::Altered);
            let alone = patterns.iter().filter(loosely).take(2).count() == 1;
            exactly.next().filter(|pattern| alone && decided(pattern))
        } else {
            exactly.max_by_key(|pattern| pattern.len())
        };
        if let Some(pattern) = fitting {
            alignment.cause[next..next + pattern.len()].fill(Some(exchange));
            next += pattern.len();
            if !pattern.is_empty() {
                vain = 0;
            }
            continue;
        }
        let supply = supply.get_or_insert_with(|| Supply::of(slots, kinds));
        let mut repair = Repair {
            slots,
            window: window(slots.len(), &supply.firing, exchange),
            supply,
            events,
            fit,
            first: exchange,
            from: next,
            memo: HashMap::new(),
        };
        let before = next;
        next = repair.apply(&mut alignment);
        // There may be no end of exchanges that may have fired nothing, while the same events wait.
        vain = if next == before { vain + 1 } else { 0 };
    }
    for event in next..events {
        alignment.deviations.push(Deviation::Extra {
            event,
            exchange: slots.len(),
        });
    }
    alignment
}

const fn altered(kind: EventKind) -> u32 {
    match kind {
        EventKind::OnEndOfHeaders | EventKind::OnEndOfData => ALTERED_OF_MESSAGE,
        _ => ALTERED,
    }
}

/// How many events of each kind.
type Counts = [u32; EventKind::ALL.len()];

/// What there is of events, and what needs them.
struct Supply {
    /// The exchanges that may fire something.
    firing: Vec<usize>,
    /// What these must fire at least, each and those behind it.
    needed: Vec<Counts>,
    /// The events from each on.
    left: Vec<Counts>,
}

impl Supply {
    fn of(slots: &[Patterns], kinds: &[EventKind]) -> Self {
        let fires = |exchange: &usize| slots[*exchange].iter().any(|pattern| !pattern.is_empty());
        let firing: Vec<usize> = (0..slots.len()).filter(fires).collect();
        let needed = firing.iter().map(|exchange| at_least(&slots[*exchange]));
        Self {
            needed: sums_from_each(needed),
            left: sums_from_each(kinds.iter().map(|kind| {
                let mut one = Counts::default();
                one[*kind as usize] = 1;
                one
            })),
            firing,
        }
    }

    /// How many events there are too few from `event` on for what the exchanges behind `last` must fire.
    fn short(&self, last: usize, event: usize) -> u32 {
        let behind = self.firing.partition_point(|exchange| *exchange <= last);
        let needed = self.needed[behind].iter().zip(&self.left[event]);
        needed
            .map(|(needed, left)| needed.saturating_sub(*left))
            .sum()
    }
}

/// What is fired whichever of `patterns` it is.
fn at_least(patterns: &Patterns) -> Counts {
    let mut least = [u32::MAX; EventKind::ALL.len()];
    for pattern in patterns {
        let mut counts = Counts::default();
        for kind in pattern {
            counts[*kind as usize] += 1;
        }
        for (least, count) in least.iter_mut().zip(counts) {
            *least = count.min(*least);
        }
    }
    least
}

/// For each the sum of it and of all behind it, and none at the end.
fn sums_from_each(all: impl DoubleEndedIterator<Item = Counts>) -> Vec<Counts> {
    let mut sums = vec![Counts::default()];
    for counts in all.rev() {
        let mut sum = sums[sums.len() - 1];
        for (sum, count) in sum.iter_mut().zip(counts) {
            *sum += count;
        }
        sums.push(sum);
    }
    sums.reverse();
    sums
}

/// The exchanges that a repair of `first` looks at: itself and those behind it that may fire something, and the number
/// behind the last one for the session's end, where that is near.
fn window(exchanges: usize, firing: &[usize], first: usize) -> Vec<usize> {
    let behind = firing.partition_point(|exchange| *exchange <= first);
    let behind = firing[behind..].iter().copied();
    let all = [first].into_iter().chain(behind).chain([exchanges]);
    all.take(WINDOW_EXCHANGES).collect()
}

/// A place in the repair: exchange, pattern, element of the pattern, next event.
type Place = (usize, usize, usize, usize);

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Step {
    Match,
    Altered,
    Missing,
    Extra,
    Finish,
}

struct Repair<'a> {
    slots: &'a [Patterns],
    window: Vec<usize>,
    supply: &'a Supply,
    events: usize,
    fit: &'a dyn Fn(usize, usize, EventKind) -> Fit,
    first: usize,
    from: usize,
    memo: HashMap<Place, (u32, Step)>,
}

impl Repair<'_> {
    /// Commits the cheapest repair for the first exchange only, and says which event comes next.
    fn apply(&mut self, alignment: &mut Alignment) -> usize {
        let exchange = self.first;
        let (_, pattern) = self.best_pattern(Some(exchange), self.from);
        let (mut element, mut event) = (0, self.from);
        loop {
            let (_, step) = self.cheapest((exchange, pattern, element, event));
            match step {
                Step::Finish => return event,
                Step::Match | Step::Altered => {
                    alignment.cause[event] = Some(exchange);
                    if step == Step::Altered {
                        alignment
                            .deviations
                            .push(Deviation::Altered { exchange, event });
                    }
                    element += 1;
                    event += 1;
                }
                Step::Missing => {
                    let kind = self.slots[exchange][pattern][element];
                    alignment
                        .deviations
                        .push(Deviation::Missing { exchange, kind });
                    element += 1;
                }
                Step::Extra => {
                    alignment
                        .deviations
                        .push(Deviation::Extra { event, exchange });
                    event += 1;
                }
            }
        }
    }

    /// `None` is what lies behind the window.
    fn best_pattern(&mut self, exchange: Option<usize>, event: usize) -> (u32, usize) {
        let patterns = exchange.and_then(|exchange| self.slots.get(exchange));
        let (Some(exchange), Some(patterns)) = (exchange, patterns) else {
            let left = u32::try_from(self.window_end() - event).unwrap_or(u32::MAX / EXTRA);
            // What is left at the session's end has no place any more; behind the window it may have one.
            let cost = match (exchange, self.window.last()) {
                (None, Some(last)) => LEFT * left + SHORT * self.supply.short(*last, event),
                _ => EXTRA * left,
            };
            return (cost, 0);
        };
        (0..patterns.len())
            .map(|pattern| (self.cheapest((exchange, pattern, 0, event)).0, pattern))
            .min()
            .unwrap_or((0, 0))
    }

    fn behind(&self, exchange: usize) -> Option<usize> {
        let mut rest = self.window.iter().skip_while(|other| **other != exchange);
        rest.nth(1).copied()
    }

    fn window_end(&self) -> usize {
        self.events.min(self.from + WINDOW_EVENTS)
    }

    fn cheapest(&mut self, place: Place) -> (u32, Step) {
        if let Some(known) = self.memo.get(&place) {
            return *known;
        }
        let (exchange, pattern, element, event) = place;
        let mut best = (u32::MAX, Step::Finish);
        let mut offer = |cost: u32, step: Step| {
            if cost < best.0 {
                best = (cost, step);
            }
        };
        // Beyond the window's last event nothing is known: no cost for what would be missing there.
        let blind = event == self.window_end() && event < self.events;
        if let Some(kind) = self.slots[exchange][pattern].get(element).copied() {
            if event < self.window_end() {
                let rest = (exchange, pattern, element + 1, event + 1);
                match (self.fit)(exchange, event, kind) {
                    Fit::Exact => offer(self.cheapest(rest).0, Step::Match),
                    Fit::Loose => offer(LOOSE + self.cheapest(rest).0, Step::Match),
                    Fit::Close => offer(CLOSE + self.cheapest(rest).0, Step::Altered),
                    Fit::Altered => offer(altered(kind) + self.cheapest(rest).0, Step::Altered),
                    Fit::No => {}
                }
            }
            let missing = if blind { 0 } else { MISSING };
            let rest = (exchange, pattern, element + 1, event);
            offer(missing + self.cheapest(rest).0, Step::Missing);
        } else {
            offer(
                self.best_pattern(self.behind(exchange), event).0,
                Step::Finish,
            );
        }
        if event < self.window_end() {
            let rest = (exchange, pattern, element, event + 1);
            offer(EXTRA + self.cheapest(rest).0, Step::Extra);
        }
        self.memo.insert(place, best);
        best
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use EventKind::{OnEhloCommand as Ehlo, OnMailCommand as Mail, OnNoopCommand as Noop};
    use pretty_assertions::assert_eq;

    /// Each exchange fires the kinds listed; an event is exact for the exchange whose number it carries.
    fn deviations(slots: &[&[EventKind]], events: &[(usize, EventKind)]) -> Vec<Deviation> {
        let pattern = |kinds: &&[EventKind]| Patterns::from_iter([Pattern::from_slice(kinds)]);
        let slots: Vec<Patterns> = slots.iter().map(pattern).collect();
        let fit = |exchange: usize, event: usize, kind: EventKind| match events[event] {
            (from, fired) if fired == kind && from == exchange => Fit::Exact,
            (_, fired) if fired == kind => Fit::Altered,
            _ => Fit::No,
        };
        let kinds: Vec<EventKind> = events.iter().map(|(_, kind)| *kind).collect();
        align(&slots, &kinds, &fit).deviations
    }

    #[test]
    fn events_in_their_places_do_not_deviate() {
        assert_eq!(
            deviations(&[&[], &[Ehlo], &[Mail]], &[(1, Ehlo), (2, Mail)]),
            []
        );
    }

    #[test]
    fn a_missing_event_is_named_and_the_rest_still_fits() {
        assert_eq!(
            deviations(&[&[Ehlo], &[Mail], &[Noop]], &[(0, Ehlo), (2, Noop)]),
            [Deviation::Missing {
                exchange: 1,
                kind: Mail
            }]
        );
    }

    #[test]
    fn a_doubled_event_is_extra() {
        assert_eq!(
            deviations(&[&[Noop], &[Noop]], &[(0, Noop), (0, Noop), (1, Noop)]),
            [Deviation::Extra {
                event: 1,
                exchange: 1
            }]
        );
        assert_eq!(
            deviations(&[&[Noop]], &[(0, Noop), (0, Noop)]),
            [Deviation::Extra {
                event: 1,
                exchange: 1
            }]
        );
    }

    #[test]
    fn a_changed_argument_is_altered() {
        assert_eq!(
            deviations(&[&[Ehlo], &[Mail]], &[(0, Ehlo), (7, Mail)]),
            [Deviation::Altered {
                exchange: 1,
                event: 1
            }]
        );
    }

    #[test]
    fn the_first_of_two_alike_may_be_the_missing_one() {
        assert_eq!(
            deviations(&[&[Noop], &[Noop]], &[(1, Noop)]),
            [Deviation::Missing {
                exchange: 0,
                kind: Noop
            }]
        );
    }

    /// Of many that are alike the one that may have fired nothing leaves the events to those that must have fired them.
    #[test]
    fn what_may_have_fired_nothing_takes_no_event_of_those_far_behind_it() {
        let must = Patterns::from_iter([Pattern::from_slice(&[Noop])]);
        let mut may = must.clone();
        may.push(Pattern::new());
        let mut slots = vec![must; 60];
        slots[10] = may.clone();
        slots[15] = may;
        let fit = |_: usize, _: usize, _: EventKind| Fit::Exact;
        assert_eq!(align(&slots, &[Noop; 58], &fit).deviations, []);
        assert_eq!(align(&slots, &[Noop; 59], &fit).deviations, []);
    }

    #[test]
    fn a_long_run_of_deviations_takes_linear_time() {
        let slots: Vec<&[EventKind]> = vec![&[Noop]; 20_000];
        let events: Vec<(usize, EventKind)> = (0..20_000).map(|_| (0, Mail)).collect();
        assert_eq!(deviations(&slots, &events).len(), 40_000);
    }

    /// What hostile clients do with a hundred thousand LFs, where none of them need fire anything.
    #[test]
    fn a_long_run_that_may_have_fired_nothing_takes_linear_time() {
        let optional = Patterns::from_iter([Pattern::new(), Pattern::from_slice(&[Noop])]);
        let asked = |exchanges: usize| {
            let asked = core::cell::Cell::new(0_usize);
            let fit = |_: usize, event: usize, kind: EventKind| {
                asked.set(asked.get() + 1);
                // The first event is nobody's; the second may be anybody's, and is nobody's but the last one's exactly.
                let fits = event == 1 && kind == Noop;
                if fits { Fit::Exact } else { Fit::No }
            };
            align(&vec![optional.clone(); exchanges], &[Noop; 2], &fit);
            asked.get()
        };
        let (short, long) = (asked(1000), asked(8000));
        assert!(long < 9 * short, "{short} pairs judged, then {long}");
        assert!(long < 8 * 8000, "{long} pairs judged for 8000 exchanges");
    }
}
