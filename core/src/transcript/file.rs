//! The transcript's file form: JSON Lines.
//!
//! The first line is the [`Header`]. Then, for each connection, a line `{"conn":N,"open":{...}}` and a line for
//! each entry, `{"conn":N,"at":NS,...}`; events of no connection as `{"at":NS,"stray":{...}}`; and last
//! `{"end":true}` when the run came to its end. What happened stands under its name: octets under `sent` and
//! `received`; a large body as `"repeated":{"lines":"...","times":N}`.

use std::io::{self, Write};

use serde::{Deserialize, Serialize};

use super::{Entry, Header, Open, SessionLog, TRANSCRIPT_VERSION, Transcript};
use crate::event::EventRecord;

/// A file that is not a transcript which this version reads.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TranscriptError {
    /// The first line is no header.
    #[error("line 1: not a transcript: expected a header with `smtpspec-transcript`: {0}")]
    NoHeader(String),
    /// Written by another version.
    #[error(
        "line 1: transcript version {found}, but this smtpspec reads version {TRANSCRIPT_VERSION}: \
         use the smtpspec that wrote it, or a newer one"
    )]
    Version {
        /// The version in the header.
        found: u64,
    },
    /// A later line is broken.
    #[error("line {line}: {why}")]
    Line {
        /// From 1.
        line: usize,
        /// What was expected.
        why: String,
    },
}

#[derive(Serialize)]
struct OpenLine<'a> {
    conn: u64,
    open: &'a Open,
}

#[derive(Serialize)]
struct EntryLine<'a> {
    conn: u64,
    #[serde(flatten)]
    entry: &'a Entry,
}

#[derive(Serialize)]
struct StrayLine<'a> {
    at: u64,
    stray: &'a EventRecord,
}

/// Any line but the first, told apart by its fields.
#[derive(Deserialize)]
#[serde(untagged)]
enum AnyLine {
    Open { conn: u64, open: Open },
    Stray { at: u64, stray: EventRecord },
    End { end: bool },
}

/// An entry's line; apart from [`AnyLine`] so that its errors name the field.
#[derive(Deserialize)]
struct OwnedEntryLine {
    conn: u64,
    #[serde(flatten)]
    entry: Entry,
}

impl Transcript {
    /// Writes the file form.
    pub fn write_to(&self, out: &mut impl Write) -> io::Result<()> {
        write_line(out, &self.header)?;
        for session in &self.sessions {
            write_line(
                out,
                &OpenLine {
                    conn: session.conn,
                    open: &session.open,
                },
            )?;
            for entry in &session.entries {
                write_line(
                    out,
                    &EntryLine {
                        conn: session.conn,
                        entry,
                    },
                )?;
            }
        }
        for (at, stray) in &self.strays {
            write_line(out, &StrayLine { at: *at, stray })?;
        }
        if self.complete {
            out.write_all(b"{\"end\":true}\n")
        } else {
            Ok(())
        }
    }

    /// Reads the file form. A last line that was cut off makes the transcript incomplete, not broken.
    pub fn parse(text: &[u8]) -> Result<Self, TranscriptError> {
        let mut lines = text.split_inclusive(|octet| *octet == b'\n').enumerate();
        let header = parse_header(lines.next().map_or(&b""[..], |(_, line)| line))?;
        let mut transcript = Self {
            header,
            sessions: Vec::new(),
            strays: Vec::new(),
            complete: false,
        };
        for (index, line) in lines {
            if line.trim_ascii().is_empty() {
                continue;
            }
            if let Err(why) = transcript.take_line(line) {
                if line.ends_with(b"\n") {
                    return Err(TranscriptError::Line {
                        line: index + 1,
                        why,
                    });
                }
                transcript.complete = false;
            }
        }
        Ok(transcript)
    }

    fn take_line(&mut self, line: &[u8]) -> Result<(), String> {
        let value: serde_json::Value = serde_json::from_slice(line).map_err(|e| e.to_string())?;
        if self.complete {
            return Err("nothing may follow the end".into());
        }
        let is_entry = !["open", "stray", "end"]
            .iter()
            .any(|key| value.get(key).is_some());
        if is_entry {
            let line: OwnedEntryLine = serde_json::from_value(value).map_err(|e| e.to_string())?;
            return self.session(line.conn)?.entries.push_checked(line.entry);
        }
        let expected = "expected an `open`, `stray` or `end` line";
        match serde_json::from_value(value).map_err(|_| expected.to_owned())? {
            AnyLine::Open { conn, open } => {
                if self.sessions.last().is_some_and(|last| last.conn >= conn) {
                    return Err(format!("connection {conn} is opened out of order"));
                }
                self.sessions.push(SessionLog {
                    conn,
                    open,
                    entries: Vec::new(),
                });
            }
            AnyLine::Stray { at, stray } => self.strays.push((at, stray)),
            AnyLine::End { end } => self.complete = end,
        }
        Ok(())
    }

    fn session(&mut self, conn: u64) -> Result<&mut SessionLog, String> {
        self.sessions
            .binary_search_by_key(&conn, |session| session.conn)
            .map(|index| &mut self.sessions[index])
            .map_err(|_| format!("connection {conn} has not been opened"))
    }
}

trait PushChecked {
    fn push_checked(&mut self, entry: Entry) -> Result<(), String>;
}

impl PushChecked for Vec<Entry> {
    /// Entries are in the order in which the suite saw them; the checker relies on it.
    fn push_checked(&mut self, entry: Entry) -> Result<(), String> {
        if self.last().is_some_and(|last| last.at > entry.at) {
            return Err(format!(
                "its time {} is before that of the entry above it",
                entry.at
            ));
        }
        self.push(entry);
        Ok(())
    }
}

fn parse_header(line: &[u8]) -> Result<Header, TranscriptError> {
    let no_header = |e: serde_json::Error| TranscriptError::NoHeader(e.to_string());
    let value: serde_json::Value = serde_json::from_slice(line).map_err(no_header)?;
    match value
        .get("smtpspec-transcript")
        .and_then(serde_json::Value::as_u64)
    {
        Some(found) if found != u64::from(TRANSCRIPT_VERSION) => {
            Err(TranscriptError::Version { found })
        }
        _ => serde_json::from_value(value).map_err(no_header),
    }
}

fn write_line(out: &mut impl Write, value: &impl Serialize) -> io::Result<()> {
    serde_json::to_writer(&mut *out, value)?;
    out.write_all(b"\n")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        event::{Event, HandlerScript},
        repeat::Repeat,
        transcript::{ClientAct, Death, ServerEnd, What},
    };
    use pretty_assertions::assert_eq;

    fn transcript(sent: &[u8], complete: bool) -> Transcript {
        let event = EventRecord {
            session: "s1".into(),
            seq: 1,
            at: Some(3),
            peer: "127.0.0.1:1".parse().unwrap(),
            event: Event::OnConnect { local: None },
        };
        let whats = [
            What::Sent(sent.into()),
            What::Repeated(Repeat::new(b"a\r\n".to_vec(), 300_000_000).unwrap()),
            What::Received("220 hi\r\n".into()),
            What::Event(Box::new(event.clone())),
            What::Expected {
                want: "2xx".into(),
                got: None,
                met: false,
            },
            What::Client(ClientAct::HalfClose),
            What::Server(ServerEnd::Reset),
            What::Died(Box::new(Death {
                status: "exit status: 1".into(),
                output: "Uncaught\n".into(),
                beside: 0,
            })),
            What::Settled,
        ];
        Transcript {
            header: Header {
                version: TRANSCRIPT_VERSION,
                tool: "t".into(),
                target: "x".into(),
                hello: None,
                disconnect_limit_ms: 1,
            },
            sessions: vec![SessionLog {
                conn: 4,
                open: Open {
                    case: "a/b".into(),
                    client: "127.0.0.1:1".parse().unwrap(),
                    server: "127.0.0.1:2".parse().unwrap(),
                    protocol: crate::wire::Protocol::Lmtp,
                    handlers: HandlerScript::default(),
                },
                entries: (1..)
                    .zip(whats)
                    .map(|(at, what)| Entry { at, what })
                    .collect(),
            }],
            strays: vec![(9, event)],
            complete,
        }
    }

    fn written(transcript: &Transcript) -> Vec<u8> {
        let mut out = Vec::new();
        transcript.write_to(&mut out).unwrap();
        out
    }

    proptest::proptest! {
        #[test]
        fn a_transcript_is_read_as_it_was_written(sent: Vec<u8>, complete: bool) {
            let transcript = transcript(&sent, complete);
            proptest::prop_assert_eq!(Transcript::parse(&written(&transcript)), Ok(transcript));
        }

        #[test]
        fn any_bytes_are_read_or_refused(bytes: Vec<u8>) {
            let _ = Transcript::parse(&bytes);
        }

        #[test]
        fn a_cut_transcript_is_incomplete_not_broken(cut in 0.0..1.0f64) {
            let whole = written(&transcript(b"x", true));
            let header = whole.iter().position(|octet| *octet == b'\n').unwrap() + 1;
            #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, clippy::cast_precision_loss)]
            let at = header + ((whole.len() - 1 - header) as f64 * cut) as usize;
            proptest::prop_assert!(!Transcript::parse(&whole[..at]).unwrap().complete);
        }
    }

    #[test]
    fn a_newer_version_is_refused_by_number() {
        let error = Transcript::parse(b"{\"smtpspec-transcript\":7}\n").unwrap_err();
        assert_eq!(error, TranscriptError::Version { found: 7 });
    }

    #[test]
    fn lines_that_cannot_be_repeated_are_refused() {
        let mut text = written(&transcript(b"x", false));
        text.extend_from_slice(
            b"{\"conn\":4,\"at\":9,\"repeated\":{\"lines\":\".\\r\\n\",\"times\":2}}\n",
        );
        let error = Transcript::parse(&text).unwrap_err().to_string();
        assert_eq!(
            error,
            "line 13: lines to repeat: expected lines that do not begin with a dot"
        );
    }

    #[test]
    fn a_broken_line_is_named() {
        let mut text = written(&transcript(b"x", true));
        text.truncate(text.len() - b"{\"end\":true}\n".len());
        text.extend_from_slice(b"{\"conn\":99,\"at\":1,\"sent\":\"x\"}\n");
        let error = Transcript::parse(&text).unwrap_err().to_string();
        assert_eq!(error, "line 13: connection 99 has not been opened");
    }
}
