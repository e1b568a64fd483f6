//! `Receiver` and `check`: whatever a client sends, in whatever pieces, and however it leaves, the checker has
//! nothing against what the reference server did, and the pieces make no difference to the events.
//!
//! The octets of an input are sent as they stand, but for those that no UTF-8 text has:
//! - 0xFE at the front, and three octets: a handler does something with the k-th event of a kind; again as often
//! - 0xF8 behind those: LMTP is spoken
//! - 0xF9 behind that: the client speaks before it has read the banner
//! - 0xFF: cut the segment here
//! - 0xFD half-close, 0xFC reset, 0xFB fall silent, 0xFA close: nothing more is sent

use std::sync::Arc;

use smtpspec_core::{
    check::check,
    event::{Event, EventKind, HandlerAction, HandlerRule, HandlerScript},
    memory::{Client, transcript},
    receiver::Config,
    transcript::{ClientAct, SessionLog, What},
    wire::Protocol,
};

use super::pieces::Cut;

const LMTP: u8 = 0xf8;
const EARLY: u8 = 0xf9;

/// Panics if `script`, played at the reference server, shows that the server or the checker is wrong.
pub fn receiver(script: &[u8]) {
    let script = Script::read(script);
    let cut = Cut::read(script.octets);
    let [as_marked, whole, by_octet] = cut.cuttings();
    let log = script.play(&as_marked);
    for pieces in [whole, by_octet] {
        assert_eq!(events(&script.play(&pieces)), events(&log), "in pieces");
    }
    let transcript = transcript(vec![log]);
    let verdict = check(&transcript);
    let findings: Vec<_> = verdict.findings().collect();
    assert!(findings.is_empty(), "{findings:#?} in {transcript:#?}");
}

/// An input, read.
struct Script<'a> {
    handlers: HandlerScript,
    protocol: Protocol,
    early: bool,
    /// What is sent, with the cuts in it.
    octets: &'a [u8],
    /// What the client does then.
    act: Option<ClientAct>,
}

impl<'a> Script<'a> {
    fn read(script: &'a [u8]) -> Self {
        let (handlers, octets) = handlers(script);
        let (protocol, octets) = match octets.strip_prefix(&[LMTP]) {
            Some(behind) => (Protocol::Lmtp, behind),
            None => (Protocol::Smtp, octets),
        };
        let behind_early = octets.strip_prefix(&[EARLY]);
        let (octets, act) = end(behind_early.unwrap_or(octets));
        Self {
            handlers,
            protocol,
            early: behind_early.is_some(),
            octets,
            act,
        }
    }

    /// Plays it with what is sent cut into `segments`.
    fn play(&self, segments: &[&[u8]]) -> SessionLog {
        // Of what comes behind STARTTLS, the pieces decide what is dropped: that is another target's.
        let config = Config {
            starttls: false,
            protocol: self.protocol,
            ..Config::default()
        };
        let mut client = Client::connect(1, "memory", &self.handlers, &Arc::new(config));
        if !self.early {
            client.read();
        }
        for segment in segments {
            if !segment.is_empty() && !client.is_over() {
                client.send(segment);
            }
        }
        if let Some(act) = self.act
            && !client.is_over()
        {
            client.act(act);
        }
        client.finish()
    }
}

/// In the order in which they fired.
pub(super) fn events(log: &SessionLog) -> Vec<&Event> {
    let entries = log.entries.iter();
    entries
        .filter_map(|entry| match &entry.what {
            What::Event(record) => Some(&record.event),
            _ => None,
        })
        .collect()
}

/// What the handlers do, and what is sent.
fn handlers(mut script: &[u8]) -> (HandlerScript, &[u8]) {
    let mut rules = Vec::new();
    while let [0xfe, kind, nth, action, rest @ ..] = script {
        rules.push(HandlerRule {
            event: EventKind::ALL[usize::from(*kind) % EventKind::ALL.len()],
            nth: u32::from(*nth).max(1),
            action: match action % 6 {
                0 => HandlerAction::Reject("550 5.7.1 no".to_owned()),
                1 => HandlerAction::Reject("451 4.7.1 not now".to_owned()),
                2 => HandlerAction::Drop,
                3 => HandlerAction::Fail,
                4 => HandlerAction::Sleep(u64::from(*nth)),
                _ => HandlerAction::Accept,
            },
        });
        script = rest;
    }
    (HandlerScript { rules }, script)
}

/// What is sent, and what the client does then.
fn end(octets: &[u8]) -> (&[u8], Option<ClientAct>) {
    let act = |octet: &u8| match octet {
        0xfd => Some(ClientAct::HalfClose),
        0xfc => Some(ClientAct::Reset),
        0xfb => Some(ClientAct::Silence),
        0xfa => Some(ClientAct::Close),
        _ => None,
    };
    let at = octets.iter().position(|octet| act(octet).is_some());
    at.map_or((octets, None), |at| (&octets[..at], act(&octets[at])))
}
