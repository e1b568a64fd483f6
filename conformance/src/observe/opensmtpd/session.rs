//! One client's session: its events, and the script that is played in it.

use std::{net::SocketAddr, time::Duration};

use smtpspec_core::event::{
    DisconnectReason, Event, EventKind, EventRecord, HandlerAction, HandlerScript,
};

use super::message::Message;

/// What a filter may do with a request.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) enum Decision {
    #[default]
    Proceed,
    ProceedAfter(Duration),
    Reject(String),
    Disconnect,
}

impl Decision {
    /// What a filter can do of what a handler is to do. It cannot fail: smtpd ends with its filters.
    fn of(action: &HandlerAction) -> Self {
        match action {
            HandlerAction::Accept | HandlerAction::Fail | HandlerAction::RejectFor { .. } => {
                Self::Proceed
            }
            HandlerAction::Reject(reply) => Self::Reject(reply.clone()),
            HandlerAction::Drop => Self::Disconnect,
            HandlerAction::Sleep(ms) => Self::ProceedAfter(Duration::from_millis(*ms)),
        }
    }

    /// This one, taken before `later`, or `later` if this one lets pass.
    pub(super) fn or(self, later: Self) -> Self {
        match (self, later) {
            (Self::ProceedAfter(time), Self::Proceed) => Self::ProceedAfter(time),
            (Self::Proceed | Self::ProceedAfter(_), later) => later,
            (refusal, _) => refusal,
        }
    }
}

/// A session that is open.
#[derive(Debug)]
pub(super) struct Session {
    id: String,
    peer: SocketAddr,
    script: HandlerScript,
    fired: Vec<EventKind>,
    reason: DisconnectReason,
    pub(super) message: Message,
    /// Taken where there was nothing to answer, for the next request.
    pub(super) verdict: Decision,
}

impl Session {
    pub(super) fn new(id: &str, peer: SocketAddr, script: HandlerScript) -> Self {
        Self {
            id: id.to_owned(),
            peer,
            script,
            fired: Vec::new(),
            reason: DisconnectReason::SenderDisconnected,
            message: Message::default(),
            verdict: Decision::Proceed,
        }
    }

    /// The record of `event`, which fires now, and what its handler decides.
    pub(super) fn fire(&mut self, event: Event, now: u64) -> (EventRecord, Decision) {
        let kind = event.kind();
        self.fired.push(kind);
        let nth = self.fired.iter().filter(|fired| **fired == kind).count();
        let nth = u32::try_from(nth).unwrap_or(u32::MAX);
        let decision = Decision::of(self.script.action(kind, nth));
        let record = EventRecord {
            session: self.id.clone(),
            seq: self.fired.len() as u64,
            at: Some(now),
            peer: self.peer,
            event,
        };
        (record, decision)
    }

    pub(super) fn reason(&self) -> DisconnectReason {
        self.reason
    }

    /// The session will end for `reason`, unless another was known before.
    pub(super) fn ends_by(&mut self, reason: DisconnectReason) {
        if self.reason == DisconnectReason::SenderDisconnected {
            self.reason = reason;
        }
    }

    /// smtpd ends a session after these, and says so in no other way.
    pub(super) fn replied(&mut self, reply: &[u8]) {
        let last = reply.starts_with(b"421")
            || [
                &b"Line too long"[..],
                b"Command line too long",
                b"Pipelining not supported",
            ]
            .iter()
            .any(|text| reply.starts_with(b"500 ") && reply.ends_with(text));
        if last {
            self.ends_by(DisconnectReason::DroppedSession);
        }
    }
}
