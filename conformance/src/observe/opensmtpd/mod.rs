//! `smtpspec observe opensmtpd`: a filter for OpenSMTPD that shows the events of its sessions.
//!
//! It speaks the protocol of smtpd-filters(7), versions 0.4 to 0.7. Which report or filter request stands for which
//! event is told in `conformance/adapters/opensmtpd/README.md`.

mod filter;
mod line;
mod message;
mod session;

use std::{
    collections::HashMap,
    io::{self, BufRead, BufReader, BufWriter, Read, Write},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    thread,
};

use smtpspec_core::event::{EVENT_STREAM_VERSION, EventKind, EventRecord, Hello, Semantics};

use self::{
    filter::{Answer, Filter, PHASES, REPORTS},
    line::{Line, parse},
};
use super::{EventsSpec, Outlet, OutletError, outlet::Generation};
use crate::record::now_ns;

/// Octets read and written at once.
const BUFFER: usize = 64 * 1024;

/// What is seen of the fifteen.
const EVENTS: [EventKind; 11] = [
    EventKind::OnConnect,
    EventKind::OnHeloCommand,
    EventKind::OnEhloCommand,
    EventKind::OnMailCommand,
    EventKind::OnRcptCommand,
    EventKind::OnDataCommand,
    EventKind::OnEndOfHeaders,
    EventKind::OnEndOfData,
    EventKind::OnNoopCommand,
    EventKind::OnRsetCommand,
    EventKind::OnDisconnect,
];

/// Why a filter ended before smtpd did.
#[derive(Debug, thiserror::Error)]
pub enum FilterError {
    /// Its events cannot be told.
    #[error(transparent)]
    Outlet(#[from] OutletError),
    /// Smtpd cannot be spoken to.
    #[error("cannot speak to smtpd: {0}")]
    Smtpd(#[from] io::Error),
}

/// Filters what smtpd writes to `input` until its end, and tells of it where `events` says.
pub fn observe(
    input: impl Read,
    output: impl Write + Send + 'static,
    events: EventsSpec,
) -> Result<(), FilterError> {
    let mut input = BufReader::with_capacity(BUFFER, input);
    let mut output = BufWriter::with_capacity(BUFFER, output);
    let hello = hello(&shake_hands(&mut input, &mut output)?);
    let mut told = Told {
        outlet: Outlet::open(Some(&events), hello)?,
        sessions: HashMap::new(),
    };
    let output = Arc::new(Mutex::new(output));
    let mut filter = Filter::default();
    let mut line = Vec::new();
    while next_line(&mut input, &mut line)? {
        let step = filter.take(&line, now_ns(), |peer| told.outlet.script(peer));
        told.events(&step.events);
        if let Some(answer) = step.answer {
            write(&output, answer)?;
        }
        // A message comes in many lines at once, and each is answered.
        if !input.buffer().contains(&b'\n') {
            lock(&output).flush()?;
        }
    }
    Ok(())
}

/// Where events go, and which sessions are told of: one that began while nobody listened is not.
struct Told {
    outlet: Outlet,
    sessions: HashMap<String, Generation>,
}

impl Told {
    fn events(&mut self, records: &[EventRecord]) {
        for record in records {
            let kind = record.event.kind();
            if let (EventKind::OnConnect, Some(generation)) = (kind, self.outlet.generation()) {
                self.sessions.insert(record.session.clone(), generation);
            }
            if let Some(generation) = self.sessions.get(&record.session) {
                self.outlet.event(*generation, record);
            }
            if kind == EventKind::OnDisconnect {
                self.sessions.remove(&record.session);
            }
        }
    }
}

/// Registers for what is needed; returns smtpd's version.
fn shake_hands(input: &mut impl BufRead, output: &mut impl Write) -> io::Result<String> {
    let mut version = "(unknown version)".to_owned();
    let mut line = Vec::new();
    loop {
        if !next_line(input, &mut line)? {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        match parse(&line) {
            Some(Line::Config { key: b"ready", .. }) => break,
            Some(Line::Config {
                key: b"smtpd-version",
                value,
            }) => version = String::from_utf8_lossy(value).into_owned(),
            _ => {}
        }
    }
    let reports = REPORTS.map(|event| format!("register|report|smtp-in|{event}\n"));
    let phases = PHASES.map(|phase| format!("register|filter|smtp-in|{phase}\n"));
    let lines = [reports.concat(), phases.concat()].concat();
    output.write_all(lines.as_bytes())?;
    output.write_all(b"register|ready\n")?;
    output.flush()?;
    Ok(version)
}

fn hello(version: &str) -> Hello {
    Hello {
        version: EVENT_STREAM_VERSION,
        adapter: "opensmtpd".to_owned(),
        server: format!("OpenSMTPD {version}"),
        events: EVENTS.to_vec(),
        semantics: Semantics {
            disconnect_reason: true,
            clock: true,
            scripts: true,
            ..Semantics::default()
        },
    }
}

/// The next line without its line end; false at the end of the input.
fn next_line(input: &mut impl BufRead, line: &mut Vec<u8>) -> io::Result<bool> {
    line.clear();
    let read = input.read_until(b'\n', line)?;
    if line.last() == Some(&b'\n') {
        line.pop();
    }
    Ok(read > 0)
}

/// A slow handler holds up its own session only.
fn write<W: Write + Send + 'static>(output: &Output<W>, answer: Answer) -> io::Result<()> {
    if answer.after.is_zero() {
        return lock(output).write_all(&answer.line);
    }
    let output = Arc::clone(output);
    thread::spawn(move || {
        thread::sleep(answer.after);
        let mut output = lock(&output);
        // Where smtpd has gone, the input has ended, and that ends the filter.
        let _ = output.write_all(&answer.line).and_then(|()| output.flush());
    });
    Ok(())
}

type Output<W> = Arc<Mutex<BufWriter<W>>>;

fn lock<W: Write>(output: &Output<W>) -> MutexGuard<'_, BufWriter<W>> {
    // Whole lines are written: a panic cannot leave one half-written.
    output.lock().unwrap_or_else(PoisonError::into_inner)
}
