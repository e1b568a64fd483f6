//! Third-party servers: a folder for each, whose `run.sh` starts the server and lets it speak of its events.
//!
//! What an adapter gets and owes is told in `conformance/adapters/README.md`.

use std::{
    env, io,
    net::{Ipv4Addr, SocketAddr, TcpListener},
    path::{Path, PathBuf},
};

use tokio::process::Command;

use super::{Running, StartOptions, TargetError, child::ChildProcess};
use crate::observe::{EventsSpec, Observer};

/// Where the adapters are.
pub(super) fn folder() -> PathBuf {
    let named = env::var_os("SMTPSPEC_ADAPTERS").map(PathBuf::from);
    named.unwrap_or_else(|| Path::new(env!("CARGO_MANIFEST_DIR")).join("adapters"))
}

/// The adapters' names, sorted.
pub(super) fn list() -> Vec<String> {
    // Without the folder there are no adapters.
    let entries = std::fs::read_dir(folder()).into_iter().flatten().flatten();
    let adapters = entries.filter(|entry| entry.path().join("run.sh").is_file());
    let names = adapters.filter_map(|entry| entry.file_name().into_string().ok());
    let mut names: Vec<_> = names.collect();
    names.sort();
    names
}

/// Starts the adapter in `folder` and its server.
pub(super) async fn start(
    name: &str,
    folder: &Path,
    options: &StartOptions,
) -> Result<Running, TargetError> {
    let install = folder.join("install.sh");
    if install.exists() && !folder.join(".installed").exists() {
        return Err(TargetError::NotInstalled {
            name: name.to_owned(),
            script: install,
        });
    }
    let fail = |source| TargetError::Start {
        what: format!("adapter `{name}` ({})", folder.join("run.sh").display()),
        source,
    };
    let server = free_port().map_err(fail)?;
    let observer = Observer::open(&EventsSpec::Tcp("127.0.0.1:0".to_owned())).await?;
    let mut command = Command::new(folder.join("run.sh"));
    command
        .current_dir(folder)
        .env("SMTPSPEC_LISTEN", server.to_string())
        .env("SMTPSPEC_IDLE_MS", options.idle.as_millis().to_string());
    if let Some(address) = observer.address() {
        command.env("SMTPSPEC_EVENTS", address.to_string());
    }
    let child = ChildProcess::spawn(command, &observer).map_err(fail)?;
    Running::watch(name, server, Some(observer), Some(child), options).await
}

/// A port that nobody listens on at this moment.
pub(super) fn free_port() -> io::Result<SocketAddr> {
    TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?.local_addr()
}
