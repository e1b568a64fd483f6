//! Somebody else's event log, without what was said on the wire, as a transcript.

use std::collections::HashMap;

use super::{Entry, Header, Open, SessionLog, TRANSCRIPT_VERSION, Transcript, What};
use crate::{
    event::{EventRecord, HandlerScript, StreamItem, parse_stream_line},
    wire::Protocol,
};

/// A line that does not belong into an event log.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("line {line}: {why}")]
pub struct EventLogError {
    /// From 1.
    pub line: usize,
    /// What was expected.
    pub why: String,
}

impl Transcript {
    /// Reads an event stream that was saved: a hello, then events. Each session (an id of the server's and a client)
    /// becomes one in which nothing but events happened, called as the server called it. `ended` says whether all
    /// sessions in it are over, so that what is missing is lost and not only yet to come.
    pub fn from_event_log(text: &[u8], ended: bool) -> Result<Self, EventLogError> {
        let mut hello = None;
        let mut sessions = Sessions::default();
        for (line, octets) in (1..).zip(text.split(|octet| *octet == b'\n')) {
            let octets = octets.trim_ascii();
            if octets.is_empty() {
                continue;
            }
            let broken = |why: String| EventLogError { line, why };
            match parse_stream_line(octets).map_err(|error| broken(error.to_string()))? {
                StreamItem::Hello(said) => match &hello {
                    Some(known) if *known != said => {
                        return Err(broken("this hello differs from the first".to_owned()));
                    }
                    _ => hello = Some(said),
                },
                StreamItem::Event(_) if hello.is_none() => {
                    return Err(broken("expected a hello before the first event".to_owned()));
                }
                StreamItem::Event(record) => sessions.add(record, line as u64),
            }
        }
        let Some(said) = hello else {
            let why = "expected a hello (`smtpspec-events`)".to_owned();
            return Err(EventLogError { line: 1, why });
        };
        Ok(Self {
            header: Header {
                version: TRANSCRIPT_VERSION,
                tool: String::new(),
                target: said.adapter.clone(),
                hello: Some(said),
                disconnect_limit_ms: 0,
            },
            sessions: sessions.all,
            strays: Vec::new(),
            complete: ended,
        })
    }
}

#[derive(Default)]
struct Sessions {
    all: Vec<SessionLog>,
    places: HashMap<(String, core::net::SocketAddr), usize>,
}

impl Sessions {
    /// Without a clock the number of its line stands for an event's time.
    fn add(&mut self, record: EventRecord, line: u64) {
        let key = (record.session.clone(), record.peer);
        let place = *self.places.entry(key).or_insert_with(|| {
            self.all.push(SessionLog {
                conn: self.all.len() as u64 + 1,
                open: Open {
                    case: record.session.clone(),
                    client: record.peer,
                    server: ([0, 0, 0, 0], 0).into(),
                    protocol: Protocol::Smtp,
                    handlers: HandlerScript::default(),
                },
                entries: Vec::new(),
            });
            self.all.len() - 1
        });
        let at = record.at.unwrap_or(line);
        let what = What::Event(Box::new(record));
        self.all[place].entries.push(Entry { at, what });
    }
}
