//! `Receiver` around STARTTLS, without any TLS: whatever comes in clear behind it, and however the handshake ends, the
//! checker has nothing against what the reference server did, it does the same when what came in clear behind STARTTLS had
//! never been sent, and the session ends in one `OnDisconnect`.
//!
//! The octets of an input are sent as they stand, but for those that no UTF-8 text has:
//! - 0xFF: cut the segment here
//! - 0xF8: do a handshake, where the server waits for one
//! - 0xF7: send `close_notify`, where the session is inside TLS
//! - 0xF6 at the front: TLS comes before the banner, and is done
//! - 0xFD half-close, 0xFC reset, 0xFB fall silent, 0xFA close, 0xF5 close without a `close_notify`: nothing more is sent

use std::sync::Arc;

use smtpspec_core::{
    check::check,
    event::{EventKind, HandlerScript},
    memory::{Client, transcript},
    transcript::{ClientAct, SessionLog},
};

use super::receiver::events;

const IMPLICIT: u8 = 0xf6;
const CUT: u8 = 0xff;
const HANDSHAKE: u8 = 0xf8;
const NOTIFY: u8 = 0xf7;

/// Panics if `script`, played at the reference server, shows that the server or the checker is wrong.
pub fn starttls(script: &[u8]) {
    let [log, without] = [true, false].map(|in_clear| play(script, in_clear));
    assert_eq!(events(&without), events(&log), "without what came in clear");
    let ends = events(&log)
        .iter()
        .filter(|event| event.kind() == EventKind::OnDisconnect)
        .count();
    let transcript = transcript(vec![log]);
    assert_eq!(ends, 1, "OnDisconnect in {transcript:#?}");
    let verdict = check(&transcript);
    let findings: Vec<_> = verdict.findings().collect();
    assert!(findings.is_empty(), "{findings:#?} in {transcript:#?}");
}

/// Plays `script`, with what comes in the segment of an accepted STARTTLS behind it or without.
fn play(script: &[u8], in_clear: bool) -> SessionLog {
    let behind = script.strip_prefix(&[IMPLICIT]);
    let connect = match behind {
        Some(_) => Client::connect_behind_tls,
        None => Client::connect,
    };
    let (none, config) = (HandlerScript::default(), Arc::default());
    let mut client = connect(1, "memory", &none, &config);
    client.read();
    if behind.is_some() {
        client.shake_hands();
    }
    let mut segment = Vec::new();
    for octet in behind.unwrap_or(script) {
        match *octet {
            CUT => send(&mut client, &mut segment, in_clear),
            HANDSHAKE => {
                send(&mut client, &mut segment, in_clear);
                if client.is_awaited() {
                    client.shake_hands();
                }
            }
            NOTIFY => {
                send(&mut client, &mut segment, in_clear);
                if client.pacer().is_secured() && !client.is_over() && !client.is_notified() {
                    client.notify();
                }
            }
            octet => match act(octet) {
                None => segment.push(octet),
                Some(act) => {
                    send(&mut client, &mut segment, in_clear);
                    leave(&mut client, act);
                    return client.finish();
                }
            },
        }
    }
    send(&mut client, &mut segment, in_clear);
    client.finish()
}

fn leave(client: &mut Client, act: ClientAct) {
    let inside = client.pacer().is_secured() && !client.is_notified();
    let possible = act != ClientAct::Truncate || inside;
    if possible && !client.is_over() {
        client.act(act);
    }
}

/// Sends `segment` in one go; or, without what comes in clear behind STARTTLS, octet by octet until the server waits for a
/// handshake.
fn send(client: &mut Client, segment: &mut Vec<u8>, in_clear: bool) {
    let segment = std::mem::take(segment);
    if segment.is_empty() || client.is_over() {
        return;
    }
    let waited = client.is_awaited();
    if in_clear || waited || client.pacer().is_secured() {
        return client.send(&segment);
    }
    for octet in segment {
        if !client.is_awaited() && !client.is_over() {
            client.send(&[octet]);
        }
    }
}

fn act(octet: u8) -> Option<ClientAct> {
    match octet {
        0xfd => Some(ClientAct::HalfClose),
        0xfc => Some(ClientAct::Reset),
        0xfb => Some(ClientAct::Silence),
        0xfa => Some(ClientAct::Close),
        0xf5 => Some(ClientAct::Truncate),
        _ => None,
    }
}
