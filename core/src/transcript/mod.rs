//! What happened: every byte sent and received, every event, every end, in order. Saved as JSON Lines.

mod event_log;
mod file;

pub use event_log::EventLogError;
pub use file::TranscriptError;

use core::net::SocketAddr;

use serde::{Deserialize, Serialize};

use crate::{
    event::{EventRecord, HandlerScript, Hello},
    octets::Octets,
    repeat::Repeat,
    wire::Protocol,
};

/// The version of the transcript format that this crate reads and writes.
pub const TRANSCRIPT_VERSION: u32 = 1;

/// A run: the sessions that were played and what was seen of them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Transcript {
    /// Who was tested, by whom, with which limits.
    pub header: Header,
    /// In the order in which they were opened.
    pub sessions: Vec<SessionLog>,
    /// Events that belong to no connection of ours, with the time (ns) when they were read.
    pub strays: Vec<(u64, EventRecord)>,
    /// Whether the run came to its end; if not, what is missing may only have been cut off.
    pub complete: bool,
}

/// A transcript's first line.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Header {
    /// The format's version; also what marks the file as a transcript.
    #[serde(rename = "smtpspec-transcript")]
    pub version: u32,
    /// The tool that wrote it: `smtpspec 0.1.0`.
    pub tool: String,
    /// The target as named on the command line.
    pub target: String,
    /// What the adapter said at start; absent when only the wire was observed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hello: Option<Hello>,
    /// OnDisconnect is due within this many milliseconds after the close (SES-4).
    pub disconnect_limit_ms: u64,
}

/// One connection.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SessionLog {
    /// Numbered from 1 in the run.
    pub conn: u64,
    /// How it began.
    pub open: Open,
    /// What happened, in the order in which the suite saw it.
    pub entries: Vec<Entry>,
}

/// How a connection began.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Open {
    /// The conversation's name.
    pub case: String,
    /// The client's own address and port: what matches its events to it.
    pub client: SocketAddr,
    /// The server's.
    pub server: SocketAddr,
    /// What was spoken; nothing in the file where that is SMTP.
    #[serde(default, skip_serializing_if = "Protocol::is_smtp")]
    pub protocol: Protocol,
    /// The handler script that the server was given.
    #[serde(default, skip_serializing_if = "HandlerScript::is_empty")]
    pub handlers: HandlerScript,
}

/// Something that happened on a connection.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Entry {
    /// When, in nanoseconds of UNIX time, by the suite's clock. For [`What::Sent`] and
    /// [`What::Repeated`], before the write.
    pub at: u64,
    /// What.
    #[serde(flatten)]
    pub what: What,
}

/// What happened.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum What {
    /// The client wrote these octets, in one write.
    Sent(Octets),
    /// The client wrote these lines so many times over, in writes of the suite's choice. Replies and events that
    /// came before the last of them stand behind this entry all the same.
    Repeated(Repeat),
    /// The client read these octets.
    Received(Octets),
    /// The server under test fired this event (entry's time: when the suite read it).
    Event(Box<EventRecord>),
    /// The client did this to the connection.
    Client(ClientAct),
    /// The server ended its side like this.
    Server(ServerEnd),
    /// A TLS handshake that the client began came to this. Behind one that was done, what is sent and received stands
    /// here as the plaintext inside TLS, up to [`ClientAct::CloseNotify`].
    Handshake(Handshake),
    /// The last reply was held against what the conversation expects.
    Expected {
        /// The pattern, as written.
        want: String,
        /// The code that came, or none.
        got: Option<u16>,
        /// Whether it fits.
        met: bool,
    },
    /// The server's process came to its end while this connection was played or its events were waited for.
    Died(Box<Death>),
    /// All that belongs to this connection has been seen: the waiting for late events is over.
    Settled,
}

/// What came of a TLS handshake.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Handshake {
    /// It was finished, with this version of TLS: `TLSv1.3`.
    Done(String),
    /// It was not, or what stood behind it broke: why.
    Failed(String),
    /// The client sends the first half of a ClientHello, and no more of it.
    Half,
}

/// How the server under test came to its end.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Death {
    /// What its process left: `exit status: 1`, `signal: 11 (SIGSEGV)`.
    pub status: String,
    /// The end of what it had printed.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub output: String,
    /// Other connections that were open then; 0 where this one alone did it.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub beside: usize,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "as serde calls it")]
const fn is_zero(number: &usize) -> bool {
    *number == 0
}

/// What a client does to a connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ClientAct {
    /// FIN, reading goes on.
    HalfClose,
    /// FIN, nothing more is read; inside TLS, behind a close_notify.
    Close,
    /// RST.
    Reset,
    /// Inside TLS: close_notify (RFC 8446, 6.1). What is sent behind it is in clear, and reading goes on.
    CloseNotify,
    /// Inside TLS: FIN without a close_notify, nothing more is read.
    Truncate,
    /// From here on the client only waits.
    Silence,
    /// A reply or a close that was due did not come within the limit; the client closes.
    GaveUp,
    /// The server sent more than the suite takes from one session; the client closes.
    Overflow,
}

/// How the server ended its side.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ServerEnd {
    /// FIN; inside TLS a close_notify, whether FIN comes behind it or not.
    Close,
    /// RST.
    Reset,
}
