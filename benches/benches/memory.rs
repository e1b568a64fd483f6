//! Conversations in memory: generated, played at the reference receiver, judged; and each of the three alone.

#[path = "settings/mod.rs"]
mod settings;

use std::{hint::black_box, sync::Arc};

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use smtpspec_benches::{greeting, short};
use smtpspec_core::{
    check::check,
    conversation::Conversation,
    generate::{Family, conversation},
    memory::{play, transcript},
    model::{Tolerance, UnansweredData, WireLog, read},
    receiver::Config,
    transcript::{SessionLog, Transcript},
};

/// Conversations that are judged together.
const BATCH: u64 = 256;

fn generated() -> Vec<Conversation> {
    (0..BATCH)
        .map(|index| conversation(Family::Valid, 1, index))
        .collect()
}

fn played(conversations: &[Conversation], config: &Arc<Config>) -> Vec<SessionLog> {
    (1..)
        .zip(conversations)
        .map(|(conn, conversation)| play(conn, "bench", conversation, config))
        .collect()
}

/// A batch of one conversation.
fn of(conversation: &Conversation) -> Vec<Conversation> {
    vec![conversation.clone(); usize::try_from(BATCH).unwrap_or(0)]
}

/// How many exchanges the logs hold: what the checker needs to know before it can ask its first rule.
fn exchanges(transcript: &Transcript) -> usize {
    let exchanges = transcript.sessions.iter().map(|session| {
        let wire = WireLog::new(session);
        let strict = read(&wire, &Tolerance::default(), UnansweredData::Accepted);
        strict.exchanges.len()
    });
    exchanges.sum()
}

/// How much was found, which is nothing.
fn judged(transcript: &Transcript) -> usize {
    check(transcript).findings().count()
}

fn bench(c: &mut Criterion) {
    let config = Arc::default();
    let mut group = c.benchmark_group("memory");
    group.throughput(Throughput::Elements(BATCH));
    group.bench_function("generate", |b| b.iter(generated));
    let batches = [
        ("greeting", of(&greeting())),
        ("short", of(&short())),
        ("generated", generated()),
    ];
    for (name, batch) in &batches {
        let logs = transcript(played(batch, &config));
        assert_eq!(judged(&logs), 0, "the reference receiver conforms");
        group.bench_function(format!("{name}: play"), |b| {
            b.iter(|| played(black_box(batch), &config));
        });
        group.bench_function(format!("{name}: read, no rule asked"), |b| {
            b.iter(|| exchanges(black_box(&logs)));
        });
        group.bench_function(format!("{name}: check"), |b| {
            b.iter(|| judged(black_box(&logs)));
        });
        group.bench_function(format!("{name}: play and check"), |b| {
            b.iter(|| judged(&transcript(played(black_box(batch), &config))));
        });
    }
    group.bench_function("generate, play and check", |b| {
        b.iter(|| judged(&transcript(played(&generated(), &config))));
    });
    group.finish();
}

criterion_group! {
    name = benches;
    config = settings::measured_for(3);
    targets = bench
}
criterion_main!(benches);
