//! Event logs without a wire: what is judged, and what is left open.

use pretty_assertions::assert_eq;
use smtpspec_core::{
    check::{RunVerdict, Verdict, check_events},
    event::EventKind,
    transcript::Transcript,
};

const ALL: &str = "Connect Ehlo Mail Rcpt Data EndOfHeaders EndOfData Mail Rset Disconnect";

/// A log of sessions, each a list of events as `Connect Ehlo Mail Reject`.
fn log(sessions: &[&str], blind: &[EventKind]) -> Vec<u8> {
    let sees: Vec<_> = EventKind::ALL
        .into_iter()
        .filter(|kind| !blind.contains(kind))
        .collect();
    let sees = serde_json::to_string(&sees).unwrap();
    let mut text = format!(
        r#"{{"smtpspec-events":1,"adapter":"a","server":"s 1","events":{sees},"semantics":{{}}}}"#
    );
    for (n, session) in (1..).zip(sessions) {
        for (seq, name) in (1..).zip(session.split_whitespace()) {
            let event = match name {
                "Connect"
                | "Reject"
                | "Disconnect"
                | "EndOfHeaders"
                | "EndOfData"
                | "EndOfAuthentication" => {
                    format!("On{name}")
                }
                _ => format!("On{name}Command"),
            };
            let line = format!(
                r#"{{"session":"s{n}","seq":{seq},"peer":"127.0.0.1:{n}","event":"{event}"}}"#
            );
            text.push('\n');
            text.push_str(&line);
        }
    }
    text.into_bytes()
}

fn judged(sessions: &[&str], blind: &[EventKind], ended: bool) -> RunVerdict {
    check_events(&Transcript::from_event_log(&log(sessions, blind), ended).unwrap())
}

fn broken(session: &str) -> Vec<&'static str> {
    let verdict = judged(&[session], &[], true);
    verdict.findings().map(|finding| finding.rule).collect()
}

fn verdict(run: &RunVerdict, id: &str) -> Verdict {
    run.rules
        .iter()
        .find(|rule| rule.rule.id == id)
        .unwrap()
        .verdict
}

#[test]
fn good_order_is_not_held_against_anybody() {
    for session in [
        ALL,
        "Connect Disconnect",
        "Connect Reject Reject Helo Noop Help Disconnect",
        "Connect Ehlo Mail Reject Mail Rcpt Reject Rcpt Data Reject Data EndOfHeaders Disconnect",
        "Connect Ehlo Mail Rcpt Data EndOfHeaders Reject Mail Disconnect",
        "Connect Ehlo Auth EndOfAuthentication Reject Auth Reject Auth EndOfAuthentication Mail Disconnect",
        "Connect Ehlo Mail Ehlo Mail Rcpt Data EndOfHeaders EndOfData Reject Mail Rcpt Disconnect",
    ] {
        assert_eq!(broken(session), Vec::<&str>::new(), "{session}");
    }
}

#[test]
fn each_rule_that_is_judged_is_broken_by_something() {
    for (rule, session) in [
        ("SES-1", "Ehlo Disconnect"),
        ("SES-1", "Ehlo Connect Disconnect"),
        ("SES-1", "Connect Connect Disconnect"),
        ("SES-2", "Connect Ehlo"),
        ("SES-2", "Connect Disconnect Disconnect"),
        ("SES-4", "Connect Disconnect Rset"),
        ("ORD-1", "Connect Mail Disconnect"),
        ("ORD-1", "Connect Ehlo Reject Mail Disconnect"),
        ("ORD-2", "Connect Ehlo Rcpt Disconnect"),
        ("ORD-2", "Connect Ehlo Mail Reject Rcpt Disconnect"),
        ("ORD-2", "Connect Ehlo Mail Rset Rcpt Disconnect"),
        ("ORD-3", "Connect Ehlo Mail Data Disconnect"),
        ("ORD-3", "Connect Ehlo Mail Rcpt Reject Data Disconnect"),
        ("ORD-4", "Connect Ehlo EndOfHeaders Disconnect"),
        (
            "ORD-4",
            "Connect Ehlo Mail Rcpt Data EndOfHeaders EndOfHeaders EndOfData Disconnect",
        ),
        ("ORD-4", "Connect Ehlo Mail Rcpt Data EndOfData Disconnect"),
        ("ORD-5", "Connect Ehlo EndOfData Disconnect"),
        ("ORD-6", "Connect Ehlo Mail Mail Disconnect"),
        ("ORD-8", "Connect Ehlo EndOfAuthentication Disconnect"),
        (
            "ORD-8",
            "Connect Ehlo Auth Reject EndOfAuthentication Disconnect",
        ),
        (
            "ORD-8",
            "Connect Ehlo Auth EndOfAuthentication EndOfAuthentication Disconnect",
        ),
    ] {
        assert_eq!(broken(session), [rule], "{session}");
    }
}

#[test]
fn an_id_used_by_two_clients_is_found() {
    let text = String::from_utf8(log(&["Connect Disconnect", "Connect Disconnect"], &[])).unwrap();
    let text = text.replace("\"s2\"", "\"s1\"");
    let transcript = Transcript::from_event_log(text.as_bytes(), true).unwrap();
    let run = check_events(&transcript);
    assert_eq!(verdict(&run, "SES-6"), Verdict::Broken);
    assert_eq!(run.findings().count(), 1);
}

#[test]
fn what_cannot_be_seen_is_not_judged() {
    let session = ["Connect Ehlo Mail Mail Disconnect"];
    let run = judged(&session, &[EventKind::OnRsetCommand], true);
    assert_eq!(verdict(&run, "ORD-6"), Verdict::NotObservable);
    assert_eq!(run.findings().count(), 0);
    let run = judged(
        &["Connect Ehlo Mail Rcpt Data EndOfData Disconnect"],
        &[EventKind::OnEndOfHeaders],
        true,
    );
    assert_eq!(verdict(&run, "ORD-4"), Verdict::NotObservable);
    // What needs the wire.
    assert_eq!(verdict(&run, "WIR-1"), Verdict::NotObservable);
    assert_eq!(verdict(&run, "ORD-2"), Verdict::Holds);
}

#[test]
fn a_log_that_is_cut_off_says_nothing_of_its_ends() {
    let run = judged(&["Connect Ehlo"], &[], false);
    assert_eq!(verdict(&run, "SES-2"), Verdict::Inconclusive);
    let text = String::from_utf8(log(&["Connect Ehlo Mail Rcpt"], &[])).unwrap();
    let text = text.lines().filter(|line| !line.contains("\"seq\":1,"));
    let text = text.collect::<Vec<_>>().join("\n");
    let run = check_events(&Transcript::from_event_log(text.as_bytes(), true).unwrap());
    assert_eq!(run.findings().count(), 0);
    assert_eq!(verdict(&run, "SES-1"), Verdict::Inconclusive);
}

#[test]
fn a_line_that_does_not_belong_there_is_named() {
    let text = [&log(&[ALL], &[])[..], b"\n{\"session\":1}\n"].concat();
    let error = Transcript::from_event_log(&text, true).unwrap_err();
    assert_eq!(error.line, 12);
    let error = Transcript::from_event_log(b"", true)
        .unwrap_err()
        .to_string();
    assert!(error.contains("hello"), "{error}");
}

proptest::proptest! {
    #[test]
    fn any_order_of_events_is_judged(events in proptest::collection::vec(0..EventKind::ALL.len(), 0..40), ended: bool) {
        let names: Vec<_> = events.into_iter().map(|n| EventKind::ALL[n].name().trim_start_matches("On").trim_end_matches("Command")).collect();
        judged(&[&names.join(" ")], &[], ended);
    }
}
