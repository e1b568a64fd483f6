//! The content of messages that came in chunks, against the events that tell of it.

use crate::{
    check::{NEAR, extra::command_line, fit::command_event_fits, view::View, words::shortened},
    event::{Event, EventKind, MessageDigest, Semantics},
    model::{Chunk, Exchange, Outcome, Section, Stimulus, WireLog},
    wire::Verb,
};

/// Whether the digest that `event` carries is that of the section which ends in `chunk`.
pub(in crate::check) fn digest_fits(
    wire: &WireLog<'_>,
    exchange: &Exchange<'_>,
    chunk: &Chunk,
    event: &Event,
    semantics: &Semantics,
) -> bool {
    let (seen, section) = match event {
        Event::OnEndOfHeaders { headers } => (headers.as_ref(), chunk.headers.as_ref()),
        Event::OnEndOfData { content } => (content.as_ref(), chunk.content.as_ref()),
        _ => (None, None),
    };
    let Some(section) = section else {
        // Agents that see a message only when it has come see its header section with the last chunk.
        return matches!(event, Event::OnEndOfHeaders { .. }) && chunk.content.is_some();
    };
    let Some(seen) = seen else {
        return true;
    };
    section_fits(wire, exchange, seen, section)
        // Whether the blank line stands at the right place is not looked at.
        || (semantics.blank_line_supplied && section.size == seen.size.checked_sub(2))
}

fn section_fits(
    wire: &WireLog<'_>,
    exchange: &Exchange<'_>,
    seen: &MessageDigest,
    section: &Section,
) -> bool {
    section.size.is_none_or(|size| {
        // Of a message that is not taken what was handed on may be the beginning.
        let cut = exchange.outcome != Outcome::Accepted && seen.size < size;
        (seen.size == size || cut) && *seen == wire.chunks_digest(&section.ranges, seen.size)
    })
}

/// The rule that content breaks which is not what came in the chunks of `exchange`.
pub(in crate::check) fn altered(exchange: &Exchange<'_>, event: &Event) -> Option<&'static str> {
    let chunk = exchange.chunk.as_ref()?;
    let (seen, section) = match event {
        Event::OnEndOfHeaders { headers } => (headers.as_ref()?, chunk.headers.as_ref()?),
        Event::OnEndOfData { content } => (content.as_ref()?, chunk.content.as_ref()?),
        _ => return None,
    };
    Some(if holds_given_up(exchange, seen, section) {
        "CHK-7"
    } else if exchange.history.binary {
        "CHK-11"
    } else {
        "CON-3"
    })
}

/// Whether the content is long enough to begin with the chunks that were given up before it.
fn holds_given_up(exchange: &Exchange<'_>, seen: &MessageDigest, section: &Section) -> bool {
    let history = &exchange.history;
    let both = section.size.map(|size| size + history.given_up);
    history.gave_up_chunks && history.given_up > 0 && both.is_none_or(|both| seen.size >= both)
}

/// An OnEndOfHeaders or OnEndOfData too many, of a message that came in chunks and never ended.
pub(in crate::check) fn extra_of_message(
    view: &View<'_>,
    before: usize,
    kind: EventKind,
) -> Option<(&'static str, String)> {
    if kind != EventKind::OnEndOfData {
        return None;
    }
    let behind = view.exchanges().len().min(before + 1);
    let mut back = view.exchanges()[..behind].iter().rev().take(NEAR);
    let last = back.find(|exchange| {
        exchange.chunk.is_some() || matches!(exchange.stimulus, Stimulus::Message(_))
    })?;
    let chunk = last.chunk.as_ref()?;
    if !chunk.complete {
        return Some(("CON-1", "the octets of the chunk never came in full".into()));
    }
    let open = chunk.content.is_none() && last.outcome != Outcome::Refused;
    open.then(|| ("CHK-12", "the last chunk of the message never came".into()))
}

/// CON-5: a line in a chunk that reads like the command that `fired`.
pub(in crate::check) fn from_chunk(
    view: &View<'_>,
    index: usize,
    fired: &Event,
) -> Option<(&'static str, String)> {
    let chunk = view.exchanges()[index].chunk.as_ref()?;
    let octets = &view.wire.sent[chunk.octets.clone()];
    if !view.may_search(octets.len()) {
        return None;
    }
    let lines = octets
        .split(|octet| *octet == b'\n')
        .map(<[u8]>::trim_ascii_end);
    let mut lines = lines.filter(|line| !line.is_empty()).map(command_line);
    let line = lines.find(|line| line.parsed.is_ok() && command_event_fits(line, fired))?;
    Some((
        "CON-5",
        format!("`{}` is content of a chunk", shortened(line.text)),
    ))
}

/// Whether a chunk holds a line that reads like a command.
pub(in crate::check) fn holds_command(view: &View<'_>, chunk: &Chunk) -> bool {
    let octets = &view.wire.sent[chunk.octets.clone()];
    let lines = octets
        .split(|octet| *octet == b'\n')
        .map(<[u8]>::trim_ascii_end);
    let mut lines = lines.filter(|line| !line.is_empty()).map(command_line);
    lines.any(|line| line.verb != Verb::Unknown && line.parsed.is_ok())
}
