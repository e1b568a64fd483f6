//! The pairs that a chunk has reached: what was in it, how it came, what became of it.

use super::pair::{Pair, SessionState, Stimulus};
use crate::{
    model::{Chunk, Exchange, Outcome, WireLog},
    wire::{Verb, parse_command},
};

/// What a client can do with a chunk (RFC 3030).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ChunkStimulus {
    /// One of no octets that is not the last.
    Empty,
    /// One that is not the last.
    Further,
    /// The last one, with octets.
    Last,
    /// `BDAT 0 LAST`.
    EmptyLast,
    /// One that is refused.
    Refused,
    /// One that is refused because the message has failed with one before.
    BehindRefused,
    /// One in which CRLF.CRLF stands.
    EndOfDataInside,
    /// One in which a line reads like a command.
    CommandInside,
    /// One whose octets come in another segment than its line.
    Apart,
    /// One with a NUL or an octet above 127.
    Binary,
}

impl ChunkStimulus {
    /// All of them.
    pub const ALL: [Self; 10] = [
        Self::Empty,
        Self::Further,
        Self::Last,
        Self::EmptyLast,
        Self::Refused,
        Self::BehindRefused,
        Self::EndOfDataInside,
        Self::CommandInside,
        Self::Apart,
        Self::Binary,
    ];

    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::Empty => "chunk of no octets",
            Self::Further => "chunk",
            Self::Last => "last chunk",
            Self::EmptyLast => "last chunk, of no octets",
            Self::Refused => "chunk, refused",
            Self::BehindRefused => "chunk behind one that was refused",
            Self::EndOfDataInside => "chunk with CRLF.CRLF in it",
            Self::CommandInside => "chunk with a line that reads like a command",
            Self::Apart => "chunk, its octets in another segment than its line",
            Self::Binary => "chunk with a NUL or an octet above 127",
        }
    }
}

/// Adds the pairs of `chunk`, which `exchange` holds.
pub(super) fn in_chunk(
    wire: &WireLog<'_>,
    exchange: &Exchange<'_>,
    chunk: &Chunk,
    found: &mut Vec<Pair>,
) {
    use ChunkStimulus as C;
    if !chunk.complete {
        return;
    }
    let octets = &wire.sent[chunk.octets.clone()];
    let accepted = exchange.outcome == Outcome::Accepted;
    let refused = exchange.outcome == Outcome::Refused;
    let empty = octets.is_empty();
    let reads_like_command =
        |line: &[u8]| parse_command(line).is_ok() && Verb::of(line) != Verb::Unknown;
    let lines = octets.split(|octet| *octet == b'\n');
    let command = lines.map(<[u8]>::trim_ascii_end).any(reads_like_command);
    let apart =
        !empty && wire.segment_of(exchange.span.start) != wire.segment_of(chunk.octets.end - 1);
    let is = [
        (C::Empty, accepted && empty && !chunk.last),
        (C::Further, accepted && !empty && !chunk.last),
        (C::Last, accepted && !empty && chunk.last),
        (C::EmptyLast, accepted && empty && chunk.last),
        (C::Refused, refused && !exchange.history.failed),
        (C::BehindRefused, refused && exchange.history.failed),
        (
            C::EndOfDataInside,
            memchr::memmem::find(octets, b"\r\n.\r\n").is_some(),
        ),
        (C::CommandInside, command),
        (C::Apart, apart),
        (C::Binary, octets.contains(&0) || !octets.is_ascii()),
    ];
    let so = is.into_iter().filter(|(_, so)| *so);
    found.extend(so.map(|(stimulus, _)| Pair {
        state: SessionState::ReceivingBdat,
        stimulus: Stimulus::Chunk(stimulus),
    }));
}
