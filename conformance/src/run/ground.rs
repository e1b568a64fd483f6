//! Where a finding's conversations are played again: at the server that showed it, or in memory.

use std::sync::Arc;

use smtpspec_core::{
    receiver::Config,
    transcript::{Header, Transcript},
};

use super::{CampaignOptions, Case, Outcome, campaign, in_memory::sessions};
use crate::target::Running;

/// Where a finding's conversations are played again.
#[derive(Debug)]
pub enum Ground<'a> {
    /// At a server, over sockets.
    Server(&'a mut Running),
    /// At the reference receiver, in memory.
    Memory {
        /// The run's.
        header: &'a Header,
        /// What is planted in the receiver.
        config: Arc<Config>,
    },
}

impl Ground<'_> {
    /// Plays `cases`, and gives what was seen of each, in their order.
    pub(super) async fn play(&mut self, cases: Vec<Case>, options: &CampaignOptions) -> Outcome {
        match self {
            Self::Server(running) => campaign(running, cases, options, |_| ()).await,
            Self::Memory { header, config } => Outcome {
                transcript: Transcript {
                    header: header.clone(),
                    sessions: sessions(1, cases, config),
                    strays: Vec::new(),
                    complete: true,
                },
                skipped: Vec::new(),
                error: None,
            },
        }
    }
}
