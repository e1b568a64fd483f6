//! STARTTLS, with the handshake done by the test.

use super::*;
use crate::receiver::Receiver;
use pretty_assertions::assert_eq;

const BEGUN: [&str; 2] = ["< 220 2.0.0 ready to start TLS", "starttls"];

fn greeted() -> Session {
    Session::plain().quietly("EHLO c.example\n")
}

#[test]
fn what_came_in_clear_behind_starttls_is_dropped() {
    let mut session = greeted();
    assert_eq!(session.send("STARTTLS\nNOOP\nRS").take(), BEGUN);
    session.send("ET\nNOOP\n");
    assert_eq!(session.secured().take(), [""; 0]);
    assert_eq!(
        session.send("NOOP a\n").take(),
        ["OnNoopCommand a", "< 250 2.0.0 done"]
    );
}

#[test]
fn behind_the_handshake_all_that_the_client_said_is_forgotten() {
    let mut session = Session::plain().quietly(&format!("{ENVELOPE}STARTTLS\n"));
    session.secured();
    for (command, reply) in [
        ("MAIL FROM:<>", "503 5.5.1 EHLO first"),
        ("RCPT TO:<c@d.example>", "503 5.5.1 MAIL first"),
        ("DATA", "503 5.5.1 MAIL first"),
        ("STARTTLS", "503 5.5.1 EHLO first"),
    ] {
        let [_, answer] = session
            .send(&format!("{command}\n"))
            .take()
            .try_into()
            .unwrap();
        assert_eq!(answer, format!("< {reply}"), "{command}");
    }
    let [_, ehlo] = session.send("EHLO c.example\n").take().try_into().unwrap();
    assert!(!ehlo.contains("STARTTLS"), "{ehlo}");
    let [_, again] = session.send("STARTTLS\n").take().try_into().unwrap();
    assert_eq!(again, "< 503 5.5.1 TLS is there already");
}

#[test]
fn a_parameter_is_refused_and_the_session_goes_on_in_clear() {
    let mut session = greeted();
    let refusal = "501 5.5.4 an argument where none is allowed";
    let trace = [
        format!("OnReject `STARTTLS x` ProtocolError {refusal}"),
        format!("< {refusal}"),
    ];
    assert_eq!(session.send("STARTTLS x\n").take(), trace);
    session.secured();
    assert_eq!(session.send("STARTTLS\n").take(), BEGUN);
}

#[test]
fn a_handshake_ends_in_one_disconnect_with_the_reason_of_its_end() {
    type End = fn(&mut Receiver);
    let ends: [(End, &str); 5] = [
        (Receiver::handshake_failed, "DroppedSession"),
        (Receiver::input_closed, "SenderDisconnected"),
        (Receiver::connection_lost, "SenderDisconnected"),
        (Receiver::timed_out, "Timeout"),
        (Receiver::shut_down, "DroppedSession"),
    ];
    for (end, reason) in ends {
        let mut session = greeted().quietly("STARTTLS\nNOOP\n");
        end(&mut session.receiver);
        let trace = session.drain().take();
        assert_eq!(trace.last(), Some(&format!("OnDisconnect {reason}")));
        assert!(!trace.iter().any(|line| line.starts_with('<')), "{trace:?}");
        assert!(session.receiver.is_over());
    }
}

#[test]
fn where_tls_comes_first_the_connection_is_seen_before_it_and_the_banner_stands_inside() {
    let trace = Trace::default();
    let agents: Vec<Box<dyn SmtpReceiveAgent>> = vec![Box::new(Tracer(Arc::clone(&trace)))];
    let (local, peer) = (
        "192.0.2.1:465".parse().unwrap(),
        "192.0.2.2:4321".parse().unwrap(),
    );
    let receiver = Receiver::new(Arc::default(), agents, local, peer).behind_tls();
    let mut session = Session { receiver, trace };
    assert_eq!(
        session.drain().take(),
        ["OnConnect 192.0.2.1:465", "starttls"]
    );
    let banner = "< 220 mx.smtpspec.example ESMTP smtpspec";
    assert_eq!(session.secured().take(), [banner]);
    let [_, ehlo] = session.send("EHLO c.example\n").take().try_into().unwrap();
    assert!(!ehlo.contains("STARTTLS"), "{ehlo}");
}

#[test]
fn a_close_notify_ends_the_session_as_a_fin_does() {
    let mut session = greeted().quietly("STARTTLS\n");
    session.secured();
    assert!(!session.receiver.tls_closed());
    assert_eq!(
        session.drain().take(),
        ["close", "OnDisconnect SenderDisconnected"]
    );
}

#[test]
fn a_server_without_starttls_announces_and_serves_none() {
    let config = Config {
        starttls: false,
        ..Config::default()
    };
    let mut session = Session::new(config, vec![]);
    let greeting = session.send("EHLO c.example\n").take().pop().unwrap();
    assert!(!greeting.contains("STARTTLS"), "{greeting}");
    let answer = session.send("STARTTLS\n").take().pop();
    assert_eq!(answer.as_deref(), Some("< 502 5.5.1 not implemented"));
}
