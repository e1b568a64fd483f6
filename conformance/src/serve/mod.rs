//! The reference server: `smtpspec_core::receiver` on sockets, one task a session.

mod hooks;
mod patience;
mod printer;
mod server;
mod session;
mod transport;

pub use hooks::{EventSink, Hooks, ScriptRegistry};
pub use printer::EventPrinter;
pub use server::Server;

use std::time::Duration;

use smtpspec_core::{
    event::{EVENT_STREAM_VERSION, EventKind, Hello, Semantics},
    receiver::{Config, Defect},
};

/// Limits of the reference server.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ServeOptions {
    /// A client that is silent for so long is told 421 and dropped. Default 5 min (RFC 5321, 4.5.3.2.7).
    pub idle: Duration,
    /// For a client to take what is written to it. Default 5 s.
    pub write: Duration,
    /// For a client to close after the server has. Default 200 ms.
    pub drain: Duration,
    /// For all sessions to end when the server shuts down. Default 5 s.
    pub shutdown: Duration,
    /// Sessions at once; further clients wait in the system's queue. Default 4096.
    pub max_sessions: usize,
    /// TLS comes before the banner (RFC 8314, 3). Default no.
    pub implicit_tls: bool,
}

impl Default for ServeOptions {
    fn default() -> Self {
        Self {
            idle: Duration::from_mins(5),
            write: Duration::from_secs(5),
            drain: Duration::from_millis(200),
            shutdown: Duration::from_secs(5),
            max_sessions: 4096,
            implicit_tls: false,
        }
    }
}

/// What the reference server says of itself: it shows all, in the model's own semantics.
pub fn hello() -> Hello {
    Hello {
        version: EVENT_STREAM_VERSION,
        adapter: "embedded".to_owned(),
        server: concat!("smtpspec ", env!("CARGO_PKG_VERSION")).to_owned(),
        events: EventKind::ALL.to_vec(),
        semantics: Semantics {
            disconnect_reason: true,
            clock: true,
            scripts: true,
            ..Semantics::default()
        },
    }
}

/// Whether the defect that lives here and not in the receiver is on: every session has the same id (SES-6).
fn reuses_session_ids(config: &Config) -> bool {
    let reused = |defect: &&Defect| defect.name() == "session-id-reused";
    let defect = Defect::ALL.iter().find(reused);
    defect.is_some_and(|defect| config.defects.has(*defect))
}
