//! What a reading leaves open: a line that ends at a NUL, chunks that are refused, commands that nobody answered.
//! Each of these was once blamed on the wrong rule, or found where nothing was wrong.

use crate::{
    GREETED, QUIT, conforms, found, rules_of,
    trace::{hello, hello_without_reject, transcript},
};
use pretty_assertions::assert_eq;
use smtpspec_core::{
    check::check,
    event::{EventKind, HandlerAction, HandlerRule, HandlerScript},
};

/// A greeting that announces CHUNKING, and a recipient.
const CHUNKING: &str = "
    E: OnConnect
    S: 220 mail.example.org
    C: EHLO a.example.org
    E: OnEhloCommand a.example.org
    S! 250-mail.example.org\\r\\n250-PIPELINING\\r\\n250 CHUNKING\\r\\n";

pub(crate) const ADDRESSED: &str = "
    C: MAIL FROM:<a@example.org>
    E: OnMailCommand a@example.org
    S: 250 ok
    C: RCPT TO:<b@example.org>
    E: OnRcptCommand b@example.org
    S: 250 ok";

/// A message in one chunk.
const ONE_CHUNK: &str = "
        C! BDAT 2 LAST\\r\\n\\r\\n
        E: OnDataCommand
        E: OnEndOfHeaders
        E: OnEndOfData \\r\\n
        S: 250 queued";

/// A BDAT that the server does not know: its octets are a command.
const UNKNOWN_BDAT: &str = "
        C! BDAT 5\\r\\nabc\\r\\n
        E: OnReject
        S: 503 EHLO first
        E: OnReject
        S: 500 what";

#[test]
fn a_data_that_ends_at_a_nul_is_a_loose_data_and_content_follows() {
    let ladder = format!(
        "{GREETED}{ADDRESSED}
        C! DATA\\0RSET\\r\\n
        E: OnDataCommand
        S: 354 go
        C: A: b
        C:
        E: OnEndOfHeaders
        C: .
        E: OnEndOfData A: b\\r\\n\\r\\n
        S: 250 queued{QUIT}"
    );
    assert_eq!(rules_of(&[&ladder]), ["WIR-6"]);
}

#[test]
fn a_server_may_wait_for_the_last_chunk_of_what_it_refused_before_it_takes_another_message() {
    for after in [
        "E: OnReject\nS: 503 MAIL after BDAT",
        "E: OnMailCommand b@example.org\nS: 250 ok",
    ] {
        conforms(&format!(
            "{CHUNKING}
            C! BDAT 3\\r\\n\\n\\n\\n
            E: OnReject
            S: 503 no recipient
            C: MAIL FROM:<b@example.org>
            {after}{QUIT}"
        ));
    }
    // Behind the last one it waits for nothing.
    let ladder = format!(
        "{CHUNKING}
        C! BDAT 3 LAST\\r\\na\\r\\n
        E: OnReject
        S: 503 no recipient
        C: MAIL FROM:<b@example.org>
        E: OnReject
        S: 503 MAIL after BDAT{QUIT}"
    );
    assert_eq!(rules_of(&[&ladder]), ["WIR-5"]);
}

#[test]
fn refused_chunks_with_wrong_codes_are_not_read_as_commands() {
    let ladder = format!(
        "{CHUNKING}{ADDRESSED}{ONE_CHUNK}
        C! BDAT 3\\r\\nabc
        E: OnReject
        S: 551 discarded
        C! BDAT 7\\r\\nTURN\\r\\nB
        E: OnReject
        S: 551 discarded{QUIT}"
    );
    assert_eq!(rules_of(&[&ladder]), ["CHK-3", "CHK-3"]);
}

#[test]
fn a_server_that_has_announced_nothing_may_know_bdat_and_is_not_blamed_for_it() {
    conforms(&format!(
        "{GREETED}{ADDRESSED}
        C! BDAT 2 LAST\\r\\nMe
        E: OnReject
        S: 551 discarded
        C: RSET
        E: OnRsetCommand
        S: 250 ok
        C: MAIL FROM:<b@example.org>
        E: OnMailCommand b@example.org
        S: 250 ok{QUIT}"
    ));
}

#[test]
fn a_server_that_took_chunks_need_not_know_them_behind_a_helo() {
    conforms(&format!(
        "{CHUNKING}{ADDRESSED}{ONE_CHUNK}
        C: BDAT 18446744073709551618
        E: OnReject
        S: 501 too large
        C: HELO a.example.org
        E: OnHeloCommand a.example.org
        S: 250 mail.example.org
        {UNKNOWN_BDAT}{QUIT}"
    ));
}

#[test]
fn a_server_that_took_chunks_in_clear_need_not_know_them_inside_tls() {
    conforms(&format!(
        "{CHUNKING}{ADDRESSED}{ONE_CHUNK}
        C: BDAT 18446744073709551618
        E: OnReject
        S: 501 too large
        C: STARTTLS
        S: 220 go
        tls TLSv1.3
        {UNKNOWN_BDAT}{QUIT}"
    ));
}

#[test]
fn changed_content_is_not_that_of_a_chunk_which_was_refused() {
    let ladder = format!(
        "{CHUNKING}{ADDRESSED}
        C! BDAT 0\\r\\n
        E: OnReject
        S: 551 no
        C! BDAT 9 LAST\\r\\nA: b\\r\\n\\r\\nc
        E: OnReject
        S: 551 discarded
        C: MAIL FROM:<a@example.org>
        E: OnMailCommand a@example.org
        S: 250 ok
        C: RCPT TO:<b@example.org>
        E: OnRcptCommand b@example.org
        S: 250 ok
        C! BDAT 9 LAST\\r\\nA: x\\r\\n\\r\\ny
        E: OnDataCommand
        E: OnEndOfHeaders
        E: OnEndOfData A: x\\r\\n\\r\\ny\\r\\n
        S: 250 queued{QUIT}"
    );
    assert_eq!(rules_of(&[&ladder]), ["CON-3"]);
}

#[test]
fn content_that_is_a_little_longer_does_not_hold_chunks_that_were_given_up() {
    let message = |content: &str| {
        format!(
            "{CHUNKING}{ADDRESSED}
            C! BDAT 8\\r\\nX: long\\r
            E: OnDataCommand
            S: 250 ok
            C: RSET
            E: OnRsetCommand
            S: 250 ok{ADDRESSED}
            C! BDAT 9 LAST\\r\\nA: x\\r\\n\\r\\ny
            E: OnDataCommand
            E: OnEndOfHeaders
            E: OnEndOfData {content}
            S: 250 queued{QUIT}"
        )
    };
    let longer = message("A: x\\r\\n\\r\\ny\\r\\n");
    assert_eq!(rules_of(&[&longer]), ["CON-3"]);
    let both = message("X: long\\rA: x\\r\\n\\r\\ny");
    assert_eq!(rules_of(&[&both]), ["CHK-7"]);
}

#[test]
fn of_what_nobody_answered_some_may_have_been_refused_and_some_accepted() {
    let ladder = "
        E: OnConnect
        S: 220 mail.example.org
        C! EHLO a\\r\\nDATA\\r\\nMAIL FROM:<a@b.c>\\r\\nRCPT TO:<d@e.f>\\r\\nDATA\\r\\nA: b\\r\\n\\r\\n.\\r\\nMAIL FROM:<g@h.i>\\r\\nRCPT TO:<j@k.l>\\r\\nDATA\\r\\nNOOP\\r\\n
        FIN
        E: OnEhloCommand a
        E: OnMailCommand a@b.c
        E: OnRcptCommand d@e.f
        E: OnDataCommand
        E: OnEndOfHeaders
        E: OnEndOfData A: b\\r\\n\\r\\n
        E: OnMailCommand g@h.i
        E: OnRcptCommand j@k.l
        E: OnDataCommand
        E: OnNoopCommand
        E: OnDisconnect Lost";
    let run = check(&transcript(Some(hello_without_reject()), &[ladder]));
    assert_eq!(found(&run), []);
}

#[test]
fn half_a_line_is_told_from_a_malformed_command_before_it() {
    let ladder = format!(
        "{GREETED}{ADDRESSED}
        C: RCPT TO::<c@example.org>
        E: OnReject
        S: 501 no
        C! RCPT TO:<d@example.org>\\r
        FIN
        E: OnRcptCommand d@example.org
        E: OnDisconnect Lost"
    );
    assert_eq!(rules_of(&[&ladder]), ["CON-8"]);
}

#[test]
fn a_503_to_a_line_that_is_not_strict_is_a_wrong_code_and_no_wrong_state() {
    let ladder = format!(
        "{GREETED}
        C! MAIL FROM:<a@example.org>\t\\r\\n
        E: OnReject
        S: 503 unsupported option
        C: RSET
        E: OnRsetCommand
        S: 250 ok
        C! MAIL FROM:<a@example.org>\t\\r\\n
        E: OnReject
        S: 503 unsupported option{QUIT}"
    );
    assert_eq!(rules_of(&[&ladder]), ["WIR-5", "WIR-5"]);
}

#[test]
fn a_mail_without_a_greeting_may_be_refused_by_its_handler() {
    let ladder = "
        E: OnConnect
        S: 220 mail.example.org
        C: MAIL FROM:<a@example.org>
        E: OnMailCommand a@example.org
        E: OnReject
        S: 554 no
        C: QUIT
        S: 221 bye
        server-close
        E: OnDisconnect Quit";
    let mut run = transcript(Some(hello()), &[ladder]);
    run.sessions[0].open.handlers = HandlerScript {
        rules: vec![HandlerRule {
            event: EventKind::OnMailCommand,
            nth: 1,
            action: HandlerAction::Reject("554 no".into()),
        }],
    };
    assert_eq!(found(&check(&run)), []);
}

#[test]
fn a_known_bare_lf_explains_a_reply_that_answers_nothing() {
    let first = format!("{GREETED}\nC! NOOP\\n\nE: OnNoopCommand\nS: 250 ok{QUIT}");
    let second = format!(
        "{GREETED}
        C! HELO one\\r\\n\\nEHLO two\\r\\n
        E: OnReject
        S: 554 too soon
        E: OnReject
        S: 500 what
        S: 250 mail.example.org{QUIT}"
    );
    let rules = rules_of(&[&first, &second]);
    assert!(
        rules.contains(&"ORD-11") && !rules.contains(&"WIR-2"),
        "{rules:?}"
    );
}

#[test]
fn what_is_sent_behind_quit_may_cost_its_reply() {
    let ladder = |sent: &str, end: &str| {
        format!(
            "{GREETED}\n        C! QUIT\\r\\n{sent}\n        {end}\n        E: OnDisconnect Quit"
        )
    };
    conforms(&ladder("NO", "server-reset"));
    for (sent, end) in [("", "server-reset"), ("NO", "server-close")] {
        assert_eq!(rules_of(&[&ladder(sent, end)]), ["WIR-7"], "{sent}, {end}");
    }
}

#[test]
fn that_a_server_answers_the_rest_of_a_chunk_is_no_sign_that_it_read_refused_ones_as_commands() {
    let ladder = format!(
        "{CHUNKING}{ADDRESSED}{ONE_CHUNK}
        C! BDAT 17\\r\\nMessage-ID: <malf
        S: 551 discarded
        C! BDAT 7\\r\\nTURN\\r\\n
        C! BDAT 29 LAST\\r\\nMessage-ID: <a@b.example>\\r\\n
        S: 551 discarded
        S: 500 what
        S: 221 I can break rules too
        server-close
        E: OnDisconnect Dropped"
    );
    let run = check(&transcript(Some(hello_without_reject()), &[&ladder]));
    let rules: Vec<_> = found(&run).into_iter().map(|(rule, _)| rule).collect();
    assert_eq!(rules, ["WIR-18", "CHK-3", "CHK-3"]);
}
