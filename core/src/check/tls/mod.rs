//! TLS: what STARTTLS must be answered, what is forgotten behind a handshake, and what is never acted on. CON-6, the
//! commands that came in clear behind STARTTLS, is a lenient reading's affair and stands with the others in `con`.

mod rules;

pub(super) use rules::RULES;

use super::{
    verdict::Level,
    view::{Found, View},
    wir::texts,
    words::about,
};
use crate::{
    event::{EventKind, HandlerAction},
    model::{Begun, CommandLine, Exchange, LoggedHandshake, Outcome, Stimulus, Stop, Transaction},
    transcript::Handshake,
    wire::{Leniency, Verb},
};

pub(super) fn judge(view: &View<'_>, founds: &mut Vec<Found>) {
    founds.extend(failed(view));
    founds.extend(banner_again(view));
    founds.extend(behind_notify(view));
    for (index, exchange) in view.exchanges().iter().enumerate() {
        let Stimulus::Command(line) = &exchange.stimulus else {
            continue;
        };
        founds.extend(announced_again(view, index, exchange, line.verb));
        founds.extend(wants_tls(view, index, exchange, line.verb));
        if line.verb == Verb::StartTls {
            founds.extend(starttls(view, index, exchange, line));
        }
    }
}

/// The commands with `verb`, each with its exchange and the index of that.
fn of_verb<'v, 't>(
    view: &'v View<'t>,
    verb: Verb,
) -> impl Iterator<Item = (usize, &'v Exchange<'t>, &'v CommandLine<'t>)> {
    let exchanges = view.exchanges().iter().enumerate();
    exchanges.filter_map(move |(index, exchange)| match &exchange.stimulus {
        Stimulus::Command(line) if line.verb == verb => Some((index, exchange, line)),
        _ => None,
    })
}

/// The STARTTLS whose handshake was finished, if there is one.
fn handshake_of<'v>(view: &'v View<'_>) -> Option<&'v Begun> {
    view.reading.handshakes.iter().find(|begun| begun.done)
}

/// Whether TLS came before the banner.
fn is_implicit(view: &View<'_>) -> bool {
    let first = view.wire.handshakes.first();
    first.is_some_and(|first| first.is_done() && first.is_first(view.wire))
}

/// Whether `exchange` stands inside TLS.
pub(super) fn is_secured(view: &View<'_>, exchange: usize) -> bool {
    is_implicit(view) || handshake_of(view).is_some_and(|begun| begun.exchange < exchange)
}

/// Whether `exchange` stands behind a handshake, and the client was greeted before that.
fn greeted_before(view: &View<'_>, exchange: usize) -> bool {
    let begun = handshake_of(view).filter(|begun| begun.exchange < exchange);
    let before = begun.map_or(&[][..], |begun| &view.exchanges()[..begun.exchange]);
    before.iter().any(is_greeting)
}

fn is_greeting(exchange: &Exchange<'_>) -> bool {
    let greets = matches!(exchange.verb(), Some(Verb::Helo | Verb::Ehlo));
    greets && exchange.outcome == Outcome::Accepted
}

/// What MAIL without a greeting, taken in `exchange`, shows of what the server should have forgotten (TLS-3), if it does:
/// the client was greeted before the handshake. Only where the same session has shown before that the server wants a
/// greeting it is more than not strict, and where other sessions have shown that it wants none it is nothing.
pub(super) fn shows_memory(view: &View<'_>, exchange: usize) -> Option<Level> {
    let wanted_one = |exchange: &Exchange<'_>| {
        let ungreeted = exchange.state.is_some_and(|state| !state.greeted);
        let refused = exchange.outcome == Outcome::Refused;
        exchange.verb() == Some(Verb::Mail) && ungreeted && refused
    };
    let judged = greeted_before(view, exchange) && !view.elsewhere.needs_no_greeting();
    judged.then(|| {
        let certain = view.exchanges()[..exchange].iter().any(wanted_one);
        if certain { Level::Must } else { Level::Should }
    })
}

/// Whether the greeting before `exchange` announced STARTTLS.
fn announced_to(view: &View<'_>, exchange: usize) -> bool {
    let greeting = view.exchanges()[..exchange]
        .iter()
        .rev()
        .find(|e| is_greeting(e));
    !is_secured(view, exchange) && greeting.is_some_and(|greeting| announces(view, greeting))
}

fn announces(view: &View<'_>, ehlo: &Exchange<'_>) -> bool {
    let reply = view.reply(ehlo).map_or(&[][..], |reply| &reply.reply.raw);
    ehlo.verb() == Some(Verb::Ehlo)
        && texts(reply)
            .skip(1)
            .any(|text| text.eq_ignore_ascii_case(b"STARTTLS"))
}

/// Whether a STARTTLS has a parameter, and nothing worse.
fn has_parameter(line: &CommandLine<'_>) -> bool {
    let is_text = |octet: &u8| matches!(octet, b' '..=b'~');
    let parsed = line.parsed.as_ref();
    line.text.iter().all(is_text)
        && parsed.is_ok_and(|parsed| parsed.leniencies.contains(Leniency::UnexpectedArgument))
}

/// TLS-1: a client's handshake, begun with nothing in clear before it, that came to nothing. TLS-10: TLS that broke behind
/// one that was done.
fn failed(view: &View<'_>) -> Option<Found> {
    if view.reading.stop == Stop::Extension(Verb::StartTls) {
        // What becomes of TLS within TLS is not followed.
        return None;
    }
    view.wire
        .handshakes
        .iter()
        .enumerate()
        .find_map(|(at, logged)| {
            let Handshake::Failed(why) = logged.handshake else {
                return None;
            };
            if at == 0 && logged.is_first(view.wire) && sent_away(view) {
                return None;
            }
            let before = &view.wire.handshakes[..at];
            if before.iter().any(LoggedHandshake::is_done) {
                let what = format!("TLS broke behind its handshake: {why}");
                return Some(Found::new("TLS-10", logged.entry, what));
            }
            let mut begun = view.reading.handshakes.iter();
            let clean = begun.all(|begun| begun.handshake != Some(at) || begun.in_clear.is_empty());
            clean.then(|| Found::new("TLS-1", logged.entry, format!("no TLS came about: {why}")))
        })
}

/// Whether a handler does not let the client in: where TLS comes first it is asked before the handshake, and a server that has
/// nothing to say to a client need not do one.
fn sent_away(view: &View<'_>) -> bool {
    let handlers = &view.log.open.handlers;
    let action = handlers.action(EventKind::OnConnect, 1);
    !matches!(action, HandlerAction::Accept | HandlerAction::Sleep(_))
}

/// Whether TLS broke behind its handshake (TLS-10).
pub(super) fn broke(view: &View<'_>) -> bool {
    let mut logged = view.wire.handshakes.iter();
    logged.any(LoggedHandshake::is_done)
        && logged.any(|later| matches!(later.handshake, Handshake::Failed(_)))
}

/// TLS-9: a 220 inside TLS that no STARTTLS has asked for.
fn banner_again(view: &View<'_>) -> Option<Found> {
    let index = banner_inside(view)?;
    let what = "a banner came behind the handshake, as if the connection were new";
    Some(Found::new(
        "TLS-9",
        view.wire.replies[index].entry,
        what.into(),
    ))
}

/// The first reply behind a handshake, if it is a banner that answers nothing.
fn banner_inside(view: &View<'_>) -> Option<usize> {
    let handshake = view.wire.handshakes.get(handshake_of(view)?.handshake?)?;
    let mut replies = view.wire.replies.iter();
    let first = replies.position(|reply| reply.entry > handshake.entry)?;
    let is_banner = view.wire.replies[first].reply.code == Some(220);
    (is_banner && view.reading.unsolicited.contains(&first)).then_some(first)
}

/// TLS-8: replies and events that only what came in clear behind the close_notify explains.
fn behind_notify(view: &View<'_>) -> Option<Found> {
    let (octets, notified) = view.wire.behind_notify.as_ref()?;
    let unsolicited = view.reading.unsolicited.iter();
    let reply = unsolicited
        .map(|index| view.wire.replies[*index].entry)
        .find(|entry| entry > notified);
    let entry = reply.or_else(|| {
        let extra = view.extra_events().map(|event| view.events[event].entry);
        extra.filter(|entry| entry > notified).min()
    })?;
    let what = || {
        let sent = super::words::shortened(octets);
        format!("`{sent}`, sent in clear behind the close_notify, was acted on")
    };
    (!octets.is_empty()).then(|| Found::new("TLS-8", entry, what()))
}

/// Whether a rule of this file says why reply `index` answers nothing.
pub(super) fn explains_reply(view: &View<'_>, index: usize) -> bool {
    let entry = view.wire.replies[index].entry;
    explains(view, entry) || banner_inside(view) == Some(index)
}

/// Whether a rule of this file says why something came at `entry` that nothing had caused: behind a close_notify, or
/// where no TLS came about.
pub(super) fn explains(view: &View<'_>, entry: usize) -> bool {
    let behind_notify = view.wire.behind_notify.as_ref();
    let notified = behind_notify.is_some_and(|(octets, at)| entry > *at && !octets.is_empty());
    notified || (view.reading.stop == Stop::Handshake && failed(view).is_some())
}

/// TLS-4.
fn announced_again(
    view: &View<'_>,
    index: usize,
    exchange: &Exchange<'_>,
    verb: Verb,
) -> Option<Found> {
    let again = verb == Verb::Ehlo
        && exchange.outcome == Outcome::Accepted
        && is_secured(view, index)
        && announces(view, exchange);
    let what = || format!("{} announced STARTTLS inside TLS", about(view, index));
    again.then(|| Found::new("TLS-4", entry(view, exchange), what()))
}

/// The commands that no server may want TLS for.
const fn is_free(verb: Verb) -> bool {
    matches!(verb, Verb::Noop | Verb::Ehlo | Verb::StartTls | Verb::Quit)
}

/// TLS-7.
fn wants_tls(view: &View<'_>, index: usize, exchange: &Exchange<'_>, verb: Verb) -> Option<Found> {
    let wants = is_free(verb) && view.code(exchange) == Some(530) && !is_secured(view, index);
    let what = || format!("{} was answered 530: it needs no TLS", about(view, index));
    wants.then(|| Found::new("TLS-7", entry(view, exchange), what()))
}

/// TLS-2, TLS-5 and TLS-6.
fn starttls(
    view: &View<'_>,
    index: usize,
    exchange: &Exchange<'_>,
    line: &CommandLine<'_>,
) -> Option<Found> {
    let code = view.code(exchange)?;
    let accepted = exchange.outcome == Outcome::Accepted;
    let found = |rule, level, why: &str| {
        let what = format!("{} was answered {code}: {why}", about(view, index));
        Some(Found {
            level: Some(level),
            ..Found::new(rule, entry(view, exchange), what)
        })
    };
    if is_secured(view, index) {
        return accepted
            .then(|| found("TLS-5", Level::Must, "TLS is active already"))
            .flatten();
    }
    match (has_parameter(line), accepted) {
        (true, true) => found("TLS-2", Level::Must, "it takes no parameter"),
        (true, false) if announced_to(view, index) && !matches!(code, 501 | 421) => {
            found("TLS-2", Level::Should, "a parameter of STARTTLS is 501")
        }
        (false, false) if must_be_served(view, index) && code >= 500 && code != 530 => {
            let why = view.either("EHLO announced it", "LHLO announced it");
            found("TLS-6", Level::Must, why)
        }
        _ => None,
    }
}

/// Whether STARTTLS, at `index`, may not be refused for good.
fn must_be_served(view: &View<'_>, index: usize) -> bool {
    let exchange = &view.exchanges()[index];
    let idle = exchange
        .state
        .is_some_and(|state| state.transaction == Transaction::None);
    let plain = matches!(&exchange.stimulus, Stimulus::Command(line) if line.parsed.is_ok())
        && exchange.leniencies().is_empty();
    let next = view.wire.segment_of(exchange.span.end);
    let more = view.wire.sent.len() > exchange.span.end;
    let alone = next
        .filter(|_| more)
        .is_none_or(|next| view.reply(exchange).is_some_and(|reply| next.at > reply.at));
    idle && plain && alone && announced_to(view, index) && exchange.outcome != Outcome::Dropped
}

fn entry(view: &View<'_>, exchange: &Exchange<'_>) -> Option<usize> {
    view.reply(exchange).map(|reply| reply.entry)
}
