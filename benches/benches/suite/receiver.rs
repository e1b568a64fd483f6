//! The receiver without sockets: octets in; replies and events out, an agent that looks at each, digests of the content.
//! The peer is the state machine of mailin, which has no digest, handed one line at a time.

use std::{hint::black_box, net::IpAddr, sync::Arc};

use criterion::Criterion;
use mailin::{Action, Handler, SessionBuilder};
use smtpspec_benches::{long_session, play, session};
use smtpspec_core::receiver::Config;

use crate::contest::{OURS, contest};

/// Takes everything.
struct Taker;

impl Handler for Taker {}

fn mailin(input: &[u8]) -> usize {
    let mut session =
        SessionBuilder::new("mx.example.org").build(IpAddr::from([127, 0, 0, 1]), Taker);
    let mut replies = 1;
    black_box(session.greeting().buffer().ok());
    for line in input.split_inclusive(|octet| *octet == b'\n') {
        let response = session.process(line);
        if response.action != Action::NoReply {
            black_box(response.buffer().ok());
            replies += 1;
        }
    }
    replies
}

pub(crate) fn bench(c: &mut Criterion) {
    // The banner, EHLO, MAIL, RCPT, DATA, the message, QUIT.
    let replies = 7;
    let config = Arc::new(Config::default());
    for (name, input) in [
        ("receiver", session()),
        ("receiver, a long message", long_session()),
    ] {
        contest(
            c,
            name,
            &input,
            1,
            replies,
            &mut [
                (OURS, &mut |input| play(&config, input)),
                ("mailin", &mut mailin),
            ],
        );
    }
}
