//! Which sessions of a long run are kept though they show no finding.

use smtpspec_core::{
    generate::Family,
    transcript::{SessionLog, What},
};

/// Sessions kept because they went another way than they were written for.
const MOST_MISSED: usize = 1000;

/// Keeps the sessions of written conversations, and some of those that went another way than they were written for.
#[derive(Debug)]
pub(super) struct Keeper {
    room: usize,
}

impl Default for Keeper {
    fn default() -> Self {
        Self { room: MOST_MISSED }
    }
}

impl Keeper {
    /// Whether `session` is kept; then there is room for one less.
    pub(super) fn keeps(&mut self, session: &SessionLog) -> bool {
        if is_written(session) {
            return true;
        }
        let wanted = self.room > 0 && missed(session);
        self.room -= usize::from(wanted);
        wanted
    }
}

/// Whether a [`Keeper`] may keep `session`.
pub(super) fn may_be_kept(session: &SessionLog) -> bool {
    is_written(session) || missed(session)
}

/// Whether a person may want to look at it: of what is generated, and of the cuts, there are too many.
fn is_written(session: &SessionLog) -> bool {
    let group = session.open.case.split('/').next().unwrap_or_default();
    group != "cuts" && group.parse::<Family>().is_err()
}

fn missed(session: &SessionLog) -> bool {
    let unmet = |what: &What| matches!(what, What::Expected { met: false, .. });
    session.entries.iter().any(|entry| unmet(&entry.what))
}
