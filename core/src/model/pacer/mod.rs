//! How many replies are due: what a client in lock-step waits for.

mod lines;
mod replies;
#[cfg(test)]
mod tests;

use std::collections::VecDeque;

use self::replies::announces_chunking;
use super::{replies::ReplyReader, wire_log::is_tls_record};
use crate::wire::{DataStream, LineEnds, LineSplitter, Protocol};

/// What a reply will answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Due {
    Banner,
    Command,
    /// HELO or EHLO: which extensions there are.
    Greeting,
    Data,
    /// AUTH or a response to a challenge.
    Authentication,
    StartTls,
    /// Opens a transaction, or clears it.
    Envelope,
    Rcpt,
    /// The end of a message: LMTP has a reply for each recipient.
    End,
    /// A chunk that is not the last.
    Chunk,
    /// A BDAT to a server that has not announced CHUNKING; its chunk's size.
    Bdat(u64),
    Message,
}

/// How the client's next octets are to be read.
#[derive(Debug)]
enum Mode {
    Commands,
    /// DATA, AUTH, STARTTLS or a response to a challenge was sent, or BDAT to a server that may not know it; the reply
    /// decides.
    Undecided,
    /// A challenge was read: the next line answers it, whatever it looks like.
    Response,
    /// STARTTLS was accepted: nothing in clear is a command.
    Handshake,
    Content(Box<DataStream>),
    /// The octets of a chunk; how many are to come. A reply is due behind them, unless it has come before.
    Chunk {
        left: u64,
        last: bool,
        answered: bool,
    },
}

/// Octets of a line without an end that are kept: more than any line needs that a server must take.
const LONGEST: usize = 2048;

/// Octets of a line, behind its leading white space, that tell its verb: more than the longest verb has.
const VERB: usize = 16;

/// Follows a session's octets in both directions under the strict reading.
#[expect(
    clippy::struct_excessive_bools,
    reason = "each is a fact of its own about the session so far"
)]
#[derive(Debug)]
pub struct Pacer {
    unread: Vec<u8>,
    lines: LineSplitter,
    /// The begin of a line of which more has been dropped from `unread`.
    begin: Vec<u8>,
    mode: Mode,
    queue: VecDeque<Due>,
    /// Replies that came beyond those due.
    surplus: usize,
    replies: ReplyReader,
    last_code: Option<u16>,
    /// Nothing has been sent or received.
    fresh: bool,
    secured: bool,
    /// A handshake is done, and the client has not said anything inside TLS yet: what it is told answers nothing.
    quiet: bool,
    /// Whether the last greeting announced CHUNKING.
    chunking: bool,
    protocol: Protocol,
    /// Recipients of the transaction that were accepted.
    recipients: usize,
}

impl Default for Pacer {
    fn default() -> Self {
        Self {
            unread: Vec::new(),
            lines: LineSplitter::new(LineEnds::default()),
            begin: Vec::new(),
            mode: Mode::Commands,
            queue: VecDeque::from([Due::Banner]),
            surplus: 0,
            replies: ReplyReader::default(),
            last_code: None,
            fresh: true,
            secured: false,
            quiet: false,
            chunking: false,
            protocol: Protocol::Smtp,
            recipients: 0,
        }
    }
}

impl Pacer {
    /// At the accept of the connection: the banner is due.
    pub fn new() -> Self {
        Self::default()
    }

    /// The same where `protocol` is spoken.
    pub fn speaking(protocol: Protocol) -> Self {
        Self {
            protocol,
            ..Self::default()
        }
    }

    /// The client sent these.
    pub fn sent(&mut self, octets: &[u8]) {
        self.fresh = false;
        self.quiet = false;
        self.unread.extend_from_slice(octets);
        self.read_on();
    }

    /// The client received these.
    pub fn received(&mut self, octets: &[u8]) {
        self.fresh = false;
        if !self.secured && self.replies.unfinished().is_empty() && is_tls_record(octets) {
            return;
        }
        let mut seen = Vec::new();
        self.replies.push(octets, |reply| {
            seen.push((reply.code, announces_chunking(&reply)));
        });
        for (code, chunking) in seen {
            self.last_code = code;
            self.reply(code, chunking);
        }
    }

    /// Whether a TLS handshake may begin: the server has accepted STARTTLS, or nothing at all has passed yet.
    pub fn awaits_handshake(&self) -> bool {
        self.fresh || matches!(self.mode, Mode::Handshake)
    }

    /// A handshake was finished: what was sent in clear is forgotten, and a banner that has not come is still due.
    pub fn secured(&mut self) {
        let banner = self.queue.contains(&Due::Banner);
        *self = Self {
            last_code: self.last_code,
            protocol: self.protocol,
            fresh: false,
            secured: true,
            quiet: !banner,
            ..Self::default()
        };
        if !banner {
            self.queue.clear();
        }
    }

    /// Whether a handshake was finished.
    pub fn is_secured(&self) -> bool {
        self.secured
    }

    /// Whether the server is receiving content: DATA was answered by 354, and its end has not been sent.
    pub fn in_content(&self) -> bool {
        matches!(self.mode, Mode::Content(_))
    }

    /// Replies that must still come for what was sent, the banner included.
    pub fn due(&self) -> usize {
        self.queue.len()
    }

    /// The last reply's code.
    pub fn last_code(&self) -> Option<u16> {
        self.last_code
    }

    /// Whether the server is bound to close now: a 221 or a 421 was its last reply.
    pub fn closing(&self) -> bool {
        matches!(self.last_code, Some(221 | 421))
    }
}
