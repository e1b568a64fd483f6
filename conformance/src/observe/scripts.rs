//! Handler scripts on their way to an adapter, over the connection on which its events come.
//!
//! We write `{"peer":"127.0.0.1:51234","handlers":[...]}`, a line a session; the adapter answers
//! `{"ready":"127.0.0.1:51234"}`, and only then does the client of that address connect.

use std::{
    collections::HashMap,
    io,
    net::SocketAddr,
    sync::{Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use serde::{Deserialize, Serialize};
use smtpspec_core::event::HandlerScript;
use tokio::{
    io::{AsyncWrite, AsyncWriteExt},
    sync::{Mutex as AsyncMutex, oneshot},
    time::timeout,
};

/// For an adapter to take a script and say so.
const READY_LIMIT: Duration = Duration::from_secs(5);

/// Why a handler script did not reach the server under test.
#[derive(Debug, thiserror::Error)]
pub enum ScriptError {
    /// The adapter's hello does not claim `scripts`, or it has gone.
    #[error("the adapter takes no handler scripts")]
    NotTaken,
    /// It did not answer `ready` in time.
    #[error("the adapter did not answer `ready` for {peer} within {READY_LIMIT:?}")]
    NotReady {
        /// The client whose script it was.
        peer: SocketAddr,
    },
    /// The script could not be written.
    #[error("cannot send a handler script to the adapter: {0}")]
    Lost(io::Error),
}

/// Where scripts are written to.
pub(super) type Writer = Box<dyn AsyncWrite + Send + Unpin>;

#[derive(Serialize)]
struct ScriptLine<'a> {
    peer: SocketAddr,
    handlers: &'a HandlerScript,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ReadyLine {
    ready: SocketAddr,
}

/// Reads an adapter's answer; `None` for every other line.
pub(super) fn parse_ready(line: &[u8]) -> Option<SocketAddr> {
    // Events are many and answers are few: most lines are not parsed twice.
    let quick = line.iter().find(|octet| !b"{ \t".contains(octet)) == Some(&b'"')
        && line
            .windows(7)
            .take(16)
            .any(|window| window == b"\"ready\"");
    let parsed = quick.then(|| serde_json::from_slice::<ReadyLine>(line))?;
    parsed.ok().map(|line| line.ready)
}

/// The scripts' way to one adapter.
#[derive(Default)]
pub(super) struct Scripts {
    writer: AsyncMutex<Option<Writer>>,
    waiting: Mutex<HashMap<SocketAddr, oneshot::Sender<()>>>,
}

impl Scripts {
    /// The adapter takes scripts here. The first of several connections counts.
    pub(super) async fn attach(&self, writer: Writer) {
        self.writer.lock().await.get_or_insert(writer);
    }

    /// The adapter has taken the script for `peer`.
    pub(super) fn ready(&self, peer: SocketAddr) {
        if let Some(waiting) = self.waiting().remove(&peer) {
            // Who no longer waits has given up already, with an error.
            let _ = waiting.send(());
        }
    }

    /// Sends `handlers` for `peer` and waits until the adapter has taken them.
    pub(super) async fn give(
        &self,
        peer: SocketAddr,
        handlers: &HandlerScript,
    ) -> Result<(), ScriptError> {
        let (sender, ready) = oneshot::channel();
        self.waiting().insert(peer, sender);
        let given = timeout(READY_LIMIT, async {
            self.write(peer, handlers).await?;
            ready.await.map_err(|_| ScriptError::NotReady { peer })
        });
        let result = given.await;
        self.waiting().remove(&peer);
        result.unwrap_or(Err(ScriptError::NotReady { peer }))
    }

    async fn write(&self, peer: SocketAddr, handlers: &HandlerScript) -> Result<(), ScriptError> {
        let line = ScriptLine { peer, handlers };
        let mut line = serde_json::to_vec(&line).map_err(|e| ScriptError::Lost(e.into()))?;
        line.push(b'\n');
        let mut writer = self.writer.lock().await;
        let writer = writer.as_mut().ok_or(ScriptError::NotTaken)?;
        let written = async {
            writer.write_all(&line).await?;
            writer.flush().await
        };
        written.await.map_err(ScriptError::Lost)
    }

    fn waiting(&self) -> MutexGuard<'_, HashMap<SocketAddr, oneshot::Sender<()>>> {
        // Inserting and removing cannot leave the map half-written.
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_an_answer_is_an_answer() {
        let peer = "127.0.0.1:51234".parse().ok();
        assert_eq!(parse_ready(br#"{"ready":"127.0.0.1:51234"}"#), peer);
        assert_eq!(parse_ready(br#" { "ready" : "127.0.0.1:51234" }"#), peer);
        assert_eq!(parse_ready(br#"{"ready":"x"}"#), None);
        assert_eq!(parse_ready(br#"{"session":"ready","seq":1}"#), None);
        assert_eq!(parse_ready(br#"{"ready":"127.0.0.1:1","seq":1}"#), None);
    }
}
