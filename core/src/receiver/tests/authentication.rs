//! Authentication: exchanges that succeed, fail, are cancelled, refused by a handler or cut off.

use super::*;
use crate::event::EventKind::{OnAuthCommand, OnEndOfAuthentication};
use pretty_assertions::assert_eq;

/// `\0ursel@example.org\0ostrich`.
const URSEL: &str = "AHVyc2VsQGV4YW1wbGUub3JnAG9zdHJpY2g=";
/// `\0tim\0ostrich`.
const WRONG: &str = "AHRpbQBvc3RyaWNo";

fn greeted() -> Session {
    Session::plain().quietly("EHLO c.example\n")
}

fn greeted_with(event: crate::event::EventKind, action: HandlerAction) -> Session {
    Session::new(Config::default(), vec![rule(event, 1, action)]).quietly("EHLO c.example\n")
}

#[test]
fn plain_with_an_initial_response_takes_one_command() {
    let trace = greeted().send(&format!("AUTH plain {URSEL}\n")).take();
    let want = [
        "OnAuthCommand plain",
        "OnEndOfAuthentication plain Success",
        "< 235 2.7.0 authenticated",
    ];
    assert_eq!(trace, want);
}

#[test]
fn plain_by_challenge_takes_a_line_more() {
    let mut session = greeted();
    let trace = session.send("AUTH PLAIN\n").take();
    assert_eq!(trace, ["OnAuthCommand PLAIN", "< 334 "]);
    let want = [
        "OnEndOfAuthentication PLAIN Success",
        "< 235 2.7.0 authenticated",
    ];
    assert_eq!(session.send(&format!("{URSEL}\n")).take(), want);
}

#[test]
fn login_asks_for_name_and_password() {
    let trace = greeted()
        .send("AUTH LOGIN\ndXJzZWxAZXhhbXBsZS5vcmc=\nb3N0cmljaA==\n")
        .take();
    let want = [
        "OnAuthCommand LOGIN",
        "< 334 VXNlcm5hbWU6",
        "< 334 UGFzc3dvcmQ6",
        "OnEndOfAuthentication LOGIN Success",
        "< 235 2.7.0 authenticated",
    ];
    assert_eq!(trace, want);
}

#[test]
fn wrong_credentials_are_refused_and_told_to_nobody() {
    let reply = "535 5.7.8 authentication failed";
    for text in [format!("AUTH PLAIN {WRONG}\n"), "AUTH PLAIN =\n".to_owned()] {
        let want = [
            "OnAuthCommand PLAIN".to_owned(),
            "OnEndOfAuthentication PLAIN Failure".to_owned(),
            format!("OnReject `AUTH PLAIN` Complete {reply}"),
            format!("< {reply}"),
        ];
        let mut session = greeted();
        assert_eq!(session.send(&text).take(), want);
        let again = session.send(&format!("AUTH PLAIN {URSEL}\nMAIL FROM:<>\n"));
        assert_eq!(again.take()[2], "< 235 2.7.0 authenticated");
    }
}

#[test]
fn what_the_protocol_ends_has_no_outcome() {
    let long = "A".repeat(12_288);
    for (response, reply) in [
        ("*", "501 5.7.0 authentication cancelled"),
        ("MAIL FROM:<a@b.example>", "501 5.5.2 not base64"),
        ("=", "501 5.5.2 not base64"),
        (&long, "500 5.5.6 response too long"),
    ] {
        let mut session = greeted();
        session.send("AUTH PLAIN\n");
        session.take();
        let want = [
            format!("OnReject `AUTH PLAIN` ProtocolError {reply}"),
            format!("< {reply}"),
        ];
        assert_eq!(session.send(&format!("{response}\n")).take(), want);
        let next = session.send("NOOP\n").take();
        assert_eq!(next, ["OnNoopCommand", "< 250 2.0.0 done"]);
    }
}

#[test]
fn auth_has_its_place() {
    for (before, line, code) in [
        ("", "AUTH PLAIN", "503"),
        ("HELO c\n", "AUTH PLAIN", "503"),
        ("EHLO c\nMAIL FROM:<>\n", "AUTH PLAIN", "503"),
        ("EHLO c\n", "AUTH CRAM-MD5", "504"),
        ("EHLO c\n", "AUTH", "501"),
        ("EHLO c\n", "AUTH PLAIN !", "501"),
        (
            &format!("EHLO c\nAUTH PLAIN {URSEL}\nRSET\nEHLO c\n"),
            "AUTH PLAIN",
            "503",
        ),
    ] {
        let trace = Session::plain()
            .quietly(before)
            .send(&format!("{line}\n"))
            .take();
        let replies: Vec<_> = trace.iter().filter(|line| line.starts_with("< ")).collect();
        assert!(
            replies[0].starts_with(&format!("< {code}")),
            "{before}{line}: {trace:?}"
        );
        let last = trace.iter().rev().nth(1).unwrap();
        assert!(last.starts_with("OnReject"), "{before}{line}: {trace:?}");
    }
}

#[test]
fn a_handler_has_its_say_before_the_exchange_and_behind_it() {
    let refuse = || HandlerAction::Reject("550 5.7.1 no".into());
    let text = format!("AUTH PLAIN {URSEL}\nAUTH PLAIN {URSEL}\n");
    let trace = greeted_with(OnAuthCommand, refuse()).send(&text).take();
    let refused = [
        "OnReject `AUTH PLAIN` Complete 550 5.7.1 no",
        "< 550 5.7.1 no",
    ];
    assert_eq!(trace[1..3], refused);
    assert_eq!(trace[5], "< 235 2.7.0 authenticated");
    let trace = greeted_with(OnEndOfAuthentication, refuse())
        .send(&text)
        .take();
    assert_eq!(trace[2..4], refused);
    assert_eq!(trace[6], "< 235 2.7.0 authenticated");
}

#[test]
fn a_handler_may_fail_drop_or_take_its_time() {
    let text = format!("AUTH PLAIN {URSEL}\n");
    let mut session = greeted_with(OnEndOfAuthentication, HandlerAction::Fail);
    let trace = session.send(&text).take();
    assert_eq!(trace[3], "< 451 4.3.0 a handler failed, try again");
    let mut session = greeted_with(OnEndOfAuthentication, HandlerAction::Drop);
    let trace = session.send(&text).take();
    assert_eq!(trace.last().unwrap(), "OnDisconnect DroppedSession");
    let mut session = greeted_with(OnEndOfAuthentication, HandlerAction::Sleep(7));
    let trace = session.send(&text).take();
    assert_eq!(trace[2..], ["wait 7", "< 235 2.7.0 authenticated"]);
}

#[test]
fn who_leaves_within_the_exchange_is_only_disconnected() {
    let open = || {
        let mut session = greeted();
        session.send(&format!("AUTH PLAIN\n{}", &URSEL[..8]));
        session.take();
        session
    };
    let fin = open().closed().take();
    assert_eq!(fin, ["close", "OnDisconnect SenderDisconnected"]);
    assert_eq!(open().lost().take(), ["OnDisconnect SenderDisconnected"]);
    let mut silent = open();
    silent.receiver.timed_out();
    let trace = silent.drain().take();
    assert_eq!(trace.last().unwrap(), "OnDisconnect Timeout");
    assert_eq!(trace.len(), 3);
}

#[test]
fn passwords_are_not_tried_without_end() {
    let mut session = greeted();
    let trace = session
        .send(&format!("AUTH PLAIN {WRONG}\n").repeat(11))
        .take();
    assert_eq!(trace.last().unwrap(), "OnDisconnect TooManyErrors");
}

#[test]
fn the_trace_is_the_same_wherever_the_octets_are_cut() {
    let text = format!("AUTH LOGIN\ndXJzZWxAZXhhbXBsZS5vcmc=\nx\nAUTH PLAIN\n{URSEL}\nNOOP\n");
    let whole = greeted().send(&text).take();
    let octets = text.replace('\n', "\r\n").into_bytes();
    for size in 1..octets.len() {
        let mut session = greeted();
        for piece in octets.chunks(size) {
            session.send_octets(piece);
        }
        assert_eq!(session.take(), whole, "pieces of {size}");
    }
}
