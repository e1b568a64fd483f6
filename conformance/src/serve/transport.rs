//! What a session's octets go over: the socket, or TLS on it.

use std::{io, sync::Arc};

use rustls::{
    ServerConfig,
    crypto::ring,
    pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer},
};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};
use tokio_rustls::{TlsAcceptor, server::TlsStream};

use crate::certificate::Certificate;

/// A connection's two directions.
pub(super) enum Transport {
    Clear(TcpStream),
    Tls(Box<TlsStream<TcpStream>>),
}

impl Transport {
    /// Reads into the spare room of `buffer`.
    pub(super) async fn read(&mut self, buffer: &mut Vec<u8>) -> io::Result<usize> {
        match self {
            Self::Clear(stream) => stream.read_buf(buffer).await,
            Self::Tls(stream) => stream.read_buf(buffer).await,
        }
    }

    /// Writes what goes out at once; nothing where only waiting can tell.
    pub(super) fn try_write(&mut self, octets: &[u8]) -> io::Result<usize> {
        match self {
            Self::Clear(stream) => stream.try_write(octets),
            Self::Tls(_) => Ok(0),
        }
    }

    pub(super) async fn write_all(&mut self, octets: &[u8]) -> io::Result<()> {
        match self {
            Self::Clear(stream) => stream.write_all(octets).await,
            Self::Tls(stream) => {
                stream.write_all(octets).await?;
                stream.flush().await
            }
        }
    }

    /// Inside TLS, close_notify; then FIN.
    pub(super) async fn shut_down(&mut self) -> io::Result<()> {
        match self {
            Self::Clear(stream) => stream.shutdown().await,
            Self::Tls(stream) => stream.shutdown().await,
        }
    }

    /// Reads what comes over the wire until the client closes, whatever it is.
    pub(super) async fn drain(&mut self, buffer: &mut Vec<u8>) -> io::Result<()> {
        let socket = match self {
            Self::Clear(stream) => stream,
            Self::Tls(stream) => stream.get_mut().0,
        };
        loop {
            buffer.clear();
            if socket.read_buf(buffer).await? == 0 {
                return Ok(());
            }
        }
    }

    /// Whether it is TLS.
    pub(super) const fn is_tls(&self) -> bool {
        matches!(self, Self::Tls(_))
    }

    /// What is left when TLS is taken off.
    pub(super) fn in_clear(self) -> Self {
        match self {
            Self::Tls(stream) => Self::Clear(stream.into_inner().0),
            clear @ Self::Clear(_) => clear,
        }
    }
}

/// What does the handshakes of a server.
pub(super) fn acceptor() -> io::Result<TlsAcceptor> {
    let certificate = Certificate::get().map_err(io::Error::other)?;
    let chain = vec![CertificateDer::from(certificate.der.clone())];
    let key = PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(certificate.key_der.clone()));
    let config = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .and_then(|builder| builder.with_no_client_auth().with_single_cert(chain, key))
        .map_err(io::Error::other)?;
    Ok(TlsAcceptor::from(Arc::new(config)))
}
