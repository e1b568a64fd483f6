//! What an exchange is about: by that a clause says which exchanges it can be asked of, so that none is asked in vain.

use std::sync::LazyLock;

use super::{Clause, clauses};
use crate::{
    model::{Exchange, Stimulus},
    wire::Verb,
};

/// Some of the things that an exchange can be about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Subjects(u32);

impl Subjects {
    pub(super) const ANY: Self = Self(u32::MAX);
    pub(super) const CONNECTION: Self = Self(1);
    pub(super) const MESSAGE: Self = Self(1 << 1);
    const RESPONSE: Self = Self(1 << 2);
    const FIRST_VERB: u32 = 3;

    /// The commands with these verbs, well formed or not.
    pub(super) const fn verbs(verbs: &[Verb]) -> Self {
        let (mut all, mut at) = (0, 0);
        while at < verbs.len() {
            all |= 1 << (Self::FIRST_VERB + verbs[at] as u32);
            at += 1;
        }
        Self(all)
    }

    fn of(exchange: &Exchange<'_>) -> Self {
        match &exchange.stimulus {
            Stimulus::Connection => Self::CONNECTION,
            Stimulus::Message(_) => Self::MESSAGE,
            Stimulus::Response(_) => Self::RESPONSE,
            Stimulus::Command(line) => Self::verbs(&[line.verb]),
        }
    }

    const fn meets(self, other: Self) -> bool {
        self.0 & other.0 != 0
    }

    /// Each of the things by itself, with its place among them.
    fn each() -> impl Iterator<Item = Self> {
        let verbs = Verb::ALL.iter().map(|verb| Self::verbs(&[*verb]));
        [Self::CONNECTION, Self::MESSAGE, Self::RESPONSE]
            .into_iter()
            .chain(verbs)
    }
}

/// The clauses of one subject, each with its place among all.
type Row = Vec<(usize, &'static Clause)>;

/// Clauses by what they can be asked of.
pub(super) struct Table {
    all: Vec<&'static Clause>,
    /// In order of the subjects' bits: see [`Subjects::each`].
    rows: Vec<Row>,
}

impl Table {
    pub(super) fn new(all: impl Iterator<Item = &'static Clause>) -> Self {
        let all: Vec<_> = all.collect();
        let row = |subject: Subjects| {
            let numbered = all.iter().copied().enumerate();
            numbered
                .filter(|(_, clause)| clause.of.meets(subject))
                .collect()
        };
        Self {
            rows: Subjects::each().map(row).collect(),
            all,
        }
    }

    /// Every clause that there is, at its place among [`clauses`].
    pub(super) fn of_all() -> &'static Self {
        static ALL: LazyLock<Table> = LazyLock::new(|| Table::new(clauses()));
        &ALL
    }

    /// Each clause, asked of something or not.
    pub(super) fn all(&self) -> &[&'static Clause] {
        &self.all
    }

    /// The clauses that can be asked of `exchange`, each with its place among all.
    pub(super) fn of(&self, exchange: &Exchange<'_>) -> &Row {
        let subject = Subjects::of(exchange);
        &self.rows[subject.0.trailing_zeros() as usize]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_subject_stands_at_the_place_of_its_bit() {
        for (place, subject) in core::iter::zip(0.., Subjects::each()) {
            assert_eq!(subject.0, 1 << place);
        }
    }
}
