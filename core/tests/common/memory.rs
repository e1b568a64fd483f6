//! Plays a conversation at the reference receiver without sockets, under a clock of its own.

use std::sync::{Arc, Mutex, MutexGuard};

use smtpspec_core::{
    conversation::{Conversation, Step},
    event::{Event, EventKind, EventRecord, Hello, Semantics},
    model::Pacer,
    receiver::{Config, Output, Receiver, ScriptAgent, SmtpReceiveAgent, Verdict},
    repeat::Repeat,
    transcript::{
        ClientAct, Entry, Header, Open, ServerEnd, SessionLog, TRANSCRIPT_VERSION, Transcript, What,
    },
};

/// Nanoseconds between two things that happen.
const TICK: u64 = 1_000_000;

#[derive(Default)]
struct Record {
    now: u64,
    seq: u64,
    entries: Vec<Entry>,
}

#[derive(Clone, Default)]
struct Log(Arc<Mutex<Record>>);

impl Log {
    fn lock(&self) -> MutexGuard<'_, Record> {
        self.0.lock().unwrap()
    }

    fn push(&self, what: What) {
        let mut record = self.lock();
        record.now += TICK;
        let at = record.now;
        record.entries.push(Entry { at, what });
    }
}

struct Observer {
    log: Log,
    session: String,
    peer: core::net::SocketAddr,
}

impl SmtpReceiveAgent for Observer {
    fn on_event(&mut self, event: &Event) -> Verdict {
        let (at, seq) = {
            let mut record = self.log.lock();
            record.seq += 1;
            (record.now + TICK, record.seq)
        };
        let (session, peer) = (self.session.clone(), self.peer);
        self.log.push(What::Event(EventRecord {
            session,
            seq,
            at: Some(at),
            peer,
            event: event.clone(),
        }));
        Verdict::Accept
    }
}

pub(crate) fn hello() -> Hello {
    Hello {
        version: 1,
        adapter: "memory".into(),
        server: "reference receiver".into(),
        events: EventKind::ALL.to_vec(),
        semantics: Semantics {
            disconnect_reason: true,
            clock: true,
            scripts: true,
            ..Semantics::default()
        },
    }
}

pub(crate) fn transcript(sessions: Vec<SessionLog>) -> Transcript {
    let header = Header {
        version: TRANSCRIPT_VERSION,
        tool: "test".into(),
        target: "memory".into(),
        hello: Some(hello()),
        disconnect_limit_ms: 1000,
    };
    Transcript {
        header,
        sessions,
        strays: Vec::new(),
        complete: true,
    }
}

struct Session {
    receiver: Receiver,
    log: Log,
    pacer: Pacer,
    closed: bool,
}

impl Session {
    /// Does all that the server wants to do now.
    fn pump(&mut self) {
        while let Some(output) = self.receiver.next_output() {
            match output {
                Output::Reply(octets) => {
                    self.pacer.received(&octets);
                    self.log.push(What::Received(octets.into()));
                }
                Output::Wait(ms) => self.log.lock().now += ms * 1_000_000,
                Output::Close if self.closed => {}
                Output::Close => {
                    self.closed = true;
                    self.log.push(What::Server(ServerEnd::Close));
                }
            }
        }
    }

    fn send(&mut self, segment: &[u8]) {
        self.pacer.sent(segment);
        self.log.push(What::Sent(segment.into()));
        self.receiver.receive(segment);
        self.pump();
    }

    /// Logged before, as it stands, and shorter afterwards if the server has left in the middle.
    fn repeat(&mut self, repeat: &Repeat) {
        self.log.push(What::Repeated(repeat.clone()));
        let entry = self.log.lock().entries.len() - 1;
        let mut times = 0;
        while times < repeat.times() && !self.closed {
            self.pacer.sent(repeat.lines());
            self.receiver.receive(repeat.lines());
            self.pump();
            times += 1;
        }
        self.log.lock().entries[entry].what = What::Repeated(repeat.fewer(times).unwrap());
    }

    fn end(&mut self, act: ClientAct) {
        self.closed |= act != ClientAct::HalfClose;
        self.log.push(What::Client(act));
        match act {
            ClientAct::Reset => self.receiver.connection_lost(),
            _ => self.receiver.input_closed(),
        }
        self.pump();
    }

    /// Whether the conversation goes on.
    fn step(&mut self, step: &Step) -> bool {
        match step {
            Step::Send(segments) => {
                if self.pacer.due() > 0 {
                    // In lock-step nothing more would come: all that could be said has been.
                    self.end(ClientAct::GaveUp);
                    return false;
                }
                for segment in segments {
                    if self.closed {
                        return false;
                    }
                    self.send(segment);
                }
            }
            Step::Repeat(repeat) => {
                if self.pacer.due() > 0 {
                    self.end(ClientAct::GaveUp);
                    return false;
                }
                if self.pacer.in_content() {
                    self.repeat(repeat);
                }
            }
            Step::Expect(pattern) => {
                let got = self.pacer.last_code();
                let met = got.is_some_and(|code| pattern.matches(code));
                let codes: Vec<_> = pattern
                    .codes
                    .iter()
                    .map(|code| String::from_utf8_lossy(code))
                    .collect();
                self.log.push(What::Expected {
                    want: codes.join(" "),
                    got,
                    met,
                });
            }
            Step::Pause(ms) => self.log.lock().now += ms * 1_000_000,
            Step::Silence => {
                self.log.push(What::Client(ClientAct::Silence));
                self.receiver.timed_out();
                self.pump();
            }
            Step::HalfClose => self.end(ClientAct::HalfClose),
            Step::Close => self.end(ClientAct::Close),
            Step::Reset => self.end(ClientAct::Reset),
        }
        true
    }
}

/// Plays `conversation` as connection `conn`.
pub(crate) fn play(
    conn: u64,
    case: &str,
    conversation: &Conversation,
    config: &Arc<Config>,
) -> SessionLog {
    let port = u16::try_from(10_000 + conn).unwrap();
    let (client, server) = (([127, 0, 0, 1], port).into(), ([127, 0, 0, 1], 25).into());
    let log = Log::default();
    log.lock().now = conn * 60_000_000_000;
    let observer = Observer {
        log: log.clone(),
        session: format!("m{conn}"),
        peer: client,
    };
    let script = ScriptAgent::new(conversation.handlers.clone());
    let agents: Vec<Box<dyn SmtpReceiveAgent>> = vec![Box::new(observer), Box::new(script)];
    let receiver = Receiver::new(Arc::clone(config), agents, server, client);
    let mut session = Session {
        receiver,
        log: log.clone(),
        pacer: Pacer::new(),
        closed: false,
    };
    if !conversation.early {
        session.pump();
    }
    for step in &conversation.steps {
        if session.closed && !matches!(step, Step::Expect(_)) {
            continue;
        }
        if !session.step(step) {
            break;
        }
    }
    if !session.closed {
        let waits = session.pacer.due() > 0 || session.pacer.closing();
        session.end(if waits {
            ClientAct::GaveUp
        } else {
            ClientAct::Close
        });
    }
    log.push(What::Settled);
    let entries = std::mem::take(&mut log.lock().entries);
    let handlers = conversation.handlers.clone();
    SessionLog {
        conn,
        open: Open {
            case: case.into(),
            client,
            server,
            handlers,
        },
        entries,
    }
}
