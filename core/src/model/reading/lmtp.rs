//! LMTP: a reply for each recipient behind the end of a message (RFC 2033, 4.2).

use core::ops::Range;

use super::{Reader, answers::outcome};
use crate::{
    model::{exchange::Outcome, state::clears, wire_log::LoggedReply},
    transcript::ClientAct,
    wire::{LineSplitter, Protocol, Verb},
};

/// Nanoseconds within which no server times a client out.
pub(crate) const NO_TIME_OUT: u64 = 900_000_000;

impl Reader<'_, '_, '_> {
    /// A HELO or EHLO that a server of LMTP's takes is one of SMTP's to it (LMT-4).
    pub(super) fn protocol_of(&mut self, line: &[u8], span: &Range<usize>) -> Protocol {
        let greets = matches!(Verb::of(line), Verb::Helo | Verb::Ehlo);
        if greets && self.wire.protocol.is_lmtp() {
            let reply = self.next_reply_to(span);
            let code = reply.and_then(|reply| self.wire.replies[reply].reply.code);
            if matches!(code, Some(200..=299)) {
                return Protocol::Smtp;
            }
        }
        self.wire.protocol
    }

    pub(super) fn count_recipient(&mut self, verb: Verb, outcome: Outcome) {
        match (verb, outcome) {
            (Verb::Rcpt, Outcome::Accepted) if self.wire.protocol.is_lmtp() => {
                self.recipients += 1;
            }
            (_, Outcome::Accepted) if verb == Verb::Mail || clears(verb) => self.recipients = 0,
            _ => {}
        }
    }

    /// The replies behind the first, where `recipients` are owed one each: as far as they came, and nothing that
    /// cannot be one.
    pub(super) fn further_replies(
        &mut self,
        first: Option<usize>,
        recipients: usize,
    ) -> Range<usize> {
        let start = self.next_reply;
        let code = |reply: usize| self.wire.replies.get(reply)?.reply.code;
        let goes_on = first.is_some_and(|first| code(first) != Some(421));
        // A 421 is the server's goodbye to the session, whoever is still owed a reply.
        let answers = |reply| matches!(code(reply), Some(250 | 400..=420 | 422..=599));
        while goes_on && self.next_reply + 1 < start + recipients && answers(self.next_reply) {
            self.next_reply += 1;
        }
        start..self.next_reply
    }

    /// How many replies the message at `span` seems to lack, where commands were sent in one go with it: all that came up
    /// to the reply to QUIT, or until the client gave up or was timed out, are fewer than were due. Nobody else can say whose they are.
    pub(super) fn lacking(&self, span: &Range<usize>, recipients: usize) -> usize {
        // Longer groups are not looked at, so that reading takes linear time.
        const LONGEST: usize = 4096;
        let rest = &self.wire.sent[span.end..];
        let rest = &rest[..rest.len().min(LONGEST)];
        let segment = self.segment_end(span);
        let mut lines = LineSplitter::new(self.tolerance.line_ends);
        let (mut commands, mut quit, mut at) = (0, false, 0);
        while let Some(line) = lines.next(&rest[at..]) {
            let line_at = span.end + at..span.end + at + line.len;
            at += line.len;
            if quit || self.segment_end(&line_at) != segment {
                break;
            }
            let verb = self.wire.protocol.verb(line.text);
            if matches!(verb, Verb::Data | Verb::Bdat | Verb::Auth | Verb::StartTls) {
                return 0;
            }
            quit = verb == Verb::Quit;
            commands += 1;
        }
        let came = self.wire.replies.get(self.next_reply..).unwrap_or_default();
        let (came, ended) = match came {
            [.., last] if last.reply.code == Some(221) => (came, quit),
            [came @ .., last] if self.timed_out(last, came) => (came, true),
            _ => {
                let gave_up = self.wire.did(ClientAct::GaveUp) && self.wire.server_end.is_none();
                (came, gave_up)
            }
        };
        if commands == 0 || !ended {
            return 0;
        }
        (recipients - 1 + commands).saturating_sub(came.len())
    }

    /// Whether the server's `last` reply says that it has waited for more in vain, behind those `before`.
    fn timed_out(&self, last: &LoggedReply, before: &[LoggedReply]) -> bool {
        let previous = before.last().or_else(|| {
            let previous = self.next_reply.checked_sub(1)?;
            self.wire.replies.get(previous)
        });
        let since = previous.map_or(0, |previous| last.at.saturating_sub(previous.at));
        last.reply.code == Some(421) && since >= NO_TIME_OUT
    }

    /// How many of the replies to a message refuse it, where there are several.
    pub(super) fn refusals(&self, first: Option<usize>, further: &Range<usize>) -> usize {
        if further.is_empty() {
            return 0;
        }
        let refuses =
            |reply: &usize| outcome(Some(&self.wire.replies[*reply]), false) == Outcome::Refused;
        first
            .into_iter()
            .chain(further.clone())
            .filter(refuses)
            .count()
    }

    /// What several replies to a message say together: that the server leaves, or that somebody gets it, or the first.
    pub(super) fn outcome_of_all(&self, first: Outcome, further: &Range<usize>) -> Outcome {
        let of = |reply: usize| outcome(Some(&self.wire.replies[reply]), false);
        let says = |wanted: Outcome| first == wanted || further.clone().any(|at| of(at) == wanted);
        let decisive = [Outcome::Dropped, Outcome::Accepted];
        decisive
            .into_iter()
            .find(|outcome| says(*outcome))
            .unwrap_or(first)
    }
}
