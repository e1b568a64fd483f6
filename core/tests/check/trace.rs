//! Transcripts written as ladders, for tests that read like the trace they are about.
//!
//! `C: text` is sent and `S: text` received with CRLF; `C! escaped` and `S! escaped` as they stand (Rust's byte
//! escapes); `R: 1000 text` is sent with CRLF, so many times over; `E: Event argument` fires; `FIN`, `RST`, `half-close`, `silence`, `gave-up`, `server-close`, `server-reset`, `died STATUS` end;
//! `tls VERSION`, `no-tls WHY`, `close-notify` and `truncate` are of TLS.
//! Each line happens a millisecond after the one above it.

use smtpspec_core::{
    event::{
        AuthOutcome, DisconnectReason, Event, EventKind, EventRecord, HandlerScript, Hello,
        MessageDigest, ParsingStatus, Semantics,
    },
    octets::Octets,
    repeat::Repeat,
    transcript::{
        ClientAct, Death, Entry, Handshake, Header, Open, ServerEnd, SessionLog,
        TRANSCRIPT_VERSION, Transcript, What,
    },
};

pub(crate) fn hello() -> Hello {
    Hello {
        version: 1,
        adapter: "test".into(),
        server: "test 1".into(),
        events: EventKind::ALL.to_vec(),
        semantics: Semantics {
            disconnect_reason: true,
            clock: true,
            scripts: true,
            ..Semantics::default()
        },
    }
}

/// That of a server without OnReject, as most are.
pub(crate) fn hello_without_reject() -> Hello {
    let mut hello = hello();
    hello.events.retain(|kind| *kind != EventKind::OnReject);
    hello
}

/// A run of one session for each ladder.
pub(crate) fn transcript(hello: Option<Hello>, ladders: &[&str]) -> Transcript {
    let sessions = (1..)
        .zip(ladders)
        .map(|(conn, text)| session(conn, text))
        .collect();
    let header = Header {
        version: TRANSCRIPT_VERSION,
        tool: "test".into(),
        target: "test".into(),
        hello,
        disconnect_limit_ms: 1000,
    };
    Transcript {
        header,
        sessions,
        strays: Vec::new(),
        complete: true,
    }
}

fn session(conn: u64, ladder: &str) -> SessionLog {
    let client = format!("127.0.0.1:{}", 40_000 + conn).parse().unwrap();
    let mut entries = Vec::new();
    let mut at = conn * 1_000_000_000;
    let mut seq = 0;
    let mut fired = |at: u64, text: &str| {
        seq += 1;
        What::Event(Box::new(EventRecord {
            session: format!("s{conn}"),
            seq,
            at: Some(at),
            peer: client,
            event: event(text),
        }))
    };
    for line in ladder
        .lines()
        .map(str::trim)
        .filter(|line| !line.is_empty())
    {
        at += 1_000_000;
        let what = match line.split_at(line.find(' ').map_or(line.len(), |space| space + 1)) {
            ("C: ", text) => What::Sent(format!("{text}\r\n").into_bytes().into()),
            ("S: ", text) => What::Received(format!("{text}\r\n").into_bytes().into()),
            ("C:", "") => What::Sent("\r\n".into()),
            ("C! ", text) => What::Sent(unescape(text)),
            ("R: ", text) => What::Repeated(repeat(text)),
            ("S! ", text) => What::Received(unescape(text)),
            ("E: ", text) => fired(at, text),
            // An event that the server emitted 100 ms after the line above it.
            ("late-E: ", text) => {
                at += 100_000_000;
                fired(at, text)
            }
            // One that it emitted before the two lines above it.
            ("slow-E: ", text) => fired(at - 2_500_000, text),
            ("wait ", milliseconds) => {
                at += milliseconds.parse::<u64>().expect("a number") * 1_000_000;
                continue;
            }
            ("FIN", _) => What::Client(ClientAct::Close),
            ("RST", _) => What::Client(ClientAct::Reset),
            ("half-close", _) => What::Client(ClientAct::HalfClose),
            ("silence", _) => What::Client(ClientAct::Silence),
            ("gave-up", _) => What::Client(ClientAct::GaveUp),
            ("died ", status) => What::Died(Box::new(Death {
                status: status.to_owned(),
                output: String::new(),
                beside: 0,
            })),
            ("tls ", version) => What::Handshake(Handshake::Done(version.to_owned())),
            ("no-tls ", why) => What::Handshake(Handshake::Failed(why.to_owned())),
            ("close-notify", _) => What::Client(ClientAct::CloseNotify),
            ("truncate", _) => What::Client(ClientAct::Truncate),
            ("server-close", _) => What::Server(ServerEnd::Close),
            ("server-reset", _) => What::Server(ServerEnd::Reset),
            other => panic!("no such ladder line: {other:?}"),
        };
        entries.push(Entry { at, what });
    }
    entries.push(Entry {
        at: at + 1,
        what: What::Settled,
    });
    let server = "127.0.0.1:25".parse().unwrap();
    let case = format!("test/{conn}");
    SessionLog {
        conn,
        open: Open {
            case,
            client,
            server,
            protocol: smtpspec_core::wire::Protocol::Smtp,
            handlers: HandlerScript::default(),
        },
        entries,
    }
}

fn repeat(text: &str) -> Repeat {
    let (times, line) = text.split_once(' ').unwrap();
    Repeat::new(format!("{line}\r\n").into_bytes(), times.parse().unwrap()).unwrap()
}

fn unescape(text: &str) -> Octets {
    let text = text
        .replace("\\r", "\r")
        .replace("\\n", "\n")
        .replace("\\t", "\t")
        .replace("\\0", "\0");
    text.into_bytes().into()
}

fn event(text: &str) -> Event {
    let (name, argument) = text.split_once(' ').unwrap_or((text, ""));
    let octets = Some(Octets::from(argument));
    match name.parse().unwrap() {
        EventKind::OnConnect => Event::OnConnect { local: None },
        EventKind::OnHeloCommand => Event::OnHeloCommand { domain: octets },
        EventKind::OnEhloCommand => Event::OnEhloCommand {
            domain: Some(unescape(argument)),
        },
        EventKind::OnAuthCommand => Event::OnAuthCommand { mechanism: octets },
        EventKind::OnEndOfAuthentication => {
            let (mechanism, outcome) = argument.split_once(' ').expect("mechanism and outcome");
            Event::OnEndOfAuthentication {
                mechanism: Some(mechanism.into()),
                outcome: Some(match outcome {
                    "Success" => AuthOutcome::Success,
                    _ => AuthOutcome::Failure,
                }),
            }
        }
        EventKind::OnMailCommand => Event::OnMailCommand {
            reverse_path: octets,
            parameters: None,
        },
        EventKind::OnRcptCommand => Event::OnRcptCommand {
            forward_path: octets,
            parameters: None,
        },
        EventKind::OnDataCommand => Event::OnDataCommand {},
        EventKind::OnEndOfHeaders => Event::OnEndOfHeaders { headers: None },
        EventKind::OnEndOfData => {
            let content = (!argument.is_empty()).then(|| MessageDigest::of(&unescape(argument).0));
            Event::OnEndOfData { content }
        }
        EventKind::OnNoopCommand => Event::OnNoopCommand { argument: octets },
        EventKind::OnHelpCommand => Event::OnHelpCommand { argument: octets },
        EventKind::OnRsetCommand => Event::OnRsetCommand {},
        EventKind::OnReject => Event::OnReject {
            command: None,
            status: Some(ParsingStatus::ProtocolError),
            response: octets.filter(|octets| !octets.0.is_empty()),
        },
        EventKind::OnDisconnect => {
            let reason = match argument {
                "Quit" => DisconnectReason::QuitVerb,
                "Timeout" => DisconnectReason::Timeout,
                "Dropped" => DisconnectReason::DroppedSession,
                "Errors" => DisconnectReason::TooManyErrors,
                "Lost" => DisconnectReason::SenderDisconnected,
                other => panic!("no such reason: {other}"),
            };
            Event::OnDisconnect {
                reason: Some(reason),
            }
        }
    }
}
