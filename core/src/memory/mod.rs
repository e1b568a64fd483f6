//! Conversations with the reference receiver without sockets, under a clock of their own: what happened is a log as
//! a run over sockets would keep it, at a thousandth of the cost, and the same each time.
//!
//! `client` is one connection, `play` what a conversation's steps mean on it, also on several connections in turn.

mod client;
mod play;

pub use client::Client;
pub use play::{Playing, play, play_in_turn};

use crate::{
    event::{EVENT_STREAM_VERSION, EventKind, Hello, Semantics},
    transcript::{Header, SessionLog, TRANSCRIPT_VERSION, Transcript},
};

/// OnDisconnect is due so long after the close (SES-4), in milliseconds of the clock of this module.
const DISCONNECT_LIMIT_MS: u64 = 1000;

/// What the reference receiver says of itself: it shows all, in the model's own semantics.
pub fn hello() -> Hello {
    Hello {
        version: EVENT_STREAM_VERSION,
        adapter: "memory".to_owned(),
        server: "reference receiver".to_owned(),
        events: EventKind::ALL.to_vec(),
        semantics: Semantics {
            disconnect_reason: true,
            clock: true,
            scripts: true,
            ..Semantics::default()
        },
    }
}

/// A finished run of `sessions`, ready to be checked.
pub fn transcript(sessions: Vec<SessionLog>) -> Transcript {
    Transcript {
        header: Header {
            version: TRANSCRIPT_VERSION,
            tool: concat!("smtpspec ", env!("CARGO_PKG_VERSION")).to_owned(),
            target: "memory".to_owned(),
            hello: Some(hello()),
            disconnect_limit_ms: DISCONNECT_LIMIT_MS,
        },
        sessions,
        strays: Vec::new(),
        complete: true,
    }
}
