//! A client's TLS, without a socket: what came is fed in, what is to be written comes out. Certificates are not
//! verified: the suite speaks to servers under test, most of them on loopback, and sends them nothing secret.

use std::{
    io::{self, Read, Write},
    sync::{Arc, OnceLock},
};

use rustls::{
    ClientConfig, ClientConnection, DigitallySignedStruct, Error, IoState, SignatureScheme,
    client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier},
    crypto::{CryptoProvider, ring, verify_tls12_signature, verify_tls13_signature},
    pki_types::{CertificateDer, ServerName, UnixTime},
};
use smtpspec_core::transcript::Handshake;

/// A TLS session, or the handshake of one.
#[derive(Debug)]
pub(super) struct Tls {
    connection: ClientConnection,
    /// close_notify was sent: what is sent and received now is in clear.
    notified: bool,
}

/// What came out of what was fed in.
#[derive(Debug, Default)]
pub(super) struct Fed {
    /// Plaintext from inside TLS; behind a close_notify what came in clear.
    pub(super) plain: Vec<u8>,
    /// The server has ended its side by close_notify.
    pub(super) closed: bool,
    /// The TLS session is broken, and why.
    pub(super) broken: Option<String>,
}

impl Tls {
    /// A handshake with the server at an address. A server name needs no DNS name here: none is verified.
    pub(super) fn new(server: std::net::IpAddr) -> Result<Self, Error> {
        let mut connection =
            ClientConnection::new(config()?, ServerName::IpAddress(server.into()))?;
        // Limited by what a conversation sends at once.
        connection.set_buffer_limit(None);
        Ok(Self {
            connection,
            notified: false,
        })
    }

    /// Whether the handshake is still under way.
    pub(super) fn is_handshaking(&self) -> bool {
        self.connection.is_handshaking()
    }

    /// What is to be written.
    pub(super) fn outgoing(&mut self) -> Vec<u8> {
        let mut out = Vec::new();
        while self.connection.wants_write() {
            match self.connection.write_tls(&mut out) {
                Ok(1..) => {}
                // A Vec takes whatever is written to it; nothing more is no error.
                _ => break,
            }
        }
        out
    }

    /// `plain` as it goes over the wire.
    pub(super) fn seal(&mut self, plain: &[u8]) -> Vec<u8> {
        if self.notified {
            return plain.to_vec();
        }
        // The buffer has no limit, so that all is taken.
        let _ = self.connection.writer().write_all(plain);
        self.outgoing()
    }

    /// The close_notify. What is sealed behind it is in clear.
    pub(super) fn notify(&mut self) -> Vec<u8> {
        if self.notified {
            return Vec::new();
        }
        self.connection.send_close_notify();
        self.notified = true;
        self.outgoing()
    }

    /// Whether close_notify was sent.
    pub(super) fn is_notified(&self) -> bool {
        self.notified
    }

    /// Takes what came over the wire.
    pub(super) fn feed(&mut self, octets: &[u8]) -> Fed {
        let mut fed = Fed::default();
        if self.notified && !is_record(octets) {
            fed.plain.extend_from_slice(octets);
            return fed;
        }
        let mut rest = octets;
        while !rest.is_empty() && fed.broken.is_none() {
            let taken = self.connection.read_tls(&mut rest);
            let processed = self.connection.process_new_packets();
            self.take_plaintext(&mut fed.plain);
            fed.closed |= processed.as_ref().is_ok_and(IoState::peer_has_closed);
            fed.broken = match (taken, processed) {
                (_, Err(error)) => Some(error.to_string()),
                (Err(error), _) => Some(error.to_string()),
                // It has read close_notify and takes no more.
                (Ok(0), _) => break,
                (Ok(_), Ok(_)) => None,
            };
        }
        fed
    }

    fn take_plaintext(&mut self, plain: &mut Vec<u8>) {
        let mut chunk = [0; 4096];
        loop {
            match self.connection.reader().read(&mut chunk) {
                Ok(n @ 1..) => plain.extend_from_slice(&chunk[..n]),
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                _ => return,
            }
        }
    }

    /// That the handshake is done, with this version.
    pub(super) fn done(&self) -> Handshake {
        let version = self.connection.protocol_version();
        Handshake::Done(match version.and_then(|version| version.as_str()) {
            Some("TLSv1_2") => "TLSv1.2".to_owned(),
            Some("TLSv1_3") => "TLSv1.3".to_owned(),
            other => other.unwrap_or("TLS").to_owned(),
        })
    }
}

/// Whether octets are a TLS record (RFC 8446, 5.1) and no reply: none begins with a control character.
pub(super) const fn is_record(octets: &[u8]) -> bool {
    matches!(octets, [0x14..=0x17, 0x03, ..])
}

fn config() -> Result<Arc<ClientConfig>, Error> {
    static MADE: OnceLock<Result<Arc<ClientConfig>, Error>> = OnceLock::new();
    MADE.get_or_init(|| {
        let provider = Arc::new(ring::default_provider());
        let config = ClientConfig::builder_with_provider(Arc::clone(&provider))
            .with_safe_default_protocol_versions()?
            .dangerous()
            .with_custom_certificate_verifier(Arc::new(AnyCertificate(provider)))
            .with_no_client_auth();
        Ok(Arc::new(config))
    })
    .clone()
}

/// Takes any certificate, and a handshake that is signed with its key.
#[derive(Debug)]
struct AnyCertificate(Arc<CryptoProvider>);

impl ServerCertVerifier for AnyCertificate {
    fn verify_server_cert(
        &self,
        _: &CertificateDer<'_>,
        _: &[CertificateDer<'_>],
        _: &ServerName<'_>,
        _: &[u8],
        _: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        verify_tls12_signature(
            message,
            cert,
            signed,
            &self.0.signature_verification_algorithms,
        )
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        verify_tls13_signature(
            message,
            cert,
            signed,
            &self.0.signature_verification_algorithms,
        )
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.0.signature_verification_algorithms.supported_schemes()
    }
}
