//! How a campaign is run.

use std::time::Duration;

use crate::{
    drive::Limits,
    target::{Scripts, Stage},
};

/// Client addresses at the embedded server: each has ports for some ten thousand sessions a minute.
const SOURCES: u32 = 32;

/// How a campaign is run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CampaignOptions {
    /// Connections at once. Waiting for late events is no part of that. Default 64.
    pub jobs: usize,
    /// What a client takes from the server.
    pub limits: Limits,
    /// OnDisconnect is due so long after the close (SES-4). Default 1 s.
    pub disconnect_limit: Duration,
    /// How long an OnDisconnect that is overdue is still waited for, so that one that comes late is reported as late
    /// and not as lost. Default 1 s.
    pub grace: Duration,
    /// How long to look for events behind OnDisconnect. Default 30 ms.
    pub linger: Duration,
    /// Where OnDisconnect cannot be seen: how long no event must come for a session to be over. Default 150 ms.
    pub quiet: Duration,
    /// How many times the server may die and be started again; what is not played then is left out. With 0 a death ends
    /// the run. Default 20.
    pub deaths: usize,
    /// For the whole run; what is not finished then is cut off. Default 30 min.
    pub run: Duration,
}

impl CampaignOptions {
    /// These, with as much time as the server needs.
    pub(super) fn at(&self, stage: &Stage) -> Self {
        let mut options = self.clone();
        let limit = stage.disconnect_limit.unwrap_or_default();
        options.disconnect_limit = options.disconnect_limit.max(limit);
        let gap = stage.segment_gap.unwrap_or_default();
        options.limits.segment_gap = options.limits.segment_gap.max(gap);
        if cfg!(target_os = "linux") && matches!(stage.scripts, Scripts::Registry(_)) {
            options.limits.sources = SOURCES;
        }
        options
    }
}

impl Default for CampaignOptions {
    fn default() -> Self {
        Self {
            jobs: 64,
            limits: Limits::default(),
            disconnect_limit: Duration::from_secs(1),
            grace: Duration::from_secs(1),
            linger: Duration::from_millis(30),
            quiet: Duration::from_millis(150),
            deaths: 20,
            run: Duration::from_mins(30),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::observe::Hub;

    #[test]
    fn a_server_may_have_more_time_to_tell_of_an_end_and_never_less() {
        let options = CampaignOptions::default();
        let at = |limit| {
            let stage = Stage {
                server: ([127, 0, 0, 1], 25).into(),
                lmtp: None,
                hello: None,
                hub: Hub::new(),
                scripts: Scripts::None,
                arrivals: None,
                disconnect_limit: limit,
                segment_gap: limit,
            };
            options.at(&stage).disconnect_limit
        };
        assert_eq!(at(None), options.disconnect_limit);
        assert_eq!(at(Some(Duration::from_millis(1))), options.disconnect_limit);
        assert_eq!(at(Some(Duration::from_secs(5))), Duration::from_secs(5));
    }
}
