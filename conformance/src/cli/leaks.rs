//! `smtpspec run --suite leaks`.

use std::{env, time::Duration};

use super::{
    CliError,
    args::RunArgs,
    filter::Filter,
    run::{Played, draw_seed, progress_line, run_options, start, target},
    shared::runtime,
};
use crate::{
    run::{BrokenSessions, Ground, Leaks, Outcome, leaks},
    target::Target,
};

/// How long open files and threads may take to come down after the last session.
const SETTLE: Duration = Duration::from_secs(5);

/// Plays the sessions and gathers what was found.
pub(super) fn play(args: &RunArgs, rules: &Filter) -> Result<Played, CliError> {
    let filter = Filter::new("--case", &args.case)?;
    let target = apart(target(&args.target)?)?;
    let seed = args.seed.unwrap_or_else(|| draw_seed(args));
    let sessions = BrokenSessions::new(seed)?.spoken_in(args.target.protocol());
    let mut indices: Vec<u64> = (0..args.cases()).collect();
    indices.retain(|index| filter.takes(&sessions.name(*index)));
    if indices.is_empty() {
        return Err(CliError::NoCase(args.case.clone()));
    }
    runtime()?.block_on(play_at(&target, &sessions, &indices, args, rules))
}

/// The embedded server in a process of its own: in this one, what it holds could not be told from what we hold.
fn apart(target: Target) -> Result<Target, CliError> {
    match target {
        Target::Embedded(config) => Ok(Target::Apart {
            program: env::current_exe().map_err(CliError::OwnProgram)?,
            defects: config.defects,
        }),
        other => Ok(other),
    }
}

async fn play_at(
    target: &Target,
    sessions: &BrokenSessions,
    indices: &[u64],
    args: &RunArgs,
    rules: &Filter,
) -> Result<Played, CliError> {
    let mut running = start(target, &args.target).await?;
    let bar = progress_line(indices.len());
    let options = run_options(args);
    let played = leaks(
        &mut running,
        sessions,
        indices,
        &options,
        SETTLE,
        |progress| {
            bar.set_length(progress.total as u64);
            bar.set_position(progress.done as u64);
        },
    )
    .await;
    bar.finish_and_clear();
    let Leaks {
        gathered,
        cases,
        check,
        error,
    } = played;
    let outcome = Outcome {
        transcript: gathered.transcript,
        skipped: Vec::new(),
        error,
    };
    let mut played = Played {
        leaks: Some(check),
        ..Played::new(outcome, gathered.verdict, cases)
    };
    played
        .finish(&mut Ground::Server(&mut running), args, rules)
        .await;
    running.stop().await;
    Ok(played)
}
