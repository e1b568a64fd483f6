//! Transcripts written as ladders: a line is something that happened, a millisecond after the line above it. Lines
//! that say nothing are passed over, so that any text is some transcript.
//!
//! - `C: text`, `S: text`: sent or received, with CRLF; `C! text`, `S! text`: without, but `\r` and `\n` are read
//! - `R: 1000 text`: sent with CRLF, so many times over, if that can be repeated
//! - `E: OnMailCommand {"reverse_path":"a@example.org"}`: an event fires
//! - `FIN`, `RST`, `half-close`, `silence`, `gave-up`, `overflow`, `server-close`, `server-reset`, `died STATUS`, `settled`
//! - `tls VERSION`, `no-tls WHY`, `half-hello`: what came of a TLS handshake; `close-notify`, `truncate`: how TLS ended
//! - `session`: the next connection begins; `handler EVENT NTH`: a handler refuses that event of this connection
//! - `stray {...}`: an event of no connection, its line as in an event stream
//! - `wire-only`, `incomplete`, `no-reason`, `no-clock`, `late`, `helo-as-ehlo`, `before EVENT`, `blind EVENT`: how
//!   the run was observed

use core::net::SocketAddr;

use smtpspec_core::{
    event::{
        EventKind, EventRecord, HandlerAction, HandlerRule, HandlerScript, StreamItem,
        parse_stream_line,
    },
    memory,
    octets::Octets,
    repeat::Repeat,
    transcript::{
        ClientAct, Death, Entry, Handshake, Open, ServerEnd, SessionLog, Transcript, What,
    },
};

/// Reads a ladder.
pub(crate) fn read(text: &str) -> Transcript {
    let mut transcript = memory::transcript(vec![session(1)]);
    let mut at = 0;
    for line in text.split('\n') {
        at += 1_000_000;
        let (word, rest) = line.split_once(' ').unwrap_or((line, ""));
        let conn = transcript.sessions.len() as u64;
        if word == "session" {
            transcript.sessions.push(session(conn + 1));
        } else if observe(&mut transcript, at, word, rest) {
            // It was about the run.
        } else if let Some(session) = transcript.sessions.last_mut() {
            if let Some(what) = happened(session, at, word, rest) {
                session.entries.push(Entry { at, what });
            } else if word == "handler" {
                session.open.handlers.rules.extend(refusal(rest));
            }
        }
    }
    transcript
}

fn session(conn: u64) -> SessionLog {
    // Beyond the last port, connections share one: so it is in long runs.
    let port = u16::try_from(10_000 + conn).unwrap_or(u16::MAX);
    SessionLog {
        conn,
        open: Open {
            case: format!("ladder/{conn}"),
            client: SocketAddr::from(([127, 0, 0, 1], port)),
            server: SocketAddr::from(([127, 0, 0, 1], 25)),
            protocol: smtpspec_core::wire::Protocol::Smtp,
            handlers: HandlerScript::default(),
        },
        entries: Vec::new(),
    }
}

/// Whether the line says how the run was observed.
fn observe(transcript: &mut Transcript, at: u64, word: &str, rest: &str) -> bool {
    let semantics = transcript.header.hello.as_mut();
    match (word, semantics, rest.parse::<EventKind>()) {
        ("wire-only", ..) => transcript.header.hello = None,
        ("incomplete", ..) => transcript.complete = false,
        ("stray", ..) => {
            if let Ok(StreamItem::Event(record)) = parse_stream_line(rest.as_bytes()) {
                transcript.strays.push((at, record));
            }
        }
        ("no-reason", Some(hello), _) => hello.semantics.disconnect_reason = false,
        ("no-clock", Some(hello), _) => hello.semantics.clock = false,
        ("late", Some(hello), _) => hello.semantics.late_end_of_headers = true,
        ("helo-as-ehlo", Some(hello), _) => hello.semantics.helo_as_ehlo = true,
        ("before", Some(hello), Ok(kind)) => hello.semantics.before_sequence_check.push(kind),
        ("blind", Some(hello), Ok(kind)) => hello.events.retain(|seen| *seen != kind),
        _ => return false,
    }
    true
}

fn happened(session: &SessionLog, at: u64, word: &str, rest: &str) -> Option<What> {
    Some(match word {
        "C:" => What::Sent(line(rest)),
        "S:" => What::Received(line(rest)),
        "C!" => What::Sent(unescape(rest)),
        "S!" => What::Received(unescape(rest)),
        "R:" => What::Repeated(repeat(rest)?),
        "E:" => What::Event(Box::new(event(session, at, rest)?)),
        "FIN" => What::Client(ClientAct::Close),
        "RST" => What::Client(ClientAct::Reset),
        "half-close" => What::Client(ClientAct::HalfClose),
        "silence" => What::Client(ClientAct::Silence),
        "gave-up" => What::Client(ClientAct::GaveUp),
        "overflow" => What::Client(ClientAct::Overflow),
        "server-close" => What::Server(ServerEnd::Close),
        "server-reset" => What::Server(ServerEnd::Reset),
        "died" => What::Died(Box::new(Death {
            status: rest.to_owned(),
            output: String::new(),
            beside: 0,
        })),
        "tls" => What::Handshake(Handshake::Done(rest.to_owned())),
        "no-tls" => What::Handshake(Handshake::Failed(rest.to_owned())),
        "half-hello" => What::Handshake(Handshake::Half),
        "close-notify" => What::Client(ClientAct::CloseNotify),
        "truncate" => What::Client(ClientAct::Truncate),
        "settled" => What::Settled,
        _ => return None,
    })
}

fn line(text: &str) -> Octets {
    Octets::from([text.as_bytes(), b"\r\n"].concat())
}

fn repeat(text: &str) -> Option<Repeat> {
    let (times, text) = text.split_once(' ')?;
    Repeat::new(line(text).0, times.parse().ok()?).ok()
}

fn unescape(text: &str) -> Octets {
    Octets::from(text.replace("\\r", "\r").replace("\\n", "\n").as_str())
}

/// The event as an adapter would have written it.
fn event(session: &SessionLog, at: u64, text: &str) -> Option<EventRecord> {
    let (name, arguments) = text.split_once(' ').unwrap_or((text, "{}"));
    let is_event = |entry: &&Entry| matches!(entry.what, What::Event(_));
    let seq = session.entries.iter().filter(is_event).count() + 1;
    let (conn, peer) = (session.conn, session.open.client);
    let line = format!(
        r#"{{"session":"s{conn}","seq":{seq},"at":{at},"peer":"{peer}","event":"{name}","args":{arguments}}}"#
    );
    match parse_stream_line(line.as_bytes()) {
        Ok(StreamItem::Event(record)) => Some(record),
        _ => None,
    }
}

fn refusal(text: &str) -> Option<HandlerRule> {
    let (name, nth) = text.split_once(' ')?;
    Some(HandlerRule {
        event: name.parse().ok()?,
        nth: nth.parse().ok()?,
        action: HandlerAction::Reject("550 5.7.1 no".to_owned()),
    })
}
