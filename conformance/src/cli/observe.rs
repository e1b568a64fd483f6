//! `smtpspec observe`: what a server shows in a protocol of its own, told as an event stream.

use std::{io, net::TcpListener, os::unix::net::UnixListener};

use super::{
    CliError,
    args::{MilterArgs, ObserveCommand, ObserveOpensmtpdArgs},
};
use crate::observe::{
    EventsSpec, Outlet,
    milter::{self, Listener},
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
        opensmtpd::observe(input, io::stdout(), events)?;
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
    }?;
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
    let outlet = Outlet::open(events.as_ref(), hello)?;
    anstream::eprintln!("smtpspec observes: smtpd_milters = {}", listener.place());
    listener.serve(&outlet, |error| {
        anstream::eprintln!("smtpspec observe milter: {error}");
    })
}
