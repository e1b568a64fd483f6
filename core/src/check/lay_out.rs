//! A session's events laid against what its exchanges may fire.

use core::ops::Range;

use super::{
    NEAR,
    align::{Alignment, Deviation, Fit, align},
    extra::half_a_line,
    fit::fit,
};
use crate::{
    event::{EventKind, HandlerScript, Hello},
    model::{
        Certainty, Exchange, LoggedEvent, Outcome, Pattern, Patterns, Reading, Stimulus, Stop,
        WireLog, allowed, own_event,
    },
    transcript::SessionLog,
    wire::Verb,
};

/// For each of `exchanges` exchanges the events from the first to the last that it caused.
pub(super) fn by_exchange(exchanges: usize, causes: &[Option<usize>]) -> Vec<Range<usize>> {
    let mut ranges = vec![0..0; exchanges];
    for (event, cause) in causes.iter().enumerate() {
        if let Some(range) = cause.and_then(|exchange| ranges.get_mut(exchange)) {
            let first = if range.start == range.end {
                event
            } else {
                range.start
            };
            *range = first..event + 1;
        }
    }
    ranges
}

/// OnConnect and OnDisconnect frame the session and are judged apart, and so is what follows OnDisconnect.
pub(super) fn fired_by_exchanges<'t>(wire: &WireLog<'t>) -> Vec<LoggedEvent<'t>> {
    let kind = |event: &LoggedEvent<'_>| event.record.event.kind();
    wire.events
        .iter()
        .take_while(|event| kind(event) != EventKind::OnDisconnect)
        .filter(|event| kind(event) != EventKind::OnConnect)
        .copied()
        .collect()
}

/// Whether `exchange` is a command that may fire its event or not, and was refused before `event` was emitted: if it
/// fires it, then in time. So is one that is not strictly well formed, or out of sequence; and any that is refused, where
/// the client has sent another of its verb since, or half a line of one.
fn fires_too_late(
    wire: &WireLog<'_>,
    reading: &Reading<'_>,
    index: usize,
    event: &LoggedEvent<'_>,
) -> bool {
    let exchange = &reading.exchanges[index];
    let malformed = matches!(&exchange.stimulus, Stimulus::Command(line) if line.parsed.is_err());
    let out_of_sequence = exchange.in_sequence == Certainty::No;
    let loose = malformed || out_of_sequence || !exchange.leniencies().is_empty();
    let (Outcome::Refused, Some(emitted)) = (exchange.outcome, event.record.at) else {
        return false;
    };
    let another = || {
        let mut behind = reading.exchanges[index + 1..].iter().take(NEAR);
        behind.any(|other| {
            other.verb() == exchange.verb() && other.sent_at < emitted && other.entry < event.entry
        })
    };
    let reply = exchange.reply.map(|index| &wire.replies[index]);
    reply.is_some_and(|reply| reply.at < emitted)
        && (loose || another() || half_a_line(wire, reading, event).is_some())
}

/// Whether `event` had been seen before the client began to send the command, or the end of the message whose end it
/// would tell of: it is about something else.
pub(super) fn came_before(
    wire: &WireLog<'_>,
    exchange: &Exchange<'_>,
    event: &LoggedEvent<'_>,
) -> bool {
    let ends = event.record.event.kind() == EventKind::OnEndOfData;
    let needs = match &exchange.stimulus {
        Stimulus::Command(_) => exchange.span.start,
        Stimulus::Message(message) if message.complete && ends => exchange.span.end - 1,
        _ => return false,
    };
    let sent = wire.segment_of(needs);
    sent.is_some_and(|segment| event.entry < segment.entry)
}

pub(super) fn lay_out(
    log: &SessionLog,
    wire: &WireLog<'_>,
    reading: &Reading<'_>,
    events: &[LoggedEvent<'_>],
    hello: &Hello,
) -> Alignment {
    let handlers = &log.open.handlers;
    let mut refused = false;
    let mut slots: Vec<Patterns> = Vec::with_capacity(reading.exchanges.len());
    for exchange in &reading.exchanges {
        let mut patterns = allowed(exchange, hello, handlers);
        if refused {
            silence(&mut patterns);
        }
        if !handlers.is_empty() && may_be_refused_by_handler(wire, exchange) {
            take_leniently(exchange, hello, handlers, &mut patterns);
        }
        refused |= refuses_session(exchange, hello, handlers);
        slots.push(patterns);
    }
    let fits = |exchange: usize, event: usize, kind: EventKind| {
        let (cause, logged) = (&reading.exchanges[exchange], &events[event]);
        let too_late = hello.semantics.clock && fires_too_late(wire, reading, exchange, logged);
        if too_late || came_before(wire, cause, logged) {
            return Fit::No;
        }
        fit(
            wire,
            &reading.exchanges[exchange],
            &events[event].record.event,
            kind,
            &hello.semantics,
        )
    };
    let kinds: Vec<EventKind> = events
        .iter()
        .map(|event| event.record.event.kind())
        .collect();
    let mut alignment = align(&slots, &kinds, &fits);
    if matches!(reading.stop, Stop::Extension(_)) {
        // What an extension fires is not followed.
        let last = slots.len() - 1;
        alignment.deviations.retain(|deviation| {
            !matches!(deviation, Deviation::Extra { exchange, .. } if *exchange >= last)
        });
    }
    alignment
}

/// Whether a handler may refuse the whole session at `exchange`, so that agents that are then left out are told nothing
/// more of it.
fn refuses_session(exchange: &Exchange<'_>, hello: &Hello, handlers: &HandlerScript) -> bool {
    let kind = match &exchange.stimulus {
        Stimulus::Connection => EventKind::OnConnect,
        Stimulus::Command(line) => match own_event(line.verb) {
            Some(EventKind::OnHeloCommand) if hello.semantics.helo_as_ehlo => {
                EventKind::OnEhloCommand
            }
            Some(kind) => kind,
            None => return false,
        },
        Stimulus::Response(_) | Stimulus::Message(_) => return false,
    };
    hello.semantics.silent_once_refused.contains(&kind)
        && handlers
            .rules
            .iter()
            .any(|rule| rule.event == kind && rule.action.refuses())
}

/// Each pattern may have come to nothing.
fn silence(patterns: &mut Patterns) {
    if !patterns.contains(&Pattern::new()) {
        patterns.push(Pattern::new());
    }
}

/// Whether `exchange` is a malformed command that was refused, and not because its verb is not known: that of BDAT may be,
/// and a server that does not know it has no hook for it.
fn may_be_refused_by_handler(wire: &WireLog<'_>, exchange: &Exchange<'_>) -> bool {
    let Stimulus::Command(line) = &exchange.stimulus else {
        return false;
    };
    let code = exchange
        .reply
        .and_then(|index| wire.replies[index].reply.code);
    let unknown = line.verb == Verb::Bdat && matches!(code, Some(500 | 502));
    line.parsed.is_err() && exchange.outcome == Outcome::Refused && !unknown
}

/// A malformed command that a lenient server has taken is its handler's to refuse.
fn take_leniently(
    exchange: &Exchange<'_>,
    hello: &Hello,
    handlers: &HandlerScript,
    patterns: &mut Patterns,
) {
    let taken = Exchange {
        outcome: Outcome::Accepted,
        ..exchange.clone()
    };
    for mut pattern in allowed(&taken, hello, handlers) {
        if hello.sees(EventKind::OnReject) {
            pattern.push(EventKind::OnReject);
        }
        if !patterns.contains(&pattern) {
            patterns.push(pattern);
        }
    }
}
