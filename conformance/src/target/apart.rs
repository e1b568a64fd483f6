//! The embedded server in a process of its own: `smtpspec serve`, whose standard output is its event stream.

use std::path::Path;

use smtpspec_core::{conversation::TlsMode, receiver::Defects};
use tokio::process::Command;

use super::{EMBEDDED, Running, StartOptions, TargetError, child::ChildProcess, ports::free_port};
use crate::observe::{EventsSpec, Observer};

/// Starts `program serve` with `defects` planted in it.
pub(super) async fn start(
    program: &Path,
    defects: &Defects,
    options: &StartOptions,
) -> Result<Running, TargetError> {
    let fail = |source| TargetError::Start {
        what: format!("the embedded server as `{} serve`", program.display()),
        source,
    };
    let server = free_port().map_err(fail)?;
    // Nobody connects to it: an observer has to listen somewhere.
    let observer = Observer::open(&EventsSpec::Tcp("127.0.0.1:0".to_owned())).await?;
    let mut command = Command::new(program);
    command
        .args(["serve", "--format", "json", "--listen"])
        .arg(server.to_string())
        .arg("--idle")
        .arg(humantime::format_duration(options.idle).to_string());
    if options.tls == TlsMode::Implicit {
        command.arg("--implicit-tls");
    }
    if options.protocol.is_lmtp() {
        command.arg("--lmtp");
    }
    for defect in defects.iter() {
        command.args(["--defect", defect.name()]);
    }
    let child = ChildProcess::spawn(command, &observer, None).map_err(fail)?;
    Running::watch(EMBEDDED, server, Some(observer), Some(child), options).await
}
