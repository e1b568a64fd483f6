//! STARTTLS (RFC 3207) and TLS before the banner (RFC 8314, 3), without any TLS in it: the caller does the handshake.
//!
//! What came in clear behind STARTTLS is dropped before the handshake begins (CON-6), and what the client had said is
//! forgotten behind it (RFC 3207, 4.2).

use super::panel::Decision;
use super::state::{Dialogue, Ending, Phase};
use super::tamper::To;
use super::{Defect, Receiver, replies};
use crate::event::DisconnectReason;

impl Receiver {
    /// The handshake of [`Output::StartTls`](super::Output::StartTls) is done: what is received and sent from here on
    /// stands inside TLS. Of no effect where none was asked for.
    pub fn handshake_done(&mut self) {
        if !matches!(self.phase, Phase::Handshake(_)) {
            return;
        }
        let before = core::mem::replace(&mut self.phase, Phase::Commands);
        let kept = self.kept_from_clear();
        self.be_secured(kept);
        if let Phase::Handshake(Some(decision)) = before {
            self.welcome(decision);
        } else if self.has(Defect::BannerAgainInsideTls) {
            let banner = self.voice.say(replies::BANNER);
            self.outlet.reply(To::Connection, &banner);
        }
    }

    /// The handshake has failed, for what the client sent: the session ends without another word, for there is
    /// nothing left to say it in. Where the client is gone, report that instead. Of no effect where no handshake was asked
    /// for.
    pub fn handshake_failed(&mut self) {
        if matches!(self.phase, Phase::Handshake(_)) {
            self.finish_handshake(DisconnectReason::DroppedSession);
        }
    }

    /// The client has sent TLS's close_notify: as [`input_closed`](Self::input_closed). Says whether the session goes on
    /// in clear all the same, which only a planted defect does.
    pub fn tls_closed(&mut self) -> bool {
        if self.has(Defect::ActsBehindCloseNotify) {
            return true;
        }
        self.input_closed();
        false
    }

    /// Behind the 220 to STARTTLS.
    pub(super) fn start_tls(&mut self) {
        if self.dialogue.secured || self.has(Defect::StartTlsStaysInClear) {
            // Only defects come here.
            return;
        }
        if !self.has(Defect::ClearBehindStartTlsKept) {
            self.input.clear();
        }
        self.await_handshake(None);
    }

    /// Asks for a handshake.
    pub(super) fn await_handshake(&mut self, decision: Option<Decision>) {
        self.outlet.start_tls();
        self.phase = Phase::Handshake(decision);
    }

    /// How a handshake ends that is neither done nor has failed; `false` when it goes on.
    pub(super) fn leave_handshake(&mut self) -> bool {
        let reason = match self.ending {
            None => return false,
            Some(Ending::Lost | Ending::InputClosed) => DisconnectReason::SenderDisconnected,
            // No 421 can be said in the middle of a handshake.
            Some(Ending::TimedOut) => DisconnectReason::Timeout,
            Some(Ending::ShutDown) => DisconnectReason::DroppedSession,
        };
        self.finish_handshake(reason);
        true
    }

    fn finish_handshake(&mut self, reason: DisconnectReason) {
        self.finish(reason);
        if self.has(Defect::DisconnectLostInHandshake) {
            self.phase = Phase::Over;
        }
    }

    fn be_secured(&mut self, dialogue: Dialogue) {
        self.dialogue = Dialogue {
            secured: true,
            ..dialogue
        };
        self.voice.offers_starttls &= self.has(Defect::StartTlsAnnouncedInsideTls);
    }

    /// What is still known of the client from before the handshake: nothing, but for two defects.
    fn kept_from_clear(&mut self) -> Dialogue {
        let before = core::mem::take(&mut self.dialogue);
        Dialogue {
            greeting: before
                .greeting
                .filter(|_| self.has(Defect::GreetingOutlivesStartTls)),
            transaction: before
                .transaction
                .filter(|_| self.has(Defect::TransactionOutlivesStartTls)),
            authenticated: false,
            secured: true,
        }
    }
}
