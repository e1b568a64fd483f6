//! The embedded server over real sockets: what it says, which events fire, how sessions end.

mod common;

use std::{
    sync::{Arc, Mutex},
    time::{Duration, Instant},
};

use common::{events, parse};
use pretty_assertions::assert_eq;
use smtpspec::{
    run::{CampaignOptions, Case, Outcome, campaign},
    serve::{Hooks, ServeOptions, Server},
    target::{StartOptions, Target},
};
use smtpspec_core::{
    conversation::{Conversation, Step},
    event::EventKind,
    receiver::Config,
    transcript::{SessionLog, What},
};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};

const SEED: &str = "ehlo console\nmail from: sender@contoso.com\nrcpt to: recipient@contoso.com\ndata\n\
                    To: recipient@contoso.com\nFrom: sender@contoso.com\nSubject: Test Message\n\n\
                    This a test message.\n.\nquit\n";
const SEED_EVENTS: &str = "Connect Ehlo Mail Rcpt Data EndOfHeaders EndOfData Disconnect(QuitVerb)";

fn conversation(text: &str) -> Conversation {
    parse(&format!("%title t\n%purpose p\n%source s\n{text}"))
}

async fn play(conversations: Vec<Conversation>) -> Outcome {
    let target = Target::named("embedded").unwrap();
    let mut target = target.start(&StartOptions::default()).await.unwrap();
    let cases = conversations.into_iter().enumerate();
    let cases = cases.map(|(n, conversation)| Case {
        name: format!("case-{n}"),
        conversation,
    });
    let outcome = campaign(
        &mut target,
        cases.collect(),
        &CampaignOptions::default(),
        |_| (),
    )
    .await;
    target.stop().await;
    assert!(outcome.error.is_none(), "{:?}", outcome.error);
    assert!(outcome.transcript.complete);
    assert_eq!(outcome.transcript.strays, []);
    outcome
}

async fn play_one(text: &str) -> SessionLog {
    let mut outcome = play(vec![conversation(text)]).await;
    outcome.transcript.sessions.remove(0)
}

#[tokio::test]
async fn the_seeds_conversation_fires_the_events_that_it_tells_of() {
    let session = play_one(SEED).await;
    assert_eq!(events(&session), SEED_EVENTS);
}

#[tokio::test]
async fn each_way_to_end_a_session_has_its_reason() {
    for (text, want) in [
        ("EHLO c\nQUIT\n", "Connect Ehlo Disconnect(QuitVerb)"),
        (
            "EHLO c\n%expect 250\n%close\n",
            "Connect Ehlo Disconnect(SenderDisconnected)",
        ),
        (
            "EHLO c\n%expect 250\n%reset\n",
            "Connect Ehlo Disconnect(SenderDisconnected)",
        ),
        (
            "EHLO c\n%expect 250\n%half-close\n",
            "Connect Ehlo Disconnect(SenderDisconnected)",
        ),
        (
            "EHLO c\n%silence\n%expect 421\n",
            "Connect Ehlo Disconnect(Timeout)",
        ),
        (
            "%handler OnEhloCommand 1 drop\nEHLO c\n%expect 421\n",
            "Connect Ehlo Disconnect(DroppedSession)",
        ),
    ] {
        let session = play_one(text).await;
        assert_eq!(events(&session), want, "{text}");
        assert_eq!(unmet(&session), 0, "{text}");
    }
}

fn unmet(session: &SessionLog) -> usize {
    let unmet = |what: &What| matches!(what, What::Expected { met: false, .. });
    session
        .entries
        .iter()
        .filter(|entry| unmet(&entry.what))
        .count()
}

/// The seed's octets in one segment, cut off after each octet.
fn cuts(end: &Step) -> Vec<Conversation> {
    let octets = SEED.replace('\n', "\r\n").into_bytes();
    let cut = |len| Conversation {
        steps: vec![Step::Send(vec![octets[..len].to_vec()]), end.clone()],
        ..Conversation::default()
    };
    (1..octets.len()).map(cut).collect()
}

#[tokio::test]
async fn a_client_lost_at_any_octet_is_disconnected_once() {
    for end in [Step::Close, Step::Reset, Step::HalfClose] {
        let outcome = play(cuts(&end)).await;
        for session in &outcome.transcript.sessions {
            let events = events(session);
            // A reset may overtake the accept: then there was no session at all.
            if events.is_empty() && end == Step::Reset {
                continue;
            }
            let case = &session.open.case;
            let once = events.matches(" Disconnect(").count() == 1;
            assert!(
                events.starts_with("Connect ") && once,
                "{end:?} in {case}: {events}"
            );
            assert!(
                !events.contains("EndOfData") || is_whole(session),
                "{case}: {events}"
            );
        }
    }
}

/// Whether the end of the message was sent.
fn is_whole(session: &SessionLog) -> bool {
    let mut sent = session
        .entries
        .iter()
        .filter_map(|entry| match &entry.what {
            What::Sent(octets) => Some(octets),
            _ => None,
        });
    sent.any(|octets| octets.0.windows(5).any(|window| window == b"\r\n.\r\n"))
}

#[tokio::test]
async fn sessions_that_run_at_once_do_not_mix() {
    let one = |n: usize| {
        conversation(&format!(
            "EHLO c{n}.example.org\n%pause 20ms\nMAIL FROM:<a{n}@example.org>\n%pause 20ms\nQUIT\n"
        ))
    };
    let outcome = play((0..200).map(one).collect()).await;
    for (n, session) in outcome.transcript.sessions.iter().enumerate() {
        assert_eq!(events(session), "Connect Ehlo Mail Disconnect(QuitVerb)");
        let shown = format!("{session:?}");
        assert!(shown.contains(&format!("a{n}@")) && shown.contains(&format!("c{n}.")));
    }
}

#[tokio::test]
async fn a_slow_handler_does_not_hold_up_other_sessions() {
    let slow = conversation("%handler OnEhloCommand 1 sleep 600ms\nEHLO slow\nQUIT\n");
    let quick = conversation("EHLO quick\nQUIT\n");
    let outcome = play(vec![slow, quick]).await;
    let [slow, quick] = &outcome.transcript.sessions[..] else {
        panic!("two sessions: {outcome:?}");
    };
    let took = |session: &SessionLog| {
        let (first, last) = (
            session.entries.first().unwrap(),
            session.entries.last().unwrap(),
        );
        Duration::from_nanos(last.at - first.at)
    };
    assert!(took(slow) >= Duration::from_millis(600));
    assert!(
        took(quick) < Duration::from_millis(400),
        "{:?}",
        took(quick)
    );
}

/// A server of its own, and the events that it has fired.
fn server(options: ServeOptions) -> (Server, Arc<Mutex<Vec<EventKind>>>) {
    let fired = Arc::new(Mutex::new(Vec::new()));
    let sink = Arc::clone(&fired);
    let hooks = Hooks::new(move |record| sink.lock().unwrap().push(record.event.kind()));
    let listen = "127.0.0.1:0".parse().unwrap();
    let server = Server::start(listen, Config::default(), options, hooks).unwrap();
    (server, fired)
}

#[tokio::test]
async fn a_server_that_shuts_down_says_421_to_each_client() {
    let (server, fired) = server(ServeOptions::default());
    let mut client = TcpStream::connect(server.address()).await.unwrap();
    let mut banner = [0; 3];
    client.read_exact(&mut banner).await.unwrap();
    let begin = Instant::now();
    let ((), rest) = tokio::join!(server.shut_down(), async move {
        let mut rest = String::new();
        client.read_to_string(&mut rest).await.unwrap();
        rest
    });
    assert!(rest.lines().last().unwrap().starts_with("421 "), "{rest}");
    assert!(begin.elapsed() < Duration::from_secs(1));
    let fired = fired.lock().unwrap();
    assert_eq!(*fired, [EventKind::OnConnect, EventKind::OnDisconnect]);
}

#[tokio::test]
async fn a_client_that_reads_nothing_is_dropped() {
    let (server, fired) = server(ServeOptions {
        write: Duration::from_millis(200),
        ..ServeOptions::default()
    });
    let mut client = TcpStream::connect(server.address()).await.unwrap();
    // Octets whose replies fill every buffer on the way.
    let octets = b"EHLO c\r\n".repeat(1 << 20);
    let write = client.write_all(&octets);
    let _ = tokio::time::timeout(Duration::from_secs(3), write).await;
    tokio::time::sleep(Duration::from_millis(400)).await;
    assert_eq!(fired.lock().unwrap().last(), Some(&EventKind::OnDisconnect));
    server.shut_down().await;
}
