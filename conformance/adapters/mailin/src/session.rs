//! The handler: mailin-embedded clones it for each connection and drops it when the connection is over.

use std::{
    collections::HashMap,
    io,
    net::IpAddr,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    thread,
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use mailin_embedded::{Handler, Response, response};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use crate::{accepted, stream::Stream};

pub const EVENTS: &[&str] = &[
    "OnConnect",
    "OnEhloCommand",
    "OnMailCommand",
    "OnRcptCommand",
    "OnDataCommand",
    "OnEndOfData",
    "OnDisconnect",
];

static SESSIONS: AtomicU64 = AtomicU64::new(1);

/// A connection's handler, or the one that the others are cloned from.
pub struct Session {
    stream: Arc<Stream>,
    observed: Option<Observed>,
}

/// What is known of one connection.
struct Observed {
    name: String,
    peer: String,
    rules: Value,
    seq: u64,
    counts: HashMap<&'static str, u64>,
    content: Sha256,
    size: usize,
}

impl Session {
    pub fn prototype(stream: Arc<Stream>) -> Self {
        Self {
            stream,
            observed: None,
        }
    }

    /// Tells of an event; returns what the script does with it.
    fn tell(&mut self, event: &'static str, args: Value) -> Value {
        let Some(observed) = &mut self.observed else {
            return Value::Null;
        };
        observed.seq += 1;
        self.stream.write(&json!({
            "session": observed.name,
            "seq": observed.seq,
            "at": now(),
            "peer": observed.peer,
            "event": event,
            "args": args,
        }));
        let nth = observed.counts.entry(event).or_default();
        *nth += 1;
        let rules = observed.rules.as_array().into_iter().flatten();
        rules
            .filter(|rule| rule["event"] == event && rule["nth"] == *nth)
            .map(|rule| rule["action"].clone())
            .next()
            .unwrap_or_default()
    }

    /// Tells of an event and answers as its script says.
    fn hook(&mut self, event: &'static str, args: Value) -> Response {
        let action = self.tell(event, args);
        if let Some(milliseconds) = action["sleep"].as_u64() {
            thread::sleep(Duration::from_millis(milliseconds));
        }
        if let Some((code, text)) = action["reject"].as_str().and_then(|line| line.split_once(' ')) {
            return Response::custom(code.parse().unwrap_or(550), text.to_owned());
        }
        assert!(action != "fail", "a handler failed, as its script says");
        if action == "drop" {
            // The code by which mailin knows that the session is over.
            return Response::custom(421, "4.3.2 the session is dropped".to_owned());
        }
        response::OK
    }
}

impl Clone for Session {
    /// Called once for each connection, before its banner is sent.
    fn clone(&self) -> Self {
        let peer = accepted::last().map(|peer| peer.to_string());
        let peer = peer.unwrap_or_default();
        let mut session = Self {
            stream: Arc::clone(&self.stream),
            observed: Some(Observed {
                name: format!("m{}", SESSIONS.fetch_add(1, Ordering::Relaxed)),
                rules: self.stream.take_script(&peer),
                peer,
                seq: 0,
                counts: HashMap::new(),
                content: Sha256::new(),
                size: 0,
            }),
        };
        // Nobody is asked here: no action has any effect.
        session.tell("OnConnect", json!({}));
        session
    }
}

impl Drop for Session {
    fn drop(&mut self) {
        self.tell("OnDisconnect", json!({}));
    }
}

impl Handler for Session {
    fn helo(&mut self, _ip: IpAddr, domain: &str) -> Response {
        self.hook("OnEhloCommand", json!({"domain": octets(domain)}))
    }

    fn mail(&mut self, _ip: IpAddr, _domain: &str, from: &str) -> Response {
        self.hook("OnMailCommand", json!({"reverse_path": octets(from)}))
    }

    fn rcpt(&mut self, to: &str) -> Response {
        self.hook("OnRcptCommand", json!({"forward_path": octets(to)}))
    }

    fn data_start(&mut self, _domain: &str, _from: &str, _8bit: bool, _to: &[String]) -> Response {
        self.hook("OnDataCommand", json!({}))
    }

    fn data(&mut self, line: &[u8]) -> io::Result<()> {
        if let Some(observed) = &mut self.observed {
            observed.content.update(line);
            observed.size += line.len();
        }
        Ok(())
    }

    fn data_end(&mut self) -> Response {
        let (content, size) = self.observed.as_mut().map_or_else(Default::default, |observed| {
            (observed.content.finalize_reset(), std::mem::take(&mut observed.size))
        });
        self.hook("OnEndOfData", json!({"content": {"size": size, "sha256": format!("{content:x}")}}))
    }
}

/// Text in the escaped form of the event stream. mailin's is UTF-8: only the backslash is to be doubled.
fn octets(text: &str) -> String {
    text.replace('\\', "\\\\")
}

/// UNIX time in nanoseconds.
fn now() -> u64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    u64::try_from(since.as_nanos()).unwrap_or(u64::MAX)
}
