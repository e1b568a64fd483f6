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

/// The server was slow, and the client sent the next segment before the reply to the first message had come: what it was
/// told of had not been sent in full.
#[test]
fn an_end_of_data_that_fires_before_the_end_was_sent_is_that_of_a_look_alike() {
    let message = |told: &str, late: &str| {
        format!(
            "{GREETED}{OPEN}
            C! Subject: x\\r\\n\\r\\nx\\n.\\n
            E: OnEndOfHeaders
            {told}
            C! MAIL FROM:<c@example.org>\\r\\n.\\r\\n
            {late}
            S: 250 queued
            S: 500 no pipelining
            server-close
            E: OnDisconnect Dropped"
        )
    };
    let end = "E: OnEndOfData Subject: x\\r\\n\\r\\nx\\r\\n";
    let found = rules_of(&[&message(end, "")]);
    assert!(found.contains(&"CON-2"), "{found:?}");
    let found = rules_of(&[&message("", end)]);
    assert!(!found.contains(&"CON-2"), "{found:?}");
}

#[test]
fn the_end_of_a_message_that_fires_before_it_was_sent_is_no_other_content() {
    let ladder = format!(
        "{GREETED}{OPEN}
        C: Subject: x
        C:
        E: OnEndOfHeaders
        E: OnEndOfData y
        C: x
        C: .
        S: 250 queued{QUIT}"
    );
    let found = rules_of(&[&ladder]);
    assert!(!found.is_empty() && !found.contains(&"CON-3"), "{found:?}");
}

/// `<Postmaster>` reaches the handler as `postmaster`, which another session has sent so.
#[test]
fn an_argument_in_another_case_is_neither_another_sessions_nor_another_commands() {
    let rcpt = |sent: &str, seen: &str| {
        format!(
            "
            C: RCPT TO:<{sent}>
            E: OnRcptCommand {seen}
            S: 250 ok"
        )
    };
    let mail = "
        C: MAIL FROM:<a@example.org>
        E: OnMailCommand a@example.org
        S: 250 ok";
    let as_sent = rcpt("postmaster@example.org", "postmaster@example.org");
    let lowered = rcpt("Postmaster@example.org", "postmaster@example.org");
    let first = format!("{GREETED}{mail}{as_sent}{QUIT}");
    let second = format!("{GREETED}{mail}{lowered}{QUIT}");
    let both = format!("{GREETED}{mail}{as_sent}{lowered}{QUIT}");
    assert_eq!(rules_of(&[&first, &second]), ["CON-7"]);
    assert_eq!(rules_of(&[&both]), ["CON-7"]);
}

#[test]
fn a_server_that_goes_on_behind_its_421_may_end_with_a_quit() {
    let ladder = format!(
        "{GREETED}
        C: RSET
        E: OnRsetCommand
        S: 421 busy
        C: QUIT
        S: 221 bye
        server-close
        E: OnDisconnect Quit"
    );
    let found = rules_of(&[&ladder]);
    assert!(!found.contains(&"SES-3"), "{found:?}");
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

/// The client took the second reply for that to its next command, as the server was slow: one by one nothing would fit.
#[test]
fn a_bare_lf_that_ends_a_line_explains_all_that_follows_but_the_second_mail() {
    let ladder = format!(
        "{GREETED}
        C! NOOP\\nMAIL FROM:<a@example.org>\\r\\n
        E: OnNoopCommand
        S: 250 ok
        C: MAIL FROM:<b@example.org>
        E: OnMailCommand a@example.org
        S: 250 ok
        C: QUIT
        late-E: OnMailCommand b@example.org
        E: OnDisconnect Quit
        S: 250 ok
        FIN"
    );
    assert_eq!(rules_of(&[&ladder]), ["ORD-6", "WIR-19"]);
}

#[test]
fn a_look_alike_and_a_bare_lf_behind_it_are_named_together() {
    let ladder = format!(
        "{GREETED}{OPEN}
        C! x\\r\\n\\n.\\r\\n\\nMAIL FROM:<s@example.org>\\r\\n.\\r\\n
        E: OnEndOfHeaders
        E: OnEndOfData
        E: OnReject
        E: OnMailCommand s@example.org
        E: OnReject
        S: 250 queued
        S: 500 what
        S: 250 ok
        S: 500 what{QUIT}"
    );
    assert_eq!(rules_of(&[&ladder]), ["CON-2", "WIR-19"]);
}

#[test]
fn a_line_that_a_bare_lf_ended_may_be_refused() {
    let ladder = format!(
        "{GREETED}
        C! NOOP\\nMAIL FROM:<a@example.org>\\r\\n
        E: OnReject
        S: 500 what
        E: OnMailCommand a@example.org
        S: 250 ok
        C: MAIL FROM:<b@example.org>
        E: OnReject
        S: 503 no{QUIT}"
    );
    assert_eq!(rules_of(&[&ladder]), ["WIR-19"]);
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

/// The content that was handed on is longer than all that stands before the look-alike.
#[test]
fn a_dot_that_is_kept_makes_no_end_of_what_it_begins() {
    let ladder = format!(
        "{GREETED}{OPEN}
        C! .\\0\\r\\n.\\r\\n
        E: OnEndOfHeaders
        E: OnEndOfData .\\0\\r\\n
        S: 250 queued{QUIT}"
    );
    assert_eq!(rules_of(&[&ladder]), ["CON-3"]);
}

/// What was handed on goes beyond the look-alike, so that did not end it: it is the HELP that was refused.
#[test]
fn a_command_refused_behind_the_end_makes_no_end_of_a_look_alike() {
    let ladder = format!(
        "{GREETED}{OPEN}
        C! \\r\\n\\0.\\r\\n.\\r\\nHELP\\r\\n
        E: OnEndOfHeaders
        E: OnEndOfData \\r\\n\\0.\\r\\n
        S: 250 queued
        E: OnReject
        S: 503 not behind the end
        FIN
        E: OnDisconnect Lost"
    );
    assert_eq!(rules_of(&[&ladder]), ["WIR-10"]);
}
