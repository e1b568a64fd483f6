//! SES-3: which reasons of a session's end tell the truth.

use crate::{
    check::view::View,
    event::{DisconnectReason, EventKind, HandlerAction},
    model::{Exchange, Outcome, Stimulus, Stop},
    transcript::ClientAct,
    wire::Verb,
};

/// The reasons that tell the truth about how the session ended.
pub(super) fn right_reasons(view: &View<'_>) -> Vec<DisconnectReason> {
    use DisconnectReason::{
        DroppedSession, Local, QuitVerb, SenderDisconnected, Timeout, TooManyErrors,
    };
    let last = view.exchanges().last();
    // More may have been pipelined behind a QUIT that was never answered.
    let quit = view.exchanges().iter().rev().any(|exchange| {
        let is_last = last.is_some_and(|last| core::ptr::eq(last, exchange));
        exchange.verb() == Some(Verb::Quit) && (is_last || exchange.outcome == Outcome::Unanswered)
    });
    if view.quit_accepted() {
        // A reset behind QUIT may reach the server before it has acted on QUIT.
        let reset = view.wire.did(ClientAct::Reset);
        return if reset {
            vec![QuitVerb, SenderDisconnected]
        } else {
            vec![QuitVerb]
        };
    }
    let unanswered = view
        .exchanges()
        .iter()
        .any(|exchange| exchange.outcome == Outcome::Unanswered);
    let dropped = view
        .exchanges()
        .iter()
        .any(|exchange| exchange.outcome == Outcome::Dropped);
    let warned = view
        .reading
        .unsolicited
        .iter()
        .any(|reply| view.wire.replies[*reply].reply.code == Some(421));
    let silent = view.wire.did(ClientAct::Silence);
    if view.reading.stop == Stop::Handshake {
        return reasons_in_handshake(view, silent);
    }
    // To a client that has closed its side, a 421 says that the connection is lost; and one that leaves before the
    // server does is lost, whatever the server was about to do.
    let left_first = !view.server_left_first() && view.client_left().is_some();
    if dropped || warned || view.server_left_first() {
        let mut reasons = match (handler_drop(view), dropped, silent) {
            (HandlerDrop::Fired, ..) => vec![DroppedSession],
            (HandlerDrop::None, true, _) if many_errors(view) && said_421(view) => {
                vec![TooManyErrors]
            }
            (HandlerDrop::None, false, true) => vec![Timeout],
            // QUIT may have been heard, though not answered: that is WIR-7's concern.
            _ if quit => vec![QuitVerb, DroppedSession, TooManyErrors, Timeout, Local],
            _ => vec![DroppedSession, TooManyErrors, Timeout, Local],
        };
        if left_first && handler_drop(view) != HandlerDrop::Fired {
            reasons.push(SenderDisconnected);
        }
        // To a line that is too long the answer may be a close, also while the client is silent.
        if silent && !reasons.contains(&DroppedSession) && line_too_long_to_keep(view) {
            reasons.push(DroppedSession);
        }
        // A server that goes on behind its own 421 (WIR-8) learns of the session's end as of any other's, and may take
        // its leave at a QUIT.
        let goes_on = goes_on_behind_421(view);
        let last = view.wire.replies.last();
        let farewell = (dropped || warned) && last.is_some_and(|last| last.reply.code == Some(221));
        if goes_on || farewell {
            reasons.push(QuitVerb);
        }
        if goes_on && left_first && !reasons.contains(&SenderDisconnected) {
            reasons.push(SenderDisconnected);
        }
        return reasons;
    }
    let mut reasons = vec![SenderDisconnected];
    if quit {
        reasons.push(QuitVerb);
    }
    let refused_last = last.is_some_and(|last| last.outcome == Outcome::Refused);
    // A server that does not do PIPELINING may have answered by a drop whose end nobody saw.
    let too_soon = view
        .exchanges()
        .iter()
        .filter(|exchange| matches!(exchange.outcome, Outcome::Unanswered | Outcome::Refused))
        .any(|exchange| view.spoke_too_soon(exchange));
    // A server may drop with another refusal than 421, and the client leave before it sees the close.
    match handler_drop(view) {
        HandlerDrop::Fired if unanswered || refused_last => reasons.push(DroppedSession),
        HandlerDrop::Perhaps if unanswered => reasons.push(DroppedSession),
        _ if line_too_long_to_keep(view) => reasons.push(DroppedSession),
        // Over what stands in a message a server may leave at once, and the client before it sees that.
        _ if refused_message_last(view) => reasons.push(DroppedSession),
        _ if last.is_some_and(|last| is_rough(view, last)) => reasons.push(DroppedSession),
        _ if too_soon => reasons.push(DroppedSession),
        _ => {}
    }
    // The client may have left while the server was leaving.
    if many_errors(view) && (unanswered || refused_last) {
        reasons.push(TooManyErrors);
    }
    reasons
}

/// A client that is silent in a handshake is one whose time is over, and one that leaves is lost. Where there was no
/// handshake, or it failed, the server drops the session, or it takes the connection for lost.
fn reasons_in_handshake(view: &View<'_>, silent: bool) -> Vec<DisconnectReason> {
    use DisconnectReason::{DroppedSession, Local, SenderDisconnected, Timeout};
    let tried = !view.wire.handshakes.is_empty()
        || view
            .reading
            .handshakes
            .iter()
            .any(|begun| !begun.in_clear.is_empty());
    let mut reasons = Vec::new();
    if view.server_left_first() && (silent || !tried) {
        reasons.push(Timeout);
    }
    if tried {
        reasons.extend([DroppedSession, Local]);
    }
    if tried || !view.server_left_first() || view.wire.did(ClientAct::HalfClose) {
        reasons.push(SenderDisconnected);
    }
    reasons
}

/// Whether the server answered more behind a 421 of its own.
fn goes_on_behind_421(view: &View<'_>) -> bool {
    let replies = view.wire.replies.iter();
    let mut from_421 = replies.skip_while(|reply| reply.reply.code != Some(421));
    from_421.nth(1).is_some()
}

/// Whether `exchange` is content with a CR or an LF alone, or a line that is malformed or has octets beyond ASCII,
/// unanswered: over these a server may leave, over content before the message has come.
fn is_rough(view: &View<'_>, exchange: &Exchange<'_>) -> bool {
    match &exchange.stimulus {
        Stimulus::Command(line) => {
            let odd = line.parsed.is_err() || !line.text.is_ascii();
            odd && exchange.outcome == Outcome::Unanswered
        }
        Stimulus::Message(_) => has_lone_line_end(&view.wire.sent[exchange.span.clone()]),
        Stimulus::Connection | Stimulus::Response(_) => false,
    }
}

fn has_lone_line_end(content: &[u8]) -> bool {
    let alone = |(at, octet): (usize, &u8)| match octet {
        b'\n' => at
            .checked_sub(1)
            .is_none_or(|before| content[before] != b'\r'),
        // The last may be a part of what was cut off.
        b'\r' => content.get(at + 1).is_some_and(|behind| *behind != b'\n'),
        _ => false,
    };
    content.iter().enumerate().any(alone)
}

fn said_421(view: &View<'_>) -> bool {
    let mut replies = view.wire.replies.iter();
    replies.any(|reply| reply.reply.code == Some(421))
}

/// Whether the last that was answered is a message, by a refusal.
fn refused_message_last(view: &View<'_>) -> bool {
    let mut back = view.exchanges().iter().rev();
    let last = back.find(|exchange| exchange.outcome != Outcome::Unanswered);
    last.is_some_and(|last| last.outcome == Outcome::Refused && last.verb().is_none())
}

/// Whether the client left in, or behind, a line of which no server needs to take more: it may have been dropped for
/// that.
fn line_too_long_to_keep(view: &View<'_>) -> bool {
    let not_taken = |exchange: &&Exchange<'_>| {
        matches!(exchange.outcome, Outcome::Unanswered | Outcome::Refused)
    };
    let mut lines = view.exchanges().iter().filter(not_taken);
    let limit = crate::model::COMMAND_LINE_LIMIT;
    view.wire.sent[view.reading.rest..].len() > limit
        || lines.any(|line| line.verb().is_some() && line.line_len() > limit)
}

/// Whether a handler has dropped the session.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum HandlerDrop {
    /// No handler was to, or what it waited for did not come.
    None,
    /// It was to, at an event that cannot be seen; or it failed, which some servers end the session for.
    Perhaps,
    /// Its event fired.
    Fired,
}

/// What a handler of OnReject or OnDisconnect decides is ignored, so it drops nothing.
fn handler_drop(view: &View<'_>) -> HandlerDrop {
    let handlers = &view.log.open.handlers;
    let drops = |kind, nth| *handlers.action(kind, nth) == HandlerAction::Drop;
    let fails = |kind, nth| *handlers.action(kind, nth) == HandlerAction::Fail;
    let dropping = handlers.rules.iter().filter(|rule| {
        let ends = drops(rule.event, rule.nth) || fails(rule.event, rule.nth);
        !matches!(rule.event, EventKind::OnReject | EventKind::OnDisconnect) && ends
    });
    let each = dropping.map(|rule| {
        let fired = (1..=rule.nth).zip(view.all_of(rule.event));
        if fired.last().is_some_and(|(nth, _)| nth == rule.nth) {
            if fails(rule.event, rule.nth) {
                HandlerDrop::Perhaps
            } else {
                HandlerDrop::Fired
            }
        } else if view.sees(rule.event) {
            HandlerDrop::None
        } else {
            HandlerDrop::Perhaps
        }
    });
    each.max().unwrap_or(HandlerDrop::None)
}

/// Whether an error limit may have been reached: three refusals by the protocol or more.
pub(in crate::check) fn many_errors(view: &View<'_>) -> bool {
    let refused = |outcome| {
        matches!(
            outcome,
            Outcome::Refused | Outcome::Dropped | Outcome::Unanswered
        )
    };
    view.exchanges()
        .iter()
        .filter(|exchange| refused(exchange.outcome))
        .count()
        >= 3
}
