//! Planted defects that break one clause of an RFC each, as rows: on which occasion, and what then.
//!
//! `lines` holds those that treat a command line otherwise than the engine would, `replies` those that say something
//! else, `messages` those that do something else with a message.

mod lines;
mod messages;
mod occasion;
mod replies;

pub(super) use messages::{Facts, Fate, asked_for, fate};
pub(super) use occasion::Occasion;
pub(super) use replies::reworded;

use super::{Defect, Defects};

/// What becomes of a command line in place of what should.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Then {
    /// It is refused by the protocol with this.
    Refuse(&'static str),
    /// It is taken, whatever is against it.
    Admit,
    /// It is answered by this, without any effect.
    Answer(&'static str),
    /// The session ends with this.
    Leave(&'static str),
    /// It is treated as it should be, and the transaction is forgotten.
    Forget,
}

/// What the rows have to know of what came before.
#[derive(Debug, Default)]
pub(super) struct Memory {
    /// A command of the batch has been handled.
    pub(super) in_batch: bool,
    /// A message ended in the batch, and no command has been handled since.
    pub(super) behind_message: bool,
    /// The open transaction's MAIL had SIZE.
    pub(super) declared: bool,
}

impl Memory {
    /// The client's next octets have come.
    pub(super) const fn begin_batch(&mut self) {
        self.in_batch = false;
        self.behind_message = false;
    }
}

/// What the defects that are on do at `occasion`.
pub(super) fn at_line(defects: &Defects, occasion: &Occasion<'_>) -> Option<Then> {
    if defects.is_empty() {
        return None;
    }
    let mut rows = lines::ROWS.iter();
    let row = rows.find(|(defect, when, _)| defects.has(*defect) && when(occasion))?;
    Some(row.2)
}

/// All that stand in these tables, once for each row.
#[cfg(test)]
fn planted() -> impl Iterator<Item = Defect> {
    let lines = lines::ROWS.iter().map(|row| row.0);
    let replies = replies::ROWS.iter().map(|row| row.0);
    lines
        .chain(replies)
        .chain(messages::ROWS.iter().map(|row| row.0))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_defect_of_a_clause_has_a_row_and_each_row_such_a_defect() {
        let with_rows: std::collections::BTreeSet<_> = planted().collect();
        let of_clauses: std::collections::BTreeSet<_> = Defect::ALL
            .iter()
            .copied()
            .filter(|defect| defect.is_of_clause())
            .collect();
        assert_eq!(with_rows, of_clauses);
    }
}
