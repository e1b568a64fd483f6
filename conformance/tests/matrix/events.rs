//! Which events each server fires.

use pretty_assertions::assert_eq;
use smtpspec::report::matrix::{Difference, DifferenceAt, Matrix, Reason, html};
use smtpspec_core::{
    check::Verdict,
    event::{DisconnectReason, Event, EventKind, Hello},
    transcript::{SessionLog, Transcript, What},
};

use super::{beside_changed, cases, play, server, session};

/// Each difference with its server, number of conversations and reasons.
fn differences(matrix: &Matrix) -> Vec<String> {
    let words = |difference: &Difference| {
        let at = difference.servers.iter().map(|at| {
            let reasons: Vec<String> = at.reasons.keys().map(ToString::to_string).collect();
            format!("{} {} {}", at.server, at.conversations, reasons.join("+"))
        });
        format!("{}: {}", difference.what, at.collect::<Vec<_>>().join(", "))
    };
    matrix.events.differences.iter().map(words).collect()
}

fn hello(transcript: &mut Transcript) -> &mut Hello {
    transcript.header.hello.as_mut().unwrap()
}

fn kind(what: &What) -> Option<EventKind> {
    match what {
        What::Event(record) => Some(record.event.kind()),
        _ => None,
    }
}

/// Index of the entry with the first event of `wanted`.
fn entry_of(session: &SessionLog, wanted: EventKind) -> usize {
    let mut entries = session.entries.iter();
    entries
        .position(|entry| kind(&entry.what) == Some(wanted))
        .unwrap()
}

#[test]
fn servers_that_do_the_same_are_only_counted() {
    let matrix = beside_changed(|_| ());
    assert_eq!(differences(&matrix), [""; 0]);
    assert_eq!((matrix.events.compared, matrix.events.agree), (7, 7));
    assert_eq!((matrix.replies.compared, matrix.replies.same), (7, 7));
    assert!(matrix.rules.iter().all(|row| !row.has_findings()));
}

#[test]
fn an_event_that_one_server_loses_shows_there_with_its_reply_and_the_rule() {
    let matrix = beside_changed(|run| {
        let session = session(run, "messages/two");
        session
            .entries
            .remove(entry_of(session, EventKind::OnRcptCommand));
    });
    assert_eq!(
        differences(&matrix),
        ["OnRcptCommand -> 250 missing: changed 1 breaks ORD-11"]
    );
    assert_eq!((matrix.events.compared, matrix.events.agree), (7, 6));
    let row = &matrix.events.conversations[0];
    assert_eq!(
        (row.case.as_str(), &row.agree[..]),
        ("messages/two", &["good".to_owned()][..])
    );
    let rule = matrix.rules.iter().find(|row| row.id == "ORD-11").unwrap();
    let verdicts = rule.cells.iter().map(|cell| cell.as_ref().unwrap().verdict);
    assert_eq!(
        verdicts.collect::<Vec<_>>(),
        [Verdict::Holds, Verdict::Broken]
    );
    let shown = rule.cells[1].as_ref().unwrap();
    assert_eq!(shown.conversations, 1);
    assert_eq!(shown.shortest.as_ref().unwrap().case, "messages/two");
}

#[test]
fn an_event_that_fires_twice_is_extra() {
    let matrix = beside_changed(|run| {
        let session = session(run, "seed/strict");
        let at = entry_of(session, EventKind::OnMailCommand);
        let twice = session.entries[at].clone();
        session.entries.insert(at, twice);
    });
    let got = differences(&matrix);
    assert_eq!(got.len(), 1);
    assert!(got[0].starts_with("OnMailCommand"), "{got:?}");
    assert!(got[0].contains("extra: changed 1 breaks "), "{got:?}");
}

#[test]
fn an_event_in_another_place_has_moved() {
    let matrix = beside_changed(|run| {
        let session = session(run, "seed/strict");
        let rcpt = entry_of(session, EventKind::OnRcptCommand);
        let data = entry_of(session, EventKind::OnDataCommand);
        let (rcpt_event, data_event) = (
            session.entries[rcpt].what.clone(),
            session.entries[data].what.clone(),
        );
        session.entries[rcpt].what = data_event;
        session.entries[data].what = rcpt_event;
    });
    let got = differences(&matrix);
    assert_eq!(got.len(), 1, "{got:?}");
    assert!(got[0].contains(" elsewhere: changed 1 breaks "), "{got:?}");
}

#[test]
fn another_reason_for_the_end_is_a_difference_where_reasons_are_shown() {
    let change = |run: &mut Transcript| {
        let session = session(run, "seed/strict");
        let at = entry_of(session, EventKind::OnDisconnect);
        if let What::Event(record) = &mut session.entries[at].what {
            let reason = Some(DisconnectReason::Local);
            record.event = Event::OnDisconnect { reason };
        }
    };
    let matrix = beside_changed(change);
    assert_eq!(
        differences(&matrix),
        ["OnDisconnect(Local) instead of OnDisconnect(QuitVerb): changed 1 breaks SES-3"]
    );
    let matrix = beside_changed(|run| {
        change(run);
        hello(run).semantics.disconnect_reason = false;
    });
    assert_eq!(differences(&matrix), [""; 0]);
}

#[test]
fn what_a_server_does_not_show_is_no_difference() {
    let hidden = [EventKind::OnRcptCommand, EventKind::OnReject];
    let hide = |run: &mut Transcript| {
        for session in &mut run.sessions {
            session
                .entries
                .retain(|entry| kind(&entry.what).is_none_or(|kind| !hidden.contains(&kind)));
        }
    };
    let matrix = beside_changed(|run| {
        hide(run);
        hello(run).events.retain(|kind| !hidden.contains(kind));
    });
    assert_eq!(differences(&matrix), [""; 0]);
    assert_eq!(matrix.servers[1].hidden, ["OnRcptCommand", "OnReject"]);
    // The same without saying so is one.
    let matrix = beside_changed(hide);
    assert_eq!(differences(&matrix).len(), 4, "{:?}", differences(&matrix));
}

#[test]
fn what_a_server_says_of_its_events_is_taken_into_account() {
    let as_ehlo = |run: &mut Transcript| {
        for session in &mut run.sessions {
            for entry in &mut session.entries {
                if let What::Event(record) = &mut entry.what
                    && let Event::OnHeloCommand { domain } = &record.event
                {
                    record.event = Event::OnEhloCommand {
                        domain: domain.clone(),
                    };
                }
            }
        }
    };
    let matrix = beside_changed(|run| {
        as_ehlo(run);
        hello(run).semantics.helo_as_ehlo = true;
    });
    assert_eq!(differences(&matrix), [""; 0]);
    let undeclared = differences(&beside_changed(as_ehlo));
    assert_eq!(undeclared.len(), 2, "{undeclared:?}");
}

#[test]
fn a_server_that_decides_otherwise_may_fire_otherwise() {
    // The second recipient is refused by a handler; the other server has none, and takes it.
    let cases = cases();
    let mut open = cases.clone();
    for case in &mut open {
        case.conversation.handlers.rules.clear();
    }
    let reference = play(&cases, &[]);
    let columns = [server("open", "Open 1.0", play(&open, &[]))];
    let matrix = Matrix::new(String::new(), &reference, &columns);
    assert_eq!(
        differences(&matrix),
        ["OnReject -> 550 missing: open 1 other replies"]
    );
}

#[test]
fn an_event_of_no_connection_has_no_conversation_to_replay() {
    let matrix = beside_changed(|run| {
        let session = session(run, "seed/strict");
        let entry = session.entries[entry_of(session, EventKind::OnConnect)].clone();
        if let What::Event(mut record) = entry.what {
            record.session = "another".into();
            record.peer = "127.0.0.1:9".parse().unwrap();
            run.strays.push((entry.at, *record));
        }
    });
    let rule = matrix.rules.iter().find(|row| row.id == "SES-5").unwrap();
    let shown = rule.cells[1].as_ref().unwrap().shortest.as_ref().unwrap();
    assert_eq!(shown.case, "");
    assert!(shown.what.contains("127.0.0.1:9"), "{}", shown.what);
    assert!(html(&matrix).contains("127.0.0.1:9") && !html(&matrix).contains("smtpspec replay"));
}

#[test]
fn of_many_rules_behind_a_difference_those_that_are_broken_most_are_named() {
    let reasons = [
        (Reason::Breaks("ORD-6"), 19),
        (Reason::Breaks("CON-2"), 2),
        (Reason::Breaks("ORD-9"), 1),
        (Reason::Breaks("REJ-1"), 3),
        (Reason::Replies, 5),
    ];
    let mut at = DifferenceAt {
        server: "good".into(),
        conversations: 29,
        reasons: reasons.into(),
        example: "a/b".into(),
    };
    assert_eq!(
        at.reasons_in_words(),
        "breaks ORD-6 (19), REJ-1 (3), CON-2 (2) and 1 more; other replies (5)"
    );
    at.reasons = [(Reason::Breaks("ORD-6"), 29)].into();
    assert_eq!(at.reasons_in_words(), "breaks ORD-6");
}
