//! The checker on traces written by hand: what conforms is not reported, what breaks a rule is reported under
//! that rule and no other.

mod attribution;
mod authentication;
mod chunks;
mod clauses;
mod consequences;
mod declared;
mod evidence;
mod fairness;
mod leeway;
mod levels;
mod lmtp;
mod observed;
mod other_ends;
mod other_lines;
mod properties;
mod refusals;
mod repeated;
mod tls;
mod trace;
mod unannounced;

use pretty_assertions::assert_eq;
use smtpspec_core::check::{Finding, RunVerdict, Verdict, check, is_clause};
use trace::{hello, hello_without_reject, transcript};

const GREETED: &str = "
    E: OnConnect
    S: 220 mail.example.org
    C: EHLO a.example.org
    E: OnEhloCommand a.example.org
    S: 250 mail.example.org";

const OPEN: &str = "
    C: MAIL FROM:<a@example.org>
    E: OnMailCommand a@example.org
    S: 250 ok
    C: RCPT TO:<b@example.org>
    E: OnRcptCommand b@example.org
    S: 250 ok
    C: DATA
    E: OnDataCommand
    S: 354 go";

const QUIT: &str = "
    C: QUIT
    S: 221 bye
    server-close
    E: OnDisconnect Quit";

/// What was found of the rules that are no clauses: ladders written for the order of events say as little else as they
/// can, and a `250 ok` is not what every clause wants.
fn of_the_model(run: &RunVerdict) -> impl Iterator<Item = &Finding> {
    let rules = run.rules.iter().filter(|rule| !is_clause(rule.rule));
    rules.flat_map(|rule| &rule.findings)
}

/// The rules that are broken or not strict, with what was found.
fn found(run: &RunVerdict) -> Vec<(&'static str, String)> {
    of_the_model(run)
        .map(|finding| (finding.rule, finding.what.clone()))
        .collect()
}

fn rules_of(ladders: &[&str]) -> Vec<&'static str> {
    let run = check(&transcript(Some(hello()), ladders));
    found(&run).into_iter().map(|(rule, _)| rule).collect()
}

/// The same at a server without OnReject, as most are.
fn rules_without_reject(ladders: &[&str]) -> Vec<&'static str> {
    let run = check(&transcript(Some(hello_without_reject()), ladders));
    found(&run).into_iter().map(|(rule, _)| rule).collect()
}

#[track_caller]
fn conforms(ladder: &str) {
    let run = check(&transcript(Some(hello()), &[ladder]));
    assert_eq!(found(&run), []);
}

#[track_caller]
fn breaks(rule: &str, ladder: &str) {
    assert_eq!(rules_of(&[ladder]), [rule]);
}

#[test]
fn a_whole_conversation_conforms() {
    conforms(&format!(
        "{GREETED}{OPEN}
        C: Subject: x
        C:
        E: OnEndOfHeaders
        C: body
        C: .
        E: OnEndOfData Subject: x\\r\\n\\r\\nbody\\r\\n
        S: 250 queued{QUIT}"
    ));
}

#[test]
fn a_client_lost_anywhere_needs_a_disconnect_and_no_more() {
    for end in ["FIN", "RST"] {
        conforms(&format!("{GREETED}\n{end}\nE: OnDisconnect Lost"));
        conforms(&format!(
            "{GREETED}{OPEN}\nC: Subject: x\n{end}\nE: OnDisconnect Lost"
        ));
        conforms(&format!(
            "{GREETED}\nC! MAIL FRO\n{end}\nE: OnDisconnect Lost"
        ));
    }
}

#[test]
fn many_commands_whose_replies_nobody_read_may_have_been_acted_on_in_part() {
    let lines = "NOOP\\r\\n".repeat(12);
    conforms(&format!(
        "E: OnConnect
        S: 220 hi
        C! \\r\\nEHLO a.example.org\\r\\n{lines}
        FIN
        E: OnReject
        E: OnEhloCommand a.example.org
        E: OnNoopCommand
        E: OnDisconnect Lost"
    ));
}

#[test]
fn a_lost_disconnect_breaks_ses_2() {
    breaks("SES-2", &format!("{GREETED}\nFIN"));
}

#[test]
fn a_doubled_disconnect_breaks_ses_2() {
    breaks("SES-2", &format!("{GREETED}{QUIT}\nE: OnDisconnect Quit"));
}

#[test]
fn a_wrong_reason_breaks_ses_3() {
    breaks("SES-3", &format!("{GREETED}\nFIN\nE: OnDisconnect Quit"));
}

#[test]
fn quit_and_reset_may_be_either_reason() {
    for reason in ["Quit", "Lost"] {
        conforms(&format!(
            "{GREETED}\nC: QUIT\nRST\nE: OnDisconnect {reason}"
        ));
    }
}

#[test]
fn an_event_of_another_session_breaks_ses_5() {
    let ladder = |from: &str, seen: &str| {
        format!("{GREETED}\nC: MAIL FROM:<{from}>\nE: OnMailCommand {seen}\nS: 250 ok{QUIT}")
    };
    let one = ladder("one@example.org", "one@example.org");
    let two = ladder("two@example.org", "one@example.org");
    assert_eq!(rules_of(&[&one, &two]), ["SES-5"]);
}

#[test]
fn mail_before_ehlo_that_fires_breaks_ord_1() {
    breaks(
        "ORD-1",
        "E: OnConnect
         S: 220 hi
         C: MAIL FROM:<a@example.org>
         E: OnMailCommand a@example.org
         E: OnReject
         S: 503 no
         FIN
         E: OnDisconnect Lost",
    );
}

#[test]
fn what_is_taken_out_of_sequence_breaks_the_order_rule_where_its_event_fired() {
    let mail = "
        C: MAIL FROM:<a@example.org>
        E: OnMailCommand a@example.org
        S: 250 ok";
    let rcpt = "
        C: RCPT TO:<b@example.org>
        E: OnRcptCommand b@example.org
        S: 250 ok";
    let data = "
        C: DATA
        E: OnDataCommand
        S: 354 go";
    let hello = "
        E: OnConnect
        S: 220 hi";
    let end = "FIN\nE: OnDisconnect Lost";
    // Only not strict: see `a_server_that_wants_no_greeting_is_only_not_strict`.
    breaks("ORD-1", &format!("{hello}{mail}\n{end}"));
    breaks("ORD-2", &format!("{GREETED}{rcpt}\n{end}"));
    breaks("ORD-3", &format!("{GREETED}{mail}{data}\n{end}"));
    breaks("ORD-6", &format!("{GREETED}{mail}{mail}\n{end}"));
}

#[test]
fn what_is_taken_out_of_sequence_without_an_event_breaks_wir_5() {
    let run = check(&transcript(
        None,
        &["S: 220 hi\nC: MAIL FROM:<>\nS: 250 ok\nFIN"],
    ));
    let rules: Vec<_> = found(&run).into_iter().map(|(rule, _)| rule).collect();
    assert_eq!(rules, ["WIR-5"]);
}

#[test]
fn a_transaction_that_survives_rset_breaks_ord_7() {
    breaks(
        "ORD-7",
        &format!(
            "{GREETED}
            C: MAIL FROM:<a@example.org>
            E: OnMailCommand a@example.org
            S: 250 ok
            C: RSET
            E: OnRsetCommand
            S: 250 ok
            C: RCPT TO:<b@example.org>
            E: OnRcptCommand b@example.org
            S: 250 ok{QUIT}"
        ),
    );
}

#[test]
fn an_event_after_its_reply_breaks_ord_9() {
    breaks(
        "ORD-9",
        &format!("{GREETED}\nC: NOOP\nS: 250 ok\nlate-E: OnNoopCommand{QUIT}"),
    );
}

#[test]
fn swapped_events_break_ord_10() {
    breaks(
        "ORD-10",
        &format!(
            "{GREETED}
            C! MAIL FROM:<a@example.org>\\r\\nRCPT TO:<b@example.org>\\r\\n
            E: OnRcptCommand b@example.org
            E: OnMailCommand a@example.org
            S: 250 ok
            S: 250 ok{QUIT}"
        ),
    );
}

#[test]
fn a_lost_event_breaks_ord_11() {
    breaks("ORD-11", &format!("{GREETED}\nC: NOOP\nS: 250 ok{QUIT}"));
}

#[test]
fn a_refused_recipient_that_counts_breaks_rej_4() {
    breaks(
        "REJ-4",
        &format!(
            "{GREETED}
            C: MAIL FROM:<a@example.org>
            E: OnMailCommand a@example.org
            S: 250 ok
            C: RCPT TO:<b@example.org>
            E: OnRcptCommand b@example.org
            E: OnReject 550 no
            S: 550 no
            C: DATA
            E: OnDataCommand
            S: 354 go
            FIN
            E: OnDisconnect Lost"
        ),
    );
}

#[test]
fn end_of_data_for_a_message_cut_off_breaks_con_1() {
    breaks(
        "CON-1",
        &format!(
            "{GREETED}{OPEN}\nC:\nE: OnEndOfHeaders\nFIN\nE: OnEndOfData\nE: OnDisconnect Lost"
        ),
    );
}

#[test]
fn a_second_end_of_headers_breaks_ord_4_also_when_the_message_is_cut_off() {
    breaks(
        "ORD-4",
        &format!(
            "{GREETED}{OPEN}\nC:\nE: OnEndOfHeaders\nE: OnEndOfHeaders\nFIN\nE: OnDisconnect Lost"
        ),
    );
}

/// A second envelope behind a bare-LF dot; the server acts on it.
const SMUGGLED: &str = "
    C! body\\n.\\nMAIL FROM:<evil@example.org>\\r\\n.\\r\\n
    E: OnEndOfHeaders
    E: OnEndOfData
    S: 250 queued
    E: OnMailCommand evil@example.org
    S: 250 ok
    E: OnReject
    S: 500 what
    C: QUIT
    S: 221 bye
    server-close
    E: OnDisconnect Quit";

#[test]
fn a_smuggled_envelope_breaks_con_2_and_is_named() {
    let run = check(&transcript(
        Some(hello()),
        &[&format!("{GREETED}{OPEN}{SMUGGLED}")],
    ));
    let [(rule, what)] = &found(&run)[..] else {
        panic!("{:?}", found(&run))
    };
    assert_eq!(*rule, "CON-2");
    assert!(what.starts_with("LF . LF ended the message"), "{what}");
}

#[test]
fn smuggling_shows_without_any_events() {
    let whole = format!("{GREETED}{OPEN}{SMUGGLED}");
    let wire: Vec<&str> = whole.lines().filter(|line| !line.contains("E:")).collect();
    let wire = wire.join("\n");
    let run = check(&transcript(None, &[&wire]));
    assert_eq!(
        found(&run)
            .iter()
            .map(|(rule, _)| *rule)
            .collect::<Vec<_>>(),
        ["CON-2"]
    );
    let ses_2 = run
        .rules
        .iter()
        .find(|rule| rule.rule.id == "SES-2")
        .unwrap();
    assert_eq!(ses_2.verdict, Verdict::NotObservable);
}

#[test]
fn dots_left_in_break_con_3() {
    breaks(
        "CON-3",
        &format!(
            "{GREETED}{OPEN}
            C: ..x
            C: .
            E: OnEndOfHeaders
            E: OnEndOfData ..x\\r\\n
            S: 250 queued{QUIT}"
        ),
    );
}

#[test]
fn a_command_in_content_breaks_con_4() {
    breaks(
        "CON-4",
        &format!(
            "{GREETED}{OPEN}
            C: RSET
            E: OnRsetCommand
            C: .
            E: OnEndOfHeaders
            E: OnEndOfData
            S: 250 queued{QUIT}"
        ),
    );
}

#[test]
fn half_a_line_acted_on_breaks_con_8() {
    breaks(
        "CON-8",
        &format!("{GREETED}\nC! RSET\nFIN\nE: OnRsetCommand\nE: OnDisconnect Lost"),
    );
}

#[test]
fn a_lenient_path_is_named_and_no_finding() {
    let ladder = format!(
        "{GREETED}
        C: mail from: sender@contoso.com
        E: OnMailCommand sender@contoso.com
        S: 250 ok{QUIT}"
    );
    let run = check(&transcript(Some(hello()), &[&ladder]));
    assert_eq!(found(&run), []);
    let names: Vec<&str> = run
        .leniencies
        .iter()
        .map(|seen| seen.name.as_str())
        .collect();
    assert_eq!(
        names,
        ["space after the colon", "no angle brackets around the path"]
    );
}

#[test]
fn an_unsettled_session_is_inconclusive_not_passed() {
    let mut cut = transcript(Some(hello()), &[GREETED]);
    cut.complete = false;
    cut.sessions[0].entries.pop();
    let run = check(&cut);
    assert_eq!(found(&run), []);
    assert_eq!(run.overall(), Verdict::Inconclusive);
}

#[test]
fn the_verdict_is_the_same_for_a_saved_transcript() {
    use smtpspec_core::transcript::Transcript;
    let live = transcript(Some(hello()), &[&format!("{GREETED}{OPEN}{SMUGGLED}")]);
    let mut file = Vec::new();
    live.write_to(&mut file).unwrap();
    assert_eq!(check(&Transcript::parse(&file).unwrap()), check(&live));
}

#[test]
fn a_death_of_the_server_is_all_that_is_said_of_a_session() {
    breaks(
        "SES-8",
        &format!("{OPEN}\nC: half a message\nRST\ndied exit status: 1"),
    );
}
