//! Where events go to, shared by all sessions.

use std::{
    collections::HashMap,
    fs::File,
    io::{self, BufRead, BufReader, Write},
    net::{SocketAddr, TcpStream},
    os::unix::net::UnixStream,
    sync::{Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use serde::Serialize;
use smtpspec_core::event::{EventRecord, HandlerScript, Hello};

use super::script_lines::{ReadyLine, parse_script_line};
use crate::observe::EventsSpec;

/// For whoever reads the events to take one.
const WRITE_LIMIT: Duration = Duration::from_secs(10);
/// Scripts that no client has come for. Beyond it one is forgotten.
const MOST_SCRIPTS: usize = 100_000;

/// Why an event stream could not be written.
#[derive(Debug, thiserror::Error)]
pub enum EmitError {
    /// It could not be opened.
    #[error("cannot write events to {place}: {source}")]
    Open {
        /// `tcp:HOST:PORT`, `unix:PATH`, `file:PATH`.
        place: String,
        /// Why.
        source: io::Error,
    },
    /// It was lost.
    #[error("the event stream is lost: {0}")]
    Lost(#[from] io::Error),
    /// What came over it is no handler script.
    #[error("not a handler script: {why}: {line}")]
    Script {
        /// The line.
        line: String,
        /// What is wrong.
        why: String,
    },
}

/// An event stream that is being written.
pub struct EventSink {
    writer: Mutex<Box<dyn Write + Send>>,
    scripts: Mutex<HashMap<SocketAddr, HandlerScript>>,
    reader: Mutex<Option<Box<dyn BufRead + Send>>>,
}

impl EventSink {
    /// Opens the stream (`None`: standard output) and says hello. Only over a connection can scripts come back: the
    /// hello claims them there, and nowhere else.
    pub fn open(spec: Option<&EventsSpec>, mut hello: Hello) -> Result<Self, EmitError> {
        let (writer, reader) = match spec {
            None => (Box::new(io::stdout()) as _, None),
            Some(spec) => connect(spec).map_err(|source| EmitError::Open {
                place: spec.to_string(),
                source,
            })?,
        };
        hello.semantics.scripts = reader.is_some();
        let sink = Self {
            writer: Mutex::new(writer),
            scripts: Mutex::default(),
            reader: Mutex::new(reader),
        };
        sink.line(&hello)?;
        Ok(sink)
    }

    /// Writes an event. When this returns it has left the process.
    pub fn event(&self, record: &EventRecord) -> Result<(), EmitError> {
        self.line(record)
    }

    fn line(&self, value: &impl Serialize) -> Result<(), EmitError> {
        let mut line = serde_json::to_vec(value).map_err(io::Error::from)?;
        line.push(b'\n');
        let mut writer = locked(&self.writer);
        writer.write_all(&line)?;
        writer.flush()?;
        Ok(())
    }

    /// The script for the session of `peer`, for the first that asks.
    pub(super) fn take_script(&self, peer: SocketAddr) -> HandlerScript {
        locked(&self.scripts).remove(&peer).unwrap_or_default()
    }

    /// Takes scripts until the other end goes away. Returns at once where none can come.
    pub fn read_scripts(&self) -> Result<(), EmitError> {
        let Some(reader) = locked(&self.reader).take() else {
            return Ok(());
        };
        for line in reader.lines() {
            self.take_line(&line?)?;
        }
        Ok(())
    }

    fn take_line(&self, line: &str) -> Result<(), EmitError> {
        let script = parse_script_line(line).map_err(|why| EmitError::Script {
            line: line.escape_debug().collect(),
            why: why.to_string(),
        })?;
        {
            let mut scripts = locked(&self.scripts);
            if scripts.len() >= MOST_SCRIPTS {
                scripts.clear();
            }
            scripts.insert(script.peer, script.handlers);
        }
        self.line(&ReadyLine { ready: script.peer })
    }
}

type Ends = (Box<dyn Write + Send>, Option<Box<dyn BufRead + Send>>);

fn connect(spec: &EventsSpec) -> io::Result<Ends> {
    Ok(match spec {
        EventsSpec::Tcp(address) => {
            let stream = TcpStream::connect(address)?;
            // An event must not be held back by the system.
            stream.set_nodelay(true)?;
            stream.set_write_timeout(Some(WRITE_LIMIT))?;
            let reader = BufReader::new(stream.try_clone()?);
            (Box::new(stream), Some(Box::new(reader)))
        }
        EventsSpec::Unix(path) => {
            let stream = UnixStream::connect(path)?;
            stream.set_write_timeout(Some(WRITE_LIMIT))?;
            let reader = BufReader::new(stream.try_clone()?);
            (Box::new(stream), Some(Box::new(reader)))
        }
        EventsSpec::File(path) => (Box::new(File::create(path)?), None),
    })
}

/// Each critical section leaves what it guards whole.
fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use std::{net::TcpListener, thread};

    use pretty_assertions::assert_eq;
    use smtpspec_core::event::{EventKind, HandlerAction, Semantics};

    use super::*;

    fn hello() -> Hello {
        Hello {
            version: 1,
            adapter: "test".into(),
            server: "Test 1".into(),
            events: vec![EventKind::OnConnect],
            semantics: Semantics::default(),
        }
    }

    #[test]
    fn a_script_is_answered_and_taken_once() {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let spec = EventsSpec::Tcp(listener.local_addr().unwrap().to_string());
        let suite = thread::spawn(move || {
            let mut stream = listener.accept().unwrap().0;
            let mut lines = BufReader::new(stream.try_clone().unwrap()).lines();
            let hello = lines.next().unwrap().unwrap();
            let script = br#"{"peer":"127.0.0.1:5","handlers":[{"event":"OnConnect","nth":1,"action":"drop"}]}"#;
            stream.write_all(script).unwrap();
            stream.write_all(b"\n").unwrap();
            (hello, lines.next().unwrap().unwrap())
        });
        let sink = EventSink::open(Some(&spec), hello()).unwrap();
        sink.read_scripts().unwrap();
        let (hello, ready) = suite.join().unwrap();
        assert!(hello.contains(r#""scripts":true"#), "{hello}");
        assert_eq!(ready, r#"{"ready":"127.0.0.1:5"}"#);
        let peer = "127.0.0.1:5".parse().unwrap();
        let script = sink.take_script(peer);
        assert_eq!(script.action(EventKind::OnConnect, 1), &HandlerAction::Drop);
        assert!(sink.take_script(peer).is_empty());
    }

    #[test]
    fn a_file_takes_no_scripts_and_does_not_claim_to() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("events");
        let sink = EventSink::open(Some(&EventsSpec::File(path.clone())), hello()).unwrap();
        sink.read_scripts().unwrap();
        let written = std::fs::read_to_string(path).unwrap();
        assert!(written.contains(r#""scripts":false"#), "{written}");
        assert!(written.ends_with("}\n"), "{written}");
    }
}
