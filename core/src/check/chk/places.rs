//! The places of a session that RFC 3030 speaks of.

use crate::{
    check::{NEAR, view::View},
    model::{Certainty, Chunk, CommandLine, Exchange, Outcome, Stimulus, Transaction},
    wire::{Command, Verb},
};

/// Chunks that were accepted or not answered, whole, in sequence.
pub(super) fn taken<'v, 't>(
    view: &'v View<'t>,
) -> impl Iterator<Item = (&'v Exchange<'t>, &'v Chunk)> {
    view.chunks().filter(|(exchange, chunk)| {
        let kept = matches!(exchange.outcome, Outcome::Accepted | Outcome::Unanswered);
        kept && chunk.complete && exchange.in_sequence != Certainty::No
    })
}

/// Whether the last octet of the chunk was sent in another segment than the line.
pub(super) fn came_apart(view: &View<'_>, exchange: &Exchange<'_>, chunk: &Chunk) -> bool {
    let line = view.wire.segment_of(exchange.span.start);
    let last = chunk.octets.end.checked_sub(1);
    !chunk.octets.is_empty() && last.is_some_and(|last| view.wire.segment_of(last) != line)
}

pub(super) fn behind_last(exchange: &Exchange<'_>, verb: Verb) -> bool {
    verb == Verb::Bdat
        && exchange.in_sequence == Certainty::No
        && exchange.history.cleared_by == Some(crate::model::LAST)
}

pub(super) fn unaddressed(exchange: &Exchange<'_>, verb: Verb) -> bool {
    verb == Verb::Bdat
        && exchange.in_sequence == Certainty::No
        && !behind_last(exchange, verb)
        && !exchange.history.gave_up_chunks
}

/// DATA where a chunk of the message has come.
pub(super) fn between_chunks(exchange: &Exchange<'_>) -> bool {
    let receives = |state: crate::model::State| state.transaction == Transaction::Receiving;
    exchange.verb() == Some(Verb::Data) && exchange.state.is_some_and(receives)
}

/// DATA in a binary transaction that has recipients.
pub(super) fn data_for_binary(exchange: &Exchange<'_>) -> bool {
    let addressed = |state: crate::model::State| state.transaction == Transaction::Addressed;
    exchange.verb() == Some(Verb::Data)
        && exchange.history.binary
        && exchange.state.is_some_and(addressed)
}

/// Whether `exchange` is a DATA that RFC 3030 forbids: it is judged here.
pub(in crate::check) fn mixes(exchange: &Exchange<'_>) -> bool {
    between_chunks(exchange) || data_for_binary(exchange)
}

/// A BDAT that was sent before the refusal of a chunk of the same message was read.
pub(super) fn behind_failed(view: &View<'_>, index: usize) -> bool {
    let exchange = &view.exchanges()[index];
    let is_chunk = |exchange: &Exchange<'_>| exchange.chunk.is_some();
    if !is_chunk(exchange) || !exchange.history.failed || !view.reading.pipelining {
        return false;
    }
    let mut before = view.exchanges()[..index].iter().rev().take(NEAR);
    let failed = before.find(|before| {
        is_chunk(before)
            && before.outcome == Outcome::Refused
            && before.in_sequence == Certainty::Yes
    });
    let answered = failed
        .and_then(|failed| view.reply(failed))
        .map(|reply| reply.at);
    let sent = view
        .wire
        .segment_of(exchange.span.start)
        .map(|segment| segment.at);
    answered
        .zip(sent)
        .is_some_and(|(answered, sent)| sent <= answered)
}

pub(super) fn uses_chunking(view: &View<'_>, index: usize, line: &CommandLine<'_>) -> bool {
    let exchange = &view.exchanges()[index];
    let strict = line.parsed.is_ok() && exchange.leniencies().is_empty();
    match line.verb {
        Verb::Bdat => strict && view.offers.stood(index, "CHUNKING"),
        Verb::Mail => {
            strict
                && asks_binary_only(line)
                && exchange.in_sequence == Certainty::Yes
                && view.offers.stood(index, "BINARYMIME")
        }
        _ => false,
    }
}

/// MAIL with BODY=BINARYMIME and no other parameter that could be refused.
fn asks_binary_only(line: &CommandLine<'_>) -> bool {
    let Ok(Command::Mail { parameters, .. }) = line.parsed.map(|parsed| parsed.command) else {
        return false;
    };
    parameters.raw.eq_ignore_ascii_case(b"BODY=BINARYMIME")
}

/// Whether nothing in the line can be refused for itself.
pub(super) fn is_strict(exchange: &Exchange<'_>) -> bool {
    let read = matches!(&exchange.stimulus, Stimulus::Command(line) if line.parsed.is_ok());
    read && exchange.leniencies().is_empty()
}
