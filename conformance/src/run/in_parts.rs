//! A long campaign over sockets: its conversations are played and judged part by part, so that a hundred thousand take no
//! more room than the first few thousand.

use std::{
    future::{Future, ready},
    ops::Range,
    pin::Pin,
};

use smtpspec_core::transcript::{Transcript, What};
use tokio::time::Instant;

use super::{
    CampaignOptions, Gathered, Material, Outcome, Progress, RunError,
    campaign::{campaign, header, interrupted},
    gathered::judged,
    kept::Keeper,
    round::TOO_OFTEN,
};
use crate::target::Running;

/// A run of no more conversations than these is not divided.
pub const WHOLE: u64 = 1 << 14;
/// Conversations of a longer run that are played and judged together.
pub const PART: u64 = 1 << 12;

/// What came of a campaign in parts.
#[derive(Debug)]
pub struct InParts {
    /// What was found; of the sessions only those that show it, and those of written conversations.
    pub gathered: Gathered,
    /// Conversations that were not played, each with the reason.
    pub skipped: Vec<(String, String)>,
    /// Why the run was not finished.
    pub error: Option<RunError>,
}

/// Plays `material` at `target`, `part` conversations at a time; `progress` is called after each. Ctrl-C ends the run, not
/// the program, and what was seen until then is judged.
///
/// A part is judged by itself: what the server was seen to do in another does not help to read it.
pub async fn in_parts(
    target: &mut Running,
    material: &Material,
    part: u64,
    options: &CampaignOptions,
    progress: impl Fn(Progress),
) -> InParts {
    let gathered = Gathered::new(header(target, &options.at(target.stage())));
    let mut run = Run {
        until: Instant::now() + options.run,
        deaths: options.deaths,
        interrupted: Box::pin(interrupted()),
        keeper: Keeper::default(),
        gathered,
        skipped: Vec::new(),
        target,
        material,
        options,
        progress,
    };
    let error = run.play(part.max(1)).await.err();
    let (mut gathered, skipped) = (run.gathered, run.skipped);
    gathered.transcript.complete &= error.is_none();
    InParts {
        gathered,
        skipped,
        error,
    }
}

struct Run<'a, P> {
    target: &'a mut Running,
    material: &'a Material,
    options: &'a CampaignOptions,
    progress: P,
    until: Instant,
    /// How many times the server may die yet.
    deaths: usize,
    /// One for the whole run: Ctrl-C may come while a part is judged.
    interrupted: Pin<Box<dyn Future<Output = ()> + 'a>>,
    keeper: Keeper,
    gathered: Gathered,
    skipped: Vec<(String, String)>,
}

impl<P: Fn(Progress)> Run<'_, P> {
    async fn play(&mut self, part: u64) -> Result<(), RunError> {
        let total = self.material.numbers();
        let mut next = 0;
        while next < total {
            if self.is_interrupted().await {
                return Err(RunError::Interrupted);
            }
            let numbers = next..total.min(next + part);
            next = numbers.end;
            let outcome = self.part(numbers).await;
            self.take(outcome)?;
            if self.deaths == 0 && self.options.deaths > 0 && next < total {
                self.leave_out(next..total);
                return Ok(());
            }
        }
        Ok(())
    }

    async fn is_interrupted(&mut self) -> bool {
        tokio::select! {
            biased;
            () = &mut self.interrupted => true,
            () = ready(()) => false,
        }
    }

    async fn part(&mut self, numbers: Range<u64>) -> Outcome {
        let options = CampaignOptions {
            run: self.until.saturating_duration_since(Instant::now()),
            deaths: self.deaths,
            ..self.options.clone()
        };
        let (before, total) = (count(numbers.start), count(self.material.numbers()));
        let cases = self.material.cases(numbers).collect();
        let progress = &self.progress;
        let told = |part: Progress| {
            let done = before + part.done;
            progress(Progress { done, total });
        };
        campaign(self.target, cases, &options, told).await
    }

    fn take(&mut self, outcome: Outcome) -> Result<(), RunError> {
        self.target.stage().hub.forget_ended();
        self.skipped.extend(outcome.skipped);
        self.deaths = self.deaths.saturating_sub(deaths(&outcome.transcript));
        let judged = judged(&outcome.transcript);
        let keeper = &mut self.keeper;
        self.gathered
            .add(outcome.transcript, judged, |session| keeper.keeps(session));
        match outcome.error {
            // The limit that the user knows is that of the whole run.
            Some(RunError::Time(_)) => Err(RunError::Time(self.options.run)),
            Some(error) => Err(error),
            None => Ok(()),
        }
    }

    /// The server has died too often.
    fn leave_out(&mut self, numbers: Range<u64>) {
        let names = self.material.cases(numbers).map(|case| case.name);
        self.skipped
            .extend(names.map(|name| (name, TOO_OFTEN.to_owned())));
    }
}

/// How often the server died.
fn deaths(part: &Transcript) -> usize {
    let entries = part.sessions.iter().flat_map(|session| &session.entries);
    entries
        .filter(|entry| matches!(entry.what, What::Died(_)))
        .count()
}

fn count(number: u64) -> usize {
    usize::try_from(number).unwrap_or(usize::MAX)
}
