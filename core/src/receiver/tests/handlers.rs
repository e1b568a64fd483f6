//! Handlers that refuse, drop, fail and sleep, at each event.

use super::*;
use crate::event::EventKind;
use pretty_assertions::assert_eq;

const NO: &str = "550 5.7.1 no";
const FAILED: &str = "451 4.3.0 a handler failed, try again";
const CONVERSATION: &str = "HELP\nNOOP\nRSET\nHELO c\nEHLO c\nMAIL FROM:<a@b.example>\n\
    RCPT TO:<c@d.example>\nDATA\nA: b\n\nc\n.\nQUIT\n";

const COMMANDS: [(EventKind, &str); 8] = [
    (EventKind::OnHelpCommand, "HELP"),
    (EventKind::OnNoopCommand, "NOOP"),
    (EventKind::OnRsetCommand, "RSET"),
    (EventKind::OnHeloCommand, "HELO c"),
    (EventKind::OnEhloCommand, "EHLO c"),
    (EventKind::OnMailCommand, "MAIL FROM:<a@b.example>"),
    (EventKind::OnRcptCommand, "RCPT TO:<c@d.example>"),
    (EventKind::OnDataCommand, "DATA"),
];

/// The trace from the first event of `kind` on.
fn play(kind: EventKind, action: HandlerAction, text: &str) -> Vec<String> {
    let mut session = Session::new(Config::default(), vec![rule(kind, 1, action)]);
    let trace = session.send(text).closed().take();
    let start = trace.iter().position(|line| line.starts_with(kind.name()));
    trace[start.expect("the event fires")..].to_vec()
}

fn reject() -> HandlerAction {
    HandlerAction::Reject(NO.into())
}

#[test]
fn a_refused_command_fires_its_event_then_reject_then_the_reply() {
    for (action, reply) in [(reject(), NO), (HandlerAction::Fail, FAILED)] {
        for (kind, command) in COMMANDS {
            let trace = play(kind, action.clone(), CONVERSATION);
            assert_eq!(
                trace[1..3],
                [
                    format!("OnReject `{command}` Complete {reply}"),
                    format!("< {reply}")
                ]
            );
            assert!(
                trace.last().unwrap().starts_with("OnDisconnect"),
                "{trace:?}"
            );
        }
    }
}

#[test]
fn a_refused_command_leaves_the_state_as_it_was() {
    let cases = [
        (
            EventKind::OnEhloCommand,
            "EHLO c\nMAIL FROM:<>\n",
            "< 503 5.5.1 EHLO first",
        ),
        (
            EventKind::OnMailCommand,
            "EHLO c\nMAIL FROM:<>\nDATA\n",
            "< 503 5.5.1 MAIL first",
        ),
        (
            EventKind::OnRcptCommand,
            "EHLO c\nMAIL FROM:<>\nRCPT TO:<c@d.example>\nDATA\n",
            "< 554 5.5.1 no valid recipients",
        ),
        (
            EventKind::OnDataCommand,
            "EHLO c\nMAIL FROM:<>\nRCPT TO:<c@d.example>\nDATA\nDATA\n",
            "< 354 go ahead, end with <CRLF>.<CRLF>",
        ),
    ];
    for (kind, text, last) in cases {
        let mut session = Session::new(Config::default(), vec![rule(kind, 1, reject())]);
        assert_eq!(session.send(text).take().last().unwrap(), last);
    }
}

#[test]
fn a_session_that_is_refused_at_connect_serves_quit_only() {
    let refusal = "554 5.7.1 go away";
    let action = HandlerAction::Reject(refusal.into());
    let barred = "503 5.5.1 no service here, only QUIT";
    assert_eq!(
        play(EventKind::OnConnect, action, "EHLO c\nquit\n"),
        [
            "OnConnect 192.0.2.1:25",
            &format!("OnReject - Complete {refusal}"),
            &format!("< {refusal}"),
            &format!("OnReject `EHLO c` ProtocolError {barred}"),
            &format!("< {barred}"),
            "< 221 2.0.0 mx.smtpspec.example goodbye",
            "close",
            "OnDisconnect QuitVerb",
        ]
    );
    let trace = play(EventKind::OnConnect, HandlerAction::Fail, "");
    assert_eq!(
        trace[1],
        "OnReject - Complete 554 5.3.0 mx.smtpspec.example a handler failed, no service"
    );
}

#[test]
fn a_drop_is_answered_by_421_and_closed_without_reject() {
    let message = [
        EventKind::OnConnect,
        EventKind::OnEndOfHeaders,
        EventKind::OnEndOfData,
    ];
    for kind in COMMANDS.map(|(kind, _)| kind).into_iter().chain(message) {
        assert_eq!(
            play(kind, HandlerAction::Drop, CONVERSATION)[1..],
            [
                "< 421 4.3.2 mx.smtpspec.example dropping the session",
                "close",
                "OnDisconnect DroppedSession"
            ],
            "{kind}"
        );
    }
}

#[test]
fn a_message_refused_at_its_headers_is_swallowed_to_its_end() {
    for (action, reply) in [(reject(), NO), (HandlerAction::Fail, FAILED)] {
        assert_eq!(
            play(EventKind::OnEndOfHeaders, action, CONVERSATION)[1..3],
            [format!("OnReject - Complete {reply}"), format!("< {reply}")]
        );
    }
    let rules = vec![rule(EventKind::OnEndOfHeaders, 1, reject())];
    let mut session = Session::new(Config::default(), rules);
    let trace = session.send(&format!("{ENVELOPE}DATA\n\nNOOP\n")).take();
    assert_eq!(*trace.last().unwrap(), format!("OnReject - Complete {NO}"));
    let trace = session.send("more\n.\nDATA\n").take();
    assert_eq!(trace[0], format!("< {NO}"));
    assert_eq!(trace[2], "< 503 5.5.1 MAIL first");
}

#[test]
fn a_message_refused_at_its_end_clears_the_transaction() {
    let rules = vec![rule(EventKind::OnEndOfData, 1, reject())];
    let mut session =
        Session::new(Config::default(), rules).quietly(&format!("{ENVELOPE}DATA\n\n"));
    let trace = session.send(".\nDATA\n").take();
    assert_eq!(trace[1], format!("OnReject - Complete {NO}"));
    assert_eq!(trace[2], format!("< {NO}"));
    assert_eq!(trace[4], "< 503 5.5.1 MAIL first");
}

#[test]
fn a_slow_handler_delays_its_own_reply_and_what_comes_behind() {
    let trace = play(
        EventKind::OnNoopCommand,
        HandlerAction::Sleep(70),
        CONVERSATION,
    );
    assert_eq!(
        trace[1..4],
        ["wait 70", "< 250 2.0.0 done", "OnRsetCommand"]
    );
    let trace = play(
        EventKind::OnEndOfHeaders,
        HandlerAction::Sleep(70),
        CONVERSATION,
    );
    assert_eq!(trace[1], "wait 70");
    assert!(trace[2].starts_with("OnEndOfData"), "{trace:?}");
}

#[test]
fn verdicts_at_reject_and_disconnect_are_ignored() {
    for kind in [EventKind::OnReject, EventKind::OnDisconnect] {
        let text = "FOO\nNOOP\nQUIT\n";
        let want = play(kind, HandlerAction::Accept, text);
        for action in [
            reject(),
            HandlerAction::Drop,
            HandlerAction::Fail,
            HandlerAction::Sleep(9),
        ] {
            assert_eq!(play(kind, action, text), want);
        }
    }
}
