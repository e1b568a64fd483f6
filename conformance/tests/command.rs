//! The command as a user meets it: what it prints, its exit codes, and what it says of bad input.

use std::{
    fs,
    io::{BufRead, BufReader, Read, Write},
    net::{TcpListener, TcpStream},
    path::PathBuf,
    process::{Child, Command, Stdio},
    thread,
    time::{Duration, Instant},
};

use assert_cmd::cargo::cargo_bin;

struct Ran {
    code: i32,
    out: String,
    err: String,
}

fn smtpspec(args: &[&str]) -> Ran {
    let output = Command::new(cargo_bin("smtpspec"))
        .args(args)
        .output()
        .unwrap();
    Ran {
        code: output.status.code().unwrap(),
        out: String::from_utf8(output.stdout).unwrap(),
        err: String::from_utf8(output.stderr).unwrap(),
    }
}

#[track_caller]
fn refused(args: &[&str], says: &[&str]) {
    let ran = smtpspec(args);
    assert_eq!(ran.code, 2, "{args:?}\n{}{}", ran.out, ran.err);
    for text in says {
        assert!(
            ran.err.contains(text),
            "{args:?} should say {text:?}, says: {}",
            ran.err
        );
    }
    assert!(!ran.err.contains("panicked"), "{}", ran.err);
}

fn scratch(name: &str, content: &[u8]) -> (tempfile::TempDir, PathBuf) {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join(name);
    fs::write(&path, content).unwrap();
    (dir, path)
}

#[test]
fn the_seed_replayed_shows_each_event_beside_its_line() {
    let ran = smtpspec(&["replay", "seed/as-meant"]);
    assert_eq!(ran.code, 0, "{}{}", ran.out, ran.err);
    let mut rest = ran.out.as_str();
    for shown in [
        "OnConnect",
        "S: 220",
        "C: ehlo console",
        "OnEhloCommand(console)",
        "C: mail from: sender@contoso.com",
        "OnMailCommand(sender@contoso.com)",
        "C: rcpt to: recipient@contoso.com",
        "OnRcptCommand(recipient@contoso.com)",
        "C: data",
        "OnDataCommand",
        "S: 354",
        "OnEndOfHeaders",
        "C: .",
        "OnEndOfData",
        "C: quit",
        "S: 221",
        "OnDisconnect(QuitVerb)",
    ] {
        let at = rest
            .find(shown)
            .unwrap_or_else(|| panic!("{shown} is missing or too early:\n{}", ran.out));
        rest = &rest[at + shown.len()..];
    }
}

#[test]
fn a_planted_defect_is_shown_with_its_conversation_and_exit_code_1() {
    let ran = smtpspec(&[
        "run",
        "--defect",
        "disconnect-lost-after-ehlo",
        "--case",
        "seed/*",
    ]);
    assert_eq!(ran.code, 1, "{}{}", ran.out, ran.err);
    for text in [
        "BROKEN SES-2",
        "OnDisconnect never fired",
        "(the client closes: FIN)",
        "smtpspec replay seed/",
    ] {
        assert!(ran.out.contains(text), "{text:?} is missing:\n{}", ran.out);
    }
}

#[test]
fn a_saved_transcript_is_judged_like_the_live_run() {
    let dir = tempfile::tempdir().unwrap();
    let out = dir.path().to_str().unwrap();
    let args = [
        "run",
        "--defect",
        "noop-event-twice",
        "--case",
        "s*/*",
        "--out",
        out,
        "--format",
        "json",
    ];
    let live = smtpspec(&args);
    let transcript = dir.path().join("transcript.jsonl");
    let saved = smtpspec(&["check", transcript.to_str().unwrap(), "--format", "json"]);
    assert_eq!((live.code, saved.code), (1, 1), "{}{}", live.err, saved.err);
    let rules =
        |text: &str| serde_json::from_str::<serde_json::Value>(text).unwrap()["rules"].clone();
    pretty_assertions::assert_eq!(rules(&live.out), rules(&saved.out));
    let findings = fs::read_dir(dir.path().join("findings")).unwrap().count();
    assert!(findings > 0);
}

#[test]
fn a_transcript_that_was_cut_off_is_inconclusive() {
    let dir = tempfile::tempdir().unwrap();
    let out = dir.path().to_str().unwrap();
    let live = smtpspec(&["run", "--case", "seed/strict", "--out", out]);
    assert_eq!(live.code, 0, "{}{}", live.out, live.err);
    let path = dir.path().join("transcript.jsonl");
    let text = fs::read(&path).unwrap();
    fs::write(&path, &text[..text.len() / 2]).unwrap();
    let cut = smtpspec(&["check", path.to_str().unwrap()]);
    assert_eq!(cut.code, 3, "{}{}", cut.out, cut.err);
    assert!(cut.out.contains("the evidence was cut off"), "{}", cut.out);
}

#[test]
fn only_the_rules_asked_for_are_reported() {
    let ran = smtpspec(&["run", "--case", "seed/*", "--rule", "SES-*"]);
    assert_eq!(ran.code, 0, "{}{}", ran.out, ran.err);
    assert!(
        ran.out.contains("SES-1") && !ran.out.contains("ORD-1"),
        "{}",
        ran.out
    );
}

#[test]
fn without_events_what_they_would_show_is_not_observable() {
    let server = serve(&[]);
    let ran = smtpspec(&["run", "--connect", &server.address, "--case", "seed/*"]);
    assert_eq!(ran.code, 0, "{}{}", ran.out, ran.err);
    assert!(ran.out.contains("not observable  SES-2"), "{}", ran.out);
}

#[test]
fn the_suite_wire_needs_nothing_but_an_address() {
    let server = serve(&[]);
    let address = [
        "run",
        "--suite",
        "wire",
        "--strict",
        "--connect",
        &server.address,
    ];
    let ran = smtpspec(&address);
    assert_eq!(ran.code, 0, "{}{}", ran.out, ran.err);
    assert!(ran.out.contains("holds           WIR-21"), "{}", ran.out);
    assert!(!ran.out.contains("clauses, of which"), "{}", ran.out);
}

#[test]
fn a_clause_that_is_broken_is_said_once() {
    let ran = smtpspec(&[
        "run",
        "--suite",
        "wire",
        "--defect",
        "quit-names-nobody",
        "--strict",
    ]);
    assert_eq!(ran.code, 1, "{}{}", ran.out, ran.err);
    let says = [
        "NOT STRICT WIR-87",
        "`QUIT` was answered 221: `Bye` is not its name",
    ];
    for text in says {
        assert!(ran.out.contains(text), "{text}\n{}", ran.out);
    }
    assert!(!ran.out.contains("also in:"), "{}", ran.out);
}

#[test]
fn events_can_come_from_a_file_that_the_server_writes() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("events.jsonl");
    let file = fs::File::create(&path).unwrap();
    let server = serve_into(
        &["--format", "json", "--listen", "127.0.0.1:0"],
        file.into(),
    );
    let address = wait_for_port(&server, &path);
    let events = format!("file:{}", path.display());
    let ran = smtpspec(&[
        "run",
        "--connect",
        &address,
        "--events",
        &events,
        "--case",
        "seed/strict",
    ]);
    drop(server);
    assert_eq!(ran.code, 0, "{}{}", ran.out, ran.err);
    assert!(ran.out.contains("holds           SES-2"), "{}", ran.out);
}

/// The JSON form of `serve` does not print the address: its own OnConnect does not come without a client, so the
/// port is read off the system.
fn wait_for_port(server: &Served, _path: &std::path::Path) -> String {
    let limit = Instant::now() + Duration::from_secs(10);
    let pid = server.child.id();
    while Instant::now() < limit {
        if let Some(port) = listening_port(pid) {
            return format!("127.0.0.1:{port}");
        }
        thread::sleep(Duration::from_millis(20));
    }
    panic!("the server never listened");
}

/// The port on which process `pid` listens, by /proc.
fn listening_port(pid: u32) -> Option<u16> {
    let inodes: Vec<String> = fs::read_dir(format!("/proc/{pid}/fd"))
        .ok()?
        .filter_map(|fd| fs::read_link(fd.ok()?.path()).ok())
        .filter_map(|link| {
            Some(
                link.to_str()?
                    .strip_prefix("socket:[")?
                    .strip_suffix(']')?
                    .to_owned(),
            )
        })
        .collect();
    let table = fs::read_to_string("/proc/net/tcp").ok()?;
    table.lines().skip(1).find_map(|line| {
        let fields: Vec<&str> = line.split_whitespace().collect();
        let listens = fields.get(3) == Some(&"0A")
            && inodes.iter().any(|i| fields.get(9) == Some(&i.as_str()));
        let port = fields.get(1)?.rsplit(':').next()?;
        listens
            .then(|| u16::from_str_radix(port, 16).ok())
            .flatten()
    })
}

#[test]
fn rules_are_listed_and_explained() {
    let list = smtpspec(&["rules"]);
    assert!(
        list.out.contains("SES-2") && list.out.contains("WIR-1"),
        "{}",
        list.out
    );
    let one = smtpspec(&["rules", "con-2"]);
    assert_eq!(one.code, 0);
    assert!(
        one.out.contains("smuggling") && one.out.contains("--defect bare-lf-ends-data"),
        "{}",
        one.out
    );
    let group = smtpspec(&["rules", "siz"]);
    assert_eq!(group.code, 0);
    assert!(
        group.out.contains("SIZ-1") && !group.out.contains("SES-"),
        "{}",
        group.out
    );
    refused(&["rules", "SES-99"], &["SES-99", "smtpspec rules"]);
}

#[test]
fn bad_input_is_named_with_what_to_do() {
    refused(&["run", "--target", "nosuch"], &["nosuch", "embedded"]);
    refused(
        &["run", "--connect", "127.0.0.1:1", "--case", "seed/*"],
        &["127.0.0.1:1"],
    );
    refused(
        &["run", "--connect", "192.0.2.1:25"],
        &["192.0.2.1:25", "--allow-remote"],
    );
    refused(
        &["run", "--connect", "nonsense"],
        &["nonsense", "HOST:PORT"],
    );
    refused(
        &[
            "run",
            "--connect",
            "127.0.0.1:25",
            "--events",
            "smoke:signals",
        ],
        &["smoke:signals", "tcp:"],
    );
    refused(
        &["run", "--defect", "no-such-defect"],
        &["--defect", "no-such-defect"],
    );
    refused(&["run", "--case", "nosuch/*"], &["--case", "nosuch/*"]);
    refused(&["run", "--case", "["], &["--case"]);
    refused(&["run", "--timeout", "soon"], &["--timeout", "soon"]);
    refused(&["replay", "nosuch.smtp"], &["nosuch.smtp"]);
    refused(&["check", "nosuch.jsonl"], &["nosuch.jsonl"]);
    refused(
        &["serve", "--listen", "0.0.0.0:2525"],
        &["0.0.0.0:2525", "--allow-remote"],
    );
    refused(&["serve", "--listen", "nowhere"], &["nowhere"]);
}

#[test]
fn a_bad_conversation_is_named_by_line_and_column() {
    let (_dir, path) = scratch(
        "bad.smtp",
        b"%title t\n%purpose p\n%source s\nEHLO a\n%pause soon\n",
    );
    refused(
        &["replay", path.to_str().unwrap()],
        &["bad.smtp", "line 5, column 8", "duration"],
    );
}

#[test]
fn a_newer_transcript_and_a_broken_one_are_refused() {
    let (_dir, path) = scratch("new.jsonl", b"{\"smtpspec-transcript\":99}\n");
    refused(
        &["check", path.to_str().unwrap()],
        &["new.jsonl", "version 99", "newer"],
    );
    let (_dir, path) = scratch("broken.jsonl", b"220 hello\r\n");
    refused(
        &["check", path.to_str().unwrap()],
        &["broken.jsonl", "line 1"],
    );
}

#[test]
fn a_broken_event_line_is_an_error_not_a_failure() {
    let server = serve(&[]);
    let (_dir, path) = scratch("events.jsonl", b"");
    let hello = r#"{"smtpspec-events":1,"adapter":"x","server":"x 1","events":["OnConnect"]}"#;
    fs::write(&path, format!("{hello}\nOnConnect happened\n")).unwrap();
    let events = format!("file:{}", path.display());
    let args = [
        "run",
        "--connect",
        &server.address,
        "--events",
        &events,
        "--case",
        "seed/*",
    ];
    refused(&args, &["line 2", "OnConnect happened"]);
}

/// A server that does `serve` to every client.
fn hostile(serve: impl Fn(TcpStream) + Send + Sync + 'static) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap().to_string();
    thread::spawn(move || {
        thread::scope(|scope| {
            for stream in listener.incoming().flatten() {
                scope.spawn(|| serve(stream));
            }
        });
    });
    address
}

#[track_caller]
fn ends_with_a_finding(address: &str, rule: &str) {
    let start = Instant::now();
    let args = [
        "run",
        "--connect",
        address,
        "--case",
        "seed/*",
        "--timeout",
        "500ms",
        "--no-minimise",
    ];
    let ran = smtpspec(&args);
    assert_eq!(ran.code, 1, "{}{}", ran.out, ran.err);
    assert!(ran.out.contains(&format!("BROKEN {rule}")), "{}", ran.out);
    assert!(
        start.elapsed() < Duration::from_secs(20),
        "it took {:?}",
        start.elapsed()
    );
}

#[test]
fn hostile_servers_end_in_a_finding_and_in_time() {
    ends_with_a_finding(
        &hostile(|stream| drop_after(stream, Duration::from_secs(30))),
        "WIR-1",
    );
    ends_with_a_finding(&hostile(drop), "WIR-18");
    ends_with_a_finding(&hostile(endless_replies), "WIR-2");
    ends_with_a_finding(&hostile(endless_line), "WIR-3");
    ends_with_a_finding(&hostile(rubbish), "WIR-3");
}

fn drop_after(stream: TcpStream, time: Duration) {
    thread::sleep(time);
    drop(stream);
}

fn endless_replies(mut stream: TcpStream) {
    while stream.write_all(b"250 and again\r\n").is_ok() {}
}

fn endless_line(mut stream: TcpStream) {
    while stream.write_all(b"220-").is_ok() {}
}

fn rubbish(mut stream: TcpStream) {
    let octets: Vec<u8> = (0..=255).cycle().take(4096).collect();
    let _ = stream.write_all(&octets);
    let _ = stream.read(&mut [0; 1024]);
}

/// `smtpspec serve`, ended when dropped.
struct Served {
    child: Child,
    address: String,
}

impl Drop for Served {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn serve_into(args: &[&str], out: Stdio) -> Served {
    let child = Command::new(cargo_bin("smtpspec"))
        .arg("serve")
        .args(args)
        .stdout(out)
        .spawn()
        .unwrap();
    Served {
        child,
        address: String::new(),
    }
}

fn serve(args: &[&str]) -> Served {
    let args = [&["--listen", "127.0.0.1:0", "--idle", "1s"], args].concat();
    let mut served = serve_into(&args, Stdio::piped());
    let mut lines = BufReader::new(served.child.stdout.take().unwrap());
    let mut first = String::new();
    lines.read_line(&mut first).unwrap();
    first
        .split("SMTP on ")
        .nth(1)
        .unwrap()
        .split(';')
        .next()
        .unwrap()
        .clone_into(&mut served.address);
    thread::spawn(move || lines.lines().count());
    served
}

#[test]
fn serve_prints_each_event_as_a_person_types() {
    let mut served = serve_into(&["--listen", "127.0.0.1:0"], Stdio::piped());
    let mut lines = BufReader::new(served.child.stdout.take().unwrap())
        .lines()
        .map_while(Result::ok);
    let address = lines
        .next()
        .unwrap()
        .split("SMTP on ")
        .nth(1)
        .unwrap()
        .split(';')
        .next()
        .unwrap()
        .to_owned();
    lines.next();
    let mut client = TcpStream::connect(&address).unwrap();
    client
        .set_read_timeout(Some(Duration::from_secs(5)))
        .unwrap();
    assert!(lines.next().unwrap().ends_with("OnConnect"));
    for (typed, event) in [
        ("ehlo console\r\n", "OnEhloCommand(console)"),
        (
            "mail from: sender@contoso.com\r\n",
            "OnMailCommand(sender@contoso.com)",
        ),
        (
            "rcpt to: recipient@contoso.com\r\n",
            "OnRcptCommand(recipient@contoso.com)",
        ),
        ("data\r\n", "OnDataCommand"),
    ] {
        client.write_all(typed.as_bytes()).unwrap();
        let line = lines.next().unwrap();
        assert!(line.ends_with(event), "{line}");
    }
    drop(client);
    assert!(
        lines
            .next()
            .unwrap()
            .ends_with("OnDisconnect(SenderDisconnected)")
    );
}
