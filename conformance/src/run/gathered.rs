//! Many rounds of one run put together, without keeping what was seen of every session: only numbers, findings, and
//! for each broken rule a few sessions that show it.

use std::collections::{BTreeMap, HashMap};

use smtpspec_core::{
    check::{Finding, RuleVerdict, RunVerdict, SeenLeniency, Verdict, check_with, is_clause},
    coverage::{Coverage, reached_in},
    event::EventKind,
    transcript::{Header, SessionLog, Transcript, What},
};

use super::shortest;

/// Sessions kept for each rule.
const SESSIONS: usize = 3;
/// Findings, leniencies' cases and strays kept; what comes beyond them tells nothing new.
const MOST: usize = 1000;

/// From the one that decides to the one that any other overrides.
const WEIGHT: [Verdict; 6] = [
    Verdict::Broken,
    Verdict::NotStrict,
    Verdict::Inconclusive,
    Verdict::Holds,
    Verdict::NotObservable,
    Verdict::NotExercised,
];

/// What was counted of sessions, kept or not.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Counted {
    /// How many.
    pub sessions: u64,
    /// Events, strays among them.
    pub events: BTreeMap<EventKind, u64>,
    /// Pairs of a state and a stimulus that were reached.
    pub coverage: Coverage,
}

/// Judges a round and counts what is in it.
pub(super) fn judged(round: &Transcript) -> (RunVerdict, Counted) {
    let mut coverage = Coverage::default();
    let verdict = check_with(round, |wire, reading| {
        coverage.count(reached_in(wire, reading));
    });
    (verdict, Counted::of(round, coverage))
}

impl Counted {
    /// Counts what is in `round`, which reached what `coverage` says.
    fn of(round: &Transcript, coverage: Coverage) -> Self {
        let mut events = BTreeMap::new();
        let entries = round.sessions.iter().flat_map(|session| &session.entries);
        let fired = entries.filter_map(|entry| match &entry.what {
            What::Event(record) => Some(&**record),
            _ => None,
        });
        let strays = round.strays.iter().map(|(_, record)| record);
        for record in fired.chain(strays) {
            *events.entry(record.event.kind()).or_default() += 1;
        }
        Self {
            sessions: round.sessions.len() as u64,
            events,
            coverage,
        }
    }

    fn add(&mut self, more: &Self) {
        self.sessions += more.sessions;
        for (kind, times) in &more.events {
            *self.events.entry(*kind).or_default() += times;
        }
        self.coverage.add(&more.coverage);
    }
}

/// What is left of the rounds so far.
#[derive(Debug)]
pub struct Gathered {
    /// The sessions that show the findings.
    pub transcript: Transcript,
    /// Of all rounds together.
    pub verdict: RunVerdict,
    /// Of all sessions.
    pub counted: Counted,
    kept: HashMap<&'static str, usize>,
}

impl Gathered {
    /// Nothing yet.
    pub(super) fn new(header: Header) -> Self {
        let transcript = Transcript {
            header,
            sessions: Vec::new(),
            strays: Vec::new(),
            complete: true,
        };
        Self {
            verdict: RunVerdict {
                rules: Vec::new(),
                leniencies: Vec::new(),
            },
            transcript,
            counted: Counted::default(),
            kept: HashMap::new(),
        }
    }

    /// Adds a round whose connections are numbered from 1, and what was found and counted in it. Sessions that `keeps` likes are kept
    /// whatever they show.
    pub(super) fn add(
        &mut self,
        mut round: Transcript,
        (mut verdict, counted): (RunVerdict, Counted),
        keeps: impl FnMut(&SessionLog) -> bool,
    ) {
        let first = self.counted.sessions;
        for session in &mut round.sessions {
            session.conn += first;
        }
        for finding in verdict.rules.iter_mut().flat_map(|rule| &mut rule.findings) {
            renumber(finding, first);
        }
        self.gather(&counted, round, verdict, keeps);
    }

    /// Adds what was `counted` and found in a round, of which `round` has the sessions that may be kept; their
    /// connections have numbers that no other round has. Sessions that `keeps` likes are kept whatever they show.
    pub(super) fn gather(
        &mut self,
        counted: &Counted,
        round: Transcript,
        verdict: RunVerdict,
        mut keeps: impl FnMut(&SessionLog) -> bool,
    ) {
        self.counted.add(counted);
        let conns = self.worth_keeping(&round, &verdict);
        let shown = |session: &SessionLog| conns.contains(&session.conn) || keeps(session);
        let sessions = round.sessions.into_iter().filter(shown);
        self.transcript.sessions.extend(sessions);
        self.transcript.complete &= round.complete;
        append(&mut self.transcript.strays, round.strays);
        self.merge(verdict);
    }

    /// The shortest session for each broken rule of which there are not enough yet.
    fn worth_keeping(&mut self, round: &Transcript, verdict: &RunVerdict) -> Vec<u64> {
        let mut conns = Vec::new();
        for rule in &verdict.rules {
            let kept = self.kept.entry(rule.rule.id).or_default();
            if let Some((finding, _)) = shortest(round, rule).filter(|_| *kept < SESSIONS) {
                *kept += 1;
                conns.push(finding.conn);
            }
        }
        conns
    }

    fn merge(&mut self, round: RunVerdict) {
        for leniency in round.leniencies {
            self.note(leniency);
        }
        if self.verdict.rules.is_empty() {
            self.verdict.rules = round.rules;
            return;
        }
        // Both are in the catalogue's order.
        for (all, one) in self.verdict.rules.iter_mut().zip(round.rules) {
            merge_rule(all, one);
        }
    }

    fn note(&mut self, mut seen: SeenLeniency) {
        let all = &mut self.verdict.leniencies;
        match all.iter_mut().find(|known| known.name == seen.name) {
            Some(known) => {
                // The warm-up's conversations are played twice.
                seen.cases.retain(|case| !known.cases.contains(case));
                append(&mut known.cases, seen.cases);
            }
            None => all.push(seen),
        }
    }
}

/// A stray's finding stands for no connection.
fn renumber(finding: &mut Finding, first: u64) {
    if finding.conn > 0 {
        finding.conn += first;
    }
}

fn merge_rule(all: &mut RuleVerdict, one: RuleVerdict) {
    let either = |verdict: &Verdict| all.verdict == *verdict || one.verdict == *verdict;
    if let Some(verdict) = WEIGHT.into_iter().find(either) {
        all.verdict = verdict;
    }
    all.exercised += one.exercised;
    let mut findings = one.findings;
    if is_clause(all.rule) {
        // What breaks a clause is said once in a run for each reason.
        findings.retain(|new| all.findings.iter().all(|old| old.what != new.what));
    }
    append(&mut all.findings, findings);
}

fn append<T>(all: &mut Vec<T>, more: Vec<T>) {
    let room = MOST.saturating_sub(all.len());
    all.extend(more.into_iter().take(room));
}
