//! `smtpspec observe`.

use clap::{Args, Subcommand};
use smtpspec_core::event::EventKind;

use crate::observe::milter::MilterSpec;

/// A protocol in which servers show their events.
#[derive(Debug, Subcommand)]
pub enum ObserveCommand {
    /// Be a milter (Postfix, Sendmail and what else speaks the milter protocol).
    Milter(MilterArgs),
    /// Be a filter of OpenSMTPD, as smtpd-filters(7) has it.
    Opensmtpd(ObserveOpensmtpdArgs),
}

/// Arguments of `observe opensmtpd`.
#[derive(Debug, Args)]
#[command(after_help = "\
In smtpd.conf:
  filter smtpspec proc-exec \"/usr/bin/smtpspec observe opensmtpd --events tcp:127.0.0.1:2600\"
  listen on 127.0.0.1 port 2525 filter smtpspec
and then:
  smtpspec run --connect 127.0.0.1:2525 --events tcp:127.0.0.1:2600")]
pub struct ObserveOpensmtpdArgs {
    /// Where the event stream goes: tcp:HOST:PORT or unix:PATH (smtpspec listens there), file:PATH.
    #[arg(long, value_name = "SPEC")]
    pub events: String,
    /// Speak to smtpd over a connection, tcp:HOST:PORT or unix:PATH, and not over standard input and output: for an
    /// smtpd that cannot start this program itself.
    #[arg(long, value_name = "SPEC")]
    pub listen: Option<String>,
}

/// Arguments of `observe milter`.
#[derive(Debug, Args)]
pub struct MilterArgs {
    /// Where the MTA finds the milter: HOST:PORT or unix:PATH. Port 0 takes a free one.
    #[arg(long, value_name = "ADDR")]
    pub listen: MilterSpec,
    /// Where the events go: tcp:HOST:PORT or unix:PATH (someone listens there, such as `run --events`), file:PATH.
    /// Standard output when left out.
    #[arg(long, value_name = "SPEC")]
    pub events: Option<String>,
    /// The MTA and its version, as the report is to name it.
    #[arg(long, value_name = "NAME", default_value = "an MTA that speaks milter")]
    pub server: String,
    /// From the N-th of these on in a session the MTA makes the client wait on purpose, for example
    /// OnEhloCommand=3 for Sendmail (may be repeated).
    #[arg(long, value_name = "EVENT=N", value_parser = slow_from)]
    pub slow_from: Vec<(EventKind, u32)>,
}

fn slow_from(text: &str) -> Result<(EventKind, u32), String> {
    let expected = || format!("expected EVENT=N, such as OnEhloCommand=3, got `{text}`");
    let (kind, nth) = text.split_once('=').ok_or_else(expected)?;
    let kind: EventKind = kind.parse().map_err(|error| format!("{error}"))?;
    Ok((kind, nth.parse().map_err(|_| expected())?))
}
