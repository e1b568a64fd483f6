//! `smtpspec observe`: what a server shows in a protocol of its own, told as an event stream.

use std::{io, net::TcpListener, os::unix::net::UnixListener, sync::Arc, thread};

use super::{
    CliError,
    args::{MilterArgs, ObserveCommand, ObserveOpensmtpdArgs},
};
use crate::observe::{
    EventsSpec,
    emit::EventSink,
    milter::{self, Listener, MilterError},
    opensmtpd,
};

pub(super) fn observe(command: &ObserveCommand) -> Result<u8, CliError> {
    match command {
        ObserveCommand::Milter(args) => milter(args),
        ObserveCommand::Opensmtpd(args) => filter(args),
    }
}

fn filter(args: &ObserveOpensmtpdArgs) -> Result<u8, CliError> {
    let events: EventsSpec = args.events.parse()?;
    let Some(listen) = &args.listen else {
        let input = io::stdin().lock();
        opensmtpd::observe(input, io::stdout(), events).map_err(CliError::Observe)?;
        return Ok(0);
    };
    let fail = |error: io::Error| CliError::Listen {
        address: listen.clone(),
        why: error.to_string(),
    };
    // smtpd starts a filter once and ends with it: one connection is all there is.
    match listen.parse() {
        Ok(EventsSpec::Tcp(address)) => {
            let listener = TcpListener::bind(address).map_err(fail)?;
            let (stream, _) = listener.accept().map_err(fail)?;
            // An answer must not be held back by the system.
            stream.set_nodelay(true).map_err(fail)?;
            let input = stream.try_clone().map_err(fail)?;
            opensmtpd::observe(input, stream, events)
        }
        Ok(EventsSpec::Unix(path)) => {
            let listener = UnixListener::bind(path).map_err(fail)?;
            let (stream, _) = listener.accept().map_err(fail)?;
            let input = stream.try_clone().map_err(fail)?;
            opensmtpd::observe(input, stream, events)
        }
        Ok(EventsSpec::File(_)) | Err(_) => return Err(CliError::ListenSpec(listen.clone())),
    }
    .map_err(CliError::Observe)?;
    Ok(0)
}

fn milter(args: &MilterArgs) -> Result<u8, CliError> {
    let events = args.events.as_deref().map(str::parse::<EventsSpec>);
    let events = events.transpose()?;
    let listener = Listener::bind(&args.listen).map_err(|error| CliError::Listen {
        address: args.listen.to_string(),
        why: error.to_string(),
    })?;
    let mut hello = milter::hello(&args.server);
    hello.semantics.slow_from = args.slow_from.iter().copied().collect();
    let sink = Arc::new(EventSink::open(events.as_ref(), hello)?);
    anstream::eprintln!("smtpspec observes: smtpd_milters = {}", listener.place());
    let filter = {
        let sink = Arc::clone(&sink);
        thread::spawn(move || listener.serve(&sink, report))
    };
    // Whoever reads the events gone, there is nothing left to do. Where no script can come, that shows at a write.
    match events {
        Some(EventsSpec::Tcp(_) | EventsSpec::Unix(_)) => sink.read_scripts()?,
        Some(EventsSpec::File(_)) | None => match filter.join() {
            Ok(never) => never,
            Err(panic) => std::panic::resume_unwind(panic),
        },
    }
    Ok(0)
}

fn report(error: &MilterError) {
    anstream::eprintln!("smtpspec observe milter: {error}");
    if let MilterError::Emit(_) = error {
        // Sessions that nobody hears of must not look as if they had none.
        std::process::exit(2);
    }
}
