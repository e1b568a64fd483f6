//! The set of planted defects that are switched on.

use core::fmt;
use std::sync::{
    Arc, Mutex, MutexGuard, PoisonError,
    atomic::{AtomicU64, AtomicUsize, Ordering::Relaxed},
};

use super::Defect;
use crate::octets::Octets;

/// One bit for each.
const WORDS: usize = Defect::ALL.len().div_ceil(64);

/// The defects that are switched on.
///
/// Clones share what the defects of SES-5 carry from one session to another, as do all sessions that are given the
/// same [`Config`](super::Config).
#[derive(Clone, Default)]
pub struct Defects {
    bits: [u64; WORDS],
    shared: Arc<Shared>,
}

/// What sessions should not share.
#[derive(Default)]
struct Shared {
    entered: AtomicU64,
    open: AtomicUsize,
    /// Left for the next session, whichever it is.
    reverse_path: Mutex<Option<Octets>>,
    /// With the session that left it.
    forward_path: Mutex<Option<(u64, Octets)>>,
}

/// A session that is open; it counts for as long as this lives.
pub(super) struct Presence {
    shared: Arc<Shared>,
    number: u64,
}

impl Defects {
    /// Whether `defect` is on.
    pub fn has(&self, defect: Defect) -> bool {
        let (word, bit) = place(defect);
        self.bits[word] & bit != 0
    }

    /// Those that are on.
    pub fn iter(&self) -> impl Iterator<Item = Defect> {
        let all = Defect::ALL.iter().copied();
        all.filter(|defect| self.has(*defect))
    }

    /// Whether none is on.
    pub fn is_empty(&self) -> bool {
        self.bits == [0; WORDS]
    }

    /// Leaves `path` for the next session and takes what the last one left.
    pub(super) fn swap_reverse_path(&self, path: Option<Octets>) -> Option<Octets> {
        core::mem::replace(&mut lock(&self.shared.reverse_path), path)
    }

    /// A session opens.
    pub(super) fn enter(&self) -> Presence {
        self.shared.open.fetch_add(1, Relaxed);
        Presence {
            shared: Arc::clone(&self.shared),
            number: self.shared.entered.fetch_add(1, Relaxed),
        }
    }
}

/// As many sessions are a load.
const LOAD: usize = 4;

impl Presence {
    /// Leaves `path` for the others and takes what another left, if there is one and so many are open.
    pub(super) fn swap_forward_path(&self, path: &Octets) -> Option<Octets> {
        let mut slot = lock(&self.shared.forward_path);
        let left = slot.replace((self.number, path.clone()));
        let is_load = self.shared.open.load(Relaxed) >= LOAD;
        left.filter(|(number, _)| is_load && *number != self.number)
            .map(|(_, other)| other)
    }
}

impl Drop for Presence {
    fn drop(&mut self) {
        self.shared.open.fetch_sub(1, Relaxed);
    }
}

impl fmt::Debug for Presence {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Presence({})", self.number)
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    // What is behind it is replaced as a whole: a panic elsewhere leaves it whole.
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// The word, and the bit in it. Each discriminant is below the number of defects, so the word is there.
const fn place(defect: Defect) -> (usize, u64) {
    let number = defect as usize;
    (number / 64, 1 << (number % 64))
}

impl FromIterator<Defect> for Defects {
    fn from_iter<I: IntoIterator<Item = Defect>>(defects: I) -> Self {
        let mut bits = [0; WORDS];
        for defect in defects {
            let (word, bit) = place(defect);
            bits[word] |= bit;
        }
        Self {
            bits,
            shared: Arc::default(),
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

    #[test]
    fn another_sessions_path_is_taken_while_four_are_open() {
        let defects = Defects::default();
        let [a, b, c] = [defects.enter(), defects.enter(), defects.enter()];
        assert_eq!(a.swap_forward_path(&"a".into()), None);
        assert_eq!(b.swap_forward_path(&"b".into()), None);
        let d = defects.enter();
        assert_eq!(d.swap_forward_path(&"d".into()), Some("b".into()));
        assert_eq!(d.swap_forward_path(&"e".into()), None);
        drop(c);
        assert_eq!(a.swap_forward_path(&"a".into()), None);
    }
}
