//! What each event carries.
//!
//! Every argument is optional, because an observed server shows what it can; the reference server fills all.

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::EventKind;
use crate::octets::Octets;

/// Why a connection ended. Source: "DisconnectReason enumeration" (aa580699).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum DisconnectReason {
    /// The client said QUIT.
    QuitVerb,
    /// The client was silent for too long.
    Timeout,
    /// The connection to the client was lost.
    SenderDisconnected,
    /// The client made too many errors.
    TooManyErrors,
    /// The server or one of its agents asked for it.
    DroppedSession,
    /// The other side, without further detail.
    Remote,
    /// This side, without further detail.
    Local,
}

/// How far the refused command was understood. Source: "ParsingStatus enumeration" (aa580445).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum ParsingStatus {
    /// Parsed in full; a handler refused it.
    Complete,
    /// Parsing failed inside the server.
    Error,
    /// The command goes on in a later line.
    MoreDataRequired,
    /// Malformed, unknown or out of sequence.
    ProtocolError,
}

/// How an authentication exchange finished.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum AuthOutcome {
    /// The client is authenticated.
    Success,
    /// It is not.
    Failure,
}

/// Size and SHA-256 of a run of octets.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct MessageDigest {
    /// Octets.
    pub size: u64,
    /// SHA-256 in lower-case hexadecimal.
    pub sha256: String,
}

impl MessageDigest {
    /// Finishes a running hash over `size` octets.
    pub fn finish(size: u64, hash: Sha256) -> Self {
        let sha256 = format!("{:x}", hash.finalize());
        Self { size, sha256 }
    }

    /// The digest of `content`.
    pub fn of(content: &[u8]) -> Self {
        Self::finish(content.len() as u64, Sha256::new_with_prefix(content))
    }
}

/// An event with its arguments; `None` where the observed server does not show one.
///
/// Paths are what stands between the angle brackets, as sent; the null reverse-path is empty.
/// Parameters are what follows the path, as sent.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "event", content = "args")]
#[allow(
    missing_docs,
    reason = "the variants and fields carry the documented names"
)]
pub enum Event {
    OnConnect {
        /// The server's own address and port.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        local: Option<String>,
    },
    OnHeloCommand {
        #[serde(default, skip_serializing_if = "Option::is_none")]
        domain: Option<Octets>,
    },
    OnEhloCommand {
        #[serde(default, skip_serializing_if = "Option::is_none")]
        domain: Option<Octets>,
    },
    OnAuthCommand {
        #[serde(default, skip_serializing_if = "Option::is_none")]
        mechanism: Option<Octets>,
    },
    OnEndOfAuthentication {
        #[serde(default, skip_serializing_if = "Option::is_none")]
        mechanism: Option<Octets>,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        outcome: Option<AuthOutcome>,
    },
    OnMailCommand {
        #[serde(default, skip_serializing_if = "Option::is_none")]
        reverse_path: Option<Octets>,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        parameters: Option<Octets>,
    },
    OnRcptCommand {
        #[serde(default, skip_serializing_if = "Option::is_none")]
        forward_path: Option<Octets>,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        parameters: Option<Octets>,
    },
    OnDataCommand {},
    OnEndOfHeaders {
        /// Of the header section after dot-unstuffing, with the line end of each field, without the blank line.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        headers: Option<MessageDigest>,
    },
    OnEndOfData {
        /// Of the whole content after dot-unstuffing.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        content: Option<MessageDigest>,
    },
    OnHelpCommand {
        #[serde(default, skip_serializing_if = "Option::is_none")]
        argument: Option<Octets>,
    },
    OnNoopCommand {
        #[serde(default, skip_serializing_if = "Option::is_none")]
        argument: Option<Octets>,
    },
    OnRsetCommand {},
    OnReject {
        /// The whole command line as sent, without its line end; absent when a message was refused.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        command: Option<Octets>,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        status: Option<ParsingStatus>,
        /// The reply that refuses, as sent, without the last line end.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        response: Option<Octets>,
    },
    OnDisconnect {
        #[serde(default, skip_serializing_if = "Option::is_none")]
        reason: Option<DisconnectReason>,
    },
}

impl Event {
    /// Which of the fifteen this is.
    pub const fn kind(&self) -> EventKind {
        match self {
            Self::OnConnect { .. } => EventKind::OnConnect,
            Self::OnHeloCommand { .. } => EventKind::OnHeloCommand,
            Self::OnEhloCommand { .. } => EventKind::OnEhloCommand,
            Self::OnAuthCommand { .. } => EventKind::OnAuthCommand,
            Self::OnEndOfAuthentication { .. } => EventKind::OnEndOfAuthentication,
            Self::OnMailCommand { .. } => EventKind::OnMailCommand,
            Self::OnRcptCommand { .. } => EventKind::OnRcptCommand,
            Self::OnDataCommand {} => EventKind::OnDataCommand,
            Self::OnEndOfHeaders { .. } => EventKind::OnEndOfHeaders,
            Self::OnEndOfData { .. } => EventKind::OnEndOfData,
            Self::OnHelpCommand { .. } => EventKind::OnHelpCommand,
            Self::OnNoopCommand { .. } => EventKind::OnNoopCommand,
            Self::OnRsetCommand {} => EventKind::OnRsetCommand,
            Self::OnReject { .. } => EventKind::OnReject,
            Self::OnDisconnect { .. } => EventKind::OnDisconnect,
        }
    }

    /// The domain, reverse-path or forward-path that a client said, where the event carries it.
    pub const fn argument(&self) -> Option<&Octets> {
        match self {
            Self::OnHeloCommand { domain } | Self::OnEhloCommand { domain } => domain.as_ref(),
            Self::OnMailCommand { reverse_path, .. } => reverse_path.as_ref(),
            Self::OnRcptCommand { forward_path, .. } => forward_path.as_ref(),
            _ => None,
        }
    }
}
