//! Limits on everything: no server can hold a session for ever or fill the memory.

use std::time::Duration;

/// How long, and how much, a client takes from a server.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Limits {
    /// For the connection to be established. Default 5 s.
    pub connect: Duration,
    /// For each reply that is due, and for a close that is due. Default 5 s.
    pub reply: Duration,
    /// For the server to end a silent session. Default 5 s.
    pub silence: Duration,
    /// For a server whose handler was to drop the session, or whose last reply was a refusal, to close, where no reply
    /// has said that it will. Default 200 ms.
    pub drop: Duration,
    /// Between two segments that no reply comes between, so that they stay apart on the wire; not applied to
    /// sends of more than 64 segments, nor to more than 64 sends of a session. Default 500 µs.
    pub segment_gap: Duration,
    /// Loopback addresses that clients may come from, from their usual one on, where its ports do not suffice. Default 1:
    /// a server may trust only one.
    pub sources: u32,
    /// Octets that the server may send in a session. Default 1 MiB.
    pub max_received: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            connect: Duration::from_secs(5),
            reply: Duration::from_secs(5),
            silence: Duration::from_secs(5),
            drop: Duration::from_millis(200),
            segment_gap: Duration::from_micros(500),
            sources: 1,
            max_received: 1 << 20,
        }
    }
}
