//! Which of several readings of a session is the best (MODEL.md, section 4): what each leaves unexplained, weighed.

use super::{
    verdict::Level,
    view::{Found, View},
};
use crate::model::Tolerance;

/// What a reading says of look-alikes beside what it leaves.
pub(super) struct Evidence {
    /// See [`View::acts_behind_look_alikes`].
    pub(super) acted_upon: bool,
    /// Replies that answer nothing.
    pub(super) unsolicited: usize,
}

impl Evidence {
    pub(super) fn of(view: &View<'_>) -> Self {
        Self {
            acted_upon: view.acts_behind_look_alikes(),
            unsolicited: view.reading.unsolicited.len(),
        }
    }
}

/// The rule that a server keeps loosely for which a bare LF ends a line.
pub(super) const BARE_LF: &str = "WIR-19";

/// The rules that sessions before this one have shown the server to break, strictly read; and [`BARE_LF`], where one of
/// them could only be read so.
pub(super) type Habits = std::collections::BTreeSet<&'static str>;

/// What a server may be found to do whatever it takes for an end of a line or of data: a reply that is not as it
/// should be, a content that is not handed on as it came. Everything else that a reading leaves is a riddle: an event or
/// a reply without its cause, a command without its event or reply, a state that nothing led to.
const NO_RIDDLES: [&str; 6] = ["CON-3", "ORD-4", "WIR-3", "WIR-6", "WIR-11", "WIR-16"];

/// Commands that stand behind a lenient end of data may be loose themselves: what is only not strict is no riddle.
pub(super) fn is_riddle(found: &Found) -> bool {
    let may_be = found.level == Some(Level::Should) || found.code_alone;
    !may_be && !NO_RIDDLES.contains(&found.rule)
}

/// Whether a reading that leaves some findings is better than one that leaves `best`: its riddles weigh less, or as
/// much and it leaves less in all, a leniency being no less than a finding. What the server is known to do weighs one,
/// however often it does it. Of the rest a riddle weighs two, and six where `best` leaves none of its kind: else a
/// reading could be chosen that only trades one for another.
pub(super) fn explains_more(
    (founds, tolerance): (&[Found], &Tolerance),
    (best, best_tolerance): (&[Found], &Tolerance),
    habits: &Habits,
) -> bool {
    // What hides all else explains nothing that is read strictly.
    if hides_all(founds) && !hides_all(best) {
        return false;
    }
    if needs_no_other_ends((best, best_tolerance), tolerance, habits) {
        return false;
    }
    let one = |rule| if rule == "WIR-9" { 4 } else { 1 };
    let kinds: Habits = best.iter().map(|found| found.rule).collect();
    // What a server is known to take for a line end is no invention that could trade one riddle for another; and replies
    // for which there is no command otherwise are worth more than one.
    let as_ever = tolerance.line_ends.bare_lf && tolerance.len() == 1 && habits.contains(BARE_LF);
    let unsolicited = |founds: &[Found]| founds.iter().any(|found| found.rule == "WIR-2");
    let solved = as_ever && unsolicited(best) && !unsolicited(founds);
    let weight = |found: &Found| {
        let known = kinds.contains(found.rule) || solved;
        one(found.rule) * if known { 2 } else { 6 }
    };
    let left = |founds: &[Found], tolerance: &Tolerance| {
        let riddles = founds.iter().filter(|found| is_riddle(found));
        let (usual, unusual): (Vec<_>, Vec<_>) =
            riddles.partition(|found| habits.contains(found.rule));
        let usual: Habits = usual.iter().map(|found| found.rule).collect();
        // That it has not a verb at all needs no explanation.
        let usual: usize = usual
            .into_iter()
            .filter(|rule| *rule != "WIR-20")
            .map(one)
            .sum();
        let riddles = usual + unusual.into_iter().map(weight).sum::<usize>();
        // That a server does again what it is known to do costs nothing, nor that it knows what it need not.
        let loose_as_ever = tolerance.line_ends.bare_lf && habits.contains(BARE_LF);
        let leniencies =
            tolerance.len() - usize::from(loose_as_ever) - usize::from(tolerance.bdat_known);
        (riddles, founds.len() + leniencies)
    };
    // To read the octets of a chunk as commands must solve all riddles of a kind, and not only leave fewer of it: there
    // are always fewer chunks then, and less to say of them. Beside a look-alike it must solve what is new; and it
    // solves no event out of sequence, for hidden commands would have fired theirs.
    if tolerance.bdat_turned && !best_tolerance.bdat_turned {
        let left: Habits = founds.iter().map(|found| found.rule).collect();
        let solved = |found: &&Found| {
            let rule = found.rule;
            let of_chunks = rule.starts_with("CHK-");
            let as_ever = !best_tolerance.look_alikes.is_empty() && habits.contains(rule);
            let unsolved = as_ever || of_chunks || OUT_OF_SEQUENCE.contains(&rule);
            is_riddle(found) && !left.contains(rule) && !unsolved
        };
        if !best.iter().any(|found| solved(&found)) {
            return false;
        }
    }
    let (left, left_by_best) = (left(founds, tolerance), left(best, best_tolerance));
    left < left_by_best || (solved && left.0 <= left_by_best.0)
}

/// Whether the replies are out of order, so that nothing else is said.
pub(super) fn hides_all(founds: &[Found]) -> bool {
    founds.iter().any(|found| found.rule == "WIR-9")
}

/// Events that the state does not allow.
const OUT_OF_SEQUENCE: [&str; 3] = ["ORD-1", "ORD-2", "ORD-3"];

/// What commands and replies that a message hides show first.
const OF_NO_LINE: [&str; 3] = ["CON-4", "ORD-11", "WIR-2"];

/// Whether a strict reading leaves nothing but what the server is known to do, and so needs no other ends of lines than
/// the server has been seen to take, nor other ends of messages.
fn needs_no_other_ends(
    (best, best_tolerance): (&[Found], &Tolerance),
    tolerance: &Tolerance,
    habits: &Habits,
) -> bool {
    let line_ends = tolerance.line_ends;
    let lines = line_ends.bare_cr || (line_ends.bare_lf && !habits.contains(BARE_LF));
    let messages = !tolerance.look_alikes.is_empty();
    let is_known = |found: &Found| {
        let may_be_hidden = messages && OF_NO_LINE.contains(&found.rule);
        habits.contains(found.rule) && !may_be_hidden
    };
    let mut riddles = best.iter().filter(|found| is_riddle(found));
    (lines || messages) && best_tolerance.is_empty() && riddles.all(is_known)
}

/// Whether there is evidence enough to say that a look-alike ended a message: commands behind it that were taken,
/// fired events or had the replies that else answer nothing; and less that is not about content. Content that was
/// changed is no evidence, for content that ended elsewhere has nothing to be compared with.
pub(super) fn convicts(
    tolerance: &Tolerance,
    founds: &[Found],
    behind: bool,
    (best, best_tolerance): (&[Found], &Tolerance),
) -> bool {
    let beside_content = |founds: &[Found]| founds.iter().filter(|f| f.rule != "CON-3").count();
    // Replies out of order hide all else.
    let less = hides_all(best) || beside_content(founds) < beside_content(best);
    let convicted = |one| best_tolerance.look_alikes.contains(one);
    tolerance.look_alikes.iter().all(convicted) || (behind && less)
}
