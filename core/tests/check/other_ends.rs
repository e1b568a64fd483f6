//! What seems to be an end of a line or of data and is none, or is one and does not seem so, as runs against servers that
//! nobody here wrote have shown.

use crate::{
    GREETED, OPEN, QUIT,
    other_lines::rules,
    rules_of, rules_without_reject,
    trace::{hello_without_reject, transcript},
};
use pretty_assertions::assert_eq;
use smtpspec_core::{
    event::{EventKind, HandlerAction, HandlerRule},
    model::{Tolerance, UnansweredData, WireLog, read, relevant_tolerances},
};

/// qpsmtpd, for which LF . CRLF ends a message and LF a line, and which wants no second greeting.
#[test]
fn where_a_look_alike_has_ended_a_message_line_ends_are_weighed_as_elsewhere() {
    let again = "
        C: EHLO b.example.org
        S: 503 you said it";
    let two = "
        C! EHLO b.example.org\\nEHLO c.example.org\\r\\n
        S: 503 you said it
        S: 503 you said it";
    let ended = format!(
        "{OPEN}
        C! A: b\\r\\n\\r\\nc\\n.\\r\\nMAIL FROM:<c@example.org>\\r\\nRSET\\r\\n.\\r\\n
        E: OnEndOfHeaders
        E: OnEndOfData A: b\\r\\n\\r\\nc\\n
        S: 250 ok
        E: OnMailCommand c@example.org
        S: 250 ok
        E: OnRsetCommand
        S: 250 ok
        S: 500 what"
    );
    let line_end = two
        .replace("EHLO", "BOGUS")
        .replace("503 you said it", "500 what");
    let known = [again, line_end.as_str()].map(|known| format!("{GREETED}{known}{QUIT}"));
    let both = format!("{GREETED}{ended}{again}{two}{QUIT}");
    let rules = rules_without_reject(&[&known[0], &known[1], &both]);
    assert!(!rules.contains(&"WIR-2"), "{rules:?}");
    assert!(rules.contains(&"CON-2"), "{rules:?}");
}

/// Sendmail, which looks at seven bits of each octet.
#[test]
fn what_is_answered_354_and_is_data_but_for_an_eighth_bit_begins_a_message() {
    let ladder =
        format!("{GREETED}{OPEN}\nC: .\nE: OnEndOfHeaders\nE: OnEndOfData\nS: 250 ok{QUIT}");
    let eighth = ladder.replace("C: DATA", "C! DATA\u{80}\\r\\n");
    assert_eq!(rules_of(&[&eighth]), ["WIR-6"]);
    let other = ladder.replace("C: DATA", "C! DATE\u{80}\\r\\n");
    assert!(rules_of(&[&other]).contains(&"WIR-13"));
    let taken = format!("{GREETED}\nC! DATA\u{80}\\r\\n\nS: 250 ok{QUIT}");
    assert_eq!(rules_of(&[&taken]), ["WIR-13"]);
}

/// Python's smtpd, which is known to answer HELP with 250: no look-alike has to have ended a message for that.
#[test]
fn what_a_server_is_known_to_do_is_not_explained_by_an_end_of_data_that_it_does_not_take() {
    let help = "C: HELP\nS: 250 SMTP";
    let dropped = "C: MAIL FROM:<b@>\nserver-close\nE: OnDisconnect Dropped";
    let known = [format!("{help}{QUIT}"), dropped.to_owned()];
    let known = known.map(|known| format!("{GREETED}\n{known}"));
    let odd = format!(
        "{GREETED}{OPEN}
        C! A: b\\r\\n\\r\\n.\\0\\r\\nc\\r\\n\\r\\n.\\r\\n
        E: OnEndOfHeaders
        E: OnEndOfData
        S: 250 ok
        C! MAIL FROM:<a@example.org>\\r\\r\\n
        E: OnMailCommand a@example.org
        S: 550 refused
        {help}
        {dropped}"
    );
    let mut hello = hello_without_reject();
    hello
        .events
        .retain(|kind| *kind != EventKind::OnHelpCommand);
    let mut run = transcript(Some(hello), &[&known[0], &known[1], &odd]);
    run.sessions[2].open.handlers.rules.push(HandlerRule {
        event: EventKind::OnMailCommand,
        nth: 2,
        action: HandlerAction::Reject("550 refused".to_owned()),
    });
    let rules = rules(&run);
    assert!(!rules.contains(&"CON-2"), "{rules:?}");
}

#[test]
fn an_end_of_data_is_found_also_where_events_and_replies_too_many_are_nothing_new() {
    let known = format!(
        "{GREETED}{OPEN}
        C! A: b\\r\\n\\r\\nNOOP\\r\\n.\\r\\n
        E: OnEndOfHeaders
        E: OnNoopCommand
        E: OnEndOfData A: b\\r\\n\\r\\nNOOP\\r\\n
        S: 250 ok
        S: 250 ok{QUIT}"
    );
    let ended = format!(
        "{GREETED}{OPEN}
        C! A: b\\r\\n\\r\\nc\\n.\\r\\nRSET\\r\\nNOOP\\r\\n.\\r\\n
        E: OnEndOfHeaders
        E: OnEndOfData A: b\\r\\n\\r\\nc\\n
        S: 250 ok
        E: OnRsetCommand
        S: 250 ok
        E: OnNoopCommand
        S: 250 ok
        S: 500 what{QUIT}"
    );
    let rules = rules_without_reject(&[&known, &ended]);
    assert_eq!(rules, ["CON-2", "CON-4", "WIR-2"]);
}

/// Postfix again, which takes LF for the end of a line, beside a dot too, and a `BDAT 0 LAST` whose reply nobody read.
#[test]
fn what_is_about_no_end_is_looked_at_beside_two_ends_of_lines_and_of_data() {
    let ladder = |last: &str| {
        format!(
            "{GREETED}{OPEN}
            C! A: b\\r\\n\\r\\nc\\n.\\r\\nRSET\\r\\nNOOP\\r\\nRSET\\r\\nNOOP\\r\\n.\\r\\n
            E: OnEndOfHeaders
            E: OnEndOfData A: b\\r\\n\\r\\nc\\n
            S: 250 ok
            E: OnRsetCommand
            S: 250 ok
            E: OnNoopCommand
            S: 250 ok
            E: OnRsetCommand
            S: 250 ok
            E: OnNoopCommand
            S: 250 ok
            S: 500 what
            C! NOOP\\nNOOP\\r\\n
            E: OnNoopCommand
            E: OnNoopCommand
            S: 250 ok
            S: 250 ok
            C! MAIL FROM:<a@example.org>\\r\\nRCPT TO:<b@example.org>\\r\\nBDAT 0{last}\\r\\nNOOP\\r\\n
            RST
            E: OnMailCommand a@example.org
            E: OnRcptCommand b@example.org
            E: OnDataCommand
            E: OnEndOfHeaders
            E: OnEndOfData
            E: OnNoopCommand
            E: OnDisconnect Lost"
        )
    };
    let known = format!(
        "{GREETED}\nC! NOOP\\nNOOP\\r\\n\nE: OnNoopCommand\nE: OnNoopCommand\nS: 250 ok\nS: 250 ok{QUIT}"
    );
    let rules = rules_without_reject(&[&known, &ladder(" LAST")]);
    assert_eq!(rules, ["CON-2", "WIR-19", "WIR-19"]);
    let open = rules_without_reject(&[&known, &ladder("")]);
    assert!(open.contains(&"ORD-5"), "{open:?}");
}

/// Haraka, which loses what stands before a bare CR.
#[test]
fn a_command_behind_a_verb_that_was_lost_is_no_evidence_for_a_look_alike() {
    let ladder = format!(
        "{GREETED}{OPEN}
        C! A: b\\r\\n\\r\\n\\x0b.\\x0cMAIL FROM:<c@example.org>\\r\\nRCPT TO:<d@example.org>\\r\\n.\\r\\n
        E: OnEndOfHeaders
        E: OnEndOfData A: b\\r\\n
        S: 250 ok
        C! STARTTLS\\r
        C: MAIL FROM:<e@example.org>
        E: OnMailCommand e@example.org
        S: 250 ok{QUIT}"
    );
    assert_eq!(
        rules_without_reject(&[&ladder]),
        ["CON-3", "WIR-6", "WIR-6"]
    );
}

/// Postfix and mailin.
#[test]
fn line_ends_that_explain_less_take_no_reply_from_what_stands_behind_a_look_alike() {
    let ladder = format!(
        "{GREETED}
        C! NOOP\\rNOOP\\rNOOP\\rNOOP\\rNOOP\\r\\n
        S: 500 what{OPEN}
        C! A: b\\r\\n\\r\\nx\\n.\\r\\n\\0MAIL FROM:<c@example.org>\\r\\nRCPT TO:<d@example.org>\\r\\nDATA\\r\\n.\\r\\n
        E: OnEndOfHeaders
        E: OnEndOfData A: b\\r\\n\\r\\nx\\n
        S: 250 ok
        S: 500 what
        S: 503 need MAIL
        S: 503 need RCPT
        S: 500 what{QUIT}"
    );
    assert_eq!(rules_without_reject(&[&ladder]), ["CON-2"]);
}

/// Postfix, for which LF . CRLF ends a message, and which breaks with a client that sends a header field for a command.
#[test]
fn replies_that_are_in_order_behind_a_look_alike_alone_are_its_evidence() {
    let broken_with = "
        C: Subject: s
        S: 221 goodbye
        server-close
        E: OnDisconnect Dropped";
    let ended = format!(
        "{GREETED}{OPEN}
        C! A: b\\r\\n\\r\\nc\\n.\\r\\n\\0MAIL FROM:<c@example.org>\\r\\nRCPT TO:<d@example.org>\\r\\nSubject: s\\r\\n\\r\\n.\\r\\nNOOP\\r\\nDATA\\r\\nRSET\\r\\nNOOP\\r\\nQUIT\\r\\n
        E: OnEndOfHeaders
        E: OnEndOfData A: b\\r\\n\\r\\nc\\n
        S: 250 ok
        S: 500 what
        S: 503 no
        S: 221 goodbye
        server-close
        E: OnDisconnect Dropped"
    );
    let rules = rules_without_reject(&[&format!("{GREETED}{broken_with}"), &ended]);
    assert_eq!(rules, ["CON-2", "WIR-18", "WIR-18"]);
}

/// Postfix, whose process has ended with all the replies that it had not yet sent.
#[test]
fn what_nobody_saw_opened_is_not_known_to_miss_its_end() {
    let may_miss = |replies: &str| {
        let pipelined = format!(
            "E: OnConnect
            S: 220 mail.example.org
            C! EHLO a.example.org\\r\\nMAIL FROM:<a@example.org>\\r\\nRCPT TO:<b@example.org>\\r\\nDATA\\r\\n.\\r\\n
            {replies}
            server-close"
        );
        let run = transcript(None, &[&pipelined]);
        let wire = WireLog::new(&run.sessions[0]);
        let strict = read(&wire, &Tolerance::default(), UnansweredData::Accepted);
        let tolerances = relevant_tolerances(&wire, &strict);
        tolerances.iter().any(|tolerance| tolerance.misses_empty)
    };
    let ok = "S: 250 ok\n";
    assert!(may_miss(&format!("{ok}{ok}{ok}S: 354 go on")));
    assert!(!may_miss(""));
}
