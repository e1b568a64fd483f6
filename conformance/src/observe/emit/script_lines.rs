//! The two lines by which a handler script is handed over, as the adapter sees them.

use std::net::SocketAddr;

use serde::{Deserialize, Serialize};
use smtpspec_core::event::HandlerScript;

/// `{"peer":"127.0.0.1:51234","handlers":[...]}`: the script for the session of that client.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ScriptLine {
    pub(super) peer: SocketAddr,
    pub(super) handlers: HandlerScript,
}

/// `{"ready":"127.0.0.1:51234"}`: it has been taken.
#[derive(Debug, Serialize)]
pub(super) struct ReadyLine {
    pub(super) ready: SocketAddr,
}

pub(super) fn parse_script_line(line: &str) -> Result<ScriptLine, serde_json::Error> {
    serde_json::from_str(line)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_without_a_peer_is_refused() {
        let error = parse_script_line(r#"{"handlers":[]}"#).unwrap_err();
        assert!(error.to_string().contains("peer"), "{error}");
    }
}
