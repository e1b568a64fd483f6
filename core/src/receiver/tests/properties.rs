//! What holds for any octets in any pieces and any handlers.

use super::*;
use crate::event::EventKind;
use proptest::prelude::*;

/// Lines that get somewhere, and octets that do not.
fn octets() -> impl Strategy<Value = Vec<u8>> {
    let line = prop::sample::select(
        &[
            "EHLO c\r\n",
            "HELO c\r\n",
            "MAIL FROM:<a@b>\r\n",
            "RCPT TO:<c@d>\r\n",
            "DATA\r\n",
            "A: b\r\n",
            "\r\n",
            ".\r\n",
            "..\r\n",
            ".\n",
            "\n.\r\n",
            "\r.\r",
            "RSET\r\n",
            "NOOP x\r\n",
            "QUIT\r\n",
            "RCPT\r\n",
            "FOO\r\n",
            "HELP\r\n",
            "BDAT 0\r\n",
            "BDAT 8\r\nA: b\r\n\r\n",
            "BDAT 6 LAST\r\nNOOP\r\n",
            "BDAT 0 LAST\r\n",
            "BDAT 30\r\n",
            "MAIL FROM:<a@b> BODY=BINARYMIME RET=HDRS\r\n",
            "RSE",
            "\r",
        ][..],
    );
    let piece = prop_oneof![
        8 => line.prop_map(|line| line.as_bytes().to_vec()),
        1 => prop::collection::vec(any::<u8>(), 0..20),
        1 => Just(vec![b'x'; 700]),
    ];
    prop::collection::vec(piece, 0..30).prop_map(|pieces| pieces.concat())
}

fn handler() -> impl Strategy<Value = HandlerRule> {
    let action = prop_oneof![
        Just(HandlerAction::Reject("550 5.7.1 no".into())),
        Just(HandlerAction::Reject("nonsense".into())),
        Just(HandlerAction::Drop),
        Just(HandlerAction::Fail),
        Just(HandlerAction::Sleep(1)),
    ];
    (prop::sample::select(&EventKind::ALL[..]), 1_u32..3, action)
        .prop_map(|(event, nth, action)| rule(event, nth, action))
}

fn end(session: &mut Session, how: u8) {
    match how % 4 {
        0 => session.receiver.input_closed(),
        1 => session.receiver.connection_lost(),
        2 => session.receiver.timed_out(),
        _ => session.receiver.shut_down(),
    }
    session.drain();
}

fn play(octets: &[u8], size: usize, rules: &[HandlerRule], how: u8) -> Vec<String> {
    let mut session = Session::new(Config::default(), rules.to_vec());
    for piece in octets.chunks(size) {
        session.send_octets(piece);
    }
    end(&mut session, how);
    assert!(session.receiver.is_over());
    session.take()
}

proptest! {
    #[test]
    fn every_session_begins_with_connect_and_ends_with_one_disconnect(
        octets in octets(),
        size in 1_usize..50,
        rules in prop::collection::vec(handler(), 0..3),
        how: u8,
    ) {
        let trace = play(&octets, size, &rules, how);
        prop_assert!(trace[0].starts_with("OnConnect"));
        prop_assert!(trace.last().unwrap().starts_with("OnDisconnect"), "{:?}", trace);
        for once in ["OnConnect", "OnDisconnect"] {
            prop_assert_eq!(trace.iter().filter(|line| line.starts_with(once)).count(), 1);
        }
    }

    #[test]
    fn the_trace_does_not_depend_on_how_the_octets_are_cut(
        octets in octets(),
        size in 1_usize..50,
        rules in prop::collection::vec(handler(), 0..3),
        how: u8,
    ) {
        let whole = play(&octets, octets.len().max(1), &rules, how);
        prop_assert_eq!(play(&octets, size, &rules, how), whole);
    }

    #[test]
    fn every_refusal_on_the_wire_is_reported_with_its_response(
        octets in octets(),
        rules in prop::collection::vec(handler(), 0..3),
    ) {
        // A drop, a time-out and the like are answered by 421 without OnReject.
        let trace = play(&octets, 64, &rules, 0);
        let refusals: Vec<&str> = trace
            .iter()
            .filter_map(|line| line.strip_prefix("< "))
            .filter(|reply| reply.starts_with(['4', '5']) && !reply.contains("dropping"))
            .collect();
        let reported: Vec<&str> = trace
            .iter()
            .filter(|line| line.starts_with("OnReject"))
            .filter_map(|line| line.find(" ProtocolError ").or(line.find(" Complete ")).map(|at| &line[at + 1..]))
            .filter_map(|rest| rest.split_once(' ').map(|(_, response)| response))
            .collect();
        // A message refused at its headers may have been cut off before its reply was due.
        let pending = reported.len() - refusals.len().min(reported.len());
        prop_assert!(pending <= 1, "{:?}", trace);
        prop_assert_eq!(&refusals[..], &reported[..reported.len() - pending]);
    }

    #[test]
    fn no_defect_makes_the_engine_panic_or_hang(
        octets in octets(),
        size in 1_usize..50,
        defect in prop::sample::select(Defect::ALL),
        how: u8,
    ) {
        let mut session = Session::new(with_defects(&[defect]), vec![]);
        for piece in octets.chunks(size) {
            session.send_octets(piece);
        }
        end(&mut session, how);
        // What stays open by a defect ends when the client has gone.
        session.closed();
        prop_assert!(session.receiver.is_over());
    }
}
