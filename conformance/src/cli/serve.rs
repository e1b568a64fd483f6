//! `smtpspec serve`: the embedded server, each event on standard output as it fires.

use std::{
    io::Write,
    net::{SocketAddr, ToSocketAddrs},
    process, thread,
    time::Duration,
};

use smtpspec_core::{event::Hello, receiver::Config, wire::Protocol};
use tokio::{
    runtime::{Builder, Runtime},
    sync::oneshot,
};

use super::{
    CliError,
    args::{Format, ServeArgs},
    shared::defects,
};
use crate::serve::{EventPrinter, Hooks, ServeOptions, Server, hello};

pub(super) fn serve(args: &ServeArgs) -> Result<u8, CliError> {
    let listen = listen_address(args)?;
    let config = Config {
        max_message_size: args.max_message_size,
        defects: defects(&args.defect)?,
        protocol: if args.lmtp {
            Protocol::Lmtp
        } else {
            Protocol::Smtp
        },
        ..Config::default()
    };
    let options = ServeOptions {
        idle: args.idle,
        implicit_tls: args.implicit_tls,
        ..ServeOptions::default()
    };
    one_thread()?.block_on(until_interrupted(listen, config, options, args.format))
}

/// On the machine of its clients a server is quicker on one thread: sessions are short, and to wake another thread for each
/// takes longer than they do.
fn one_thread() -> Result<Runtime, CliError> {
    let mut builder = Builder::new_current_thread();
    builder.enable_all().build().map_err(CliError::Runtime)
}

/// Comes when Ctrl-C does, and then ends the process where the server does not end in time: its thread may be waiting for a
/// reader of the events who does not read.
fn interruption(limit: Duration) -> Result<oneshot::Receiver<()>, CliError> {
    let (tell, told) = oneshot::channel();
    let runtime = one_thread()?;
    thread::spawn(move || {
        if runtime.block_on(tokio::signal::ctrl_c()).is_err() {
            // Without a signal handler Ctrl-C ends the process at once, which is as good.
            return;
        }
        // Where nobody listens any more the server has ended.
        let _ = tell.send(());
        thread::sleep(limit);
        eprintln!(
            "smtpspec: the server did not end in time: does what reads its standard output still read? \
             Events that it has not read are lost"
        );
        process::exit(2);
    });
    Ok(told)
}

fn listen_address(args: &ServeArgs) -> Result<SocketAddr, CliError> {
    let fail = |why: String| CliError::Listen {
        address: args.listen.clone(),
        why,
    };
    let mut found = args
        .listen
        .to_socket_addrs()
        .map_err(|e| fail(e.to_string()))?;
    let address = found
        .next()
        .ok_or_else(|| fail("the name has no address".into()))?;
    if !address.ip().is_loopback() && !args.allow_remote {
        return Err(fail(
            "it is not a loopback address; --allow-remote allows it".into(),
        ));
    }
    Ok(address)
}

async fn until_interrupted(
    listen: SocketAddr,
    config: Config,
    options: ServeOptions,
    format: Format,
) -> Result<u8, CliError> {
    let implicit = options.implicit_tls;
    let protocol = config.protocol;
    let shutdown = options.shutdown;
    let events = match format {
        Format::Console => EventPrinter::console(anstream::stdout()),
        Format::Json => EventPrinter::json(std::io::stdout()),
    };
    let hooks = Hooks::new(move |record| events.print(&record));
    let server = Server::start(listen, config, options, hooks).map_err(|e| CliError::Listen {
        address: listen.to_string(),
        why: e.to_string(),
    })?;
    let address = server.address();
    match format {
        Format::Json => {
            let hello = serde_json::to_string(&one_way(hello())).unwrap_or_default();
            writeln!(std::io::stdout().lock(), "{hello}").map_err(CliError::Output)?;
        }
        Format::Console => {
            let how = how_to_speak(address, implicit, protocol);
            let protocol = protocol.name();
            writeln!(
                anstream::stdout().lock(),
                "smtpspec serves {protocol} on {address}; end it with Ctrl-C.\nSpeak to it: {how}"
            )
            .map_err(CliError::Output)?;
        }
    }
    // Behind the time that sessions have to end.
    let interrupted = interruption(shutdown + Duration::from_secs(1))?;
    tokio::select! {
        Ok(()) = interrupted => {}
        () = server.died() => return Err(CliError::PlantedDeath),
    }
    server.shut_down().await;
    Ok(0)
}

/// What a person types.
fn how_to_speak(address: SocketAddr, implicit: bool, protocol: Protocol) -> String {
    let (name, starttls) = (protocol.name(), protocol.name().to_lowercase());
    let (host, port) = (address.ip(), address.port());
    if implicit {
        return format!("openssl s_client -quiet -crlf -connect {address}");
    }
    format!(
        "telnet {host} {port}, or nc -C {host} {port} ({name} lines end with CRLF; -C sends it), \
         or with TLS openssl s_client -quiet -crlf -starttls {starttls} -connect {address}"
    )
}

/// Standard output leads one way: no handler script can come back over it.
fn one_way(mut hello: Hello) -> Hello {
    hello.semantics.scripts = false;
    hello
}
