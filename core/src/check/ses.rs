//! SES: the frame of a session. OnConnect first, OnDisconnect last, once each, with the right reason.

use super::{
    entry::{Entry, always, sees, sees_arguments, sees_commands},
    tls,
    verdict::{Level, Rule},
    view::{Found, View},
};
use crate::{
    event::{DisconnectReason, Event, EventKind, HandlerAction, Hello},
    model::{Exchange, Outcome, Stimulus, Stop, WireLog},
    transcript::ClientAct,
    wire::Verb,
};

use EventKind::{OnConnect, OnDisconnect, OnReject};

pub(super) const RULES: [Entry; 8] = [
    Entry {
        rule: Rule {
            id: "SES-1",
            title: "OnConnect is the session's first event and fires once",
            level: Level::Must,
            source: "bb643108, SMTP events: sequence 1; MODEL.md SES-1",
            explanation: "An agent sets itself up in OnConnect. If another event comes first, or OnConnect comes \
                twice or not at all, its state for the session is missing or reset. A connection that was lost \
                before the client had read a banner may have none.",
            example: "OnEhloCommand, OnConnect, ...",
        },
        observable: sees!(OnConnect),
        exercised: always,
    },
    Entry {
        rule: Rule {
            id: "SES-2",
            title: "OnDisconnect fires exactly once for every session",
            level: Level::Must,
            source: "bb643108: \"OnDisconnect on disconnection by either side\"; OpenSMTPD issue 504, Haraka 2167",
            explanation: "Whoever ends the connection and however (QUIT, FIN, RST, half-close, silence, a 421, an \
                agent's drop), OnDisconnect comes once. Agents release what they hold there: a lost one leaks, a \
                doubled one frees twice.",
            example: "OnConnect, OnEhloCommand, (client closes), nothing",
        },
        observable: sees!(OnDisconnect),
        exercised: always,
    },
    Entry {
        rule: Rule {
            id: "SES-3",
            title: "OnDisconnect carries the right reason",
            level: Level::Must,
            source: "DisconnectReason enumeration (aa580699)",
            explanation: "QUIT: QuitVerb. FIN or RST without QUIT: SenderDisconnected. Silence: Timeout. An \
                agent's or the server's drop: DroppedSession. The error limit: TooManyErrors. QUIT followed at \
                once by RST may be either of the first two.",
            example: "(client closes without QUIT), OnDisconnect(QuitVerb)",
        },
        observable: shows_reason,
        exercised: |view| view.all_of(OnDisconnect).next().is_some(),
    },
    Entry {
        rule: Rule {
            id: "SES-4",
            title: "Nothing fires after OnDisconnect, and it comes soon after the end",
            level: Level::Must,
            source: "bb643108: events fire \"after OnConnect and before OnDisconnect\"; MODEL.md SES-4",
            explanation: "Behind OnDisconnect an agent has let go of the session; an event there finds nothing. \
                And until OnDisconnect comes, what the session holds is held: it is due within a bounded time of \
                the close (the run's setting).",
            example: "OnDisconnect, OnRsetCommand",
        },
        observable: sees!(OnDisconnect),
        exercised: |view| view.all_of(OnDisconnect).next().is_some(),
    },
    Entry {
        rule: Rule {
            id: "SES-5",
            title: "Sessions do not mix",
            level: Level::Must,
            source: "MODEL.md SES-5",
            explanation: "No event carries what another client sent, and every event belongs to a client that \
                connected, under any number of parallel sessions.",
            example: "connection 7 sends MAIL FROM:<a@example.org>, connection 8's OnMailCommand carries it",
        },
        observable: sees_arguments,
        exercised: |view| {
            view.events
                .iter()
                .any(|event| carries(event.record.event.kind()))
        },
    },
    Entry {
        rule: Rule {
            id: "SES-6",
            title: "A session id is used for one connection only",
            level: Level::Must,
            source: "MODEL.md SES-6",
            explanation: "Agents and logs join events by the session's id. An id that serves two connections \
                joins what does not belong together.",
            example: "session \"17\" from 127.0.0.1:4000, and later session \"17\" from 127.0.0.1:4711",
        },
        observable: |hello| hello.is_some(),
        exercised: |view| !view.wire.events.is_empty(),
    },
    Entry {
        rule: Rule {
            id: "SES-7",
            title: "After an accepted QUIT nothing fires but OnDisconnect",
            level: Level::Must,
            source: "RFC 5321 4.1.1.10; MODEL.md SES-7",
            explanation: "QUIT ends the session whatever else was pipelined behind it: a command there is never \
                acted on.",
            example: "QUIT CRLF NOOP CRLF in one segment: OnNoopCommand, OnDisconnect",
        },
        observable: sees_commands,
        exercised: |view| view.quit_accepted(),
    },
    Entry {
        rule: Rule {
            id: "SES-8",
            title: "The server survives every session",
            level: Level::Must,
            source: "RFC 5321 3.8, 7.8; nodemailer smtp-server issue 229, CVE-2020-35680",
            explanation: "Whatever one client does, the server goes on serving the others. Where its process comes to \
                its end, the sessions that were open are played again one by one at a new one, to tell which of them \
                did it.",
            example: "RST in the middle of a message, and the server's process ends with an uncaught exception",
        },
        observable: |_| true,
        exercised: always,
    },
];

fn shows_reason(hello: Option<&Hello>) -> bool {
    hello.is_some_and(|hello| hello.sees(OnDisconnect) && hello.semantics.disconnect_reason)
}

const fn carries(kind: EventKind) -> bool {
    use EventKind::{OnEhloCommand, OnHeloCommand, OnMailCommand, OnRcptCommand};
    matches!(
        kind,
        OnHeloCommand | OnEhloCommand | OnMailCommand | OnRcptCommand
    )
}

/// What a session shows in which the server died. Nothing else is to be said of it: whatever is missing, or came too
/// much, is what a death leaves behind.
pub(super) fn death(wire: &WireLog<'_>) -> Option<Found> {
    let (death, entry) = wire.death?;
    let alone = match death.beside {
        0 => String::new(),
        others => {
            format!("; {others} other connections were open, and none of all these does it alone")
        }
    };
    let what = format!("the server's process ended ({}){alone}", death.status);
    Some(Found::new("SES-8", Some(entry), what))
}

pub(super) fn judge(view: &View<'_>, founds: &mut Vec<Found>) {
    founds.extend(connect(view));
    founds.extend(disconnect_once(view));
    founds.extend(reason(view));
    founds.extend(after_disconnect(view));
    founds.extend(disconnect_late(view));
}

/// A session that the client has seen answered, so that the server cannot have missed it.
fn was_served(view: &View<'_>) -> bool {
    !view.wire.replies.is_empty()
}

fn connect(view: &View<'_>) -> Option<Found> {
    if !view.sees(OnConnect) {
        return None;
    }
    let connects: Vec<_> = view.all_of(OnConnect).collect();
    let first = view.wire.events.first();
    match (&connects[..], first) {
        ([], None) if !(was_served(view) && view.wire.settled) => None,
        // Whether a server ever learns who a client was that reset at once is a matter of microseconds.
        ([], _) if view.wire.did(ClientAct::Reset) && !was_served(view) => None,
        ([], _) => Some(Found::new("SES-1", None, "OnConnect never fired".into())),
        ([_], Some(first)) if first.record.event.kind() == OnConnect => None,
        ([connect], Some(first)) => {
            let what = format!("{} fired before OnConnect", first.record.event.kind());
            Some(Found::new("SES-1", connect.entry, what))
        }
        ([_, second, ..], _) => {
            let what = format!("OnConnect fired {} times", connects.len());
            Some(Found::new("SES-1", second.entry, what))
        }
        ([_], None) => None,
    }
}

fn disconnect_once(view: &View<'_>) -> Option<Found> {
    if !view.sees(OnDisconnect) {
        return None;
    }
    let disconnects: Vec<_> = view.all_of(OnDisconnect).collect();
    match &disconnects[..] {
        [_] => None,
        [] => {
            let began = was_served(view) || view.all_of(OnConnect).next().is_some();
            let what = format!("OnDisconnect never fired; {}", how_it_ended(view));
            (began && view.wire.settled && !view.is_slowed())
                .then(|| Found::new("SES-2", None, what))
        }
        [_, second, ..] => {
            let what = format!("OnDisconnect fired {} times", disconnects.len());
            Some(Found::new("SES-2", second.entry, what))
        }
    }
}

fn how_it_ended(view: &View<'_>) -> String {
    let by_client = view
        .wire
        .acts
        .iter()
        .find(|(act, ..)| *act != ClientAct::Silence);
    if view.quit_accepted() {
        return "the client had said QUIT".into();
    }
    match (view.server_left_first(), by_client) {
        (true, _) => "the server had closed the connection".into(),
        (false, Some((ClientAct::Reset, ..))) => "the client had reset the connection".into(),
        (false, Some((ClientAct::HalfClose, ..))) => {
            "the client had closed its sending side".into()
        }
        (false, _) => "the client had closed the connection".into(),
    }
}

fn reason(view: &View<'_>) -> Option<Found> {
    if !shows_reason(view.header.hello.as_ref()) {
        return None;
    }
    if view.reading.stop == Stop::Extension(Verb::StartTls) || tls::broke(view) {
        // What becomes of TLS within TLS is not followed, nor of what broke.
        return None;
    }
    let event = view.all_of(OnDisconnect).next()?;
    let Event::OnDisconnect {
        reason: Some(reason),
    } = &event.record.event
    else {
        return None;
    };
    let expected = right_reasons(view);
    let what = || {
        format!(
            "OnDisconnect says {reason:?}, expected {expected:?}; {}",
            how_it_ended(view)
        )
    };
    if expected.contains(reason) {
        return None;
    }
    if *reason == DisconnectReason::QuitVerb && cut_within_quit(view) {
        let what = "OnDisconnect says QuitVerb: the end of the QUIT was never sent";
        return Some(Found::new("CON-8", event.entry, what.into()));
    }
    Some(Found::new("SES-3", event.entry, what()))
}

/// Whether the last that the client sent is a QUIT without its line end.
fn cut_within_quit(view: &View<'_>) -> bool {
    let rest = &view.wire.sent[view.reading.rest..];
    view.reading.stop == Stop::EndOfInput && Verb::of(rest.trim_ascii_end()) == Verb::Quit
}

/// The reasons that tell the truth about how the session ended.
fn right_reasons(view: &View<'_>) -> Vec<DisconnectReason> {
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

/// Whether `exchange` is content with a CR or an LF alone: over these a server may leave before the message has come.
fn is_rough(view: &View<'_>, exchange: &Exchange<'_>) -> bool {
    let Stimulus::Message(_) = exchange.stimulus else {
        return false;
    };
    let content = &view.wire.sent[exchange.span.clone()];
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
        !matches!(rule.event, OnReject | OnDisconnect) && ends
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
pub(super) fn many_errors(view: &View<'_>) -> bool {
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

fn after_disconnect(view: &View<'_>) -> Option<Found> {
    let kinds = view
        .wire
        .events
        .iter()
        .map(|event| (event, event.record.event.kind()));
    let late = kinds
        .skip_while(|(_, kind)| *kind != OnDisconnect)
        .find(|(_, kind)| *kind != OnDisconnect);
    late.map(|(event, kind)| {
        Found::new(
            "SES-4",
            event.entry,
            format!("{kind} fired after OnDisconnect"),
        )
    })
}

fn disconnect_late(view: &View<'_>) -> Option<Found> {
    let event = view.all_of(OnDisconnect).next()?;
    let client = view
        .wire
        .acts
        .iter()
        .filter(|(act, ..)| *act != ClientAct::Silence)
        .map(|(.., at)| *at);
    let server = view.wire.server_end.map(|(.., at)| at);
    let ended = client.chain(server).max()?;
    let took_ms = view.emitted_at(event).saturating_sub(ended) / 1_000_000;
    let limit = view.header.disconnect_limit_ms;
    let what = format!(
        "OnDisconnect came {took_ms} ms after the end of the connection; the limit is {limit} ms"
    );
    (took_ms > limit && !view.is_slowed()).then(|| Found::new("SES-4", event.entry, what))
}
