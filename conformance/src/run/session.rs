//! One session of a campaign: bind, be known, connect, play, let the late events come.

use std::{
    net::SocketAddr,
    sync::{Arc, OnceLock},
};

use smtpspec_core::transcript::{Death, Open, SessionLog, What};

use super::{CampaignOptions, Case, RunError, settle::settle};
use crate::{
    drive::{self, Bound, Turn},
    record::Log,
    target::Stage,
};

/// A session's place in the run, filled as soon as its client's address is known, so that a run that is cut
/// off still has what was seen.
#[derive(Debug, Default)]
pub(super) struct Slot {
    opened: OnceLock<Open>,
    log: Log,
}

impl Slot {
    /// The log as it stands, with the number 0; `None` when no connection was opened. No more is taken.
    pub(super) fn take(&self) -> Option<SessionLog> {
        let entries = self.log.take();
        let open = self.opened.get()?.clone();
        let opened = !entries.is_empty();
        opened.then_some(SessionLog {
            conn: 0,
            open,
            entries,
        })
    }
}

impl Slot {
    /// The server died in this session.
    pub(super) fn died(&self, death: Death) {
        self.log
            .end_with([What::Died(Box::new(death)), What::Settled]);
    }

    /// Whether a client has had an address.
    pub(super) fn was_opened(&self) -> bool {
        self.opened.get().is_some()
    }

    /// When something happened last.
    pub(super) fn last_at(&self) -> u64 {
        self.log.last_at()
    }
}

/// Ports tried until one is found that no other session's events may still name.
const PORTS: usize = 256;

/// A client whose port no session has that still waits for events. RST frees its port at once, and the system may
/// give it away before the events of the session that was reset have come.
async fn own_port(
    stage: &Stage,
    server: SocketAddr,
    options: &CampaignOptions,
) -> Result<Bound, RunError> {
    // Held until the end, so that the system does not give them out again.
    let mut taken = Vec::new();
    loop {
        let bound = drive::bind(server, &options.limits).await?;
        if !stage.hub.is_open(bound.client()) || taken.len() >= PORTS {
            return Ok(bound);
        }
        taken.push(bound);
    }
}

/// Plays `case`. The connection is one of those at once only as long as `turn` says so.
pub(super) async fn session(
    case: Arc<Case>,
    slot: Arc<Slot>,
    stage: Stage,
    options: Arc<CampaignOptions>,
    turn: Turn,
) -> Result<(), RunError> {
    let conversation = &case.conversation;
    let server = stage.server_of(conversation.protocol);
    let bound = own_port(&stage, server, &options).await?;
    let client = bound.client();
    stage.script(client, &conversation.handlers).await?;
    let open = Open {
        case: case.name.clone(),
        client,
        server,
        protocol: conversation.protocol,
        handlers: conversation.handlers.clone(),
    };
    // Set once, here.
    let _ = slot.opened.set(open);
    stage.hub.open(client, slot.log.clone());
    let bound = bound.arriving(stage.arrive().await).in_turn(turn);
    let played = bound.play(conversation, &slot.log).await;
    if played.is_ok() {
        settle(&slot.log, &stage, &options).await;
        slot.log.push(What::Settled);
    }
    slot.log.finish();
    stage.hub.close(client, &slot.log);
    Ok(played?)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{observe::Hub, target::Scripts};

    #[tokio::test]
    async fn a_port_that_an_earlier_sessions_events_may_name_is_not_used() {
        let hub = Hub::new();
        let waits = |port: &u16| port % 8 > 1;
        for port in (1024..=u16::MAX).filter(waits) {
            hub.open(([127, 0, 0, 1], port).into(), Log::new());
        }
        let stage = Stage {
            server: ([127, 0, 0, 1], 1).into(),
            lmtp: None,
            hello: None,
            hub,
            scripts: Scripts::None,
            arrivals: None,
            disconnect_limit: None,
            segment_gap: None,
        };
        for _ in 0..20 {
            let bound = own_port(&stage, stage.server, &CampaignOptions::default())
                .await
                .unwrap();
            assert!(!waits(&bound.client().port()));
        }
    }
}
