//! Handler scripts: what a handler does with the k-th event of a kind (MODEL.md, section 6).

use serde::{Deserialize, Serialize};

use super::EventKind;

/// What a handler does.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum HandlerAction {
    /// Let the command or message pass.
    Accept,
    /// Refuse it with this reply line, for example `550 5.7.1 not here` (400 to 599).
    Reject(String),
    /// Drop the session.
    Drop,
    /// Fail: throw, panic.
    Fail,
    /// Take this many milliseconds, then accept.
    Sleep(u64),
    /// At the end of a message of LMTP's, refuse it for one of its recipients (RFC 2033, 4.2); where it has not so many, and
    /// in SMTP, whose one reply is for all of them, accept.
    #[serde(rename = "reject-for")]
    RejectFor {
        /// Which of those that were accepted, from 1.
        recipient: u32,
        /// The reply line for that one, as of `Reject`.
        reply: String,
    },
}

impl HandlerAction {
    /// Whether it refuses what its event is about, for everybody.
    pub const fn refuses(&self) -> bool {
        matches!(self, Self::Reject(_) | Self::Fail)
    }
}

/// One line of a handler script: for the `nth` event of kind `event` in the session, do `action`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct HandlerRule {
    /// The event.
    pub event: EventKind,
    /// Which one in the session, from 1.
    pub nth: u32,
    /// What the handler does.
    pub action: HandlerAction,
}

/// A session's handler script. An event that no rule names is accepted.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub struct HandlerScript {
    /// In no particular order; the first that fits counts.
    pub rules: Vec<HandlerRule>,
}

impl HandlerScript {
    /// What to do with the `nth` event (from 1) of kind `event`.
    pub fn action(&self, event: EventKind, nth: u32) -> &HandlerAction {
        self.rules
            .iter()
            .find(|rule| rule.event == event && rule.nth == nth)
            .map_or(&HandlerAction::Accept, |rule| &rule.action)
    }

    /// Whether no handler does anything but accept.
    pub fn is_empty(&self) -> bool {
        self.rules.is_empty()
    }
}
