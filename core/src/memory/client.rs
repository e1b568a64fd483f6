//! One connection to the reference receiver: what the client does to it, and the log of all that happens.

use core::net::{Ipv4Addr, SocketAddr};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::{
    event::{Event, EventRecord, HandlerScript},
    model::Pacer,
    receiver::{Config, Defect, Output, Receiver, ScriptAgent, SmtpReceiveAgent, Verdict},
    repeat::Repeat,
    transcript::{ClientAct, Death, Entry, Handshake, Open, ServerEnd, SessionLog, What},
};

/// Nanoseconds between two things that happen.
const TICK: u64 = 1_000_000;
/// Nanoseconds between the begins of two connections.
const APART: u64 = 60_000_000_000;
/// Connections that one client address has, a port each.
const PORTS: u64 = 50_000;

/// The begin of a ClientHello (RFC 8446, 4.1.2), of which 42 octets more were to come.
pub(crate) const HALF_A_HELLO: [u8; 5 + 6] = *b"\x16\x03\x01\0\x30\x01\0\0\x2c\x03\x03";

/// Entries that a short conversation has.
const ENTRIES: usize = 32;

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
        // A panic elsewhere cannot leave a vector of entries half-written.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn push(&self, what: What) {
        let mut record = self.lock();
        record.now += TICK;
        let at = record.now;
        record.entries.push(Entry { at, what });
    }

    fn wait(&self, ms: u64) {
        self.lock().now += ms * 1_000_000;
    }
}

/// An agent that looks on.
struct Observer {
    log: Log,
    session: String,
    peer: SocketAddr,
}

impl SmtpReceiveAgent for Observer {
    fn on_event(&mut self, event: &Event) -> Verdict {
        let mut record = self.log.lock();
        record.seq += 1;
        record.now += TICK;
        let (at, seq) = (record.now, record.seq);
        let what = What::Event(Box::new(EventRecord {
            session: self.session.clone(),
            seq,
            at: Some(at),
            peer: self.peer,
            event: event.clone(),
        }));
        record.entries.push(Entry { at, what });
        Verdict::Accept
    }
}

/// A client and its connection to the reference receiver.
pub struct Client {
    conn: u64,
    receiver: Receiver,
    log: Log,
    pacer: Pacer,
    open: Open,
    over: bool,
    /// The server waits for a handshake.
    awaited: bool,
    /// A close_notify was sent, and the server goes on in clear or not.
    notified: Option<bool>,
}

impl Client {
    /// Connects as connection number `conn` (from 1) of a run; the server has not said or done anything yet.
    pub fn connect(conn: u64, case: &str, handlers: &HandlerScript, config: &Arc<Config>) -> Self {
        Self::to(conn, case, handlers, config, |receiver| receiver)
    }

    /// The same to a port where TLS comes first.
    pub fn connect_behind_tls(
        conn: u64,
        case: &str,
        handlers: &HandlerScript,
        config: &Arc<Config>,
    ) -> Self {
        Self::to(conn, case, handlers, config, Receiver::behind_tls)
    }

    fn to(
        conn: u64,
        case: &str,
        handlers: &HandlerScript,
        config: &Arc<Config>,
        made: impl FnOnce(Receiver) -> Receiver,
    ) -> Self {
        let (client, server) = (address(conn), (Ipv4Addr::LOCALHOST, 25).into());
        let log = Log::default();
        {
            let mut record = log.lock();
            record.now = conn * APART;
            record.entries.reserve(ENTRIES);
        }
        let observer = Observer {
            log: log.clone(),
            session: session_id(conn, config),
            peer: client,
        };
        let script = ScriptAgent::new(handlers.clone());
        let agents: Vec<Box<dyn SmtpReceiveAgent>> = vec![Box::new(observer), Box::new(script)];
        Self {
            conn,
            receiver: made(Receiver::new(Arc::clone(config), agents, server, client)),
            log,
            pacer: Pacer::speaking(config.protocol),
            open: Open {
                case: case.to_owned(),
                client,
                server,
                protocol: config.protocol,
                handlers: handlers.clone(),
            },
            over: false,
            awaited: false,
            notified: None,
        }
    }

    /// Whether one of the two has closed the connection.
    pub fn is_over(&self) -> bool {
        self.over
    }

    /// Which replies are due.
    pub fn pacer(&self) -> &Pacer {
        &self.pacer
    }

    /// Lets the server do all that it wants to do now, and reads what it says.
    pub fn read(&mut self) {
        while let Some(output) = self.receiver.next_output() {
            match output {
                Output::Reply(octets) => {
                    self.pacer.received(&octets);
                    self.log.push(What::Received(octets.into()));
                }
                Output::InClear(octets) => self.hear_in_clear(octets),
                Output::Wait(ms) => self.log.wait(ms),
                Output::Die => self.die(),
                Output::StartTls => self.awaited = true,
                Output::Close if self.over => {}
                Output::Close => {
                    self.over = true;
                    self.log.push(What::Server(ServerEnd::Close));
                }
            }
        }
    }

    fn hear_in_clear(&mut self, octets: Vec<u8>) {
        let why = "the server spoke in clear".to_owned();
        self.log.push(What::Handshake(Handshake::Failed(why)));
        self.pacer.received(&octets);
        self.log.push(What::Received(octets.into()));
    }

    fn die(&mut self) {
        self.over = true;
        self.log.push(What::Died(Box::new(Death {
            status: "planted".to_owned(),
            output: String::new(),
            beside: 0,
        })));
    }

    /// Writes `segment`, and reads what the server has to say to it.
    pub fn send(&mut self, segment: &[u8]) {
        if self.notified.is_none() {
            self.pacer.sent(segment);
        }
        self.log.push(What::Sent(segment.into()));
        self.hand_over(segment);
        self.read();
    }

    /// In clear the server takes no octets for commands that stand where a handshake should, or behind a close_notify.
    fn hand_over(&mut self, octets: &[u8]) {
        if core::mem::take(&mut self.awaited) {
            self.receiver.handshake_failed();
        } else if self.notified != Some(false) {
            self.receiver.receive(octets);
        }
    }

    /// Whether the server waits for a handshake.
    pub fn is_awaited(&self) -> bool {
        self.awaited && !self.over
    }

    /// Whether a close_notify was sent.
    pub fn is_notified(&self) -> bool {
        self.notified.is_some()
    }

    /// Does a handshake, if the server waits for one; says whether it was done.
    pub fn shake_hands(&mut self) -> bool {
        if core::mem::take(&mut self.awaited) {
            let version = "TLS in memory".to_owned();
            self.log.push(What::Handshake(Handshake::Done(version)));
            self.pacer.secured();
            self.receiver.handshake_done();
            self.read();
            return true;
        }
        let why = "the server went on in clear".to_owned();
        self.log.push(What::Handshake(Handshake::Failed(why)));
        false
    }

    /// Writes the begin of a handshake; the server waits for more.
    pub fn begin_handshake(&mut self) {
        let octets = &HALF_A_HELLO[..];
        self.log.push(What::Handshake(Handshake::Half));
        self.pacer.sent(octets);
        self.log.push(What::Sent(octets.into()));
        if !self.awaited {
            self.receiver.receive(octets);
        }
        self.read();
    }

    /// Sends close_notify, and does not wait to see what the server makes of it.
    pub fn notify(&mut self) {
        self.log.push(What::Client(ClientAct::CloseNotify));
        self.notified = Some(self.receiver.tls_closed());
    }

    /// Writes `repeat`. Logged before, as it stands, and shorter afterwards if the server has left in the middle.
    pub fn send_repeated(&mut self, repeat: &Repeat) {
        self.log.push(What::Repeated(repeat.clone()));
        let entry = self.log.lock().entries.len() - 1;
        let mut times = 0;
        while times < repeat.times() && !self.over {
            self.pacer.sent(repeat.lines());
            self.hand_over(repeat.lines());
            self.read();
            times += 1;
        }
        if let Some(written) = repeat.fewer(times) {
            self.log.lock().entries[entry].what = What::Repeated(written);
        }
    }

    /// Does something else to the connection.
    pub fn act(&mut self, act: ClientAct) {
        self.over |= !matches!(act, ClientAct::HalfClose | ClientAct::Silence);
        self.log.push(What::Client(act));
        match act {
            ClientAct::Reset => self.receiver.connection_lost(),
            ClientAct::Silence => self.receiver.timed_out(),
            _ => self.receiver.input_closed(),
        }
        self.read();
    }

    /// Does nothing for so many milliseconds.
    pub fn pause(&mut self, ms: u64) {
        self.log.wait(ms);
    }

    /// Notes something that neither side did to the connection.
    pub(super) fn note(&mut self, what: What) {
        self.log.push(what);
    }

    /// Closes the connection, if it still stands, and hands over what happened.
    pub fn finish(mut self) -> SessionLog {
        if !self.over {
            let waits = self.pacer.due() > 0 || self.pacer.closing();
            self.act(if waits {
                ClientAct::GaveUp
            } else {
                ClientAct::Close
            });
        }
        self.log.push(What::Settled);
        let entries = core::mem::take(&mut self.log.lock().entries);
        SessionLog {
            conn: self.conn,
            open: self.open,
            entries,
        }
    }
}

/// An address of the client's own for each connection.
fn address(conn: u64) -> SocketAddr {
    let (host, port) = (conn / PORTS, conn % PORTS);
    let host = u32::try_from(host).unwrap_or(u32::MAX / 2);
    let ip = Ipv4Addr::from_bits(Ipv4Addr::LOCALHOST.to_bits().wrapping_add(host));
    // Less than PORTS, above those that mean something.
    let port = u16::try_from(port + 10_000).unwrap_or(u16::MAX);
    (ip, port).into()
}

/// Session ids are the serving side's, as is the defect that gives all sessions one (SES-6).
fn session_id(conn: u64, config: &Config) -> String {
    let number = if config.defects.has(Defect::SessionIdReused) {
        1
    } else {
        conn
    };
    format!("m{number}")
}
