//! Accepts connections and gives each a session; ends them all in good order.

use std::{future::pending, io, net::SocketAddr, sync::Arc};

use smtpspec_core::receiver::{Config, Receiver};
use tokio::{
    net::{TcpListener, TcpSocket, TcpStream},
    sync::{OwnedSemaphorePermit, Semaphore, watch},
    task::{JoinHandle, JoinSet},
    time::{Duration, sleep, timeout},
};

use tokio_rustls::TlsAcceptor;

use super::{Hooks, ServeOptions, reuses_session_ids, session::Session, transport::acceptor};

/// Clients that wait to be accepted.
const BACKLOG: u32 = 1024;

/// A running reference server. Dropped, it shuts down by itself.
#[derive(Debug)]
pub struct Server {
    address: SocketAddr,
    stop: watch::Sender<bool>,
    dead: watch::Receiver<bool>,
    accepting: JoinHandle<()>,
}

impl Server {
    /// Starts a server on `listen` (port 0: any free one). Must be called inside a tokio runtime.
    pub fn start(
        listen: SocketAddr,
        config: Config,
        options: ServeOptions,
        hooks: Hooks,
    ) -> io::Result<Self> {
        let listener = listen_on(listen)?;
        let address = listener.local_addr()?;
        let (stop, stopped) = watch::channel(false);
        let (dying, dead) = watch::channel(false);
        let acceptor = Acceptor {
            listener,
            address,
            same_id: reuses_session_ids(&config),
            config: Arc::new(config),
            tls: acceptor()?,
            permits: Arc::new(Semaphore::new(options.max_sessions)),
            options: Arc::new(options),
            hooks,
            stopped,
            dead: dying,
            sessions: JoinSet::new(),
            count: 0,
        };
        Ok(Self {
            address,
            stop,
            dead,
            accepting: tokio::spawn(acceptor.run()),
        })
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Waits until a planted defect has ended the server.
    pub async fn died(&self) {
        let mut dead = self.dead.clone();
        if dead.wait_for(|dead| *dead).await.is_err() {
            // It has shut down in good order.
            pending::<()>().await;
        }
    }

    /// Whether a planted defect has ended the server.
    pub fn has_died(&self) -> bool {
        *self.dead.borrow()
    }

    /// Tells every session 421 and waits until they have ended.
    pub async fn shut_down(self) {
        self.stop.send_replace(true);
        // The task cannot be cancelled by anybody else, and a panic in it has ended the sessions as well.
        let _ = self.accepting.await;
    }
}

fn listen_on(address: SocketAddr) -> io::Result<TcpListener> {
    let socket = match address {
        SocketAddr::V4(_) => TcpSocket::new_v4(),
        SocketAddr::V6(_) => TcpSocket::new_v6(),
    }?;
    socket.set_reuseaddr(true)?;
    socket.bind(address)?;
    socket.listen(BACKLOG)
}

struct Acceptor {
    listener: TcpListener,
    address: SocketAddr,
    config: Arc<Config>,
    options: Arc<ServeOptions>,
    hooks: Hooks,
    tls: TlsAcceptor,
    permits: Arc<Semaphore>,
    stopped: watch::Receiver<bool>,
    dead: watch::Sender<bool>,
    sessions: JoinSet<()>,
    count: u64,
    same_id: bool,
}

impl Acceptor {
    async fn run(mut self) {
        let mut stopped = self.stopped.clone();
        let mut dead = self.dead.subscribe();
        loop {
            tokio::select! {
                () = stopping(&mut stopped) => break,
                // All sessions end with this task.
                () = dying(&mut dead) => return,
                Some(_) = self.sessions.join_next() => {}
                accepted = accept(&self.listener, &self.permits) => match accepted {
                    Ok((stream, peer, permit)) => self.serve(stream, peer, permit),
                    // Such as too many open files: a session may end soon.
                    Err(_) => sleep(Duration::from_millis(10)).await,
                },
            }
        }
        let all = async { while self.sessions.join_next().await.is_some() {} };
        // Sessions that are left are cut off with the set.
        let _ = timeout(self.options.shutdown, all).await;
    }

    fn serve(&mut self, stream: TcpStream, peer: SocketAddr, permit: OwnedSemaphorePermit) {
        self.count += 1;
        let number = if self.same_id { 1 } else { self.count };
        // Only one that listens on all addresses has to ask which it was. A client that has left already had a
        // connection all the same: its events fire.
        let asked = self.address.ip().is_unspecified();
        let local = asked.then(|| stream.local_addr().ok()).flatten();
        let local = local.unwrap_or(self.address);
        let agents = self.hooks.agents(format!("s{number}"), peer);
        let mut receiver = Receiver::new(Arc::clone(&self.config), agents, local, peer);
        if self.options.implicit_tls {
            receiver = receiver.behind_tls();
        }
        let session = Session::new(
            stream,
            self.tls.clone(),
            receiver,
            Arc::clone(&self.options),
            self.stopped.clone(),
            self.dead.clone(),
        );
        self.sessions.spawn(async move {
            session.run().await;
            drop(permit);
        });
    }
}

async fn accept(
    listener: &TcpListener,
    permits: &Arc<Semaphore>,
) -> io::Result<(TcpStream, SocketAddr, OwnedSemaphorePermit)> {
    let permit = Arc::clone(permits).acquire_owned().await;
    let permit = permit.map_err(io::Error::other)?;
    let (stream, peer) = listener.accept().await?;
    // A reply in several writes must not be held back by the system. Fails only for a client that has left.
    let _ = stream.set_nodelay(true);
    Ok((stream, peer, permit))
}

/// Waits until a planted defect ends the server.
async fn dying(dead: &mut watch::Receiver<bool>) {
    // The acceptor holds a sender: the channel does not close while this waits.
    let _ = dead.wait_for(|dead| *dead).await;
}

/// Waits until the server shuts down.
pub(super) async fn stopping(stopped: &mut watch::Receiver<bool>) {
    // An error means that the server's handle was dropped, which is to shut it down as well.
    let _ = stopped.wait_for(|stop| *stop).await;
}
