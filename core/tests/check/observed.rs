//! What runs against servers that nobody here wrote have shown: one deviation is laid to its own rule, and what only
//! follows from it is not told again.

use crate::{
    GREETED, OPEN, QUIT, conforms, rules_of, rules_without_reject,
    trace::{hello, hello_without_reject, transcript},
};
use smtpspec_core::{
    check::check,
    event::{EventKind, HandlerAction, HandlerRule},
    transcript::What,
};

/// Haraka, whose second MAIL fires, to a client that has reset before any of it was answered.
#[test]
fn an_event_too_many_leaves_those_behind_it_in_their_places() {
    let ladder = format!(
        "{GREETED}
        C: MAIL FROM:<a@example.org>
        E: OnMailCommand a@example.org
        S: 250 ok
        C! MAIL FROM:<b@example.org>\\r\\nNOOP\\r\\nRCPT TO:<c@example.org>\\r\\nDATA\\r\\n
        RST
        E: OnMailCommand b@example.org
        E: OnNoopCommand
        E: OnRcptCommand c@example.org
        E: OnDataCommand
        E: OnDisconnect Lost"
    );
    assert_eq!(rules_without_reject(&[&ladder]), ["ORD-6"]);
}

/// Python's smtpd, which does not know BDAT.
#[test]
fn a_bdat_that_is_not_known_fires_no_data_of_a_later_message() {
    let bdat = "
        C: BDAT 9
        S: 500 what";
    let (envelope, data) = OPEN.split_at(OPEN.find("C: DATA").unwrap());
    let ladder = format!(
        "{GREETED}{envelope}{}
        {data}
        C! A: b\\r\\n\\r\\n
        E: OnEndOfHeaders
        C: .
        E: OnEndOfData A: b\\r\\n\\r\\n
        S: 250 ok{QUIT}",
        bdat.repeat(9)
    );
    assert_eq!(rules_without_reject(&[&ladder]), ["WIR-2"; 0]);
}

/// Twisted does not know NOOP, and reads a bare LF as a part of the line.
#[test]
fn what_a_server_is_known_to_do_is_not_explained_by_a_line_end_that_it_does_not_take() {
    let known = format!("{GREETED}\nC: NOOP\nE: OnReject\nS: 500 what{QUIT}");
    // With the LF for a line end this would be BOGUS, an empty line, and a NOOP whose reply nobody read.
    let odd = format!(
        "{GREETED}
        C! BOGUS\\n\\r\\nNOOP\\r\\n
        E: OnReject
        E: OnReject
        S: 500 what
        S: 500 what
        FIN
        E: OnDisconnect Lost"
    );
    assert_eq!(rules_of(&[&known, &odd]), ["WIR-20", "WIR-20"]);
    // Where nothing is known of the server, it may have been so.
    assert_eq!(rules_of(&[&odd]), ["WIR-19"]);
}

/// aiosmtpd, which clears the transaction before the handler of HELO refuses it.
#[test]
fn a_503_to_a_line_with_parameters_is_told_by_the_refusal_that_cleared_the_transaction() {
    let refused = "
        C: MAIL FROM:<a@example.org>
        E: OnMailCommand a@example.org
        S: 250 ok
        C: HELO b.example.org
        E: OnHeloCommand b.example.org
        E: OnReject
        S: 550 no
        C: RCPT TO:<c@example.org> NOTIFY=SUCCESS
        E: OnReject
        S: 503 need MAIL";
    let plain = "
        C: RCPT TO:<c@example.org>
        E: OnReject
        S: 503 need MAIL";
    let both = format!("{GREETED}{refused}{plain}{QUIT}");
    assert_eq!(rules_of(&[&both]), ["REJ-4"]);
    let alone = format!("{GREETED}{refused}{QUIT}");
    assert_eq!(rules_of(&[&alone]), ["WIR-5"]);
}

/// Haraka leaves over a bare LF, before the end of the message.
#[test]
fn a_client_that_leaves_in_content_with_a_bare_lf_may_have_been_dropped() {
    for (end, reason) in [("RST", "Dropped"), ("FIN", "Dropped"), ("FIN", "Lost")] {
        conforms(&format!(
            "{GREETED}{OPEN}\nC! A: b\\nC: d\n{end}\nE: OnDisconnect {reason}"
        ));
    }
    let clean = format!("{GREETED}{OPEN}\nC! A: b\\r\\nC: d\\r\nFIN\nE: OnDisconnect Dropped");
    assert_eq!(rules_of(&[&clean]), ["SES-3"]);
}

/// Haraka answers every command with the 421 of a handler's refusal, and does not close.
#[test]
fn who_goes_on_behind_a_421_learns_of_the_end_as_of_any_other() {
    let begin = "
        E: OnConnect
        E: OnReject
        S: 421 later
        C: EHLO a.example.org
        S: 421 later";
    for (end, reason) in [("RST", "Lost"), ("C: QUIT\nFIN", "Quit")] {
        let rules = rules_of(&[&format!("{begin}\n{end}\nE: OnDisconnect {reason}")]);
        assert!(!rules.contains(&"SES-3"), "{reason}: {rules:?}");
    }
    let closed = format!("{begin}\nserver-close\nE: OnDisconnect Lost");
    assert!(rules_of(&[&closed]).contains(&"SES-3"));
}

/// smtp-server, which takes what is left of a line for a whole one.
#[test]
fn half_a_line_is_not_laid_to_a_malformed_one_before_it() {
    let ladder = format!(
        "{GREETED}
        C: MAIL FROM:<a@example.org>
        E: OnMailCommand a@example.org
        S: 250 ok
        C: RCPT TO::<b@example.org>
        S: 501 no
        C! RCPT TO:<c@example.org>\\r
        FIN
        E: OnRcptCommand c@example.org
        E: OnDisconnect Lost"
    );
    assert_eq!(rules_without_reject(&[&ladder]), ["CON-8"]);
}

/// qpsmtpd, which puts a control character in quotes: what the event says is on no line as it stands.
#[test]
fn half_a_line_that_was_changed_is_not_laid_to_a_malformed_one_that_had_been_refused() {
    let ladder = format!(
        "{GREETED}
        C: MAIL FROM:<a@example.org>
        E: OnMailCommand a@example.org
        S: 250 ok
        C: RCPT TO:<b@example.org
        S: 501 no
        C! RCPT TO:<\x01c@example.org>\r
        RST
        E: OnRcptCommand \"\\\x01c\"@example.org
        E: OnDisconnect Lost"
    );
    assert_eq!(rules_without_reject(&[&ladder]), ["CON-8"]);
}

/// qpsmtpd again: the event comes behind the reply to the whole line, and is that of the half one.
#[test]
fn half_a_line_that_says_what_one_before_it_said_is_not_that_one_twice() {
    let ladder = |late: &str| {
        format!(
            "{GREETED}
            C: NOOP x
            E: OnNoopCommand x
            {late}S: 250 ok
            C! NOOP x\\r
            FIN
            E: OnNoopCommand x
            E: OnDisconnect Lost"
        )
    };
    assert_eq!(rules_without_reject(&[&ladder("")]), ["CON-8"]);
    let twice =
        ladder("E: OnNoopCommand x\n").replace("FIN\n            E: OnNoopCommand x", "FIN");
    assert_eq!(rules_without_reject(&[&twice]), ["ORD-11"]);
}

/// Python's smtpd, which leaves over an octet that is not ASCII.
#[test]
fn a_client_that_leaves_behind_a_malformed_line_may_have_been_dropped_for_it() {
    let left = |line: &str| {
        format!(
            "{GREETED}
            C! {line}\\r\\n
            RST
            E: OnDisconnect Dropped"
        )
    };
    assert_eq!(rules_without_reject(&[&left("x\u{e9}")]), ["SES-3"; 0]);
    assert_eq!(rules_without_reject(&[&left("VRFY x")]), ["SES-3"]);
}

/// smtp-server, whose handler is to fail at the first MAIL that it sees, and whose clock counts milliseconds.
#[test]
fn what_fired_behind_the_refusal_of_a_mail_without_a_greeting_is_that_of_the_next() {
    let ladder = format!(
        "E: OnConnect
        S: 220 mail.example.org
        C: MAIL FROM:<a@example.org>
        S: 503 who are you
        C: EHLO c.example.org
        S: 250 mail.example.org
        wait 5
        C: MAIL FROM:<a@example.org>
        E: OnMailCommand a@example.org
        S: 451 it failed{QUIT}"
    );
    let mut hello = hello();
    hello
        .events
        .retain(|kind| !matches!(kind, EventKind::OnReject | EventKind::OnEhloCommand));
    let mut run = transcript(Some(hello), &[&ladder]);
    run.sessions[0].open.handlers.rules.push(HandlerRule {
        event: EventKind::OnMailCommand,
        nth: 1,
        action: HandlerAction::Fail,
    });
    for entry in &mut run.sessions[0].entries {
        if let What::Event(record) = &mut entry.what {
            record.at = record.at.map(|at| at - at % 10_000_000);
        }
    }
    assert_eq!(crate::found(&check(&run)), []);
}

/// smtp-server, whose clock counts milliseconds: by it the second MAIL fires before it has been sent.
#[test]
fn an_event_that_the_second_of_two_refused_commands_may_have_fired_is_not_late() {
    let early_by = |slack: u64| {
        let ladder = format!(
            "{GREETED}
            C: MAIL FROM:<> RET=HDRS RET=HDRS
            S: 501 twice
            wait 9
            C: MAIL FROM:<>
            E: OnMailCommand
            S: 451 later{QUIT}"
        );
        let mut run = transcript(Some(hello_without_reject()), &[&ladder]);
        run.sessions[0].open.handlers.rules.push(HandlerRule {
            event: EventKind::OnMailCommand,
            nth: 1,
            action: HandlerAction::Reject("451 later".to_owned()),
        });
        for entry in &mut run.sessions[0].entries {
            if let What::Event(record) = &mut entry.what
                && record.event.kind() == EventKind::OnMailCommand
            {
                // The ladder's lines are a millisecond apart.
                record.at = record.at.map(|at| at - 1_000_000 - slack);
            }
        }
        let found = crate::found(&check(&run)).into_iter();
        found.map(|(rule, _)| rule).collect::<Vec<_>>()
    };
    assert_eq!(early_by(900_000), [""; 0]);
    assert_eq!(early_by(2_100_000), ["ORD-9"]);
}

/// Haraka, which makes U+FFFD of an octet that is no UTF-8: that event is not the malformed command's behind it.
#[test]
fn what_a_malformed_command_may_fire_is_not_what_a_sound_one_before_it_fired_changed() {
    let ladder = format!(
        "{GREETED}
        C! MAIL FROM:<a@example.org>\\r\\nMAIL FROM:<b@example.org\\r\\n
        E: OnMailCommand aa@example.org
        S: 250 ok
        S: 501 no{QUIT}"
    );
    let mut run = transcript(Some(hello_without_reject()), &[&ladder]);
    run.sessions[0].open.handlers.rules.push(HandlerRule {
        event: EventKind::OnMailCommand,
        nth: 2,
        action: HandlerAction::Reject("501 no".to_owned()),
    });
    let rules: Vec<_> = (crate::found(&check(&run)).into_iter())
        .map(|(rule, _)| rule)
        .collect();
    assert_eq!(rules, ["CON-7"]);
}

/// qpsmtpd, for which `<Postmaster>` is `postmaster`, to a client that has reset before any of it was answered.
#[test]
fn events_that_fit_but_for_their_case_are_those_of_unanswered_commands() {
    let lines = |begin: &str, end: &str| -> String {
        (0..8)
            .flat_map(|n| [begin.to_owned(), n.to_string(), end.to_owned()])
            .collect()
    };
    let eight = lines("RCPT TO:<", "@example.org>\\r\\n");
    let fired = lines("E: OnRcptCommand ", "@example.org\n");
    let ladder = format!(
        "{GREETED}
        C! MAIL FROM:<a@example.org>\\r\\nRCPT TO:<Postmaster>\\r\\nRCPT TO:<Postmaster>\\r\\n{eight}
        RST
        E: OnMailCommand a@example.org
        E: OnRcptCommand postmaster
        E: OnRcptCommand postmaster
        {fired}
        E: OnDisconnect Lost"
    );
    assert_eq!(rules_without_reject(&[&ladder]), ["CON-7"; 2]);
}

/// Haraka leaves over a line that is too long, and over a message that it has refused.
#[test]
fn a_client_that_leaves_behind_what_ends_a_session_may_have_been_dropped() {
    let long = format!("C: VRFY {}\nE: OnReject\nS: 521 too long", "x".repeat(600));
    let refused = format!(
        "{OPEN}
        C: A: b
        C:
        E: OnEndOfHeaders
        C: .
        E: OnReject
        S: 451 not so"
    );
    for before in [&long, &refused] {
        for reason in ["Dropped", "Lost"] {
            let ladder =
                format!("{GREETED}\n{before}\nC: NOOP\nhalf-close\nE: OnDisconnect {reason}");
            let rules = rules_of(&[&ladder]);
            assert!(!rules.contains(&"SES-3"), "{ladder}: {rules:?}");
        }
    }
}

/// Haraka says 521 to the beginning of a line, before a client that has fallen silent in it times out.
#[test]
fn a_silent_client_may_be_dropped_for_the_length_of_its_line() {
    let begin = "x".repeat(600);
    let ladder = |line: &str| {
        format!(
            "{GREETED}\nC! HELO {line}\nsilence\nS: 521 no\nserver-close\nE: OnDisconnect Dropped"
        )
    };
    assert!(!rules_of(&[&ladder(&begin)]).contains(&"SES-3"));
    assert!(rules_of(&[&ladder("x")]).contains(&"SES-3"));
}

/// A client that leaves at once behind a 421.
#[test]
fn a_client_that_leaves_before_the_server_closes_behind_its_421_is_lost_or_dropped() {
    for reason in ["Lost", "Dropped"] {
        let ladder = format!("E: OnConnect\nE: OnReject\nS: 421 no\nFIN\nE: OnDisconnect {reason}");
        let rules = rules_of(&[&ladder]);
        assert!(!rules.contains(&"SES-3"), "{rules:?}");
    }
}

/// smtp-server cannot read a `>` or a space in quotes: that is what WIR-47 and WIR-48 ask.
#[test]
fn a_mailbox_that_is_not_read_for_one_thing_is_not_blamed_for_another() {
    let mail = |argument: &str| {
        format!(
            "E: OnConnect
            S: 220 hi
            C: EHLO a.example.org
            E: OnEhloCommand a.example.org
            S! 250-hi\\r\\n250-8BITMIME\\r\\n250 SIZE 1000\\r\\n
            C: MAIL FROM:{argument}
            E: OnReject
            S: 501 no{QUIT}"
        )
    };
    let all_rules = |argument: &str| -> Vec<_> {
        let run = check(&transcript(Some(hello()), &[&mail(argument)]));
        let broken = run.rules.iter().filter(|rule| !rule.findings.is_empty());
        broken.map(|rule| rule.rule.id).collect()
    };
    let long = format!("<a@{}.org>", "x".repeat(70));
    for (argument, rule, blamed) in [
        ("<\"a\\\"b\"@example.org>", "WIR-46", true),
        ("<\"a\\\">b\"@example.org>", "WIR-46", false),
        ("<\"a\\\" b\"@example.org>", "WIR-46", false),
        ("<a@example.org> BODY=8bitmime", "EBM-2", true),
        ("<\"a b\"@example.org> BODY=8bitmime", "EBM-2", false),
        ("<a@example.org> SIZE=10", "WIR-14", true),
        (&format!("{long} SIZE=10"), "WIR-14", false),
    ] {
        let rules = all_rules(argument);
        assert_eq!(rules.contains(&rule), blamed, "{argument}: {rules:?}");
    }
}

/// Haraka, of whose second MAIL in a row the client has read no reply, nor of the RCPT before it.
#[test]
fn a_mail_within_a_transaction_is_told_as_that_whatever_was_left_open_in_it() {
    for rest in ["", "MAIL FROM"] {
        let ladder = format!(
            "{GREETED}
            C: MAIL FROM:<a@example.org>
            E: OnMailCommand a@example.org
            S: 250 ok
            C! RCPT TO:<b@example.org>\\r\\nMAIL FROM:<c@example.org>\\r\\nBOGUS\\r\\nBOGUS\\r\\n{rest}
            RST
            E: OnRcptCommand b@example.org
            E: OnMailCommand c@example.org
            E: OnDisconnect Lost"
        );
        assert_eq!(rules_without_reject(&[&ladder]), ["ORD-6"], "{rest}");
    }
}

/// Twisted has no NOOP: that it refuses one behind a message is no sign that the message ended earlier.
#[test]
fn a_verb_that_a_server_has_not_needs_no_look_alike_to_explain_its_refusal() {
    let known = format!("{GREETED}\nC: NOOP\nS: 500 what{QUIT}");
    let smuggled = "MAIL FROM:<s@example.org>\\r\\nRCPT TO:<v@example.org>\\r\\nDATA\\r\\nB: c\\r\\n\\r\\nx\\r\\n\\r\\ny\\r\\n";
    let message = format!(
        "{GREETED}{OPEN}
        C! A: b\\r\\n.\\n{smuggled}.\\r\\n
        E: OnEndOfHeaders
        E: OnEndOfData A: b\\r\\n\\n{smuggled}
        S: 250 ok
        C: STARTTLS
        S: 454 no
        C: NOOP
        S: 500 what
        C: BDAT 0 LAST
        S: 500 what
        C: SEND FROM:<a@example.org>
        S: 500 what
        C: MAIL FROM:<> RET=HDRS RET=HDRS
        E: OnMailCommand <>
        S: 250 ok
        C: DATA
        S: 503 no
        C: .
        S: 500 what
        FIN
        E: OnDisconnect Lost"
    );
    let rules = rules_without_reject(&[&known, &message]);
    assert_eq!(rules, ["WIR-20", "WIR-20", "DSN-6"]);
}

/// Postfix, which takes `.` LF for the end of a message: the replies to what stands behind it look as if they had traded
/// places.
#[test]
fn replies_that_a_look_alike_explains_are_not_out_of_order() {
    let ladder = format!(
        "{GREETED}{OPEN}
        C! A: b\\r\\n\\r\\n.\\nMAIL FROM:<s@example.org>\\r\\nRCPT TO:<v@example.org>\\r\\nDATA\\r\\nx\\r\\n.\\r\\nNOOP\\r\\nNOOP\\r\\nRCPT TO:<w@example.org>\\r\\nDATA\\r\\n
        E: OnEndOfHeaders A: b\\r\\n
        E: OnEndOfData A: b\\r\\n\\r\\n
        E: OnMailCommand s@example.org
        E: OnRcptCommand v@example.org
        E: OnDataCommand
        E: OnEndOfHeaders
        E: OnEndOfData x\\r\\n
        E: OnNoopCommand
        E: OnNoopCommand
        S: 250 ok
        S: 250 ok
        S: 250 ok
        S: 354 go on
        S: 250 ok
        S: 250 ok
        S: 250 ok
        S: 503 no
        S: 503 no
        server-close
        E: OnDisconnect Dropped"
    );
    assert_eq!(rules_without_reject(&[&ladder]), ["CON-2", "WIR-18"]);
}
