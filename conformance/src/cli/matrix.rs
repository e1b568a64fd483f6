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
    run::{Case, RunError, look_alikes, minimise},
    target::{Target, TargetError, known},
};

pub(super) fn side_by_side(args: &MatrixArgs) -> Result<u8, CliError> {
    if args.suite == Suite::Leaks {
        return Err(CliError::LeaksSideBySide);
    }
    let generated = !args.suite.families().is_empty();
    let seed = args.seed.or_else(|| generated.then(random_seed));
    let cases = with_look_alikes(args, seed)?;
    let servers = Servers::new(args)?;
    let columns = runtime()?.block_on(servers.play(&cases, args, seed))?;
    if columns.iter().all(|column| column.seen.is_none()) {
        return Err(CliError::NoServer(troubles(&columns)));
    }
    let matrix = Matrix::new(args.again(seed), &reference(&cases), &columns);
    if let Some(dir) = &args.out {
        write(dir, &matrix)?;
    }
    print(&matrix, args.format)?;
    Ok(0)
}

/// The suite's conversations, and those about look-alikes that it lacks.
fn with_look_alikes(args: &MatrixArgs, seed: Option<u64>) -> Result<Vec<Case>, CliError> {
    let filter = Filter::new("--case", &args.case)?;
    let mut more = look_alikes()?;
    more.retain(|case| filter.takes(&case.name));
    let mut all = match cases(&args.at("embedded", seed)) {
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

struct Servers {
    targets: Vec<Target>,
    /// Whether each was asked for by name. Else those that are not installed are left out.
    named: bool,
}

impl Servers {
    fn new(args: &MatrixArgs) -> Result<Self, CliError> {
        let names = if args.target.is_empty() {
            known()
        } else {
            args.target.clone()
        };
        let targets: Result<_, TargetError> =
            names.iter().map(|name| Target::named(name)).collect();
        Ok(Self {
            targets: targets?,
            named: !args.target.is_empty(),
        })
    }

    /// Plays `cases` at each, one after the other: they would only slow each other down.
    async fn play(
        &self,
        cases: &[Case],
        args: &MatrixArgs,
        seed: Option<u64>,
    ) -> Result<Vec<Column>, CliError> {
        let mut columns = Vec::new();
        for target in &self.targets {
            let run = args.at(target.name(), seed);
            match play(target, cases, &run, args.minimises()).await {
                Err(CliError::Target(error @ TargetError::NotInstalled { .. })) if !self.named => {
                    anstream::eprintln!("left out: {error}");
                }
                Err(CliError::Run(RunError::Interrupted)) => {
                    return Err(RunError::Interrupted.into());
                }
                Err(error) => columns.push(Column {
                    name: target.name().to_owned(),
                    seen: None,
                    trouble: Some(format!("could not be started: {error}")),
                }),
                Ok(column) => columns.push(column),
            }
        }
        Ok(columns)
    }
}

/// Starts one server, plays, stops it.
async fn play(
    target: &Target,
    cases: &[Case],
    args: &RunArgs,
    minimises: bool,
) -> Result<Column, CliError> {
    let options = run_options(args);
    let running = start(target, &args.target).await?;
    let outcome = campaign_with_progress(&running, cases.to_vec(), &options).await;
    if matches!(outcome.error, Some(RunError::Interrupted)) {
        running.stop().await;
        return Err(RunError::Interrupted.into());
    }
    let verdict = check(&outcome.transcript);
    let mut trouble = outcome
        .error
        .map(|error| format!("lost in the middle: {error}"));
    let mut minimal = Vec::new();
    if minimises && trouble.is_none() {
        match minimise(&running, &outcome.transcript, &verdict, cases, &options).await {
            Ok(found) => minimal = found,
            Err(RunError::Interrupted) => return Err(RunError::Interrupted.into()),
            // What was played stands; it is only not made smaller.
            Err(error) => {
                trouble = Some(format!("its findings could not be made smaller: {error}"));
            }
        }
    }
    running.stop().await;
    Ok(Column {
        name: target.name().to_owned(),
        seen: Some(Seen {
            transcript: outcome.transcript,
            verdict,
            skipped: outcome.skipped,
            minimal,
        }),
        trouble,
    })
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
