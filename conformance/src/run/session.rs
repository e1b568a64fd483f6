//! One session of a campaign: bind, be known, connect, play, let the late events come.

use std::sync::{Arc, OnceLock};

use smtpspec_core::transcript::{Open, SessionLog, What};
use tokio::sync::OwnedSemaphorePermit;

use super::{CampaignOptions, Case, RunError, settle::settle};
use crate::{drive, record::Log, target::Stage};

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

/// Plays `case`. The connection is part of those at once only while `permit` is held.
pub(super) async fn session(
    case: Arc<Case>,
    slot: Arc<Slot>,
    stage: Stage,
    options: Arc<CampaignOptions>,
    permit: OwnedSemaphorePermit,
) -> Result<(), RunError> {
    let conversation = &case.conversation;
    let bound = drive::bind(stage.server, &options.limits).await?;
    let client = bound.client();
    stage.script(client, &conversation.handlers).await?;
    let open = Open {
        case: case.name.clone(),
        client,
        server: stage.server,
        handlers: conversation.handlers.clone(),
    };
    // Set once, here.
    let _ = slot.opened.set(open);
    stage.hub.open(client, slot.log.clone());
    let played = bound.play(conversation, &slot.log).await;
    drop(permit);
    if played.is_ok() {
        settle(&slot.log, &stage, &options).await;
        slot.log.push(What::Settled);
    }
    slot.log.finish();
    stage.hub.close(client, &slot.log);
    Ok(played?)
}
