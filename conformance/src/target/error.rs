//! Why a server under test could not be had, or was lost.

use std::{io, net::SocketAddr, path::PathBuf, time::Duration};

use crate::{
    drive::DriveError,
    observe::{BrokenLine, ObserveError},
};

/// Why a server under test could not be had, or was lost in the run.
#[derive(Debug, thiserror::Error)]
pub enum TargetError {
    /// No target has this name.
    #[error("unknown target `{name}`: expected one of {}", known.join(", "))]
    Unknown {
        /// The name.
        name: String,
        /// Those that there are.
        known: Vec<String>,
    },
    /// An adapter's server has not been installed.
    #[error("the server of adapter `{name}` is not installed: run {command}")]
    NotInstalled {
        /// The adapter.
        name: String,
        /// What installs it.
        command: String,
    },
    /// An adapter's server cannot be set so.
    #[error("target `{target}` has no setting `{setting}`: {}", settings(known))]
    UnknownSetting {
        /// The target.
        target: String,
        /// As given.
        setting: String,
        /// Those that there are, each with what it does.
        known: Vec<(String, String)>,
    },
    /// An adapter's server cannot offer TLS so.
    #[error(
        "`{name}` cannot be started with --tls {way}: its adapter.toml does not list it (`smtpspec targets` shows which do)"
    )]
    NoTls {
        /// The adapter.
        name: String,
        /// As on the command line.
        way: &'static str,
    },
    /// An adapter that cannot start its server in this mode.
    #[error(
        "adapter `{name}` has no LMTP server: those that have say `lmtp = true` in adapter.toml"
    )]
    NoLmtp {
        /// The adapter.
        name: String,
    },
    /// An adapter's description cannot be understood.
    #[error("{}: {why}", path.display())]
    About {
        /// The file `adapter.toml`.
        path: PathBuf,
        /// What is wrong.
        why: String,
    },
    /// Not an address, or a name that does not resolve.
    #[error("`{text}` is no address of a server (expected HOST:PORT): {source}")]
    Address {
        /// As given.
        text: String,
        /// Why.
        source: io::Error,
    },
    /// A server beyond the loopback interface.
    #[error(
        "{address} is not on the loopback interface: smtpspec sends hostile input; if the server is yours to test, \
         allow it with --allow-remote"
    )]
    Remote {
        /// The address.
        address: SocketAddr,
    },
    /// The event stream could not be opened.
    #[error(transparent)]
    Events(#[from] ObserveError),
    /// The server or its adapter could not be started.
    #[error("cannot start {what}: {source}")]
    Start {
        /// What was to be started.
        what: String,
        /// Why.
        source: io::Error,
    },
    /// No hello came over the event stream.
    #[error(
        "`{name}` said no hello over its event stream within {limit:?}{}",
        after(output)
    )]
    NoHello {
        /// The target.
        name: String,
        /// How long was waited.
        limit: Duration,
        /// The end of what its process has printed.
        output: String,
    },
    /// The server does not accept connections.
    #[error("{source}{}", after(output))]
    Unreachable {
        /// Names the address.
        source: DriveError,
        /// The end of what its process has printed.
        output: String,
    },
    /// The server that was started takes connections, and neither answers nor closes one.
    #[error(
        "`{name}` has taken a connection and says nothing on it, not even a banner: look at its configuration, and at what \
         --setting gives it{}",
        after(output)
    )]
    Silent {
        /// The adapter.
        name: String,
        /// The end of what its process has printed.
        output: String,
    },
    /// The server's process has ended.
    #[error("the process of `{name}` has ended ({status}){}", after(output))]
    Died {
        /// The adapter.
        name: String,
        /// How.
        status: String,
        /// The end of what it printed.
        output: String,
    },
    /// The event stream cannot be understood, or has ended.
    #[error(transparent)]
    BrokenEventStream(#[from] BrokenLine),
}

/// What a process printed, to be put behind an error.
fn after(output: &str) -> String {
    match output.trim_end() {
        "" => String::new(),
        output => format!("; its last output:\n{output}"),
    }
}

fn settings(known: &[(String, String)]) -> String {
    if known.is_empty() {
        return "it has none".to_owned();
    }
    let lines = known
        .iter()
        .map(|(name, what)| format!("\n  {name}: {what}"));
    format!("it has{}", lines.collect::<String>())
}
