//! LMTP (RFC 2033): its greeting, and a reply for each recipient; its planted defects.

use super::*;
use crate::wire::Protocol;
use pretty_assertions::{assert_eq, assert_ne};

const GREETED: &str = "LHLO c.example\n";
const TO_TWO: &str = "LHLO c.example\nMAIL FROM:<>\nRCPT TO:<a@d.example>\nRCPT TO:<b@d.example>\n";

fn session(defects: &[Defect], rules: Vec<HandlerRule>) -> Session {
    let config = Config {
        protocol: Protocol::Lmtp,
        ..with_defects(defects)
    };
    Session::new(config, rules)
}

/// The replies to `text`, behind what came `before`.
fn replies(before: &str, text: &str, rules: Vec<HandlerRule>) -> Vec<String> {
    let mut session = session(&[], rules).quietly(before);
    session.send(text);
    let trace = session.take().into_iter();
    trace
        .filter(|line| line.starts_with('<') || line == "close")
        .collect()
}

fn refuse(event: crate::event::EventKind) -> Vec<HandlerRule> {
    vec![rule(event, 1, HandlerAction::Reject("550 5.7.1 no".into()))]
}

const TAKEN: [&str; 2] = [
    "< 250 2.6.0 <a@d.example> message accepted",
    "< 250 2.6.0 <b@d.example> message accepted",
];

#[test]
fn lhlo_greets_and_helo_and_ehlo_do_not() {
    let mut session = session(&[], vec![]);
    session.send("EHLO c.example\nHELO c.example\nMAIL FROM:<>\nLHLO c.example\n");
    let trace = session.take();
    assert_eq!(trace[1], "< 220 mx.smtpspec.example LMTP smtpspec");
    assert_eq!(trace[3], "< 500 5.5.1 unknown command");
    assert_eq!(trace[5], "< 500 5.5.1 unknown command");
    assert_eq!(trace[7], "< 503 5.5.1 LHLO first");
    assert_eq!(trace[8], "OnEhloCommand c.example");
    assert!(
        trace[9].starts_with("< 250-mx.smtpspec.example greets"),
        "{trace:#?}"
    );
}

#[test]
fn the_end_of_data_is_answered_for_each_recipient() {
    let data = "DATA\n\nx\n.\nNOOP\n";
    let went = replies(TO_TWO, data, vec![]);
    assert_eq!(went[1..], [TAKEN[0], TAKEN[1], "< 250 2.0.0 done"]);
    let refused = refuse(crate::event::EventKind::OnEndOfData);
    let went = replies(TO_TWO, data, refused);
    assert_eq!(
        went[1..],
        ["< 550 5.7.1 no", "< 550 5.7.1 no", "< 250 2.0.0 done"]
    );
}

/// A handler that refuses the first message for each of these recipients.
fn refuse_for(recipient: u32) -> Vec<HandlerRule> {
    let action = HandlerAction::RejectFor {
        recipient,
        reply: "452 4.2.2 full".into(),
    };
    vec![rule(crate::event::EventKind::OnEndOfData, 1, action)]
}

#[test]
fn a_message_may_be_refused_for_one_of_its_recipients() {
    for end in ["DATA\n\nx\n.\n", "BDAT 2\n\nBDAT 0 LAST\n"] {
        let full = "< 452 4.2.2 full";
        for (recipient, expected) in [(1, [full, TAKEN[1]]), (2, [TAKEN[0], full]), (3, TAKEN)] {
            let mut session = session(&[], refuse_for(recipient)).quietly(TO_TWO);
            session.send(end);
            let trace = session.take();
            let (events, replies) = trace.split_at(trace.len() - 2);
            assert_eq!(replies, expected);
            let rejects = |line: &&String| line.starts_with("OnReject");
            let rejects: Vec<_> = events.iter().filter(rejects).collect();
            assert_eq!(rejects.len(), usize::from(recipient < 3), "{trace:#?}");
            assert!(rejects.iter().all(|line| line.contains("452 4.2.2 full")));
            // The message was taken: its transaction is over, and nothing was forgotten.
            session.send("MAIL FROM:<>\nRCPT TO:<a@d.example>\nDATA\n.\n");
            assert_eq!(session.take().last().unwrap(), TAKEN[0]);
        }
    }
}

#[test]
fn in_smtp_nobody_is_refused_alone() {
    let mut session = Session::new(with_defects(&[]), refuse_for(1));
    session.send("EHLO c.example\nMAIL FROM:<>\nRCPT TO:<a@d.example>\nDATA\n.\n");
    let trace = session.take();
    assert_eq!(trace.last().unwrap(), "< 250 2.6.0 message accepted");
    assert!(!trace.iter().any(|line| line.starts_with("OnReject")));
}

#[test]
fn the_last_chunk_is_answered_for_each_recipient_and_no_other() {
    let went = replies(TO_TWO, "BDAT 2\n\nBDAT 0 LAST\nNOOP\n", vec![]);
    let chunk = "< 250 2.0.0 chunk received";
    assert_eq!(went, [chunk, TAKEN[0], TAKEN[1], "< 250 2.0.0 done"]);
    let refused = refuse(crate::event::EventKind::OnDataCommand);
    let went = replies(TO_TWO, "BDAT 2\n\nBDAT 0 LAST\n", refused);
    assert_eq!(went, ["< 550 5.7.1 no", "< 503 5.5.1 MAIL first"]);
    let too_large = "BDAT 99999999 LAST\n";
    assert_eq!(replies(TO_TWO, too_large, vec![]), Vec::<String>::new());
}

#[test]
fn recipients_are_those_of_the_transaction_that_were_taken() {
    let again = "RSET\nMAIL FROM:<>\nRCPT TO:<a@d.example>\nRCPT TO:<>\nDATA\n.\n";
    let went = replies(TO_TWO, again, vec![]);
    assert_eq!(went[5..], [TAKEN[0]]);
}

#[test]
fn a_session_that_is_dropped_is_told_once() {
    let drop = vec![rule(
        crate::event::EventKind::OnEndOfData,
        1,
        HandlerAction::Drop,
    )];
    let went = replies(TO_TWO, "DATA\n.\n", drop);
    assert_eq!(
        went[1..],
        [
            "< 421 4.3.2 mx.smtpspec.example dropping the session",
            "close"
        ]
    );
}

#[test]
fn data_without_a_recipient_is_503() {
    let went = replies(GREETED, "MAIL FROM:<>\nDATA\n", vec![]);
    assert_eq!(went[1], "< 503 5.5.1 RCPT first");
}

/// For each defect of LMTP's what shows it.
const SHOWCASES: [(Defect, &str, &str); 8] = [
    (Defect::OneReplyForAllRecipients, TO_TWO, "DATA\n.\n"),
    (Defect::RefusedRecipientUnanswered, TO_TWO, "DATA\n.\n"),
    (Defect::RecipientsAnsweredBackwards, TO_TWO, "DATA\n.\n"),
    (
        Defect::DataWithoutRecipient554,
        GREETED,
        "MAIL FROM:<>\nDATA\n",
    ),
    (Defect::EhloTakenInLmtp, "", "EHLO c.example\n"),
    (Defect::LhloWithoutPipelining, "", GREETED),
    (Defect::OneReplyForLastChunk, TO_TWO, "BDAT 0 LAST\n"),
    (Defect::SecondLhloUnknown, GREETED, GREETED),
];

#[test]
fn each_defect_of_lmtp_shows_there_and_not_in_smtp() {
    let all: Vec<_> = Defect::ALL
        .iter()
        .filter(|defect| defect.is_of_lmtp())
        .collect();
    assert_eq!(all, SHOWCASES.iter().map(|row| &row.0).collect::<Vec<_>>());
    for (defect, before, text) in SHOWCASES {
        let shown = |defects: &[Defect], protocol: Protocol| {
            let config = Config {
                protocol,
                ..with_defects(defects)
            };
            let smtp = |text: &str| match protocol {
                Protocol::Smtp => text.replace("LHLO", "EHLO"),
                Protocol::Lmtp => text.to_owned(),
            };
            let mut session = Session::new(config, refuse_for(2)).quietly(&smtp(before));
            session.send(&smtp(text));
            session.take()
        };
        let lmtp = Protocol::Lmtp;
        assert_ne!(shown(&[defect], lmtp), shown(&[], lmtp), "{defect}");
        let smtp = Protocol::Smtp;
        assert_eq!(shown(&[defect], smtp), shown(&[], smtp), "{defect}");
    }
}
