//! What looks like a finding and is none: each of these was once blamed on a server that had done nothing wrong, or
//! on the wrong rule.

use crate::{GREETED, OPEN, QUIT, conforms, rules_of};

#[test]
fn a_client_that_leaves_at_the_error_limit_may_be_told_of_either_way() {
    for reason in ["Errors", "Lost"] {
        conforms(&format!(
            "{GREETED}
            C! A\\r\\nB\\r\\nC\\r\\n
            E: OnReject
            E: OnReject
            E: OnReject
            S: 500 what
            S: 500 what
            S: 500 what
            FIN
            E: OnDisconnect {reason}"
        ));
    }
}

#[test]
fn a_client_that_leaves_behind_a_pipelined_quit_may_be_told_of_either_way() {
    for reason in ["Quit", "Lost"] {
        conforms(&format!(
            "{GREETED}
            C! QUIT\\r\\nMAIL FROM:<late@example.org>\\r\\nRCPT TO:<l
            FIN
            E: OnDisconnect {reason}"
        ));
    }
}

#[test]
fn a_client_that_gave_up_before_the_421_did_not_wait_for_the_close_behind_it() {
    conforms(
        "gave-up
        E: OnConnect
        S: 421 dropping the session
        E: OnDisconnect Dropped",
    );
    let waited = "E: OnConnect\nS: 421 dropping the session\ngave-up\nE: OnDisconnect Dropped";
    assert_eq!(rules_of(&[waited]), ["WIR-8"]);
}

#[test]
fn a_malformed_line_that_is_taken_is_loose_and_its_event_no_riddle() {
    let ladder = format!("{GREETED}\nC! NOOP\\r\\r\\n\nE: OnNoopCommand\nS: 250 ok{QUIT}");
    assert_eq!(rules_of(&[&ladder]), ["WIR-6"]);
}

#[test]
fn a_malformed_line_whose_reply_nobody_read_may_have_been_taken() {
    conforms(&format!(
        "{GREETED}\nC! NOOP \\0\\r\\n\nFIN\nE: OnNoopCommand\nE: OnDisconnect Lost"
    ));
}

#[test]
fn an_odd_code_before_a_refusal_is_no_trading_of_places() {
    let ladder = format!(
        "{GREETED}
        C! HELP\\r\\nRCPT TO:<b@example.org>\\r\\n
        E: OnHelpCommand
        E: OnReject
        S: 250 help yourself
        S: 503 no{QUIT}"
    );
    assert_eq!(rules_of(&[&ladder]), ["WIR-4"]);
}

#[test]
fn a_parameter_that_a_handler_refused_was_understood() {
    let mail = |event: &str| {
        format!(
            "E: OnConnect
            S: 220 hi
            C: EHLO a.example.org
            E: OnEhloCommand a.example.org
            S! 250-hi\\r\\n250 SIZE 1000\\r\\n
            C: MAIL FROM:<a@example.org> SIZE=10
            {event}
            E: OnReject
            S: 500 the handler failed{QUIT}"
        )
    };
    conforms(&mail("E: OnMailCommand a@example.org"));
    assert!(rules_of(&[&mail("")]).contains(&"WIR-14"));
}

#[test]
fn a_parameter_that_stands_there_twice_may_be_refused() {
    let mail = |parameters: &str| {
        format!(
            "E: OnConnect
            S: 220 hi
            C: EHLO a.example.org
            E: OnEhloCommand a.example.org
            S! 250-hi\\r\\n250 SIZE 1000\\r\\n
            C: MAIL FROM:<a@example.org>{parameters}
            E: OnReject
            S: 501 no{QUIT}"
        )
    };
    conforms(&mail(" SIZE=10 size=10"));
    assert!(rules_of(&[&mail(" SIZE=10")]).contains(&"WIR-14"));
}

#[test]
fn vrfy_of_what_is_no_mailbox_may_be_refused_in_any_way() {
    let vrfy = |who: &str| format!("{GREETED}\nC: VRFY {who}\nE: OnReject\nS: 502 cannot{QUIT}");
    conforms(&vrfy("@"));
    assert_eq!(rules_of(&[&vrfy("b@example.org")]), ["WIR-20"]);
}

/// Read as if LF . LF had ended the message, the replies would seem out of order, and that would be one finding in
/// place of two: a smaller riddle, but another one.
#[test]
fn a_look_alike_is_not_blamed_for_what_it_does_not_explain() {
    let ladder = format!(
        "{GREETED}{OPEN}
        C! x\\n.\\nA\\r\\n.\\r\\nHELP\\r\\nNOOP\\r\\nNOOP\\r\\nHELP\\r\\n
        E: OnEndOfHeaders
        E: OnEndOfData
        S: 250 queued
        E: OnHelpCommand
        S: 220 what
        E: OnNoopCommand
        S: 220 what
        E: OnNoopCommand
        S: 250 ok
        E: OnHelpCommand
        S: 214 help yourself{QUIT}"
    );
    assert_eq!(rules_of(&[&ladder]), ["WIR-4", "WIR-4"]);
}
