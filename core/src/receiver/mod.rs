//! The reference server's protocol engine: bytes in; replies, events and closes out; agents decide.
//!
//! No sockets and no clock: the caller feeds octets, reports how the connection ended, and takes outputs.

mod agent;
mod config;
mod defect;

pub use agent::{ScriptAgent, SmtpReceiveAgent, Verdict};
pub use config::Config;
pub use defect::{Defect, Defects};

use core::net::SocketAddr;
use std::sync::Arc;

/// What the caller is to do next.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Output {
    /// Write these octets.
    Reply(Vec<u8>),
    /// Do nothing for this many milliseconds before the next output (a slow handler).
    Wait(u64),
    /// Close the connection, then call [`Receiver::next_output`] once more: it fires OnDisconnect.
    Close,
}

/// One session of the reference server.
#[derive(Debug)]
pub struct Receiver {}

impl Receiver {
    /// A session on a connection just accepted. The first [`Receiver::next_output`] fires OnConnect.
    pub fn new(
        config: Arc<Config>,
        agents: Vec<Box<dyn SmtpReceiveAgent>>,
        local: SocketAddr,
        peer: SocketAddr,
    ) -> Self {
        let _ = (config, agents, local, peer);
        todo!()
    }

    /// The client sent these.
    pub fn receive(&mut self, octets: &[u8]) {
        let _ = octets;
        todo!()
    }

    /// What to do next; `None` until there is more input. Handles one command at a time, so that what a handler
    /// does comes between it and the next.
    pub fn next_output(&mut self) -> Option<Output> {
        todo!()
    }

    /// The client has sent FIN: what it sent before is still handled, then the session ends.
    pub fn input_closed(&mut self) {
        todo!()
    }

    /// The connection is gone (RST, failed write): nothing more is handled.
    pub fn connection_lost(&mut self) {
        todo!()
    }

    /// The client was silent for too long.
    pub fn timed_out(&mut self) {
        todo!()
    }

    /// The server is shutting down: 421.
    pub fn shut_down(&mut self) {
        todo!()
    }

    /// Whether the session is over and OnDisconnect has fired.
    pub fn is_over(&self) -> bool {
        todo!()
    }
}
