//! One certificate for all servers of a run, made when it is first asked for. Nobody verifies it.

use std::sync::OnceLock;

use rcgen::generate_simple_self_signed;

/// Who it is for.
const NAMES: [&str; 2] = ["localhost", "mx.smtpspec.example"];

/// No certificate could be made.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("cannot make a certificate: {0}")]
pub struct CertificateError(String);

/// A self-signed certificate and its key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Certificate {
    /// As DER: what a server sends.
    pub der: Vec<u8>,
    /// As PEM.
    pub pem: String,
    /// The key as PKCS#8 DER.
    pub key_der: Vec<u8>,
    /// The key as PEM.
    pub key_pem: String,
}

impl Certificate {
    /// The one of this process.
    pub fn get() -> Result<&'static Self, CertificateError> {
        static MADE: OnceLock<Result<Certificate, CertificateError>> = OnceLock::new();
        MADE.get_or_init(make).as_ref().map_err(Clone::clone)
    }
}

fn make() -> Result<Certificate, CertificateError> {
    let made = generate_simple_self_signed(NAMES.map(str::to_owned).to_vec())
        .map_err(|error| CertificateError(error.to_string()))?;
    Ok(Certificate {
        der: made.cert.der().to_vec(),
        pem: made.cert.pem(),
        key_der: made.signing_key.serialize_der(),
        key_pem: made.signing_key.serialize_pem(),
    })
}
