//! What a client does, and its text form `.smtp`.

mod directive;
mod edit;
mod error;
mod lmtp;
mod order;
mod parse;
mod print;
mod raw;
mod segment;
mod shrink;
mod shrinker;
mod tls;
mod transform;
mod words;

#[cfg(test)]
mod strategy;

pub use error::ParseError;
pub use segment::Segmentation;
pub use shrink::Size;
pub use shrinker::Shrinker;
pub use tls::{StartTls, TlsMode};
pub use transform::Ending;

use core::fmt;

use crate::{event::HandlerScript, repeat::Repeat, wire::Protocol};

/// The longest pause, and the longest sleep of a handler, in milliseconds.
pub const LONGEST_PAUSE_MS: u64 = 60_000;

/// The largest `.smtp` file, in octets.
pub const LARGEST_FILE: usize = 4 << 20;

/// A client's side of one connection: what it sends, waits for and does to the connection.
///
/// Unless the steps say otherwise the client waits for the banner first, sends each [`Step::Send`] only when
/// all replies that are due have come (lock-step), and after the last step waits for the replies due; after a
/// QUIT it waits for the server to close, else it closes (FIN).
///
/// A conversation is valid when it can be written down: texts are single lines without control characters or
/// surrounding white space and none is empty, no segment is empty, pauses and sleeps last [`LONGEST_PAUSE_MS`]
/// at most, all repeats together stand for [`LARGEST_REPEAT`](crate::repeat::LARGEST_REPEAT) octets at most, and the steps come in an order that one connection allows (nothing after [`Step::Close`] or
/// [`Step::Reset`]; only expectations and those two after [`Step::Silence`]; nothing sent after
/// [`Step::HalfClose`]; no handshake after [`Step::CloseNotify`]). [`Conversation::parse`] gives valid ones only.
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
    /// What the client speaks, and the server should.
    pub protocol: Protocol,
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
    /// Send these lines so many times over, in writes of the player's choice, once all replies that are due have
    /// come; but only while the server is receiving content: behind a refused DATA it would be so many commands,
    /// and is left out.
    Repeat(Repeat),
    /// The reply to the last command is of this kind, else the conversation misses its point on this server.
    Expect(ReplyPattern),
    /// Begin a TLS handshake: as the first step of all on a port where TLS comes first, else where the server has
    /// accepted STARTTLS (RFC 3207).
    Tls(StartTls),
    /// Inside TLS: send close_notify, and what follows in clear. Where there is no TLS, the conversation ends here.
    CloseNotify,
    /// Inside TLS: FIN without close_notify. Where there is no TLS, it is [`Step::Close`].
    Truncate,
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

/// The codes, joined by a space.
impl fmt::Display for ReplyPattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, code) in self.codes.iter().enumerate() {
            let space = if index == 0 { "" } else { " " };
            let [first, second, third] = code.map(char::from);
            write!(f, "{space}{first}{second}{third}")?;
        }
        Ok(())
    }
}
