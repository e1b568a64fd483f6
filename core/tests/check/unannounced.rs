//! BDAT at servers of which nobody saw that they know it, as runs against servers that nobody here wrote have shown.

use crate::{
    GREETED, QUIT,
    leeway::ADDRESSED,
    other_lines::{MAIL, rules, with_handler},
    rules_without_reject,
    trace::{hello, hello_without_reject, transcript},
};
use pretty_assertions::assert_eq;
use smtpspec_core::{
    check::{Verdict, check},
    event::{EventKind, HandlerAction, HandlerRule},
};

/// Postfix, to which a client has sent all at once, and left.
#[test]
fn a_last_chunk_of_no_octets_ends_a_message_where_nobody_saw_that_bdat_is_known() {
    let ladder = |bdat: &str| {
        format!(
            "E: OnConnect
            S: 220 mail.example.org
            C! EHLO a.example.org\\r\\nMAIL FROM:<a@example.org>\\r\\nRCPT TO:<b@example.org>\\r\\n{bdat}\\r\\nNOOP\\r\\n
            RST
            E: OnEhloCommand a.example.org
            E: OnMailCommand a@example.org
            E: OnRcptCommand b@example.org
            E: OnDataCommand
            E: OnEndOfHeaders
            E: OnEndOfData
            E: OnNoopCommand
            E: OnDisconnect Lost"
        )
    };
    let last = ladder("BDAT 0 LAST");
    assert_eq!(rules_without_reject(&[&last]), [""; 0]);
    let open = rules_without_reject(&[&ladder("BDAT 0")]);
    assert!(open.contains(&"ORD-5"), "{open:?}");
}

/// Haraka, whose handler drops the session at DATA.
#[test]
fn a_malformed_bdat_that_is_not_known_has_no_handler() {
    let ladder = |code: &str| {
        format!(
            "{GREETED}{MAIL}
            C: RCPT TO:<b@example.org>
            E: OnRcptCommand b@example.org
            S: 250 ok
            C: BDAT 0LAST
            S: {code}
            C: DATA
            E: OnDataCommand
            S: 451 dropped
            server-close
            E: OnDisconnect Dropped"
        )
    };
    let drops = |code: &str| {
        let mut hello = hello_without_reject();
        hello.semantics.clock = false;
        let mut run = transcript(Some(hello), &[&ladder(code)]);
        run.sessions[0].open.handlers.rules.push(HandlerRule {
            event: EventKind::OnDataCommand,
            nth: 1,
            action: HandlerAction::Drop,
        });
        // The events come by another way, and too late to be told apart by it.
        let entries = &mut run.sessions[0].entries;
        let event = entries.iter().rposition(|entry| {
            matches!(&entry.what, smtpspec_core::transcript::What::Event(record)
                if record.event.kind() == EventKind::OnDataCommand)
        });
        let event = entries.remove(event.unwrap());
        let sent = entries.iter().position(|entry| {
            matches!(&entry.what, smtpspec_core::transcript::What::Sent(octets)
                if octets.0.starts_with(b"BDAT"))
        });
        entries.insert(sent.unwrap() + 1, event);
        rules(&run)
    };
    assert!(!drops("500 what").contains(&"CHK-13"));
    assert!(drops("451 dropped").contains(&"CHK-13"));
}

/// Postfix behind HELO, which has announced nothing and discards the octets of a chunk that it refuses all the same.
#[test]
fn behind_a_refused_chunk_that_need_not_be_discarded_no_clause_is_asked() {
    let verdict = |octets: &str| {
        let ladder = format!(
            "{GREETED}
            C! BDAT {octets}
            E: OnReject
            S: 503 need MAIL
            C: QUIT now
            E: OnReject
            S: 551 no{QUIT}"
        );
        let run = check(&transcript(Some(hello()), &[&ladder]));
        let clause = run.rules.iter().find(|rule| rule.rule.id == "WIR-61");
        clause.unwrap().verdict
    };
    assert_eq!(verdict("1\\r\\nS"), Verdict::NotExercised);
    assert_eq!(verdict("0\\r\\nS"), Verdict::NotStrict);
}

/// Postfix behind HELO, which takes BDAT though it has announced nothing.
#[test]
fn that_a_server_knows_bdat_shows_also_where_a_handler_refuses_its_message() {
    let ladder = |chunk: &str, event: &str, reply: &str| {
        format!(
            "E: OnConnect
            S: 220 mail.example.org
            C: HELO a.example.org
            E: OnHeloCommand a.example.org
            S: 250 mail.example.org{ADDRESSED}
            C! BDAT {chunk}
            E: OnDataCommand
            E: OnEndOfHeaders
            {event}
            S: {reply}"
        )
    };
    let hello = hello_without_reject;
    let (end, headers) = (EventKind::OnEndOfData, EventKind::OnEndOfHeaders);
    let nothing = ladder("0 LAST\\r\\n", "E: OnEndOfData", "451 later");
    let rules = with_handler(
        hello(),
        end,
        HandlerAction::Fail,
        &format!("{nothing}{QUIT}"),
    );
    assert_eq!(rules, [""; 0]);
    let dropped = ladder("6 LAST\\r\\nA: b\\r\\n", "", "421 dropped");
    let left = "
        server-close
        E: OnDisconnect Dropped";
    let rules = with_handler(
        hello(),
        headers,
        HandlerAction::Drop,
        &format!("{dropped}{left}"),
    );
    assert_eq!(rules, [""; 0]);
}

/// Postfix 3.7.11, which forgets that a refused message has no recipients, and whose process ends then.
#[test]
fn an_event_out_of_sequence_as_ever_is_not_the_end_of_a_chunk_that_was_read_as_commands() {
    let crash = "
        C: MAIL FROM:<b@example.org>
        E: OnMailCommand b@example.org
        S: 250 ok
        C: DATA
        E: OnDataCommand
        server-close
        E: OnDisconnect Dropped";
    let again = format!(
        "{GREETED}{ADDRESSED}
        C! BDAT 3\\r\\nabc
        E: OnDataCommand
        S: 250 ok
        C: BDAT 0
        S: 551 null
        C! \\r\\n
        S: 500 what
        C! BDAT 77\\r\\nA: b\\r\\n\\r\\nMAIL FROM:<c@example.org>\\r\\nRCPT TO:<d@example.org>\\r\\nDATA\\r\\nA: b\\r\\n\\r\\nc\\r\\n
        S: 551 discarded
        C! BDAT 77 LAST\\r\\nA: b\\r\\n\\r\\nMAIL FROM:<c@example.org>\\r\\nRCPT TO:<d@example.org>\\r\\nDATA\\r\\nA: b\\r\\n\\r\\nc\\r\\n
        S: 551 discarded{crash}"
    );
    let rules = rules_without_reject(&[&format!("{GREETED}{crash}"), &again]);
    assert_eq!(rules, ["ORD-3", "ORD-3", "WIR-18", "WIR-18"]);
}
