//! Messages that come in chunks (RFC 3030).

use super::*;
use crate::event::EventKind;
use pretty_assertions::assert_eq;

const CHUNK: &str = "< 250 2.0.0 chunk received";

fn refused(line: &str, status: &str, reply: &str) -> [String; 2] {
    [
        format!("OnReject `{line}` {status} {reply}"),
        format!("< {reply}"),
    ]
}

#[test]
fn each_chunk_is_answered_and_the_last_ends_the_message() {
    let mut session = Session::plain().quietly(ENVELOPE);
    let trace = session
        .send("BDAT 8\nA: b\n\nBDAT 0\nBDAT 10 LAST\n.\n..\nx\n")
        .take();
    let content = "A: b\n\n.\n..\nx\n";
    assert_eq!(
        trace,
        [
            "OnDataCommand".to_owned(),
            format!("OnEndOfHeaders {}", digest_of("A: b\n")),
            CHUNK.to_owned(),
            CHUNK.to_owned(),
            format!("OnEndOfData {}", digest_of(content)),
            "< 250 2.6.0 message accepted".to_owned(),
        ]
    );
}

#[test]
fn the_trace_is_the_same_wherever_the_octets_are_cut() {
    let text = format!(
        "{ENVELOPE}BDAT 5\nA: b\nBDAT 11\n\n\n.\nNOOP\nBDAT 1\nxRSET\nBDAT 6 LAST\nNOOP\nNOOP\nQUIT\n"
    );
    let octets = text.replace('\n', "\r\n").into_bytes();
    let whole = Session::plain().send_octets(&octets).take();
    for cut in 0..=octets.len() {
        let (front, back) = octets.split_at(cut);
        let mut session = Session::plain();
        let trace = session.send_octets(front).send_octets(back).take();
        assert_eq!(trace, whole, "cut at {cut}");
    }
}

#[test]
fn the_octets_of_a_refused_chunk_are_discarded() {
    for (before, reply) in [
        ("EHLO c\n", "503 5.5.1 MAIL first"),
        ("EHLO c\nMAIL FROM:<>\n", "503 5.5.1 RCPT first"),
    ] {
        let mut session = Session::plain().quietly(before);
        assert_eq!(session.send("BDAT 12 LAST\nNOOP\n").take(), [""; 0]);
        let trace = session.send("RSET\nNOOP x\n").take();
        assert_eq!(trace[..2], refused("BDAT 12 LAST", "ProtocolError", reply));
        assert_eq!(trace[2..], ["OnNoopCommand x", "< 250 2.0.0 done"]);
    }
}

#[test]
fn where_chunking_was_not_announced_the_octets_are_commands() {
    for before in ["", "HELO c\nMAIL FROM:<>\nRCPT TO:<a@b>\n"] {
        let mut session = Session::plain().quietly(before);
        let trace = session.send("BDAT 6 LAST\nNOOP\n").take();
        let reply = "503 5.5.1 EHLO first";
        assert_eq!(trace[..2], refused("BDAT 6 LAST", "ProtocolError", reply));
        assert_eq!(trace[2..], ["OnNoopCommand", "< 250 2.0.0 done"]);
    }
}

#[test]
fn a_malformed_bdat_announces_nothing() {
    for line in [
        "BDAT",
        "BDAT -1",
        "BDAT 0x4",
        "BDAT 4 X",
        "BDAT 99999999999999999999 LAST",
    ] {
        let mut session = Session::plain().quietly(ENVELOPE);
        let trace = session.send(&format!("{line}\nNOOP\nBDAT 0 LAST\n")).take();
        assert!(trace[1].starts_with("< 501"), "{trace:#?}");
        assert_eq!(trace[2], "OnNoopCommand");
        assert_eq!(trace.last().unwrap(), "< 250 2.6.0 message accepted");
    }
}

#[test]
fn data_and_chunks_do_not_mix() {
    let mut session = Session::plain().quietly(&format!("{ENVELOPE}BDAT 0\n"));
    for (line, reply) in [
        (
            "DATA",
            "503 5.5.1 a message is coming in chunks, BDAT LAST or RSET first",
        ),
        (
            "RCPT TO:<a@b>",
            "503 5.5.1 a message is coming in chunks, BDAT LAST or RSET first",
        ),
        (
            "MAIL FROM:<>",
            "503 5.5.1 a transaction is open, RSET first",
        ),
    ] {
        let trace = session.send(&format!("{line}\n")).take();
        assert_eq!(trace, refused(line, "ProtocolError", reply));
    }
    session
        .send("RSET\nMAIL FROM:<> BODY=binarymime\nRCPT TO:<a@b>\n")
        .take();
    let reply = "503 5.5.1 BODY=BINARYMIME goes with BDAT only";
    assert_eq!(
        session.send("DATA\n").take(),
        refused("DATA", "ProtocolError", reply)
    );
    let trace = session.send("BDAT 0 LAST\n").take();
    assert_eq!(trace.last().unwrap(), "< 250 2.6.0 message accepted");
}

#[test]
fn a_message_that_grows_too_large_is_refused_behind_the_chunk_that_would_make_it_so() {
    let config = Config {
        max_message_size: 4,
        ..Config::default()
    };
    let mut session = Session::new(config, vec![]).quietly(&format!("{ENVELOPE}BDAT 4\nabcd"));
    assert_eq!(session.send("BDAT 2 LAST\nx").take(), [""; 0]);
    let reply = "552 5.3.4 message larger than 4 octets";
    let trace = session.send("").send_octets(b"y").take();
    assert_eq!(trace, refused("BDAT 2 LAST", "ProtocolError", reply));
    let behind = session.send("BDAT 0 LAST\n").take();
    assert_eq!(behind[1], "< 503 5.5.1 MAIL first");
}

#[test]
fn a_handler_may_refuse_at_each_of_a_messages_events() {
    let reply = "554 5.7.1 no";
    for (kind, fired) in [
        (EventKind::OnDataCommand, 1),
        (EventKind::OnEndOfHeaders, 2),
        (EventKind::OnEndOfData, 3),
    ] {
        let rules = vec![rule(kind, 1, HandlerAction::Reject(reply.into()))];
        let mut session = Session::new(Config::default(), rules).quietly(ENVELOPE);
        // In one batch: what is pipelined behind it is discarded too.
        let trace = session
            .send("BDAT 5 LAST\n\nx\nBDAT 6 LAST\nNOOP\nNOOP\n")
            .take();
        assert_eq!(
            trace[fired..fired + 2],
            refused("BDAT 5 LAST", "Complete", reply)
        );
        assert_eq!(trace[fired + 3], "< 503 5.5.1 MAIL first", "{trace:#?}");
        assert_eq!(trace[fired + 4], "OnNoopCommand");
        assert_eq!(trace.len(), fired + 6);
    }
}

#[test]
fn rset_between_chunks_forgets_them() {
    let text = format!("{ENVELOPE}BDAT 3\nabcRSET\nMAIL FROM:<>\nRCPT TO:<a@b>\n");
    let mut session = Session::plain().quietly(&text);
    let trace = session.send("BDAT 1 LAST\nx").take();
    assert_eq!(trace[0], "OnDataCommand");
    assert_eq!(trace[2], format!("OnEndOfData {}", digest_of("x")));
}

#[test]
fn a_client_that_leaves_among_chunks_has_sent_no_message() {
    for text in [
        "BDAT 5 LAST\nabc",
        "BDAT 5 LAST\n",
        "BDAT 5\nabcde",
        "BDAT 5 LA",
    ] {
        for how in 0..3 {
            let mut session = Session::plain().quietly(&format!("{ENVELOPE}{text}"));
            match how {
                0 => session.closed(),
                1 => session.lost(),
                _ => {
                    session.receiver.timed_out();
                    session.drain()
                }
            };
            let trace = session.take();
            assert!(session.receiver.is_over());
            assert!(trace.last().unwrap().starts_with("OnDisconnect"));
            assert!(
                !trace.iter().any(|line| line.starts_with("OnEndOf")),
                "{trace:#?}"
            );
        }
    }
}
