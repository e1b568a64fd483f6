//! Repeated lines on a socket: what the server gets, and what the log says when it does not take all of them.

mod common;

use std::time::{Duration, Instant};

use common::{parse, serve_once};
use pretty_assertions::assert_eq;
use smtpspec::drive::{self, Limits};
use smtpspec_core::transcript::{ClientAct, SessionLog, What};
use socket2::SockRef;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
    sync::oneshot,
};

/// Forty megabytes: more than the system's buffers take.
const TIMES: u64 = 4_000_000;
const LINES: &[u8] = b"a line..\r\n";

fn limits() -> Limits {
    Limits {
        reply: Duration::from_millis(600),
        silence: Duration::from_millis(300),
        ..Limits::default()
    }
}

/// DATA, the repeat, the end of data; never for longer than 10 s.
async fn play<F>(times: u64, serve: impl FnOnce(TcpStream) -> F + Send + 'static) -> SessionLog
where
    F: Future<Output = ()> + Send,
{
    let server = serve_once(serve).await;
    let text = format!("%title t\nDATA\n%repeat {times} \"a line..\\r\\n\"\n.\n");
    let (conversation, limits) = (parse(&text), limits());
    let played = drive::play("case", &conversation, server, &limits);
    let played = tokio::time::timeout(Duration::from_secs(10), played).await;
    played.expect("bounded").expect("connects")
}

/// What the client wrote: whole repetitions as `N times`, all else as it stands.
fn written(log: &SessionLog) -> Vec<String> {
    let shown = log.entries.iter().filter_map(|entry| match &entry.what {
        What::Sent(octets) => Some(octets.0.escape_ascii().to_string()),
        What::Repeated(repeat) => {
            assert_eq!(repeat.lines(), LINES);
            Some(format!("{} times", repeat.times()))
        }
        _ => None,
    });
    shown.collect()
}

fn did(log: &SessionLog, act: ClientAct) -> bool {
    let what = What::Client(act);
    log.entries.iter().any(|entry| entry.what == what)
}

/// Greets, and answers DATA by `reply`.
async fn up_to_data(stream: &mut TcpStream, reply: &str) {
    stream.write_all(b"220 a\r\n").await.unwrap();
    let mut data = [0; 6];
    stream.read_exact(&mut data).await.unwrap();
    stream.write_all(reply.as_bytes()).await.unwrap();
}

#[tokio::test]
async fn the_server_gets_every_octet_and_the_log_has_one_entry() {
    let (sender, receiver) = oneshot::channel();
    let log = play(50_000, async |mut stream| {
        up_to_data(&mut stream, "354 b\r\n").await;
        let mut octets = Vec::new();
        stream.read_to_end(&mut octets).await.unwrap();
        sender.send(octets).unwrap();
    })
    .await;
    assert_eq!(written(&log), ["DATA\\r\\n", "50000 times", ".\\r\\n"]);
    let expected = [LINES.repeat(50_000).as_slice(), b".\r\n"].concat();
    assert!(receiver.await.unwrap() == expected, "other octets");
}

#[tokio::test]
async fn behind_a_refused_data_nothing_is_repeated() {
    let log = play(TIMES, async |mut stream| {
        up_to_data(&mut stream, "554 b\r\n").await;
        let _ = stream.read_to_end(&mut Vec::new()).await;
    })
    .await;
    assert_eq!(written(&log), ["DATA\\r\\n", ".\\r\\n"]);
}

/// How many octets of the repeat the log says were written: whole repetitions and a part of one more.
fn repeated(log: &SessionLog) -> u64 {
    let written = written(log);
    let (times, part) = match &written[..] {
        [_, times] => (times, ""),
        [_, times, part] => (times, part.as_str()),
        other => panic!("{other:?}"),
    };
    let part = part.replace("\\r", "\r");
    assert!(LINES.starts_with(part.as_bytes()) && part.len() < LINES.len());
    let times: u64 = times.strip_suffix(" times").unwrap().parse().unwrap();
    times * LINES.len() as u64 + part.len() as u64
}

#[tokio::test]
async fn a_reset_in_the_middle_leaves_what_was_written() {
    const READ: usize = 1_234_567;
    let log = play(TIMES, async |mut stream| {
        up_to_data(&mut stream, "354 b\r\n").await;
        stream.read_exact(&mut vec![0; READ]).await.unwrap();
        SockRef::from(&stream)
            .set_linger(Some(Duration::ZERO))
            .unwrap();
    })
    .await;
    let octets = repeated(&log);
    assert!(octets >= READ as u64, "the server read more than {octets}");
    assert!(octets < TIMES * 10, "all of it");
    assert!(log.entries.is_sorted_by_key(|entry| entry.at));
}

#[tokio::test]
async fn a_server_that_stops_reading_is_given_up_and_the_log_says_to_the_octet_what_it_can_still_read()
 {
    let (sender, receiver) = oneshot::channel();
    let start = Instant::now();
    let log = play(TIMES, async |mut stream| {
        up_to_data(&mut stream, "354 b\r\n").await;
        tokio::time::sleep(Duration::from_secs(2)).await;
        let mut octets = Vec::new();
        let _ = stream.read_to_end(&mut octets).await;
        sender.send(octets.len()).unwrap();
    })
    .await;
    assert!(start.elapsed() < Duration::from_secs(2));
    assert!(did(&log, ClientAct::GaveUp));
    let read = receiver.await.unwrap();
    assert!(read > 0);
    assert_eq!(repeated(&log), read as u64);
}

#[tokio::test]
async fn a_server_that_closes_in_the_middle_is_not_spoken_to_any_more() {
    let log = play(TIMES, async |mut stream| {
        up_to_data(&mut stream, "354 b\r\n").await;
        stream.read_exact(&mut vec![0; 100_000]).await.unwrap();
        stream.write_all(b"421 c\r\n").await.unwrap();
        stream.shutdown().await.unwrap();
        let _ = stream.read_to_end(&mut Vec::new()).await;
    })
    .await;
    assert!((100_000..TIMES * 10).contains(&repeated(&log)));
    let ends = |what: &What| matches!(what, What::Server(_));
    assert!(log.entries.iter().any(|entry| ends(&entry.what)));
}

#[tokio::test]
async fn the_limit_of_a_reply_begins_behind_the_body_and_not_before_it() {
    let log = play(1_000_000, async |mut stream| {
        up_to_data(&mut stream, "354 b\r\n").await;
        let mut left = 10_000_003;
        let mut buffer = vec![0; 1 << 18];
        // Slow at first, so that none of it is left over for the time behind the body.
        for _ in 0..8 {
            tokio::time::sleep(limits().reply / 6).await;
            left -= stream.read(&mut buffer).await.unwrap();
        }
        while left > 0 {
            left -= stream.read(&mut buffer).await.unwrap();
        }
        tokio::time::sleep(limits().reply / 3).await;
        stream.write_all(b"250 c\r\n").await.unwrap();
        let _ = stream.read_to_end(&mut Vec::new()).await;
    })
    .await;
    assert!(!did(&log, ClientAct::GaveUp));
    let reply = What::Received("250 c\r\n".into());
    assert!(log.entries.iter().any(|entry| entry.what == reply));
}
