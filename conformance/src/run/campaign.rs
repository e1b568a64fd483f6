//! Plays all cases and gathers the transcript, whatever ends the run.

use std::{collections::VecDeque, time::Duration};

use smtpspec_core::transcript::{Header, TRANSCRIPT_VERSION, Transcript};
use tokio::time::Instant;

use super::{
    CampaignOptions, Case, deaths,
    round::{Table, round},
};
use crate::{
    drive::DriveError,
    observe::ScriptError,
    target::{Running, Stage, TargetError},
};

/// Why a run could not be done. What was seen until then is in the transcript.
#[derive(Debug, thiserror::Error)]
pub enum RunError {
    /// The server under test was lost.
    #[error(transparent)]
    Target(#[from] TargetError),
    /// The server under test died and does not come back.
    #[error("{death}\nit could not be started again: {source}")]
    NotAgain {
        /// How it died.
        death: String,
        /// Why it does not come back.
        source: TargetError,
    },
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

/// Octets of a conversation that a server may need seconds for.
const LARGE: u64 = 1 << 20;

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
///
/// A server that dies is started again, and the run goes on: that it died is in the log of the session that did it.
pub async fn campaign(
    target: &mut Running,
    cases: Vec<Case>,
    options: &CampaignOptions,
    progress: impl Fn(Progress),
) -> Outcome {
    let options = &options.at(target.stage());
    let (cases, mut skipped) = playable(target, cases);
    let header = header(target, options);
    let mut table = Table::new(cases, options);
    let error = tokio::select! {
        biased;
        () = interrupted() => Some(RunError::Interrupted),
        result = play(target, &mut table, progress) => result.err(),
    };
    table.strays.extend(target.stage().hub.take_strays());
    skipped.extend(table.left_out());
    Outcome {
        transcript: transcript(header, table, error.is_none()),
        skipped,
        error,
    }
}

/// Plays all rounds: one, a further one behind each death, and those with large messages one by one when the others are
/// over: a server that serves all sessions in one thread keeps the others waiting meanwhile, and their limits must not pay
/// for it.
async fn play(
    target: &mut Running,
    table: &mut Table,
    progress: impl Fn(Progress),
) -> Result<(), RunError> {
    let deadline = Instant::now() + table.options.run;
    let large = |case: &usize| is_large(&table.cases[*case]);
    let (mut large, mut waiting): (VecDeque<_>, VecDeque<_>) =
        (0..table.cases.len()).partition(large);
    let mut deaths = 0;
    let mut jobs = table.options.jobs;
    loop {
        if waiting.is_empty() {
            waiting = std::mem::take(&mut large);
            jobs = 1;
        }
        if waiting.is_empty() {
            break;
        }
        let Err(broken) = round(target, table, &mut waiting, jobs, deadline, &progress).await
        else {
            continue;
        };
        let death = deaths::of(&broken.error);
        let Some(death) = death.filter(|_| table.options.deaths > 0) else {
            return Err(broken.error);
        };
        let death = (broken.error, death);
        deaths += deaths::attribute(target, table, &broken.open, death, deadline).await?;
        if deaths >= table.options.deaths {
            waiting.extend(large);
            table.leave_out(waiting);
            break;
        }
    }
    Ok(())
}

/// Whether it has a message of megabytes.
fn is_large(case: &Case) -> bool {
    case.conversation.octet_count() >= LARGE
}

/// Conversations that the target can be tested with, and the others with the reason.
fn playable(target: &Running, cases: Vec<Case>) -> (Vec<Case>, Vec<(String, String)>) {
    let (mut played, mut skipped) = (Vec::new(), Vec::new());
    for case in cases {
        match lacks(target.stage(), &case) {
            Some(reason) => skipped.push((case.name, reason.to_owned())),
            None => played.push(case),
        }
    }
    (played, skipped)
}

/// Why `case` cannot be played.
fn lacks(stage: &Stage, case: &Case) -> Option<&'static str> {
    let conversation = &case.conversation;
    if conversation.protocol.is_lmtp() && stage.lmtp.is_none() {
        return Some("speaks LMTP, as this target is not known to (--lmtp)");
    }
    let scripted = !conversation.handlers.is_empty();
    (scripted && !stage.takes_scripts())
        .then_some("needs handler scripts, which this target does not take")
}

/// The sessions in the order of their cases, numbered from 1.
fn transcript(header: Header, table: Table, complete: bool) -> Transcript {
    let mut sessions: Vec<_> = table.slots.iter().filter_map(|slot| slot.take()).collect();
    for (session, conn) in sessions.iter_mut().zip(1..) {
        session.conn = conn;
    }
    Transcript {
        header,
        sessions,
        strays: table.strays,
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

/// Waits for Ctrl-C.
pub(super) async fn interrupted() {
    if tokio::signal::ctrl_c().await.is_err() {
        // Without the signal the run cannot be interrupted; it goes on.
        std::future::pending::<()>().await;
    }
}
