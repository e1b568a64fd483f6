//! The milter side of the milter protocol: an MTA's filter connections in, events out.
//!
//! Version 6, as Sendmail 8.14 and Postfix 2.6 and later speak it. The protocol has no standard: what is written here is
//! what libmilter's `mfdef.h`, `engine.c` and Postfix's `milter8.c` say. The filter asks for everything, changes
//! nothing, and refuses only where a handler script says so.
//!
//! [`Conversation`] is the protocol without I/O; [`Listener`] puts it on sockets.

mod command;
mod content;
mod conversation;
mod decision;
mod hello;
mod listener;
mod negotiate;
mod packet;
mod session;

pub use conversation::{Conversation, Told};
pub use decision::Decision;
pub use hello::hello;
pub use listener::{Listener, MilterSpec, MilterSpecError};
pub use packet::{Packet, PacketError};
