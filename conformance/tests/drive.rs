//! The driver against servers that mean it no good: each session ends within its limits and is logged as it was.

mod common;

use std::time::{Duration, Instant};

use common::{parse, serve_once};
use pretty_assertions::assert_eq;
use smtpspec::drive::{self, Limits};
use smtpspec_core::{
    conversation::{Conversation, Step},
    transcript::{ClientAct, ServerEnd, SessionLog, What},
};
use socket2::SockRef;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};

const ENVELOPE: &str = "%title t\n%purpose p\n%source s\nEHLO client.example.org\nQUIT\n";

fn limits() -> Limits {
    Limits {
        reply: Duration::from_millis(300),
        silence: Duration::from_millis(300),
        ..Limits::default()
    }
}

/// Plays `text` against a server that does `serve` with its one connection; never for longer than 5 s.
async fn play<F>(text: &str, serve: impl FnOnce(TcpStream) -> F + Send + 'static) -> SessionLog
where
    F: Future<Output = ()> + Send,
{
    let server = serve_once(serve).await;
    let (conversation, limits) = (parse(text), limits());
    let played = drive::play("case", &conversation, server, &limits);
    let played = tokio::time::timeout(Duration::from_secs(5), played).await;
    played.expect("bounded").expect("connects")
}

/// The log without times, segments of what was received put together, a line an entry.
fn shown(log: &SessionLog) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    let mut received = String::new();
    for entry in &log.entries {
        if let What::Received(octets) = &entry.what {
            received.push_str(&octets.0.escape_ascii().to_string());
            continue;
        }
        if !received.is_empty() {
            lines.push(format!("< {}", std::mem::take(&mut received)));
        }
        lines.push(match &entry.what {
            What::Sent(octets) => format!("> {}", octets.0.escape_ascii()),
            What::Client(act) => format!("client {act:?}"),
            What::Server(end) => format!("server {end:?}"),
            What::Expected { want, got, met } => format!("expected {want}, got {got:?}: {met}"),
            What::Settled => "settled".to_owned(),
            other => format!("{other:?}"),
        });
    }
    lines
}

async fn hold(stream: TcpStream) {
    tokio::time::sleep(Duration::from_secs(4)).await;
    drop(stream);
}

#[tokio::test]
async fn a_server_that_never_answers_is_given_up() {
    let log = play(ENVELOPE, hold).await;
    assert_eq!(shown(&log), ["client GaveUp", "settled"]);
}

#[tokio::test]
async fn a_server_that_closes_at_once_is_not_spoken_to() {
    let log = play(ENVELOPE, async |stream| drop(stream)).await;
    assert_eq!(shown(&log), ["server Close", "client Close", "settled"]);
}

#[tokio::test]
async fn a_reset_by_the_server_is_told_from_a_close() {
    let log = play(ENVELOPE, async |stream| {
        SockRef::from(&stream)
            .set_linger(Some(Duration::ZERO))
            .unwrap();
    })
    .await;
    assert_eq!(shown(&log), ["server Reset", "settled"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_reset_that_comes_before_the_client_has_looked_is_the_servers_all_the_same() {
    for _ in 0..300 {
        let log = play(ENVELOPE, async |stream| {
            let linger = SockRef::from(&stream).set_linger(Some(Duration::ZERO));
            linger.unwrap();
        })
        .await;
        assert_eq!(shown(&log), ["server Reset", "settled"]);
    }
}

#[tokio::test]
async fn endless_replies_end_in_overflow() {
    let log = play(ENVELOPE, async |mut stream| {
        while stream
            .write_all(&b"220-more\r\n".repeat(1000))
            .await
            .is_ok()
        {}
    })
    .await;
    let received: usize = log.entries.iter().map(received).sum();
    let limits = limits();
    assert!(received > limits.max_received && received < 2 * limits.max_received);
    let overflow = What::Client(ClientAct::Overflow);
    assert!(log.entries.iter().any(|entry| entry.what == overflow));
}

fn received(entry: &smtpspec_core::transcript::Entry) -> usize {
    match &entry.what {
        What::Received(octets) => octets.0.len(),
        _ => 0,
    }
}

#[tokio::test]
async fn binary_rubbish_is_kept_octet_by_octet() {
    let rubbish: Vec<u8> = (0..=255).filter(|octet| *octet != b'\n').collect();
    let sent = rubbish.clone();
    let log = play(ENVELOPE, async move |mut stream| {
        stream.write_all(&sent).await.unwrap();
    })
    .await;
    let line = format!("< {}", rubbish.escape_ascii());
    assert_eq!(
        shown(&log),
        [&line, "server Close", "client Close", "settled"]
    );
}

#[tokio::test]
async fn an_octet_now_and_then_does_not_prolong_the_wait() {
    let begin = Instant::now();
    let log = play(ENVELOPE, async |mut stream| {
        while stream.write_all(b"2").await.is_ok() {
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    })
    .await;
    assert!(begin.elapsed() < Duration::from_secs(2));
    assert_eq!(shown(&log)[1..], ["client GaveUp", "settled"]);
}

#[tokio::test]
async fn a_server_that_does_not_read_is_given_up() {
    // Twelve megabytes: more than the system's buffers take.
    let conversation = Conversation {
        early: true,
        steps: vec![Step::Send(vec![vec![b'x'; 1 << 20]; 12])],
        ..Conversation::default()
    };
    let server = serve_once(hold).await;
    let log = drive::play("case", &conversation, server, &limits())
        .await
        .unwrap();
    assert_eq!(shown(&log).last().map(String::as_str), Some("settled"));
    let gave_up = What::Client(ClientAct::GaveUp);
    assert!(log.entries.iter().any(|entry| entry.what == gave_up));
}

fn head(directives: &str) -> String {
    format!("%title t\n%purpose p\n%source s\n{directives}")
}

/// Answers each line by the next of `replies`, then closes.
async fn answer(mut stream: TcpStream, replies: &[&str]) {
    for reply in replies {
        stream.write_all(reply.as_bytes()).await.unwrap();
        let mut buffer = [0; 1024];
        if stream.read(&mut buffer).await.unwrap_or(0) == 0 {
            return;
        }
    }
}

#[tokio::test]
async fn a_lock_step_client_waits_for_each_reply_and_for_the_close() {
    let text = format!("{ENVELOPE}%expect 221\n");
    let log = play(&text, async |stream| {
        answer(stream, &["220 a\r\n", "250-b\r\n250 c\r\n", "221 d\r\n"]).await;
    })
    .await;
    assert_eq!(
        shown(&log),
        [
            "< 220 a\\r\\n",
            "> EHLO client.example.org\\r\\n",
            "< 250-b\\r\\n250 c\\r\\n",
            "> QUIT\\r\\n",
            "< 221 d\\r\\n",
            "expected 221, got Some(221): true",
            "client GaveUp",
            "settled"
        ]
    );
}

#[tokio::test]
async fn what_is_expected_is_looked_at_also_after_the_servers_end() {
    let text = head("") + "EHLO client.example.org\n%expect 250\n%silence\n%expect 421\n";
    let log = play(&text, async |mut stream| {
        answer_once(&mut stream, "220 a\r\n").await;
        stream.write_all(b"250 b\r\n").await.unwrap();
        tokio::time::sleep(Duration::from_millis(50)).await;
        stream.write_all(b"421 idle\r\n").await.unwrap();
    })
    .await;
    assert_eq!(
        shown(&log)[3..],
        [
            "expected 250, got Some(250): true",
            "client Silence",
            "< 421 idle\\r\\n",
            "server Close",
            "expected 421, got Some(421): true",
            "client Close",
            "settled"
        ]
    );
}

async fn answer_once(stream: &mut TcpStream, reply: &str) {
    stream.write_all(reply.as_bytes()).await.unwrap();
    let mut buffer = [0; 1024];
    assert!(stream.read(&mut buffer).await.unwrap() > 0);
}

#[tokio::test]
async fn a_command_without_reply_meets_no_expectation() {
    let text = head("") + "NOOP\n%expect 220\n";
    let log = play(&text, async |mut stream| {
        answer_once(&mut stream, "220 a\r\n").await;
    })
    .await;
    assert_eq!(shown(&log)[3], "expected 220, got None: false");
}

/// Greets and reads to the end; what it read and how the client ended.
async fn seen(text: &str) -> (Vec<u8>, std::io::Result<usize>, SessionLog) {
    let (sender, receiver) = tokio::sync::oneshot::channel();
    let log = play(text, async |mut stream| {
        stream.write_all(b"220 a\r\n").await.unwrap();
        let mut octets = Vec::new();
        let end = stream.read_to_end(&mut octets).await;
        sender.send((octets, end)).unwrap();
    })
    .await;
    let (octets, end) = receiver.await.unwrap();
    (octets, end, log)
}

#[tokio::test]
async fn close_is_fin_reset_is_rst_and_half_close_reads_on() {
    let (octets, end, log) = seen(&(head("") + "NOOP\n%close\n")).await;
    assert_eq!((octets.as_slice(), end.unwrap()), (&b"NOOP\r\n"[..], 6));
    assert_eq!(shown(&log)[2..], ["client Close", "settled"]);

    let (_, end, log) = seen(&(head("") + "NOOP\n%reset\n")).await;
    assert_eq!(end.unwrap_err().kind(), std::io::ErrorKind::ConnectionReset);
    assert_eq!(shown(&log)[2..], ["client Reset", "settled"]);

    let (_, end, log) = seen(&(head("") + "NOOP\n%half-close\n")).await;
    assert_eq!(end.unwrap(), 6);
    let expected = [
        "client HalfClose",
        "server Close",
        "client Close",
        "settled",
    ];
    assert_eq!(shown(&log)[2..], expected);
}

#[tokio::test]
async fn segments_of_one_send_stay_apart() {
    let text = head("") + "%segment\nNOOP\n%cut\nNOOP\n%cut\nQUIT\n%end\n";
    let (sender, receiver) = tokio::sync::oneshot::channel();
    play(&text, async |mut stream| {
        stream.write_all(b"220 a\r\n").await.unwrap();
        let mut reads = Vec::new();
        let mut buffer = [0; 1024];
        while let Ok(n @ 1..) = stream.read(&mut buffer).await {
            reads.push(n);
        }
        sender.send(reads).unwrap();
    })
    .await;
    assert_eq!(receiver.await.unwrap(), [6, 6, 6]);
}

#[tokio::test]
async fn a_client_in_haste_speaks_before_the_banner() {
    let text = head("%early\n") + "QUIT\n";
    let log = play(&text, async |mut stream| {
        let mut buffer = [0; 6];
        stream.read_exact(&mut buffer).await.unwrap();
        stream.write_all(b"220 a\r\n221 b\r\n").await.unwrap();
    })
    .await;
    assert_eq!(
        shown(&log),
        [
            "> QUIT\\r\\n",
            "< 220 a\\r\\n221 b\\r\\n",
            "server Close",
            "client Close",
            "settled"
        ]
    );
}

#[tokio::test]
async fn a_refused_connection_names_the_address() {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let server = listener.local_addr().unwrap();
    drop(listener);
    let error = drive::play("case", &parse(ENVELOPE), server, &limits()).await;
    let text = error.unwrap_err().to_string();
    assert!(text.contains(&server.to_string()), "{text}");
}

#[tokio::test]
async fn times_grow_along_the_log() {
    let log = play(ENVELOPE, async |stream| {
        answer(stream, &["220 a\r\n", "250 b\r\n", "221 c\r\n"]).await;
    })
    .await;
    assert!(log.entries.is_sorted_by_key(|entry| entry.at));
    let end = What::Server(ServerEnd::Close);
    assert!(
        !log.entries.iter().any(|entry| entry.what == end),
        "the server waits for the client"
    );
}

#[tokio::test]
async fn a_pause_ends_also_while_the_server_goes_on_talking() {
    let text = head("") + "NOOP\n%pause 50ms\n%close\n";
    let begin = Instant::now();
    let log = play(&text, async |mut stream| {
        while stream.write_all(b"250 and again\r\n").await.is_ok() {
            tokio::task::yield_now().await;
        }
    })
    .await;
    assert!(
        begin.elapsed() < Duration::from_secs(1),
        "{:?}",
        begin.elapsed()
    );
    assert_eq!(shown(&log).last().map(String::as_str), Some("settled"));
}
