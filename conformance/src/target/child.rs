//! A server's process: what it prints, when it ends, how it is ended.

use std::{
    collections::VecDeque,
    future::pending,
    io,
    process::{ExitStatus, Stdio},
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use rustix::process::{Pid, Signal, kill_process_group};
use tempfile::TempDir;
use tokio::{
    io::{AsyncBufReadExt, AsyncRead, AsyncReadExt, BufReader},
    process::{Child, ChildStdout, Command},
    sync::watch,
    task::JoinSet,
    time::timeout,
};

use super::{Usage, guard::Guard, usage::usage_of};
use crate::observe::{Observer, StreamReader};

/// Octets kept of what a process prints: the last ones.
const KEPT: usize = 64 * 1024;
/// For a process to end when it is asked to.
const ENDING: Duration = Duration::from_secs(2);
/// For the last that an ended process has printed to be read. What it has started may hold the pipes for longer.
const LAST_WORDS: Duration = Duration::from_millis(300);

/// A process, the first of a process group of its own, which is killed when this is dropped.
#[derive(Debug)]
pub(super) struct ChildProcess {
    group: Option<Pid>,
    exit: watch::Receiver<Option<ExitStatus>>,
    output: Output,
    /// Its sender is gone once both pipes are read to their end.
    reading: watch::Receiver<()>,
    /// Aborted when dropped.
    _tasks: JoinSet<()>,
    _guard: Option<Guard>,
    _scratch: Option<TempDir>,
}

impl ChildProcess {
    /// Starts `command`. Its standard output may be its event stream, for `observer`.
    /// `scratch` is removed when the process has been ended.
    pub(super) fn spawn(
        mut command: Command,
        observer: &Observer,
        scratch: Option<TempDir>,
    ) -> io::Result<Self> {
        command
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .process_group(0)
            .kill_on_drop(true);
        let mut child = command.spawn()?;
        let group = child.id().and_then(|id| Pid::from_raw(id.cast_signed()));
        let guard = group.and_then(|group| Guard::over(group, scratch.as_ref()).ok());
        let output = Output::default();
        let (pipes, reading) = watch::channel(());
        let mut tasks = JoinSet::new();
        if let Some(stderr) = child.stderr.take() {
            let (output, pipe) = (output.clone(), pipes.clone());
            tasks.spawn(async move {
                let _pipe = pipe;
                output.keep(stderr).await;
            });
        }
        if let Some(stdout) = child.stdout.take() {
            let (output, pipe, events) = (output.clone(), pipes, observer.reader());
            tasks.spawn(async move {
                let _pipe = pipe;
                read_stdout(stdout, output, events).await;
            });
        }
        let (sender, exit) = watch::channel(None);
        tasks.spawn(reap(child, sender));
        Ok(Self {
            group,
            exit,
            output,
            reading,
            _tasks: tasks,
            _guard: guard,
            _scratch: scratch,
        })
    }

    /// Waits until the process has ended.
    pub(super) async fn exited(&self) -> ExitStatus {
        let mut exit = self.exit.clone();
        // Bound first, so that the channel's guard is gone before the next line waits.
        let status = exit
            .wait_for(Option::is_some)
            .await
            .ok()
            .and_then(|status| *status);
        match status {
            Some(status) => status,
            // The process could not be waited for: that it ended was never seen.
            None => pending().await,
        }
    }

    /// Whether the process has ended.
    pub(super) fn has_exited(&self) -> bool {
        self.exit.borrow().is_some()
    }

    /// What the process group and its descendants hold; `None` where that cannot be read.
    pub(super) fn usage(&self) -> Option<Usage> {
        usage_of(u32::try_from(self.group?.as_raw_nonzero().get()).ok()?)
    }

    /// The end of what it has printed so far.
    pub(super) fn output(&self) -> String {
        self.output.text()
    }

    /// Waits until what it printed before its end has been read.
    pub(super) async fn last_words(&self) {
        let mut reading = self.reading.clone();
        // Nothing is ever sent: it changes by the end of both readers. Without it, what there is has to do.
        let _ = timeout(LAST_WORDS, reading.changed()).await;
    }

    /// Asks the process group to end, and kills it when it does not.
    pub(super) async fn stop(self) {
        self.signal(Signal::TERM);
        // Dropping `self` kills what is left.
        let _ = timeout(ENDING, self.exited()).await;
    }

    fn signal(&self, signal: Signal) {
        // Once the process has been waited for, its number may be another's.
        if let (false, Some(group)) = (self.has_exited(), self.group) {
            // It may end at this moment; that is what is wanted.
            let _ = kill_process_group(group, signal);
        }
    }
}

impl Drop for ChildProcess {
    fn drop(&mut self) {
        self.signal(Signal::KILL);
    }
}

async fn reap(mut child: Child, sender: watch::Sender<Option<ExitStatus>>) {
    if let Ok(status) = child.wait().await {
        sender.send_replace(Some(status));
    }
}

/// An event stream begins with a brace; any other output is kept to be shown with errors.
async fn read_stdout(stdout: ChildStdout, output: Output, events: StreamReader) {
    let mut stdout = BufReader::new(stdout);
    if matches!(stdout.fill_buf().await, Ok([b'{', ..])) {
        events.read(stdout).await;
    } else {
        output.keep(stdout).await;
    }
}

/// The last octets that a process has printed.
#[derive(Debug, Clone, Default)]
struct Output(Arc<Mutex<VecDeque<u8>>>);

impl Output {
    async fn keep(self, mut reader: impl AsyncRead + Unpin) {
        let mut buffer = vec![0; 4096];
        while let Ok(n @ 1..) = reader.read(&mut buffer).await {
            let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
            kept.extend(&buffer[..n]);
            let excess = kept.len().saturating_sub(KEPT);
            kept.drain(..excess);
        }
    }

    fn text(&self) -> String {
        let kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let (front, back) = kept.as_slices();
        String::from_utf8_lossy(&[front, back].concat()).into_owned()
    }
}
