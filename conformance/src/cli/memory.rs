//! `smtpspec run --transport memory`.

use std::{collections::HashSet, sync::Arc};

use smtpspec_core::receiver::Config;

use super::{
    CliError,
    args::{RunArgs, Suite},
    filter::Filter,
    run::{Played, material, progress_line, run_options, target},
    shared::runtime,
};
use crate::{
    run::{Case, Ground, InMemory, Material, Outcome, in_memory},
    target::Target,
};

/// Plays the suite at the embedded server, without sockets.
pub(super) fn play(args: &RunArgs, rules: &Filter) -> Result<Played, CliError> {
    let config = match target(&args.target)? {
        Target::Embedded(config) => *config,
        other => return Err(CliError::MemoryElsewhere(other.name())),
    };
    if args.suite == Suite::Leaks {
        return Err(CliError::LeaksInMemory);
    }
    let material = Arc::new(material(args)?);
    runtime()?.block_on(play_in_memory(material, config, args, rules))
}

async fn play_in_memory(
    material: Arc<Material>,
    config: Config,
    args: &RunArgs,
    rules: &Filter,
) -> Result<Played, CliError> {
    let bar = progress_line(usize::try_from(material.numbers()).unwrap_or(usize::MAX));
    let options = run_options(args);
    let InMemory { gathered, error } =
        in_memory(Arc::clone(&material), &config, &options, |progress| {
            bar.set_position(progress.done as u64);
        })
        .await;
    bar.finish_and_clear();
    let header = gathered.transcript.header.clone();
    let mut played = Played {
        outcome: Outcome {
            transcript: gathered.transcript,
            skipped: Vec::new(),
            error,
        },
        verdict: gathered.verdict,
        minimal: Vec::new(),
        cases: Vec::new(),
        leaks: None,
        counted: Some(gathered.counted),
    };
    played.cases = shown(&material, &played);
    let mut ground = Ground::Memory {
        header: &header,
        config: Arc::new(config),
    };
    played.finish(&mut ground, args, rules).await;
    Ok(played)
}

/// The conversations in which something was found.
fn shown(material: &Material, played: &Played) -> Vec<Case> {
    let names: HashSet<&str> = played.verdict.findings().map(|f| f.case.as_str()).collect();
    let cases = names.into_iter().filter_map(|name| material.named(name));
    cases.collect()
}
