//! The numbers that a summary shows.

use super::RunReport;
use smtpspec_core::{
    check::{RunVerdict, Verdict},
    transcript::{Transcript, What},
};

/// The numbers of a run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Counts {
    /// Conversations played.
    pub cases: usize,
    /// Connections made.
    pub sessions: usize,
    /// Events received.
    pub events: usize,
    /// Conversations that did not get the replies that they were written for.
    pub missed: usize,
}

impl Counts {
    /// Of a run, what has been counted and not kept included.
    pub(super) fn of_report(report: &RunReport<'_>) -> Self {
        let counts = Self::of(report.transcript);
        if let Some(counted) = report.counted {
            let number = |number| usize::try_from(number).unwrap_or(usize::MAX);
            return Self {
                // Each was played once.
                cases: number(counted.sessions),
                sessions: number(counted.sessions),
                events: number(counted.events.values().sum()),
                ..counts
            };
        }
        match report.leaks {
            None => counts,
            Some(leaks) => Self {
                cases: leaks.cases,
                sessions: leaks.played,
                events: leaks.events,
                ..counts
            },
        }
    }

    /// Of a run.
    pub fn of(transcript: &Transcript) -> Self {
        let mut cases: Vec<&str> = transcript
            .sessions
            .iter()
            .map(|session| session.open.case.as_str())
            .collect();
        cases.sort_unstable();
        cases.dedup();
        let entries = transcript
            .sessions
            .iter()
            .flat_map(|session| &session.entries);
        let events = entries
            .filter(|entry| matches!(entry.what, What::Event(_)))
            .count();
        Self {
            cases: cases.len(),
            sessions: transcript.sessions.len(),
            events: events + transcript.strays.len(),
            missed: missed(transcript).count(),
        }
    }
}

/// The sessions with an unmet expectation: case, what was wanted, what came.
pub(super) fn missed(transcript: &Transcript) -> impl Iterator<Item = (&str, &str, Option<u16>)> {
    transcript.sessions.iter().filter_map(|session| {
        session.entries.iter().find_map(|entry| match &entry.what {
            What::Expected {
                want,
                got,
                met: false,
            } => Some((session.open.case.as_str(), want.as_str(), *got)),
            _ => None,
        })
    })
}

/// Rules with `verdict`.
pub(super) fn rules_with(run: &RunVerdict, verdict: Verdict) -> usize {
    run.rules
        .iter()
        .filter(|rule| rule.verdict == verdict)
        .count()
}
