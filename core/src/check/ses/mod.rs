//! SES: the frame of a session. OnConnect first, OnDisconnect last, once each, with the right reason.

mod reasons;

pub(super) use reasons::many_errors;

use reasons::right_reasons;

use super::{
    entry::{Entry, always, sees, sees_arguments, sees_commands},
    tls,
    verdict::{Level, Rule},
    view::{Found, View},
};
use crate::{
    event::{DisconnectReason, Event, EventKind, Hello},
    model::{Stop, WireLog},
    transcript::ClientAct,
    wire::Verb,
};

use EventKind::{OnConnect, OnDisconnect};

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
