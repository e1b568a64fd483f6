//! A process that outlives this one for as long as it takes to clean up after it.

use std::{
    io,
    process::{Child, Command, Stdio},
};

use std::os::unix::process::CommandExt;

use rustix::process::Pid;
use tempfile::TempDir;

/// Reads until this process is no more, however it ended; then ends the group `$1` and removes the folder `$2`.
/// A second is what a server gets to end in good order.
const SCRIPT: &str =
    r#"read -r _; kill -TERM "-$1"; sleep 1; kill -KILL "-$1"; [ -z "$2" ] || rm -rf -- "$2""#;

/// Ends a process group and removes its scratch folder should this process be killed. Dropped, it does nothing more.
#[derive(Debug)]
pub(super) struct Guard(Child);

impl Guard {
    /// Watches over `group`.
    pub(super) fn over(group: Pid, scratch: Option<&TempDir>) -> io::Result<Self> {
        let mut command = Command::new("/bin/sh");
        command
            .args(["-c", SCRIPT, "smtpspec-guard"])
            .arg(group.as_raw_nonzero().to_string())
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            // Ctrl-C is for us: we stop the server ourselves.
            .process_group(0);
        if let Some(scratch) = scratch {
            command.arg(scratch.path());
        } else {
            command.arg("");
        }
        command.spawn().map(Self)
    }
}

impl Drop for Guard {
    fn drop(&mut self) {
        // Before its standard input closes. It may be gone already.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}
