//! Cutting and parsing command lines.

use std::hint::black_box;
use std::time::Duration;

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use smtp_codec::parse::command::command;
use smtp_proto::Request;
use smtpspec_benches::{COMMANDS, commands};
use smtpspec_core::wire::{LineEnds, LineSplitter, parse_command};

/// A parser by name.
type Contestant = (&'static str, fn(&[u8]) -> usize);

fn core(mut input: &[u8]) -> usize {
    let mut splitter = LineSplitter::new(LineEnds::default());
    let mut strict = 0;
    while let Some(line) = splitter.next(input) {
        let parsed = black_box(parse_command(line.text));
        strict += usize::from(parsed.is_ok_and(|parsed| parsed.leniencies.is_empty()));
        input = &input[line.len..];
    }
    strict
}

fn proto(input: &[u8]) -> usize {
    let mut octets = input.iter();
    let mut good = 0;
    while !octets.as_slice().is_empty() {
        good += usize::from(black_box(Request::parse(&mut octets)).is_ok());
    }
    good
}

fn codec(mut input: &[u8]) -> usize {
    let mut good = 0;
    while let Ok((rest, parsed)) = command(input) {
        black_box(parsed);
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
    let input = commands();
    let mut group = c.benchmark_group("commands");
    group.throughput(Throughput::ElementsAndBytes {
        elements: COMMANDS as u64,
        bytes: input.len() as u64,
    });
    let contestants: [Contestant; 4] = [
        ("smtpspec-core", core),
        ("smtp-proto", proto),
        ("smtp-codec", codec),
        ("memchr", line_ends),
    ];
    for (name, run) in contestants {
        assert_eq!(run(&input), COMMANDS, "{name} does not read every line");
        group.bench_function(name, |b| b.iter(|| run(black_box(&input))));
    }
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
