//! Whether a saved event stream is one: each line against the published schema, and the lines against each other.

use std::{
    collections::HashMap,
    io::{self, BufRead},
};

use jsonschema::Validator;
use serde_json::Value;
use smtpspec_core::event::{EventKind, EventRecord, Hello, StreamItem, parse_stream_line};

/// The schema of one line, as published in `conformance/adapters/`.
pub const SCHEMA: &str = include_str!("../../adapters/event-stream-1.schema.json");

/// The year 2001 in nanoseconds of UNIX time: microseconds of today are less.
const LONG_AGO: u64 = 1_000_000_000_000_000_000;

/// Problems that are kept; what comes beyond them is counted.
const KEPT: usize = 50;

/// What is wrong with a line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// From 1.
    pub line: u64,
    /// In one sentence.
    pub what: String,
}

/// What came of a stream.
#[derive(Debug, Clone, Default)]
pub struct Audit {
    /// What its first line said.
    pub hello: Option<Hello>,
    /// Events in it.
    pub events: u64,
    /// Sessions in it.
    pub sessions: usize,
    /// Events that the hello promises and that did not come.
    pub unseen: Vec<EventKind>,
    /// The first of what is wrong.
    pub problems: Vec<Problem>,
    /// How much is wrong in all.
    pub count: u64,
}

impl Audit {
    /// Reads a stream to its end.
    pub fn of(reader: impl BufRead) -> io::Result<Self> {
        let mut auditor = Auditor::default();
        for (number, line) in (1..).zip(reader.split(b'\n')) {
            auditor.line(number, line?.trim_ascii());
        }
        Ok(auditor.finish())
    }

    /// Whether nothing is wrong.
    pub fn is_valid(&self) -> bool {
        self.count == 0
    }
}

#[derive(Default)]
struct Auditor {
    audit: Audit,
    schema: Option<Validator>,
    /// Of each session: its last number, and its client.
    last: HashMap<String, (u64, String)>,
    seen: Vec<EventKind>,
}

impl Auditor {
    fn problem(&mut self, line: u64, what: impl Into<String>) {
        self.audit.count += 1;
        if self.audit.problems.len() < KEPT {
            let what = what.into();
            self.audit.problems.push(Problem { line, what });
        }
    }

    fn line(&mut self, number: u64, line: &[u8]) {
        if line.is_empty() {
            return self.problem(number, "an empty line");
        }
        let value = match serde_json::from_slice::<Value>(line) {
            Ok(value) => value,
            Err(error) => return self.problem(number, format!("no JSON: {error}")),
        };
        if !self.fits_schema(number, &value) || value.get("ready").is_some() {
            return;
        }
        match parse_stream_line(line) {
            Ok(StreamItem::Hello(hello)) => self.hello(number, hello),
            Ok(StreamItem::Event(record)) => self.event(number, &record),
            Err(error) => self.problem(number, error.to_string()),
        }
    }

    fn fits_schema(&mut self, number: u64, value: &Value) -> bool {
        let schema = self.schema.get_or_insert_with(schema);
        let errors: Vec<_> = schema
            .iter_errors(value)
            .map(|error| (error.instance_path().to_string(), error.to_string()))
            .collect();
        for (place, error) in &errors {
            let place = match place.trim_start_matches('/') {
                "" => String::new(),
                place => format!("{}: ", place.replace('/', ".")),
            };
            self.problem(number, format!("{place}{error}"));
        }
        errors.is_empty()
    }

    fn hello(&mut self, number: u64, hello: Hello) {
        match &self.audit.hello {
            None if number > 1 => self.problem(number, "the hello is not the first line"),
            Some(known) if *known != hello => {
                self.problem(number, "this hello differs from the first");
            }
            _ => {}
        }
        self.audit.hello.get_or_insert(hello);
    }

    fn event(&mut self, number: u64, record: &EventRecord) {
        self.audit.events += 1;
        let kind = record.event.kind();
        if !self.seen.contains(&kind) {
            self.seen.push(kind);
        }
        self.held_against_hello(number, record);
        self.held_against_session(number, record);
    }

    fn held_against_hello(&mut self, number: u64, record: &EventRecord) {
        let kind = record.event.kind();
        let Some(hello) = &self.audit.hello else {
            return self.problem(number, "expected a hello before the first event");
        };
        let (listed, clock) = (hello.sees(kind), hello.semantics.clock);
        if !listed {
            self.problem(number, format!("the hello's `events` does not list {kind}"));
        }
        match record.at {
            None if clock => self.problem(number, "the hello claims `clock`, and `at` is missing"),
            Some(at) if clock && at < LONG_AGO => {
                self.problem(number, "`at` is expected in nanoseconds of UNIX time");
            }
            _ => {}
        }
    }

    fn held_against_session(&mut self, number: u64, record: &EventRecord) {
        let peer = record.peer.to_string();
        let known = self.last.get(&record.session).cloned();
        let expected = known.as_ref().map_or(1, |(seq, _)| seq + 1);
        if let Some((_, other)) = known.filter(|(_, other)| *other != peer) {
            let what = format!("session {:?} had the client {other} before", record.session);
            self.problem(number, what);
        } else if record.seq != expected {
            let what = format!(
                "expected `seq` {expected} in session {:?}, found {}",
                record.session, record.seq
            );
            self.problem(number, what);
        }
        self.last.insert(record.session.clone(), (record.seq, peer));
    }

    fn finish(mut self) -> Audit {
        if self.audit.hello.is_none() && self.audit.count == 0 {
            self.problem(1, "expected a hello (`smtpspec-events`)");
        }
        let promised = self.audit.hello.iter().flat_map(|hello| &hello.events);
        let unseen = promised.filter(|kind| !self.seen.contains(kind)).copied();
        self.audit.unseen = unseen.collect();
        self.audit.sessions = self.last.len();
        self.audit
    }
}

/// The published schema, which the tests hold against what is read and written.
fn schema() -> Validator {
    let schema: Value = serde_json::from_str(SCHEMA).unwrap_or_default();
    jsonschema::validator_for(&schema)
        .unwrap_or_else(|error| panic!("event-stream-1.schema.json: {error}"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use pretty_assertions::assert_eq;
    use smtpspec_core::event::Semantics;
    use std::collections::BTreeSet;

    const HELLO: &str = r#"{"smtpspec-events":1,"adapter":"a","server":"s 1","events":["OnConnect","OnMailCommand"],"semantics":{"clock":true}}"#;

    fn audit(lines: &[&str]) -> Audit {
        Audit::of(lines.join("\n").as_bytes()).unwrap()
    }

    fn problems(line: &str) -> Vec<String> {
        let first = r#"{"session":"s","seq":1,"at":1700000000000000000,"peer":"127.0.0.1:1","event":"OnConnect"}"#;
        let audit = audit(&[HELLO, first, line, ""]);
        assert!(
            audit.problems.iter().all(|problem| problem.line == 3),
            "{audit:?}"
        );
        audit
            .problems
            .into_iter()
            .map(|problem| problem.what)
            .collect()
    }

    #[test]
    fn a_stream_as_it_should_be_is_valid() {
        let audit = audit(&[
            HELLO,
            r#"{"session":"s","seq":1,"at":1700000000000000000,"peer":"127.0.0.1:1","event":"OnConnect","args":{"local":"127.0.0.1:25"}}"#,
            r#"{"ready":"127.0.0.1:2"}"#,
            r#"{"session":"t","seq":1,"at":1700000000000000001,"peer":"[::1]:1","event":"OnConnect"}"#,
        ]);
        assert_eq!(audit.problems, []);
        assert_eq!((audit.events, audit.sessions), (2, 2));
        assert_eq!(audit.unseen, [EventKind::OnMailCommand]);
    }

    /// A flag that is declared and not published would make every adapter that uses it invalid.
    #[test]
    fn the_schema_knows_each_field_of_the_semantics() {
        fn names(object: &Value) -> BTreeSet<&String> {
            object
                .as_object()
                .into_iter()
                .flatten()
                .map(|(name, _)| name)
                .collect()
        }
        let schema: Value = serde_json::from_str(SCHEMA).unwrap();
        let declared = serde_json::to_value(all_declared()).unwrap();
        let published = &schema["$defs"]["semantics"]["properties"];
        assert_eq!(names(published), names(&declared));

        let hello = Hello {
            version: 1,
            adapter: "a".into(),
            server: "s".into(),
            events: vec![],
            semantics: all_declared(),
        };
        let audit = audit(&[&serde_json::to_string(&hello).unwrap()]);
        assert_eq!(audit.problems, []);
        assert_eq!(audit.hello, Some(hello));
    }

    /// Each field is named, so that a new one does not compile until it is here.
    fn all_declared() -> Semantics {
        Semantics {
            disconnect_reason: true,
            clock: true,
            scripts: true,
            late_end_of_headers: true,
            helo_as_ehlo: true,
            blank_line_supplied: true,
            silent_once_refused: vec![EventKind::OnConnect],
            slow_from: [(EventKind::OnEhloCommand, 3)].into(),
            before_sequence_check: vec![EventKind::OnDataCommand],
        }
    }

    #[test]
    fn each_fault_is_named() {
        for (line, says) in [
            ("", "an empty line"),
            ("{", "no JSON"),
            (
                r#"{"session":"s","at":1700000000000000002,"peer":"127.0.0.1:1","event":"OnConnect"}"#,
                "\"seq\" is a required property",
            ),
            (
                r#"{"session":"s","seq":2,"at":1700000000000000002,"peer":"127.0.0.1:1","event":"OnFoo"}"#,
                "event: ",
            ),
            (
                r#"{"session":"s","seq":2,"at":1700000000000000002,"peer":"localhost","event":"OnConnect"}"#,
                "peer: ",
            ),
            (
                r#"{"session":"s","seq":2,"at":1700000000000000002,"peer":"127.0.0.1:1","event":"OnMailCommand","args":{"reverse-path":"a"}}"#,
                "reverse-path",
            ),
            (
                r#"{"session":"s","seq":3,"at":1700000000000000002,"peer":"127.0.0.1:1","event":"OnMailCommand"}"#,
                "expected `seq` 2",
            ),
            (
                r#"{"session":"s","seq":2,"at":1700000000000000002,"peer":"127.0.0.1:2","event":"OnMailCommand"}"#,
                "had the client 127.0.0.1:1",
            ),
            (
                r#"{"session":"s","seq":2,"at":1700000000000000002,"peer":"127.0.0.1:1","event":"OnRsetCommand"}"#,
                "does not list OnRsetCommand",
            ),
            (
                r#"{"session":"s","seq":2,"peer":"127.0.0.1:1","event":"OnMailCommand"}"#,
                "`at` is missing",
            ),
            (
                r#"{"session":"s","seq":2,"at":1700000000,"peer":"127.0.0.1:1","event":"OnMailCommand"}"#,
                "nanoseconds",
            ),
            (
                r#"{"smtpspec-events":2,"adapter":"a","server":"s","events":[]}"#,
                "smtpspec-events: ",
            ),
            (
                r#"{"smtpspec-events":1,"adapter":"b","server":"s","events":[]}"#,
                "differs from the first",
            ),
            (
                r#"{"smtpspec-events":1,"adapter":"a","server":"s","events":[],"semantics":{"slow_from":{"OnFoo":3}}}"#,
                "semantics.slow_from: ",
            ),
        ] {
            let problems = problems(line);
            assert_eq!(problems.len(), 1, "{line}: {problems:?}");
            assert!(problems[0].contains(says), "{line}: {problems:?}");
        }
        assert_eq!(audit(&[]).count, 1);
    }
}
