//! Event streams over real sockets and files: what they bring, and what a broken one says.

use std::{io::Write, net::SocketAddr, time::Duration};

use pretty_assertions::assert_eq;
use smtpspec::{
    observe::{BrokenLine, EventsSpec, Observer, ScriptError},
    record::Log,
};
use smtpspec_core::event::{
    EVENT_STREAM_VERSION, EventKind, HandlerAction, HandlerRule, HandlerScript, Hello, Semantics,
};
use tokio::{
    io::{AsyncBufReadExt, AsyncWriteExt, BufReader},
    net::{TcpStream, UnixStream},
    time::timeout,
};

const SECOND: Duration = Duration::from_secs(1);

fn hello(scripts: bool) -> Hello {
    Hello {
        version: EVENT_STREAM_VERSION,
        adapter: "test".into(),
        server: "test 1".into(),
        events: vec![EventKind::OnConnect],
        semantics: Semantics {
            scripts,
            ..Semantics::default()
        },
    }
}

fn hello_line(scripts: bool) -> String {
    serde_json::to_string(&hello(scripts)).unwrap() + "\n"
}

fn connect_line(port: u16) -> String {
    format!(
        "{{\"session\":\"a\",\"seq\":1,\"peer\":\"127.0.0.1:{port}\",\"event\":\"OnConnect\"}}\n"
    )
}

fn peer(port: u16) -> SocketAddr {
    ([127, 0, 0, 1], port).into()
}

async fn listening() -> (Observer, TcpStream) {
    let spec = EventsSpec::Tcp("127.0.0.1:0".into());
    let observer = Observer::open(&spec).await.unwrap();
    let address = observer.address().unwrap();
    (observer, TcpStream::connect(address).await.unwrap())
}

/// What `text`, sent as an event stream, is found to break.
async fn broken(text: &str) -> BrokenLine {
    let (observer, mut stream) = listening().await;
    stream.write_all(text.as_bytes()).await.unwrap();
    let broken = timeout(SECOND, observer.broken())
        .await
        .expect("found at once");
    drop(stream);
    broken
}

/// Waits until the event of [`connect_line`] has come into the log of port 7.
async fn arrives(observer: &Observer, log: &Log) {
    timeout(SECOND, observer.hello()).await.expect("a hello");
    let arrived = async {
        while log.events() == 0 {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    timeout(SECOND, arrived).await.expect("the event");
}

#[tokio::test]
async fn hello_and_events_come_over_tcp() {
    let (observer, mut stream) = listening().await;
    let log = Log::new();
    observer.hub().open(peer(7), log.clone());
    let text = hello_line(false) + &connect_line(7);
    stream.write_all(text.as_bytes()).await.unwrap();
    arrives(&observer, &log).await;
    assert_eq!(observer.hello().await, hello(false));
}

#[tokio::test]
async fn hello_and_events_come_over_a_unix_socket_that_is_removed_in_the_end() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("events");
    let observer = Observer::open(&EventsSpec::Unix(path.clone()))
        .await
        .unwrap();
    let log = Log::new();
    observer.hub().open(peer(7), log.clone());
    let mut stream = UnixStream::connect(&path).await.unwrap();
    let text = hello_line(false) + &connect_line(7);
    stream.write_all(text.as_bytes()).await.unwrap();
    arrives(&observer, &log).await;
    drop(observer);
    assert!(!path.exists());
}

#[tokio::test]
async fn a_file_is_followed_as_it_grows() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("events");
    let observer = Observer::open(&EventsSpec::File(path.clone()))
        .await
        .unwrap();
    let log = Log::new();
    observer.hub().open(peer(7), log.clone());
    let text = hello_line(false) + &connect_line(7);
    let mut file = std::fs::File::create(&path).unwrap();
    for part in text.as_bytes().chunks(40) {
        file.write_all(part).unwrap();
        tokio::time::sleep(Duration::from_millis(15)).await;
    }
    arrives(&observer, &log).await;
}

#[tokio::test]
async fn a_broken_line_is_named_by_number_and_text() {
    let text = hello_line(false) + &connect_line(7) + "what is this\n";
    let broken = broken(&text).await;
    assert_eq!((broken.line, broken.text.as_str()), (3, "what is this"));
    let shown = broken.to_string();
    assert!(shown.starts_with("event stream, line 3: "), "{shown}");
}

#[tokio::test]
async fn a_stream_begins_with_its_hello() {
    let broken = broken(&connect_line(7)).await;
    let why = "expected a hello before the first event";
    assert_eq!((broken.line, broken.why.as_str()), (1, why));
}

#[tokio::test]
async fn a_second_hello_is_refused() {
    let broken = broken(&(hello_line(false) + &hello_line(false))).await;
    assert_eq!(
        (broken.line, broken.why.as_str()),
        (2, "a second hello in one stream")
    );
}

#[tokio::test]
async fn a_stream_that_ends_in_the_run_is_an_error() {
    let (observer, mut stream) = listening().await;
    let text = hello_line(false);
    stream.write_all(text.as_bytes()).await.unwrap();
    drop(stream);
    let broken = timeout(SECOND, observer.broken()).await.unwrap();
    assert_eq!(broken.why, "the event stream ended before the run did");
}

#[tokio::test]
async fn streams_of_one_server_must_agree() {
    let (observer, mut one) = listening().await;
    let mut two = TcpStream::connect(observer.address().unwrap())
        .await
        .unwrap();
    one.write_all(hello_line(false).as_bytes()).await.unwrap();
    timeout(SECOND, observer.hello()).await.unwrap();
    two.write_all(hello_line(true).as_bytes()).await.unwrap();
    let broken = timeout(SECOND, observer.broken()).await.unwrap();
    assert_eq!(broken.why, "this hello differs from an earlier stream's");
}

#[tokio::test]
async fn who_connects_and_leaves_without_a_word_breaks_nothing() {
    let (observer, stream) = listening().await;
    drop(stream);
    let mut stream = TcpStream::connect(observer.address().unwrap())
        .await
        .unwrap();
    stream
        .write_all(hello_line(false).as_bytes())
        .await
        .unwrap();
    timeout(SECOND, observer.hello())
        .await
        .expect("the second's hello");
    let broken = timeout(Duration::from_millis(50), observer.broken()).await;
    assert!(broken.is_err(), "{broken:?}");
}

fn script() -> HandlerScript {
    HandlerScript {
        rules: vec![HandlerRule {
            event: EventKind::OnRcptCommand,
            nth: 2,
            action: HandlerAction::Reject("550 no".into()),
        }],
    }
}

#[tokio::test]
async fn a_script_is_given_when_the_adapter_says_that_it_is_ready() {
    let (observer, stream) = listening().await;
    let (reader, mut writer) = stream.into_split();
    writer.write_all(hello_line(true).as_bytes()).await.unwrap();
    timeout(SECOND, observer.hello()).await.unwrap();
    let (scripts, script) = (observer.scripts(), script());
    let given = scripts.give(peer(7), &script);
    let adapter = async {
        let mut line = String::new();
        BufReader::new(reader).read_line(&mut line).await.unwrap();
        let answer = b"{\"ready\":\"127.0.0.1:7\"}\n";
        writer.write_all(answer).await.unwrap();
        line
    };
    let (given, line) = tokio::join!(timeout(SECOND, given), adapter);
    given.expect("at once").expect("taken");
    let rule = r#"{"event":"OnRcptCommand","nth":2,"action":{"reject":"550 no"}}"#;
    assert_eq!(
        line,
        format!("{{\"peer\":\"127.0.0.1:7\",\"handlers\":[{rule}]}}\n")
    );
}

#[tokio::test]
async fn an_adapter_that_claims_no_scripts_is_given_none() {
    let (observer, mut stream) = listening().await;
    stream
        .write_all(hello_line(false).as_bytes())
        .await
        .unwrap();
    timeout(SECOND, observer.hello()).await.unwrap();
    let given = observer.scripts().give(peer(7), &script()).await;
    assert!(matches!(given, Err(ScriptError::NotTaken)), "{given:?}");
}
