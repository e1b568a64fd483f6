//! Which reply answers what, and what it says.

use core::ops::Range;

use super::Reader;
use crate::{
    model::{
        authentication::AuthStep,
        exchange::{Exchange, Outcome, Stimulus},
        expect::own_event,
        state::Certainty,
        wire_log::LoggedReply,
    },
    transcript::ClientAct,
    wire::Verb,
};

impl<'w> Reader<'w, '_, '_> {
    /// Takes the next reply for `stimulus`. A reply that was read before the stimulus was sent cannot answer it.
    pub(super) fn exchange(
        &mut self,
        stimulus: Stimulus<'w>,
        span: Range<usize>,
        in_sequence: Certainty,
    ) -> Outcome {
        let reply = self.next_reply_to(&span);
        self.next_reply += usize::from(reply.is_some());
        self.push(stimulus, span, reply, in_sequence)
    }

    /// The reply that comes next, if it can answer what stands at `span`.
    pub(super) fn next_reply_to(&mut self, span: &Range<usize>) -> Option<usize> {
        let sent_at = self.sent_at(span);
        while self
            .wire
            .replies
            .get(self.next_reply)
            .is_some_and(|reply| reply.at < sent_at)
        {
            self.reading.unsolicited.push(self.next_reply);
            self.next_reply += 1;
        }
        (self.next_reply < self.wire.replies.len()).then_some(self.next_reply)
    }

    pub(super) fn push(
        &mut self,
        stimulus: Stimulus<'w>,
        span: Range<usize>,
        reply: Option<usize>,
        in_sequence: Certainty,
    ) -> Outcome {
        let reply_read = reply.map(|index| &self.wire.replies[index]);
        let quit = matches!(&stimulus, Stimulus::Command(line) if line.verb == Verb::Quit)
            || is_farewell(reply_read) && takes_time(&stimulus) && self.quit_behind(&span);
        let recipients = core::mem::take(&mut self.owed);
        let lacking = if recipients > 1 {
            self.lacking(&span, recipients)
        } else {
            0
        };
        let further = self.further_replies(reply, recipients.saturating_sub(lacking));
        let outcome = match self.outcome_of_all(outcome(reply_read, quit), &further) {
            Outcome::Refused if self.ends_with(&stimulus, &span) => Outcome::Dropped,
            outcome => outcome,
        };
        let authentication = AuthStep::of(
            &stimulus,
            outcome,
            reply_read.and_then(|read| read.reply.code),
        );
        self.reading.exchanges.push(Exchange {
            authentication,
            stimulus,
            entry: self.segment_end(&span).map_or(0, |segment| segment.0),
            sent_at: self.sent_at(&span),
            span,
            reply,
            recipients,
            refusals: self.refusals(reply, &further),
            further,
            outcome,
            in_sequence,
            state: self.states.single(),
            history: self.history,
            chunk: None,
        });
        outcome
    }

    /// Whether the server's last word was the refusal of this, and then it left. What was sent behind it does not
    /// count where the client had no right to send it yet (RFC 2920, 3.1).
    fn ends_with(&self, stimulus: &Stimulus<'_>, span: &Range<usize>) -> bool {
        let Some((.., left)) = self.wire.server_end else {
            return false;
        };
        let more = span.end < self.wire.sent.len();
        let mut before = self.wire.acts.iter().filter(|(.., at)| *at < left);
        let last = self.next_reply == self.wire.replies.len();
        last && !matches!(stimulus, Stimulus::Connection)
            && !(more && self.reading.pipelining)
            && before.all(|(act, ..)| match act {
                ClientAct::Silence => true,
                // A server may leave when its client has.
                ClientAct::HalfClose => more,
                _ => false,
            })
    }

    /// Whether QUIT stands behind `span` in what was sent in one go with it: a 221 may then be its, out of order.
    fn quit_behind(&self, span: &Range<usize>) -> bool {
        // Longer groups are not looked at, so that reading takes linear time.
        const LONGEST: usize = 4096;
        let segment = self.segment_end(span);
        let rest = &self.wire.sent[span.end..];
        let mut lines = rest[..rest.len().min(LONGEST)].split_inclusive(|octet| *octet == b'\n');
        let mut at = span.end;
        lines.any(|line| {
            let line_at = at..at + line.len();
            at = line_at.end;
            line.eq_ignore_ascii_case(b"QUIT\r\n") && self.segment_end(&line_at) == segment
        })
    }

    pub(super) fn segment_end(&self, span: &Range<usize>) -> Option<(usize, u64)> {
        let last = span.end.checked_sub(1)?;
        self.wire
            .segment_of(last)
            .map(|segment| (segment.entry, segment.at))
    }

    fn sent_at(&self, span: &Range<usize>) -> u64 {
        self.segment_end(span).map_or(0, |segment| segment.1)
    }
}

fn is_farewell(reply: Option<&LoggedReply>) -> bool {
    reply.is_some_and(|logged| logged.reply.code == Some(221))
}

/// Whether a handler may be busy with it. To anything else a 221 is the server's own goodbye.
fn takes_time(stimulus: &Stimulus<'_>) -> bool {
    match stimulus {
        Stimulus::Command(line) => own_event(line.verb).is_some(),
        Stimulus::Message(_) | Stimulus::Response(_) => true,
        Stimulus::Connection => false,
    }
}

pub(super) fn outcome(reply: Option<&LoggedReply>, quit: bool) -> Outcome {
    match reply.map(|logged| logged.reply.code) {
        None => Outcome::Unanswered,
        Some(Some(421)) => Outcome::Dropped,
        // A farewell to one that did not say QUIT.
        Some(Some(221)) if !quit => Outcome::Dropped,
        Some(Some(200..=399)) => Outcome::Accepted,
        Some(Some(400..=599)) => Outcome::Refused,
        Some(_) => Outcome::Strange,
    }
}
