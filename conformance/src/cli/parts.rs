//! `smtpspec run` with more conversations than are judged together.

use super::{
    CliError,
    args::RunArgs,
    filter::Filter,
    run::{Played, progress_line, run_options, start},
};
use crate::{
    run::{Ground, InParts, Material, PART, in_parts},
    target::Target,
};

/// Plays and judges `material` part by part; what is found of the rules asked for is then minimised at the same server.
pub(super) async fn play(
    target: &Target,
    material: &Material,
    args: &RunArgs,
    rules: &Filter,
) -> Result<Played, CliError> {
    let options = run_options(args);
    let mut running = start(target, &args.target).await?;
    let bar = progress_line(usize::try_from(material.numbers()).unwrap_or(usize::MAX));
    let InParts {
        gathered,
        skipped,
        error,
    } = in_parts(&mut running, material, PART, &options, |progress| {
        bar.set_position(progress.done as u64);
    })
    .await;
    bar.finish_and_clear();
    let mut played = Played::gathered(gathered, material, skipped, error);
    played
        .finish(&mut Ground::Server(&mut running), args, rules)
        .await;
    running.stop().await;
    Ok(played)
}
