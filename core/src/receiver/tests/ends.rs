//! How sessions end.

use super::*;
use pretty_assertions::assert_eq;

#[test]
fn fin_ends_the_session_behind_the_whole_lines_and_without_the_cut_one() {
    let mut session = Session::plain().quietly("");
    session.receiver.receive(b"NOOP a\r\nNOOP b\r\nRSE");
    assert_eq!(
        session.closed().take(),
        [
            "OnNoopCommand a",
            "< 250 2.0.0 done",
            "OnNoopCommand b",
            "< 250 2.0.0 done",
            "close",
            "OnDisconnect SenderDisconnected"
        ]
    );
    assert!(session.receiver.is_over());
}

#[test]
fn a_lost_connection_handles_nothing_more() {
    let mut session = Session::plain().quietly("");
    session.receiver.receive(b"NOOP a\r\n");
    assert_eq!(session.lost().take(), ["OnDisconnect SenderDisconnected"]);
    assert_eq!(session.lost().closed().take(), [""; 0]);
}

#[test]
fn a_connection_lost_behind_quit_has_ended_by_quit() {
    let mut session = Session::plain().quietly("");
    session.receiver.receive(b"QUIT\r\n");
    // The reply is out, the close is not.
    assert!(matches!(
        session.receiver.next_output(),
        Some(Output::Reply(_))
    ));
    assert_eq!(session.lost().take(), ["OnDisconnect QuitVerb"]);
}

#[test]
fn a_connection_lost_at_once_fires_connect_and_disconnect() {
    let trace = Trace::default();
    let address = "192.0.2.1:25".parse().unwrap();
    let agents: Vec<Box<dyn SmtpReceiveAgent>> = vec![Box::new(Tracer(Arc::clone(&trace)))];
    let mut receiver = Receiver::new(Arc::default(), agents, address, address);
    receiver.connection_lost();
    assert_eq!(receiver.next_output(), None);
    let trace = trace.lock().unwrap().clone();
    assert_eq!(
        trace,
        ["OnConnect 192.0.2.1:25", "OnDisconnect SenderDisconnected"]
    );
}

#[test]
fn a_message_whose_end_did_not_come_fires_no_end_of_data() {
    let text = format!("{ENVELOPE}DATA\nA: b\n\nc\n.");
    for end in [Session::closed, Session::lost] {
        let mut session = Session::plain().quietly(&text);
        let trace = end(&mut session).take();
        assert_eq!(trace.last().unwrap(), "OnDisconnect SenderDisconnected");
        assert!(
            !trace.iter().any(|line| line.starts_with("OnEndOf")),
            "{trace:?}"
        );
    }
}

#[test]
fn silence_and_shutdown_are_answered_by_421_in_any_state() {
    type Act = fn(&mut Receiver);
    let acts: [(Act, &str, &str); 2] = [
        (
            Receiver::timed_out,
            "421 4.4.2 mx.smtpspec.example waited too long",
            "Timeout",
        ),
        (
            Receiver::shut_down,
            "421 4.3.2 mx.smtpspec.example shutting down",
            "DroppedSession",
        ),
    ];
    for (act, reply, reason) in acts {
        for before in ["", "EHLO c\n", ENVELOPE, &format!("{ENVELOPE}DATA\nA: b\n")] {
            let mut session = Session::plain().quietly(before);
            act(&mut session.receiver);
            let want = [
                format!("< {reply}"),
                "close".into(),
                format!("OnDisconnect {reason}"),
            ];
            assert_eq!(session.drain().take(), want);
            act(&mut session.receiver);
            assert_eq!(session.drain().closed().lost().take(), [""; 0]);
        }
    }
}
