//! Plays a conversation over TCP, at the segment boundaries that it names, and logs all that happens.
//!
//! The client binds its port before it connects: who observes the server can then learn of the port first, and
//! no event can come too early to be matched.

mod bind;
mod client;
mod limits;
mod tls;
mod turn;
mod wire;

pub use bind::{Bound, DriveError, bind};
pub use limits::Limits;
pub use turn::Turn;

use std::net::SocketAddr;

use smtpspec_core::{
    conversation::Conversation,
    transcript::{Open, SessionLog, What},
};

use crate::record::Log;

/// Plays `conversation` against a server of which only the wire is observed.
///
/// The handler script is not played: nobody is there to take it.
pub async fn play(
    case: &str,
    conversation: &Conversation,
    server: SocketAddr,
    limits: &Limits,
) -> Result<SessionLog, DriveError> {
    let bound = bind(server, limits).await?;
    let open = Open {
        case: case.to_owned(),
        client: bound.client(),
        server,
        protocol: conversation.protocol,
        handlers: conversation.handlers.clone(),
    };
    let log = Log::new();
    bound.play(conversation, &log).await?;
    log.push(What::Settled);
    Ok(SessionLog {
        conn: 1,
        open,
        entries: log.take(),
    })
}
