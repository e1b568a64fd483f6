//! mailin-embedded under smtpspec: an SMTP server that tells what its handler sees. The protocol is in ../../README.md.

mod accepted;
mod session;
mod stream;

use std::{env, net::SocketAddr, sync::Arc};

use mailin_embedded::{Server, SslConfig};

use crate::{session::Session, stream::Stream};

/// Sessions at once; more wait for a thread. A handler that panics takes its thread with it.
const THREADS: u32 = 256;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let listen = address("SMTPSPEC_LISTEN")?;
    let stream = Arc::new(Stream::open(address("SMTPSPEC_EVENTS")?)?);
    let mut server = Server::new(Session::prototype(Arc::clone(&stream)));
    server
        .with_name("mx.example.org")
        .with_ssl(SslConfig::None)?
        .with_addr(listen)?
        .with_num_threads(THREADS);
    stream.hello(&env::var("SMTPSPEC_SERVER")?, session::EVENTS);
    std::thread::spawn(move || stream.read_scripts());
    Ok(server.serve()?)
}

fn address(name: &str) -> Result<SocketAddr, String> {
    let text = env::var(name).map_err(|error| format!("{name}: {error}, see ../README.md"))?;
    text.parse().map_err(|error| format!("{name}={text}: {error}"))
}
