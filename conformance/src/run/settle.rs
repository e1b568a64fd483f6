//! When all events of an ended session have been seen.

use std::time::Duration;

use smtpspec_core::event::EventKind;
use tokio::time::{sleep, timeout};

use super::CampaignOptions;
use crate::{record::Log, target::Stage};

/// For events to cease, where OnDisconnect cannot be seen.
const CEASE: Duration = Duration::from_secs(5);

/// Waits until no more events are to be expected of the session of `log`.
pub(super) async fn settle(log: &Log, stage: &Stage, options: &CampaignOptions) {
    if stage.sees(EventKind::OnDisconnect) {
        let limit = options.disconnect_limit + options.grace;
        // That it never came is for the checker to say.
        let _ = timeout(limit, log.disconnected()).await;
        sleep(options.linger).await;
    } else if stage
        .hello
        .as_ref()
        .is_some_and(|hello| !hello.events.is_empty())
    {
        let _ = timeout(CEASE, quiet(log, options.quiet)).await;
    }
}

async fn quiet(log: &Log, period: Duration) {
    loop {
        let before = log.events();
        sleep(period).await;
        if log.events() == before {
            return;
        }
    }
}
