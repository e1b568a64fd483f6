//! What is evidence for one reading and what is not: where a finding could be told in two ways, the right one is chosen.

use crate::{GREETED, OPEN, QUIT, breaks, rules_of};

/// The commands behind the look-alike are refused by the very replies of those behind the true end.
#[test]
fn refusals_alone_are_no_evidence_that_a_look_alike_ended_a_message() {
    let ladder = format!(
        "{GREETED}{OPEN}
        C! Subject: x\\r\\n\\r\\nx\\r.\\r\\r\\nMAIL FROM:<c@example.org>\\r\\n.\\r\\n
        E: OnEndOfHeaders
        E: OnEndOfData x
        S: 250 queued
        C: NOOP n
        E: OnReject
        S: 500 no arguments
        C! MAIL FROM:<>\\r x\\r\\n
        E: OnMailCommand
        E: OnReject
        S: 503 no{QUIT}"
    );
    let found = rules_of(&[&ladder]);
    assert!(!found.contains(&"CON-2"), "{found:?}");
    assert!(found.contains(&"REJ-1"), "{found:?}");
}

/// The server went on reading behind a refusal, and left over something else.
#[test]
fn a_refusal_before_the_server_left_is_no_421() {
    let ladder = format!(
        "{GREETED}
        C: EXPN a
        E: OnReject
        S: 502 no EXPN
        C: RSET
        E: OnRsetCommand
        server-close
        E: OnDisconnect Dropped"
    );
    breaks("WIR-18", &ladder);
}

/// But for its case the argument is that of a command which nobody saw accepted.
#[test]
fn the_event_of_an_unanswered_command_is_known_in_another_case_too() {
    let ladder = format!(
        "{GREETED}
        C: MAIL FROM:<a@example.org>
        E: OnMailCommand a@example.org
        S: 250 ok
        C: RCPT TO:<Postmaster>
        FIN
        E: OnRcptCommand postmaster
        E: OnDisconnect Lost"
    );
    breaks("CON-7", &ladder);
}

/// A bare LF explains why there is one reply more than lines, though EHLO is then repeated, which this server refuses
/// as it has before.
#[test]
fn what_a_server_is_known_to_do_does_not_speak_against_a_reading() {
    let usual = format!(
        "{GREETED}
        C: EHLO a.example.org
        E: OnReject
        S: 503 again{QUIT}"
    );
    let bare = "
        E: OnConnect
        S: 220 mail.example.org
        C! ehlo a.example.org\\n
        E: OnEhloCommand a.example.org
        S: 250 mail.example.org
        C: EHLO a.example.org
        E: OnReject
        S: 503 again
        C: HELO a.example.org
        E: OnReject
        S: 503 again";
    assert_eq!(
        rules_of(&[&usual, &format!("{bare}{QUIT}")]),
        ["WIR-5", "WIR-5", "WIR-5", "WIR-19"]
    );
}
