//! Deviations that are one: an event that is missing here and fired there, events that traded places.

use super::{
    NEAR,
    align::{Deviation, Fit},
    view::{Found, View},
    words::about,
};
use crate::{
    event::EventKind,
    model::{Outcome, Stimulus},
};

/// A missing event that fired elsewhere is one deviation, not two. It strays no further than the aligner looks.
pub(super) fn out_of_place(view: &View<'_>, deviations: &mut Vec<Deviation>) -> Vec<Found> {
    let mut founds = Vec::new();
    let mut paired = vec![false; deviations.len()];
    for (index, deviation) in deviations.iter().enumerate() {
        let Deviation::Missing { exchange, kind } = *deviation else {
            continue;
        };
        let near = index.saturating_sub(NEAR)..deviations.len().min(index + NEAR);
        let moved = near.into_iter().find_map(|other| match deviations[other] {
            Deviation::Extra { event, .. } if !paired[other] => {
                let fired = &view.events[event].record.event;
                let same = fired.kind() == kind && view.fit(exchange, fired) == Fit::Exact;
                same.then_some((other, event))
            }
            _ => None,
        });
        let Some((other, event)) = moved else {
            continue;
        };
        (paired[index], paired[other]) = (true, true);
        let rule = match kind {
            EventKind::OnReject => "REJ-2",
            EventKind::OnEndOfHeaders | EventKind::OnEndOfData => "ORD-5",
            _ => "ORD-10",
        };
        let what = format!(
            "{kind} for {} fired out of its place",
            about(view, exchange)
        );
        founds.push(Found::new(rule, view.events[event].entry, what));
    }
    let mut paired = paired.into_iter();
    deviations.retain(|_| !paired.next().unwrap_or_default());
    founds
}

/// ORD-10: events of one kind that fired in another order than their commands. Each carries what another of them
/// should; the run of them is one deviation, with what is missing at its begin and too many at its end.
pub(super) fn traded_places(view: &View<'_>, deviations: &mut Vec<Deviation>) -> Option<Found> {
    let traded = |deviation: &Deviation| match *deviation {
        Deviation::Altered { exchange, event } => belongs_elsewhere(view, exchange, event),
        _ => None,
    };
    let (index, other) = deviations
        .iter()
        .enumerate()
        .find_map(|(i, d)| Some((i, traded(d)?)))?;
    let Deviation::Altered { exchange, event } = deviations[index] else {
        return None;
    };
    let logged = &view.events[event];
    let kind = logged.record.event.kind();
    deviations.retain(|deviation| traded(deviation).is_none());
    let missing = |d: &Deviation| matches!(d, Deviation::Missing { kind: k, .. } if *k == kind);
    let extra = |d: &Deviation| matches!(d, Deviation::Extra { event, .. } if view.events[*event].record.event.kind() == kind);
    let ends = deviations
        .iter()
        .position(missing)
        .zip(deviations.iter().position(extra));
    if let Some((missing, extra)) = ends {
        deviations.remove(missing.max(extra));
        deviations.remove(missing.min(extra));
    }
    let (here, there) = (about(view, exchange), about(view, other));
    let what = format!("{kind} for {there} fired where that for {here} was due");
    Some(Found::new("ORD-10", logged.entry, what))
}

/// The other exchange whose event this is. Where only the case of its argument is another, it is its own exchange's.
fn belongs_elsewhere(view: &View<'_>, exchange: usize, event: usize) -> Option<usize> {
    let fired = &view.events[event].record.event;
    if view.fit(exchange, fired) == Fit::Close {
        return None;
    }
    let near = exchange.saturating_sub(NEAR)..view.exchanges().len().min(exchange + NEAR);
    // Whatever a malformed command fires may say what it likes.
    let is_command = |index: usize| {
        let stimulus = &view.exchanges()[index].stimulus;
        matches!(stimulus, Stimulus::Command(line) if line.parsed.is_ok())
    };
    // Of a message that was not taken, or may have been changed, any digest may be a part; and where a blank line is supplied,
    // the size alone tells.
    let hello = view.header.hello.as_ref();
    let supplied = hello.is_some_and(|hello| hello.semantics.blank_line_supplied);
    let can_tell = |index: usize| {
        let of_content = matches!(
            fired.kind(),
            EventKind::OnEndOfHeaders | EventKind::OnEndOfData
        );
        let other = &view.exchanges()[index];
        let known = other.chunk.as_ref().is_some_and(|chunk| !chunk.doubtful);
        !of_content || (known && !supplied && other.outcome == Outcome::Accepted)
    };
    near.into_iter().find(|index| {
        *index != exchange
            && is_command(*index)
            && can_tell(*index)
            && view.fit(*index, fired) == Fit::Exact
    })
}
