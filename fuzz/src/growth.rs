//! Linear time: a transcript that has grown takes the checker longer in proportion, and not by more.
//!
//! A busy machine makes anything slow for a while: so time spent waiting for a core does not count, and the short one and
//! the long one are timed side by side, with room for a factor, many times over. Only what is too slow each time has grown
//! faster than its input.

use core::time::Duration;
use std::time::Instant;

use smtpspec_core::{
    check::check,
    transcript::{Entry, SessionLog, Transcript},
};

/// How many times as long the other is.
const TIMES: usize = 8;
/// How many times as long it may take: a quadratic part that outweighs the rest takes 64 times as long.
const MOST: u32 = 24;
const SLACK: Duration = Duration::from_millis(2);
const TRIES: usize = 12;

/// Panics if `transcript`, grown to about `short` entries and on from there, shows that the checker takes more than
/// linear time.
pub(crate) fn is_linear(transcript: &Transcript, short: usize) {
    let entries: usize = transcript.sessions.iter().map(|s| s.entries.len()).sum();
    let times = short.div_ceil(entries.max(1));
    for (how, grow) in WAYS {
        let (short, long) = (grow(transcript, times), grow(transcript, times * TIMES));
        let in_proportion = |_| took(&long) <= took(&short) * MOST + SLACK;
        assert!(
            (0..TRIES).any(in_proportion),
            "with {how} {TIMES} times as often: {:?}, then {:?}: {transcript:#?}",
            took(&short),
            took(&long)
        );
    }
}

/// Without the time in which this thread had to wait for others.
fn took(transcript: &Transcript) -> Duration {
    let (start, waited) = (Instant::now(), waited());
    check(transcript);
    let elapsed = start.elapsed();
    elapsed.saturating_sub(self::waited().saturating_sub(waited))
}

/// For how long this thread has been ready to run and did not; nothing where the system does not say.
fn waited() -> Duration {
    let statistics = std::fs::read_to_string("/proc/thread-self/schedstat");
    let nanoseconds = statistics.ok().and_then(|text| {
        let second = text.split_ascii_whitespace().nth(1)?;
        second.parse().ok()
    });
    Duration::from_nanos(nanoseconds.unwrap_or(0))
}

type Grow = fn(&Transcript, usize) -> Transcript;

const WAYS: [(&str, Grow); 3] = [
    ("each entry", |transcript, times| {
        with_sessions(transcript, |session| each_repeated(&session.entries, times))
    }),
    ("all entries", |transcript, times| {
        with_sessions(transcript, |session| repeated(&session.entries, times))
    }),
    ("all sessions", |transcript, times| {
        let mut grown = transcript.clone();
        grown.sessions = repeated(&transcript.sessions, times);
        for (conn, session) in (1..).zip(&mut grown.sessions) {
            session.conn = conn;
            session.open.case = format!("{} {conn}", session.open.case);
        }
        grown.strays = repeated(&transcript.strays, times);
        grown
    }),
];

fn with_sessions(
    transcript: &Transcript,
    entries: impl Fn(&SessionLog) -> Vec<Entry>,
) -> Transcript {
    let mut grown = transcript.clone();
    for (session, from) in grown.sessions.iter_mut().zip(&transcript.sessions) {
        session.entries = entries(from);
    }
    grown
}

fn repeated<T: Clone>(all: &[T], times: usize) -> Vec<T> {
    core::iter::repeat_n(all, times)
        .flatten()
        .cloned()
        .collect()
}

/// Each behind its likes.
fn each_repeated<T: Clone>(all: &[T], times: usize) -> Vec<T> {
    let repeated = |one: &T| core::iter::repeat_n(one.clone(), times);
    all.iter().flat_map(repeated).collect()
}
