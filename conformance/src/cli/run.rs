//! `smtpspec run`: plays a suite, judges it, reports.

use std::{
    collections::hash_map::RandomState,
    fs,
    hash::{BuildHasher, Hasher},
    io::Write,
    path::Path,
    time::{Duration, Instant},
};

use indicatif::{ProgressBar, ProgressStyle};
use smtpspec_core::{
    check::{RunVerdict, check},
    receiver::Config,
    transcript::Transcript,
};

use super::{
    CliError,
    args::{Format, RunArgs, Suite, TargetArgs},
    filter::Filter,
    shared::{defects, runtime, written},
};
use crate::{
    drive::Limits,
    report::{RunReport, console, json},
    run::{
        CampaignOptions, Case, Minimal, Outcome, campaign, cuts, documented, generated, minimise,
    },
    target::{Running, StartOptions, Target},
};

pub(super) fn run(args: &RunArgs) -> Result<u8, CliError> {
    let rules = Filter::new("--rule", &args.rule)?;
    if !smtpspec_core::check::rules().any(|rule| rules.takes(rule.id)) {
        return Err(CliError::NoRule(args.rule.clone()));
    }
    let cases = cases(args)?;
    let target = target(&args.target)?;
    let start = Instant::now();
    let played = runtime()?.block_on(play_suite(&target, &cases, args, &rules))?;
    let elapsed = start.elapsed();
    let Played {
        outcome,
        verdict,
        minimal,
    } = played;
    let report = RunReport {
        transcript: &outcome.transcript,
        verdict: &verdict,
        skipped: &outcome.skipped,
        elapsed: Some(elapsed),
        minimal: &minimal,
        target_options: args.target.again(),
        strict: args.strict,
    };
    if let Some(dir) = &args.out {
        write_out(dir, &report, &cases)?;
    }
    // What was seen before the run broke off is still worth reading, but it is no verdict.
    print(&report, args.format)?;
    match outcome.error {
        Some(error) => Err(error.into()),
        None => Ok(report.exit_code()),
    }
}

fn cases(args: &RunArgs) -> Result<Vec<Case>, CliError> {
    let filter = Filter::new("--case", &args.case)?;
    let mut cases = Vec::new();
    if matches!(args.suite, Suite::Documented | Suite::All) {
        cases.extend(documented()?);
    }
    if matches!(args.suite, Suite::Cuts | Suite::All) {
        cases.extend(cuts()?);
    }
    if !args.suite.families().is_empty() {
        let seed = args.seed.unwrap_or_else(|| draw_seed(args));
        for family in args.suite.families() {
            cases.extend(generated(*family, seed, args.cases));
        }
    }
    cases.retain(|case| filter.takes(&case.name));
    if cases.is_empty() {
        return Err(CliError::NoCase(args.case.clone()));
    }
    Ok(cases)
}

/// A seed for this run, with the command that repeats it on standard error.
fn draw_seed(args: &RunArgs) -> u64 {
    // Every hasher begins with keys of its own: no clock is needed, nor a generator for one number.
    let drawn = RandomState::new().build_hasher().finish();
    // Short enough to be typed again.
    let seed = drawn >> 32;
    let (suite, cases, again) = (args.suite.name(), args.cases, args.target.again());
    anstream::eprintln!(
        "seed {seed}: smtpspec run --suite {suite} --cases {cases} --seed {seed}{again}"
    );
    seed
}

/// The target that the options name.
pub(super) fn target(args: &TargetArgs) -> Result<Target, CliError> {
    if let Some(address) = &args.connect {
        let events = args.events.as_deref().map(str::parse).transpose()?;
        return Ok(Target::Connect {
            address: address.clone(),
            events,
        });
    }
    let defects = defects(&args.defect)?;
    match Target::named(&args.target)? {
        Target::Embedded(config) => Ok(Target::Embedded(Box::new(Config { defects, ..*config }))),
        other if defects.is_empty() => Ok(other),
        other => Err(CliError::DefectElsewhere(other.name().to_owned())),
    }
}

/// What came of a suite.
struct Played {
    outcome: Outcome,
    verdict: RunVerdict,
    minimal: Vec<Minimal>,
}

/// Plays and judges `cases`; what is found of the rules asked for is then minimised at the same server.
async fn play_suite(
    target: &Target,
    cases: &[Case],
    args: &RunArgs,
    rules: &Filter,
) -> Result<Played, CliError> {
    let options = CampaignOptions {
        jobs: usize::from(args.jobs),
        run: args.time_limit,
        ..options(&args.target)
    };
    let running = start(target, &args.target).await?;
    let outcome = campaign_with_progress(&running, cases.to_vec(), &options).await;
    let mut verdict = check(&outcome.transcript);
    verdict.rules.retain(|rule| rules.takes(rule.rule.id));
    let mut minimal = Vec::new();
    if outcome.error.is_none() && !args.no_minimise {
        match minimise(&running, &outcome.transcript, &verdict, cases, &options).await {
            Ok(found) => minimal = found,
            // The run itself is over: its verdict stands.
            Err(error) => anstream::eprintln!("the findings could not be made smaller: {error}"),
        }
    }
    running.stop().await;
    Ok(Played {
        outcome,
        verdict,
        minimal,
    })
}

/// Starts the target, plays `cases`, stops the target.
pub(super) async fn play(
    target: &Target,
    cases: Vec<Case>,
    args: &TargetArgs,
) -> Result<Outcome, CliError> {
    let running = start(target, args).await?;
    let outcome = campaign_with_progress(&running, cases, &options(args)).await;
    running.stop().await;
    Ok(outcome)
}

async fn start(target: &Target, args: &TargetArgs) -> Result<Running, CliError> {
    let options = StartOptions {
        allow_remote: args.allow_remote,
        ..StartOptions::default()
    };
    Ok(target.start(&options).await?)
}

fn options(args: &TargetArgs) -> CampaignOptions {
    let limits = Limits {
        reply: args.timeout,
        silence: args.timeout,
        ..Limits::default()
    };
    CampaignOptions {
        limits,
        ..CampaignOptions::default()
    }
}

async fn campaign_with_progress(
    running: &Running,
    cases: Vec<Case>,
    options: &CampaignOptions,
) -> Outcome {
    let bar = progress_line(cases.len());
    let outcome = campaign(running, cases, options, |progress| {
        bar.set_position(progress.done as u64);
    })
    .await;
    bar.finish_and_clear();
    outcome
}

/// On standard error, only on a terminal, and gone when the run is over.
fn progress_line(cases: usize) -> ProgressBar {
    let bar = ProgressBar::new(cases as u64);
    if let Ok(style) = ProgressStyle::with_template("{bar:30} {pos}/{len} conversations, {elapsed}")
    {
        bar.set_style(style);
    }
    bar.enable_steady_tick(Duration::from_millis(200));
    bar
}

/// Prints the report on standard output.
pub(super) fn print(report: &RunReport<'_>, format: Format) -> Result<(), CliError> {
    let mut out = anstream::stdout().lock();
    written(match format {
        Format::Console => console(&mut out, report),
        Format::Json => out.write_all(json(report).as_bytes()),
    })
}

/// `transcript.jsonl`, `report.json`, and under `findings/` each conversation that broke a rule.
pub(super) fn write_out(
    dir: &Path,
    report: &RunReport<'_>,
    cases: &[Case],
) -> Result<(), CliError> {
    let write = |path: &Path, octets: &[u8]| {
        let folder = path.parent().map_or(Ok(()), fs::create_dir_all);
        folder
            .and_then(|()| fs::write(path, octets))
            .map_err(|source| CliError::Write {
                path: path.to_owned(),
                source,
            })
    };
    write(&dir.join("transcript.jsonl"), &file_form(report.transcript))?;
    write(&dir.join("report.json"), json(report).as_bytes())?;
    for minimal in report.minimal {
        let comment = format!(
            "%# {} {}: the smallest conversation found that shows it, from {}\n",
            minimal.rule, minimal.finding.what, minimal.case
        );
        let text = [
            comment.replace('\r', " ").as_bytes(),
            &minimal.conversation.print(),
        ]
        .concat();
        write(
            &dir.join("findings")
                .join(format!("{}-minimal.smtp", minimal.rule)),
            &text,
        )?;
    }
    for finding in report.verdict.findings() {
        let Some(case) = cases.iter().find(|case| case.name == finding.case) else {
            continue;
        };
        let name = format!("{}-{}.smtp", finding.rule, case.name.replace('/', "-"));
        let comment = format!(
            "%# breaks {}: {}\n",
            finding.rule,
            finding.what.replace('\n', " ")
        );
        let text = [comment.as_bytes(), &case.conversation.print()].concat();
        write(&dir.join("findings").join(name), &text)?;
    }
    Ok(())
}

fn file_form(transcript: &Transcript) -> Vec<u8> {
    let mut octets = Vec::new();
    // Writing into memory cannot fail.
    let _ = transcript.write_to(&mut octets);
    octets
}
