//! `smtpspec observe`: what an MTA shows in a protocol of its own, told as an event stream.

use std::{sync::Arc, thread};

use super::{
    CliError,
    args::{MilterArgs, ObserveCommand},
};
use crate::observe::{
    EventsSpec,
    emit::EventSink,
    milter::{self, Listener, MilterError},
};

pub(super) fn observe(command: &ObserveCommand) -> Result<u8, CliError> {
    match command {
        ObserveCommand::Milter(args) => milter(args),
    }
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
