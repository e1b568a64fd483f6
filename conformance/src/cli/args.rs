//! The command line as values.

use std::{fmt::Write, path::PathBuf, time::Duration};

use clap::{Args, Parser, Subcommand, ValueEnum};
use smtpspec_core::{
    conversation::TlsMode, event::EventKind, generate::Family, receiver::Config, wire::Protocol,
};

use crate::{observe::milter::MilterSpec, target::Setting};

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

/// Which server, and how to see its events.
#[derive(Debug, Clone, Args)]
pub struct TargetArgs {
    /// A server that smtpspec starts itself: `embedded`, or the name of an adapter (`smtpspec targets` lists them),
    /// with `@VERSION` for another version than the usual one.
    #[arg(
        long,
        value_name = "NAME",
        default_value = "embedded",
        conflicts_with = "connect"
    )]
    pub target: String,
    /// A server that is already running.
    #[arg(long, value_name = "HOST:PORT")]
    pub connect: Option<String>,
    /// Where its events come from: tcp:HOST:PORT or unix:PATH (smtpspec listens there), file:PATH. Without it
    /// only the wire is judged.
    #[arg(long, value_name = "SPEC", requires = "connect")]
    pub events: Option<String>,
    /// Allow a server that is not on the loopback interface.
    #[arg(long)]
    pub allow_remote: bool,
    /// Play each conversation inside TLS: behind EHLO and STARTTLS, or on a port where TLS comes first. What smtpspec
    /// starts offers it; certificates are not verified. Conversations about STARTTLS itself stay as they are.
    #[arg(long, value_enum, value_name = "HOW", default_value_t = Tls::None)]
    pub tls: Tls,
    /// Have the server set otherwise than its adapter sets it, for example
    /// `--setting smtpd_forbid_bare_newline=normalize` (may be repeated; `smtpspec targets` lists what can be set).
    #[arg(long, value_name = "NAME=VALUE", conflicts_with = "connect")]
    pub setting: Vec<Setting>,
    /// Speak LMTP (RFC 2033): each conversation with LHLO for HELO and EHLO, and a reply for each recipient behind the end
    /// of a message. What smtpspec starts speaks it. Without this only conversations with `%lmtp` are LMTP, and only the
    /// embedded server is asked for it.
    #[arg(long)]
    pub lmtp: bool,
    /// Plant a defect in the embedded server, to see it caught (may be repeated; `serve --help` lists them).
    #[arg(long, value_name = "NAME", conflicts_with = "connect")]
    pub defect: Vec<String>,
    /// How long a reply may take before smtpspec gives up.
    #[arg(long, value_name = "DURATION", default_value = "5s", value_parser = humantime::parse_duration)]
    pub timeout: Duration,
}

impl TargetArgs {
    /// What is spoken.
    pub const fn protocol(&self) -> Protocol {
        if self.lmtp {
            Protocol::Lmtp
        } else {
            Protocol::Smtp
        }
    }

    /// The options that name this target again, each with a leading blank.
    pub fn again(&self) -> String {
        let mut options = match &self.connect {
            Some(address) => format!(" --connect {address}"),
            None if self.target == "embedded" => String::new(),
            None => format!(" --target {}", self.target),
        };
        if self.tls != Tls::None {
            let _ = write!(options, " --tls {}", self.tls.name());
        }
        for setting in &self.setting {
            let _ = write!(options, " --setting {}", shell_word(&setting.to_string()));
        }
        if self.lmtp {
            options.push_str(" --lmtp");
        }
        for (name, value) in self
            .events
            .iter()
            .map(|value| ("events", value))
            .chain(self.defect.iter().map(|value| ("defect", value)))
        {
            // Writing into a string cannot fail.
            let _ = write!(options, " --{name} {value}");
        }
        options
    }
}

/// `text` as a POSIX shell takes it for one word.
fn shell_word(text: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "_-.,:=/@+%".contains(c);
    if !text.is_empty() && text.chars().all(plain) {
        return text.to_owned();
    }
    format!("'{}'", text.replace('\'', r"'\''"))
}

/// How conversations are protected.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Tls {
    /// Not, but for those about STARTTLS.
    None,
    /// Each behind STARTTLS (RFC 3207).
    Starttls,
    /// Each with TLS before the first octet (RFC 8314, 3).
    Implicit,
}

impl Tls {
    /// As on the command line.
    pub const fn name(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Starttls => "starttls",
            Self::Implicit => "implicit",
        }
    }

    /// As conversations have it.
    pub const fn mode(self) -> TlsMode {
        match self {
            Self::None => TlsMode::None,
            Self::Starttls => TlsMode::StartTls,
            Self::Implicit => TlsMode::Implicit,
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

/// Arguments of `matrix`.
#[derive(Debug, Args)]
pub struct MatrixArgs {
    /// A server that smtpspec starts itself: `embedded`, or the name of an adapter, with `@VERSION` for another
    /// version than the usual one (may be repeated) [default: `embedded` and all that are installed].
    #[arg(long, value_name = "NAME")]
    pub target: Vec<String>,
    /// Which conversations. One for each look-alike end of data is always among them.
    #[arg(long, value_enum, default_value_t = Suite::Documented)]
    pub suite: Suite,
    /// How many conversations to generate of each family [default: 1000].
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..=1_000_000))]
    pub cases: Option<u64>,
    /// What to generate them from. Without it one is drawn; the report names it.
    #[arg(long, value_name = "S")]
    pub seed: Option<u64>,
    /// Only play conversations whose name fits, for example `lookalike/*` (may be repeated).
    #[arg(long, value_name = "GLOB")]
    pub case: Vec<String>,
    /// How long a reply may take before smtpspec gives up.
    #[arg(long, value_name = "DURATION", default_value = "5s", value_parser = humantime::parse_duration)]
    pub timeout: Duration,
    /// How long the conversations may take at one server; what is not finished then is cut off.
    #[arg(long, value_name = "DURATION", default_value = "30m", value_parser = humantime::parse_duration)]
    pub time_limit: Duration,
    /// Sessions at once.
    #[arg(long, value_name = "N", default_value_t = 64, value_parser = clap::value_parser!(u16).range(1..=4096))]
    pub jobs: u16,
    /// How to print the matrix.
    #[arg(long, value_enum, default_value_t = Format::Console)]
    pub format: Format,
    /// Also write matrix.json, matrix.html and matrix.md into this directory. For them the smallest conversation
    /// that shows each finding is looked for, up to a minute at each server.
    #[arg(long, value_name = "DIR")]
    pub out: Option<PathBuf>,
    /// Do not look for it.
    #[arg(long)]
    pub no_minimise: bool,
}

impl MatrixArgs {
    /// Whether findings are made smaller: only the files have room for them.
    pub fn minimises(&self) -> bool {
        self.out.is_some() && !self.no_minimise
    }

    /// `run` with the same conversations at one server.
    pub fn at(&self, target: &str, seed: Option<u64>) -> RunArgs {
        let run = RunArgs::defaults();
        RunArgs {
            target: TargetArgs {
                target: target.to_owned(),
                timeout: self.timeout,
                ..run.target
            },
            suite: self.suite,
            cases: self.cases,
            seed,
            case: self.case.clone(),
            time_limit: self.time_limit,
            jobs: self.jobs,
            ..run
        }
    }

    /// The command that makes the matrix again.
    pub fn again(&self, seed: Option<u64>) -> String {
        let mut again = "smtpspec matrix".to_owned();
        // Writing into a string cannot fail.
        for target in &self.target {
            let _ = write!(again, " --target {target}");
        }
        if self.suite != Suite::Documented {
            let _ = write!(again, " --suite {}", self.suite.name());
        }
        if let Some(cases) = self.cases {
            let _ = write!(again, " --cases {cases}");
        }
        if let Some(seed) = seed {
            let _ = write!(again, " --seed {seed}");
        }
        for glob in &self.case {
            let _ = write!(again, " --case '{glob}'");
        }
        again
    }
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

/// Arguments of `serve`.
#[derive(Debug, Args)]
#[command(after_help = defects())]
pub struct ServeArgs {
    /// Where to listen. Port 0 takes a free one.
    #[arg(long, value_name = "ADDR", default_value = "127.0.0.1:2525")]
    pub listen: String,
    /// How long a client may be silent.
    #[arg(long, value_name = "DURATION", default_value = "5m", value_parser = humantime::parse_duration)]
    pub idle: Duration,
    /// Largest message that is taken, in octets; announced by SIZE.
    #[arg(long, value_name = "OCTETS", default_value_t = Config::default().max_message_size)]
    pub max_message_size: u64,
    /// TLS comes before the banner, as on port 465. Without it STARTTLS is offered.
    #[arg(long)]
    pub implicit_tls: bool,
    /// Speak LMTP (RFC 2033) in place of SMTP.
    #[arg(long)]
    pub lmtp: bool,
    /// Plant a defect (may be repeated; listed below).
    #[arg(long, value_name = "NAME")]
    pub defect: Vec<String>,
    /// How to print the events: for people, or as an event stream (JSON Lines).
    #[arg(long, value_enum, default_value_t = Format::Console)]
    pub format: Format,
    /// Allow listening on an address that is not loopback.
    #[arg(long)]
    pub allow_remote: bool,
}

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

fn defects() -> String {
    use smtpspec_core::receiver::Defect;
    let lines = Defect::ALL.iter().map(|defect| {
        format!(
            "  {:<36} {:<7} {}\n",
            defect.name(),
            defect.rule(),
            defect.about()
        )
    });
    format!(
        "Defects, each with the rule that catches it:\n{}",
        lines.collect::<String>()
    )
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

/// A set of conversations.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Suite {
    /// The conversations written by hand under `corpus/conversations`, but for those of `wire`.
    Documented,
    /// Written by hand too: every clause of the RFCs that the wire alone can show broken. Needs no adapter, and no
    /// more than an address.
    Wire,
    /// Generated: well formed, deep, with handlers, in any segments.
    Random,
    /// Generated: damaged commands, messages and ends of data.
    Malformed,
    /// Generated: cut off at any octet.
    Abrupt,
    /// Three documented conversations, cut off at every octet; with --case, for example `cuts/lost/*`, any others.
    Cuts,
    /// Look-alike ends of data in every form, and line ends in the middle of commands: does a message become two here?
    /// The report says what ends a message at this server and what that means.
    Smuggling,
    /// All of these.
    All,
    /// A load test, not part of `all`: thousands of sessions that break off; what the server's processes hold
    /// before and after them (open files, threads, memory), and whether OnDisconnect fired as often as OnConnect.
    Leaks,
}

impl Suite {
    /// The families of generated conversations in it.
    pub const fn families(self) -> &'static [Family] {
        match self {
            Self::Documented | Self::Wire | Self::Cuts | Self::Smuggling | Self::Leaks => &[],
            Self::Random => &[Family::Valid],
            Self::Malformed => &[Family::Malformed],
            Self::Abrupt => &[Family::Abrupt],
            Self::All => &Family::ALL,
        }
    }

    /// As on the command line.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Documented => "documented",
            Self::Wire => "wire",
            Self::Random => Family::Valid.name(),
            Self::Malformed => Family::Malformed.name(),
            Self::Abrupt => Family::Abrupt.name(),
            Self::Cuts => "cuts",
            Self::Smuggling => "smuggling",
            Self::All => "all",
            Self::Leaks => "leaks",
        }
    }

    /// How many conversations are generated unless `--cases` says otherwise.
    const fn cases(self) -> u64 {
        match self {
            Self::Leaks => 10_000,
            _ => 1000,
        }
    }
}

/// How to print.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Format {
    /// For people.
    Console,
    /// For programs.
    Json,
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
