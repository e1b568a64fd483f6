//! Where a walk has led: what the client sends, piece by piece, and how it leaves.

use crate::{
    conversation::{Ending, StartTls},
    event::HandlerRule,
};

/// Whether a piece goes into one write with what comes before it, instead of waiting for the reply to that.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Joined {
    Never,
    /// Where the conversation is pipelined at all.
    IfPipelined,
    Always,
}

/// What a client sends in one go.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Piece {
    pub(super) octets: Vec<u8>,
    /// Offsets at which it is cut into segments.
    pub(super) cuts: Vec<usize>,
    pub(super) joined: Joined,
    /// The client waits for so many milliseconds first.
    pub(super) pause: Option<u64>,
    /// What the client does behind it, where it is a STARTTLS that is accepted; `None` for no handshake.
    pub(super) handshake: Option<StartTls>,
    /// The client reads the reply before it does anything else, also before it leaves.
    pub(super) awaited: bool,
}

impl Piece {
    pub(super) fn new(octets: Vec<u8>, joined: Joined) -> Self {
        Self {
            octets,
            cuts: Vec::new(),
            joined,
            pause: None,
            handshake: Some(StartTls::IfAccepted),
            awaited: false,
        }
    }
}

/// Where a walk has led.
#[derive(Debug, Default)]
pub(super) struct Route {
    pub(super) pieces: Vec<Piece>,
    /// How the client leaves, if a goal asks for it.
    pub(super) ending: Option<Ending>,
    /// The refusal that a goal asks for.
    pub(super) refusal: Option<HandlerRule>,
    /// The client speaks before the banner.
    pub(super) early: bool,
}
