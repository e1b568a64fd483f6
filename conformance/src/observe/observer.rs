//! Reads event streams into a hub, and keeps what else comes over them: the hello, answers, the first error.

use std::{fmt, net::SocketAddr, path::PathBuf, sync::Arc};

use smtpspec_core::event::{HandlerScript, Hello, StreamError, StreamItem, parse_stream_line};
use tokio::{io::AsyncBufRead, sync::watch, task::JoinSet};

use super::{
    BrokenLine, EventsSpec, Hub, ObserveError, ScriptError,
    lines::Lines,
    scripts::{Scripts, Writer, parse_ready},
    source,
};

/// What is known of one server under test through its event stream. Reading ends when this is dropped.
pub struct Observer {
    shared: Arc<Shared>,
    /// Aborted when dropped.
    _tasks: JoinSet<()>,
    address: Option<SocketAddr>,
    /// A Unix socket's path, which is removed in the end.
    path: Option<PathBuf>,
}

/// What the tasks that read share.
#[derive(Default)]
pub(super) struct Shared {
    hub: Hub,
    hello: watch::Sender<Option<Hello>>,
    broken: watch::Sender<Option<BrokenLine>>,
    /// Streams that have said hello and are still there.
    streams: watch::Sender<usize>,
    scripts: Scripts,
}

impl Observer {
    /// Opens the event stream that `spec` names.
    pub async fn open(spec: &EventsSpec) -> Result<Self, ObserveError> {
        let shared = Arc::new(Shared::default());
        let mut tasks = JoinSet::new();
        let mut address = None;
        let mut path = None;
        match spec {
            EventsSpec::Tcp(text) => {
                address = Some(source::listen_tcp(text, &shared, &mut tasks).await?);
            }
            EventsSpec::Unix(at) => {
                source::listen_unix(at, &shared, &mut tasks)?;
                path = Some(at.clone());
            }
            EventsSpec::File(at) => source::follow_file(at, &shared, &mut tasks),
        }
        Ok(Self {
            shared,
            _tasks: tasks,
            address,
            path,
        })
    }

    /// What reads further streams, for example a child's standard output.
    pub fn reader(&self) -> StreamReader {
        StreamReader(Arc::clone(&self.shared))
    }

    /// Where we listen, for a stream over TCP.
    pub fn address(&self) -> Option<SocketAddr> {
        self.address
    }

    /// Where events go.
    pub fn hub(&self) -> &Hub {
        &self.shared.hub
    }

    /// Waits for the hello.
    pub async fn hello(&self) -> Hello {
        first(&self.shared.hello).await
    }

    /// Waits for the first broken line; for ever, if there is none.
    pub async fn broken(&self) -> BrokenLine {
        first(&self.shared.broken).await
    }

    /// Whether a line was broken.
    pub fn is_broken(&self) -> bool {
        self.shared.broken.borrow().is_some()
    }

    /// The way for handler scripts to the adapter.
    pub fn scripts(&self) -> ScriptSender {
        ScriptSender(Arc::clone(&self.shared))
    }
}

/// Reads a further stream into an observer's hub.
pub struct StreamReader(Arc<Shared>);

impl StreamReader {
    /// Reads `stream` to its end.
    pub async fn read(self, stream: impl AsyncBufRead + Unpin) {
        self.0.pump(stream, None).await;
    }
}

/// The way for handler scripts to an adapter, over the connection on which its events come.
#[derive(Clone)]
pub struct ScriptSender(Arc<Shared>);

impl ScriptSender {
    /// Gives the adapter the script for the session of `peer`, who must not connect before this returns.
    pub async fn give(
        &self,
        peer: SocketAddr,
        handlers: &HandlerScript,
    ) -> Result<(), ScriptError> {
        self.0.scripts.give(peer, handlers).await
    }
}

impl fmt::Debug for ScriptSender {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ScriptSender").finish_non_exhaustive()
    }
}

impl fmt::Debug for Observer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut out = f.debug_struct("Observer");
        out.field("address", &self.address).finish_non_exhaustive()
    }
}

impl Drop for Observer {
    fn drop(&mut self) {
        if let Some(path) = &self.path {
            // Gone already is as good.
            let _ = std::fs::remove_file(path);
        }
    }
}

/// The first value that the channel takes.
async fn first<T: Clone>(channel: &watch::Sender<Option<T>>) -> T {
    let mut receiver = channel.subscribe();
    loop {
        if let Some(value) = receiver.borrow_and_update().clone() {
            return value;
        }
        if receiver.changed().await.is_err() {
            // Unreachable while `channel` is borrowed; to wait is what a channel without values means.
            std::future::pending::<()>().await;
        }
    }
}

impl Shared {
    /// Reads one stream to its end.
    pub(super) async fn pump<R>(self: Arc<Self>, reader: R, writer: Option<Writer>)
    where
        R: AsyncBufRead + Unpin,
    {
        let mut lines = Lines::new(reader);
        if let Err(broken) = self.read(&mut lines, writer).await {
            self.fail(broken);
        }
    }

    async fn read<R: AsyncBufRead + Unpin>(
        &self,
        lines: &mut Lines<R>,
        writer: Option<Writer>,
    ) -> Result<(), BrokenLine> {
        let Some(line) = lines.next().await? else {
            // Who connects and leaves without a word, to see whether we listen, is no event stream.
            return Ok(());
        };
        let hello = read_hello(line);
        let hello = hello.map_err(|why| lines.broken(why))?;
        let scripts = hello.semantics.scripts;
        self.greet(hello).map_err(|why| lines.broken(why))?;
        if let (true, Some(writer)) = (scripts, writer) {
            self.scripts.attach(writer).await;
        }
        while let Some(line) = lines.next().await? {
            let done = self.line(line);
            done.map_err(|why| lines.broken(why))?;
        }
        self.streams.send_modify(|streams| *streams -= 1);
        if *self.streams.borrow() == 0 {
            return Err(lines.broken("the event stream ended before the run did"));
        }
        Ok(())
    }

    /// Several processes of one server may each open a stream; they must all see the same.
    fn greet(&self, hello: Hello) -> Result<(), String> {
        let known = self.hello.borrow().clone();
        match known {
            Some(known) if known != hello => {
                Err("this hello differs from an earlier stream's".to_owned())
            }
            _ => {
                self.streams.send_modify(|streams| *streams += 1);
                self.hello.send_replace(Some(hello));
                Ok(())
            }
        }
    }

    fn line(&self, line: &[u8]) -> Result<(), String> {
        if let Some(peer) = parse_ready(line) {
            self.scripts.ready(peer);
            return Ok(());
        }
        match parse_stream_line(line).map_err(why)? {
            StreamItem::Event(record) => self.hub.event(record),
            StreamItem::Hello(_) => return Err("a second hello in one stream".to_owned()),
        }
        Ok(())
    }

    /// The first error counts: what follows it may be its consequence.
    pub(super) fn fail(&self, broken: BrokenLine) {
        self.broken.send_if_modified(|first| {
            let is_first = first.is_none();
            first.get_or_insert(broken);
            is_first
        });
    }
}

fn read_hello(line: &[u8]) -> Result<Hello, String> {
    match parse_stream_line(line).map_err(why)? {
        StreamItem::Hello(hello) => Ok(hello),
        StreamItem::Event(_) => Err("expected a hello before the first event".to_owned()),
    }
}

/// Without the line itself, which [`BrokenLine`] quotes.
fn why(error: StreamError) -> String {
    match error {
        StreamError::Malformed { why, .. } => why,
        version @ StreamError::Version { .. } => version.to_string(),
    }
}
