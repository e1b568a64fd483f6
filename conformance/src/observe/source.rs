//! Where the octets of an event stream come from.

use std::{io, net::SocketAddr, path::Path, sync::Arc, time::Duration};

use tokio::{
    fs::File,
    io::{AsyncRead, AsyncReadExt, AsyncWriteExt, BufReader, DuplexStream},
    net::{TcpListener, UnixListener},
    task::JoinSet,
    time::sleep,
};

use super::{BrokenLine, observer::Shared, scripts::Writer};

/// How often a file is looked at, and a full system asked again.
const PERIOD: Duration = Duration::from_millis(10);
/// Octets that a file's reader may be behind.
const TAIL_BUFFER: usize = 64 * 1024;

/// Why an event stream could not be opened.
#[derive(Debug, thiserror::Error)]
#[error("cannot listen for events on {place}: {source}")]
pub struct ObserveError {
    /// The address or path.
    pub place: String,
    /// Why.
    pub source: io::Error,
}

/// A socket that adapters connect to.
enum Listener {
    Tcp(TcpListener),
    Unix(UnixListener),
}

/// The two directions of an adapter's connection.
type Connection = (Box<dyn AsyncRead + Send + Unpin>, Writer);

impl Listener {
    async fn accept(&self) -> io::Result<Connection> {
        match self {
            Self::Tcp(listener) => {
                let (stream, _) = listener.accept().await?;
                // A script must not be held back by the system.
                stream.set_nodelay(true)?;
                let (reader, writer) = stream.into_split();
                Ok((Box::new(reader), Box::new(writer)))
            }
            Self::Unix(listener) => {
                let (stream, _) = listener.accept().await?;
                let (reader, writer) = stream.into_split();
                Ok((Box::new(reader), Box::new(writer)))
            }
        }
    }

    /// Reads each connection, for ever.
    async fn pump(self, shared: Arc<Shared>) {
        let mut streams = JoinSet::new();
        loop {
            match self.accept().await {
                Ok((reader, writer)) => {
                    let pump = Arc::clone(&shared).pump(BufReader::new(reader), Some(writer));
                    streams.spawn(pump);
                }
                // Such as too many open files: one of them may be closed soon.
                Err(_) => sleep(PERIOD).await,
            }
        }
    }
}

/// Listens on `address` (port 0: any free one) and reads every connection; returns where it listens.
pub(super) async fn listen_tcp(
    address: &str,
    shared: &Arc<Shared>,
    tasks: &mut JoinSet<()>,
) -> Result<SocketAddr, ObserveError> {
    let fail = |source| ObserveError {
        place: address.to_owned(),
        source,
    };
    let listener = TcpListener::bind(address).await.map_err(fail)?;
    let local = listener.local_addr().map_err(fail)?;
    tasks.spawn(Listener::Tcp(listener).pump(Arc::clone(shared)));
    Ok(local)
}

/// Listens on a Unix socket and reads every connection.
pub(super) fn listen_unix(
    path: &Path,
    shared: &Arc<Shared>,
    tasks: &mut JoinSet<()>,
) -> Result<(), ObserveError> {
    let listener = UnixListener::bind(path).map_err(|source| ObserveError {
        place: path.display().to_string(),
        source,
    })?;
    tasks.spawn(Listener::Unix(listener).pump(Arc::clone(shared)));
    Ok(())
}

/// Reads a file from its beginning and follows it as it grows; one that is not there yet is waited for.
pub(super) fn follow_file(path: &Path, shared: &Arc<Shared>, tasks: &mut JoinSet<()>) {
    let (sender, reader) = tokio::io::duplex(TAIL_BUFFER);
    tasks.spawn(Arc::clone(shared).pump(BufReader::new(reader), None));
    let (path, shared) = (path.to_owned(), Arc::clone(shared));
    tasks.spawn(async move {
        if let Err(error) = tail(&path, sender).await {
            shared.fail(unreadable(&path, &error));
        }
    });
}

async fn tail(path: &Path, mut sender: DuplexStream) -> io::Result<()> {
    let mut file = loop {
        match File::open(path).await {
            Err(error) if error.kind() == io::ErrorKind::NotFound => sleep(PERIOD).await,
            result => break result?,
        }
    };
    let mut buffer = vec![0; TAIL_BUFFER];
    loop {
        match file.read(&mut buffer).await? {
            0 => sleep(PERIOD).await,
            n => sender.write_all(&buffer[..n]).await?,
        }
    }
}

fn unreadable(path: &Path, error: &io::Error) -> BrokenLine {
    BrokenLine {
        line: 0,
        text: path.display().to_string(),
        why: format!("cannot read the file: {error}"),
    }
}
