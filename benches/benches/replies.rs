//! Cutting and parsing replies.

use std::hint::black_box;
use std::time::Duration;

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use smtp_codec::parse::response::Reply_line;
use smtp_proto::response::parser::ResponseReceiver;
use smtpspec_benches::{REPLIES, replies};
use smtpspec_core::wire::ReplySplitter;

/// A parser by name.
type Contestant = (&'static str, fn(&[u8]) -> usize);

/// The code, the enhanced code and each line's text: what the peer gives too.
fn core(mut input: &[u8]) -> usize {
    let mut splitter = ReplySplitter::new();
    let mut good = 0;
    while let Some(Ok(reply)) = splitter.next(input) {
        black_box(reply.enhanced());
        black_box(reply.lines().map(<[u8]>::len).sum::<usize>());
        input = &input[reply.raw.len()..];
        good += 1;
    }
    good
}

fn proto(input: &[u8]) -> usize {
    let mut octets = input.iter();
    let mut receiver = ResponseReceiver::default();
    let mut good = 0;
    while !octets.as_slice().is_empty() {
        good += usize::from(black_box(receiver.parse(&mut octets)).is_ok());
        receiver.reset();
    }
    good
}

/// Recognizes the reply and returns its octets; the peer has no function that takes any reply apart.
fn codec(mut input: &[u8]) -> usize {
    let mut good = 0;
    while let Ok((rest, reply)) = Reply_line(input) {
        black_box(reply);
        good += 1;
        input = rest;
    }
    good
}

/// The floor: finding the line ends and nothing else.
fn line_ends(input: &[u8]) -> usize {
    memchr::memchr_iter(b'\n', input).count()
}

fn bench(c: &mut Criterion) {
    let input = replies();
    let mut group = c.benchmark_group("replies");
    group.throughput(Throughput::ElementsAndBytes {
        elements: REPLIES as u64,
        bytes: input.len() as u64,
    });
    let contestants: [Contestant; 3] = [
        ("smtpspec-core", core),
        ("smtp-proto", proto),
        ("smtp-codec", codec),
    ];
    for (name, run) in contestants {
        assert_eq!(run(&input), REPLIES, "{name} does not read every reply");
        group.bench_function(name, |b| b.iter(|| run(black_box(&input))));
    }
    group.bench_function("memchr", |b| b.iter(|| line_ends(black_box(&input))));
    group.finish();
}

criterion_group! {
    name = benches;
    config = Criterion::default()
        .sample_size(20)
        .warm_up_time(Duration::from_millis(500))
        .measurement_time(Duration::from_secs(3));
    targets = bench
}
criterion_main!(benches);
