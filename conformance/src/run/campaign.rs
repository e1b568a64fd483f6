//! Plays all cases and gathers the transcript, whatever ends the run.

use std::{pin::pin, sync::Arc, time::Duration};

use smtpspec_core::transcript::{Header, TRANSCRIPT_VERSION, Transcript};
use tokio::{
    sync::Semaphore,
    task::JoinSet,
    time::{Instant, sleep_until, timeout},
};

use super::{
    CampaignOptions, Case,
    session::{Slot, session},
};
use crate::{
    drive::DriveError,
    observe::ScriptError,
    target::{Running, TargetError},
};

/// For a target that has refused a connection to be seen to have died.
const DYING: Duration = Duration::from_secs(1);

/// Why a run could not be done. What was seen until then is in the transcript.
#[derive(Debug, thiserror::Error)]
pub enum RunError {
    /// The server under test was lost.
    #[error(transparent)]
    Target(#[from] TargetError),
    /// A connection could not be opened.
    #[error(transparent)]
    Drive(#[from] DriveError),
    /// A handler script did not reach the server.
    #[error(transparent)]
    Script(#[from] ScriptError),
    /// Interrupted by the user.
    #[error("interrupted")]
    Interrupted,
    /// The run took too long.
    #[error("the run was cut off after {0:?}")]
    Time(Duration),
    /// A session's task failed: a bug in smtpspec.
    #[error("a session could not be played to its end: {0}")]
    Task(tokio::task::JoinError),
}

/// How far a run is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Progress {
    /// Conversations that are finished.
    pub done: usize,
    /// Conversations in the run, without those skipped.
    pub total: usize,
}

/// What came of a run.
#[derive(Debug)]
pub struct Outcome {
    /// What was seen, in the order of the cases; not complete when there is an error.
    pub transcript: Transcript,
    /// Conversations that were not played, each with the reason.
    pub skipped: Vec<(String, String)>,
    /// Why the run was not finished.
    pub error: Option<RunError>,
}

/// Plays `cases` at `target`; `progress` is called after each. Ctrl-C ends the run, not the program.
pub async fn campaign(
    target: &Running,
    cases: Vec<Case>,
    options: &CampaignOptions,
    progress: impl Fn(Progress),
) -> Outcome {
    let (cases, skipped) = playable(target, cases);
    let slots: Vec<Arc<Slot>> = cases.iter().map(|_| Arc::default()).collect();
    let mut run = Run {
        target,
        options: Arc::new(options.clone()),
        permits: Arc::new(Semaphore::new(options.jobs.max(1))),
        sessions: JoinSet::new(),
    };
    let played = run.play(&cases, &slots, progress);
    let error = tokio::select! {
        biased;
        () = interrupted() => Some(RunError::Interrupted),
        result = played => result.err(),
    };
    drop(run);
    Outcome {
        transcript: transcript(target, &slots, options, error.is_none()),
        skipped,
        error,
    }
}

/// Conversations that the target can be tested with, and the others with the reason.
fn playable(target: &Running, cases: Vec<Case>) -> (Vec<Arc<Case>>, Vec<(String, String)>) {
    let scripts = target.stage().takes_scripts();
    let plays = |case: &Case| scripts || case.conversation.handlers.is_empty();
    let (played, skipped): (Vec<_>, Vec<_>) = cases.into_iter().partition(plays);
    let reason = "needs handler scripts, which this target does not take";
    let skipped = skipped
        .into_iter()
        .map(|case| (case.name, reason.to_owned()));
    (
        played.into_iter().map(Arc::new).collect(),
        skipped.collect(),
    )
}

/// The sessions in the order of their cases, numbered from 1.
fn transcript(
    target: &Running,
    slots: &[Arc<Slot>],
    options: &CampaignOptions,
    complete: bool,
) -> Transcript {
    let mut sessions: Vec<_> = slots.iter().filter_map(|slot| slot.take()).collect();
    for (session, conn) in sessions.iter_mut().zip(1..) {
        session.conn = conn;
    }
    Transcript {
        header: header(target, options),
        sessions,
        strays: target.stage().hub.take_strays(),
        complete,
    }
}

/// Who is tested, by whom, with which limits.
pub(super) fn header(target: &Running, options: &CampaignOptions) -> Header {
    let limit = options.disconnect_limit.as_millis();
    Header {
        version: TRANSCRIPT_VERSION,
        tool: concat!("smtpspec ", env!("CARGO_PKG_VERSION")).to_owned(),
        target: target.name().to_owned(),
        hello: target.stage().hello.clone(),
        disconnect_limit_ms: u64::try_from(limit).unwrap_or(u64::MAX),
    }
}

struct Run<'a> {
    target: &'a Running,
    options: Arc<CampaignOptions>,
    permits: Arc<Semaphore>,
    /// Aborted when dropped.
    sessions: JoinSet<Result<(), RunError>>,
}

impl Run<'_> {
    async fn play(
        &mut self,
        cases: &[Arc<Case>],
        slots: &[Arc<Slot>],
        progress: impl Fn(Progress),
    ) -> Result<(), RunError> {
        let deadline = Instant::now() + self.options.run;
        let target = self.target;
        // One future for the whole run: it may be in the middle of finding out why.
        let mut failed = pin!(target.failed());
        let total = cases.len();
        let mut waiting = cases.iter().zip(slots);
        let mut done = 0;
        while done < total {
            let permits = Arc::clone(&self.permits);
            tokio::select! {
                error = &mut failed => return Err(error.into()),
                () = sleep_until(deadline) => return Err(RunError::Time(self.options.run)),
                Some(ended) = self.sessions.join_next() => {
                    let result = ended.unwrap_or_else(|error| Err(RunError::Task(error)));
                    if let Err(error) = result {
                        return Err(self.explain(error).await);
                    }
                    done += 1;
                    progress(Progress { done, total });
                }
                Ok(permit) = permits.acquire_owned(), if waiting.len() > 0 => {
                    if let Some((case, slot)) = waiting.next() {
                        let (case, slot) = (Arc::clone(case), Arc::clone(slot));
                        let stage = target.stage().clone();
                        let options = Arc::clone(&self.options);
                        self.sessions.spawn(session(case, slot, stage, options, permit));
                    }
                }
            }
        }
        if target.is_failing() {
            // Seen too late to end the run, but what was seen after it cannot be trusted.
            return Err(failed.await.into());
        }
        Ok(())
    }

    /// A server that refuses connections may have died: that explains more.
    async fn explain(&self, error: RunError) -> RunError {
        let failed = timeout(DYING, self.target.failed()).await;
        failed.map_or(error, RunError::Target)
    }
}

/// Waits for Ctrl-C.
pub(super) async fn interrupted() {
    if tokio::signal::ctrl_c().await.is_err() {
        // Without the signal the run cannot be interrupted; it goes on.
        std::future::pending::<()>().await;
    }
}
