//! A session's place among those that are played at once.

use std::sync::Arc;

use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// A session's place among those that are played at once. One that has nothing left to do but to wait for a time-out
/// makes room for another, so that waiting costs the run no time.
#[derive(Debug)]
pub struct Turn {
    active: Option<OwnedSemaphorePermit>,
    resting: Arc<Semaphore>,
    rest: Option<OwnedSemaphorePermit>,
}

impl Turn {
    /// The place of `active`. No more sessions rest beside those that are active than `resting` allows.
    pub fn new(active: OwnedSemaphorePermit, resting: Arc<Semaphore>) -> Self {
        Self {
            active: Some(active),
            resting,
            rest: None,
        }
    }

    /// From here on the session only waits. Where too many do so already it keeps its place.
    pub fn rest(&mut self) {
        if self.active.is_some()
            && let Ok(rest) = Arc::clone(&self.resting).try_acquire_owned()
        {
            self.rest = Some(rest);
            self.active = None;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_session_that_rests_makes_room_for_another_while_there_is_room_to_rest() {
        let (active, resting) = (Arc::new(Semaphore::new(1)), Arc::new(Semaphore::new(1)));
        let take = || Arc::clone(&active).try_acquire_owned();
        let mut one = Turn::new(take().unwrap(), Arc::clone(&resting));
        assert!(take().is_err());
        one.rest();
        let mut two = Turn::new(take().unwrap(), Arc::clone(&resting));
        two.rest();
        assert!(take().is_err(), "there is room for one to rest");
        drop(one);
        two.rest();
        assert!(take().is_ok());
    }
}
