//! What a session needs of the target: where to connect, where events go, who takes handler scripts.

use std::{net::SocketAddr, sync::Arc, time::Duration};

use smtpspec_core::{
    event::{EventKind, HandlerScript, Hello},
    wire::Protocol,
};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use crate::{
    observe::{Hub, ScriptError, ScriptSender},
    serve::ScriptRegistry,
};

/// What a session needs of the target. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Stage {
    /// The server's address.
    pub server: SocketAddr,
    /// Where it speaks LMTP (RFC 2033), if it does: the same address, or another.
    pub lmtp: Option<SocketAddr>,
    /// What its adapter said; `None` when only the wire is observed.
    pub hello: Option<Hello>,
    /// Where its events go.
    pub hub: Hub,
    /// Who takes handler scripts.
    pub scripts: Scripts,
    /// How many connections may be waiting for the server to take them; without it, any number.
    pub arrivals: Option<Arc<Semaphore>>,
    /// When OnDisconnect is due, where the server needs longer than others to tell of it.
    pub disconnect_limit: Option<Duration>,
    /// Between segments that are to come apart, where the server takes offence at what has come too soon.
    pub segment_gap: Option<Duration>,
}

/// Who takes handler scripts.
#[derive(Debug, Clone)]
pub enum Scripts {
    /// Nobody.
    None,
    /// The embedded server.
    Registry(ScriptRegistry),
    /// An adapter.
    Adapter(ScriptSender),
}

impl Stage {
    /// Where conversations in `protocol` are played.
    pub fn server_of(&self, protocol: Protocol) -> SocketAddr {
        match protocol {
            Protocol::Smtp => self.server,
            Protocol::Lmtp => self.lmtp.unwrap_or(self.server),
        }
    }

    /// Whether events of `kind` can be seen.
    pub fn sees(&self, kind: EventKind) -> bool {
        self.hello.as_ref().is_some_and(|hello| hello.sees(kind))
    }

    /// Whether conversations with handler scripts can be played.
    pub fn takes_scripts(&self) -> bool {
        !matches!(self.scripts, Scripts::None)
    }

    /// Waits until one more connection may wait for the server.
    ///
    /// A connection beyond the server's backlog seems to stand, but the server learns of it only when the system has
    /// repeated itself, a second or more later.
    pub async fn arrive(&self) -> Option<OwnedSemaphorePermit> {
        let arrivals = Arc::clone(self.arrivals.as_ref()?);
        // It is never closed.
        arrivals.acquire_owned().await.ok()
    }

    /// Hands the server the script for the session of `client`, who connects only after this.
    pub async fn script(
        &self,
        client: SocketAddr,
        script: &HandlerScript,
    ) -> Result<(), ScriptError> {
        match &self.scripts {
            _ if script.is_empty() => Ok(()),
            Scripts::None => Err(ScriptError::NotTaken),
            Scripts::Registry(registry) => {
                registry.put(client, script.clone());
                Ok(())
            }
            Scripts::Adapter(sender) => sender.give(client, script).await,
        }
    }
}
