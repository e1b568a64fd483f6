//! Instruction counts of the hot paths, held against a budget that is committed: a regression guard that no noise moves.
//!
//! `hot-paths` has valgrind count each path, prints the counts beside `instructions.budget`, and fails when one has grown by
//! more than a twentieth. `hot-paths --rewrite` makes the budget what is counted now. `hot-paths --play NAME` is what
//! valgrind runs.
//!
//! One program of its own and not iai-callgrind or gungraun: those want a runner installed apart, of the very version of the
//! library, and all that is needed here is one number for each path.

mod budget;
mod count;
mod paths;

use std::{env, process::ExitCode};

use budget::Budget;
use paths::PATHS;

/// By how much a count may grow or shrink, in percent: as much as another processor of the same kind, for which memchr
/// chooses other instructions, or another release of the compiler may bring.
const TOLERANCE: f64 = 5.0;

fn main() -> Result<ExitCode, Box<dyn std::error::Error>> {
    let arguments: Vec<String> = env::args().skip(1).collect();
    match arguments.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        ["--play", name] => paths::play(name).map(|()| ExitCode::SUCCESS),
        ["--rewrite"] => rewrite().map(|()| ExitCode::SUCCESS),
        [] => compare(),
        _ => Err("usage: hot-paths [--rewrite]".into()),
    }
}

fn rewrite() -> Result<(), Box<dyn std::error::Error>> {
    let mut budget = Budget::default();
    for (name, _) in PATHS {
        let count = count::instructions(name)?;
        println!("{name:<12} {count:>12}");
        budget.set(name, count);
    }
    budget.write()
}

fn compare() -> Result<ExitCode, Box<dyn std::error::Error>> {
    let budget = Budget::read()?;
    let mut grown = Vec::new();
    println!("{:<12} {:>12} {:>12}", "path", "budget", "instructions");
    for (name, _) in PATHS {
        let count = count::instructions(name)?;
        let allowed = budget.of(name)?;
        let change = percent(count, allowed);
        println!("{name:<12} {allowed:>12} {count:>12} {change:>+7.2}%");
        if change > TOLERANCE {
            grown.push(format!("{name} by {change:.2}%"));
        } else if change < -TOLERANCE {
            println!("  {name} has become faster: keep it so with `hot-paths --rewrite`");
        }
    }
    if grown.is_empty() {
        return Ok(ExitCode::SUCCESS);
    }
    eprintln!(
        "hot paths have grown: {}; make them fast again, or say why in the commit that has `hot-paths --rewrite` change {}",
        grown.join(", "),
        budget::FILE,
    );
    Ok(ExitCode::FAILURE)
}

/// By how much `count` is more than `allowed`.
#[expect(clippy::cast_precision_loss, reason = "counts are far below 2^52")]
fn percent(count: u64, allowed: u64) -> f64 {
    100.0 * (count as f64 / allowed as f64 - 1.0)
}
