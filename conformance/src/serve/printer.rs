//! Events on their way to a reader: each a line, in the order in which they fired.
//!
//! A session hands its line over and goes on; a thread of its own writes what has gathered. So a slow reader does not hold
//! up the sessions, up to a limit: behind that they wait for it, so that it cannot fill the memory.

use std::{
    fmt,
    io::Write,
    sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError},
    thread::{self, JoinHandle},
    time::Duration,
};

use smtpspec_core::event::EventRecord;

use crate::report::event_line;

/// Octets that wait for the reader.
const MOST: usize = 1 << 20;
/// How long lines gather before they are written: to wake the writer for each costs more than the line.
const GATHER: Duration = Duration::from_millis(1);

/// Writes events, a line each. Dropped, it writes what is left first.
pub struct EventPrinter {
    line: fn(&EventRecord) -> String,
    shared: Arc<Shared>,
    writer: Option<JoinHandle<()>>,
}

#[derive(Default)]
struct Shared {
    lines: Mutex<Lines>,
    /// There is something to write, or an end of it.
    filled: Condvar,
    /// There is room again.
    emptied: Condvar,
}

#[derive(Default)]
struct Lines {
    waiting: Vec<u8>,
    /// The writer sleeps until there is something.
    idle: bool,
    /// No more lines will come, or nobody reads them.
    over: bool,
}

impl fmt::Debug for EventPrinter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("EventPrinter").finish_non_exhaustive()
    }
}

impl EventPrinter {
    /// Lines for people.
    pub fn console(out: impl Write + Send + 'static) -> Self {
        Self::new(out, |record| {
            format!(
                "{:<21}  {:<5}  {}\n",
                record.peer.to_string(),
                record.session,
                event_line(record)
            )
        })
    }

    /// An event stream (JSON Lines), behind its hello.
    pub fn json(out: impl Write + Send + 'static) -> Self {
        Self::new(out, |record| {
            let mut line = serde_json::to_string(record).unwrap_or_default();
            line.push('\n');
            line
        })
    }

    fn new(mut out: impl Write + Send + 'static, line: fn(&EventRecord) -> String) -> Self {
        let shared = Arc::new(Shared::default());
        let lines = Arc::clone(&shared);
        Self {
            line,
            shared,
            writer: Some(thread::spawn(move || lines.write_all(&mut out))),
        }
    }

    /// Hands `record` over. A reader that has gone away (`serve | head`) ends nobody's session.
    pub fn print(&self, record: &EventRecord) {
        let line = (self.line)(record);
        let mut lines = self.shared.lock();
        while lines.waiting.len() >= MOST && !lines.over {
            let waited = self.shared.emptied.wait(lines);
            lines = waited.unwrap_or_else(PoisonError::into_inner);
        }
        if lines.over {
            return;
        }
        lines.waiting.extend_from_slice(line.as_bytes());
        let wakes = std::mem::take(&mut lines.idle);
        drop(lines);
        if wakes {
            self.shared.filled.notify_one();
        }
    }
}

impl Drop for EventPrinter {
    fn drop(&mut self) {
        self.shared.lock().over = true;
        self.shared.filled.notify_one();
        if let Some(writer) = self.writer.take() {
            // A panic in it has been printed, and there is nothing left to be done.
            let _ = writer.join();
        }
    }
}

impl Shared {
    /// Writes until no more lines will come, or nobody reads them.
    fn write_all(&self, out: &mut impl Write) {
        let mut taken = Vec::new();
        loop {
            let mut lines = self.lock();
            while lines.waiting.is_empty() {
                if lines.over {
                    return;
                }
                lines.idle = true;
                let waited = self.filled.wait(lines);
                lines = waited.unwrap_or_else(PoisonError::into_inner);
            }
            if !lines.over && lines.waiting.len() < MOST {
                drop(lines);
                thread::sleep(GATHER);
                lines = self.lock();
            }
            std::mem::swap(&mut lines.waiting, &mut taken);
            drop(lines);
            self.emptied.notify_all();
            if out.write_all(&taken).and_then(|()| out.flush()).is_err() {
                let mut lines = self.lock();
                lines.over = true;
                lines.waiting = Vec::new();
                self.emptied.notify_all();
                return;
            }
            taken.clear();
        }
    }

    fn lock(&self) -> MutexGuard<'_, Lines> {
        // Whole lines are appended and taken: a panic elsewhere leaves none half-written.
        self.lines.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use std::{io, sync::mpsc};

    use pretty_assertions::assert_eq;
    use smtpspec_core::event::Event;

    use super::*;

    fn record(seq: u64) -> EventRecord {
        EventRecord {
            session: "s1".into(),
            seq,
            at: None,
            peer: ([127, 0, 0, 1], 7).into(),
            event: Event::OnDataCommand {},
        }
    }

    /// Gives on each write; an end that is gone is a reader that has gone.
    struct Pipe(mpsc::SyncSender<Vec<u8>>);

    impl Write for Pipe {
        fn write(&mut self, octets: &[u8]) -> io::Result<usize> {
            let sent = self.0.send(octets.to_vec());
            sent.map_err(|_| io::Error::from(io::ErrorKind::BrokenPipe))?;
            Ok(octets.len())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    #[test]
    fn every_event_is_written_once_and_in_order_before_the_end() {
        let (writes, read) = mpsc::sync_channel(1 << 14);
        let printer = EventPrinter::json(Pipe(writes));
        for seq in 1..=1000 {
            printer.print(&record(seq));
        }
        drop(printer);
        let octets: Vec<u8> = read.into_iter().flatten().collect();
        let text = String::from_utf8(octets).unwrap();
        let seqs: Vec<u64> = text
            .lines()
            .map(|line| serde_json::from_str::<EventRecord>(line).unwrap().seq)
            .collect();
        assert_eq!(seqs, (1..=1000).collect::<Vec<u64>>());
    }

    #[test]
    fn a_slow_reader_holds_up_those_who_would_fill_the_memory() {
        let (writes, read) = mpsc::sync_channel(0);
        let printer = Arc::new(EventPrinter::console(Pipe(writes)));
        let printing = Arc::clone(&printer);
        let session = thread::spawn(move || {
            let line = record(1);
            for _ in 0..3 * MOST / 40 {
                printing.print(&line);
            }
        });
        thread::sleep(Duration::from_millis(50));
        assert!(printer.shared.lock().waiting.len() <= MOST + 100);
        drop(read);
        // Nobody reads any more: it goes on.
        session.join().unwrap();
        printer.print(&record(2));
        assert_eq!(printer.shared.lock().waiting, b"");
    }
}
