//! A session's life: how it opens, goes on and ends.

use super::admission::admit;
use super::panel::Decision;
use super::state::{Ending, Phase};
use super::tamper::To;
use super::{Defect, Receiver, replies};
use crate::event::{DisconnectReason, Event, ParsingStatus};

impl Receiver {
    /// Does the next thing; `false` when there is none until more is reported.
    pub(super) fn step(&mut self) -> bool {
        if self.outlet.tell_late() {
            return true;
        }
        match self.phase {
            Phase::Fresh => self.open(),
            Phase::Ended(reason) => self.disconnect(reason),
            Phase::Over => return false,
            _ => return self.advance(),
        }
        true
    }

    /// Goes on in an open session.
    fn advance(&mut self) -> bool {
        if matches!(self.phase, Phase::Handshake(_)) {
            return self.leave_handshake();
        }
        match self.ending {
            Some(Ending::Lost) => {
                self.act_on_what_was_cut();
                if matches!(self.phase, Phase::Content(_)) && self.has(Defect::DiesWhenResetInData)
                {
                    self.outlet.die();
                    self.phase = Phase::Over;
                } else if self.forgets_the_lost() {
                    self.phase = Phase::Over;
                } else {
                    self.end(self.reason_or(DisconnectReason::SenderDisconnected));
                }
                true
            }
            Some(Ending::TimedOut) => {
                self.say_goodbye(To::Silence, replies::TIMED_OUT, DisconnectReason::Timeout);
                true
            }
            Some(Ending::ShutDown) => {
                self.say_goodbye(
                    To::Dropping,
                    replies::SHUTTING_DOWN,
                    DisconnectReason::DroppedSession,
                );
                true
            }
            ending => self.handle_input() || (ending.is_some() && self.close_behind_client()),
        }
    }

    fn handle_input(&mut self) -> bool {
        match self.phase {
            Phase::Content(_) => self.advance_content(),
            Phase::Authenticating(_) => self.advance_authentication(),
            Phase::Chunk(_) => self.advance_chunk(),
            Phase::Barred | Phase::Commands => self.advance_commands(),
            _ => false,
        }
    }

    /// Fires OnConnect. Where it is refused, the refusal stands in place of the banner (RFC 5321, 3.1).
    fn open(&mut self) {
        self.phase = Phase::Commands;
        let event = Event::OnConnect {
            local: Some(self.local.to_string()),
        };
        let decision = self.outlet.fire(event);
        if self.implicit_tls {
            self.await_handshake(Some(decision));
        } else {
            self.welcome(decision);
        }
    }

    /// The banner, or what stands in its place.
    pub(super) fn welcome(&mut self, decision: Decision) {
        match decision {
            Decision::Pass => {
                let banner = self.voice.say(replies::BANNER);
                self.outlet.reply(To::Connection, &banner);
            }
            Decision::Refuse(reply) => self.bar(&reply),
            Decision::Failed => self.bar(&self.voice.say(replies::HANDLER_FAILED_AT_CONNECT)),
            Decision::Drop => self.drop_session(),
        }
    }

    fn bar(&mut self, reply: &str) {
        self.phase = Phase::Barred;
        if !self.has(Defect::HandlerRefusalWithoutReject) {
            self.outlet.reject(None, ParsingStatus::Complete, reply);
        }
        self.outlet.reply(To::Connection, reply);
    }

    /// The client has sent FIN and all that came before is handled.
    fn close_behind_client(&mut self) -> bool {
        self.act_on_what_was_cut();
        let reason = match &self.phase {
            Phase::Content(content)
                if content.is_in_headers() && self.has(Defect::DisconnectLostInHeaders) =>
            {
                self.outlet.close();
                self.phase = Phase::Over;
                return true;
            }
            Phase::Content(content)
                if content.is_untouched() && self.has(Defect::ReasonWrongBehind354) =>
            {
                DisconnectReason::DroppedSession
            }
            _ => self.reason_or(DisconnectReason::SenderDisconnected),
        };
        self.finish(reason);
        true
    }

    /// The defect `disconnect-lost-in-final-crlf`.
    fn forgets_the_lost(&self) -> bool {
        matches!(&self.phase, Phase::Content(content) if content.lacks_last_lf())
            && self.has(Defect::DisconnectLostInFinalCrlf)
    }

    fn say_goodbye(&mut self, to: To, reply: &str, reason: DisconnectReason) {
        self.act_on_what_was_cut();
        if let Phase::Lingering(reason) = self.phase {
            return self.finish(reason);
        }
        let reply = self.voice.say(reply);
        if to == To::Silence && self.dialogue.secured && self.has(Defect::TimesOutInClear) {
            self.outlet.say_in_clear(&reply);
        } else {
            self.outlet.reply(to, &reply);
        }
        self.ending = None;
        self.part(reason);
    }

    /// An agent wants the session dropped.
    pub(super) fn drop_session(&mut self) {
        let reply = self.voice.say(replies::DROPPED);
        self.outlet.reply(To::Dropping, &reply);
        self.part(DisconnectReason::DroppedSession);
    }

    /// After a 421.
    pub(super) fn part(&mut self, reason: DisconnectReason) {
        if self.has(Defect::StaysOpenAfter421) {
            self.phase = Phase::Lingering(reason);
        } else {
            self.finish(reason);
        }
    }

    /// Closes; OnDisconnect comes behind it.
    pub(super) fn finish(&mut self, reason: DisconnectReason) {
        self.outlet.close();
        self.end(reason);
    }

    fn end(&mut self, reason: DisconnectReason) {
        if self.has(Defect::DisconnectLate) {
            self.outlet.wait(self.config.defect_delay_ms);
        }
        self.input.clear();
        self.phase = Phase::Ended(reason);
    }

    fn disconnect(&mut self, reason: DisconnectReason) {
        self.phase = Phase::Over;
        let times = if self.carried.parts_twice { 2 } else { 1 };
        for _ in 0..times {
            self.outlet.tell(Event::OnDisconnect {
                reason: Some(reason),
            });
        }
    }

    /// `reason`, unless the session had ended for another before.
    fn reason_or(&self, reason: DisconnectReason) -> DisconnectReason {
        match self.phase {
            Phase::Lingering(earlier) => earlier,
            _ => reason,
        }
    }

    /// Some defects act on a message, a chunk, an exchange or a command line whose end never came.
    fn act_on_what_was_cut(&mut self) {
        self.carried.parts_twice = matches!(self.phase, Phase::Commands)
            && !self.input.rest().is_empty()
            && self.has(Defect::DisconnectTwiceBehindPartialLine);
        match self.phase {
            Phase::Content(_) if self.has(Defect::EndOfDataOnClose) => self.end_cut_message(),
            Phase::Authenticating(_) => self.act_on_cut_exchange(),
            Phase::Chunk(_) if self.has(Defect::EndOfDataOnCloseInChunk) => self.hand_on_chunks(),
            Phase::Commands if self.has(Defect::ActsOnPartialLine) => {
                let rest = self.input.rest();
                let line = rest.strip_suffix(b"\r").unwrap_or(rest).to_vec();
                if admit(&line, &self.dialogue, &self.config).is_ok() {
                    self.fire_only(&line);
                }
            }
            _ => {}
        }
    }
}
