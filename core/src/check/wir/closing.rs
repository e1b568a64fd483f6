//! WIR-7, WIR-8 and WIR-18: how the server closes.

use crate::{
    check::{
        ses::many_errors,
        view::{Found, View},
    },
    event::{DisconnectReason, Event, EventKind, HandlerAction},
    model::{Exchange, Outcome, Stimulus, Stop},
    transcript::{ClientAct, ServerEnd},
    wire::{Command, Verb},
};

pub(super) fn judge(view: &View<'_>, founds: &mut Vec<Found>) {
    founds.extend(stays_open(view));
    founds.extend(closes_unannounced(view));
}

/// The client waited for a close that was due, in vain.
fn stays_open(view: &View<'_>) -> Option<Found> {
    let gave_up = view
        .wire
        .acts
        .iter()
        .find(|(act, ..)| *act == ClientAct::GaveUp)?;
    // A client that gave up for something else did not wait for what was said to it later.
    let mut heard = view.wire.replies.iter();
    let last = heard.rfind(|reply| reply.entry < gave_up.1)?;
    if view.wire.server_end.is_some() {
        return None;
    }
    match last.reply.code {
        Some(421) => Some(Found::new(
            "WIR-8",
            gave_up.1,
            "the connection stayed open after the 421".into(),
        )),
        Some(221) if view.quit_accepted() => Some(Found::new(
            "WIR-7",
            gave_up.1,
            "the connection stayed open after the 221".into(),
        )),
        _ => None,
    }
}

/// The server ended a session in which nobody had asked for that and it had not said so.
fn closes_unannounced(view: &View<'_>) -> Option<Found> {
    let dropped = handler_dropped(view);
    let entry = match (view.wire.server_end, dropped) {
        (Some((_, entry, _)), _) => Some(entry),
        (None, true) => None,
        (None, false) => return None,
    };
    let announced = view
        .wire
        .replies
        .iter()
        .any(|logged| matches!(logged.reply.code, Some(221 | 421)));
    let refused_at_once = view.exchanges()[0].outcome == Outcome::Refused;
    let timed_out = view.wire.did(ClientAct::Silence);
    // In the middle of a handshake nothing can be said, in one within another neither.
    if matches!(
        view.reading.stop,
        Stop::Handshake | Stop::Extension(Verb::StartTls)
    ) {
        return None;
    }
    if breaks_off_at_chunk(view) {
        return None;
    }
    if announced || refused_at_once || timed_out || !(dropped || view.server_left_first()) {
        return None;
    }
    let quit = view
        .exchanges()
        .last()
        .is_some_and(|last| last.verb() == Some(Verb::Quit));
    let dropped_before = view
        .exchanges()
        .iter()
        .any(|exchange| exchange.outcome == Outcome::Dropped);
    if quit && !dropped_before && may_be_lost_in_reset(view) {
        return None;
    }
    if quit && !dropped_before && !left_for_another_reason(view) {
        let what = "the connection was closed before QUIT was answered";
        return Some(Found::new("WIR-7", entry, what.into()));
    }
    let what = if view.wire.replies.is_empty() {
        "the connection was closed without a banner"
    } else {
        "the connection was closed without a 421"
    };
    Some(Found::new("WIR-18", entry, what.into()))
}

/// Whether the last thing that was refused is a BDAT whose size cannot be read. Nobody can say then where its octets
/// end: to hang up is the one answer that no content can be smuggled through.
fn breaks_off_at_chunk(view: &View<'_>) -> bool {
    let refused = |outcome: Outcome| matches!(outcome, Outcome::Refused | Outcome::Dropped);
    view.exchanges().iter().rev().take(2).any(|exchange| {
        let Stimulus::Command(line) = &exchange.stimulus else {
            return false;
        };
        let unread = match line.parsed.map(|parsed| parsed.command) {
            // Beyond what a server's own numbers may hold.
            Ok(Command::Bdat { size, .. }) => i64::try_from(size).is_err(),
            Ok(_) => false,
            Err(_) => line.verb == Verb::Bdat,
        };
        unread && refused(exchange.outcome)
    })
}

/// Whether a handler was to drop the session, OnDisconnect says that it did, and the client has read the last word: then
/// the server has closed, though the client may have left before it saw that.
fn handler_dropped(view: &View<'_>) -> bool {
    let last = view.exchanges().last();
    if last.is_none_or(|last| last.outcome != Outcome::Refused) {
        return false;
    }
    let mut rules = view.log.open.handlers.rules.iter();
    let said = view
        .all_of(EventKind::OnDisconnect)
        .next()
        .map(|event| &event.record.event);
    let dropped = Some(DisconnectReason::DroppedSession);
    rules.any(|rule| rule.action == HandlerAction::Drop)
        && matches!(said, Some(Event::OnDisconnect { reason }) if *reason == dropped)
}

/// Whether the client spoke on behind its last command, and the connection ended by a reset: octets that a server has not
/// read when it closes make the system send one, and that discards the reply.
fn may_be_lost_in_reset(view: &View<'_>) -> bool {
    let reset = matches!(view.wire.server_end, Some((ServerEnd::Reset, ..)));
    let end = view.exchanges().last().map(|last| last.span.end);
    reset && end.is_some_and(|end| end < view.wire.sent.len())
}

/// OnDisconnect says that it was not QUIT: the server was leaving when QUIT reached it.
fn left_for_another_reason(view: &View<'_>) -> bool {
    let said = view
        .all_of(EventKind::OnDisconnect)
        .next()
        .map(|event| &event.record.event);
    // Or where nothing is said: it had just refused once more what was one error too many.
    let answered = |exchange: &&Exchange<'_>| exchange.outcome != Outcome::Unanswered;
    let last = view.exchanges().iter().rfind(answered);
    let fed_up = last.is_some_and(|last| last.outcome == Outcome::Refused) && many_errors(view);
    match said {
        Some(Event::OnDisconnect {
            reason: Some(reason),
        }) => *reason != DisconnectReason::QuitVerb,
        _ => fed_up,
    }
}
