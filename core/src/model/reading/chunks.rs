//! BDAT: which octets are a chunk, and what becomes of its message (RFC 3030).

use core::ops::Range;

use super::{LAST, Reader, Stop};
use crate::{
    model::{
        chunk::{Chunk, dot_end},
        exchange::{CommandLine, History, Outcome, Stimulus},
        state::{Certainty, State, clears},
    },
    wire::Verb,
};

impl<'w> Reader<'w, '_, '_> {
    /// Whether the octets behind a BDAT are a chunk, kept or discarded, and no commands. The reply tells: a server that
    /// does not know the command, or cannot read its size, goes on with the next line; any other that has announced
    /// CHUNKING discards the chunk (RFC 3030, 2: it MUST, before it refuses).
    pub(super) fn is_chunk(
        &mut self,
        line: &CommandLine<'_>,
        span: &Range<usize>,
        size: u64,
    ) -> bool {
        let reply = self.next_reply_to(span);
        let code = reply.map(|reply| self.wire.replies[reply].reply.code);
        // A line that is not strict may be one whose size the server cannot read.
        let loose = line
            .parsed
            .is_ok_and(|parsed| !parsed.leniencies.is_empty());
        let unread = line.parsed.is_err() || (loose && code == Some(Some(501)));
        // A server that has taken one knows what it is, announced or not.
        let known = self.chunking || self.took_chunk || self.tolerance.bdat_known;
        match code {
            Some(Some(200..=399)) => true,
            Some(Some(500 | 502)) => self.tolerance.bdat_turned,
            // Not all was sent: nobody can tell.
            None if (self.wire.sent.len() - span.end) as u64 <= size && !unread && known => true,
            // Nor need one discard anything that has not announced CHUNKING.
            _ => (unread || !known) == self.tolerance.bdat_turned,
        }
    }

    pub(super) fn chunk(
        &mut self,
        line: CommandLine<'w>,
        line_span: Range<usize>,
        in_sequence: Certainty,
        (size, mut last): (u64, bool),
    ) -> Option<Stop> {
        let rest = &self.wire.sent[line_span.end..];
        let mut len = usize::try_from(size).map_or(rest.len(), |size| size.min(rest.len()));
        let mut complete = len as u64 == size;
        // What was refused has ended no message.
        let code = self.next_reply_to(&line_span);
        let code = code.and_then(|reply| self.wire.replies[reply].reply.code);
        let ends = self.tolerance.dot_ends_chunk && matches!(code, Some(200..=399));
        let dot = dot_end(&rest[..len]).filter(|_| ends);
        if let Some(end) = dot {
            (len, complete, last) = (end, true, true);
        }
        let octets = line_span.end..line_span.end + len;
        let span = line_span.start..octets.end;
        self.at = span.end;
        let reply = self.next_reply_to(&line_span).filter(|reply| {
            // Where the client has left in the chunk, that is no answer to it.
            complete || self.wire.replies[*reply].reply.code != Some(421)
        });
        self.next_reply += usize::from(reply.is_some());
        let mut under_way = self.under_way.take().unwrap_or_default();
        under_way.doubtful |= dot.is_some() || self.history.failed;
        let chunk = Chunk {
            ended_at_dot: dot.is_some(),
            ..under_way.take(self.wire, octets, complete, last)
        };
        if last && in_sequence != Certainty::No {
            self.owed = self.recipients;
        }
        let outcome = self.push(Stimulus::Command(line), span, reply, in_sequence);
        if last || outcome == Outcome::Refused {
            self.recipients = 0;
        }
        if let Some(exchange) = self.reading.exchanges.last_mut() {
            exchange.chunk = Some(chunk);
        }
        let goes_on = matches!(outcome, Outcome::Accepted | Outcome::Unanswered);
        self.under_way = Some(under_way).filter(|_| goes_on && !(complete && last));
        self.after_chunk(outcome, in_sequence, last);
        match outcome {
            Outcome::Dropped if self.said_goodbye() => Some(Stop::SessionEnded),
            _ if !complete => Some(Stop::EndOfInput),
            _ => None,
        }
    }

    fn after_chunk(&mut self, outcome: Outcome, in_sequence: Certainty, last: bool) {
        match outcome {
            Outcome::Accepted => self.states.advance(|state| state.after_chunk(last)),
            Outcome::Unanswered => self.states.advance_maybe(|state| state.after_chunk(last)),
            // The message has failed, and its transaction may be gone with it.
            _ => self.states.advance_maybe(State::after_message),
        }
        self.took_chunk |= outcome == Outcome::Accepted;
        self.discarding = match outcome {
            Outcome::Accepted => false,
            Outcome::Refused => !last,
            _ => self.discarding,
        };
        match outcome {
            Outcome::Accepted if last => {
                self.history = History {
                    cleared_by: Some(LAST),
                    ..History::default()
                };
            }
            Outcome::Refused if in_sequence != Certainty::No => self.history.failed = true,
            _ => {}
        }
    }

    /// What a command other than BDAT does to a message whose chunks are coming.
    pub(super) fn remember_chunks(&mut self, verb: Verb, outcome: Outcome) {
        let Some(under_way) = &mut self.under_way else {
            return;
        };
        match outcome {
            Outcome::Accepted if clears(verb) || matches!(verb, Verb::Data | Verb::Mail) => {
                self.history.given_up = under_way.size();
                self.under_way = None;
                self.history.gave_up_chunks = true;
            }
            // RFC 3030, 2: what state a DATA between chunks leaves is open.
            Outcome::Refused if verb == Verb::Data => {
                under_way.doubtful = true;
                self.states.advance_maybe(State::after_message);
                self.states.advance_maybe(State::without_chunks);
            }
            Outcome::Accepted | Outcome::Refused => {}
            _ => under_way.doubtful = true,
        }
    }
}
