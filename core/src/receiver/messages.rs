//! A message's events, the decisions on it, and the reply to its end.

use super::clause_defects::{Fate, fate};
use super::content::Mark;
use super::panel::Decision;
use super::state::Phase;
use super::tamper::To;
use super::{Defect, Receiver, replies};
use crate::event::{Event, MessageDigest, ParsingStatus};

impl Receiver {
    /// Acts on the next mark, or takes more content.
    pub(super) fn advance_content(&mut self) -> bool {
        let Phase::Content(content) = &mut self.phase else {
            return false;
        };
        if let Some(mark) = content.next_mark() {
            self.handle_mark(mark);
            return true;
        }
        let taken = content.take(self.input.rest());
        self.input.skip(taken);
        taken > 0
    }

    fn handle_mark(&mut self, mark: Mark) {
        match mark {
            Mark::Command(event) => self.outlet.tell(event),
            Mark::EndOfHeaders {
                headers,
                blank_line,
            } => self.end_headers(headers, blank_line),
            Mark::EndOfData { content } => self.end_data(content),
        }
    }

    fn end_headers(&mut self, headers: MessageDigest, blank_line: bool) {
        let event = Event::OnEndOfHeaders {
            headers: Some(headers),
        };
        if !blank_line && self.has(Defect::EndOfHeadersLostWithoutBlankLine) {
            return;
        }
        if !blank_line && self.has(Defect::EndOfDataBeforeHeaders) {
            return self.outlet.hold(event);
        }
        match self.outlet.fire(event) {
            Decision::Pass => {}
            Decision::Refuse(reply) => self.refuse_at_headers(reply),
            Decision::Failed => self.refuse_at_headers(replies::HANDLER_FAILED.to_owned()),
            Decision::Drop => self.drop_session(),
        }
    }

    /// OnReject at once; the reply has to wait for the end of data, up to which the rest is swallowed.
    fn refuse_at_headers(&mut self, reply: String) {
        self.reject_message(ParsingStatus::Complete, &reply);
        if let Phase::Content(content) = &mut self.phase {
            content.refusal = Some(reply);
        }
    }

    /// Accepted or refused, the end of data ends the transaction (RFC 5321, 4.1.1.4).
    fn end_data(&mut self, digest: MessageDigest) {
        let Phase::Content(content) = core::mem::replace(&mut self.phase, Phase::Commands) else {
            return;
        };
        self.end_transaction();
        self.ended_by_chunk = false;
        self.forget_chunks();
        self.carried.recipients = 0;
        if self.has(Defect::PipelinedBehindDataLost) {
            self.input.clear();
        }
        self.carried.clauses.behind_message = true;
        let fate = content.facts().and_then(|mut facts| {
            facts.declared = self.carried.clauses.declared;
            fate(&self.config.defects, &facts)
        });
        let is_too_large =
            content.size() > self.config.max_message_size && fate != Some(Fate::Taken);
        let refusal = content.refusal.clone();
        if self.has(Defect::ContentOfMessageBefore) {
            self.carried.content = content.into_running();
        }
        match refusal {
            Some(reply) => {
                if self.has(Defect::EndOfDataBehindRefusedHeaders) {
                    self.outlet.tell(Event::OnEndOfData {
                        content: Some(digest),
                    });
                }
                self.answer_message(To::Message, &reply);
            }
            None if is_too_large => {
                let reply = self.voice.say(replies::TOO_LARGE);
                self.refuse_message(ParsingStatus::ProtocolError, &reply);
            }
            None => match fate {
                Some(Fate::Refused(reply)) => {
                    self.refuse_message(ParsingStatus::ProtocolError, reply);
                }
                _ => self.offer_message(digest),
            },
        }
    }

    fn offer_message(&mut self, digest: MessageDigest) {
        let event = Event::OnEndOfData {
            content: Some(digest),
        };
        match self.outlet.fire(event) {
            Decision::Pass => {
                let mut owed = core::mem::take(&mut self.owed);
                self.refuse_for_some(None, &mut owed);
                self.owed = owed;
                self.answer_message(To::Message, replies::MESSAGE);
            }
            Decision::Refuse(reply) => self.refuse_message(ParsingStatus::Complete, &reply),
            Decision::Failed => {
                self.refuse_message(ParsingStatus::Complete, replies::HANDLER_FAILED);
            }
            Decision::Drop => self.drop_session(),
        }
    }

    fn refuse_message(&mut self, status: ParsingStatus, reply: &str) {
        self.reject_message(status, reply);
        self.answer_message(To::Message, reply);
    }

    fn reject_message(&mut self, status: ParsingStatus, reply: &str) {
        if status != ParsingStatus::Complete || !self.has(Defect::HandlerRefusalWithoutReject) {
            self.outlet.reject(None, status, reply);
        }
    }

    /// The defect `end-of-data-on-close`: the message is handed on as if its end had come.
    pub(super) fn end_cut_message(&mut self) {
        let Phase::Content(content) = &mut self.phase else {
            return;
        };
        if content.refusal.is_some() {
            return;
        }
        content.end_here();
        while let Some(mark) = content.next_mark() {
            match mark {
                Mark::EndOfHeaders { headers, .. } => self.outlet.tell(Event::OnEndOfHeaders {
                    headers: Some(headers),
                }),
                Mark::EndOfData { content } => self.outlet.tell(Event::OnEndOfData {
                    content: Some(content),
                }),
                Mark::Command(event) => self.outlet.tell(event),
            }
        }
    }
}
