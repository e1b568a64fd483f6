//! An adapter's end of an event stream: events go out, handler scripts come in. See `conformance/adapters/EVENT-STREAM.md` for
//! the stream itself.
//!
//! A server may be there long before smtpspec is, and stays when it has gone: the connection is looked for again and
//! again, and what happens while there is none is told to nobody.

use std::{
    collections::HashMap,
    fs::File,
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
/// For smtpspec to take an event.
const WRITE_LIMIT: Duration = Duration::from_secs(10);
/// Scripts that no client has come for. Beyond it all are forgotten.
const MOST_SCRIPTS: usize = 100_000;

/// An event stream that cannot be opened.
#[derive(Debug, thiserror::Error)]
#[error("cannot write events to {place}: {source}")]
pub struct OutletError {
    /// `file:PATH`, standard output.
    place: String,
    /// Why.
    source: io::Error,
}

/// Which of the connections of its life an outlet is using.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Generation(u64);

/// Where events go. Cheap to clone.
#[derive(Clone, Default)]
pub struct Outlet(Arc<Mutex<State>>);

#[derive(Default)]
struct State {
    writer: Option<Box<dyn Write + Send>>,
    generation: u64,
    scripts: HashMap<SocketAddr, HandlerScript>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ScriptLine {
    peer: SocketAddr,
    handlers: HandlerScript,
}

#[derive(Serialize)]
struct ReadyLine {
    ready: SocketAddr,
}

impl Outlet {
    /// Begins a stream to `spec` (`None`: standard output) with `hello`. Where smtpspec listens there: now, if it does
    /// already, and otherwise as soon as it does. Only over a connection can scripts come back: the hello claims them
    /// there, and nowhere else.
    pub fn open(spec: Option<&EventsSpec>, mut hello: Hello) -> Result<Self, OutletError> {
        let outlet = Self::default();
        hello.semantics.scripts = false;
        let fail = |place: &str, source| OutletError {
            place: place.to_owned(),
            source,
        };
        match spec {
            None => {
                let attached = outlet.attach(Box::new(io::stdout()), &hello);
                attached.map_err(|source| fail("standard output", source))?;
            }
            Some(EventsSpec::File(path)) => {
                let file = File::create(path);
                let attached = file.and_then(|file| outlet.attach(Box::new(file), &hello));
                attached.map_err(|source| fail(&format!("file:{}", path.display()), source))?;
            }
            Some(spec) => {
                hello.semantics.scripts = true;
                let back = outlet.connect(spec, &hello);
                if let Err(error) = &back {
                    say(&format!("waits for smtpspec at {spec}: {error}"));
                }
                let (spec, kept) = (spec.clone(), outlet.clone());
                thread::spawn(move || kept.keep(&spec, &hello, back.ok()));
            }
        }
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

    /// Returns where scripts come from.
    fn connect(&self, spec: &EventsSpec, hello: &Hello) -> io::Result<Box<dyn Read + Send>> {
        let (reader, writer) = connect(spec)?;
        self.attach(writer, hello)?;
        Ok(reader)
    }

    /// Reads scripts while there is a connection, and looks for one while there is none.
    fn keep(&self, spec: &EventsSpec, hello: &Hello, mut back: Option<Box<dyn Read + Send>>) {
        loop {
            if let Some(reader) = back.take() {
                self.read_scripts(reader);
                self.state().writer = None;
            }
            thread::sleep(PERIOD);
            back = self.connect(spec, hello).ok();
        }
    }

    /// Until smtpspec has gone, or speaks of what this does not know.
    fn read_scripts(&self, reader: Box<dyn Read + Send>) {
        for line in BufReader::new(reader).lines() {
            let Ok(line) = line else {
                return;
            };
            match serde_json::from_str(&line) {
                Ok(line) => self.take(line),
                Err(error) => {
                    say(&format!("not a handler script: {error}: {line}"));
                    return;
                }
            }
        }
    }

    fn take(&self, line: ScriptLine) {
        let mut state = self.state();
        if state.scripts.len() >= MOST_SCRIPTS {
            state.scripts.clear();
        }
        state.scripts.insert(line.peer, line.handlers);
        state.line(&ReadyLine { ready: line.peer });
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
        if let Err(error) = written {
            // That is no reason for a mail server to stop.
            say(&format!("the event stream is lost: {error}"));
            self.writer = None;
        }
    }
}

/// For the log of the server that this is a part of.
fn say(text: &str) {
    anstream::eprintln!("smtpspec observe: {text}");
}

/// The two directions of a connection.
type Connection = (Box<dyn Read + Send>, Box<dyn Write + Send>);

fn connect(spec: &EventsSpec) -> io::Result<Connection> {
    Ok(match spec {
        EventsSpec::Tcp(address) => {
            let stream = TcpStream::connect(address)?;
            // An event must not be held back by the system.
            stream.set_nodelay(true)?;
            stream.set_write_timeout(Some(WRITE_LIMIT))?;
            (Box::new(stream.try_clone()?), Box::new(stream))
        }
        EventsSpec::Unix(path) => {
            let stream = UnixStream::connect(path)?;
            stream.set_write_timeout(Some(WRITE_LIMIT))?;
            (Box::new(stream.try_clone()?), Box::new(stream))
        }
        EventsSpec::File(_) => return Err(io::ErrorKind::Unsupported.into()),
    })
}

#[cfg(test)]
mod tests {
    use std::net::TcpListener;

    use pretty_assertions::assert_eq;
    use smtpspec_core::event::{Event, EventKind, HandlerAction, Semantics};

    use super::*;

    const PEER: &str = "127.0.0.1:5";
    const SCRIPT: &str =
        r#"{"peer":"127.0.0.1:5","handlers":[{"event":"OnConnect","nth":1,"action":"drop"}]}"#;

    fn hello() -> Hello {
        Hello {
            version: 1,
            adapter: "test".into(),
            server: "Test 1".into(),
            events: vec![EventKind::OnConnect],
            semantics: Semantics::default(),
        }
    }

    fn record(seq: u64) -> EventRecord {
        EventRecord {
            session: "s".into(),
            seq,
            at: None,
            peer: PEER.parse().unwrap(),
            event: Event::OnConnect { local: None },
        }
    }

    /// Smtpspec's end of the next connection: what comes over it, line by line, and where scripts go.
    fn accept(listener: &TcpListener) -> (impl FnMut() -> String, TcpStream) {
        let stream = listener.accept().unwrap().0;
        stream
            .set_read_timeout(Some(Duration::from_secs(10)))
            .unwrap();
        let mut lines = BufReader::new(stream.try_clone().unwrap()).lines();
        (move || lines.next().unwrap().unwrap(), stream)
    }

    #[test]
    fn a_script_is_answered_and_taken_once() {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let spec = EventsSpec::Tcp(listener.local_addr().unwrap().to_string());
        let outlet = Outlet::open(Some(&spec), hello()).unwrap();
        let (mut line, mut scripts) = accept(&listener);
        let hello = line();
        assert!(hello.contains(r#""scripts":true"#), "{hello}");
        scripts.write_all(format!("{SCRIPT}\n").as_bytes()).unwrap();
        assert_eq!(line(), r#"{"ready":"127.0.0.1:5"}"#);
        let peer = PEER.parse().unwrap();
        let script = outlet.script(peer);
        assert_eq!(script.action(EventKind::OnConnect, 1), &HandlerAction::Drop);
        assert!(outlet.script(peer).is_empty());
    }

    #[test]
    fn smtpspec_may_go_and_come_again_and_hears_only_of_what_began_since() {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let spec = EventsSpec::Tcp(listener.local_addr().unwrap().to_string());
        let outlet = Outlet::open(Some(&spec), hello()).unwrap();
        let first = outlet.generation().unwrap();
        drop(accept(&listener));

        let (mut line, _scripts) = accept(&listener);
        assert!(line().contains("smtpspec-events"));
        let second = outlet.generation().unwrap();
        outlet.event(first, &record(1));
        outlet.event(second, &record(2));
        let event = line();
        assert!(event.contains(r#""seq":2"#), "{event}");
    }

    #[test]
    fn a_file_takes_no_scripts_and_does_not_claim_to() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("events");
        let outlet = Outlet::open(Some(&EventsSpec::File(path.clone())), hello()).unwrap();
        outlet.event(outlet.generation().unwrap(), &record(1));
        let written = std::fs::read_to_string(path).unwrap();
        assert!(written.contains(r#""scripts":false"#), "{written}");
        assert!(written.ends_with("}\n"), "{written}");
        let nowhere = EventsSpec::File(folder.path().join("no/events"));
        let error = Outlet::open(Some(&nowhere), hello()).err().unwrap();
        assert!(error.to_string().contains("no/events"), "{error}");
    }
}
