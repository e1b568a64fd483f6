//! The suite `leaks`: thousands of sessions that break off, and what the server holds before and after them.
//!
//! A tenth of the sessions is played first, uncounted, so that the server is warm. Then all are played in two halves,
//! and what the server's processes hold is read before, between and after, each time when the figures have settled.

use std::{future::Future, pin::Pin, time::Duration};

use smtpspec_core::{coverage::Coverage, event::EventKind, transcript::Transcript};
use tokio::time::{Instant, sleep};

use super::{
    BrokenSessions, CampaignOptions, Case, Gathered, Growth, Progress, RESOURCES, RunError,
    campaign::{campaign, header, interrupted},
    gathered::judged,
};
use crate::target::{Running, Usage};

/// Sessions of which everything is kept at one time.
const ROUND: usize = 500;
/// Sessions before the first look, at least: enough for as many to be open at once as ever will be.
const WARM: usize = 256;
/// Between two looks at the figures.
const PERIOD: Duration = Duration::from_millis(100);
/// Figures that have stayed the same for so many looks have settled.
const SAME: usize = 3;

/// What the suite has seen besides the rules.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LeakCheck {
    /// Sessions played before the first look.
    pub warm_up: u64,
    /// Sessions between the first and the last look.
    pub sessions: u64,
    /// Sessions in all, as far as the run came.
    pub played: usize,
    /// Conversations that they played; those of the warm-up are played twice.
    pub cases: usize,
    /// Events in all.
    pub events: usize,
    /// Pairs of a state and a stimulus that they reached.
    pub coverage: Coverage,
    /// How often OnConnect and OnDisconnect fired, from first to last; `None` when they are not both observed.
    pub fired: Option<(u64, u64)>,
    /// What the server held.
    pub held: Held,
}

/// What is known of what the server held.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Held {
    /// All three looks.
    Measured(Growth),
    /// It is not ours to read, or the system does not show it.
    NotReadable,
    /// The server died in the run: it is not the same process that was looked at first and last.
    Died,
    /// The run was broken off before the last look.
    BrokenOff,
}

impl LeakCheck {
    /// Whether something leaks, or events of opening and closing do not balance.
    pub fn failed(&self) -> bool {
        let leaks = match &self.held {
            Held::Measured(growth) => RESOURCES
                .iter()
                .any(|resource| resource.leak(growth, self.sessions).is_some()),
            Held::NotReadable | Held::Died | Held::BrokenOff => false,
        };
        leaks || !self.balances()
    }

    /// Whether OnDisconnect fired as often as OnConnect, as far as that was seen.
    pub fn balances(&self) -> bool {
        self.fired
            .is_none_or(|(connects, disconnects)| connects == disconnects)
    }
}

/// What came of the suite.
#[derive(Debug)]
pub struct Leaks {
    /// What was found, and the sessions that show it.
    pub gathered: Gathered,
    /// What those sessions played.
    pub cases: Vec<Case>,
    /// What else was seen.
    pub check: LeakCheck,
    /// Why the run was not finished.
    pub error: Option<RunError>,
}

/// Plays the sessions numbered in `indices`. `settle` is how long the figures may take to come down after each part.
pub async fn leaks(
    target: &mut Running,
    sessions: &BrokenSessions,
    indices: &[u64],
    options: &CampaignOptions,
    settle: Duration,
    progress: impl Fn(Progress),
) -> Leaks {
    let warm_up = indices.len().div_ceil(10).max(WARM).min(indices.len());
    let options = &options.at(target.stage());
    let gathered = Gathered::new(header(target, options));
    let mut run = Run {
        target,
        sessions,
        options,
        settle,
        until: Instant::now() + options.run,
        interrupted: Box::pin(interrupted()),
        gathered,
        cases: Vec::new(),
        done: 0,
        total: warm_up + indices.len(),
        progress,
    };
    let (readings, error) = run.play(&indices[..warm_up], indices).await;
    let Run {
        target,
        mut gathered,
        cases,
        ..
    } = run;
    gathered.transcript.complete &= error.is_none();
    Leaks {
        check: LeakCheck {
            warm_up: warm_up as u64,
            sessions: indices.len() as u64,
            played: count(gathered.counted.sessions),
            cases: indices.len().min(count(gathered.counted.sessions)),
            events: count(gathered.counted.events.values().sum()),
            coverage: gathered.counted.coverage.clone(),
            fired: fired(target, &gathered),
            held: if has_died(&gathered) {
                Held::Died
            } else {
                held(&readings, error.is_some())
            },
        },
        gathered,
        cases,
        error,
    }
}

fn count(number: u64) -> usize {
    usize::try_from(number).unwrap_or(usize::MAX)
}

fn fired(target: &Running, gathered: &Gathered) -> Option<(u64, u64)> {
    let count = |kind| {
        let fired = gathered
            .counted
            .events
            .get(&kind)
            .copied()
            .unwrap_or_default();
        target.stage().sees(kind).then_some(fired)
    };
    Some((
        count(EventKind::OnConnect)?,
        count(EventKind::OnDisconnect)?,
    ))
}

fn has_died(gathered: &Gathered) -> bool {
    let mut findings = gathered.verdict.findings();
    findings.any(|finding| finding.rule == "SES-8")
}

fn held(readings: &[Option<Usage>], broken_off: bool) -> Held {
    match readings {
        [Some(before), Some(halfway), Some(after)] => Held::Measured(Growth {
            before: *before,
            halfway: *halfway,
            after: *after,
        }),
        _ if broken_off => Held::BrokenOff,
        _ => Held::NotReadable,
    }
}

struct Run<'a, P> {
    target: &'a mut Running,
    sessions: &'a BrokenSessions,
    options: &'a CampaignOptions,
    settle: Duration,
    until: Instant,
    /// One for the whole run: Ctrl-C may come between two rounds.
    interrupted: Pin<Box<dyn Future<Output = ()> + 'a>>,
    gathered: Gathered,
    cases: Vec<Case>,
    done: usize,
    total: usize,
    progress: P,
}

impl<P: Fn(Progress)> Run<'_, P> {
    /// What was read at each look, and why there are not three of them.
    async fn play(
        &mut self,
        warm_up: &[u64],
        all: &[u64],
    ) -> (Vec<Option<Usage>>, Option<RunError>) {
        // Asked once, so that Ctrl-C is heard from now on.
        tokio::select! {
            biased;
            () = &mut self.interrupted => return (Vec::new(), Some(RunError::Interrupted)),
            () = std::future::ready(()) => {}
        }
        let (first, second) = all.split_at(all.len() / 2);
        let mut readings: Vec<Option<Usage>> = Vec::new();
        for part in [warm_up, first, second] {
            let before = readings.first().copied().flatten();
            match self.part(part, before, all.len() as u64).await {
                Ok(usage) => readings.push(usage),
                Err(error) => return (readings, Some(error)),
            }
        }
        (readings, None)
    }

    /// Plays `indices` in rounds, waits until the figures have settled, and reads them.
    async fn part(
        &mut self,
        indices: &[u64],
        before: Option<Usage>,
        sessions: u64,
    ) -> Result<Option<Usage>, RunError> {
        for round in indices.chunks(ROUND) {
            self.round(round).await?;
        }
        let time = self.options.run;
        let until = self.until;
        let settled = settled(self.target, self.settle, before, sessions);
        let usage = tokio::select! {
            biased;
            () = &mut self.interrupted => return Err(RunError::Interrupted),
            error = self.target.failed() => return Err(error.into()),
            () = tokio::time::sleep_until(until) => return Err(RunError::Time(time)),
            usage = settled => usage,
        };
        Ok(usage)
    }

    async fn round(&mut self, indices: &[u64]) -> Result<(), RunError> {
        let cases: Vec<Case> = indices
            .iter()
            .map(|index| self.sessions.case(*index))
            .collect();
        let left = self.until.saturating_duration_since(Instant::now());
        let options = CampaignOptions {
            run: left,
            ..self.options.clone()
        };
        let (done, total, progress) = (self.done, self.total, &self.progress);
        let outcome = campaign(self.target, cases.clone(), &options, |round| {
            progress(Progress {
                done: done + round.done,
                total,
            });
        })
        .await;
        self.done += cases.len();
        self.target.stage().hub.forget_ended();
        self.gather(outcome.transcript, cases);
        match outcome.error {
            // The limit that the user knows is that of the whole run.
            Some(RunError::Time(_)) => Err(RunError::Time(self.options.run)),
            Some(error) => Err(error),
            None => Ok(()),
        }
    }

    fn gather(&mut self, transcript: Transcript, cases: Vec<Case>) {
        let judged = judged(&transcript);
        let before = self.gathered.transcript.sessions.len();
        self.gathered.add(transcript, judged, |_| false);
        let kept = &self.gathered.transcript.sessions[before..];
        let is_kept = |case: &Case| kept.iter().any(|session| session.open.case == case.name);
        self.cases.extend(cases.into_iter().filter(is_kept));
    }
}

/// What the server holds once that stays the same and has come down to what it held `before`, or when `limit` is
/// over.
async fn settled(
    target: &Running,
    limit: Duration,
    before: Option<Usage>,
    sessions: u64,
) -> Option<Usage> {
    let until = Instant::now() + limit;
    let is_back = |usage: &Usage| {
        let back =
            |of: fn(&Usage) -> u64, slack| before.is_none_or(|b| of(usage) <= of(&b) + slack);
        // Memory is often kept for the next session and says nothing about this.
        RESOURCES[..2]
            .iter()
            .all(|resource| back(resource.of, resource.slack(sessions)))
    };
    let mut last = target.usage()?;
    let mut same = 0;
    while same < SAME && Instant::now() < until {
        sleep(PERIOD).await;
        let now = target.usage()?;
        let unchanged = (now.files, now.threads) == (last.files, last.threads);
        same = if unchanged && is_back(&now) {
            same + 1
        } else {
            0
        };
        last = now;
    }
    Some(last)
}
