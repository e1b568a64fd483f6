//! What looks like a finding and is none: each of these was once blamed on a server that had done nothing wrong, or
//! on the wrong rule.

use smtpspec_core::{
    check::{Level, check},
    event::{EventKind, HandlerAction, HandlerRule, Hello, Semantics},
};

use crate::{
    GREETED, OPEN, QUIT, conforms, found, rules_of,
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
    let levels: Vec<_> = run.findings().map(|f| (f.rule, f.level)).collect();
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

#[test]
fn behind_an_extension_that_was_taken_nothing_is_a_riddle() {
    conforms(&format!(
        "{GREETED}
        C: BDAT 0 LAST
        E: OnDataCommand
        E: OnEndOfHeaders
        E: OnEndOfData 0 e3b0
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
fn commands_behind_a_lenient_end_of_data_may_be_loose_themselves() {
    for (end, rules) in [
        (
            ".\\n\\rMAIL FROM:<c@example.org>\\r\\n",
            vec!["WIR-6", "CON-2"],
        ),
        (
            "\\n.\\r\\n\\nMAIL FROM:<c@example.org>\\r\\n",
            vec!["CON-2", "WIR-19"],
        ),
    ] {
        let empty = if rules.contains(&"WIR-19") {
            "E: OnReject\nS: 500 what"
        } else {
            ""
        };
        let ladder = format!(
            "{GREETED}{OPEN}
            C: Subject: hi
            C:
            C! {end}.\\r\\n
            E: OnEndOfHeaders
            E: OnEndOfData
            S: 250 taken
            {empty}
            E: OnMailCommand c@example.org
            S: 250 ok
            E: OnReject
            S: 500 what
            {QUIT}"
        );
        let mut rules_found = rules_of(&[&ladder]);
        rules_found.sort_unstable();
        let mut rules = rules;
        rules.sort_unstable();
        assert_eq!(rules_found, rules, "{end}");
    }
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
fn half_a_line_that_is_answered_breaks_con_8() {
    for (half, reply) in [("NOO", "500 what"), ("QUIT", "221 bye")] {
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

/// A hello with other semantics.
fn declaring(change: impl FnOnce(&mut Semantics)) -> Hello {
    let mut hello = hello();
    change(&mut hello.semantics);
    hello
}

fn rules_with(hello: Hello, handler: Option<HandlerRule>, ladder: &str) -> Vec<&'static str> {
    let mut transcript = transcript(Some(hello), &[ladder]);
    transcript.sessions[0].open.handlers.rules.extend(handler);
    let run = check(&transcript);
    found(&run).into_iter().map(|(rule, _)| rule).collect()
}

#[test]
fn agents_that_have_refused_a_session_need_not_be_told_of_the_rest() {
    let reject = |event| HandlerRule {
        event,
        nth: 1,
        action: HandlerAction::Reject("550 5.7.1 no".into()),
    };
    let ladder = "
        E: OnConnect
        S: 220 hi
        C: EHLO a.example.org
        E: OnEhloCommand a.example.org
        S: 250 hi
        C: EHLO a.example.org
        S: 250 hi
        FIN
        E: OnDisconnect Lost";
    let silent =
        declaring(|semantics| semantics.silent_once_refused = vec![EventKind::OnEhloCommand]);
    let refused = reject(EventKind::OnEhloCommand);
    assert_eq!(
        rules_with(silent.clone(), Some(refused.clone()), ladder),
        [""; 0]
    );
    assert_eq!(rules_with(silent, None, ladder), ["ORD-11"]);
    assert_eq!(rules_with(hello(), Some(refused), ladder), ["ORD-11"]);
}

#[test]
fn a_server_that_makes_clients_wait_is_not_held_to_the_limits() {
    let ladder = format!("{GREETED}\nC: EHLO a.example.org\ngave-up");
    let slow = |from| {
        declaring(|semantics| {
            semantics.slow_from.insert(EventKind::OnEhloCommand, from);
        })
    };
    assert_eq!(rules_with(slow(2), None, &ladder), [""; 0]);
    assert_eq!(rules_with(slow(3), None, &ladder), ["SES-2", "WIR-2"]);
}

#[test]
fn a_blank_line_that_the_server_supplies_is_none_of_the_content() {
    let ladder = format!(
        "{GREETED}{OPEN}
        C: no field
        C: .
        E: OnEndOfHeaders
        E: OnEndOfData \\r\\nno field\\r\\n
        S: 250 taken{QUIT}"
    );
    let supplied = declaring(|semantics| semantics.blank_line_supplied = true);
    assert_eq!(rules_with(supplied, None, &ladder), [""; 0]);
    assert_eq!(rules_with(hello(), None, &ladder), ["CON-3"]);
}
