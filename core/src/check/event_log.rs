//! What an event log shows without the wire: the order of a session's events, as far as that does not depend on what
//! was said.
//!
//! A command was refused where OnReject comes at once behind its event. Where an adapter does not show what could
//! explain an event (a RSET, a greeting, a refusal), the event is not held against the server.

use std::collections::HashMap;

use super::{
    catalogue::rules,
    verdict::{Finding, Level, RuleVerdict, RunVerdict, Verdict},
};
use crate::{
    event::{EventKind, EventRecord, Hello},
    transcript::{SessionLog, Transcript, What},
};

use EventKind::{
    OnAuthCommand, OnConnect, OnDataCommand, OnDisconnect, OnEhloCommand, OnEndOfAuthentication,
    OnEndOfData, OnEndOfHeaders, OnHeloCommand, OnMailCommand, OnRcptCommand, OnReject,
    OnRsetCommand,
};

/// The rules that can be judged, and the events that it takes.
const JUDGED: [(&str, &[EventKind]); 11] = [
    ("SES-1", &[OnConnect]),
    ("SES-2", &[OnDisconnect]),
    ("SES-4", &[OnDisconnect]),
    ("SES-6", &[]),
    ("ORD-1", &[OnMailCommand, OnEhloCommand, OnHeloCommand]),
    ("ORD-2", &[OnRcptCommand, OnMailCommand]),
    ("ORD-3", &[OnDataCommand, OnRcptCommand]),
    ("ORD-4", &[OnEndOfHeaders, OnDataCommand, OnEndOfData]),
    ("ORD-5", &[OnEndOfData, OnDataCommand]),
    (
        "ORD-6",
        &[
            OnMailCommand,
            OnEhloCommand,
            OnHeloCommand,
            OnRsetCommand,
            OnEndOfData,
            OnReject,
        ],
    ),
    ("ORD-8", &[OnEndOfAuthentication, OnAuthCommand]),
];

/// Judges a transcript in which nothing but events happened.
pub fn check_events(transcript: &Transcript) -> RunVerdict {
    let hello = transcript.header.hello.as_ref();
    let mut findings = reused_ids(transcript);
    let mut cut_off = false;
    for session in &transcript.sessions {
        let mut order = Order::new(session, hello, transcript.complete);
        order.judge();
        cut_off |= order.cut_off;
        findings.append(&mut order.findings);
    }
    let rules = rules().map(|rule| {
        let judged = JUDGED.iter().find(|(id, _)| *id == rule.id);
        let observable =
            judged.is_some_and(|(id, needs)| hello.is_some_and(|h| shows(h, id, needs)));
        let of_rule = |finding: &&Finding| observable && finding.rule == rule.id;
        let found: Vec<_> = findings.iter().filter(of_rule).cloned().collect();
        let verdict = match rule.id {
            _ if !observable => Verdict::NotObservable,
            _ if !found.is_empty() => Verdict::Broken,
            _ if transcript.sessions.is_empty() => Verdict::NotExercised,
            "SES-1" | "SES-2" if cut_off => Verdict::Inconclusive,
            _ => Verdict::Holds,
        };
        RuleVerdict {
            rule,
            verdict,
            exercised: if observable {
                transcript.sessions.len() as u64
            } else {
                0
            },
            findings: found,
        }
    });
    RunVerdict {
        rules: rules.collect(),
        leniencies: Vec::new(),
    }
}

/// Whether the adapter shows all these events, in the way in which the rule means them.
fn shows(hello: &Hello, rule: &str, needs: &[EventKind]) -> bool {
    let seen = |kind: &EventKind| {
        hello.sees(*kind) || (*kind == OnHeloCommand && hello.semantics.helo_as_ehlo)
    };
    let early = |kind: &EventKind| hello.semantics.before_sequence_check.contains(kind);
    let out_of_order = rule.starts_with("ORD-") && needs.first().is_some_and(early);
    needs.iter().all(seen) && !out_of_order
}

fn finding(rule: &'static str, session: &SessionLog, entry: usize, what: String) -> Finding {
    Finding {
        rule,
        level: Level::Must,
        conn: session.conn,
        case: session.open.case.clone(),
        entry: Some(entry),
        what,
    }
}

fn reused_ids(transcript: &Transcript) -> Vec<Finding> {
    let mut first: HashMap<&str, &SessionLog> = HashMap::new();
    let mut findings = Vec::new();
    for session in &transcript.sessions {
        let known = *first.entry(&session.open.case).or_insert(session);
        if known.conn != session.conn {
            let what = format!(
                "the same id was used for the client {} before",
                known.open.client
            );
            findings.push(finding("SES-6", session, 0, what));
        }
    }
    findings
}

/// Where a session is, as its events tell.
#[expect(
    clippy::struct_excessive_bools,
    reason = "each is a fact of its own about the session"
)]
struct Order<'t> {
    session: &'t SessionLog,
    events: Vec<(usize, &'t EventRecord)>,
    /// All sessions of the log are over.
    ended: bool,
    greeted: bool,
    /// Behind OnAuthCommand, and nothing has ended the exchange.
    authenticating: bool,
    in_transaction: bool,
    recipients: bool,
    /// Behind OnDataCommand: whether OnEndOfHeaders has fired.
    message: Option<bool>,
    /// The begin or the end of the session is not in the log.
    cut_off: bool,
    sees_headers: bool,
    findings: Vec<Finding>,
}

impl<'t> Order<'t> {
    fn new(session: &'t SessionLog, hello: Option<&Hello>, ended: bool) -> Self {
        let record = |what: &'t What| match what {
            What::Event(record) => Some(&**record),
            _ => None,
        };
        let entries = session.entries.iter().enumerate();
        let events = entries.filter_map(|(n, entry)| Some((n, record(&entry.what)?)));
        Self {
            session,
            events: events.collect(),
            ended,
            greeted: false,
            authenticating: false,
            in_transaction: false,
            recipients: false,
            message: None,
            cut_off: false,
            sees_headers: hello.is_some_and(|hello| hello.sees(OnEndOfHeaders)),
            findings: Vec::new(),
        }
    }

    fn found(&mut self, rule: &'static str, entry: usize, what: &str) {
        let found = finding(rule, self.session, entry, what.to_owned());
        self.findings.push(found);
    }

    fn judge(&mut self) {
        // A log that begins in the middle of a session says nothing of its order.
        if self.events.first().is_none_or(|(_, record)| record.seq > 1) {
            self.cut_off = true;
            return;
        }
        self.frame();
        for place in 0..self.events.len() {
            let (entry, record) = self.events[place];
            let next = self.events.get(place + 1);
            let refused = next.is_some_and(|(_, record)| record.event.kind() == OnReject);
            self.step(entry, record.event.kind(), refused);
        }
    }

    /// OnConnect first, OnDisconnect last, once each.
    fn frame(&mut self) {
        let of_kind = |kind: EventKind| {
            let events = self.events.iter();
            let those = events.filter(move |(_, record)| record.event.kind() == kind);
            those.map(|(entry, _)| *entry).collect::<Vec<_>>()
        };
        let (connects, disconnects) = (of_kind(OnConnect), of_kind(OnDisconnect));
        let (first, last) = (self.events[0].0, self.events[self.events.len() - 1].0);
        match connects[..] {
            [] => self.found("SES-1", first, "OnConnect never fired"),
            [only] if only == first => {}
            [late] => self.found("SES-1", late, "OnConnect is not the session's first event"),
            [_, second, ..] => self.found("SES-1", second, "OnConnect fired more than once"),
        }
        match disconnects[..] {
            [] if self.ended => self.found("SES-2", last, "OnDisconnect never fired"),
            [] => self.cut_off = true,
            [only] if only == last => {}
            [early] => self.found("SES-4", early + 1, "an event fired after OnDisconnect"),
            [_, second, ..] => self.found("SES-2", second, "OnDisconnect fired more than once"),
        }
    }

    fn step(&mut self, entry: usize, kind: EventKind, refused: bool) {
        match kind {
            OnHeloCommand | OnEhloCommand if !refused => {
                self.greeted = true;
                self.clear();
            }
            OnRsetCommand if !refused => self.clear(),
            OnAuthCommand => self.authenticating = !refused,
            OnEndOfAuthentication => {
                if !self.authenticating {
                    let what = "OnEndOfAuthentication fired without OnAuthCommand";
                    self.found("ORD-8", entry, what);
                }
                self.authenticating = false;
            }
            OnReject if self.authenticating => self.authenticating = false,
            OnMailCommand => self.mail(entry, refused),
            OnRcptCommand => {
                if !self.in_transaction {
                    self.found("ORD-2", entry, "OnRcptCommand fired outside a transaction");
                }
                self.recipients |= !refused;
            }
            OnDataCommand => {
                if !self.recipients {
                    self.found(
                        "ORD-3",
                        entry,
                        "OnDataCommand fired without an accepted RCPT",
                    );
                }
                self.message = (!refused).then_some(false);
            }
            OnEndOfHeaders => self.end_of_headers(entry),
            OnEndOfData => self.end_of_data(entry),
            // A message that the protocol refuses at its end has no other sign.
            OnReject if self.message.is_some() => self.clear(),
            _ => {}
        }
    }

    fn mail(&mut self, entry: usize, refused: bool) {
        if !self.greeted {
            self.found(
                "ORD-1",
                entry,
                "OnMailCommand fired before any HELO or EHLO",
            );
        }
        if self.in_transaction {
            self.found("ORD-6", entry, "OnMailCommand fired within a transaction");
        }
        self.in_transaction |= !refused;
    }

    fn end_of_headers(&mut self, entry: usize) {
        match &mut self.message {
            None => self.found("ORD-4", entry, "OnEndOfHeaders fired outside a message"),
            Some(true) => self.found("ORD-4", entry, "OnEndOfHeaders fired twice"),
            Some(fired) => *fired = true,
        }
    }

    fn end_of_data(&mut self, entry: usize) {
        match self.message {
            None => self.found("ORD-5", entry, "OnEndOfData fired without OnDataCommand"),
            Some(false) if self.sees_headers => {
                self.found("ORD-4", entry, "OnEndOfData fired without OnEndOfHeaders");
            }
            Some(_) => {}
        }
        self.clear();
    }

    fn clear(&mut self) {
        self.in_transaction = false;
        self.recipients = false;
        self.message = None;
    }
}
