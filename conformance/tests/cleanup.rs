//! A server that smtpspec has started is stopped, and its scratch folder removed, however smtpspec itself ends; and it ends
//! when it is told to.

use std::{
    fs,
    io::{BufRead, BufReader, Read, Write},
    net::TcpStream,
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    thread::sleep,
    time::{Duration, Instant},
};

use rustix::process::{Pid, Signal, kill_process, test_kill_process};

/// For a server to start, or to be gone.
const LIMIT: Duration = Duration::from_secs(10);

/// What `run.sh` is to do once it has told its process id and its scratch folder.
fn adapters(then: &str) -> tempfile::TempDir {
    let dir = tempfile::tempdir().unwrap();
    let folder = dir.path().join("postal");
    fs::create_dir(&folder).unwrap();
    let run = folder.join("run.sh");
    let told = "echo $$ > ../pid.part; echo $SMTPSPEC_DIR > ../dir; mv ../pid.part ../pid; touch $SMTPSPEC_DIR/queue";
    fs::write(&run, format!("#!/bin/sh\n{told}\n{then}\n")).unwrap();
    fs::set_permissions(&run, fs::Permissions::from_mode(0o755)).unwrap();
    dir
}

fn start(adapters: &Path, arguments: &[&str]) -> Child {
    Command::new(env!("CARGO_BIN_EXE_smtpspec"))
        .args(["run", "--target", "postal"])
        .args(arguments)
        .env("SMTPSPEC_ADAPTERS", adapters)
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap()
}

fn wait_for<T>(what: &str, mut look: impl FnMut() -> Option<T>) -> T {
    let give_up = Instant::now() + LIMIT;
    loop {
        if let Some(found) = look() {
            return found;
        }
        assert!(Instant::now() < give_up, "waited in vain for {what}");
        sleep(Duration::from_millis(10));
    }
}

/// The server's process and its scratch folder.
fn told(adapters: &Path) -> (Pid, PathBuf) {
    let read = |name| fs::read_to_string(adapters.join(name)).ok();
    let pid = wait_for("the server's start", || read("pid"));
    let pid = pid.trim().parse().ok().and_then(Pid::from_raw).unwrap();
    (pid, read("dir").unwrap().trim().into())
}

fn pid(child: &Child) -> Pid {
    Pid::from_child(child)
}

/// Whether the process has ended. Whoever inherits it may never ask how.
fn has_ended(process: Pid) -> bool {
    let stat = fs::read_to_string(format!("/proc/{}/stat", process.as_raw_nonzero()));
    let is_zombie = stat.is_ok_and(|stat| stat.contains(") Z "));
    is_zombie || test_kill_process(process).is_err()
}

fn gone((server, scratch): &(Pid, PathBuf)) {
    wait_for("the server's end", || has_ended(*server).then_some(()));
    wait_for("the scratch folder to be removed", || {
        (!scratch.exists()).then_some(())
    });
}

const SERVE: &str = concat!(
    "exec ",
    env!("CARGO_BIN_EXE_smtpspec"),
    " serve --format json --listen $SMTPSPEC_LISTEN"
);
/// A server that is deaf to SIGTERM and never says hello.
const DEAF: &str = "trap '' TERM; while :; do sleep 1; done";

#[test]
fn after_a_run() {
    let adapters = adapters(SERVE);
    let mut run = start(adapters.path(), &["--case", "seed/*"]);
    let server = told(adapters.path());
    assert!(run.wait().unwrap().success());
    gone(&server);
}

#[test]
fn after_an_interrupt_in_the_run() {
    let adapters = adapters(SERVE);
    let mut run = start(adapters.path(), &["--jobs", "1"]);
    let server = told(adapters.path());
    sleep(Duration::from_millis(500));
    kill_process(pid(&run), Signal::INT).unwrap();
    assert_eq!(run.wait().unwrap().code(), Some(2));
    gone(&server);
}

#[test]
fn after_an_interrupt_while_the_server_starts() {
    let adapters = adapters(DEAF);
    let mut run = start(adapters.path(), &[]);
    let server = told(adapters.path());
    kill_process(pid(&run), Signal::INT).unwrap();
    run.wait().unwrap();
    gone(&server);
}

#[test]
fn when_smtpspec_is_killed() {
    for server in [SERVE, DEAF] {
        let adapters = adapters(server);
        let mut run = start(adapters.path(), &["--jobs", "1"]);
        let server = told(adapters.path());
        kill_process(pid(&run), Signal::KILL).unwrap();
        run.wait().unwrap();
        gone(&server);
    }
}

/// Events fill the pipe and the server's own room for them, so that it waits for its reader.
#[test]
fn serve_ends_at_ctrl_c_also_where_nobody_reads_its_events() {
    let mut serve = Command::new(env!("CARGO_BIN_EXE_smtpspec"))
        .args(["serve", "--listen", "127.0.0.1:0"])
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let mut first = String::new();
    let mut events = BufReader::with_capacity(1024, serve.stdout.take().unwrap());
    events.read_line(&mut first).unwrap();
    let address = first
        .split(" on ")
        .nth(1)
        .and_then(|rest| rest.split(';').next());
    let mut client = TcpStream::connect(address.unwrap()).unwrap();
    let patience = Some(Duration::from_secs(2));
    client.set_read_timeout(patience).unwrap();
    client.set_write_timeout(patience).unwrap();
    client.write_all(b"EHLO client.example.org\r\n").unwrap();
    let mut replies = [0; 4096];
    while client.write_all(&b"NOOP x\r\n".repeat(100)).is_ok() && client.read(&mut replies).is_ok()
    {
    }
    kill_process(pid(&serve), Signal::INT).unwrap();
    let give_up = Instant::now() + 2 * LIMIT;
    while serve.try_wait().unwrap().is_none() {
        if Instant::now() > give_up {
            serve.kill().unwrap();
            panic!("it goes on");
        }
        sleep(Duration::from_millis(50));
    }
    drop(events);
}
