//! A client of the reference receiver without sockets, under a clock of its own: what it did and saw is a log as a
//! run over sockets would keep it.

use core::net::SocketAddr;
use std::sync::{Arc, Mutex, MutexGuard};

use smtpspec_core::{
    event::{Event, EventRecord, HandlerScript},
    model::Pacer,
    receiver::{Config, Output, Receiver, ScriptAgent, SmtpReceiveAgent, Verdict},
    transcript::{ClientAct, Entry, Open, ServerEnd, SessionLog, What},
};

/// Nanoseconds between two things that happen.
const TICK: u64 = 1_000_000;

#[derive(Default)]
struct Record {
    now: u64,
    seq: u64,
    entries: Vec<Entry>,
}

/// What happened so far; the agent inside the receiver writes to it too.
#[derive(Clone, Default)]
struct Log(Arc<Mutex<Record>>);

impl Log {
    fn lock(&self) -> MutexGuard<'_, Record> {
        self.0.lock().expect("no holder of the lock can panic")
    }

    fn push(&self, what: What) {
        let mut record = self.lock();
        record.now += TICK;
        let at = record.now;
        record.entries.push(Entry { at, what });
    }
}

/// An agent that looks on.
struct Observer {
    log: Log,
    peer: SocketAddr,
}

impl SmtpReceiveAgent for Observer {
    fn on_event(&mut self, event: &Event) -> Verdict {
        let (at, seq) = {
            let mut record = self.log.lock();
            record.seq += 1;
            (record.now + TICK, record.seq)
        };
        self.log.push(What::Event(EventRecord {
            session: "memory".to_owned(),
            seq,
            at: Some(at),
            peer: self.peer,
            event: event.clone(),
        }));
        Verdict::Accept
    }
}

/// A connection to the reference receiver.
pub(crate) struct Client {
    receiver: Receiver,
    log: Log,
    pacer: Pacer,
    open: Open,
    over: bool,
}

impl Client {
    /// Connects; the server has not said or done anything yet.
    pub(crate) fn connect(handlers: HandlerScript) -> Self {
        let server = ([127, 0, 0, 1], 25).into();
        let client = ([127, 0, 0, 1], 10_000).into();
        let log = Log::default();
        let observer = Observer {
            log: log.clone(),
            peer: client,
        };
        let script = ScriptAgent::new(handlers.clone());
        let agents: Vec<Box<dyn SmtpReceiveAgent>> = vec![Box::new(observer), Box::new(script)];
        let receiver = Receiver::new(Arc::new(Config::default()), agents, server, client);
        let open = Open {
            case: "memory".to_owned(),
            client,
            server,
            handlers,
        };
        Self {
            receiver,
            log,
            pacer: Pacer::new(),
            open,
            over: false,
        }
    }

    /// Whether one of the two has closed the connection.
    pub(crate) fn is_over(&self) -> bool {
        self.over
    }

    /// Lets the server do all that it wants to do now, and reads what it says.
    pub(crate) fn read(&mut self) {
        while let Some(output) = self.receiver.next_output() {
            match output {
                Output::Reply(octets) => {
                    self.pacer.received(&octets);
                    self.log.push(What::Received(octets.into()));
                }
                Output::Wait(ms) => self.log.lock().now += ms * 1_000_000,
                Output::Close if self.over => {}
                Output::Close => {
                    self.over = true;
                    self.log.push(What::Server(ServerEnd::Close));
                }
            }
        }
    }

    /// Writes `segment`, and reads what the server has to say to it.
    pub(crate) fn send(&mut self, segment: &[u8]) {
        self.pacer.sent(segment);
        self.log.push(What::Sent(segment.into()));
        self.receiver.receive(segment);
        self.read();
    }

    /// Does something else to the connection.
    pub(crate) fn act(&mut self, act: ClientAct) {
        self.over |= !matches!(act, ClientAct::HalfClose | ClientAct::Silence);
        self.log.push(What::Client(act));
        match act {
            ClientAct::Reset => self.receiver.connection_lost(),
            ClientAct::Silence => self.receiver.timed_out(),
            _ => self.receiver.input_closed(),
        }
        self.read();
    }

    /// Closes the connection, if it still stands, and hands over what happened.
    pub(crate) fn finish(mut self) -> SessionLog {
        if !self.over {
            let waits = self.pacer.due() > 0 || self.pacer.closing();
            self.act(if waits {
                ClientAct::GaveUp
            } else {
                ClientAct::Close
            });
        }
        assert!(self.receiver.is_over(), "the server's session goes on");
        self.log.push(What::Settled);
        let entries = core::mem::take(&mut self.log.lock().entries);
        SessionLog {
            conn: 1,
            open: self.open,
            entries,
        }
    }
}
