//! Judging a run's log that has been read. No other program checks the order of a server's events; the floor is that of
//! the log's octets.

use std::hint::black_box;

use criterion::Criterion;
use smtpspec_benches::TRANSCRIPT;
use smtpspec_core::{check::check, transcript::Transcript};

use crate::contest::{OURS, contest};

pub(crate) fn bench(c: &mut Criterion) {
    let transcript = Transcript::parse(TRANSCRIPT).unwrap_or_else(|error| panic!("{error}"));
    let sessions = transcript.sessions.len();
    contest(
        c,
        "checker",
        TRANSCRIPT,
        sessions,
        sessions,
        &mut [(OURS, &mut |_| {
            black_box(check(black_box(&transcript)));
            sessions
        })],
    );
}
