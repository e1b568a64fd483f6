//! A message of 100 MB passes through driver, checker and reference server in little memory. Slow, and Linux only: how
//! much a process had at most is asked of the system.
#![cfg(target_os = "linux")]

use std::{
    fs,
    mem::MaybeUninit,
    os::unix::process::ExitStatusExt,
    path::Path,
    process::{Child, Command, ExitStatus},
    thread,
    time::{Duration, Instant},
};

use assert_cmd::cargo::cargo_bin;

/// 78 octets with its CRLF.
const LINE: &str = "Seventy-six octets of text, which is what most mail user agents send in a line";
const OCTETS: u64 = 100_000_000;
/// What the whole process may need at most, in KiB.
const MOST: u64 = 64 << 10;

fn conversation(reply: u32) -> String {
    let line = &LINE[..76];
    let times = OCTETS.div_ceil(78);
    format!(
        "%title A hundred megabytes\nEHLO client.example.org\nMAIL FROM:<a@example.org>\n\
         RCPT TO:<b@example.org>\nDATA\n%expect 354\nSubject: large\n\n\
         %repeat {times} \"{line}\\r\\n\"\n.\n%expect {reply}\nQUIT\n%expect 221\n"
    )
}

/// The most memory that a living process has had, in KiB.
fn peak(pid: u32) -> Option<u64> {
    let status = fs::read_to_string(format!("/proc/{pid}/status")).ok()?;
    let line = status
        .lines()
        .find_map(|line| line.strip_prefix("VmHWM:"))?;
    line.trim().strip_suffix(" kB")?.parse().ok()
}

/// Waits for the child's end, for two minutes at most: how it ended, and its peak in KiB.
fn wait(child: &mut Child) -> (ExitStatus, u64) {
    let pid = child.id().cast_signed();
    let start = Instant::now();
    let (mut status, mut usage) = (0, MaybeUninit::<libc::rusage>::zeroed());
    while start.elapsed() < Duration::from_mins(2) {
        // SAFETY: both pointers are to values of this frame, and zeros are a valid `rusage`.
        let ended = unsafe { libc::wait4(pid, &raw mut status, libc::WNOHANG, usage.as_mut_ptr()) };
        if ended == pid {
            // SAFETY: zeros at least.
            let usage = unsafe { usage.assume_init() };
            return (
                ExitStatus::from_raw(status),
                usage.ru_maxrss.cast_unsigned(),
            );
        }
        thread::sleep(Duration::from_millis(1));
    }
    child.kill().unwrap();
    panic!("it goes on after two minutes");
}

/// Runs the command to its end, within the limit; what it printed, through a file in `dir`, which never fills up.
#[track_caller]
fn run(dir: &Path, name: &str, args: &[&str]) -> String {
    let printed = dir.join(name);
    let mut command = Command::new(cargo_bin("smtpspec"));
    command
        .args(args)
        .stdout(fs::File::create(&printed).unwrap());
    let (status, peak) = wait(&mut command.spawn().unwrap());
    within(name, peak);
    let out = fs::read_to_string(printed).unwrap();
    assert_eq!(status.code(), Some(0), "{name}: {out}");
    out
}

#[track_caller]
fn within(name: &str, peak: u64) {
    println!("{name}: peak memory {peak} KiB");
    assert!(
        (1..MOST).contains(&peak),
        "{name} had {peak} KiB, not below {MOST}"
    );
}

/// Plays the conversation with the options, and judges what was saved once more.
fn play(dir: &Path, reply: u32, options: &[&str]) -> String {
    let (file, out) = (dir.join("large.smtp"), dir.join("out"));
    fs::write(&file, conversation(reply)).unwrap();
    let [file, out] = [&file, &out].map(|path| path.to_str().unwrap());
    let ladder = run(
        dir,
        "replay",
        &[&["replay", file, "--out", out], options].concat(),
    );
    assert!(!ladder.contains("the conversation expected"), "{ladder}");
    assert!(
        ladder.contains("1282052 times (100000056 octets)"),
        "{ladder}"
    );
    let transcript = Path::new(out).join("transcript.jsonl");
    assert!(transcript.metadata().unwrap().len() < 10_000);
    run(dir, "check", &["check", transcript.to_str().unwrap()]);
    ladder
}

#[test]
#[ignore = "takes seconds"]
fn a_body_of_100_mb_beyond_the_servers_limit_stays_under_64_mib() {
    let dir = tempfile::tempdir().unwrap();
    let ladder = play(dir.path(), 552, &[]);
    assert!(ladder.contains("OnReject(552"), "{ladder}");
}

/// Ended when dropped.
struct Served(Child);

impl Drop for Served {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

#[test]
#[ignore = "takes seconds"]
fn a_body_of_100_mb_that_is_taken_stays_under_64_mib_with_its_digest_checked() {
    let dir = tempfile::tempdir().unwrap();
    let events = dir.path().join("events");
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap().to_string();
    drop(listener);
    let mut served = Served(
        Command::new(cargo_bin("smtpspec"))
            .args(["serve", "--listen", &address, "--format", "json"])
            .args(["--max-message-size", "200000000"])
            .stdout(fs::File::create(&events).unwrap())
            .spawn()
            .unwrap(),
    );
    let spec = format!("file:{}", events.display());
    let ladder = play(dir.path(), 250, &["--connect", &address, "--events", &spec]);
    assert!(ladder.contains("OnEndOfData(100000074 octets)"), "{ladder}");
    assert_eq!(served.0.try_wait().unwrap(), None);
    within("serve", peak(served.0.id()).unwrap());
}
