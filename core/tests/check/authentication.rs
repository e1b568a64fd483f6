//! Authentication: what conforms, and which rule what does not conform breaks.

use smtpspec_core::check::{Level, check};

use crate::{
    QUIT, breaks, conforms,
    trace::{hello, transcript},
};

/// A greeting that announces AUTH.
const OFFERED: &str = "
    E: OnConnect
    S: 220 mail.example.org
    C: EHLO a.example.org
    E: OnEhloCommand a.example.org
    S! 250-mail.example.org\\r\\n250-PIPELINING\\r\\n250 AUTH PLAIN LOGIN\\r\\n";

const IN: &str = "
    C: AUTH PLAIN AGEAYg==
    E: OnAuthCommand PLAIN
    E: OnEndOfAuthentication PLAIN Success
    S: 235 welcome";

const CHALLENGED: &str = "
    C: AUTH PLAIN
    E: OnAuthCommand PLAIN
    S! 334 \\r\\n";

#[test]
fn exchanges_that_succeed_fail_and_are_cancelled_conform() {
    conforms(&format!("{OFFERED}{IN}{QUIT}"));
    conforms(&format!(
        "{OFFERED}
        C: AUTH LOGIN
        E: OnAuthCommand LOGIN
        S: 334 VXNlcm5hbWU6
        C: YQ==
        S: 334 UGFzc3dvcmQ6
        C: Yg==
        E: OnEndOfAuthentication LOGIN Failure
        E: OnReject 535 no
        S: 535 no{CHALLENGED}
        C: *
        E: OnReject 501 very well
        S: 501 very well{IN}{QUIT}"
    ));
}

/// What a server may do in more ways than one.
#[test]
fn a_garbled_response_may_be_told_of_as_a_failure_and_a_cancel_may_not() {
    let ended = |response: &str, code: &str| {
        format!(
            "{OFFERED}{CHALLENGED}
            C: {response}
            E: OnEndOfAuthentication PLAIN Failure
            E: OnReject {code} no
            S: {code} no{QUIT}"
        )
    };
    conforms(&ended("not base64", "501"));
    breaks("ORD-8", &ended("*", "501"));
}

#[test]
fn commands_behind_an_authentication_are_commands() {
    conforms(&format!(
        "{OFFERED}
        C! AUTH PLAIN AGEAYg==\\r\\nNOOP\\r\\n
        E: OnAuthCommand PLAIN
        E: OnEndOfAuthentication PLAIN Success
        S: 235 welcome
        E: OnNoopCommand
        S: 250 ok{QUIT}"
    ));
}

#[test]
fn an_exchange_that_nobody_saw_answered_may_have_gone_any_way() {
    let sent = "C! AUTH LOGIN\\r\\nYQ==\\r\\nYg==\\r\\nRSET\\r\\n\nRST";
    for events in [
        "",
        "E: OnAuthCommand LOGIN",
        "E: OnAuthCommand LOGIN\nE: OnEndOfAuthentication LOGIN Success\nE: OnRsetCommand",
        "E: OnAuthCommand LOGIN\nE: OnEndOfAuthentication LOGIN Failure\nE: OnReject\nE: OnRsetCommand",
        "E: OnReject\nE: OnReject\nE: OnReject\nE: OnRsetCommand",
    ] {
        conforms(&format!(
            "{OFFERED}\n{sent}\n{events}\nE: OnDisconnect Lost"
        ));
    }
}

#[test]
fn who_leaves_within_an_exchange_has_not_ended_it() {
    let left = |rest: &str, event: &str| {
        format!("{OFFERED}{CHALLENGED}\n{rest}\nFIN\n{event}\nE: OnDisconnect Lost")
    };
    conforms(&left("", ""));
    conforms(&left("C! AGEA", ""));
    let ended = "E: OnEndOfAuthentication PLAIN Failure";
    breaks("ORD-8", &left("", ended));
    breaks("CON-8", &left("C! AGEAYg==", ended));
}

#[test]
fn an_outcome_is_told_once_and_as_the_client_was_told() {
    let refused = |event: &str| {
        format!(
            "{OFFERED}
            C: AUTH PLAIN AGEAYg==
            E: OnAuthCommand PLAIN
            {event}
            E: OnReject 535 no
            S: 535 no{QUIT}"
        )
    };
    breaks("ORD-8", &refused(""));
    breaks("ORD-8", &refused("E: OnEndOfAuthentication PLAIN Success"));
    breaks("CON-7", &refused("E: OnEndOfAuthentication LOGIN Failure"));
    let twice = "E: OnEndOfAuthentication PLAIN Failure\nE: OnEndOfAuthentication PLAIN Failure";
    breaks("ORD-8", &refused(twice));
}

#[test]
fn a_command_in_place_of_a_response_is_none() {
    breaks(
        "AUT-13",
        &format!(
            "{OFFERED}{CHALLENGED}
            C: NOOP
            S: 250 ok{QUIT}"
        ),
    );
    breaks(
        "AUT-13",
        &format!(
            "{OFFERED}{CHALLENGED}
            C: RSET
            E: OnRsetCommand
            E: OnEndOfAuthentication PLAIN Failure
            E: OnReject 535 no
            S: 535 no{QUIT}"
        ),
    );
}

#[test]
fn auth_out_of_sequence_may_be_refused_for_what_is_wrong_with_it_anyway() {
    let answered = |line: &str, code: &str| {
        format!(
            "{OFFERED}
            C: MAIL FROM:<a@example.org>
            E: OnMailCommand a@example.org
            S: 250 ok
            C: {line}
            E: OnReject
            S: {code} no{QUIT}"
        )
    };
    conforms(&answered("AUTH PLAIN", "503"));
    conforms(&answered("AUTH X", "504"));
    conforms(&answered("AUTH PLAIN !", "501"));
    breaks("AUT-3", &answered("AUTH PLAIN", "502"));
    breaks("AUT-3", &answered("AUTH PLAIN", "504"));
}

#[test]
fn a_server_that_announces_no_auth_may_refuse_it_as_it_likes() {
    for code in ["500", "502", "503", "504", "535"] {
        conforms(&format!(
            "E: OnConnect
            S: 220 mail.example.org
            C: AUTH PLAIN
            E: OnReject
            S: {code} no
            C: EHLO a.example.org
            E: OnEhloCommand a.example.org
            S: 250 mail.example.org
            C: AUTH PLAIN !
            E: OnReject
            S: {code} no{QUIT}"
        ));
    }
}

#[test]
fn policy_may_want_an_authentication_first_and_not_once_it_has_come() {
    let mail = |before: &str| {
        format!(
            "{OFFERED}{before}
            C: MAIL FROM:<>
            E: OnReject
            S: 530 who are you{QUIT}"
        )
    };
    conforms(&mail(""));
    breaks("WIR-15", &mail(IN));
}

#[test]
fn a_challenge_is_base64() {
    for challenge in ["334 Username:", "334 *"] {
        let text = format!(
            "{OFFERED}
            C: AUTH LOGIN
            E: OnAuthCommand LOGIN
            S: {challenge}
            C: *
            E: OnReject 501 very well
            S: 501 very well{QUIT}"
        );
        breaks("AUT-7", &text);
    }
}

#[test]
fn what_is_no_base64_at_all_is_worse_than_padding_that_is_missing() {
    let answered = |response: &str| {
        let text = format!(
            "{OFFERED}{CHALLENGED}
            C: {response}
            E: OnEndOfAuthentication PLAIN Failure
            E: OnReject 535 no
            S: 535 no{QUIT}"
        );
        let run = check(&transcript(Some(hello()), &[&text]));
        let found = run.findings().map(|found| (found.rule, found.level));
        let of_auth = found.filter(|(rule, _)| rule.starts_with("AUT"));
        of_auth.collect::<Vec<_>>()
    };
    assert_eq!(answered("AGEAYg"), [("AUT-9", Level::Should)]);
    assert_eq!(answered("AGE AYg=="), [("AUT-9", Level::Must)]);
}

/// RFC 4422 has upper case only, RFC 5321 minds none.
#[test]
fn an_announced_mechanism_that_is_not_known_in_lower_case_is_not_strict() {
    for (mechanism, level) in [("PLAIN", Level::Must), ("plain", Level::Should)] {
        let ladder = format!(
            "{OFFERED}
            C: AUTH {mechanism}
            E: OnReject 504 what
            S: 504 what{QUIT}"
        );
        let run = check(&transcript(Some(hello()), &[&ladder]));
        let found = run.findings().find(|found| found.rule == "AUT-5");
        assert_eq!(found.map(|found| found.level), Some(level), "{mechanism}");
    }
}
