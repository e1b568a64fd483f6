//! From a deviation to the rule that it breaks: what the event was about decides, then the state it met.

use super::{
    align::Deviation,
    chk,
    extra::extra,
    moved::{out_of_place, traded_places},
    tls,
    view::{Found, View},
    words::{about, shown},
};
use crate::{
    event::{Event, EventKind, ParsingStatus},
    model::{Certainty, Exchange, Said, Stimulus},
    octets::escape,
};

/// Names the rule behind each deviation of the session.
pub(super) fn judge(view: &View<'_>, founds: &mut Vec<Found>) {
    let mut deviations = view.alignment.deviations.clone();
    founds.extend(out_of_place(view, &mut deviations));
    founds.extend(traded_places(view, &mut deviations));
    for deviation in deviations {
        if let Deviation::Extra { event, .. } = deviation
            && tls::explains(view, view.events[event].entry)
        {
            continue;
        }
        founds.push(match deviation {
            Deviation::Missing { exchange, kind } => missing(view, exchange, kind),
            Deviation::Extra { event, exchange } => extra(view, event, exchange),
            Deviation::Altered { exchange, event } => altered(view, exchange, event),
        });
    }
    for (exchange, event) in caused(view) {
        founds.extend(wrong_status(view, exchange, event));
    }
}

/// The exchange behind each event that has one.
fn caused(view: &View<'_>) -> Vec<(usize, usize)> {
    let pairs = view.alignment.cause.iter().enumerate();
    pairs
        .filter_map(|(event, cause)| cause.map(|exchange| (exchange, event)))
        .collect()
}

fn missing(view: &View<'_>, index: usize, kind: EventKind) -> Found {
    let exchange = &view.exchanges()[index];
    let own_fired = view.fired_any(index);
    let rule = match (kind, &exchange.stimulus) {
        (EventKind::OnEndOfHeaders, _) => "ORD-4",
        (EventKind::OnEndOfData, _) => "ORD-5",
        (EventKind::OnEndOfAuthentication, _) => "ORD-8",
        (EventKind::OnReject, Stimulus::Response(line)) if line.said == Said::Cancel => "ORD-8",
        (EventKind::OnReject, _) if by_protocol(exchange) => "REJ-1",
        (EventKind::OnReject, _) if own_fired || !view.log.open.handlers.is_empty() => "REJ-2",
        (EventKind::OnReject, _) => "REJ-3",
        _ => "ORD-11",
    };
    let entry = view
        .reply(exchange)
        .map_or(exchange.entry, |reply| reply.entry);
    let answer = match view.reply(exchange) {
        Some(reply) => format!(", which was answered `{}`", escape(reply.reply.text())),
        None => String::new(),
    };
    Found::new(
        rule,
        entry,
        format!("no {kind} for {}{answer}", about(view, index)),
    )
}

/// Whether the protocol itself, not a handler, must have refused: malformed or out of sequence.
fn by_protocol(exchange: &Exchange<'_>) -> bool {
    match &exchange.stimulus {
        Stimulus::Command(line) => line.parsed.is_err() || exchange.in_sequence == Certainty::No,
        Stimulus::Response(line) => line.said != Said::Response,
        Stimulus::Connection | Stimulus::Message(_) => false,
    }
}

fn altered(view: &View<'_>, exchange: usize, event: usize) -> Found {
    let logged = view.events[event];
    let kind = logged.record.event.kind();
    if let Some(found) = of_another_session(view, event) {
        return found;
    }
    let rule = match kind {
        EventKind::OnReject => "REJ-3",
        EventKind::OnEndOfHeaders | EventKind::OnEndOfData => {
            let exchange = &view.exchanges()[exchange];
            chk::altered(exchange, &logged.record.event).unwrap_or("CON-3")
        }
        _ => "CON-7",
    };
    let what = format!(
        "{} for {} does not carry what was sent{}",
        shown(&logged.record.event),
        about(view, exchange),
        refusal(view, exchange, kind),
    );
    Found::new(rule, logged.entry, what)
}

fn refusal(view: &View<'_>, exchange: usize, kind: EventKind) -> String {
    match view.reply(&view.exchanges()[exchange]) {
        Some(reply) if kind == EventKind::OnReject => {
            format!("; the reply was `{}`", escape(reply.reply.text()))
        }
        _ => String::new(),
    }
}

/// SES-5: an argument that this client never sent, in whatever case, and another did.
pub(super) fn of_another_session(view: &View<'_>, event: usize) -> Option<Found> {
    let logged = view.events[event];
    let argument = logged.record.event.argument()?;
    let other = view.elsewhere.sender(&argument.0)?;
    let own = other == view.log.conn || !view.may_search(view.wire.sent.len());
    if own || is_within(&view.wire.sent, &argument.0) {
        return None;
    }
    let kind = logged.record.event.kind();
    let what =
        format!("{kind} carries {argument:?}, which connection {other} sent and this one did not");
    Some(Found::new("SES-5", logged.entry, what))
}

/// In whatever case: a server that changes that of an argument (CON-7) has not taken it from elsewhere.
pub(super) fn is_within(sent: &[u8], argument: &[u8]) -> bool {
    memchr::memmem::find(sent, argument).is_some()
        || memchr::memmem::find(&sent.to_ascii_lowercase(), &argument.to_ascii_lowercase())
            .is_some()
}

/// REJ-1: what the protocol refuses is reported as ProtocolError.
fn wrong_status(view: &View<'_>, exchange: usize, event: usize) -> Option<Found> {
    let logged = view.events[event];
    let Event::OnReject {
        status: Some(status),
        ..
    } = &logged.record.event
    else {
        return None;
    };
    let exchange_at = &view.exchanges()[exchange];
    // That the mechanism has failed on a garbled response is one way to put it.
    let ended = view.alignment_has(exchange, EventKind::OnEndOfAuthentication);
    if !by_protocol(exchange_at) || ended || *status == ParsingStatus::ProtocolError {
        return None;
    }
    let what = format!(
        "OnReject for {} says {status:?}; the protocol refused it: ProtocolError",
        about(view, exchange)
    );
    Some(Found::new("REJ-1", logged.entry, what))
}
