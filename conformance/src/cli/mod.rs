//! The command: arguments in, exit code out. What it does lives in the library.

mod adapter;
mod args;
mod check;
mod coverage;
mod error;
mod expected;
mod filter;
mod leaks;
mod matrix;
mod memory;
mod observe;
mod out;
mod parts;
mod recall;
mod replay;
mod rules;
mod run;
mod serve;
mod shared;
mod targets;

pub use args::{Cli, Command};
pub use error::CliError;

use std::process::ExitCode;

use clap::Parser;

/// Reads the command line, does what it says, and turns the outcome into an exit code.
pub fn main() -> ExitCode {
    let cli = Cli::parse();
    match dispatch(cli) {
        Ok(code) => ExitCode::from(code),
        Err(error) => {
            anstream::eprintln!("error: {error}");
            ExitCode::from(2)
        }
    }
}

fn dispatch(cli: Cli) -> Result<u8, CliError> {
    let command = cli
        .command
        .unwrap_or_else(|| Command::Run(args::RunArgs::defaults()));
    match command {
        Command::Run(args) => run::run(&args),
        Command::Replay(args) => replay::replay(&args),
        Command::Matrix(args) => matrix::side_by_side(&args),
        Command::Recall(args) => recall::recalled(&args),
        Command::Check(args) => check::check(&args),
        Command::Serve(args) => serve::serve(&args),
        Command::Observe(command) => observe::observe(&command),
        Command::Coverage(args) => coverage::coverage(&args),
        Command::Rules(args) => rules::rules(&args),
        Command::Adapter(command) => adapter::adapter(&command),
        Command::Targets(args) => targets::targets(&args),
    }
}
