//! `smtpspec run`.

use std::{path::PathBuf, time::Duration};

use clap::{Args, Parser, ValueEnum};

use super::{Cli, Command, Format, Suite, TargetArgs};

/// Arguments of `run`.
#[derive(Debug, Args)]
pub struct RunArgs {
    /// The server.
    #[command(flatten)]
    pub target: TargetArgs,
    /// How conversations reach the server. In memory, as in a run of more than 16384 conversations, the transcript of
    /// --out holds the conversations written by hand, and of the others a few for each broken rule.
    #[arg(long, value_enum, value_name = "HOW", default_value_t = Transport::Socket, conflicts_with_all = ["connect", "events"])]
    pub transport: Transport,
    /// Which conversations.
    #[arg(long, value_enum, default_value_t = Suite::Documented)]
    pub suite: Suite,
    /// How many conversations to generate of each family [default: 1000; for `leaks` 10000].
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..=1_000_000))]
    pub cases: Option<u64>,
    /// What to generate them from: the same seed gives the same conversations. Without it one is drawn and
    /// printed.
    #[arg(long, value_name = "S")]
    pub seed: Option<u64>,
    /// How long the run may take; what is not finished then is cut off.
    #[arg(long, value_name = "DURATION", default_value = "30m", value_parser = humantime::parse_duration)]
    pub time_limit: Duration,
    /// Only report rules whose id fits, for example `SES-*` (may be repeated).
    #[arg(long, value_name = "GLOB")]
    pub rule: Vec<String>,
    /// Only play conversations whose name fits, for example `lost/*` (may be repeated).
    #[arg(long, value_name = "GLOB")]
    pub case: Vec<String>,
    /// Sessions at once; in memory, the most processor cores that are used.
    #[arg(long, value_name = "N", default_value_t = 64, value_parser = clap::value_parser!(u16).range(1..=4096))]
    pub jobs: u16,
    /// How to print the report.
    #[arg(long, value_enum, default_value_t = Format::Console)]
    pub format: Format,
    /// Also write transcript, report and the conversations of all findings into this directory. The transcript of
    /// `leaks` holds a few sessions for each broken rule.
    #[arg(long, value_name = "DIR")]
    pub out: Option<PathBuf>,
    /// Do not look for the smallest conversation that shows each finding.
    #[arg(long)]
    pub no_minimise: bool,
    /// Exit with 1 also when the server is only not strict.
    #[arg(long)]
    pub strict: bool,
    /// A file of findings that are known: exit with 0 when the run shows these and no others, else with 1. An adapter's
    /// folder has one for its server, `expected.toml`.
    #[arg(long, value_name = "FILE", conflicts_with_all = ["rule", "strict"])]
    pub expect: Option<PathBuf>,
    /// Write the file of --expect from this run. What it says of findings that show again is kept.
    #[arg(long, requires = "expect")]
    pub update: bool,
}

impl RunArgs {
    /// How many conversations to generate.
    pub fn cases(&self) -> u64 {
        self.cases.unwrap_or(self.suite.cases())
    }

    /// What `smtpspec` without arguments does.
    pub fn defaults() -> Self {
        match Cli::parse_from(["smtpspec", "run"]).command {
            Some(Command::Run(args)) => args,
            _ => unreachable!("the line above names the command"),
        }
    }
}

/// How conversations reach the server.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Transport {
    /// Over TCP.
    Socket,
    /// Straight into the embedded server, without sockets and without waiting: for millions of conversations an hour.
    /// TLS is taken as done where both sides want it, and time is the conversation's own.
    Memory,
}
