//! `smtpspec run --transport memory`.

use std::sync::Arc;

use smtpspec_core::receiver::Config;

use super::{
    CliError,
    args::{RunArgs, Suite},
    filter::Filter,
    run::{Played, material, progress_line, run_options, target},
    shared::runtime,
};
use crate::{
    run::{Ground, InMemory, Material, in_memory},
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
    let mut played = Played::gathered(gathered, &material, Vec::new(), error);
    let mut ground = Ground::Memory {
        header: &header,
        config: Arc::new(config),
    };
    played.finish(&mut ground, args, rules).await;
    Ok(played)
}
