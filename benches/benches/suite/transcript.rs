//! Reading a run's log. The peer reads each line as JSON without asking what it says.

use std::hint::black_box;

use criterion::Criterion;
use smtpspec_benches::TRANSCRIPT;
use smtpspec_core::transcript::Transcript;

use crate::contest::{OURS, contest};

fn ours(octets: &[u8]) -> usize {
    Transcript::parse(octets).map_or(0, |transcript| {
        let entries = transcript
            .sessions
            .iter()
            .map(|session| session.entries.len() + 1);
        // The header and the end have lines too.
        black_box(&transcript);
        entries.sum::<usize>() + 2
    })
}

fn serde_json(octets: &[u8]) -> usize {
    let lines = serde_json::Deserializer::from_slice(octets).into_iter::<serde_json::Value>();
    lines.map_while(Result::ok).map(black_box).count()
}

pub(crate) fn bench(c: &mut Criterion) {
    let lines = memchr::memchr_iter(b'\n', TRANSCRIPT).count();
    contest(
        c,
        "transcript",
        TRANSCRIPT,
        lines,
        lines,
        &mut [(OURS, &mut ours), ("serde_json, untyped", &mut serde_json)],
    );
}
