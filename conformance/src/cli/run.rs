//! `smtpspec run`: plays a suite, judges it, reports.

use std::{
    collections::{HashSet, hash_map::RandomState},
    hash::{BuildHasher, Hasher},
    io::Write,
    time::{Duration, Instant},
};

use indicatif::{ProgressBar, ProgressStyle};
use smtpspec_core::{
    check::{RunVerdict, check},
    receiver::Config,
};

use super::{
    CliError,
    args::{Format, RunArgs, Suite, TargetArgs, Transport},
    expected,
    filter::Filter,
    out,
    shared::{defects, runtime, written},
};
use crate::{
    drive::Limits,
    report::{RunReport, console, json},
    run::{
        CampaignOptions, Case, Counted, Gathered, Generated, Ground, LeakCheck, Manner, Material,
        Minimal, Outcome, RunError, WHOLE, campaign, cuts, documented, every_cut, minimise,
        smuggling, wire,
    },
    target::{Running, StartOptions, Target},
};

pub(super) fn run(args: &RunArgs) -> Result<u8, CliError> {
    let rules = Filter::new("--rule", &args.rule)?;
    if !smtpspec_core::check::rules().any(|rule| rules.takes(rule.id)) {
        return Err(CliError::NoRule(args.rule.clone()));
    }
    let start = Instant::now();
    let Played {
        outcome,
        verdict,
        minimal,
        cases,
        leaks,
        counted,
    } = if args.transport == Transport::Memory {
        super::memory::play(args, &rules)?
    } else if args.suite == Suite::Leaks {
        super::leaks::play(args, &rules)?
    } else {
        let material = material(args)?;
        let target = target(&args.target)?;
        runtime()?.block_on(async {
            if material.numbers() > WHOLE {
                super::parts::play(&target, &material, args, &rules).await
            } else {
                play_suite(&target, &material, args, &rules).await
            }
        })?
    };
    let elapsed = start.elapsed();
    let expected = expected::hold(args, &outcome, &verdict, &minimal)?;
    let report = RunReport {
        transcript: &outcome.transcript,
        verdict: &verdict,
        skipped: &outcome.skipped,
        elapsed: Some(elapsed),
        minimal: &minimal,
        target_options: args.target.again(),
        strict: args.strict,
        leaks: leaks.as_ref(),
        counted: counted.as_ref(),
        expected: expected.as_ref(),
    };
    if let Some(dir) = &args.out {
        out::write(dir, &report, &cases)?;
    }
    // What was seen before the run broke off is still worth reading, but it is no verdict.
    print(&report, args.format)?;
    match outcome.error {
        Some(error) => Err(error.into()),
        None => Ok(report.exit_code()),
    }
}

/// All conversations that `args` name.
pub(super) fn cases(args: &RunArgs) -> Result<Vec<Case>, CliError> {
    Ok(all(&material(args)?))
}

fn all(material: &Material) -> Vec<Case> {
    material.cases(0..material.numbers()).collect()
}

/// The same, generated ones not made yet. There is at least one.
pub(super) fn material(args: &RunArgs) -> Result<Material, CliError> {
    let filter = Filter::new("--case", &args.case)?;
    let written = written_cases(args, &filter)?;
    let families = args.suite.families();
    let generated = (!families.is_empty()).then(|| Generated {
        families: families.to_vec(),
        seed: args.seed.unwrap_or_else(|| draw_seed(args)),
        cases: args.cases(),
    });
    let takes = move |name: &str| filter.takes(name);
    let manner = Manner {
        tls: args.target.tls.mode(),
        protocol: args.target.protocol(),
    };
    let material = Material::new(written, generated, takes, manner);
    if material.is_empty() {
        return Err(CliError::NoCase(args.case.clone()));
    }
    Ok(material)
}

/// Those that are not generated.
fn written_cases(args: &RunArgs, filter: &Filter) -> Result<Vec<Case>, CliError> {
    let mut cases = Vec::new();
    if matches!(args.suite, Suite::Documented | Suite::All) {
        cases.extend(documented()?);
    }
    if matches!(args.suite, Suite::Wire | Suite::All) {
        cases.extend(wire()?);
    }
    if matches!(args.suite, Suite::Cuts | Suite::All) {
        // Hundreds of thousands: only where they were asked for by name.
        let named = args.suite == Suite::Cuts && !args.case.is_empty();
        cases.extend(if named {
            every_cut(|name| filter.takes(name))?
        } else {
            cuts(args.target.tls.mode())?
        });
    }
    if matches!(args.suite, Suite::Smuggling | Suite::All) {
        let known = |case: &Case| cases.iter().all(|other| other.name != case.name);
        let further: Vec<Case> = smuggling()?.into_iter().filter(known).collect();
        cases.extend(further);
    }
    Ok(cases)
}

/// A seed for this run, with the command that repeats it on standard error.
pub(super) fn draw_seed(args: &RunArgs) -> u64 {
    let seed = random_seed();
    let (suite, cases, again) = (args.suite.name(), args.cases(), args.target.again());
    anstream::eprintln!(
        "seed {seed}: smtpspec run --suite {suite} --cases {cases} --seed {seed}{again}"
    );
    seed
}

/// Another one each time.
pub(super) fn random_seed() -> u64 {
    // Every hasher begins with keys of its own: no clock is needed, nor a generator for one number.
    let drawn = RandomState::new().build_hasher().finish();
    // Short enough to be typed again.
    drawn >> 32
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
    match Target::named(&args.target)?.with_settings(&args.setting)? {
        Target::Embedded(config) => Ok(Target::Embedded(Box::new(Config { defects, ..*config }))),
        other if defects.is_empty() => Ok(other),
        other => Err(CliError::DefectElsewhere(other.name())),
    }
}

/// What came of a suite.
pub(super) struct Played {
    pub(super) outcome: Outcome,
    pub(super) verdict: RunVerdict,
    pub(super) minimal: Vec<Minimal>,
    pub(super) cases: Vec<Case>,
    pub(super) leaks: Option<LeakCheck>,
    pub(super) counted: Option<Counted>,
}

/// Plays and judges `material`; what is found of the rules asked for is then minimised at the same server.
async fn play_suite(
    target: &Target,
    material: &Material,
    args: &RunArgs,
    rules: &Filter,
) -> Result<Played, CliError> {
    let options = run_options(args);
    let mut running = start(target, &args.target).await?;
    let outcome = campaign_with_progress(&mut running, all(material), &options).await;
    let verdict = check(&outcome.transcript);
    let cases = found(material, &verdict);
    let mut played = Played::new(outcome, verdict, cases);
    played
        .finish(&mut Ground::Server(&mut running), args, rules)
        .await;
    running.stop().await;
    Ok(played)
}

/// The conversations in which something was found.
fn found(material: &Material, verdict: &RunVerdict) -> Vec<Case> {
    let names: HashSet<&str> = verdict.findings().map(|f| f.case.as_str()).collect();
    let cases = names.into_iter().filter_map(|name| material.named(name));
    cases.collect()
}

/// How `args` want a campaign to be run.
pub(super) fn run_options(args: &RunArgs) -> CampaignOptions {
    CampaignOptions {
        jobs: usize::from(args.jobs),
        run: args.time_limit,
        ..options(&args.target)
    }
}

impl Played {
    /// A run of which nothing is minimised yet.
    pub(super) fn new(outcome: Outcome, verdict: RunVerdict, cases: Vec<Case>) -> Self {
        Self {
            outcome,
            verdict,
            minimal: Vec::new(),
            cases,
            leaks: None,
            counted: None,
        }
    }

    /// What is left of a run of which only the sessions worth keeping are kept, with the conversations that show findings.
    pub(super) fn gathered(
        gathered: Gathered,
        material: &Material,
        skipped: Vec<(String, String)>,
        error: Option<RunError>,
    ) -> Self {
        let cases = found(material, &gathered.verdict);
        let outcome = Outcome {
            transcript: gathered.transcript,
            skipped,
            error,
        };
        Self {
            counted: Some(gathered.counted),
            ..Self::new(outcome, gathered.verdict, cases)
        }
    }

    /// Drops the rules that nobody asked for and minimises what was found of the others.
    pub(super) async fn finish(&mut self, ground: &mut Ground<'_>, args: &RunArgs, rules: &Filter) {
        self.verdict.rules.retain(|rule| rules.takes(rule.rule.id));
        if self.outcome.error.is_some() || args.no_minimise {
            return;
        }
        let (transcript, verdict) = (&self.outcome.transcript, &self.verdict);
        match minimise(ground, transcript, verdict, &self.cases, &run_options(args)).await {
            Ok(found) => self.minimal = found,
            // The run itself is over: its verdict stands.
            Err(error) => anstream::eprintln!("the findings could not be made smaller: {error}"),
        }
    }
}

/// Starts the target, plays `cases`, stops the target.
pub(super) async fn play(
    target: &Target,
    cases: Vec<Case>,
    args: &TargetArgs,
) -> Result<Outcome, CliError> {
    let mut running = start(target, args).await?;
    let outcome = campaign_with_progress(&mut running, cases, &options(args)).await;
    running.stop().await;
    Ok(outcome)
}

pub(super) async fn start(target: &Target, args: &TargetArgs) -> Result<Running, CliError> {
    let options = StartOptions {
        allow_remote: args.allow_remote,
        tls: args.tls.mode(),
        protocol: args.protocol(),
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

pub(super) async fn campaign_with_progress(
    running: &mut Running,
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
pub(super) fn progress_line(cases: usize) -> ProgressBar {
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
