//! The names of the events.

use core::{fmt, str::FromStr};

use serde::{Deserialize, Serialize};

macro_rules! event_kinds {
    ($($(#[$doc:meta])* $name:ident,)*) => {
        /// One of the fifteen events that agents subscribe to.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        pub enum EventKind { $($(#[$doc])* $name,)* }

        impl EventKind {
            /// All fifteen, in the order of Exchange's documentation.
            pub const ALL: [Self; 15] = [$(Self::$name,)*];

            /// The documented name.
            pub const fn name(self) -> &'static str {
                match self { $(Self::$name => stringify!($name),)* }
            }
        }
    };
}

event_kinds! {
    /// The connection is accepted, before the banner is sent.
    OnConnect,
    /// A well-formed HELO in a state that allows it, before its reply.
    OnHeloCommand,
    /// A well-formed EHLO in a state that allows it, before its reply.
    OnEhloCommand,
    /// A well-formed AUTH, in sequence, before the first reply to it.
    OnAuthCommand,
    /// The authentication exchange has finished, before its last reply.
    OnEndOfAuthentication,
    /// A well-formed MAIL, in sequence, before its reply.
    OnMailCommand,
    /// A well-formed RCPT, in sequence, before its reply.
    OnRcptCommand,
    /// DATA in sequence, before the 354.
    OnDataCommand,
    /// The blank line that ends the header section was received.
    OnEndOfHeaders,
    /// The end of the message was received, before the final reply.
    OnEndOfData,
    /// HELP, before its reply.
    OnHelpCommand,
    /// NOOP, before its reply.
    OnNoopCommand,
    /// RSET, before its reply.
    OnRsetCommand,
    /// A command or message is refused, by a handler or by the protocol.
    OnReject,
    /// The connection has ended, whoever ended it.
    OnDisconnect,
}

impl fmt::Display for EventKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

/// A name that is none of the fifteen.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "unknown event `{0}`: expected one of OnConnect, OnHeloCommand, OnEhloCommand ... OnDisconnect"
)]
pub struct UnknownEvent(pub String);

impl FromStr for EventKind {
    type Err = UnknownEvent;

    fn from_str(name: &str) -> Result<Self, Self::Err> {
        Self::ALL
            .into_iter()
            .find(|kind| kind.name() == name)
            .ok_or_else(|| UnknownEvent(name.to_owned()))
    }
}
