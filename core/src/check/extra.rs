//! An event that no exchange should have fired at its place: what caused it names the rule.

use super::{
    NEAR,
    align::Fit,
    attribute::of_another_session,
    chk,
    fit::{command_event_fits, speaks_of},
    rej::acted_on,
    view::{Found, View},
    words::{about, shortened, shown},
};
use crate::{
    event::{Event, EventKind},
    model::{
        Certainty, CommandLine, Exchange, LoggedEvent, Outcome, Reading, Stimulus, Stop,
        Transaction, WireLog, own_event,
    },
    wire::{Verb, parse_command},
};

/// Octets behind the end of a session in which the cause of a late event is looked for, for each such event.
const BEHIND: usize = 4096;

/// Longer words are no verb that anybody knows.
const LONGEST_VERB: usize = 64;

/// An event that no exchange should have fired at this place.
pub(super) fn extra(view: &View<'_>, event: usize, before: usize) -> Found {
    let logged = view.events[event];
    let fired = &logged.record.event;
    let (rule, why) = of_another_session(view, event)
        .map(|found| (found.rule, found.what))
        .or_else(|| behind_the_end(view, event, before))
        .unwrap_or_else(|| match fired.kind() {
            kind @ (EventKind::OnEndOfHeaders | EventKind::OnEndOfData) => {
                chk::extra_of_message(view, before, kind)
                    .unwrap_or_else(|| extra_of_message(view, event, before, kind))
            }
            EventKind::OnEndOfAuthentication => extra_end_of_authentication(view, before),
            EventKind::OnReject => ("REJ-3", "nothing was refused here".into()),
            _ => match extra_command_event(view, event, before) {
                again @ ("ORD-11", _) if view.has_clock() => {
                    of_malformed_before(view, event, before).unwrap_or(again)
                }
                told => told,
            },
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
    let lines = rest[..rest.len().min(BEHIND)]
        .split(|octet| *octet == b'\n')
        .map(<[u8]>::trim_ascii_end);
    let acted = lines.take(NEAR).any(|text| {
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

fn extra_of_message(
    view: &View<'_>,
    event: usize,
    before: usize,
    kind: EventKind,
) -> (&'static str, String) {
    let in_headers = kind == EventKind::OnEndOfHeaders;
    // Nothing is read behind a message without an end.
    let unfinished = match view.exchanges().last().map(|last| &last.stimulus) {
        Some(Stimulus::Message(message)) if !message.complete => {
            // Where its header section has ended, an OnEndOfHeaders too many is not about its end.
            !(in_headers && message.header_section_ended)
        }
        _ => false,
    };
    if unfinished && before + 1 >= view.exchanges().len() {
        let ended = |later: &LoggedEvent<'_>| later.record.event.kind() == EventKind::OnEndOfData;
        if in_headers && !view.events[event..].iter().any(ended) {
            let what = "the header section of the message had not ended";
            return ("ORD-4", what.into());
        }
        return ("CON-1", "the end of the message was never received".into());
    }
    // That of a message whose own may have been left out: it was not, but says something else.
    let unread = [before, before.saturating_sub(1)].into_iter().any(|index| {
        view.exchanges().get(index).is_some_and(|exchange| {
            exchange.outcome == Outcome::Unanswered
                && matches!(&exchange.stimulus, Stimulus::Message(message) if message.complete)
        }) && !view.alignment_has(index, kind)
    });
    if unread {
        return ("CON-3", "it does not carry what was sent".into());
    }
    (
        if in_headers { "ORD-4" } else { "ORD-5" },
        "no message of this session is owed another one here".into(),
    )
}

/// ORD-8; or CON-8, where the client left within a response.
fn extra_end_of_authentication(view: &View<'_>, before: usize) -> (&'static str, String) {
    let rest = &view.wire.sent[view.reading.rest..];
    let cut = view.reading.authenticating && before >= view.exchanges().len();
    if cut && !rest.is_empty() {
        let what = format!(
            "the end of the response `{}` was never sent",
            shortened(rest)
        );
        return ("CON-8", what);
    }
    let what = if cut {
        "the exchange was never finished"
    } else {
        "no exchange has finished here with an outcome"
    };
    ("ORD-8", what.into())
}

fn extra_command_event(view: &View<'_>, event: usize, before: usize) -> (&'static str, String) {
    let fired = &view.events[event].record.event;
    let last = view.exchanges().len().saturating_sub(1);
    // The exchange itself, and from there back.
    let back = |far: usize| (before.saturating_sub(far)..=before.min(last)).rev();
    let command = |index: usize| {
        let possible = !view.came_before(index, event);
        possible.then(|| of_command(view, index, fired)).flatten()
    };
    let half_a_line = from_partial_line(view, event);
    let says_all = half_a_line.is_some() && is_of_partial_line(view, fired);
    // What fired behind the reply to a malformed command is rather that of half a line, whatever it says.
    let in_time = |index: &usize| {
        let stimulus = &view.exchanges()[*index].stimulus;
        let malformed = matches!(stimulus, Stimulus::Command(line) if line.parsed.is_err());
        half_a_line.is_none() || !malformed || !view.answered_before(*index, event)
    };
    let near = || back(1).filter(in_time).find_map(command);
    (half_a_line.clone().filter(|_| says_all))
        .or_else(|| back(NEAR).find_map(|index| from_end_of_line(view, index, fired)))
        .or_else(near)
        .or_else(|| back(2).find_map(|index| from_content(view, index, fired)))
        .or_else(|| back(2).find_map(|index| chk::from_chunk(view, index, fired)))
        .or_else(|| {
            // Half a verb says little beside a whole command that was out of sequence.
            let whole = || back(NEAR).find_map(command);
            let weak = ["REJ-1", "REJ-2", "ORD-11"];
            half_a_line.filter(|_| whole().is_none_or(|(rule, _)| weak.contains(&rule)))
        })
        .or_else(|| back(NEAR).find_map(command))
        .unwrap_or_else(|| by_state(view, fired.kind(), before))
}

/// REJ-1, where an event that a command of the session fires once may be that of a malformed command before it, and was
/// only read late: the first of the two was emitted before that one was answered, and says what stands on its line.
fn of_malformed_before(
    view: &View<'_>,
    event: usize,
    before: usize,
) -> Option<(&'static str, String)> {
    let fired = &view.events[event].record.event;
    let near = before.saturating_sub(NEAR)..=before.min(view.exchanges().len().checked_sub(1)?);
    let has_own = |index: &usize| {
        view.alignment_has(*index, fired.kind()) && view.fit(*index, fired) == Fit::Exact
    };
    let once = near.clone().rev().find(has_own)?;
    let first = view.first_laid(once)?.min(event);
    let malformed = |index: &usize| {
        let exchange = &view.exchanges()[*index];
        let speaks = matches!(&exchange.stimulus, Stimulus::Command(line)
            if line.parsed.is_err() && speaks_of(line, fired));
        speaks && exchange.outcome == Outcome::Refused && !view.answered_before(*index, first)
    };
    let index = (*near.start()..once).rev().find(malformed)?;
    of_command(view, index, fired)
}

/// The rule, if `fired` is the event of the command at `index`: why should that not have fired, or not again?
fn of_command(view: &View<'_>, index: usize, fired: &Event) -> Option<(&'static str, String)> {
    let exchange = &view.exchanges()[index];
    if let Stimulus::Response(line) = &exchange.stimulus {
        let fits = command_event_fits(&command_line(line.text), fired);
        let what = || format!("{} answers a challenge", about(view, index));
        return fits.then(|| ("AUT-13", what()));
    }
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
                let (rule, why) = acted_on(view, exchange, line.verb);
                (rule, format!("{command} is out of sequence here{why}"))
            }
            // Where refusals have no event, nothing says that this came behind one.
            (_, _, Outcome::Refused)
                if !view.alignment_has(index, fired.kind()) && !view.sees(EventKind::OnReject) =>
            {
                ("REJ-1", format!("{command} was refused"))
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
    // Where the state is left open, by what was not answered, it is not that of a session that nobody has greeted.
    let open = exchange
        .state
        .is_none_or(|state| state.transaction != Transaction::None);
    match verb {
        Verb::Mail if open => "ORD-6",
        Verb::Mail => "ORD-1",
        Verb::Rcpt | Verb::Data | Verb::Bdat if exchange.history.cleared_by.is_some() => "ORD-7",
        Verb::Rcpt => "ORD-2",
        Verb::Data | Verb::Bdat => "ORD-3",
        _ => "REJ-1",
    }
}

/// CON-4: a line of content that reads like the command.
fn from_content(view: &View<'_>, index: usize, fired: &Event) -> Option<(&'static str, String)> {
    let exchange = &view.exchanges()[index];
    let Stimulus::Message(_) = exchange.stimulus else {
        return None;
    };
    let lines = view.content_lines(exchange);
    let line = lines.iter().find(|line| command_event_fits(line, fired))?;
    Some((
        "CON-4",
        format!("`{}` is content of a message", shortened(line.text)),
    ))
}

/// WIR-6: a line that was taken for the command with which it ends, what stands before that being lost. Behind what may
/// have been taken for a line end it is another line.
fn from_end_of_line(
    view: &View<'_>,
    index: usize,
    fired: &Event,
) -> Option<(&'static str, String)> {
    let exchange = &view.exchanges()[index];
    let Stimulus::Command(line) = &exchange.stimulus else {
        return None;
    };
    let unknown = line.verb == Verb::Unknown;
    let may_be = exchange.outcome == Outcome::Accepted && (unknown || line.parsed.is_err());
    if !may_be || line.text.len() > BEHIND || !view.may_search(line.text.len()) {
        return None;
    }
    // A line that begins with a verb is that command, unless it may have ended before this one.
    let starts = (1..line.text.len()).filter(|start| match line.text[start - 1] {
        b'\n' => false,
        b'\r' => true,
        _ => unknown,
    });
    let mut ends = starts.map(|start| command_line(&line.text[start..]));
    let end = ends.find(|end| end.parsed.is_ok() && command_event_fits(end, fired))?;
    let (all, end) = (about(view, index), shortened(end.text));
    Some(("WIR-6", format!("{all} was taken for `{end}`")))
}

/// Whether what the client sent of its last line says all that the event does: a malformed line before it, of the same
/// verb, is not what was acted on.
fn is_of_partial_line(view: &View<'_>, fired: &Event) -> bool {
    let rest = &view.wire.sent[view.reading.rest..];
    let text = rest.strip_suffix(b"\r").unwrap_or(rest);
    let line = command_line(&text[..text.len().min(BEHIND)]);
    view.reading.stop == Stop::EndOfInput && line.parsed.is_ok() && command_event_fits(&line, fired)
}

/// CON-8: a line whose end was never sent, and which the client had begun to send when `event` was seen.
fn from_partial_line(view: &View<'_>, event: usize) -> Option<(&'static str, String)> {
    let text = half_a_line(view.wire, &view.reading, &view.events[event])?;
    let what = format!("the end of the line `{}` was never sent", shortened(text));
    Some(("CON-8", what))
}

/// The line whose end was never sent, if the client had begun to send it when `logged` was seen, which is of its verb.
pub(super) fn half_a_line<'w>(
    wire: &'w WireLog<'_>,
    reading: &Reading<'_>,
    logged: &LoggedEvent<'_>,
) -> Option<&'w [u8]> {
    let begun = wire.segment_of(reading.rest);
    if reading.stop != Stop::EndOfInput || begun.is_none_or(|begun| logged.entry < begun.entry) {
        return None;
    }
    let rest = &wire.sent[reading.rest..];
    let text = rest.strip_suffix(b"\r").unwrap_or(rest);
    // A verb is short; the line may be megabytes.
    let verb = Verb::of(&text[..text.len().min(LONGEST_VERB)]);
    let fits = own_event(verb) == Some(logged.record.event.kind())
        && memchr::memchr(b'\n', text).is_none();
    fits.then_some(text)
}

pub(super) fn command_line(text: &[u8]) -> CommandLine<'_> {
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
