//! The set of planted defects that are switched on.

use core::fmt;
use std::sync::{Arc, Mutex, PoisonError};

use super::Defect;
use crate::octets::Octets;

// One bit for each.
const _: () = assert!(Defect::ALL.len() <= 128);

/// The defects that are switched on.
///
/// Clones share what `mixed-sessions` carries from one session to another, as do all sessions that are given the
/// same [`Config`](super::Config).
#[derive(Clone, Default)]
pub struct Defects {
    bits: u128,
    last_reverse_path: Arc<Mutex<Option<Octets>>>,
}

impl Defects {
    /// Whether `defect` is on.
    pub fn has(&self, defect: Defect) -> bool {
        self.bits & bit(defect) != 0
    }

    /// Those that are on.
    pub fn iter(&self) -> impl Iterator<Item = Defect> {
        let all = Defect::ALL.iter().copied();
        all.filter(|defect| self.has(*defect))
    }

    /// Whether none is on.
    pub fn is_empty(&self) -> bool {
        self.bits == 0
    }

    /// Leaves `path` for the next session and takes what the last one left.
    pub(super) fn swap_reverse_path(&self, path: Option<Octets>) -> Option<Octets> {
        let mut shared = self
            .last_reverse_path
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        core::mem::replace(&mut shared, path)
    }
}

const fn bit(defect: Defect) -> u128 {
    1 << defect as u8
}

impl FromIterator<Defect> for Defects {
    fn from_iter<I: IntoIterator<Item = Defect>>(defects: I) -> Self {
        let bits = defects
            .into_iter()
            .fold(0, |bits, defect| bits | bit(defect));
        Self {
            bits,
            last_reverse_path: Arc::default(),
        }
    }
}

impl fmt::Debug for Defects {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.iter()).finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_set_has_what_it_was_made_of() {
        let made_of = [Defect::ClosesWithout421, Defect::ConnectEventTwice];
        let defects: Defects = made_of.into_iter().collect();
        assert!(made_of.iter().all(|defect| defects.has(*defect)));
        assert_eq!(defects.iter().count(), 2);
        assert!(Defects::default().is_empty());
    }
}
