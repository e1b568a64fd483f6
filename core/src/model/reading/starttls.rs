//! STARTTLS: where the reading goes on inside TLS (RFC 3207).

use super::{Begun, Reader, Stop};
use crate::{model::wire_log::LoggedHandshake, wire::Verb};

impl Reader<'_, '_, '_> {
    /// Goes on inside TLS, behind what was sent in clear.
    pub(super) fn handshake(&mut self) -> Option<Stop> {
        let exchange = self.reading.exchanges.len() - 1;
        if self.is_secured() {
            // A second TLS inside the first is nobody's plan: what the server does now is not followed.
            return Some(Stop::Extension(Verb::StartTls));
        }
        let behind = |at: &LoggedHandshake<'_>| at.start >= self.at;
        let handshake = self.wire.handshakes.iter().position(behind);
        let next = handshake.map(|index| self.wire.handshakes[index]);
        let done = next.is_some_and(|next| next.is_done());
        let end = next.map_or(self.wire.sent.len(), |next| next.start);
        self.reading.pipelining = false;
        self.chunking = false;
        self.took_chunk = false;
        self.binarymime = false;
        self.reading.handshakes.push(Begun {
            exchange,
            in_clear: self.at..end,
            handshake,
            done,
        });
        if self.tolerance.clear_behind_starttls {
            return None;
        }
        self.at = if done { end } else { self.wire.sent.len() };
        self.skip_banner(next.filter(|_| done), end);
        (!done).then_some(Stop::Handshake)
    }

    /// A 220 that is the first reply inside TLS answers nothing, unless STARTTLS comes again.
    fn skip_banner(&mut self, handshake: Option<LoggedHandshake<'_>>, end: usize) {
        let next = self.wire.replies.get(self.next_reply);
        let is_banner = handshake.zip(next).is_some_and(|(handshake, next)| {
            next.entry > handshake.entry && next.reply.code == Some(220)
        });
        if is_banner && Verb::of(&self.wire.sent[end..]) != Verb::StartTls {
            self.reading.unsolicited.push(self.next_reply);
            self.next_reply += 1;
        }
    }

    /// Whether what is read now stands inside TLS.
    fn is_secured(&self) -> bool {
        let implicit = self.wire.handshakes.first();
        implicit.is_some_and(|first| first.is_done() && first.is_first(self.wire))
            || self.reading.handshakes.iter().any(|begun| begun.done)
    }
}
