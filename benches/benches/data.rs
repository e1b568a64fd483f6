//! Reading message content: finding its end and removing the stuffed dots.

use std::hint::black_box;
use std::time::Duration;

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use smtp_proto::request::receiver::DataReceiver;
use smtpspec_benches::data;
use smtpspec_core::wire::{DataPart, DataStream};

/// A parser by name.
type Contestant = (&'static str, fn(&[u8], &mut Vec<u8>) -> usize);

/// What a socket gives at once.
const PIECE: usize = 64 << 10;

/// Gives the content out as it stands in the input.
fn core_borrowed(input: &[u8], _: &mut Vec<u8>) -> usize {
    let mut stream = DataStream::new();
    let mut octets = 0;
    for piece in input.chunks(PIECE) {
        stream.push(piece, |part| {
            if let DataPart::Content(content) = black_box(part) {
                octets += content.len();
            }
        });
    }
    octets
}

/// Collects the content, as the peer does.
fn core_copied(input: &[u8], out: &mut Vec<u8>) -> usize {
    out.clear();
    let mut stream = DataStream::new();
    for piece in input.chunks(PIECE) {
        stream.push(piece, |part| {
            if let DataPart::Content(content) = part {
                out.extend_from_slice(content);
            }
        });
    }
    out.len()
}

fn proto(input: &[u8], out: &mut Vec<u8>) -> usize {
    out.clear();
    let mut receiver = DataReceiver::new();
    for piece in input.chunks(PIECE) {
        receiver.ingest(&mut piece.iter(), out);
    }
    out.len()
}

/// The floor: finding each CRLF with a dot behind it and nothing else.
fn dot_lines(input: &[u8]) -> usize {
    memchr::memmem::find_iter(input, b"\r\n.").count()
}

fn bench(c: &mut Criterion) {
    let input = data();
    // Every stuffed dot is gone, and so is the end of data.
    let content = input.len() - dot_lines(&input) + 1 - b".\r\n".len();
    let mut out = Vec::with_capacity(input.len());
    let mut group = c.benchmark_group("data");
    group.throughput(Throughput::Bytes(input.len() as u64));
    let contestants: [Contestant; 3] = [
        ("smtpspec-core, borrowed", core_borrowed),
        ("smtpspec-core, copied", core_copied),
        ("smtp-proto, copied", proto),
    ];
    for (name, run) in contestants {
        assert_eq!(
            run(&input, &mut out),
            content,
            "{name} reads something else"
        );
        group.bench_function(name, |b| b.iter(|| run(black_box(&input), &mut out)));
    }
    group.bench_function("memchr", |b| b.iter(|| dot_lines(black_box(&input))));
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
