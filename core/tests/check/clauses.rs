//! Clauses: what is said of an answer, and of which answers nothing is said.

use pretty_assertions::assert_eq;
use smtpspec_core::{
    check::{check, is_clause, rules},
    event::{EventKind, HandlerAction, HandlerRule},
    transcript::Transcript,
};

use crate::trace::transcript;

/// The clauses that are broken, of those that are not about the short replies of a ladder.
fn broken_in(transcript: &Transcript) -> Vec<&'static str> {
    let run = check(transcript);
    let clauses = run.findings().filter(|finding| {
        let of_clause = |rule: &&smtpspec_core::check::Rule| rule.id == finding.rule;
        rules().find(of_clause).is_some_and(is_clause)
    });
    clauses
        .map(|finding| finding.rule)
        .filter(|id| !["WIR-33", "WIR-87"].contains(id))
        .collect()
}

#[track_caller]
fn breaks(wanted: &[&str], ladder: &str) {
    assert_eq!(broken_in(&transcript(None, &[ladder])), wanted, "{ladder}");
}

const GREETED: &str = "
    S: 220 mail.example.org
    C: EHLO a.example.org
    S: 250-mail.example.org
    S: 250-SIZE 1000000
    S: 250 8BITMIME";

const OPEN: &str = "
    C: MAIL FROM:<a@example.org>
    S: 250 ok
    C: RCPT TO:<b@example.org>
    S: 250 ok";

#[test]
fn a_form_that_must_be_known_may_be_refused_for_policy_only() {
    for (line, rule) in [
        ("MAIL FROM:<\"a b\"@example.org>", "WIR-47"),
        ("MAIL FROM:<@a.example.org:b@example.org>", "WIR-56"),
        ("MAIL FROM:<a@4u.example.org>", "WIR-50"),
        ("EHLO [IPv6:2001:db8::1]", "WIR-27"),
    ] {
        for (code, wanted) in [("501", vec![rule]), ("550", vec![]), ("451", vec![])] {
            let clauses = broken_in(&transcript(
                None,
                &[&format!("{GREETED}\nC: {line}\nS: {code} no")],
            ));
            // 451 is no code of EHLO's: that is another clause.
            let clauses: Vec<_> = clauses.into_iter().filter(|id| *id != "WIR-89").collect();
            assert_eq!(clauses, wanted, "{line}: {code}");
        }
    }
}

#[test]
fn a_message_is_refused_for_what_it_is_only_where_an_ordinary_one_was_taken() {
    let message = |content: &str, code: &str| {
        format!("{OPEN}\nC: DATA\nS: 354 go\n{content}\nC: .\nS: {code} so")
    };
    let ordinary = message("C: Subject: x\nC:\nC: body", "250");
    let odd = message("C: nothing but text", "554");
    breaks(&[], &format!("{GREETED}{odd}"));
    breaks(&["WIR-80"], &format!("{GREETED}{ordinary}{odd}"));
    let later = message("C: nothing but text", "451");
    breaks(&[], &format!("{GREETED}{ordinary}{later}"));
}

#[test]
fn odd_octets_are_what_was_refused_only_behind_a_header_section_that_is_none() {
    let message = |body: &str, mail: &str, code: &str| {
        format!(
            "\nC: MAIL FROM:<a@example.org>{mail}\nS: 250 ok\nC: RCPT TO:<b@example.org>\nS: 250 ok\n\
             C: DATA\nS: 354 go\n{body}\nC: .\nS: {code} so"
        )
    };
    let ordinary = message("C: Subject: x\nC:\nC: body", "", "250");
    for (mail, octet, rule) in [
        ("", "\u{1b}", "WIR-83"),
        (" BODY=8BITMIME", "\u{e9}", "EBM-4"),
    ] {
        for (front, wanted) in [
            ("C: Subject: x\nC:\n", vec![rule]),
            ("C: Subject: x\nC:  folded\nC:\n", vec![rule]),
            ("C: Subject\nC:\n", vec![]),
            ("C: Subject: x\nC: and so on\nC:\n", vec![]),
        ] {
            let odd = message(&format!("{front}C! {octet}\\r\\n"), mail, "554");
            breaks(&wanted, &format!("{GREETED}{ordinary}{odd}"));
        }
    }
    // Nobody need take a NUL.
    let odd = message("C: Subject: x\nC:\nC! \\0\u{1b}\\r\\n", "", "554");
    breaks(&[], &format!("{GREETED}{ordinary}{odd}"));
}

#[test]
fn a_parameter_beside_an_address_literal_may_not_be_what_was_refused() {
    for (path, wanted) in [("a@example.org", vec!["EBM-2"]), ("a@[192.0.2.1]", vec![])] {
        let mail = format!("\nC: MAIL FROM:<{path}> BODY=8bitmime\nS: 501 no");
        breaks(&wanted, &format!("{GREETED}{mail}"));
    }
}

#[test]
fn what_a_handler_may_have_refused_is_not_judged() {
    let mut run = transcript(None, &[&format!("{GREETED}\nC: NOOP\nS: 550 no")]);
    assert_eq!(broken_in(&run), ["WIR-67"]);
    run.sessions[0].open.handlers.rules.push(HandlerRule {
        event: EventKind::OnNoopCommand,
        nth: 1,
        action: HandlerAction::Reject("550 no".into()),
    });
    assert_eq!(broken_in(&run), [""; 0]);
}

#[test]
fn a_reply_of_which_another_rule_has_spoken_is_not_spoken_of_again() {
    // WIR-10 says that NOOP may be used at any time.
    breaks(&[], &format!("{GREETED}\nC: NOOP\nS: 503 not now"));
    // WIR-3 says that it has no end.
    breaks(&[], &format!("{GREETED}\nC: NOOP\nS! 250\\n"));
}

#[test]
fn a_server_that_wants_more_first_is_not_asked() {
    breaks(&[], &format!("{GREETED}\nC: RSET\nS: 530 STARTTLS first"));
}

#[test]
fn a_verb_that_the_server_does_not_have_is_not_blamed_for_its_form() {
    let first = "\nC: NOOP\nS: 500 what";
    breaks(
        &[],
        &format!("{GREETED}{first}\nC! NOOP \\r\\n\nS: 500 what"),
    );
    let taken = "\nC: NOOP\nS: 250 ok";
    breaks(
        &["WIR-37"],
        &format!("{GREETED}{taken}\nC! NOOP \\r\\n\nS: 500 what"),
    );
}

#[test]
fn behind_a_query_that_lost_the_transaction_that_is_all_that_is_said() {
    let lost = "\nC: VRFY postmaster\nS: 252 who knows\nC: DATA\nS: 503 MAIL first";
    let run = check(&transcript(None, &[&format!("{GREETED}{OPEN}{lost}")]));
    let rules: Vec<_> = run.findings().map(|finding| finding.rule).collect();
    assert_eq!(rules, ["WIR-106"]);
}

#[test]
fn what_is_broken_in_every_session_is_said_once() {
    let ladder = format!("{GREETED}\nC: QUIT\nS: 221 Bye\nserver-close");
    let run = check(&transcript(None, &[&ladder, &ladder, &ladder]));
    let found: Vec<_> = run
        .findings()
        .map(|finding| (finding.rule, finding.conn))
        .collect();
    assert_eq!(found, [("WIR-87", 1)]);
    let rule = run.rules.iter().find(|rule| rule.rule.id == "WIR-87");
    assert_eq!(rule.map(|rule| rule.exercised), Some(3));
}

#[test]
fn enhanced_codes_are_owed_where_they_are_announced() {
    let with = GREETED.replace("8BITMIME", "ENHANCEDSTATUSCODES");
    breaks(&[], &format!("{GREETED}\nC: RSET\nS: 250 ok"));
    breaks(&["ESC-2"], &format!("{with}\nC: RSET\nS: 250 ok"));
    breaks(&["ESC-5"], &format!("{with}\nC: RSET\nS: 250 4.0.0 ok"));
    breaks(&["ESC-7"], &format!("{with}\nC: RSET\nS: 250 2.00.0 ok"));
    breaks(
        &["ESC-6"],
        &format!("{with}\nC: RSET\nS: 250-2.0.0 so\nS: 250 2.0.1 ok"),
    );
    breaks(&[], &format!("{with}\nC: RSET\nS: 250 2.0.0 ok"));
}

/// What it stumbles over is the quoted local part, and that is another clause.
#[test]
fn a_path_that_is_refused_for_itself_says_nothing_of_case_or_white_space() {
    for (line, wanted) in [
        ("MAIL FROM:<\"a b\"@example.org> size=1000", vec![]),
        ("MAIL FROM:<a@example.org> size=1000", vec!["WIR-36"]),
        ("MAIL from:<\"a b\"@example.org>", vec!["WIR-47"]),
        ("MAIL FROM:<\"a b\"@example.org> ", vec![]),
        ("MAIL FROM:<a@example.org> ", vec!["WIR-38"]),
    ] {
        breaks(&wanted, &format!("{GREETED}\nC! {line}\\r\\n\nS: 501 no"));
    }
}
