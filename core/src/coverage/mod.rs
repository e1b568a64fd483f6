//! Which pairs of a state and a stimulus a run has reached (MODEL.md, section 5).
//!
//! `pair` lists them all, `reach` finds those of a session, here they are counted. A pair is reached when a client
//! did it and the replies leave no doubt about the state that it met.

mod chunk;
mod content;
mod pair;
mod reach;
mod response;
mod tls;

pub use chunk::ChunkStimulus;
pub use pair::{ContentStimulus, Form, Pair, Pause, SessionState, Stimulus, pairs};
pub use reach::{reached, reached_in};
pub use response::ResponseStimulus;
pub use tls::TlsStimulus;

use std::collections::BTreeMap;

use crate::transcript::Transcript;

/// How often each pair was reached.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Coverage(BTreeMap<Pair, u64>);

impl Coverage {
    /// Of all sessions of `transcript`.
    pub fn of(transcript: &Transcript) -> Self {
        let mut coverage = Self::default();
        for session in &transcript.sessions {
            coverage.count(reached(session));
        }
        coverage
    }

    /// Counts what a session has reached.
    pub fn count(&mut self, pairs: impl IntoIterator<Item = Pair>) {
        for pair in pairs {
            *self.0.entry(pair).or_default() += 1;
        }
    }

    /// Adds what `other` has reached.
    pub fn add(&mut self, other: &Self) {
        for (pair, times) in &other.0 {
            *self.0.entry(*pair).or_default() += times;
        }
    }

    /// How often `pair` was reached.
    pub fn times(&self, pair: Pair) -> u64 {
        self.0.get(&pair).copied().unwrap_or_default()
    }

    /// How many different pairs were reached.
    pub fn reached(&self) -> usize {
        pairs().filter(|pair| self.times(*pair) > 0).count()
    }

    /// Those that were not.
    pub fn missing(&self) -> impl Iterator<Item = Pair> {
        pairs().filter(|pair| self.times(*pair) == 0)
    }
}
