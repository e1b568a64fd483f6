//! What a filter can see, as an event stream says it.

use smtpspec_core::event::{EVENT_STREAM_VERSION, EventKind, Hello, Semantics};

/// The hello of `server` as seen by a filter. The MTA tells a filter nothing of RSET, NOOP, HELP and of its own refusals,
/// nothing before AUTH has succeeded, and not why a connection has ended.
pub fn hello(server: &str) -> Hello {
    Hello {
        version: EVENT_STREAM_VERSION,
        adapter: "milter".to_owned(),
        server: server.to_owned(),
        events: vec![
            EventKind::OnConnect,
            EventKind::OnEhloCommand,
            EventKind::OnMailCommand,
            EventKind::OnRcptCommand,
            EventKind::OnDataCommand,
            EventKind::OnEndOfHeaders,
            EventKind::OnEndOfData,
            EventKind::OnDisconnect,
        ],
        semantics: Semantics {
            clock: true,
            late_end_of_headers: true,
            helo_as_ehlo: true,
            blank_line_supplied: true,
            // A filter that refuses a connection or its greeting is asked nothing more (xxfi_connect, xxfi_helo).
            silent_once_refused: vec![EventKind::OnConnect, EventKind::OnEhloCommand],
            ..Semantics::default()
        },
    }
}
