//! From a deviation to the rule that it breaks: what the event was about decides, then the state it met.

use super::{
    align::{Deviation, Fit},
    fit::command_event_fits,
    view::{Found, View},
    words::{about, shown},
};
use crate::{
    event::{Event, EventKind, ParsingStatus},
    model::{Certainty, CommandLine, Exchange, Outcome, Stimulus, Stop, Transaction, own_event},
    octets::escape,
    wire::{Verb, parse_command},
};

/// How far an event may have strayed from its cause, in exchanges or deviations; keeps the search linear.
const NEAR: usize = 32;

/// Names the rule behind each deviation of the session.
pub(super) fn judge(view: &View<'_>, founds: &mut Vec<Found>) {
    let mut deviations = view.alignment.deviations.clone();
    founds.extend(out_of_place(view, &mut deviations));
    founds.extend(traded_places(view, &mut deviations));
    for deviation in deviations {
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

/// A missing event that fired elsewhere is one deviation, not two. It strays no further than the aligner looks.
fn out_of_place(view: &View<'_>, deviations: &mut Vec<Deviation>) -> Vec<Found> {
    let mut founds = Vec::new();
    let mut paired = vec![false; deviations.len()];
    for (index, deviation) in deviations.iter().enumerate() {
        let Deviation::Missing { exchange, kind } = *deviation else {
            continue;
        };
        let near = index.saturating_sub(NEAR)..deviations.len().min(index + NEAR);
        let moved = near.into_iter().find_map(|other| match deviations[other] {
            Deviation::Extra { event, .. } if !paired[other] => {
                let fired = &view.events[event].record.event;
                let same = fired.kind() == kind && view.fit(exchange, fired) == Fit::Exact;
                same.then_some((other, event))
            }
            _ => None,
        });
        let Some((other, event)) = moved else {
            continue;
        };
        (paired[index], paired[other]) = (true, true);
        let rule = match kind {
            EventKind::OnReject => "REJ-2",
            EventKind::OnEndOfHeaders | EventKind::OnEndOfData => "ORD-5",
            _ => "ORD-10",
        };
        let what = format!(
            "{kind} for {} fired out of its place",
            about(view, exchange)
        );
        founds.push(Found::new(rule, view.events[event].entry, what));
    }
    let mut paired = paired.into_iter();
    deviations.retain(|_| !paired.next().unwrap_or_default());
    founds
}

/// ORD-10: events of one kind that fired in another order than their commands. Each carries what another of them
/// should; the run of them is one deviation, with what is missing at its begin and too many at its end.
fn traded_places(view: &View<'_>, deviations: &mut Vec<Deviation>) -> Option<Found> {
    let traded = |deviation: &Deviation| match *deviation {
        Deviation::Altered { exchange, event } => belongs_elsewhere(view, exchange, event),
        _ => None,
    };
    let (index, other) = deviations
        .iter()
        .enumerate()
        .find_map(|(i, d)| Some((i, traded(d)?)))?;
    let Deviation::Altered { exchange, event } = deviations[index] else {
        return None;
    };
    let logged = &view.events[event];
    let kind = logged.record.event.kind();
    deviations.retain(|deviation| traded(deviation).is_none());
    let missing = |d: &Deviation| matches!(d, Deviation::Missing { kind: k, .. } if *k == kind);
    let extra = |d: &Deviation| matches!(d, Deviation::Extra { event, .. } if view.events[*event].record.event.kind() == kind);
    let ends = deviations
        .iter()
        .position(missing)
        .zip(deviations.iter().position(extra));
    if let Some((missing, extra)) = ends {
        deviations.remove(missing.max(extra));
        deviations.remove(missing.min(extra));
    }
    let (here, there) = (about(view, exchange), about(view, other));
    let what = format!("{kind} for {there} fired where that for {here} was due");
    Some(Found::new("ORD-10", logged.entry, what))
}

/// The other exchange whose event this is.
fn belongs_elsewhere(view: &View<'_>, exchange: usize, event: usize) -> Option<usize> {
    let fired = &view.events[event].record.event;
    let near = exchange.saturating_sub(NEAR)..view.exchanges().len().min(exchange + NEAR);
    let is_command = |index: usize| view.exchanges()[index].verb().is_some();
    near.into_iter().find(|index| {
        *index != exchange && is_command(*index) && view.fit(*index, fired) == Fit::Exact
    })
}

fn missing(view: &View<'_>, index: usize, kind: EventKind) -> Found {
    let exchange = &view.exchanges()[index];
    let own_fired = view.fired_any(index);
    let rule = match (kind, &exchange.stimulus) {
        (EventKind::OnEndOfHeaders, _) => "ORD-4",
        (EventKind::OnEndOfData, _) => "ORD-5",
        (EventKind::OnReject, Stimulus::Command(line)) if by_protocol(line, exchange) => "REJ-1",
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
fn by_protocol(line: &CommandLine<'_>, exchange: &Exchange<'_>) -> bool {
    line.parsed.is_err() || exchange.in_sequence == Certainty::No
}

fn altered(view: &View<'_>, exchange: usize, event: usize) -> Found {
    let logged = view.events[event];
    let kind = logged.record.event.kind();
    if let Some(found) = of_another_session(view, event) {
        return found;
    }
    let rule = match kind {
        EventKind::OnReject => "REJ-3",
        EventKind::OnEndOfHeaders | EventKind::OnEndOfData => "CON-3",
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

/// SES-5: an argument that this client never sent and another did.
fn of_another_session(view: &View<'_>, event: usize) -> Option<Found> {
    let logged = view.events[event];
    let argument = match &logged.record.event {
        Event::OnHeloCommand { domain } | Event::OnEhloCommand { domain } => domain.as_ref(),
        Event::OnMailCommand { reverse_path, .. } => reverse_path.as_ref(),
        Event::OnRcptCommand { forward_path, .. } => forward_path.as_ref(),
        _ => None,
    }?;
    if memchr::memmem::find(&view.wire.sent, &argument.0).is_some() {
        return None;
    }
    let other = view.arguments.sender(&argument.0)?;
    let kind = logged.record.event.kind();
    let what =
        format!("{kind} carries {argument:?}, which connection {other} sent and this one did not");
    Some(Found::new("SES-5", logged.entry, what))
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
    let Stimulus::Command(line) = &exchange_at.stimulus else {
        return None;
    };
    if !by_protocol(line, exchange_at) || *status == ParsingStatus::ProtocolError {
        return None;
    }
    let what = format!(
        "OnReject for {} says {status:?}; the protocol refused it: ProtocolError",
        about(view, exchange)
    );
    Some(Found::new("REJ-1", logged.entry, what))
}

/// An event that no exchange should have fired at this place.
fn extra(view: &View<'_>, event: usize, before: usize) -> Found {
    let logged = view.events[event];
    let fired = &logged.record.event;
    let (rule, why) = of_another_session(view, event)
        .map(|found| (found.rule, found.what))
        .or_else(|| behind_the_end(view, event, before))
        .unwrap_or_else(|| match fired.kind() {
            EventKind::OnEndOfHeaders => extra_of_message(view, before, "ORD-4"),
            EventKind::OnEndOfData => extra_of_message(view, before, "ORD-5"),
            EventKind::OnReject => ("REJ-3", "nothing was refused here".into()),
            _ => extra_command_event(view, fired, before),
        });
    Found::new(rule, logged.entry, format!("{} fired: {why}", shown(fired)))
}

/// Fired for what came behind the end of the session, or after the reply that ended it. An event of an earlier
/// command that was doubled is not: it is that command's affair.
fn behind_the_end(view: &View<'_>, event: usize, before: usize) -> Option<(&'static str, String)> {
    let exchanges = view.exchanges();
    if before < exchanges.len() || view.reading.stop != Stop::SessionEnded {
        return None;
    }
    let logged = &view.events[event];
    let rest = &view.wire.sent[view.reading.rest..];
    let lines = rest
        .split(|octet| *octet == b'\n')
        .map(<[u8]>::trim_ascii_end);
    let acted = lines.into_iter().any(|text| {
        !text.is_empty() && command_event_fits(&command_line(text), &logged.record.event)
    });
    let ended = exchanges
        .last()
        .and_then(|last| view.reply(last))
        .map(|reply| reply.at);
    if !acted && ended.is_some_and(|ended| view.emitted_at(logged) <= ended) {
        return None;
    }
    let (rule, what) = if view.quit_accepted() {
        ("SES-7", "QUIT")
    } else {
        ("WIR-8", "the 421")
    };
    Some((rule, format!("{what} had ended the session")))
}

fn extra_of_message(view: &View<'_>, before: usize, rule: &'static str) -> (&'static str, String) {
    let unfinished = view.messages().any(|(_, message)| !message.complete);
    if unfinished && before + 1 >= view.exchanges().len() {
        return ("CON-1", "the end of the message was never received".into());
    }
    (
        rule,
        "no message of this session is owed another one here".into(),
    )
}

fn extra_command_event(view: &View<'_>, fired: &Event, before: usize) -> (&'static str, String) {
    let last = view.exchanges().len().saturating_sub(1);
    // The exchange itself, and from there back.
    let back = |far: usize| (before.saturating_sub(far)..=before.min(last)).rev();
    back(1)
        .find_map(|index| of_command(view, index, fired))
        .or_else(|| back(2).find_map(|index| from_content(view, index, fired)))
        .or_else(|| from_partial_line(view, fired))
        .or_else(|| back(NEAR).find_map(|index| of_command(view, index, fired)))
        .unwrap_or_else(|| by_state(view, fired.kind(), before))
}

/// The rule, if `fired` is the event of the command at `index`: why should that not have fired, or not again?
fn of_command(view: &View<'_>, index: usize, fired: &Event) -> Option<(&'static str, String)> {
    let exchange = &view.exchanges()[index];
    let Stimulus::Command(line) = &exchange.stimulus else {
        return None;
    };
    if !command_event_fits(line, fired) {
        return None;
    }
    let command = about(view, index);
    Some(
        match (line.parsed.is_err(), exchange.in_sequence, exchange.outcome) {
            (true, ..) => ("REJ-1", format!("{command} is malformed")),
            (_, Certainty::No, _) => {
                let rule = out_of_sequence(exchange, line.verb);
                (rule, format!("{command} is out of sequence here"))
            }
            (_, _, Outcome::Refused) if !view.alignment_has(index, fired.kind()) => (
                "REJ-2",
                format!("{command} was reported as refused before its own event"),
            ),
            _ => ("ORD-11", format!("{command} fires it once")),
        },
    )
}

/// Which order rule forbids the event of `verb` in the state that the command met.
pub(super) fn out_of_sequence(exchange: &Exchange<'_>, verb: Verb) -> &'static str {
    let open = exchange
        .state
        .is_some_and(|state| state.transaction != Transaction::None);
    match verb {
        Verb::Mail if open => "ORD-6",
        Verb::Mail => "ORD-1",
        Verb::Rcpt | Verb::Data if exchange.history.cleared_by.is_some() => "ORD-7",
        Verb::Rcpt => "ORD-2",
        Verb::Data => "ORD-3",
        _ => "REJ-1",
    }
}

/// CON-4: a line of content that reads like the command.
fn from_content(view: &View<'_>, index: usize, fired: &Event) -> Option<(&'static str, String)> {
    let exchange = &view.exchanges()[index];
    let Stimulus::Message(_) = exchange.stimulus else {
        return None;
    };
    let content = &view.wire.sent[exchange.span.clone()];
    let mut lines = content
        .split(|octet| *octet == b'\n')
        .map(<[u8]>::trim_ascii_end);
    let line = lines.find(|text| {
        command_event_fits(&command_line(text), fired) && parse_command(text).is_ok()
    })?;
    Some((
        "CON-4",
        format!("`{}` is content of a message", escape(line)),
    ))
}

/// CON-8: a line whose end was never sent.
fn from_partial_line(view: &View<'_>, fired: &Event) -> Option<(&'static str, String)> {
    let rest = &view.wire.sent[view.reading.rest..];
    let text = rest.strip_suffix(b"\r").unwrap_or(rest);
    let fits = view.reading.stop == Stop::EndOfInput
        && own_event(Verb::of(text)) == Some(fired.kind())
        && !text.contains(&b'\n');
    fits.then(|| {
        (
            "CON-8",
            format!("the end of the line `{}` was never sent", escape(text)),
        )
    })
}

fn command_line(text: &[u8]) -> CommandLine<'_> {
    CommandLine {
        text,
        verb: Verb::of(text),
        parsed: parse_command(text),
        end: crate::wire::LineEnd::CrLf,
    }
}

/// No command of the session explains it: the state alone decides.
fn by_state(view: &View<'_>, kind: EventKind, before: usize) -> (&'static str, String) {
    let exchanges = view.exchanges();
    let exchange = exchanges.get(before).or(exchanges.last());
    let in_message = exchange.is_some_and(|e| matches!(e.stimulus, Stimulus::Message(_)));
    if in_message {
        return ("CON-4", "the client was sending content".into());
    }
    let state = exchange.and_then(|exchange| exchange.state);
    let rule = match (kind, state) {
        (EventKind::OnMailCommand, Some(state)) if !state.greeted => "ORD-1",
        (EventKind::OnMailCommand, Some(state)) if state.transaction != Transaction::None => {
            "ORD-6"
        }
        (EventKind::OnRcptCommand, Some(state)) if state.transaction == Transaction::None => {
            "ORD-2"
        }
        (EventKind::OnDataCommand, Some(state)) if state.transaction != Transaction::Addressed => {
            "ORD-3"
        }
        _ => "ORD-11",
    };
    (rule, "no command of this session fires it here".into())
}
