//! The filter without its input and output: a line in, events and an answer out.

use std::{collections::HashMap, net::SocketAddr, time::Duration};

use smtpspec_core::event::{DisconnectReason, Event, EventRecord, HandlerScript};

use super::{
    line::{Line, Request, parse},
    message::{Message, Seen},
    session::{Decision, Session},
};

/// What smtpd is to report.
pub(super) const REPORTS: [&str; 4] = [
    "link-connect",
    "link-disconnect",
    "protocol-server",
    "timeout",
];

/// When smtpd is to ask.
#[rustfmt::skip]
pub(super) const PHASES: [&str; 11] = [
    "connect", "helo", "ehlo", "mail-from", "rcpt-to", "data", "data-line", "commit", "rset", "noop", "quit",
];

/// What a line leads to. The events come first: they are out before smtpd goes on.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Step {
    pub(super) events: Vec<EventRecord>,
    pub(super) answer: Option<Answer>,
}

/// A line for smtpd.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Answer {
    pub(super) line: Vec<u8>,
    pub(super) after: Duration,
}

/// The sessions that are open.
#[derive(Debug, Default)]
pub(super) struct Filter {
    sessions: HashMap<String, Session>,
}

impl Filter {
    /// Takes a line of smtpd's. `script` gives the script for a client.
    pub(super) fn take(
        &mut self,
        line: &[u8],
        now: u64,
        script: impl FnOnce(SocketAddr) -> HandlerScript,
    ) -> Step {
        match parse(line) {
            Some(Line::Report {
                event: b"link-connect",
                session,
                parameters,
            }) => self.connect(session, parameters, now, script),
            Some(Line::Report {
                event: b"link-disconnect",
                session,
                ..
            }) => self.disconnect(session, now),
            Some(Line::Report {
                event,
                session,
                parameters,
            }) => {
                if let Some(session) = self.sessions.get_mut(session) {
                    report(session, event, parameters);
                }
                Step::default()
            }
            Some(Line::Filter {
                request,
                parameters,
            }) => self.request(&request, parameters, now),
            Some(Line::Config { .. }) | None => Step::default(),
        }
    }

    /// `RDNS|FCRDNS|SOURCE|DESTINATION`.
    fn connect(
        &mut self,
        id: &str,
        parameters: &[u8],
        now: u64,
        script: impl FnOnce(SocketAddr) -> HandlerScript,
    ) -> Step {
        let mut fields = parameters.split(|octet| *octet == b'|').skip(2);
        let mut field = || core::str::from_utf8(fields.next()?).ok();
        // What comes over a Unix socket is no client of ours.
        let Some(peer) = field().and_then(|source| source.parse().ok()) else {
            return Step::default();
        };
        let local = field().map(str::to_owned);
        let mut session = Session::new(id, peer, script(peer));
        let (record, decision) = session.fire(Event::OnConnect { local }, now);
        // The question whether to let the client in comes next.
        session.verdict = decision;
        self.sessions.insert(id.to_owned(), session);
        Step {
            events: vec![record],
            answer: None,
        }
    }

    fn disconnect(&mut self, id: &str, now: u64) -> Step {
        let Some(mut session) = self.sessions.remove(id) else {
            return Step::default();
        };
        let reason = Some(session.reason());
        let (record, _) = session.fire(Event::OnDisconnect { reason }, now);
        Step {
            events: vec![record],
            answer: None,
        }
    }

    fn request(&mut self, request: &Request<'_>, parameters: &[u8], now: u64) -> Step {
        let session = self.sessions.get_mut(request.session);
        if request.phase == b"data-line" {
            let events = session.map(|session| data_line(session, parameters, now));
            return Step {
                events: events.unwrap_or_default(),
                answer: Some(Answer {
                    line: request.answer("filter-dataline", parameters),
                    after: Duration::ZERO,
                }),
            };
        }
        let (event, decision) = match session {
            Some(session) => decide(session, request.phase, parameters, now),
            None => (None, Decision::Proceed),
        };
        Step {
            events: event.into_iter().collect(),
            answer: Some(answer(request, decision)),
        }
    }
}

fn report(session: &mut Session, event: &[u8], parameters: &[u8]) {
    match event {
        b"timeout" => session.ends_by(DisconnectReason::Timeout),
        b"protocol-server" => session.replied(parameters),
        _ => {}
    }
}

fn data_line(session: &mut Session, line: &[u8], now: u64) -> Vec<EventRecord> {
    let headers = match session.message.line(line) {
        Seen::EndOfHeaders(headers) => Some(headers),
        Seen::End { headers } => headers,
        Seen::Line => None,
    };
    let mut events = Vec::new();
    if headers.is_some() {
        let (record, decision) = session.fire(Event::OnEndOfHeaders { headers }, now);
        // A line can only be passed on; a filter that has seen enough says so when the message has come.
        session.verdict = decision;
        events.push(record);
    }
    events
}

fn decide(
    session: &mut Session,
    phase: &[u8],
    parameters: &[u8],
    now: u64,
) -> (Option<EventRecord>, Decision) {
    let earlier = core::mem::take(&mut session.verdict);
    let (record, decision) = match event(session, phase, parameters) {
        Some(event) => {
            let (record, decision) = session.fire(event, now);
            (Some(record), earlier.or(decision))
        }
        None => (None, earlier),
    };
    if decision == Decision::Disconnect {
        session.ends_by(DisconnectReason::DroppedSession);
    }
    (record, decision)
}

/// The event that a phase stands for. The one of `connect` has fired already, and `quit` has none.
fn event(session: &mut Session, phase: &[u8], parameters: &[u8]) -> Option<Event> {
    let text = || Some(parameters.into());
    Some(match phase {
        b"helo" => Event::OnHeloCommand { domain: text() },
        b"ehlo" => Event::OnEhloCommand { domain: text() },
        b"mail-from" => Event::OnMailCommand {
            reverse_path: text(),
            parameters: None,
        },
        b"rcpt-to" => Event::OnRcptCommand {
            forward_path: text(),
            parameters: None,
        },
        b"data" => {
            session.message = Message::default();
            Event::OnDataCommand {}
        }
        b"commit" => Event::OnEndOfData {
            content: Some(session.message.digest()),
        },
        b"rset" => Event::OnRsetCommand {},
        b"noop" => Event::OnNoopCommand { argument: None },
        b"quit" => {
            session.ends_by(DisconnectReason::QuitVerb);
            return None;
        }
        _ => return None,
    })
}

fn answer(request: &Request<'_>, decision: Decision) -> Answer {
    let mut after = Duration::ZERO;
    let rest = match decision {
        Decision::Proceed => "proceed".to_owned(),
        Decision::ProceedAfter(time) => {
            after = time;
            "proceed".to_owned()
        }
        Decision::Reject(reply) => format!("reject|{reply}"),
        Decision::Disconnect => "disconnect|421 4.3.2 the session is dropped".to_owned(),
    };
    Answer {
        line: request.answer("filter-result", rest.as_bytes()),
        after,
    }
}
