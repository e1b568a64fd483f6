//! How many replies are due: what a client in lock-step waits for.

/// Follows a session's octets in both directions under the strict reading.
#[derive(Debug, Default)]
pub struct Pacer {}

impl Pacer {
    /// At the accept of the connection: the banner is due.
    pub fn new() -> Self {
        Self::default()
    }

    /// The client sent these.
    pub fn sent(&mut self, octets: &[u8]) {
        let _ = octets;
        todo!()
    }

    /// The client received these.
    pub fn received(&mut self, octets: &[u8]) {
        let _ = octets;
        todo!()
    }

    /// Replies that must still come for what was sent, the banner included. Never negative: replies beyond
    /// those due are kept in mind and set off against later commands.
    pub fn due(&self) -> usize {
        todo!()
    }

    /// The last reply's code.
    pub fn last_code(&self) -> Option<u16> {
        todo!()
    }

    /// Whether the server is bound to close now: a 221 or a 421 was its last reply.
    pub fn closing(&self) -> bool {
        todo!()
    }
}
