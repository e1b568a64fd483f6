//! Whether a server accepts connections, and answers: a session that only says QUIT, before the run.

use std::time::Duration;

use smtpspec_core::{
    conversation::{Conversation, Step, TlsMode},
    event::EventKind,
    transcript::What,
};
use tokio::time::{Instant, sleep, timeout};

use super::Stage;
use crate::{
    drive::{self, DriveError, Limits},
    record::Log,
};

/// Between two attempts.
const PERIOD: Duration = Duration::from_millis(50);
/// For the probe's own events to come.
const EVENTS: Duration = Duration::from_secs(1);

/// Tries to connect until it succeeds or `patience` is over, and says whether the server gave a sign of life then. The
/// probe's events do not become strays.
pub(super) async fn probe(
    stage: &Stage,
    tls: TlsMode,
    patience: Duration,
) -> Result<bool, DriveError> {
    let give_up = Instant::now() + patience;
    loop {
        match attempt(stage, tls).await {
            Err(DriveError::Connect { .. }) if Instant::now() < give_up => sleep(PERIOD).await,
            result => return result,
        }
    }
}

async fn attempt(stage: &Stage, tls: TlsMode) -> Result<bool, DriveError> {
    let quit = Conversation {
        steps: vec![Step::Send(vec![b"QUIT\r\n".to_vec()])],
        ..Conversation::default()
    };
    let quit = match tls {
        TlsMode::Implicit => quit.behind(tls),
        TlsMode::None | TlsMode::StartTls => quit,
    };
    let bound = drive::bind(stage.server, &Limits::default()).await?;
    let client = bound.client();
    let log = Log::new();
    stage.hub.open(client, log.clone());
    let result = bound.play(&quit, &log).await;
    if result.is_ok() && stage.sees(EventKind::OnDisconnect) {
        // Whether it comes is for the run to say.
        let _ = timeout(EVENTS, log.disconnected()).await;
    }
    // The hub knows the probe's address to the end: what comes late of it must not become a stray.
    result.map(|()| log.any(is_life))
}

/// A server that only closes, or breaks a handshake off, is one that the run can say something about.
fn is_life(what: &What) -> bool {
    matches!(
        what,
        What::Received(_) | What::Server(_) | What::Handshake(_)
    )
}
