//! One round of a campaign: many sessions at once, until all are played or the server is lost.

use std::{
    collections::{BTreeSet, VecDeque},
    pin::pin,
    sync::Arc,
    time::Duration,
};

use smtpspec_core::event::EventRecord;
use tokio::{
    sync::Semaphore,
    task::JoinSet,
    time::{Instant, sleep_until, timeout},
};

use super::{
    CampaignOptions, Case, Progress, RunError,
    session::{Slot, session},
};
use crate::{drive::Turn, target::Running};

/// Sessions that only wait for a time-out, beside those that are played: a server that serves fewer at once than the
/// usual hundred has room for the others.
const RESTING: usize = 32;
/// For a target that has refused a connection to be seen to have died.
const DYING: Duration = Duration::from_secs(1);
/// A session that was over so long before the server was seen to be dead may have killed it.
const AFTERMATH: Duration = Duration::from_millis(300);

/// Why conversations are left out of a run whose server does not live long enough.
pub(super) const TOO_OFTEN: &str = "the server had died too often: see SES-8";

/// The cases of a run, and a place for what is seen of each.
pub(super) struct Table {
    pub(super) cases: Vec<Arc<Case>>,
    pub(super) slots: Vec<Arc<Slot>>,
    pub(super) options: Arc<CampaignOptions>,
    pub(super) strays: Vec<(u64, EventRecord)>,
    done: usize,
    left_out: Vec<(String, String)>,
}

impl Table {
    pub(super) fn new(cases: Vec<Case>, options: &CampaignOptions) -> Self {
        Self {
            slots: cases.iter().map(|_| Arc::default()).collect(),
            cases: cases.into_iter().map(Arc::new).collect(),
            options: Arc::new(options.clone()),
            strays: Vec::new(),
            done: 0,
            left_out: Vec::new(),
        }
    }

    /// The cases in `waiting` are not played, because the server has died so often.
    pub(super) fn leave_out(&mut self, waiting: VecDeque<usize>) {
        let names = waiting.into_iter().map(|index| &self.cases[index].name);
        self.left_out
            .extend(names.map(|name| (name.clone(), TOO_OFTEN.to_owned())));
    }

    /// Conversations that were not played, each with the reason.
    pub(super) fn left_out(&mut self) -> Vec<(String, String)> {
        std::mem::take(&mut self.left_out)
    }
}

/// Why a round was broken off.
pub(super) struct Broken {
    pub(super) error: RunError,
    /// The sessions that were open, or over for a moment only, in the order of the cases.
    pub(super) open: Vec<usize>,
}

/// Plays the cases in `waiting`, `jobs` at once; what is not begun when it is broken off is left there.
pub(super) async fn round(
    target: &Running,
    table: &mut Table,
    waiting: &mut VecDeque<usize>,
    jobs: usize,
    deadline: Instant,
    progress: &impl Fn(Progress),
) -> Result<(), Broken> {
    let mut round = Round {
        target,
        permits: Arc::new(Semaphore::new(jobs.max(1))),
        resting: Arc::new(Semaphore::new(RESTING)),
        sessions: JoinSet::new(),
        open: BTreeSet::new(),
        ended: VecDeque::new(),
    };
    let played = round.play(table, waiting, deadline, progress).await;
    played.map_err(|error| Broken {
        error,
        open: round.suspects(),
    })
}

struct Round<'a> {
    target: &'a Running,
    permits: Arc<Semaphore>,
    resting: Arc<Semaphore>,
    /// Aborted when dropped.
    sessions: JoinSet<(usize, Result<(), RunError>)>,
    open: BTreeSet<usize>,
    /// Those that ended last, and when.
    ended: VecDeque<(Instant, usize)>,
}

impl Round<'_> {
    async fn play(
        &mut self,
        table: &mut Table,
        waiting: &mut VecDeque<usize>,
        deadline: Instant,
        progress: &impl Fn(Progress),
    ) -> Result<(), RunError> {
        let target = self.target;
        // One future for the whole round: it may be in the middle of finding out why.
        let mut failed = pin!(target.failed());
        while !waiting.is_empty() || !self.sessions.is_empty() {
            let permits = Arc::clone(&self.permits);
            tokio::select! {
                error = &mut failed => return Err(error.into()),
                () = sleep_until(deadline) => return Err(RunError::Time(table.options.run)),
                Some(ended) = self.sessions.join_next() => {
                    let (index, result) = ended.map_err(RunError::Task)?;
                    if let Err(error) = result {
                        return Err(self.explain(error).await);
                    }
                    self.ended(index);
                    table.done += 1;
                    progress(Progress { done: table.done, total: table.cases.len() });
                }
                Ok(permit) = permits.acquire_owned(), if !waiting.is_empty() => {
                    if let Some(index) = waiting.pop_front() {
                        let (case, slot) = (&table.cases[index], &table.slots[index]);
                        let played = session(
                            Arc::clone(case),
                            Arc::clone(slot),
                            target.stage().clone(),
                            Arc::clone(&table.options),
                            Turn::new(permit, Arc::clone(&self.resting)),
                        );
                        self.open.insert(index);
                        self.sessions.spawn(async move { (index, played.await) });
                    }
                }
            }
        }
        if target.is_failing() {
            // Seen too late to end the round, but what was seen after it cannot be trusted.
            return Err(failed.await.into());
        }
        Ok(())
    }

    fn ended(&mut self, index: usize) {
        self.open.remove(&index);
        let now = Instant::now();
        self.ended.push_back((now, index));
        let is_old = |(at, _): &mut (Instant, usize)| now.duration_since(*at) > AFTERMATH;
        while self.ended.pop_front_if(is_old).is_some() {}
    }

    /// A server that refuses connections may have died: that explains more.
    async fn explain(&self, error: RunError) -> RunError {
        let failed = timeout(DYING, self.target.failed()).await;
        failed.map_or(error, RunError::Target)
    }

    fn suspects(mut self) -> Vec<usize> {
        let now = Instant::now();
        let recent = self
            .ended
            .iter()
            .filter(|(at, _)| now.duration_since(*at) <= AFTERMATH);
        self.open.extend(recent.map(|(_, index)| *index));
        self.open.into_iter().collect()
    }
}
