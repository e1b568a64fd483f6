//! What a run is made of, without sockets: generated conversations, the receiver, the log and the checker. Whole
//! conversations are in `loopback` and `memory`.

mod checker;
#[path = "../contest/mod.rs"]
mod contest;
mod generate;
mod receiver;
#[path = "../settings/mod.rs"]
mod settings;
mod transcript;

use criterion::{criterion_group, criterion_main};

criterion_group! {
    name = benches;
    config = settings::measured_for(2);
    targets = transcript::bench, checker::bench, generate::bench, receiver::bench
}
criterion_main!(benches);
