//! WIR-1 to WIR-4, WIR-11 and WIR-16: the replies themselves.

use super::order::legal;
use crate::{
    check::{
        con::lost_behind_data,
        lmt, tls,
        view::{Found, View},
        words::about,
    },
    model::{Exchange, LoggedReply, Outcome, Stimulus, Stop, reply_lines},
    octets::escape,
    transcript::ClientAct,
    wire::Verb,
};

/// Octets of a reply line, its CRLF included (RFC 5321, 4.5.3.1.5).
const REPLY_LINE_LIMIT: usize = 512;

pub(super) fn judge(view: &View<'_>, founds: &mut Vec<Found>) {
    let first_unanswered = view
        .exchanges()
        .iter()
        .position(|exchange| exchange.outcome == Outcome::Unanswered);
    if let Some(index) = first_unanswered {
        founds.extend(unanswered(view, index));
    }
    founds.extend(timed_out_by_itself(view));
    match half_line(view) {
        Some(found) => founds.push(found),
        None => founds.extend(unsolicited(view).into_iter().chain(farewell(view))),
    }
    founds.extend(malformed(view));
    for (index, exchange) in view.exchanges().iter().enumerate() {
        let Some(reply) = view.reply(exchange) else {
            continue;
        };
        founds.extend(illegal_code(view, index, exchange, reply));
        if exchange.verb() == Some(Verb::Ehlo) && exchange.outcome == Outcome::Accepted {
            founds.extend(ehlo_reply(view, reply));
        }
    }
}

/// A reply is owed only where the client waited for it to the end.
fn unanswered(view: &View<'_>, index: usize) -> Option<Found> {
    if !view.wire.did(ClientAct::GaveUp) || view.wire.server_end.is_some() || view.is_slowed() {
        return None;
    }
    let exchange = &view.exchanges()[index];
    let cut_chunk = exchange.chunk.as_ref().is_some_and(|chunk| !chunk.complete);
    if cut_chunk || matches!(&exchange.stimulus, Stimulus::Message(message) if !message.complete) {
        return None;
    }
    if lmt::is_for_nobody(view, exchange) {
        return None;
    }
    let what = format!("{} was never answered", about(view, index));
    Some(Found::new(owed_by(view, index), exchange.entry, what))
}

/// The rule by which the exchange is owed a reply.
fn owed_by(view: &View<'_>, index: usize) -> &'static str {
    let exchange = &view.exchanges()[index];
    if let Some(rule) = lmt::robbed_of_reply(view, index) {
        return rule;
    }
    match &exchange.stimulus {
        Stimulus::Connection => "WIR-1",
        _ if lost_behind_data(view, index) => "CON-9",
        _ if exchange.verb() == Some(Verb::Quit) => "WIR-7",
        _ if exchange.chunk.is_some() => "CHK-1",
        _ => "WIR-2",
    }
}

/// Nanoseconds within which no server times a client out. A second is the shortest that adapters set, and some timers fire a
/// little early.
const NO_TIME_OUT: u64 = 900_000_000;

/// The 421 of a time-out is no answer to a command: the server waited for a client that waited for the server.
fn timed_out_by_itself(view: &View<'_>) -> Option<Found> {
    let index = view.exchanges().len().checked_sub(1)?;
    let exchange = &view.exchanges()[index];
    let reply = view.reply(exchange)?;
    let waited = reply.at.saturating_sub(exchange.sent_at) >= NO_TIME_OUT;
    let is_it = exchange.outcome == Outcome::Dropped
        && waited
        && !matches!(exchange.stimulus, Stimulus::Connection)
        && !view.wire.did(ClientAct::Silence)
        && !lmt::is_for_nobody(view, exchange)
        && says_timed_out(&reply.reply.raw);
    let what = || {
        format!(
            "{} was never answered: the server timed out waiting for more",
            about(view, index)
        )
    };
    is_it.then(|| Found::new(owed_by(view, index), reply.entry, what()))
}

fn says_timed_out(reply: &[u8]) -> bool {
    let said = reply.to_ascii_lowercase();
    [&b"timeout"[..], b"timed out", b"time-out"]
        .iter()
        .any(|word| memchr::memmem::find(&said, word).is_some())
}

/// A 421 may come at any time, and a refusal may answer what the client cut off; anything else answers something
/// that was sent. One finding, however many there are. A refusal with which the server leaves answers nothing either,
/// but that is one fault: it leaves without a 421 (WIR-18).
fn unsolicited(view: &View<'_>) -> Option<Found> {
    let replies = &view.wire.replies;
    let is_421 = |index: &usize| replies[*index].reply.code == Some(421);
    let last_refusal = replies
        .len()
        .checked_sub(1)
        .filter(|last| was_cut_off(view) && matches!(replies[*last].reply.code, Some(400..=599)));
    let mut stray = view.reading.unsolicited.iter().copied().filter(|index| {
        !is_421(index)
            && Some(*index) != last_refusal
            && !leaves_with(view, *index)
            && !tls::explains_reply(view, *index)
            && !is_farewell(view, *index)
    });
    let first = stray.next()?;
    let more = match stray.count() {
        0 => String::new(),
        n => format!(", nor do {n} more replies"),
    };
    let logged = &replies[first];
    let text = shortened(logged.reply.text());
    let rule = if (0..first).any(|index| is_421(&index)) {
        "WIR-8"
    } else {
        lmt::one_too_many(view, first).unwrap_or("WIR-2")
    };
    Some(Found::new(
        rule,
        logged.entry,
        format!("`{text}` answers nothing that was sent{more}"),
    ))
}

/// Whether reply `index` refuses, and is the last thing that the server says before it closes.
fn leaves_with(view: &View<'_>, index: usize) -> bool {
    let refuses = matches!(view.wire.replies[index].reply.code, Some(400..=599));
    refuses && index + 1 == view.wire.replies.len() && view.server_left_first()
}

/// Whether the client ended its side within a message or a line.
fn was_cut_off(view: &View<'_>) -> bool {
    let in_message = view.messages().any(|(_, message)| !message.complete)
        || view.chunks().any(|(_, chunk)| !chunk.complete);
    (in_message || in_line(view)) && view.wire.did(ClientAct::HalfClose)
}

/// Whether what the client sent ends within a line.
fn in_line(view: &View<'_>) -> bool {
    view.reading.stop == Stop::EndOfInput && view.reading.rest < view.wire.sent.len()
}

/// A line whose end never came, accepted as if it had.
fn half_line(view: &View<'_>) -> Option<Found> {
    let rest = &view.wire.sent[view.reading.rest..];
    let half = view.reading.stop == Stop::EndOfInput
        && !rest.is_empty()
        && memchr::memchr(b'\n', rest).is_none();
    let sent = view.wire.segment_of(view.wire.sent.len().checked_sub(1)?)?;
    let reply = *view.reading.unsolicited.first()?;
    let logged = &view.wire.replies[reply];
    let accepted = matches!(logged.reply.code, Some(200..=399));
    (half && accepted && logged.at > sent.at).then(|| {
        let what = format!(
            "`{}`, a line whose end was never sent, was answered `{}`",
            shortened(rest),
            shortened(logged.reply.text())
        );
        Found::new("CON-8", logged.entry, what)
    })
}

/// A 221 that answers nothing, where nobody has said QUIT.
fn is_farewell(view: &View<'_>, reply: usize) -> bool {
    view.wire.replies[reply].reply.code == Some(221) && !view.quit_accepted()
}

fn farewell(view: &View<'_>) -> Option<Found> {
    let mut stray = view.reading.unsolicited.iter();
    let reply = stray.find(|reply| is_farewell(view, **reply))?;
    let logged = &view.wire.replies[*reply];
    let what = format!("`{}`: nobody had said QUIT", shortened(logged.reply.text()));
    Some(Found::new("WIR-18", logged.entry, what))
}

/// The first malformed reply; one is enough to say so.
fn malformed(view: &View<'_>) -> Option<Found> {
    let broken = view
        .wire
        .replies
        .iter()
        .find_map(|logged| Some((logged, logged.reply.problem?)));
    if let Some((logged, problem)) = broken {
        let what = format!("`{}`: {problem}", shortened(&logged.reply.raw));
        return Some(Found::new("WIR-3", logged.entry, what));
    }
    let rest = &view.wire.unfinished_reply;
    let waited = view
        .wire
        .server_end
        .is_some_and(|(end, ..)| end == crate::transcript::ServerEnd::Close)
        || view.wire.did(ClientAct::GaveUp)
        || view.wire.did(ClientAct::Overflow);
    (waited && !rest.is_empty())
        .then(|| Found::new("WIR-3", None, format!("`{}` has no end", shortened(rest))))
        .or_else(|| over_long(view))
}

fn shortened(octets: &[u8]) -> String {
    const MOST: usize = 60;
    let dots = if octets.len() > MOST { "..." } else { "" };
    format!("{}{dots}", octets[..octets.len().min(MOST)].escape_ascii())
}

fn over_long(view: &View<'_>) -> Option<Found> {
    let longest = |logged: &LoggedReply| {
        let lines = reply_lines(&logged.reply.raw).map(<[u8]>::len);
        lines.max().unwrap_or(0)
    };
    let mut long = view
        .wire
        .replies
        .iter()
        .filter(|logged| logged.reply.raw.len() > REPLY_LINE_LIMIT);
    let logged = long.find(|logged| longest(logged) > REPLY_LINE_LIMIT)?;
    let what = format!("a reply line of {} octets", longest(logged));
    Some(Found::new("WIR-16", logged.entry, what))
}

fn illegal_code(
    view: &View<'_>,
    index: usize,
    exchange: &Exchange<'_>,
    logged: &LoggedReply,
) -> Option<Found> {
    let code = logged.reply.code?;
    let response = matches!(exchange.stimulus, Stimulus::Response(_));
    if code == 221 && exchange.outcome == Outcome::Dropped && !response {
        let what = format!(
            "{} was answered 221: nobody had said QUIT",
            about(view, index)
        );
        return Some(Found::new("WIR-18", logged.entry, what));
    }
    // WIR-6 and WIR-13 speak of what should have been refused, and may have been taken for another command.
    let may_be_another = matches!(&exchange.stimulus, Stimulus::Command(line)
        if line.verb == Verb::Unknown || line.text.trim_ascii_end().contains(&b'\r'));
    if legal(exchange, code) || (may_be_another && (200..300).contains(&code)) {
        return None;
    }
    let rule = match &exchange.stimulus {
        Stimulus::Connection => "WIR-1",
        Stimulus::Command(line) if line.verb == Verb::Quit => "WIR-7",
        Stimulus::Response(_) => "AUT-13",
        Stimulus::Command(line) if line.verb == Verb::Bdat => "CHK-1",
        _ => "WIR-4",
    };
    let what = format!("{} was answered {code}", about(view, index));
    Some(Found::new(rule, logged.entry, what))
}

/// ehlo-ok-rsp = ( "250" SP Domain [ SP ehlo-greet ] CRLF )
///             / ( "250-" Domain [ SP ehlo-greet ] CRLF *( "250-" ehlo-line CRLF ) "250" SP ehlo-line CRLF )
/// ehlo-keyword = (ALPHA / DIGIT) *(ALPHA / DIGIT / "-")
fn ehlo_reply(view: &View<'_>, logged: &LoggedReply) -> Option<Found> {
    if logged.reply.problem.is_some() {
        return None;
    }
    for (number, text) in texts(&logged.reply.raw).enumerate() {
        let word = text
            .split(|octet| *octet == b' ')
            .next()
            .unwrap_or_default();
        let good = if number == 0 {
            !word.is_empty() && word.iter().all(u8::is_ascii_graphic)
        } else {
            let rest = word
                .iter()
                .all(|octet| octet.is_ascii_alphanumeric() || *octet == b'-');
            // `AUTH=LOGIN` is an old client's spelling that servers still send beside the right one.
            word.first().is_some_and(u8::is_ascii_alphanumeric)
                && (rest || word.starts_with(b"AUTH="))
        };
        if !good {
            let what = format!(
                "{}'s reply, line {}: `{}` is no {}",
                view.ehlo(),
                number + 1,
                escape(text),
                if number == 0 { "domain" } else { "keyword" }
            );
            return Some(Found::new("WIR-11", logged.entry, what));
        }
    }
    None
}

/// The text of each line of a reply.
pub(in crate::check) fn texts(raw: &[u8]) -> impl Iterator<Item = &[u8]> {
    reply_lines(raw).map(|line| line.get(4..).unwrap_or_default().trim_ascii_end())
}
