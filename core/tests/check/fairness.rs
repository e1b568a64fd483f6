//! What looks like a finding and is none: each of these was once blamed on a server that had done nothing wrong, or
//! on the wrong rule.

use smtpspec_core::{
    check::check,
    event::{EventKind, HandlerAction, HandlerRule},
};

use crate::{
    GREETED, OPEN, QUIT, conforms, rules_of,
    trace::{hello, transcript},
};

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

#[test]
fn a_client_that_leaves_while_its_handler_drops_may_be_told_of_as_dropped() {
    let ladder = "
        E: OnConnect
        S: 220 hi
        C: EHLO a.example.org
        E: OnEhloCommand a.example.org
        E: OnReject
        S: 450 dropped
        FIN
        E: OnDisconnect Dropped";
    let drop = HandlerRule {
        event: EventKind::OnEhloCommand,
        nth: 1,
        action: HandlerAction::Drop,
    };
    let mut run = transcript(Some(hello()), &[ladder]);
    run.sessions[0].open.handlers.rules.push(drop);
    let broken = check(&run)
        .rules
        .into_iter()
        .filter(|rule| rule.rule.id == "SES-3");
    assert!(broken.flat_map(|rule| rule.findings).next().is_none());
}

#[test]
fn a_client_that_leaves_in_an_endless_line_may_have_been_dropped_for_it() {
    let line = "x".repeat(600);
    conforms(&format!(
        "{GREETED}\nC! NOOP {line}\nFIN\nE: OnDisconnect Dropped"
    ));
}

#[test]
fn a_client_that_resets_at_once_may_be_unknown_to_all_but_on_disconnect() {
    conforms("RST\nE: OnDisconnect Lost");
    assert_eq!(rules_of(&["FIN\nE: OnDisconnect Lost"]), ["SES-1"]);
}

#[test]
fn the_421_of_a_time_out_is_no_answer_to_the_command_before_it() {
    let waits = |text: &str| {
        format!(
            "{GREETED}
            C: MAIL FROM:<a@example.org>
            wait 2000
            S: 421 {text}
            server-close
            E: OnDisconnect Dropped"
        )
    };
    assert_eq!(rules_of(&[&waits("timeout")]), ["WIR-2"]);
    conforms(&waits("shutting down"));
}

#[test]
fn a_dot_that_is_kept_makes_no_end_of_what_it_begins() {
    // The content that was handed on is longer than all that stands before the look-alike.
    let ladder = format!(
        "{GREETED}{OPEN}
        C! .\\0\\r\\n.\\r\\n
        E: OnEndOfHeaders
        E: OnEndOfData .\\0\\r\\n
        S: 250 queued{QUIT}"
    );
    assert_eq!(rules_of(&[&ladder]), ["CON-3"]);
}

#[test]
fn a_second_mail_that_is_taken_behind_a_refused_one_is_a_second_mail() {
    let ladder = format!(
        "{GREETED}
        C: MAIL FROM:<a@example.org>
        E: OnMailCommand a@example.org
        S: 250 ok
        C: MAIL FROM:<b@example.org> SIZE=
        E: OnReject
        S: 501 what
        C: MAIL FROM:<c@example.org>
        E: OnMailCommand c@example.org
        S: 250 ok{QUIT}"
    );
    assert_eq!(rules_of(&[&ladder]), ["ORD-6"]);
}

#[test]
fn a_server_that_takes_a_bare_lf_and_a_second_mail_does_just_that() {
    let ladder = format!(
        "{GREETED}
        C! NOOP\\nMAIL FROM:<early@example.org>\\r\\n
        E: OnNoopCommand
        E: OnMailCommand early@example.org
        S: 250 ok
        C: MAIL FROM:<late@example.org>
        S: 250 ok
        E: OnMailCommand late@example.org
        S: 250 ok{QUIT}"
    );
    assert_eq!(rules_of(&[&ladder]), ["ORD-6", "WIR-19"]);
}

#[test]
fn a_refusal_within_a_message_with_which_the_server_leaves_is_one_fault() {
    let ladder = format!(
        "{GREETED}{OPEN}
        C! bare\\n
        S: 451 no bare LF
        server-close
        E: OnDisconnect Dropped"
    );
    assert_eq!(rules_of(&[&ladder]), ["WIR-18"]);
}
