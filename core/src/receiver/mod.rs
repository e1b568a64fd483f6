//! The reference server's protocol engine: bytes in; replies, events and closes out; agents decide.
//!
//! No sockets and no clock: the caller feeds octets, reports how the connection ended, and takes outputs.
//! A command goes through `admission` (may it be?), `own_event` and `panel` (what do the agents say?) and
//! `table` (what does it do, how is it answered?). [`Defect`]s are planted in `tamper` as far as they only
//! touch what leaves the engine, and as one-line conditions elsewhere.

mod admission;
mod agent;
mod authentication;
mod carried;
mod chunks;
mod clause_defects;
mod commands;
mod config;
mod content;
mod defect;
mod defects;
mod digest;
mod input;
mod life;
mod lmtp;
mod loose_end;
mod mechanism;
mod messages;
mod outlet;
mod own_event;
mod panel;
mod replies;
mod state;
mod table;
mod tamper;
#[cfg(test)]
mod tests;
mod tls;

pub use agent::{ScriptAgent, SmtpReceiveAgent, Verdict};
pub use config::{Account, Config};
pub use defect::{Defect, UnknownDefect};
pub use defects::Defects;

use core::net::SocketAddr;
use std::sync::Arc;

use carried::Carried;
use chunks::Chunked;
use input::Input;
use lmtp::Recipients;
use outlet::Outlet;
use replies::Voice;
use state::{Dialogue, Ending, Phase};

use crate::wire::LineEnds;

/// What the caller is to do next.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Output {
    /// Write these octets.
    Reply(Vec<u8>),
    /// Write these octets past TLS, in clear (a planted defect).
    InClear(Vec<u8>),
    /// Do nothing for this many milliseconds before the next output (a slow handler).
    Wait(u64),
    /// Do a TLS handshake as its server, then report [`Receiver::handshake_done`] or [`Receiver::handshake_failed`], or
    /// how else it came to an end. What was received and not handed over yet is a part of the handshake.
    StartTls,
    /// Close the connection, then call [`Receiver::next_output`] until it gives `None`: it fires OnDisconnect.
    Close,
    /// The whole server comes to its end (a planted defect): no session goes on, and nobody listens any more.
    Die,
}

/// One session of the reference server.
///
/// Take [`next_output`](Self::next_output) until it gives `None`, then report what the connection does next. So
/// the session never holds more than what was reported at once, some hundred octets of a command, and some thousand
/// of a response within an authentication exchange.
#[derive(Debug)]
pub struct Receiver {
    config: Arc<Config>,
    voice: Voice,
    local: SocketAddr,
    phase: Phase,
    dialogue: Dialogue,
    /// The message that comes in chunks, if one is under way.
    chunked: Option<Box<Chunked>>,
    /// What the protocol has refused so far.
    errors: u32,
    input: Input,
    ending: Option<Ending>,
    outlet: Outlet,
    carried: Carried,
    /// Whom the message is for whose end has just come.
    owed: Recipients,
    /// That message came in chunks.
    ended_by_chunk: bool,
    /// TLS comes before the banner.
    implicit_tls: bool,
}

impl Receiver {
    /// A session on a connection just accepted. The first [`Receiver::next_output`] fires OnConnect.
    pub fn new(
        config: Arc<Config>,
        agents: Vec<Box<dyn SmtpReceiveAgent>>,
        local: SocketAddr,
        peer: SocketAddr,
    ) -> Self {
        Self {
            voice: Voice::new(&config, peer.ip()),
            local,
            phase: Phase::Fresh,
            dialogue: Dialogue::default(),
            chunked: None,
            errors: 0,
            input: Input::new(LineEnds {
                bare_lf: config.defects.has(Defect::BareLfEndsCommand),
                bare_cr: false,
            }),
            ending: None,
            outlet: Outlet::new(&config, agents),
            carried: Carried::default(),
            owed: Recipients::default(),
            ended_by_chunk: false,
            implicit_tls: false,
            config,
        }
    }

    /// The same on a port where TLS comes first (RFC 8314, 3): OnConnect, then the handshake, then the banner.
    #[must_use]
    pub fn behind_tls(mut self) -> Self {
        self.implicit_tls = true;
        self
    }

    /// The client sent these.
    pub fn receive(&mut self, octets: &[u8]) {
        if !matches!(
            self.phase,
            Phase::Handshake(_) | Phase::Lingering(_) | Phase::Ended(_) | Phase::Over
        ) {
            self.input.push(octets);
            self.carried.clauses.begin_batch();
        }
    }

    /// What to do next; `None` until there is more input. Handles one command at a time, so that what a handler
    /// does comes between it and the next.
    pub fn next_output(&mut self) -> Option<Output> {
        loop {
            if self.ending == Some(Ending::Lost) {
                self.outlet.drop_replies();
            }
            if let Some(output) = self.outlet.next() {
                return Some(output);
            }
            if !self.step() {
                return None;
            }
        }
    }

    /// The client has sent FIN: what it sent before is still handled, then the session ends.
    pub fn input_closed(&mut self) {
        self.report(Ending::InputClosed);
    }

    /// The connection is gone (RST, failed write): nothing more is handled.
    pub fn connection_lost(&mut self) {
        self.report(Ending::Lost);
    }

    /// The client was silent for too long.
    pub fn timed_out(&mut self) {
        self.report(Ending::TimedOut);
    }

    /// The server is shutting down: 421.
    pub fn shut_down(&mut self) {
        self.report(Ending::ShutDown);
    }

    /// Whether the session is over and OnDisconnect has fired.
    pub fn is_over(&self) -> bool {
        matches!(self.phase, Phase::Over) && self.outlet.is_empty()
    }

    /// A lost connection does not come back.
    fn report(&mut self, ending: Ending) {
        if self.ending != Some(Ending::Lost) {
            self.ending = Some(ending);
        }
    }

    fn has(&self, defect: Defect) -> bool {
        self.config.defects.has(defect)
    }
}
