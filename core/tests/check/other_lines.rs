//! An event or a reply that seems to be one line's and is another's, as runs against servers that nobody here wrote have
//! shown: what is said is said of the line that it is about.

use crate::{
    GREETED, OPEN, QUIT,
    declared::rules_with,
    found,
    leeway::ADDRESSED,
    rules_without_reject,
    trace::{hello, hello_without_reject, transcript},
};
use pretty_assertions::assert_eq;
use smtpspec_core::{
    check::{Verdict, check},
    event::{EventKind, HandlerAction, HandlerRule, Hello},
    transcript::Transcript,
};

pub(crate) const MAIL: &str = "
    C: MAIL FROM:<a@example.org>
    E: OnMailCommand a@example.org
    S: 250 ok";

pub(crate) fn with_handler(
    hello: Hello,
    event: EventKind,
    action: HandlerAction,
    ladder: &str,
) -> Vec<&'static str> {
    let handler = HandlerRule {
        event,
        nth: 1,
        action,
    };
    rules_with(hello, Some(handler), ladder)
}

pub(crate) fn rules(run: &Transcript) -> Vec<&'static str> {
    let found = found(&check(run)).into_iter();
    found.map(|(rule, _)| rule).collect()
}

/// smtp-server, which refuses a parameter that is there twice, and takes what is left of a line for a whole one.
#[test]
fn half_a_line_is_not_laid_to_a_sound_one_that_was_refused_before_it() {
    let ladder = |half: &str| {
        format!(
            "{GREETED}{MAIL}
            C: RCPT TO:<b@example.org> ORCPT=rfc822;a ORCPT=rfc822;a
            S: 501 twice
            C! {half}
            FIN
            late-E: OnRcptCommand b@example.org
            E: OnDisconnect Lost"
        )
    };
    let rcpt = ladder("RCPT TO:<b@example.org> ORCPT=rf");
    assert_eq!(rules_without_reject(&[&rcpt]), ["CON-8"]);
    // Half of another line has nothing to do with it.
    assert_eq!(rules_without_reject(&[&ladder("NOOP")]), ["ORD-9"]);
}

/// aiosmtpd clears the transaction before the handler of RSET refuses it.
#[test]
fn a_reset_that_its_handler_refuses_explains_more_than_a_recipient_refused_before_it() {
    let ladder = format!(
        "{GREETED}{MAIL}
        C: RCPT TO:<b@example.org> NOTIFY=NEVER
        S: 555 what
        C: RSET
        E: OnRsetCommand
        S: 550 no
        C: MAIL FROM:<c@example.org>
        E: OnMailCommand c@example.org
        S: 250 ok{QUIT}"
    );
    let no = HandlerAction::Reject("550 no".to_owned());
    let refused = with_handler(
        hello_without_reject(),
        EventKind::OnRsetCommand,
        no,
        &ladder,
    );
    assert_eq!(refused, ["REJ-4"]);
    // Nobody read the reply, and the event tells.
    let (answered, _) = ladder.rsplit_once("S: 250 ok").unwrap();
    let unread = format!("{answered}RST\nE: OnDisconnect Lost");
    let no = HandlerAction::Reject("550 no".to_owned());
    let refused = with_handler(
        hello_without_reject(),
        EventKind::OnRsetCommand,
        no,
        &unread,
    );
    assert_eq!(refused, ["REJ-4"]);
    // A refused DATA clears nothing that a second MAIL would need.
    let data = ladder
        .replace(" NOTIFY=NEVER", "")
        .replace(
            "555 what",
            "250 ok\nC: RCPT TO:<d@example.org> RET=X\nS: 555 what",
        )
        .replace("C: RSET", "C: DATA")
        .replace("OnRsetCommand", "OnDataCommand")
        .replace(
            "S: 250 ok\nC: RCPT",
            "E: OnRcptCommand b@example.org\nS: 250 ok\nC: RCPT",
        );
    let no = HandlerAction::Reject("550 no".to_owned());
    let refused = with_handler(hello_without_reject(), EventKind::OnDataCommand, no, &data);
    assert_eq!(refused, ["ORD-6"], "{data}");
    // The server itself refuses no RSET: that it did is WIR-15, and a second MAIL is a second MAIL.
    assert!(rules_without_reject(&[&ladder]).contains(&"ORD-6"));
}

/// aiosmtpd, for which a bare LF ends a line: the second 503 is the second RCPT's.
#[test]
fn behind_a_bare_lf_no_reply_is_held_against_a_clause() {
    let unknown = "C: XFOO\nE: OnReject\nS: 503 need MAIL";
    let asked = |before: &str| {
        let ladder = format!("{GREETED}\n{before}\n{unknown}{QUIT}");
        let run = check(&transcript(Some(hello()), &[&ladder]));
        let clause = run.rules.iter().find(|rule| rule.rule.id == "WIR-62");
        clause.unwrap().verdict
    };
    let bare =
        "C! RCPT TO:<a@example.org>\\nRCPT TO:<a@example.org>\\r\\n\nE: OnReject\nS: 503 need MAIL";
    assert_eq!(asked(bare), Verdict::NotExercised);
    assert_eq!(
        asked("C: NOOP\nE: OnNoopCommand\nS: 250 ok"),
        Verdict::NotStrict
    );
}

/// Haraka, which loses the line that has begun behind the end of a message in the same segment.
#[test]
fn a_command_at_the_end_of_a_line_whose_beginning_was_lost_is_none_too_many() {
    let mail = "
        C: MAIL FROM:<a@example.org>
        E: OnMailCommand a@example.org
        S: 250 ok";
    let lost = format!(
        "{GREETED}{}{QUIT}",
        mail.replace("C: ", "C! y\\0z\u{ff}")
            .replace("org>", "org>\\r\\n")
    );
    assert_eq!(rules_without_reject(&[&lost]), ["WIR-6"; 2]);
    // Nothing of the kind where the line was refused.
    let refused = lost.replace("250 ok", "500 what");
    assert_eq!(rules_without_reject(&[&refused]), ["ORD-11"]);
}

/// qpsmtpd, for which a bare LF ends a line and which takes a second MAIL.
#[test]
fn a_command_behind_a_bare_lf_is_another_line_and_no_end_of_one() {
    let ladder = format!(
        "{GREETED}
        C! BOGUS\\r\\0\\nMAIL FROM:<a@example.org>\\r\\n
        S: 500 what
        E: OnMailCommand a@example.org
        S: 250 ok{MAIL}{QUIT}"
    );
    let known = format!("{GREETED}{MAIL}{MAIL}{QUIT}");
    let rules = rules_without_reject(&[&known, &ladder]);
    assert_eq!(rules, ["ORD-6", "ORD-6", "WIR-19"]);
}

/// Exim and mailin show no NOOP: of the two EHLO the far one was taken.
#[test]
fn commands_that_fire_nothing_hide_nothing_behind_them() {
    let noops = "NOOP\\r\\n".repeat(100);
    let replies = "S: 250 ok\n".repeat(100);
    let ladder = format!(
        "E: OnConnect
        S: 220 mail.example.org
        C! EHLO \\r\\n{noops}EHLO b.example.org\\r\\nMAIL FROM:<a@example.org>\\r\\n
        E: OnEhloCommand b.example.org
        E: OnMailCommand a@example.org
        S: 501 whom?
        {replies}
        S: 250 mail.example.org
        S: 250 ok{QUIT}"
    );
    let mut hello = hello_without_reject();
    hello
        .events
        .retain(|kind| *kind != EventKind::OnNoopCommand);
    hello
        .semantics
        .before_sequence_check
        .push(EventKind::OnEhloCommand);
    assert_eq!(rules(&transcript(Some(hello), &[&ladder])), [""; 0]);
}

/// Twisted, whose handlers take their time, to a client that sends more before it has read the reply.
#[test]
fn a_reply_behind_those_to_later_segments_is_out_of_order_too() {
    let need_mail = "S: 503 need MAIL\n";
    let ladder = |read: &str, unread: &str| {
        format!(
            "{GREETED}
            C: MAIL FROM:<a@example.org>
            E: OnMailCommand a@example.org
            {read}C: RCPT TO:<b@example.org>
            C: DATA
            {unread}S: 503 need RCPT
            S: 250 ok{QUIT}"
        )
    };
    assert_eq!(rules_without_reject(&[&ladder("", need_mail)]), ["WIR-9"]);
    // Where a reply had been read before more was sent, it was the first command's.
    let rules = rules_without_reject(&[&ladder(need_mail, "")]);
    assert!(!rules.contains(&"WIR-9"), "{rules:?}");
}

/// qpsmtpd, for which `<Postmaster>` is `postmaster`, and which takes a second MAIL, to a client that has reset.
#[test]
fn an_event_too_many_hides_none_behind_it_that_fits_but_for_its_case() {
    let ladder = format!(
        "{GREETED}{MAIL}
        C! MAIL FROM:<b@example.org>\\r\\nRCPT TO:<Postmaster>\\r\\n
        RST
        E: OnMailCommand b@example.org
        E: OnRcptCommand postmaster
        E: OnDisconnect Lost"
    );
    assert_eq!(rules_without_reject(&[&ladder]), ["ORD-6", "CON-7"]);
}

/// qpsmtpd, for which the end of the connection ends a line too.
#[test]
fn half_a_line_that_is_answered_breaks_con_8() {
    let ladder = |line: &str| {
        format!(
            "{GREETED}
            C! {line}
            half-close
            S: 252 perhaps
            server-close
            E: OnDisconnect Lost"
        )
    };
    for half in ["VRFY a".to_owned(), format!("VRFY {}", "a".repeat(600))] {
        assert_eq!(rules_without_reject(&[&ladder(&half)]), ["CON-8"]);
    }
    // With the line's end it is a reply, and without a line one too many.
    assert_eq!(rules_without_reject(&[&ladder("VRFY a\\r\\n")]), [""; 0]);
    let nothing = ladder("x").replace("C! x\n", "");
    assert_eq!(rules_without_reject(&[&nothing]), ["WIR-2"]);
}

/// Sendmail refuses as a mailbox what is no atom.
#[test]
fn a_name_of_a_list_that_is_no_atom_may_be_refused_as_a_mailbox() {
    let verdict = |name: &str| {
        let ladder = format!("{GREETED}\nC: EXPN {name}\nE: OnReject\nS: 553 what{QUIT}");
        let run = check(&transcript(Some(hello()), &[&ladder]));
        let clause = run.rules.iter().find(|rule| rule.rule.id == "WIR-95");
        clause.unwrap().verdict
    };
    assert_eq!(verdict("staff"), Verdict::NotStrict);
    assert_eq!(verdict("st<aff"), Verdict::NotExercised);
}

/// Postfix, which supplies a blank line, and the end of the last line with it.
#[test]
fn contents_of_which_only_the_size_is_known_have_not_traded_places() {
    let chunks = |first: &str, second: &str| {
        format!(
            "{GREETED}{ADDRESSED}
            C! BDAT 5 LAST\\r\\nMessa
            E: OnDataCommand
            E: OnEndOfHeaders
            E: OnEndOfData {first}
            S: 250 ok{ADDRESSED}
            C! BDAT 3 LAST\\r\\nTo:
            E: OnDataCommand
            E: OnEndOfHeaders
            E: OnEndOfData {second}
            S: 250 ok{QUIT}"
        )
    };
    let mut supplied = hello_without_reject();
    supplied.semantics.blank_line_supplied = true;
    let both = chunks("\\r\\nMessa\\r\\n", "\\r\\nTo:\\r\\n");
    assert_eq!(rules(&transcript(Some(supplied), &[&both])), ["CON-3"; 2]);
    let traded = chunks("To:", "Messa");
    assert_eq!(rules_without_reject(&[&traded]), ["ORD-10"]);
}

/// aiosmtpd, whose handler fails at the second recipient: what fired is not the first's, which had been refused before.
#[test]
fn an_event_behind_a_refusal_is_that_of_the_next_command_of_its_verb() {
    let ladder = format!(
        "{GREETED}{MAIL}
        C: RCPT TO:<Postmaster> ORCPT=rfc822;a ORCPT=rfc822;a
        S: 555 what
        C: RCPT TO:<Postmaster>
        E: OnRcptCommand Postmaster
        S: 500 it failed{QUIT}"
    );
    let (hello, fail) = (hello_without_reject(), HandlerAction::Fail);
    let rules = with_handler(hello, EventKind::OnRcptCommand, fail, &ladder);
    assert_eq!(rules, [""; 0]);
}

/// OpenSMTPD, which changes a message and then refuses it, to a client that sends many commands at once behind it, for which
/// it leaves.
#[test]
fn a_changed_content_of_a_refused_message_is_not_left_for_what_stands_behind_it() {
    let behind = "NOOP\\r\\n".repeat(20);
    let ladder = format!(
        "{GREETED}{OPEN}
        C! A: b\\r\\n.c\\r\\n.\\r\\n
        E: OnEndOfHeaders
        E: OnEndOfData A: b\\r\\nd\\r\\n
        S: 550 refused
        C! {behind}
        S: 500 too much
        server-close
        E: OnDisconnect Dropped"
    );
    let rules = rules_without_reject(&[&ladder]);
    assert!(
        rules.contains(&"CON-3") && !rules.contains(&"ORD-5"),
        "{rules:?}"
    );
}

/// OpenSMTPD, whose filters are asked before MAIL's parameters are looked at, where the first of two events is read late.
#[test]
fn an_event_that_is_read_late_is_that_of_the_malformed_command_that_was_due() {
    let ladder = |first: &str| {
        format!(
            "{GREETED}
            C: MAIL FROM:<a@example.org>>
            S: 553 what is that
            C: MAIL FROM:<a@example.org>
            {first}: OnMailCommand a@example.org
            E: OnMailCommand a@example.org
            S: 250 ok{QUIT}"
        )
    };
    assert_eq!(rules_without_reject(&[&ladder("slow-E")]), ["REJ-1"]);
    assert_eq!(rules_without_reject(&[&ladder("E")]), ["ORD-11"]);
}

/// qpsmtpd, to a client that has left.
#[test]
fn a_domain_with_the_white_space_behind_it_is_told_also_where_nobody_was_answered() {
    let ladder = "
        E: OnConnect
        S: 220 mail.example.org
        C! EHLO a.example.org\\t\\r\\nEHLO b.example.org\\r\\nMAIL FROM:<a@example.org>\\r\\n
        FIN
        E: OnEhloCommand a.example.org\\t
        E: OnMailCommand a@example.org
        E: OnDisconnect Lost";
    assert_eq!(rules_without_reject(&[ladder]), ["CON-7"]);
}

/// aiosmtpd, which takes the backslashes of quoted pairs away.
#[test]
fn an_argument_without_the_backslash_of_its_quoted_pair_is_altered() {
    let ladder = format!(
        "{GREETED}{MAIL}
        C: RCPT TO:<b@example.org>>
        E: OnRcptCommand b@example.org
        S: 250 ok
        C: RCPT TO:<\"c\\d\"@example.org>
        S: 502 enough
        E: OnRcptCommand \"cd\"@example.org
        server-close
        E: OnDisconnect Errors"
    );
    let rules = rules_without_reject(&[&ladder]);
    assert!(
        rules.contains(&"CON-7") && !rules.contains(&"REJ-1"),
        "{rules:?}"
    );
}
