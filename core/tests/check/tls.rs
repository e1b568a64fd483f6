//! STARTTLS in traces written by hand.

use super::{GREETED, breaks, conforms, rules_of};
use pretty_assertions::assert_eq;

const IN_CLEAR: &str = "
    E: OnConnect
    S: 220 mail.example.org
    C: EHLO a.example.org
    E: OnEhloCommand a.example.org
    S! 250-mail.example.org\\r\\n250 STARTTLS\\r\\n";

const INSIDE: &str = "
    C: STARTTLS
    S: 220 go
    tls TLSv1.3";

const AGAIN: &str = "
    C: EHLO a.example.org
    E: OnEhloCommand a.example.org
    S: 250 mail.example.org";

const LEFT: &str = "
    FIN
    E: OnDisconnect Lost";

/// STARTTLS and a NOOP in one segment, and what came of it.
fn injected(outcome: &str) -> String {
    format!("{IN_CLEAR}\nC! STARTTLS\\r\\nNOOP\\r\\n\nS: 220 go\n{outcome}")
}

#[test]
fn what_came_in_clear_may_be_dropped_or_end_the_session() {
    conforms(&injected(&format!("tls TLSv1.3\n{AGAIN}{LEFT}")));
    conforms(&injected(
        "no-tls received fatal alert: UnexpectedMessage
        server-close
        FIN
        E: OnDisconnect Dropped",
    ));
}

#[test]
fn what_came_in_clear_is_acted_on_where_a_reply_or_an_event_shows_it() {
    for acted in ["E: OnNoopCommand", "E: OnNoopCommand\nS: 250 ok"] {
        let ladder = injected(&format!("tls TLSv1.3\n{acted}\n{AGAIN}{LEFT}"));
        assert_eq!(rules_of(&[&ladder]), ["CON-6"], "{acted}");
    }
    breaks(
        "CON-6",
        &format!("{IN_CLEAR}\nC: STARTTLS\nS: 220 go\nC: NOOP\nE: OnNoopCommand\nS: 250 ok{LEFT}"),
    );
}

/// The reply to what was injected is taken for that to the EHLO behind the handshake.
#[test]
fn replies_that_are_one_behind_are_told_by_what_was_injected() {
    let shifted = "
        tls TLSv1.3
        C: EHLO a.example.org
        E: OnNoopCommand
        S: 250 ok
        E: OnEhloCommand a.example.org
        S: 250 mail.example.org";
    breaks("CON-6", &injected(&format!("{shifted}{LEFT}")));
}

#[test]
fn a_server_that_wants_no_greeting_has_nothing_to_forget() {
    let mail = "
        C: MAIL FROM:<a@example.org>
        E: OnMailCommand a@example.org
        S: 250 ok";
    let inside = format!("{IN_CLEAR}{INSIDE}{mail}{LEFT}");
    let greeted = format!("{GREETED}{LEFT}");
    assert_eq!(rules_of(&[&inside, &greeted]), ["TLS-3"]);
    for refused in [
        "",
        "\nC: EHLO a.example.org\nE: OnEhloCommand a.example.org\nE: OnReject\nS: 550 not you",
    ] {
        let ungreeted = format!("E: OnConnect\nS: 220 mail.example.org{refused}{mail}{LEFT}");
        assert!(
            !rules_of(&[&inside, &ungreeted]).contains(&"TLS-3"),
            "{refused}"
        );
    }
}

#[test]
fn the_greeting_and_the_transaction_are_forgotten() {
    let mail = "
        C: MAIL FROM:<a@example.org>
        E: OnMailCommand a@example.org
        S: 250 ok";
    breaks("TLS-3", &format!("{IN_CLEAR}{INSIDE}{mail}{LEFT}"));
    let rcpt = "
        C: RCPT TO:<b@example.org>
        E: OnRcptCommand b@example.org
        S: 250 ok";
    breaks("ORD-7", &format!("{IN_CLEAR}{mail}{INSIDE}{rcpt}{LEFT}"));
}

#[test]
fn a_server_that_wants_no_greeting_shows_nothing_by_taking_mail_without() {
    let mail = "
        C: MAIL FROM:<a@example.org>
        E: OnMailCommand a@example.org
        S: 250 ok";
    let ungreeted = format!("E: OnConnect\nS: 220 mail.example.org{mail}{LEFT}");
    let inside = format!("{IN_CLEAR}{INSIDE}{mail}{LEFT}");
    assert_eq!(rules_of(&[&ungreeted, &inside]), ["ORD-1", "ORD-1"]);
}

#[test]
fn starttls_is_offered_and_taken_once() {
    let again = "
        C: EHLO a.example.org
        E: OnEhloCommand a.example.org
        S! 250-mail.example.org\\r\\n250 STARTTLS\\r\\n";
    breaks("TLS-4", &format!("{IN_CLEAR}{INSIDE}{again}{LEFT}"));
    let twice = "
        C: STARTTLS
        S: 220 go";
    breaks("TLS-5", &format!("{IN_CLEAR}{INSIDE}{AGAIN}{twice}{LEFT}"));
}

#[test]
fn what_is_announced_is_served_or_put_off() {
    let answered = |command: &str, reply: &str| {
        format!("{IN_CLEAR}\nC: {command}\nE: OnReject {reply}\nS: {reply}{LEFT}")
    };
    conforms(&answered("STARTTLS", "454 4.7.0 not now"));
    breaks("TLS-6", &answered("STARTTLS", "502 5.5.1 not implemented"));
    conforms(&answered("STARTTLS x", "501 5.5.4 no"));
    breaks("TLS-2", &answered("STARTTLS x", "502 5.5.1 no"));
    breaks("TLS-7", &answered("NOOP", "530 5.7.0 STARTTLS first"));
}

#[test]
fn behind_a_220_comes_tls_and_no_second_banner() {
    let starttls = "\nC: STARTTLS\nS: 220 go\n";
    let in_clear =
        format!("{IN_CLEAR}{starttls}no-tls the server went on in clear\nS: 500 what{LEFT}");
    breaks("TLS-1", &in_clear);
    let banner = format!("{IN_CLEAR}{INSIDE}\nS: 220 mail.example.org{AGAIN}{LEFT}");
    breaks("TLS-9", &banner);
    let late = AGAIN.replace("S: 250", "S: 220 mail.example.org\nS: 250");
    breaks("TLS-9", &format!("{IN_CLEAR}{INSIDE}{late}{LEFT}"));
}

#[test]
fn a_handshake_that_comes_to_nothing_needs_one_disconnect() {
    let begun = format!("{IN_CLEAR}\nC: STARTTLS\nS: 220 go");
    conforms(&format!("{begun}{LEFT}"));
    conforms(&format!(
        "{begun}\nsilence\nserver-close\nFIN\nE: OnDisconnect Timeout"
    ));
    breaks(
        "SES-3",
        &format!("{begun}\nsilence\nserver-close\nFIN\nE: OnDisconnect Quit"),
    );
    breaks("SES-2", &format!("{begun}\nFIN"));
    // A TLS alert is no reply.
    conforms(&format!(
        "{begun}\nC: NOOP\nS! \u{15}\u{3}\u{1}\\0\u{2}\u{2}F\nserver-close\nFIN\nE: OnDisconnect Dropped"
    ));
    // Nor is one that comes together with the reply before it.
    conforms(&format!(
        "{IN_CLEAR}\nC! STARTTLS\\r\\nNOOP\\r\\n\nS! 220 go\\r\\n\u{15}\u{3}\u{3}\\0\u{2}\u{2}2\nserver-close\nFIN\nE: OnDisconnect Dropped"
    ));
}

#[test]
fn what_comes_in_clear_behind_a_close_notify_is_not_acted_on() {
    let notified = format!("{IN_CLEAR}{INSIDE}{AGAIN}\nclose-notify\nC: NOOP");
    conforms(&format!(
        "{notified}\nserver-close\nFIN\nE: OnDisconnect Lost"
    ));
    for acted in ["S: 250 ok", "E: OnNoopCommand"] {
        breaks("TLS-8", &format!("{notified}\n{acted}{LEFT}"));
    }
}

#[test]
fn without_a_close_notify_a_message_is_not_whole() {
    let begun = "
        C: MAIL FROM:<a@example.org>
        E: OnMailCommand a@example.org
        S: 250 ok
        C: RCPT TO:<b@example.org>
        E: OnRcptCommand b@example.org
        S: 250 ok
        C: DATA
        E: OnDataCommand
        S: 354 go
        C: x
        truncate";
    let cut = format!("{IN_CLEAR}{INSIDE}{AGAIN}{begun}");
    conforms(&format!("{cut}\nE: OnDisconnect Lost"));
    breaks(
        "CON-1",
        &format!("{cut}\nE: OnEndOfData x\\r\\n\nE: OnDisconnect Lost"),
    );
}

#[test]
fn where_tls_comes_first_the_banner_comes_behind_it() {
    conforms(&format!(
        "E: OnConnect\ntls TLSv1.3\nS: 220 mail.example.org{AGAIN}{LEFT}"
    ));
    breaks(
        "TLS-1",
        "E: OnConnect\nno-tls nothing came within the limit\nFIN\nE: OnDisconnect Lost",
    );
}

#[test]
fn what_is_said_in_clear_inside_tls_is_found_once() {
    breaks(
        "TLS-10",
        &format!(
            "{IN_CLEAR}{INSIDE}{AGAIN}
            silence
            no-tls received corrupt message of type InvalidContentType
            S: 421 mail.example.org timeout
            server-close
            FIN
            E: OnDisconnect Timeout"
        ),
    );
}
