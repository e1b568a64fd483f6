//! Servers under test: how to find, start, watch and stop one.

mod adapter;
mod apart;
mod child;
mod error;
mod guard;
mod ports;
mod probe;
mod running;
mod setting;
mod stage;
mod usage;

pub use adapter::{About, Adapter, OffersTls};
pub use error::TargetError;
pub use running::Running;
pub use setting::{Setting, SettingError};
pub use stage::{Scripts, Stage};
pub use usage::Usage;

use std::{env, net::SocketAddr, path::PathBuf, time::Duration};

use smtpspec_core::{
    conversation::TlsMode,
    receiver::{Config, Defects},
    wire::Protocol,
};
use tokio::net::lookup_host;

use crate::observe::EventsSpec;

/// The name of the built-in target.
const EMBEDDED: &str = "embedded";

/// A server under test that is not started yet.
#[derive(Debug, Clone)]
pub enum Target {
    /// The reference server, in this process.
    Embedded(Box<Config>),
    /// The reference server in a process of its own, so that what it holds can be told from what its clients hold.
    /// It takes no handler scripts.
    Apart {
        /// The command `smtpspec`.
        program: PathBuf,
        /// What is planted in it.
        defects: Defects,
    },
    /// A server that is running already.
    Connect {
        /// `HOST:PORT`.
        address: String,
        /// Where its events come from; without it only the wire is observed.
        events: Option<EventsSpec>,
    },
    /// A third-party server, started by an adapter.
    Adapter(Box<Adapter>),
}

/// How to start a target.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StartOptions {
    /// Whether a server beyond the loopback interface may be talked to. Default no.
    pub allow_remote: bool,
    /// After how much silence the embedded server, and an adapter's server where it can be told, drops a client.
    /// Default 1 s, so that conversations about silence are quick.
    pub idle: Duration,
    /// For the server to accept connections and its adapter to say hello. Default 20 s.
    pub start: Duration,
    /// The command `smtpspec`, for adapters that observe their server with it. Default: the variable
    /// `SMTPSPEC_PROGRAM`, else the running program, if it is called so.
    pub program: Option<PathBuf>,
    /// Which TLS the server is to offer: an adapter's server offers none unless it is asked to; the embedded one always
    /// has STARTTLS. Default none.
    pub tls: TlsMode,
    /// What the server is to speak. Default SMTP; the embedded one then speaks LMTP too, at another address.
    pub protocol: Protocol,
}

impl Default for StartOptions {
    fn default() -> Self {
        Self {
            allow_remote: false,
            idle: Duration::from_secs(1),
            start: Duration::from_secs(20),
            program: own_program(),
            tls: TlsMode::None,
            protocol: Protocol::Smtp,
        }
    }
}

/// The command `smtpspec`, where it can be named.
fn own_program() -> Option<PathBuf> {
    if let Some(named) = env::var_os("SMTPSPEC_PROGRAM") {
        return Some(named.into());
    }
    let running = env::current_exe().ok()?;
    let name = running.file_stem()?;
    (name == env!("CARGO_PKG_NAME")).then_some(running)
}

impl Target {
    /// The target of this name: `embedded` (without defects), or an adapter, with `@VERSION` for another version of
    /// its server than the usual one.
    pub fn named(name: &str) -> Result<Self, TargetError> {
        if name == EMBEDDED {
            return Ok(Self::Embedded(Box::default()));
        }
        let (plain, version) = match name.split_once('@') {
            Some((plain, version)) => (plain, Some(version)),
            None => (name, None),
        };
        if adapter::list().iter().any(|adapter| adapter == plain) {
            let folder = adapter::folder().join(plain);
            return Ok(Self::Adapter(Box::new(Adapter::in_folder(
                &folder, version,
            )?)));
        }
        Err(TargetError::Unknown {
            name: name.to_owned(),
            known: known(),
        })
    }

    /// The same, with the server set so.
    ///
    /// # Errors
    /// When it cannot be set so: only adapters have settings, each its own.
    pub fn with_settings(self, settings: &[Setting]) -> Result<Self, TargetError> {
        match (self, settings) {
            (target, []) => Ok(target),
            (Self::Adapter(adapter), _) => {
                let set = adapter.with_settings(settings)?;
                Ok(Self::Adapter(Box::new(set)))
            }
            (other, [first, ..]) => Err(TargetError::UnknownSetting {
                target: other.name(),
                setting: first.name().to_owned(),
                known: Vec::new(),
            }),
        }
    }

    /// Its name, as a transcript shows it.
    pub fn name(&self) -> String {
        match self {
            Self::Embedded(_) | Self::Apart { .. } => EMBEDDED.to_owned(),
            Self::Connect { address, .. } => address.clone(),
            Self::Adapter(adapter) => adapter.name(),
        }
    }

    /// Whether it can be started so that it offers TLS in this way; of a server that runs already nobody knows.
    pub fn offers(&self, mode: TlsMode) -> bool {
        match self {
            Self::Adapter(adapter) => adapter.lacks(mode).is_none(),
            _ => true,
        }
    }

    /// Starts it, or finds it, and waits until it accepts connections and its adapter has said hello.
    pub async fn start(&self, options: &StartOptions) -> Result<Running, TargetError> {
        let running = match self {
            Self::Embedded(config) => Running::embedded(config, options)?,
            Self::Apart { program, defects } => apart::start(program, defects, options).await?,
            Self::Connect { address, events } => {
                let server = resolve(address, options.allow_remote).await?;
                Running::connect(address, server, events.as_ref(), options).await?
            }
            Self::Adapter(adapter) => adapter.start(options).await?,
        };
        Ok(running.started(self, options))
    }
}

/// The names that [`Target::named`] takes.
pub fn known() -> Vec<String> {
    let mut names = vec![EMBEDDED.to_owned()];
    names.extend(adapter::list());
    names
}

async fn resolve(text: &str, allow_remote: bool) -> Result<SocketAddr, TargetError> {
    let fail = |source| TargetError::Address {
        text: text.to_owned(),
        source,
    };
    let mut addresses = lookup_host(text).await.map_err(fail)?;
    let address = addresses.next();
    let address = address.ok_or_else(|| fail(std::io::ErrorKind::NotFound.into()))?;
    if address.ip().is_loopback() || allow_remote {
        Ok(address)
    } else {
        Err(TargetError::Remote { address })
    }
}
