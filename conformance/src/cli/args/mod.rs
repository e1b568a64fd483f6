//! The command line as values. Commands with many arguments have files of their own.

mod matrix;
mod observe;
mod run;
mod serve;
mod suite;
mod target;

pub(super) use matrix::MatrixArgs;
pub(super) use observe::{MilterArgs, ObserveCommand, ObserveOpensmtpdArgs};
pub(super) use run::{RunArgs, Transport};
pub(super) use serve::ServeArgs;
pub(super) use suite::Suite;
pub(super) use target::TargetArgs;

use std::{path::PathBuf, time::Duration};

use clap::{Args, Parser, Subcommand, ValueEnum};

/// Does a mail server fire its events in the documented order, once, with the right data, also when the client
/// cuts the line?
///
/// Without a command it runs the documented suite on the embedded server.
#[derive(Debug, Parser)]
#[command(name = "smtpspec", version, after_help = EXIT_CODES)]
pub struct Cli {
    /// What to do; `run` when left out.
    #[command(subcommand)]
    pub command: Option<Command>,
}

const EXIT_CODES: &str = "\
Exit codes:
  0  conforms: no rule that was exercised and could be observed is broken
  1  rules are broken (with --strict also: not strict)
  2  the run could not be done; the reason is on standard error
  3  inconclusive: the evidence was cut off";

/// What to do.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Play a suite at a server and judge what was said and which events fired.
    Run(RunArgs),
    /// Play one conversation and show it beside the events, in the order in which they happened.
    Replay(ReplayArgs),
    /// Play the same conversations at several servers and show them side by side. Exits with 0 whatever is found.
    Matrix(MatrixArgs),
    /// Look for known bugs of old releases in those releases, and for their absence in the releases that fixed them.
    Recall(RecallArgs),
    /// Judge a saved transcript again, or an event log of which there is no transcript.
    Check(CheckArgs),
    /// Run the embedded server and print each event as it fires.
    Serve(ServeArgs),
    /// Tell what a server shows in a protocol of its own as an event stream, for `run --connect ... --events ...`.
    #[command(subcommand)]
    Observe(ObserveCommand),
    /// Show which pairs of a state and a stimulus a saved run, or a set of conversations, reaches.
    Coverage(CoverageArgs),
    /// List the rules, or explain one.
    Rules(RulesArgs),
    /// List the servers that smtpspec can start: what is installed, and what each shows.
    Targets(TargetsArgs),
    /// For those who write adapters.
    #[command(subcommand)]
    Adapter(AdapterCommand),
}

/// Arguments of `replay`.
#[derive(Debug, Args)]
pub struct ReplayArgs {
    /// A `.smtp` file, or the name of a conversation of any suite, such as `seed/as-meant` or `random/7/42`.
    #[arg(value_name = "FILE")]
    pub file: String,
    /// The server.
    #[command(flatten)]
    pub target: TargetArgs,
    /// Also write transcript, report and the conversations of all findings into this directory.
    #[arg(long, value_name = "DIR")]
    pub out: Option<PathBuf>,
}

/// Arguments of `recall`.
#[derive(Debug, Args)]
pub struct RecallArgs {
    /// Only bugs whose id fits, for example `haraka-*` [default: all].
    #[arg(value_name = "ID")]
    pub ids: Vec<String>,
    /// A table of bugs of your own.
    #[arg(long, value_name = "FILE")]
    pub table: Option<PathBuf>,
    /// How to print.
    #[arg(long, value_enum, default_value_t = Format::Console)]
    pub format: Format,
    /// Also write the table as Markdown into this file.
    #[arg(long, value_name = "FILE")]
    pub out: Option<PathBuf>,
    /// How long a reply may take before smtpspec gives up.
    #[arg(long, value_name = "DURATION", default_value = "5s", value_parser = humantime::parse_duration)]
    pub timeout: Duration,
    /// Only print what is to be installed, a line `TARGET VERSION` for each.
    #[arg(long, conflicts_with_all = ["format", "out"])]
    pub installs: bool,
}

/// Arguments of `check`.
#[derive(Debug, Args)]
pub struct CheckArgs {
    /// A transcript, as written by `run --out`; or an event log, as an adapter writes it: the order of its events is
    /// judged, as far as that does not depend on what was said.
    #[arg(value_name = "FILE")]
    pub transcript: PathBuf,
    /// All sessions of the event log are over: an OnDisconnect that is missing is lost.
    #[arg(long)]
    pub ended: bool,
    /// Only report rules whose id fits (may be repeated).
    #[arg(long, value_name = "GLOB")]
    pub rule: Vec<String>,
    /// How to print the report.
    #[arg(long, value_enum, default_value_t = Format::Console)]
    pub format: Format,
    /// Exit with 1 also when the server is only not strict.
    #[arg(long)]
    pub strict: bool,
}

/// Arguments of `coverage`.
#[derive(Debug, Args)]
pub struct CoverageArgs {
    /// A transcript (`.jsonl`) as written by `run --out`; or `.smtp` files and directories of them, which are played
    /// in memory at the embedded server. Without any: what `run --suite all` plays.
    #[arg(value_name = "PATH")]
    pub paths: Vec<PathBuf>,
    /// How many conversations to generate of each family.
    #[arg(long, value_name = "N", default_value_t = 1000, value_parser = clap::value_parser!(u64).range(1..=1_000_000), conflicts_with = "paths")]
    pub cases: u64,
    /// What to generate them from.
    #[arg(long, value_name = "S", default_value_t = 1, conflicts_with = "paths")]
    pub seed: u64,
    /// How to print.
    #[arg(long, value_enum, default_value_t = Format::Console)]
    pub format: Format,
}

/// Arguments of `rules`.
#[derive(Debug, Args)]
pub struct RulesArgs {
    /// A rule, such as `SES-2`; or a group of them, such as `SES`.
    #[arg(value_name = "ID")]
    pub id: Option<String>,
}

/// What to do for the author of an adapter.
#[derive(Debug, Subcommand)]
pub enum AdapterCommand {
    /// Check that a saved event stream is one, line by line.
    Check(AdapterCheckArgs),
    /// Print the JSON Schema of a line of the event stream.
    Schema,
}

/// Arguments of `adapter check`.
#[derive(Debug, Args)]
pub struct AdapterCheckArgs {
    /// The event stream, as the adapter wrote it; `-` reads standard input.
    #[arg(value_name = "FILE")]
    pub stream: PathBuf,
}

/// Arguments of `targets`.
#[derive(Debug, Args)]
pub struct TargetsArgs {
    /// How to print.
    #[arg(long, value_enum, default_value_t = Format::Console)]
    pub format: Format,
}

/// How to print.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Format {
    /// For people.
    Console,
    /// For programs.
    Json,
}
