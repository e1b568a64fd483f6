//! A campaign in memory: conversations straight into the reference receiver, without sockets and without waiting.
//!
//! Each worker takes a round of conversations, makes, plays and judges it, and hands on what is worth keeping. So the
//! run takes as many cores as there are, and no more room for a million conversations than for a thousand.
//!
//! What memory cannot show: TLS on the wire (a handshake counts as done where both want it), segments that the system
//! puts together, RST apart from FIN, and the time that anything takes: the clock is the conversation's own.

use std::{
    collections::{BTreeMap, HashSet},
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering::Relaxed},
    },
};

use smtpspec_core::{
    check::RunVerdict,
    memory::play_in_turn,
    receiver::Config,
    transcript::{Header, SessionLog, TRANSCRIPT_VERSION, Transcript},
};
use tokio::{
    sync::mpsc,
    task::{JoinSet, spawn_blocking},
    time::{Instant, sleep_until},
};

use super::{
    CampaignOptions, Case, Counted, Gathered, Material, Progress, RunError,
    campaign::interrupted,
    gathered::judged,
    kept::{Keeper, may_be_kept},
    shortest,
};
use crate::serve;

/// Conversations that are judged together, and of which everything is kept at one time by each worker.
const ROUND: u64 = 512;
/// Conversations that are open at once: enough for a server that mixes its sessions up under load to do so.
const OPEN: usize = 8;

/// What came of a run in memory.
#[derive(Debug)]
pub struct InMemory {
    /// What was found; of the sessions only those that show it, and those of written conversations.
    pub gathered: Gathered,
    /// Why the run was not finished.
    pub error: Option<RunError>,
}

/// A round that was played and judged.
struct Round {
    counted: Counted,
    /// Of the sessions only those that may be worth keeping.
    transcript: Transcript,
    verdict: RunVerdict,
}

/// Plays `material` at a receiver with `config`, on no more than `options.jobs` cores; `progress` is called now and
/// then. Ctrl-C ends the run, not the program. The same material gives the same outcome, however many cores play it.
///
/// Must be called inside a tokio runtime.
pub async fn in_memory(
    material: Arc<Material>,
    config: &Config,
    options: &CampaignOptions,
    progress: impl Fn(Progress),
) -> InMemory {
    let header = header(options);
    let mut gathered = Gathered::new(header.clone());
    let error = {
        let gather = gather(&material, config, &header, options, &mut gathered, progress);
        tokio::select! {
            biased;
            () = interrupted() => Some(RunError::Interrupted),
            () = sleep_until(Instant::now() + options.run) => Some(RunError::Time(options.run)),
            result = gather => result.err(),
        }
    };
    gathered.transcript.complete &= error.is_none();
    InMemory { gathered, error }
}

/// Gathers all rounds in their order.
async fn gather(
    material: &Arc<Material>,
    config: &Config,
    header: &Header,
    options: &CampaignOptions,
    gathered: &mut Gathered,
    progress: impl Fn(Progress),
) -> Result<(), RunError> {
    let total = usize::try_from(material.numbers()).unwrap_or(usize::MAX);
    let (mut rounds, mut workers) = start(material, config, header, options.jobs);
    let mut early: BTreeMap<u64, Round> = BTreeMap::new();
    let mut next = 0;
    let mut keeper = Keeper::default();
    while let Some((number, round)) = rounds.recv().await {
        early.insert(number, round);
        while let Some(round) = early.remove(&next) {
            next += 1;
            let keeps = |session: &SessionLog| keeper.keeps(session);
            gathered.gather(&round.counted, round.transcript, round.verdict, keeps);
            let done = usize::try_from(next * ROUND).unwrap_or(usize::MAX);
            let done = done.min(total);
            progress(Progress { done, total });
        }
    }
    while let Some(worker) = workers.join_next().await {
        worker.map_err(RunError::Task)?;
    }
    Ok(())
}

/// Workers, and where their rounds come from. They end when nobody takes their rounds any more.
fn start(
    material: &Arc<Material>,
    config: &Config,
    header: &Header,
    jobs: usize,
) -> (mpsc::Receiver<(u64, Round)>, JoinSet<()>) {
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    let workers = cores.min(jobs).max(1);
    let (sender, rounds) = mpsc::channel(2 * workers);
    let turn = Arc::new(AtomicU64::new(0));
    let mut all = JoinSet::new();
    for _ in 0..workers {
        let (material, sender, turn) = (Arc::clone(material), sender.clone(), Arc::clone(&turn));
        let (config, header) = (config.clone(), header.clone());
        all.spawn(async move {
            let work = spawn_blocking(move || work(&material, &config, &header, &turn, &sender));
            if let Err(error) = work.await
                && let Ok(panic) = error.try_into_panic()
            {
                std::panic::resume_unwind(panic);
            }
        });
    }
    (rounds, all)
}

fn work(
    material: &Material,
    config: &Config,
    header: &Header,
    turn: &AtomicU64,
    rounds: &mpsc::Sender<(u64, Round)>,
) {
    loop {
        let number = turn.fetch_add(1, Relaxed);
        let numbers = number * ROUND..material.numbers().min((number + 1) * ROUND);
        if numbers.is_empty() {
            return;
        }
        let first = numbers.start + 1;
        let cases = material.cases(numbers).collect();
        if rounds
            .blocking_send((number, round(first, cases, config, header)))
            .is_err()
        {
            return;
        }
    }
}

/// Plays and judges `cases`.
fn round(first: u64, cases: Vec<Case>, config: &Config, header: &Header) -> Round {
    // What sessions share goes no further than their round, so that it is the same in each run.
    let config = Arc::new(Config {
        defects: config.defects.iter().collect(),
        ..config.clone()
    });
    let mut transcript = Transcript {
        header: header.clone(),
        sessions: sessions(first, cases, &config),
        strays: Vec::new(),
        complete: true,
    };
    let (verdict, counted) = judged(&transcript);
    let shown: HashSet<u64> = verdict
        .rules
        .iter()
        .filter_map(|rule| shortest(&transcript, rule))
        .map(|(finding, _)| finding.conn)
        .collect();
    transcript
        .sessions
        .retain(|session| shown.contains(&session.conn) || may_be_kept(session));
    Round {
        counted,
        transcript,
        verdict,
    }
}

/// Plays `cases`, some of them at once, as the connections from `first` on.
pub(super) fn sessions(first: u64, cases: Vec<Case>, config: &Arc<Config>) -> Vec<SessionLog> {
    let cases: Vec<_> = cases
        .into_iter()
        .map(|case| (case.name, case.conversation))
        .collect();
    let mut sessions = Vec::with_capacity(cases.len());
    for (conn, open) in (first..).step_by(OPEN).zip(cases.chunks(OPEN)) {
        let mut turn = 0;
        sessions.extend(play_in_turn(conn, open, config, |_| {
            turn += 1;
            turn
        }));
    }
    sessions
}

/// The run's header: the server is the embedded one.
fn header(options: &CampaignOptions) -> Header {
    let limit = options.disconnect_limit.as_millis();
    let mut hello = serve::hello();
    "memory".clone_into(&mut hello.adapter);
    Header {
        version: TRANSCRIPT_VERSION,
        tool: concat!("smtpspec ", env!("CARGO_PKG_VERSION")).to_owned(),
        target: "embedded, in memory".to_owned(),
        hello: Some(hello),
        disconnect_limit_ms: u64::try_from(limit).unwrap_or(u64::MAX),
    }
}
