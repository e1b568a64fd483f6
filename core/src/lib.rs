//! The parts of smtpspec that need no world: bytes and values in, values out.
//!
//! - [`wire`]: the SMTP grammar. Borrowing parsers, strict by RFC 5321, every leniency named.
//! - [`event`]: the fifteen events that a receiving server's agents see, and what they carry.
//! - [`conversation`]: what a client does, and its text form `.smtp`.
//! - [`transcript`]: what happened, saved as JSON Lines.
//! - [`model`]: the reference reading of a session: states, exchanges, allowed events.
//! - [`check`]: transcript in, findings out. The rules.
//! - [`coverage`]: which pairs of a state and a stimulus a run has reached.
//! - [`receiver`]: the reference server's protocol engine, with agents and planted defects.
//! - [`memory`]: conversations with the receiver without sockets.
//! - [`repeat`]: lines of content, so many times over: what a conversation and a transcript say of a large body.
//! - `generate`: conversations without end, out of a seed (feature `generate`, on by default).
//!
//! Arrows point one way: `wire` <- `event`, `conversation`, `transcript` <- `model`, `receiver` <- `check`, `memory`; `generate`
//! knows `conversation` and the states of `model`.
//! `model` and `receiver` never import each other: the one is the other's test.

pub mod check;
pub mod conversation;
pub mod coverage;
pub mod event;
#[cfg(feature = "generate")]
pub mod generate;
pub mod memory;
pub mod model;
pub mod octets;
pub mod receiver;
pub mod repeat;
pub mod transcript;
pub mod wire;
