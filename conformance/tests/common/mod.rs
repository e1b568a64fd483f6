//! What the socket tests share.
#![allow(
    dead_code,
    unreachable_pub,
    reason = "a module of several test programs, each of which uses some of it"
)]

use std::net::SocketAddr;

use smtpspec_core::{
    conversation::Conversation,
    event::Event,
    transcript::{SessionLog, What},
};
use tokio::net::{TcpListener, TcpStream};

/// A conversation from its text form.
pub fn parse(text: &str) -> Conversation {
    Conversation::parse(text.as_bytes()).expect("the test's own text")
}

/// A server that does `serve` with its first connection, and takes no other.
pub async fn serve_once<F>(serve: impl FnOnce(TcpStream) -> F + Send + 'static) -> SocketAddr
where
    F: Future<Output = ()> + Send,
{
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        let (stream, _) = listener.accept().await.unwrap();
        serve(stream).await;
    });
    address
}

/// The session's events by name, as `Connect Ehlo Disconnect(QuitVerb)`.
pub fn events(session: &SessionLog) -> String {
    let events = session
        .entries
        .iter()
        .filter_map(|entry| match &entry.what {
            What::Event(record) => Some(short(&record.event)),
            _ => None,
        });
    events.collect::<Vec<_>>().join(" ")
}

fn short(event: &Event) -> String {
    let name = event.kind().name();
    let name = name.trim_start_matches("On").trim_end_matches("Command");
    match event {
        Event::OnDisconnect {
            reason: Some(reason),
        } => format!("{name}({reason:?})"),
        _ => name.to_owned(),
    }
}
