//! The event stream: JSON Lines that an adapter writes (MODEL.md, section 3).
//!
//! The first line is a [`Hello`], every other an [`EventRecord`]. `docs`: conformance/adapters/EVENT-STREAM.md.

use core::net::SocketAddr;
use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::{Event, EventKind};

/// The version of the event stream that this crate reads and writes.
pub const EVENT_STREAM_VERSION: u32 = 1;

/// What an adapter says first: who it is and what it can see.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Hello {
    /// The event stream's version; also what marks this line as the hello.
    #[serde(rename = "smtpspec-events")]
    pub version: u32,
    /// The adapter's name.
    pub adapter: String,
    /// The server under test, with its version: `aiosmtpd 1.4.6`.
    pub server: String,
    /// The events it emits. An event that is not listed is not observable.
    pub events: Vec<EventKind>,
    /// How its events differ from the model's.
    #[serde(default)]
    pub semantics: Semantics,
}

impl Hello {
    /// Whether the adapter emits `kind`.
    pub fn sees(&self, kind: EventKind) -> bool {
        self.events.contains(&kind)
    }
}

/// How an adapter's events differ from the model's. The default is the model's own semantics, minus what an
/// adapter must claim to be held to: the disconnect reason, a clock, and handler scripts.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "each is a claim of its own, by name in the JSON"
)]
pub struct Semantics {
    /// OnDisconnect carries a reason that distinguishes QUIT, time-out, loss and drop.
    pub disconnect_reason: bool,
    /// Each record's `at` is UNIX time in nanoseconds, from the clock of the suite's own machine.
    pub clock: bool,
    /// The adapter takes handler scripts over the event stream's connection.
    pub scripts: bool,
    /// OnEndOfHeaders fires only when the whole message has come.
    pub late_end_of_headers: bool,
    /// One hook serves HELO and EHLO; it is reported as OnEhloCommand.
    pub helo_as_ehlo: bool,
    /// What OnEndOfData's digest is of has a blank line behind its header fields also where none was sent.
    pub blank_line_supplied: bool,
    /// Once a handler has refused one of these, the session's events may be left out up to its end.
    pub silent_once_refused: Vec<EventKind>,
    /// From the n-th command of the session on that has this event, the server may take as long as it likes: what did not
    /// come within the limits is not judged.
    pub slow_from: BTreeMap<EventKind, u32>,
    /// These fire before the server checks the sequence; the reply decides.
    pub before_sequence_check: Vec<EventKind>,
}

/// One event as it was emitted.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct EventRecord {
    /// The server's own name for the session.
    pub session: String,
    /// Grows by one with each event of the session, from 1.
    pub seq: u64,
    /// When it was emitted, in nanoseconds of UNIX time, where the adapter has a clock.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub at: Option<u64>,
    /// The client's address and port as the server saw them.
    pub peer: SocketAddr,
    /// The event and its arguments.
    #[serde(flatten)]
    pub event: Event,
}

/// A line of the event stream.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum StreamItem {
    /// The first line.
    Hello(Hello),
    /// Every other.
    Event(EventRecord),
}

/// A line that is not part of an event stream.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum StreamError {
    /// Not JSON, or not the fields that the stream has.
    #[error("not an event stream line: {why}: {text}")]
    Malformed {
        /// What was wrong.
        why: String,
        /// The line, shortened.
        text: String,
    },
    /// A stream of another version.
    #[error("event stream version {found}; this smtpspec reads version {EVENT_STREAM_VERSION}")]
    Version {
        /// The version that the hello names.
        found: u64,
    },
}

/// Reads one line of an event stream, without its line end.
pub fn parse_stream_line(line: &[u8]) -> Result<StreamItem, StreamError> {
    let malformed = |why: String| StreamError::Malformed {
        why: in_one_line(&why),
        text: shorten(line),
    };
    let mut value: serde_json::Value =
        serde_json::from_slice(line).map_err(|e| malformed(e.to_string()))?;
    let object = value
        .as_object_mut()
        .ok_or_else(|| malformed("expected a JSON object".into()))?;
    if let Some(version) = object.get("smtpspec-events") {
        let found = version
            .as_u64()
            .ok_or_else(|| malformed("expected a number as version".into()))?;
        if found != u64::from(EVENT_STREAM_VERSION) {
            return Err(StreamError::Version { found });
        }
        return serde_json::from_value(value)
            .map(StreamItem::Hello)
            .map_err(|e| malformed(e.to_string()));
    }
    // An event without arguments may leave them out.
    object
        .entry("args")
        .or_insert_with(|| serde_json::Value::Object(serde_json::Map::new()));
    serde_json::from_value(value)
        .map(StreamItem::Event)
        .map_err(|e| malformed(e.to_string()))
}

fn shorten(line: &[u8]) -> String {
    const LONGEST: usize = 200;
    let cut = &line[..line.len().min(LONGEST)];
    let dots = if line.len() > LONGEST { "..." } else { "" };
    format!("{}{dots}", in_one_line(&crate::octets::escape(cut)))
}

/// What a server under test wrote goes to a person's terminal: control characters are shown, not sent.
fn in_one_line(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        if c.is_control() {
            out.extend(c.escape_default());
        } else {
            out.push(c);
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::event::{DisconnectReason, ParsingStatus};
    use pretty_assertions::assert_eq;

    fn record(event: Event) -> EventRecord {
        let peer = "127.0.0.1:4321".parse().unwrap();
        EventRecord {
            session: "s1".into(),
            seq: 3,
            at: Some(7),
            peer,
            event,
        }
    }

    #[test]
    fn events_are_read_as_they_were_written() {
        for event in [
            Event::OnDataCommand {},
            Event::OnMailCommand {
                reverse_path: Some(b"\xff\\@b"[..].into()),
                parameters: None,
            },
            Event::OnReject {
                command: Some("RCPT".into()),
                status: Some(ParsingStatus::ProtocolError),
                response: None,
            },
            Event::OnDisconnect {
                reason: Some(DisconnectReason::QuitVerb),
            },
        ] {
            let record = record(event);
            let line = serde_json::to_vec(&record).unwrap();
            assert_eq!(parse_stream_line(&line), Ok(StreamItem::Event(record)));
        }
    }

    #[test]
    fn arguments_may_be_left_out() {
        let line =
            br#"{"session":"s1","seq":3,"at":7,"peer":"127.0.0.1:4321","event":"OnDataCommand"}"#;
        assert_eq!(
            parse_stream_line(line),
            Ok(StreamItem::Event(record(Event::OnDataCommand {})))
        );
    }

    #[test]
    fn a_broken_line_is_quoted_in_the_error() {
        let error = parse_stream_line(b"{\"session\": \xff")
            .unwrap_err()
            .to_string();
        assert!(error.contains("\\xff"), "{error}");
        let error = parse_stream_line(br#"{"session":"a","seq":1,"peer":"x","event":"OnFoo"}"#);
        assert!(matches!(error, Err(StreamError::Malformed { .. })));
    }

    #[test]
    fn an_error_has_no_control_characters() {
        for line in [
            &b"a\nb\x1b[31m"[..],
            br#"{"session":"a","seq":1,"peer":"127.0.0.1:1","event":"\u001b[31m"}"#,
        ] {
            let error = parse_stream_line(line).unwrap_err().to_string();
            assert!(!error.contains(char::is_control), "{error:?}");
            assert!(error.contains("\\u{1b}[31m"), "{error}");
        }
    }

    #[test]
    fn a_newer_version_is_refused_by_number() {
        assert_eq!(
            parse_stream_line(br#"{"smtpspec-events": 2}"#),
            Err(StreamError::Version { found: 2 })
        );
    }
}
