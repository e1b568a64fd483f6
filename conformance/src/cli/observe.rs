//! `smtpspec observe`: the program that a server's own hooks ask.

use std::{io, net::TcpListener, os::unix::net::UnixListener};

use super::{
    CliError,
    args::{ObserveCommand, ObserveOpensmtpdArgs},
};
use crate::observe::{EventsSpec, opensmtpd};

pub(super) fn observe(command: ObserveCommand) -> Result<u8, CliError> {
    match command {
        ObserveCommand::Opensmtpd(args) => filter(&args),
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
