//! Anything against anything: whatever a client plays and whatever a server and its event stream answer, a session ends
//! within its limits, its log stays small, and it is judged at once, saved or not. Nothing panics.

use std::{net::SocketAddr, time::Duration};

use proptest::{collection::vec, prelude::*, sample::select};
use smtpspec::{
    drive::{self, Limits},
    observe::{EventsSpec, Hub, Observer},
    record::Log,
    serve,
};
use smtpspec_core::{
    check::check,
    conversation::{Conversation, ReplyPattern, Step},
    event::{EventKind, EventRecord},
    generate::{Family, conversations},
    transcript::{Header, Open, SessionLog, TRANSCRIPT_VERSION, Transcript, What},
};
use socket2::SockRef;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
    runtime::{Builder, Runtime},
    task::JoinSet,
    time::{Instant, sleep, timeout},
};

/// Sessions of one case, played at once.
const AT_ONCE: usize = 24;
/// What a loaded machine may add to any limit.
const SLACK: Duration = Duration::from_secs(3);
/// For the checker, one session: a second, and what a loaded machine may add.
const JUDGED: Duration = Duration::from_secs(1).saturating_add(SLACK);

fn limits() -> Limits {
    Limits {
        connect: Duration::from_secs(1),
        reply: Duration::from_millis(40),
        silence: Duration::from_millis(40),
        drop: Duration::from_millis(10),
        segment_gap: Duration::from_micros(50),
        sources: 1,
        max_received: 64 * 1024,
    }
}

/// What a server does next.
#[derive(Debug, Clone)]
enum Act {
    /// Waits for octets, not for long.
    Hears,
    Says(Vec<u8>),
    /// The same, one octet at a time.
    Drips(Vec<u8>),
    /// The same so many times over, in one write.
    Floods(Vec<u8>, usize),
    Sleeps(u64),
    Finishes,
    Resets,
}

/// A server: what it does, how often over, and how it stays when it has done.
#[derive(Debug, Clone)]
struct Hostile {
    acts: Vec<Act>,
    rounds: usize,
    /// Keeps the connection, and does not read, until long after the client has lost its patience.
    holds: bool,
}

/// An event out of nowhere.
#[derive(Debug, Clone)]
struct Fired {
    after_ms: u64,
    session: u8,
    seq: u64,
    kind: EventKind,
    clock: Option<u64>,
    /// Of the session's own client; else of nobody's.
    own: bool,
    times: usize,
}

#[derive(Debug, Clone)]
struct Play {
    conversation: Conversation,
    server: Hostile,
    events: Vec<Fired>,
}

fn said() -> impl Strategy<Value = Vec<u8>> {
    let known = select(
        &[
            "220 hi\r\n",
            "250 ok\r\n",
            "250-more\r\n",
            "354 go\r\n",
            "221 bye\r\n",
            "421 leaving\r\n",
            "550 no\r\n",
            "500-",
            "25",
            "250 half",
            "250 bare\n",
            "250\r",
            "\r\n",
            "999 what\r\n",
            "250 \0nul\0\r\n",
            "\0",
        ][..],
    );
    prop_oneof![
        6 => known.prop_map(|text| text.as_bytes().to_vec()),
        1 => vec(any::<u8>(), 1..80),
    ]
}

fn act() -> impl Strategy<Value = Act> {
    prop_oneof![
        8 => Just(Act::Hears),
        8 => said().prop_map(Act::Says),
        2 => said().prop_map(Act::Drips),
        1 => (said(), 2_usize..4000).prop_map(|(text, times)| Act::Floods(text, times)),
        1 => (0_u64..15).prop_map(Act::Sleeps),
        1 => Just(Act::Finishes),
        1 => Just(Act::Resets),
    ]
}

fn hostile() -> impl Strategy<Value = Hostile> {
    // A third begins as a server should: else few conversations would get anywhere.
    let polite = Act::Says(b"220 hi\r\n".to_vec());
    let acts = (prop::bool::weighted(0.33), vec(act(), 0..12)).prop_map(move |(banner, acts)| {
        let banner = banner.then(|| polite.clone());
        banner.into_iter().chain(acts).collect()
    });
    (acts, 1_usize..40, any::<bool>()).prop_map(|(acts, rounds, holds)| Hostile {
        acts,
        rounds,
        holds,
    })
}

fn segment() -> impl Strategy<Value = Vec<u8>> {
    prop_oneof![
        4 => vec(any::<u8>(), 1..60),
        4 => select(&["EHLO a\r\n", "DATA\r\n", "\r\n.\r\n", "QUIT\r\n", "\n", "\r"][..])
            .prop_map(|text| text.as_bytes().to_vec()),
        1 => (any::<u8>(), 10_000_usize..400_000).prop_map(|(octet, times)| vec![octet; times]),
    ]
}

/// A client that need not speak SMTP.
fn raw() -> impl Strategy<Value = Conversation> {
    let step = prop_oneof![
        6 => vec(segment(), 1..5).prop_map(Step::Send),
        2 => (0_u64..5).prop_map(Step::Pause),
        1 => Just(Step::Expect(ReplyPattern { codes: vec![*b"2xx"] })),
    ];
    let ends = [Step::Close, Step::Reset, Step::HalfClose, Step::Silence];
    let end = prop::option::of(select(ends.to_vec()));
    (vec(step, 0..12), end, any::<bool>()).prop_map(|(mut steps, end, early)| {
        steps.extend(end);
        Conversation {
            early,
            steps,
            ..Conversation::default()
        }
    })
}

fn client() -> impl Strategy<Value = Conversation> {
    prop_oneof![
        conversations(Family::Valid, 1, None),
        conversations(Family::Malformed, 2, None),
        conversations(Family::Abrupt, 3, None),
        raw(),
        raw(),
    ]
}

fn fired() -> impl Strategy<Value = Fired> {
    let clock = prop::option::of(any::<u64>());
    let often = prop_oneof![12 => 1_usize..3, 1 => 1000_usize..5000];
    let kind = select(&EventKind::ALL[..]);
    (
        0_u64..4,
        0_u8..3,
        any::<u64>(),
        kind,
        clock,
        prop::bool::weighted(0.9),
        often,
    )
        .prop_map(|(after_ms, session, seq, kind, clock, own, times)| Fired {
            after_ms,
            session,
            seq,
            kind,
            clock,
            own,
            times,
        })
}

fn play() -> impl Strategy<Value = Play> {
    (client(), hostile(), vec(fired(), 0..25)).prop_map(|(conversation, server, events)| Play {
        conversation,
        server,
        events,
    })
}

impl Hostile {
    /// Takes one client. Ends with it, or soon after.
    async fn serve(self, listener: TcpListener) {
        let (mut stream, _) = listener.accept().await.expect("the client connects");
        let acts = self.acts.iter().cycle().take(self.acts.len() * self.rounds);
        for act in acts {
            // A client that has left is the usual end; one that does not read is left alone.
            let done = timeout(Duration::from_millis(300), do_act(&mut stream, act)).await;
            match done {
                Ok(Some(())) => {}
                _ => break,
            }
        }
        if self.holds {
            sleep(Duration::from_millis(400)).await;
        }
    }
}

/// `None` when that was the last one.
async fn do_act(stream: &mut TcpStream, act: &Act) -> Option<()> {
    match act {
        Act::Hears => {
            let mut buffer = [0; 512];
            let heard = timeout(Duration::from_millis(10), stream.read(&mut buffer)).await;
            let left = heard.is_ok_and(|read| !matches!(read, Ok(1..)));
            (!left).then_some(())
        }
        Act::Says(octets) => stream.write_all(octets).await.ok(),
        Act::Drips(octets) => {
            for octet in octets {
                stream.write_all(&[*octet]).await.ok()?;
                tokio::task::yield_now().await;
            }
            Some(())
        }
        Act::Floods(octets, times) => stream.write_all(&octets.repeat(*times)).await.ok(),
        Act::Sleeps(ms) => {
            sleep(Duration::from_millis(*ms)).await;
            Some(())
        }
        Act::Finishes => stream.shutdown().await.ok(),
        Act::Resets => {
            let _ = SockRef::from(&*stream).set_linger(Some(Duration::ZERO));
            None
        }
    }
}

async fn fire(events: Vec<Fired>, client: SocketAddr, hub: Hub) {
    for fired in events {
        sleep(Duration::from_millis(fired.after_ms)).await;
        let peer = if fired.own {
            client
        } else {
            ([192, 0, 2, 1], 25).into()
        };
        let record = serde_json::json!({
            "session": fired.session.to_string(),
            "seq": fired.seq,
            "at": fired.clock,
            "peer": peer,
            "event": fired.kind,
            "args": {},
        });
        let record: EventRecord = serde_json::from_value(record).expect("an event");
        for _ in 0..fired.times {
            hub.event(record.clone());
        }
    }
}

/// The longest that `conversation` may take: each line may be a command, and each of its replies as late as may be.
fn longest(conversation: &Conversation, limits: &Limits) -> Duration {
    let octets = conversation.octets();
    let lines = octets
        .iter()
        .filter(|octet| b"\r\n".contains(octet))
        .count();
    let mut waits = 2 * lines + 4;
    let mut time = limits.connect + limits.silence;
    for step in &conversation.steps {
        match step {
            Step::Pause(ms) => time += Duration::from_millis(*ms),
            Step::Send(segments) => waits += segments.len(),
            _ => waits += 1,
        }
    }
    time + limits.reply * u32::try_from(waits).unwrap() + SLACK
}

/// Plays it, and gives what was seen.
async fn session(play: Play) -> Transcript {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let server = listener.local_addr().unwrap();
    let mut others = JoinSet::new();
    others.spawn(play.server.serve(listener));
    let limits = limits();
    let bound = drive::bind(server, &limits).await.unwrap();
    let (client, hub, log) = (bound.client(), Hub::new(), Log::new());
    hub.open(client, log.clone());
    others.spawn(fire(play.events, client, hub.clone()));
    let playing = bound.play(&play.conversation, &log);
    let ended = timeout(longest(&play.conversation, &limits), playing).await;
    ended
        .expect("a session ends within its limits")
        .expect("it connects");
    log.push(What::Settled);
    let open = Open {
        case: "hostile".into(),
        client,
        server,
        protocol: play.conversation.protocol,
        handlers: play.conversation.handlers.clone(),
    };
    let entries = log.take();
    hub.close(client, &log);
    // Late events come into a hub that no longer waits for them.
    while let Some(other) = others.join_next().await {
        other.expect("nothing panics");
    }
    Transcript {
        header: Header {
            version: TRANSCRIPT_VERSION,
            tool: "test".into(),
            target: "hostile".into(),
            hello: Some(serve::hello()),
            disconnect_limit_ms: 1000,
        },
        sessions: vec![SessionLog {
            conn: 1,
            open,
            entries,
        }],
        strays: hub.take_strays(),
        complete: true,
    }
}

/// Octets received and events logged, in bounds that do not depend on the server.
fn stays_small(transcript: &Transcript) {
    let (mut received, mut sent, mut events) = (0, 0, 0);
    for entry in &transcript.sessions[0].entries {
        match &entry.what {
            What::Received(octets) => received += octets.0.len(),
            What::Sent(octets) => sent += octets.0.len(),
            What::Event(_) => events += 1,
            _ => {}
        }
    }
    assert!(
        received <= limits().max_received + 16 * 1024,
        "{received} octets received"
    );
    assert!(
        events <= 1001 + 2 * sent,
        "{events} events for {sent} octets"
    );
    assert!(transcript.strays.len() <= 10_000);
}

/// The verdict comes at once, and is that of the saved transcript.
fn is_judged(transcript: &Transcript) {
    let start = Instant::now();
    let verdict = check(transcript);
    let took = start.elapsed();
    let entries = transcript.sessions[0].entries.len();
    assert!(took < JUDGED, "{took:?} for {entries} entries");
    let mut saved = Vec::new();
    transcript.write_to(&mut saved).unwrap();
    let saved = Transcript::parse(&saved).expect("what was written can be read");
    assert!(
        check(&saved) == verdict,
        "the saved transcript is judged in another way"
    );
}

fn runtime() -> Runtime {
    Builder::new_multi_thread().enable_all().build().unwrap()
}

proptest! {
    #![proptest_config(ProptestConfig {
        cases: 14,
        failure_persistence: None,
        max_shrink_iters: 20,
        ..ProptestConfig::default()
    })]

    #[test]
    fn every_session_ends_in_time_stays_small_and_is_judged(plays in vec(play(), AT_ONCE)) {
        runtime().block_on(async {
            let mut sessions: JoinSet<Transcript> = plays.into_iter().map(session).collect();
            while let Some(transcript) = sessions.join_next().await {
                let transcript = transcript.expect("nothing panics");
                stays_small(&transcript);
                is_judged(&transcript);
            }
        });
    }
}

/// An event stream's lines, some of them good.
fn line() -> impl Strategy<Value = Vec<u8>> {
    let event = br#"{"session":"a","seq":1,"peer":"127.0.0.1:7","event":"OnRsetCommand"}"#;
    prop_oneof![
        6 => Just(event.to_vec()),
        1 => vec(any::<u8>(), 0..60),
        1 => (0..event.len()).prop_map(|end| event[..end].to_vec()),
        1 => Just(br#"{"ready":"127.0.0.1:7"}"#.to_vec()),
        1 => Just(vec![b'['; 100_000]),
    ]
}

/// Whether `line` is an event or an answer, by the grammar's own parser.
fn is_good(line: &[u8]) -> bool {
    use smtpspec_core::event::{StreamItem, parse_stream_line};
    let event = matches!(parse_stream_line(line), Ok(StreamItem::Event(_)));
    event || line.starts_with(br#"{"ready":"#)
}

proptest! {
    #![proptest_config(ProptestConfig {
        cases: 64,
        failure_persistence: None,
        ..ProptestConfig::default()
    })]

    #[test]
    fn the_first_line_that_is_no_event_ends_the_stream_with_its_number(lines in vec(line(), 0..20)) {
        let mut text = serde_json::to_vec(&serve::hello()).unwrap();
        for line in &lines {
            text.push(b'\n');
            text.extend(line);
        }
        text.push(b'\n');
        let sent: Vec<&[u8]> = text.split_inclusive(|octet| *octet == b'\n').skip(1).collect();
        let bare = |line: &[u8]| line.strip_suffix(b"\n").map(|l| l.strip_suffix(b"\r").unwrap_or(l).to_vec());
        let bad = sent.iter().position(|line| !is_good(&bare(line).unwrap()));
        runtime().block_on(async {
            let observer = Observer::open(&EventsSpec::Tcp("127.0.0.1:0".into())).await.unwrap();
            let log = Log::new();
            observer.hub().open(([127, 0, 0, 1], 7).into(), log.clone());
            timeout(SLACK, observer.reader().read(&text[..])).await.expect("it is read to its end");
            // A stream that ends before the run does is broken as well, behind its last line.
            let first = bad.unwrap_or(sent.len()) + 2;
            assert_eq!(observer.broken().await.line, first as u64);
            let good = &sent[..bad.unwrap_or(sent.len())];
            let events = good.iter().filter(|line| !line.starts_with(br#"{"ready""#));
            assert_eq!(log.events(), events.count() as u64);
        });
    }
}
