//! The grammar beside the parsers that a user would pick.
//!
//! In each group the one called `smtpspec` is ours, `memchr` is the floor (finding each LF of the same octets and nothing
//! else), and the others are peers, whom each group lets do the same work. Left out, since nobody can be given their
//! figures: the parsers inside mailin, smtpd and rust-smtp-server are not public; samotop's wants a session around it and
//! is deprecated; rustyknife, vsmtp and melib have licences that forbid it here.

mod commands;
#[path = "../contest/mod.rs"]
mod contest;
mod data;
mod paths;
mod replies;
#[path = "../settings/mod.rs"]
mod settings;

use criterion::{criterion_group, criterion_main};

criterion_group! {
    name = benches;
    config = settings::measured_for(2);
    targets = commands::bench, replies::bench, paths::bench, data::bench
}
criterion_main!(benches);
