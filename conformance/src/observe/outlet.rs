//! An adapter's end of an event stream: events go out, handler scripts come in.
//!
//! A server may be there long before smtpspec is, and stays when it has gone: the connection is looked for again and
//! again, and what happens while there is none is told to nobody.

use std::{
    collections::HashMap,
    fs::OpenOptions,
    io::{self, BufRead, BufReader, Read, Write},
    net::{SocketAddr, TcpStream},
    os::unix::net::UnixStream,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    thread,
    time::Duration,
};

use serde::{Deserialize, Serialize};
use smtpspec_core::event::{EventRecord, HandlerScript, Hello};

use super::EventsSpec;

/// How often smtpspec is looked for.
const PERIOD: Duration = Duration::from_millis(200);

/// Which of the connections of its life an outlet is using.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Generation(u64);

/// Where events go. Cheap to clone.
#[derive(Clone, Default)]
pub(super) struct Outlet(Arc<Mutex<State>>);

#[derive(Default)]
struct State {
    writer: Option<Box<dyn Write + Send>>,
    generation: u64,
    scripts: HashMap<SocketAddr, HandlerScript>,
}

#[derive(Deserialize)]
struct ScriptLine {
    peer: SocketAddr,
    handlers: HandlerScript,
}

#[derive(Serialize)]
struct ReadyLine {
    ready: SocketAddr,
}

impl Outlet {
    /// Connects to `spec` now, if smtpspec is there, and otherwise as soon as it is.
    pub(super) fn open(spec: EventsSpec, hello: Hello) -> io::Result<Self> {
        let outlet = Self::default();
        let first = connect(&spec);
        let back = match first {
            Ok((reader, writer)) => {
                outlet.attach(writer, &hello)?;
                reader
            }
            Err(_) => None,
        };
        let connected = outlet.clone();
        thread::spawn(move || connected.keep(&spec, &hello, back));
        Ok(outlet)
    }

    /// The connection that events go to now, if there is one.
    pub(super) fn generation(&self) -> Option<Generation> {
        let state = self.state();
        state.writer.as_ref().map(|_| Generation(state.generation))
    }

    /// Takes the script for the session of `peer`.
    pub(super) fn script(&self, peer: SocketAddr) -> HandlerScript {
        self.state().scripts.remove(&peer).unwrap_or_default()
    }

    /// Tells of an event, if the connection of `generation` is still there. When this returns, the event has left.
    pub(super) fn event(&self, generation: Generation, record: &EventRecord) {
        let mut state = self.state();
        if state.generation == generation.0 {
            state.line(record);
        }
    }

    fn attach(&self, writer: Box<dyn Write + Send>, hello: &Hello) -> io::Result<()> {
        let mut state = self.state();
        state.writer = Some(writer);
        state.generation += 1;
        state.scripts.clear();
        state.line(hello);
        match state.writer {
            Some(_) => Ok(()),
            None => Err(io::ErrorKind::BrokenPipe.into()),
        }
    }

    /// Reads scripts while there is a connection, and looks for one while there is none.
    fn keep(&self, spec: &EventsSpec, hello: &Hello, mut back: Option<Box<dyn Read + Send>>) {
        loop {
            if let Some(reader) = back.take() {
                self.read_scripts(reader);
                self.state().writer = None;
            }
            thread::sleep(PERIOD);
            if self.generation().is_none()
                && let Ok((reader, writer)) = connect(spec)
                && self.attach(writer, hello).is_ok()
            {
                back = reader;
            }
        }
    }

    /// Until smtpspec has gone, or speaks of what this does not know.
    fn read_scripts(&self, reader: Box<dyn Read + Send>) {
        for line in BufReader::new(reader).lines() {
            let Some(ScriptLine { peer, handlers }) =
                line.ok().and_then(|line| serde_json::from_str(&line).ok())
            else {
                return;
            };
            let mut state = self.state();
            state.scripts.insert(peer, handlers);
            state.line(&ReadyLine { ready: peer });
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        // Each change is one assignment or insertion, which a panic cannot leave half-done.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn line(&mut self, value: &impl Serialize) {
        let Some(writer) = &mut self.writer else {
            return;
        };
        let written = serde_json::to_vec(value)
            .map_err(io::Error::from)
            .and_then(|mut line| {
                line.push(b'\n');
                writer.write_all(&line)?;
                writer.flush()
            });
        if written.is_err() {
            // Smtpspec has gone: that is no reason for a mail server to stop.
            self.writer = None;
        }
    }
}

/// The two directions of a connection; a file has one.
type Connection = (Option<Box<dyn Read + Send>>, Box<dyn Write + Send>);

fn connect(spec: &EventsSpec) -> io::Result<Connection> {
    Ok(match spec {
        EventsSpec::Tcp(address) => {
            let stream = TcpStream::connect(address)?;
            // An event must not be held back by the system.
            stream.set_nodelay(true)?;
            (Some(Box::new(stream.try_clone()?)), Box::new(stream))
        }
        EventsSpec::Unix(path) => {
            let stream = UnixStream::connect(path)?;
            (Some(Box::new(stream.try_clone()?)), Box::new(stream))
        }
        EventsSpec::File(path) => {
            let mut options = OpenOptions::new();
            let file = options.write(true).create(true).truncate(true).open(path)?;
            (None, Box::new(file))
        }
    })
}
