//! The pairs that a message has reached: what stood in its header section and in its body, and how it ended.

use core::ops::Range;

use super::pair::{ContentStimulus, Pair, SessionState, Stimulus};
use crate::{
    model::{Exchange, LookAlike, Message, Outcome, WireLog},
    wire::{Verb, parse_command},
};

/// Octets of a line of content with its CRLF (RFC 5321, 4.5.3.1.6).
const TEXT_LINE_LIMIT: usize = 1000;

/// Adds the pairs of `message`, which `exchange` holds.
pub(super) fn in_message(
    wire: &WireLog<'_>,
    exchange: &Exchange<'_>,
    message: &Message,
    found: &mut Vec<Pair>,
) {
    let octets = &wire.sent[exchange.span.clone()];
    let end = octets.strip_suffix(b".\r\n");
    let text = end.filter(|_| message.complete).unwrap_or(octets);
    let header_end = header_end(text);
    let state_at = |at: usize| match header_end {
        Some(end) if at >= end => SessionState::Body,
        _ => SessionState::HeaderSection,
    };
    let mut at = 0;
    for line in text.split_inclusive(|octet| *octet == b'\n') {
        let state = state_at(at);
        let span = exchange.span.start + at..exchange.span.start + at + line.len();
        let stimuli = in_line(wire, line, span, state);
        found.extend(stimuli.into_iter().map(|stimulus| Pair { state, stimulus }));
        at += line.len();
    }
    for dot in memchr::memchr_iter(b'.', octets) {
        for look_alike in LookAlike::around(octets, dot) {
            found.push(Pair {
                state: state_at(dot),
                stimulus: Stimulus::LookAlike(look_alike),
            });
        }
    }
    if message.complete {
        let state = state_at(octets.len());
        let ends = ends(wire, exchange).into_iter().map(Stimulus::Content);
        found.extend(ends.map(|stimulus| Pair { state, stimulus }));
    }
}

/// Where the body begins: behind the first blank line.
fn header_end(text: &[u8]) -> Option<usize> {
    if text.starts_with(b"\r\n") {
        return Some(2);
    }
    memchr::memmem::find(text, b"\r\n\r\n").map(|at| at + 4)
}

/// What a line of content, up to its LF, is an example of.
fn in_line(
    wire: &WireLog<'_>,
    line: &[u8],
    span: Range<usize>,
    state: SessionState,
) -> Vec<Stimulus> {
    use ContentStimulus as C;
    let text = line.strip_suffix(b"\r\n").unwrap_or(line);
    let blank = line == b"\r\n";
    let split = wire.is_cut_within(&(span.end - 1..span.end));
    let bare_cr = memchr::memchr(b'\r', text).is_some();
    let command = parse_command(text).is_ok() && Verb::of(text) != Verb::Unknown;
    let is = [
        (C::BlankLine, blank),
        (
            C::BlankLineSplit,
            blank && split && state == SessionState::HeaderSection,
        ),
        (C::StuffedDot, line.starts_with(b"..")),
        (C::CommandLine, command),
        (C::OverLongLine, line.len() > TEXT_LINE_LIMIT),
        (C::BareLf, text.ends_with(b"\n")),
        (C::BareCr, bare_cr),
        (C::Nul, text.contains(&0)),
        (C::EightBit, !text.is_ascii()),
    ];
    let so = is.into_iter().filter(|(_, so)| *so);
    so.map(|(stimulus, _)| Stimulus::Content(stimulus))
        .collect()
}

/// How a message that ended did so.
fn ends(wire: &WireLog<'_>, exchange: &Exchange<'_>) -> Vec<ContentStimulus> {
    let end = exchange.span.end;
    let mut ends = Vec::new();
    match exchange.outcome {
        Outcome::Accepted => ends.push(ContentStimulus::EndOfData),
        Outcome::Refused => ends.push(ContentStimulus::EndOfDataRefused),
        _ => {}
    }
    // Behind the dot, or behind the CR.
    if wire.is_cut_within(&(end - 2..end)) {
        ends.push(ContentStimulus::EndOfDataSplit);
    }
    ends
}
