//! Whole conversations over loopback, 32 at once: one client, at the reference server and at one that does nothing but the
//! same reads and writes. All in one thread, so that the one is the other's ratio.

#[path = "settings/mod.rs"]
mod settings;

use std::net::SocketAddr;

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use smtpspec::serve::{EventPrinter, Hooks, ServeOptions, Server};
use smtpspec_benches::{bare_server, converse};
use smtpspec_core::receiver::Config;
use tokio::runtime::{Builder, Runtime};

/// Conversations in one measurement.
const CONVERSATIONS: usize = 320;
/// At once.
const AT_ONCE: usize = 32;

/// What `smtpspec serve` runs, its events printed to nowhere.
fn reference_server(runtime: &Runtime) -> std::io::Result<Server> {
    let printer = EventPrinter::console(std::io::sink());
    let hooks = Hooks::new(move |record| printer.print(&record));
    let _inside = runtime.enter();
    let listen = SocketAddr::from(([127, 0, 0, 1], 0));
    Server::start(listen, Config::default(), ServeOptions::default(), hooks)
}

fn bench(c: &mut Criterion) {
    let runtime = Builder::new_current_thread().enable_all().build();
    let Ok(runtime) = runtime else {
        return eprintln!("no runtime: the loopback benchmark is left out");
    };
    let (Ok(server), Ok(bare)) = (reference_server(&runtime), runtime.block_on(bare_server()))
    else {
        return eprintln!("no sockets: the loopback benchmark is left out");
    };
    let mut group = c.benchmark_group("loopback");
    group.throughput(Throughput::Elements(CONVERSATIONS as u64));
    for (name, address) in [("tokio-bare", bare), ("smtpspec-serve", server.address())] {
        group.bench_function(name, |b| {
            b.iter(|| {
                let done = runtime.block_on(converse(address, CONVERSATIONS, AT_ONCE));
                assert!(done.is_ok(), "{name}: {done:?}");
            });
        });
    }
    group.finish();
}

criterion_group! {
    name = benches;
    config = settings::measured_for(4);
    targets = bench
}
criterion_main!(benches);
