//! `smtpspec matrix`.

use std::{fmt::Write, path::PathBuf, time::Duration};

use clap::Args;

use super::{Format, RunArgs, Suite, TargetArgs};

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
    /// Speak LMTP (RFC 2033), as with `run`: at servers that smtpspec can start so (`lmtp = true` in their adapter.toml).
    #[arg(long)]
    pub lmtp: bool,
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
                lmtp: self.lmtp,
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
        if self.lmtp {
            again.push_str(" --lmtp");
        }
        again
    }
}
