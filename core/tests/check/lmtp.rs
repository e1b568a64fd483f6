//! LMTP at servers of all kinds: what breaks a rule of RFC 2033 is reported under that rule and no other.

use crate::{
    found,
    trace::{hello, transcript},
};
use pretty_assertions::assert_eq;
use smtpspec_core::{
    check::{Level, RunVerdict, check},
    transcript::Transcript,
    wire::Protocol,
};

const GREETED: &str = "
    E: OnConnect
    S: 220 mail.example.org
    C: LHLO a.example.org
    E: OnEhloCommand a.example.org
    S! 250-mail.example.org\\r\\n250-PIPELINING\\r\\n250-CHUNKING\\r\\n250-8BITMIME\\r\\n250 ENHANCEDSTATUSCODES\\r\\n";

const TO_TWO: &str = "
    C: MAIL FROM:<a@example.org>
    E: OnMailCommand a@example.org
    S: 250 2.1.0 ok
    C: RCPT TO:<b@example.org>
    E: OnRcptCommand b@example.org
    S: 250 2.1.5 ok
    C: RCPT TO:<c@example.org>
    E: OnRcptCommand c@example.org
    S: 250 2.1.5 ok";

const MESSAGE: &str = "
    C: DATA
    E: OnDataCommand
    S: 354 go ahead
    C: x
    C: .
    E: OnEndOfHeaders
    E: OnEndOfData x\\r\\n";

const QUIT: &str = "
    C: QUIT
    S: 221 2.0.0 bye
    server-close
    E: OnDisconnect Quit";

const GAVE_UP: &str = "
    gave-up
    E: OnDisconnect Lost";

fn played(ladder: &str) -> Transcript {
    let mut played = transcript(Some(hello()), &[ladder]);
    for session in &mut played.sessions {
        session.open.protocol = Protocol::Lmtp;
    }
    played
}

fn judged(ladder: &str) -> RunVerdict {
    check(&played(ladder))
}

#[track_caller]
fn conforms(ladder: &str) {
    assert_eq!(found(&judged(ladder)), []);
}

#[track_caller]
fn breaks(rule: &str, ladder: &str) {
    let found = found(&judged(ladder));
    let rules: Vec<_> = found.iter().map(|(rule, _)| *rule).collect();
    assert_eq!(rules, [rule], "{found:#?}");
}

#[test]
fn a_reply_for_each_recipient_conforms() {
    conforms(&format!(
        "{GREETED}{TO_TWO}{MESSAGE}
        S: 250 2.1.5 taken
        S: 250 2.1.5 taken{QUIT}"
    ));
    // For one of them only.
    conforms(&format!(
        "{GREETED}{TO_TWO}{MESSAGE}
        S: 250 2.1.5 taken
        S: 452 4.2.2 mailbox full{QUIT}"
    ));
    conforms(&format!(
        "{GREETED}{TO_TWO}{MESSAGE}
        E: OnReject
        S: 550 5.7.1 no
        S: 550 5.7.1 no{QUIT}"
    ));
}

#[test]
fn who_refuses_for_one_of_them_only_may_fire_on_reject_or_not() {
    let first = "S: 452 4.2.2 full
        S: 250 2.1.5 taken";
    let second = "S: 250 2.1.5 taken
        S: 452 4.2.2 full";
    let session =
        |event: &str, replies: &str| format!("{GREETED}{TO_TWO}{MESSAGE}{event}\n{replies}{QUIT}");
    let rejected = "\n    E: OnReject";
    for replies in [first, second] {
        conforms(&session("", replies));
        conforms(&session(rejected, replies));
        conforms(&session(&format!("{rejected} 452 4.2.2 full"), replies));
        // Only one was refused, and with no other reply.
        breaks("REJ-3", &session(&rejected.repeat(2), replies));
        breaks("REJ-3", &session(&format!("{rejected} 550 no"), replies));
    }
    let both = "S: 452 4.2.2 full
        S: 452 4.2.2 full";
    conforms(&session(rejected, both));
    conforms(&session(&rejected.repeat(2), both));
    breaks("REJ-3", &session(&rejected.repeat(3), both));
    let taken = "S: 250 2.1.5 taken\nS: 250 2.1.5 taken";
    breaks("REJ-3", &session(rejected, taken));
}

#[test]
fn a_refusal_that_is_not_sent_is_a_reply_that_is_missing() {
    breaks(
        "LMT-1",
        &format!(
            "{GREETED}{TO_TWO}{MESSAGE}
            E: OnReject 452 4.2.2 full
            S: 250 2.1.5 taken{GAVE_UP}"
        ),
    );
}

#[test]
fn the_file_of_a_transcript_says_what_was_spoken() {
    let ladder = format!(
        "{GREETED}{TO_TWO}{MESSAGE}
        S: 250 2.1.5 taken
        S: 250 2.1.5 taken{QUIT}"
    );
    let mut file = Vec::new();
    played(&ladder).write_to(&mut file).unwrap();
    let again = Transcript::parse(&file).unwrap();
    assert_eq!(found(&check(&again)), []);
    // Where it does not, LHLO is no command, and nothing fits.
    let text = String::from_utf8(file).unwrap();
    let as_smtp = text.replace(",\"protocol\":\"lmtp\"", "");
    assert!(as_smtp.len() < text.len());
    let again = Transcript::parse(as_smtp.as_bytes()).unwrap();
    assert!(!found(&check(&again)).is_empty());
}

#[test]
fn one_reply_for_all_is_too_few() {
    breaks(
        "LMT-1",
        &format!("{GREETED}{TO_TWO}{MESSAGE}\nS: 250 2.0.0 taken{GAVE_UP}"),
    );
}

#[test]
fn a_server_that_waits_for_more_and_times_out_has_given_too_few() {
    let session = |wait: u64| {
        format!(
            "{GREETED}{TO_TWO}{MESSAGE}
            S: 250 2.0.0 taken
            wait {wait}
            S: 421 4.4.2 timed out
            server-close
            E: OnDisconnect Timeout"
        )
    };
    let found = found(&judged(&session(1000)));
    assert!(found.iter().any(|(rule, _)| *rule == "LMT-1"), "{found:#?}");
}

#[test]
fn what_is_pipelined_behind_the_message_has_replies_of_its_own() {
    let group = |replies: &str| {
        format!(
            "{GREETED}{TO_TWO}
            C: DATA
            E: OnDataCommand
            S: 354 go ahead
            C! x\\r\\n.\\r\\nRSET\\r\\nNOOP\\r\\nQUIT\\r\\n
            E: OnEndOfHeaders
            E: OnEndOfData x\\r\\n
            E: OnRsetCommand
            E: OnNoopCommand
            {replies}
            S: 221 2.0.0 bye
            server-close
            E: OnDisconnect Quit"
        )
    };
    let ok = "S: 250 2.0.0 ok\n";
    conforms(&group(&ok.repeat(4)));
    breaks("LMT-1", &group(&ok.repeat(3)));
}

#[test]
fn one_reply_too_many_is_named_by_the_message() {
    breaks(
        "LMT-1",
        &format!(
            "{GREETED}{TO_TWO}{MESSAGE}
            S: 250 2.0.0 taken
            S: 250 2.0.0 taken
            S: 250 2.0.0 taken{QUIT}"
        ),
    );
}

#[test]
fn replies_that_name_their_recipients_are_in_their_order() {
    let session = |first: char, second: char| {
        format!(
            "{GREETED}{TO_TWO}{MESSAGE}
            S: 250 2.1.5 <{first}@example.org> taken
            S: 250 2.1.5 <{second}@example.org> taken{QUIT}"
        )
    };
    conforms(&session('b', 'c'));
    breaks("LMT-2", &session('c', 'b'));
    // Who names somebody else says nothing of the order.
    conforms(&session('x', 'b'));
}

#[test]
fn data_without_a_recipient_is_503() {
    let session = |code: u16| {
        format!(
            "{GREETED}
            C: MAIL FROM:<a@example.org>
            E: OnMailCommand a@example.org
            S: 250 2.1.0 ok
            C: DATA
            E: OnReject
            S: {code} 5.5.1 nobody{QUIT}"
        )
    };
    conforms(&session(503));
    breaks("LMT-3", &session(554));
}

#[test]
fn a_greeting_of_smtp_is_refused() {
    let refused = |code: u16| {
        format!(
            "E: OnConnect
            S: 220 mail.example.org
            C: EHLO a.example.org
            E: OnReject
            S: {code} 5.5.1 LMTP{QUIT}"
        )
    };
    conforms(&refused(500));
    conforms(&refused(502));
    breaks(
        "LMT-4",
        &format!(
            "E: OnConnect
            S: 220 mail.example.org
            C: EHLO a.example.org
            E: OnEhloCommand a.example.org
            S: 250 mail.example.org
            C: MAIL FROM:<a@example.org>
            E: OnMailCommand a@example.org
            S: 250 2.1.0 ok{QUIT}"
        ),
    );
}

#[test]
fn lhlo_announces_what_it_must_and_should() {
    let session = |keywords: &str| {
        format!(
            "E: OnConnect
            S: 220 mail.example.org
            C: LHLO a.example.org
            E: OnEhloCommand a.example.org
            S! 250-mail.example.org\\r\\n{keywords}250 HELP\\r\\n{QUIT}"
        )
    };
    let levels = |keywords: &str| {
        let verdict = judged(&session(keywords));
        let of_rule = verdict.findings().filter(|finding| finding.rule == "LMT-5");
        of_rule.map(|finding| finding.level).collect::<Vec<_>>()
    };
    let [pipelining, codes, eight] =
        ["PIPELINING", "ENHANCEDSTATUSCODES", "8BITMIME"].map(|k| format!("250-{k}\\r\\n"));
    assert_eq!(levels(&format!("{pipelining}{codes}{eight}")), []);
    assert_eq!(levels(&format!("{codes}{eight}")), [Level::Must]);
    assert_eq!(levels(&format!("{pipelining}{codes}")), [Level::Should]);
    assert_eq!(levels("").len(), 3);
}

#[test]
fn the_last_chunk_wants_a_reply_for_each_recipient() {
    let session = |replies: &str, end: &str| {
        format!(
            "{GREETED}{TO_TWO}
            C! BDAT 3\\r\\nx\\r\\n
            E: OnDataCommand
            S: 250 2.0.0 chunk
            C: BDAT 0 LAST
            E: OnEndOfHeaders
            E: OnEndOfData x\\r\\n
            {replies}{end}"
        )
    };
    let ok = "S: 250 2.0.0 ok\n";
    conforms(&session(&ok.repeat(2), QUIT));
    breaks("LMT-6", &session(ok, GAVE_UP));
    breaks("LMT-6", &session(&ok.repeat(3), QUIT));
}

#[test]
fn a_last_chunk_for_nobody_need_not_be_answered() {
    let session = |rest: &str| {
        format!(
            "{GREETED}
            C: MAIL FROM:<a@example.org>
            E: OnMailCommand a@example.org
            S: 250 2.1.0 ok
            C! {rest}"
        )
    };
    conforms(&session(&format!("BDAT 3 LAST\\r\\nx\\r\\n{GAVE_UP}")));
    conforms(&session(&format!(
        "BDAT 3 LAST\\r\\nx\\r\\n
        E: OnReject
        S: 503 5.5.1 nobody{QUIT}"
    )));
    // Any other chunk is owed one.
    breaks("CHK-1", &session(&format!("BDAT 3\\r\\nx\\r\\n{GAVE_UP}")));
}

#[test]
fn lhlo_is_known_again() {
    let session = |answer: &str| format!("{GREETED}\nC: LHLO b.example.org\n{answer}{QUIT}");
    conforms(&session(
        "E: OnEhloCommand b.example.org
        S: 250 mail.example.org",
    ));
    breaks("LMT-7", &session("E: OnReject\nS: 500 5.5.1 what"));
}

#[test]
fn what_is_said_of_lhlo_does_not_call_it_ehlo() {
    let greeted = |keyword: &str| {
        format!(
            "E: OnConnect
            S: 220 mail.example.org
            C: LHLO a.example.org
            E: OnEhloCommand a.example.org
            S! 250-mail.example.org\\r\\n250-PIPELINING\\r\\n250-8BITMIME\\r\\n250-{keyword}\\r\\n250 ENHANCEDSTATUSCODES\\r\\n"
        )
    };
    let bad_keyword = format!("{}{QUIT}", greeted("?"));
    let not_honoured = format!(
        "{}
        C: MAIL FROM:<a@example.org> RET=HDRS
        E: OnReject
        S: 555 5.5.4 what{QUIT}",
        greeted("DSN")
    );
    let not_cleared = format!(
        "{GREETED}{TO_TWO}
        C: LHLO a.example.org
        E: OnEhloCommand a.example.org
        S: 250 mail.example.org
        C: RCPT TO:<b@example.org>
        E: OnRcptCommand b@example.org
        S: 250 2.1.5 ok{QUIT}"
    );
    for (rule, words, ladder) in [
        ("WIR-11", "LHLO's reply, line 4", bad_keyword),
        ("DSN-1", "LHLO announced DSN", not_honoured),
        ("ORD-7", "after LHLO had cleared", not_cleared),
    ] {
        let verdict = judged(&ladder);
        let mut findings = verdict.findings().filter(|finding| finding.rule == rule);
        let what = &findings.next().expect(rule).what;
        assert!(what.contains(words) && !what.contains("EHLO"), "{what}");
    }
}

#[test]
fn in_smtp_lhlo_is_no_command() {
    let ladder = format!(
        "E: OnConnect
        S: 220 mail.example.org
        C: LHLO a.example.org
        E: OnReject
        S: 500 5.5.1 what{QUIT}"
    );
    let run = check(&transcript(Some(hello()), &[&ladder]));
    assert_eq!(found(&run), []);
}
