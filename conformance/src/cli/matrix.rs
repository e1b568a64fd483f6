//! `smtpspec matrix`: the same conversations at several servers, one after the other, side by side.

use std::{io::Write, path::Path, sync::Arc};

use smtpspec_core::{check::check, memory, receiver::Config, transcript::Transcript};

use super::{
    CliError,
    args::{Format, MatrixArgs, RunArgs, Suite},
    filter::Filter,
    out,
    run::{campaign_with_progress, cases, random_seed, run_options, start},
    shared::{runtime, written},
};
use crate::{
    report::matrix::{self, Column, Matrix, Seen},
    run::{Case, Ground, RunError, look_alikes, minimise},
    target::{Adapter, Target, TargetError},
};

pub(super) fn side_by_side(args: &MatrixArgs) -> Result<u8, CliError> {
    if args.suite == Suite::Leaks {
        return Err(CliError::LeaksSideBySide);
    }
    let generated = !args.suite.families().is_empty();
    let seed = args.seed.or_else(|| generated.then(random_seed));
    let cases = with_look_alikes(args, seed)?;
    let targets = targets(args)?;
    let mut run = Played::default();
    runtime()?.block_on(run.play_all(&targets, &cases, args, seed));
    if run.columns.iter().all(|column| column.seen.is_none()) && !run.interrupted {
        return Err(CliError::NoServer(troubles(&run.columns)));
    }
    let matrix = Matrix::new(args.again(seed), &reference(&cases), &run.columns);
    if let Some(dir) = &args.out {
        write(dir, &matrix)?;
    }
    print(&matrix, args.format)?;
    if run.interrupted {
        return Err(RunError::Interrupted.into());
    }
    Ok(0)
}

/// The suite's conversations, and those about look-alikes that it lacks.
fn with_look_alikes(args: &MatrixArgs, seed: Option<u64>) -> Result<Vec<Case>, CliError> {
    let filter = Filter::new("--case", &args.case)?;
    let mut more = look_alikes()?;
    more.retain(|case| filter.takes(&case.name));
    let at = args.at("embedded", seed);
    for case in more.iter_mut().filter(|_| args.lmtp) {
        case.conversation = case.conversation.spoken_in(at.target.protocol());
    }
    let mut all = match cases(&at) {
        Err(CliError::NoCase(_)) if !more.is_empty() => Vec::new(),
        cases => cases?,
    };
    more.retain(|case| all.iter().all(|known| known.name != case.name));
    all.extend(more);
    Ok(all)
}

/// What the reference server does in `cases`, in memory: the same each time.
fn reference(cases: &[Case]) -> Transcript {
    let config = Arc::new(Config::default());
    let sessions = (1..).zip(cases);
    let sessions =
        sessions.map(|(conn, case)| memory::play(conn, &case.name, &case.conversation, &config));
    memory::transcript(sessions.collect())
}

/// The servers that are asked for; else the embedded one and all that are installed, in their usual version, and speak what
/// is to be spoken.
fn targets(args: &MatrixArgs) -> Result<Vec<Target>, CliError> {
    let mut names = args.target.clone();
    if names.is_empty() {
        let startable = Adapter::all()?.into_iter().filter(Adapter::is_startable);
        let startable = startable.filter(|adapter| !args.lmtp || adapter.about().lmtp);
        let (here, absent): (Vec<_>, Vec<_>) = startable.partition(Adapter::is_installed);
        names = vec!["embedded".to_owned()];
        names.extend(here.iter().map(Adapter::name));
        if !absent.is_empty() {
            let absent: Vec<String> = absent.iter().map(Adapter::name).collect();
            anstream::eprintln!(
                "left out, for they are not installed: {} (`smtpspec targets` says how to install them)",
                absent.join(", ")
            );
        }
    }
    let targets: Result<_, TargetError> = names.iter().map(|name| Target::named(name)).collect();
    Ok(targets?)
}

/// What came of the servers so far.
#[derive(Default)]
struct Played {
    columns: Vec<Column>,
    /// By the user. The servers that were not reached say so.
    interrupted: bool,
}

impl Played {
    /// Plays `cases` at each, one after the other: at once they would only slow each other down.
    async fn play_all(
        &mut self,
        targets: &[Target],
        cases: &[Case],
        args: &MatrixArgs,
        seed: Option<u64>,
    ) {
        for target in targets {
            let mut column = Column {
                name: target.name(),
                seen: None,
                trouble: None,
            };
            if self.interrupted {
                column.trouble = Some("not played: interrupted".to_owned());
            } else {
                let run = args.at(&column.name, seed);
                let played = self.play(target, cases, &run, args.minimises(), &mut column);
                if let Err(error) = played.await {
                    column.trouble = Some(format!("could not be started: {error}"));
                }
            }
            self.columns.push(column);
        }
    }

    /// Starts one server, plays, stops it.
    async fn play(
        &mut self,
        target: &Target,
        cases: &[Case],
        args: &RunArgs,
        minimises: bool,
        column: &mut Column,
    ) -> Result<(), CliError> {
        let options = run_options(args);
        let mut running = start(target, &args.target).await?;
        let outcome = campaign_with_progress(&mut running, cases.to_vec(), &options).await;
        let verdict = check(&outcome.transcript);
        let mut minimal = Vec::new();
        if let Some(error) = outcome.error {
            self.lost(column, "lost in the middle", &error);
        } else if minimises {
            match minimise(
                &mut Ground::Server(&mut running),
                &outcome.transcript,
                &verdict,
                cases,
                &options,
            )
            .await
            {
                Ok(found) => minimal = found,
                // What was played stands; it is only not made smaller.
                Err(error) => self.lost(column, "its findings could not be made smaller", &error),
            }
        }
        running.stop().await;
        column.seen = Some(Seen {
            transcript: outcome.transcript,
            verdict,
            skipped: outcome.skipped,
            minimal,
        });
        Ok(())
    }

    fn lost(&mut self, column: &mut Column, what: &str, error: &RunError) {
        self.interrupted |= matches!(error, RunError::Interrupted);
        column.trouble = Some(format!("{what}: {error}"));
    }
}

fn troubles(columns: &[Column]) -> String {
    let trouble = |column: &Column| {
        let why = column.trouble.as_deref().unwrap_or_default();
        format!("\n  {}: {why}", column.name)
    };
    columns.iter().map(trouble).collect()
}

/// `matrix.json`, `matrix.html` and `matrix.md`.
fn write(dir: &Path, matrix: &Matrix) -> Result<(), CliError> {
    out::file(dir.join("matrix.json"), matrix::json(matrix).as_bytes())?;
    out::file(dir.join("matrix.html"), matrix::html(matrix).as_bytes())?;
    out::file(dir.join("matrix.md"), matrix::markdown(matrix).as_bytes())
}

fn print(matrix: &Matrix, format: Format) -> Result<(), CliError> {
    let mut out = anstream::stdout().lock();
    written(match format {
        Format::Console => matrix::console(&mut out, matrix),
        Format::Json => out.write_all(matrix::json(matrix).as_bytes()),
    })
}
