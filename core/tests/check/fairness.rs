//! What looks like a finding and is none: each of these was once blamed on a server that had done nothing wrong, or
//! on the wrong rule.

use crate::{
    GREETED, OPEN, QUIT, conforms, found, rules_of,
    trace::{hello, transcript},
};
use smtpspec_core::{
    check::{Level, check},
    event::{EventKind, HandlerAction, HandlerRule, HandlerScript},
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

#[test]
fn a_refusal_of_what_was_cut_off_answers_it() {
    let message = format!(
        "{GREETED}{OPEN}
        C! Subject: half a mes
        half-close
        S: 451 incomplete
        E: OnDisconnect Lost
        server-close"
    );
    conforms(&message);
    let line = format!(
        "{GREETED}
        C! MAIL FROM:<half
        half-close
        S: 501 what
        E: OnDisconnect Lost
        server-close"
    );
    conforms(&line);
    assert_eq!(rules_of(&[&line.replace("501", "250")]), ["CON-8"]);
    let quit = line
        .replace("MAIL FROM:<half", "QUIT")
        .replace("501", "221")
        .replace("Lost", "Quit");
    assert_eq!(rules_of(&[&quit]), ["CON-8", "CON-8"]);
}

/// A recipient that was taken in between shows that the refused EHLO had left the transaction open.
#[test]
fn what_was_refused_is_not_blamed_once_the_state_was_seen_to_be_as_before() {
    let ladder = format!(
        "{GREETED}
        C: MAIL FROM:<a@example.org>
        E: OnMailCommand a@example.org
        S: 250 ok
        C: EHLO b.example.org
        E: OnReject
        S: 550 no
        C: RCPT TO:<b@example.org>
        E: OnRcptCommand b@example.org
        S: 250 ok
        C: MAIL FROM:<c@example.org>
        E: OnMailCommand c@example.org
        S: 250 ok{QUIT}"
    );
    assert_eq!(rules_of(&[&ladder]), ["ORD-6"]);
}

/// A handler's drop may be told of by another refusal than 421, and the client leave before it sees the close.
#[test]
fn a_handler_that_dropped_when_the_client_left_has_dropped() {
    // Which of the two left first is a race, and no reason for another verdict: it closes without a 421.
    for (reason, expected) in [("Dropped", ["WIR-18"]), ("Errors", ["SES-3"])] {
        let ladder = format!(
            "{GREETED}
            C: MAIL FROM:<a@example.org>
            E: OnMailCommand a@example.org
            E: OnReject
            S: 550 no
            FIN
            E: OnDisconnect {reason}"
        );
        let mut run = transcript(Some(hello()), &[&ladder]);
        run.sessions[0].open.handlers = HandlerScript {
            rules: vec![HandlerRule {
                event: EventKind::OnMailCommand,
                nth: 1,
                action: HandlerAction::Drop,
            }],
        };
        let rules: Vec<_> = crate::of_the_model(&check(&run))
            .map(|found| found.rule)
            .collect();
        assert_eq!(rules, expected);
    }
}

#[test]
fn a_quoted_path_that_cannot_be_read_is_not_a_matter_of_sequence() {
    let ladder = format!(
        "{GREETED}
        C: RCPT TO:<\"a>b\"@example.org>
        E: OnReject
        S: 500 what{QUIT}"
    );
    conforms(&ladder);
}

#[test]
fn a_long_line_is_not_refused_for_its_length_where_a_short_one_was_as_well() {
    let noop = |argument: &str| format!("\nC: NOOP {argument}\nE: OnReject\nS: 500 what");
    let long = noop(&"n".repeat(400));
    conforms(&format!("{GREETED}{long}{QUIT}"));
    let both = format!("{GREETED}{}{long}{QUIT}", noop("n"));
    assert_eq!(rules_of(&[&both]), ["WIR-20", "WIR-20"]);
}

/// Seen before the sequence is checked, it is seen as well where the client did not wait for the 503.
#[test]
fn an_event_before_the_sequence_check_needs_no_answer() {
    let ladder = format!(
        "{GREETED}
        C: DATA
        FIN
        E: OnDataCommand
        E: OnDisconnect Lost"
    );
    let mut hello = hello();
    hello.semantics.before_sequence_check = vec![EventKind::OnDataCommand];
    let run = check(&transcript(Some(hello), &[&ladder]));
    assert_eq!(
        crate::of_the_model(&run).map(|found| found.rule).next(),
        None
    );
    assert_eq!(rules_of(&[&ladder]), ["ORD-3"]);
}

#[test]
fn a_server_that_wants_no_greeting_is_only_not_strict() {
    let ladder = "
        E: OnConnect
        S: 220 hi
        C: EHLO
        E: OnReject
        S: 501 a domain is wanted
        C: MAIL FROM:<a@example.org>
        E: OnMailCommand a@example.org
        S: 250 ok
        C: RSET
        E: OnRsetCommand
        S: 250 ok
        C: MAIL FROM:<a@example.org>
        E: OnMailCommand a@example.org
        S: 250 ok
        FIN
        E: OnDisconnect Lost";
    let run = check(&transcript(Some(hello()), &[ladder]));
    let levels: Vec<_> = crate::of_the_model(&run)
        .map(|f| (f.rule, f.level))
        .collect();
    assert_eq!(levels, [("ORD-1", Level::Should)]);
}

#[test]
fn a_farewell_that_nobody_asked_for_is_a_close_that_is_not_allowed() {
    for line in ["POST / HTTP/1.1", "NOOP"] {
        let ladder = format!(
            "{GREETED}
            C: {line}
            E: OnReject
            S: 221 I can break rules, too
            server-close
            E: OnDisconnect Dropped"
        );
        assert_eq!(rules_of(&[&ladder]), ["WIR-18"]);
    }
}

/// The 421 was on its way when the client reset.
#[test]
fn a_drop_that_nobody_could_read_may_have_been_announced() {
    let ladder = format!(
        "{GREETED}
        C: MAIL FROM:<a@example.org>
        RST
        E: OnMailCommand a@example.org
        E: OnDisconnect Dropped"
    );
    let mut run = transcript(Some(hello()), &[&ladder]);
    run.sessions[0].open.handlers.rules.push(HandlerRule {
        event: EventKind::OnMailCommand,
        nth: 1,
        action: HandlerAction::Drop,
    });
    assert_eq!(found(&check(&run)), []);
}

#[test]
fn a_farewell_to_an_unknown_command_is_not_that_of_the_quit_behind_it() {
    let ladder = format!(
        "{GREETED}
        C! POST / HTTP/1.1\\r\\nQUIT\\r\\n
        E: OnReject
        S: 221 I can break rules, too
        server-close
        E: OnDisconnect Dropped"
    );
    assert_eq!(rules_of(&[&ladder]), ["WIR-18"]);
}

#[test]
fn behind_a_chunk_that_was_taken_the_session_goes_on() {
    conforms(&format!(
        "{GREETED}
        C: MAIL FROM:<a@example.org>
        E: OnMailCommand a@example.org
        S: 250 ok
        C: RCPT TO:<b@example.org>
        E: OnRcptCommand b@example.org
        S: 250 ok
        C: BDAT 0 LAST
        E: OnDataCommand
        E: OnEndOfHeaders
        E: OnEndOfData
        S: 250 0 octets
        C: NOOP
        E: OnNoopCommand
        S: 250 ok
        FIN
        E: OnDisconnect Lost"
    ));
}

#[test]
fn a_message_that_was_refused_before_any_of_it_was_shown_owes_no_event() {
    let mut milter = hello();
    milter.semantics.late_end_of_headers = true;
    let ladder = format!(
        "{GREETED}{OPEN}
        C: Subject: hi
        C:
        C: far too much
        C: .
        E: OnReject
        S: 552 too much{QUIT}"
    );
    let run = check(&transcript(Some(milter), &[&ladder]));
    assert_eq!(found(&run), []);
    assert_eq!(rules_of(&[&ladder]), ["ORD-4"]);
}

#[test]
fn a_client_whose_greeting_was_refused_may_be_turned_away() {
    let mail = "C: MAIL FROM:<a@example.org>
        E: OnReject
        S: 550 command rejected";
    let turned_away = |greeting: &str| {
        format!(
            "E: OnConnect
            S: 220 hi
            {greeting}
            {mail}{QUIT}"
        )
    };
    conforms(&turned_away(
        "C: EHLO a.example.org\nE: OnReject\nS: 554 speak when you are spoken to",
    ));
    assert_eq!(rules_of(&[&turned_away("")]), ["WIR-5"]);
}

#[test]
fn half_a_line_that_is_accepted_breaks_con_8() {
    for (half, reply) in [("NOOP", "250 ok"), ("QUIT", "221 bye")] {
        let ladder = format!(
            "{GREETED}\nC! {half}\nhalf-close\nS: {reply}\nserver-close\nE: OnDisconnect Lost"
        );
        assert_eq!(rules_of(&[&ladder]), ["CON-8"]);
    }
    // Too long as it is.
    conforms(&format!(
        "{GREETED}\nC! {}\nS: 421 too long\nserver-close\nE: OnDisconnect Dropped",
        "x".repeat(600)
    ));
}

#[test]
fn a_chunk_that_was_refused_may_have_ended_the_transaction() {
    for (code, event) in [
        (250, "E: OnMailCommand c@example.org"),
        (503, "E: OnReject"),
    ] {
        conforms(&format!(
            "{GREETED}
            C: MAIL FROM:<a@example.org>
            E: OnMailCommand a@example.org
            S: 250 ok
            C: BDAT 0 LAST
            E: OnReject
            S: 554 no valid recipients
            C: MAIL FROM:<c@example.org>
            {event}
            S: {code} well{QUIT}"
        ));
    }
}

#[test]
fn a_server_may_drop_a_message_within_its_header_section() {
    conforms(&format!(
        "{GREETED}{OPEN}
        C! Subject: x\\r\\n.\\nTo: <b@example.org>\\r\\n\\r\\n.\\r\\n
        S: 421 no bare LF, please
        server-close
        E: OnDisconnect Dropped"
    ));
}

#[test]
fn a_quoted_path_that_cannot_be_read_says_nothing_of_the_parameters_behind_it() {
    let ladder = format!(
        "{GREETED}
        C: MAIL FROM:<\"a b\"@example.org> SIZE=1000
        E: OnReject
        S: 501 what{QUIT}"
    )
    .replace(
        "S: 250 mail.example.org",
        "S: 250-mail.example.org\n    S: 250 SIZE 9999",
    );
    conforms(&ladder);
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
