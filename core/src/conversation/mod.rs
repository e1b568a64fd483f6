//! What a client does, and its text form `.smtp`.

use crate::event::HandlerScript;

/// A client's side of one connection: what it sends, waits for and does to the connection.
///
/// Unless the steps say otherwise the client waits for the banner first, sends each [`Step::Send`] only when
/// all replies that are due have come (lock-step), and after the last step waits for the replies due; after a
/// QUIT it waits for the server to close, else it closes (FIN).
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Conversation {
    /// One line: what this conversation shows.
    pub title: String,
    /// Why it is played, a line each.
    pub purpose: Vec<String>,
    /// Where it comes from: a section, a report, a document.
    pub source: Vec<String>,
    /// What the server's handlers do; needs a server that takes scripts.
    pub handlers: HandlerScript,
    /// The client speaks without waiting for the banner.
    pub early: bool,
    /// In order.
    pub steps: Vec<Step>,
}

/// One thing that a client does.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Step {
    /// Send these segments, one write each, without waiting between them. Never empty, nor is any segment.
    Send(Vec<Vec<u8>>),
    /// The reply to the last command is of this kind, else the conversation misses its point on this server.
    Expect(ReplyPattern),
    /// Do nothing for this many milliseconds.
    Pause(u64),
    /// Say nothing more, keep the connection open and wait until the server ends it.
    Silence,
    /// Send FIN and go on reading (shutdown of the sending side).
    HalfClose,
    /// Close the connection (FIN).
    Close,
    /// Reset the connection (RST).
    Reset,
}

/// Which replies are expected: any of these codes or classes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReplyPattern {
    /// Three digits each, `x` for any: `250`, `5xx`, `50x`.
    pub codes: Vec<[u8; 3]>,
}

impl ReplyPattern {
    /// Whether `code` is one of those expected.
    pub fn matches(&self, code: u16) -> bool {
        let digits = format!("{code:03}").into_bytes();
        self.codes
            .iter()
            .any(|want| want.iter().zip(&digits).all(|(w, d)| *w == b'x' || w == d))
    }
}
