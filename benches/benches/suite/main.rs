//! What a run is made of, without sockets: generated conversations, the receiver, the log and the checker. Whole
//! conversations are in `loopback` and `memory`.

mod checker;
#[path = "../contest/mod.rs"]
mod contest;
mod generate;
mod receiver;
mod transcript;

use criterion::{criterion_group, criterion_main};

criterion_group! {
    name = benches;
    config = contest::config();
    targets = transcript::bench, checker::bench, generate::bench, receiver::bench
}
criterion_main!(benches);
