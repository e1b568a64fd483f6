//! What the groups of benchmarks have in common. The names are those that the table is made from.

use std::hint::black_box;

use criterion::{Criterion, Throughput};

/// Our own contestant's name.
pub(crate) const OURS: &str = "smtpspec";

/// The floor's name.
pub(crate) const FLOOR: &str = "memchr";

/// Who takes `elements` that are `octets` on the wire, by name. What it returns is held against what is expected.
pub(crate) type Contestant<'a> = (&'a str, &'a mut dyn FnMut(&[u8]) -> usize);

/// Has each contestant read `octets`, which hold so many elements, and the floor too.
pub(crate) fn contest(
    c: &mut Criterion,
    group: &str,
    octets: &[u8],
    elements: usize,
    expected: usize,
    contestants: &mut [Contestant<'_>],
) {
    let mut group = c.benchmark_group(group);
    group.throughput(Throughput::ElementsAndBytes {
        elements: elements as u64,
        bytes: octets.len() as u64,
    });
    for (name, read) in contestants {
        assert_eq!(read(octets), expected, "{name} reads something else");
        group.bench_function(*name, |b| b.iter(|| read(black_box(octets))));
    }
    group.bench_function(FLOOR, |b| b.iter(|| line_ends(black_box(octets))));
    group.finish();
}

/// Every LF, one after another, as a reader of lines wants them.
fn line_ends(octets: &[u8]) -> usize {
    memchr::memchr_iter(b'\n', octets)
        .map(black_box)
        .fold(0, |found, _| found + 1)
}
