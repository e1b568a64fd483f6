//! From a server's address to a client that knows its own port and is not connected yet.

use std::{
    io,
    net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, UdpSocket},
    sync::atomic::{AtomicU32, Ordering::Relaxed},
    time::{Duration, Instant},
};

use smtpspec_core::{
    conversation::Conversation,
    transcript::{ServerEnd, What},
};
use tokio::{
    net::TcpSocket,
    sync::OwnedSemaphorePermit,
    time::{sleep, timeout},
};

use super::{Limits, Turn, client::Client};
use crate::record::Log;

/// Why a conversation could not begin.
#[derive(Debug, thiserror::Error)]
pub enum DriveError {
    /// No local port could be had.
    #[error("cannot bind a local port to reach {server}: {source}")]
    Bind {
        /// The server's address.
        server: SocketAddr,
        /// Why.
        source: io::Error,
    },
    /// The server did not take the connection.
    #[error("cannot connect to {server}: {source}")]
    Connect {
        /// The server's address.
        server: SocketAddr,
        /// Why.
        source: io::Error,
    },
}

/// A client with a port of its own, not connected yet.
#[derive(Debug)]
pub struct Bound {
    socket: TcpSocket,
    client: SocketAddr,
    server: SocketAddr,
    limits: Limits,
    arriving: Option<OwnedSemaphorePermit>,
    turn: Option<Turn>,
}

/// Takes a local port from which `server` can be reached.
pub async fn bind(server: SocketAddr, limits: &Limits) -> Result<Bound, DriveError> {
    let fail = |source| DriveError::Bind { server, source };
    let local = SocketAddr::new(source_address(server).map_err(fail)?, 0);
    let socket = bind_patiently(local, limits).await.map_err(fail)?;
    socket.set_nodelay(true).map_err(fail)?;
    let client = socket.local_addr().map_err(fail)?;
    let limits = limits.clone();
    Ok(Bound {
        socket,
        client,
        server,
        limits,
        arriving: None,
        turn: None,
    })
}

impl Bound {
    /// The client's own address: what the server will see as its peer.
    pub fn client(&self) -> SocketAddr {
        self.client
    }

    /// Holds `permit` from the connection until the server's first octet, or until the end.
    #[must_use]
    pub fn arriving(mut self, permit: Option<OwnedSemaphorePermit>) -> Self {
        self.arriving = permit;
        self
    }

    /// Gives up its place in `turn` as soon as it only waits, and at the latest at the end.
    #[must_use]
    pub fn in_turn(mut self, turn: Turn) -> Self {
        self.turn = Some(turn);
        self
    }

    /// Connects and plays `conversation` to its end.
    pub async fn play(self, conversation: &Conversation, log: &Log) -> Result<(), DriveError> {
        let server = self.server;
        let fail = |source| DriveError::Connect { server, source };
        let connected = timeout(self.limits.connect, self.socket.connect(server))
            .await
            .unwrap_or_else(|_| Err(io::ErrorKind::TimedOut.into()));
        let stream = match connected {
            // A connection that is refused is none; this one was there, and the server has reset it already.
            Err(error) if is_reset(&error) => {
                log.push(What::Server(ServerEnd::Reset));
                return Ok(());
            }
            connected => connected.map_err(fail)?,
        };
        let protocol = conversation.protocol;
        Client::new(
            stream,
            log,
            &self.limits,
            self.arriving,
            self.turn,
            protocol,
        )
        .play(conversation)
        .await;
        Ok(())
    }
}

/// Whether a connection was there and is gone: by RST, or by RST behind FIN.
fn is_reset(error: &io::Error) -> bool {
    use io::ErrorKind::{BrokenPipe, ConnectionReset};
    matches!(error.kind(), ConnectionReset | BrokenPipe)
}

/// The address that the system would speak to `server` from. Connecting a datagram socket asks the routing
/// table and sends nothing.
fn source_address(server: SocketAddr) -> io::Result<IpAddr> {
    let any = match server {
        SocketAddr::V4(_) => IpAddr::V4(Ipv4Addr::UNSPECIFIED),
        SocketAddr::V6(_) => IpAddr::V6(Ipv6Addr::UNSPECIFIED),
    };
    let socket = UdpSocket::bind((any, 0))?;
    socket.connect(server)?;
    Ok(socket.local_addr()?.ip())
}

/// Binds; when every port is taken (those of ended sessions stay so for a minute), takes one of another of the
/// loopback addresses, `sources` in all, and when there is none there either, waits for one.
async fn bind_patiently(local: SocketAddr, limits: &Limits) -> io::Result<TcpSocket> {
    let give_up = Instant::now() + limits.connect;
    let mut tried = 0;
    loop {
        match bind_once(further(local, limits.sources)) {
            Err(error) if error.kind() == io::ErrorKind::AddrInUse && tried < limits.sources => {
                FULL.fetch_add(1, Relaxed);
                tried += 1;
            }
            Err(error) if error.kind() == io::ErrorKind::AddrInUse && Instant::now() < give_up => {
                sleep(Duration::from_millis(50)).await;
            }
            result => return result,
        }
    }
}

/// How often the ports of an address were all taken.
static FULL: AtomicU32 = AtomicU32::new(0);

/// The loopback address whose turn it is, if there are several to choose from.
fn further(local: SocketAddr, sources: u32) -> SocketAddr {
    match local {
        SocketAddr::V4(address) if address.ip().is_loopback() && sources > 1 => {
            let ip = address.ip().to_bits() + FULL.load(Relaxed) % sources;
            SocketAddr::from((Ipv4Addr::from_bits(ip), address.port()))
        }
        other => other,
    }
}

fn bind_once(local: SocketAddr) -> io::Result<TcpSocket> {
    let socket = match local {
        SocketAddr::V4(_) => TcpSocket::new_v4(),
        SocketAddr::V6(_) => TcpSocket::new_v6(),
    }?;
    socket.bind(local).map(|()| socket)
}

#[cfg(test)]
mod tests {
    use pretty_assertions::assert_eq;

    use super::*;

    #[test]
    fn only_a_loopback_address_has_others_beside_it() {
        let local = SocketAddr::from(([127, 0, 0, 1], 0));
        let turns = (0..3).map(|_| {
            let IpAddr::V4(ip) = further(local, 3).ip() else {
                panic!("another family");
            };
            FULL.fetch_add(1, Relaxed);
            ip.octets()[3]
        });
        let mut turns: Vec<_> = turns.collect();
        turns.sort_unstable();
        assert_eq!(turns, [1, 2, 3]);
        assert_eq!(further(local, 1), local);
        let remote = SocketAddr::from(([192, 0, 2, 1], 0));
        assert_eq!(further(remote, 3), remote);
    }
}
