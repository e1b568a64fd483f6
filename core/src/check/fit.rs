//! Whether an event carries what its exchange's octets say (CON-3, CON-7, REJ-3).

use super::{align::Fit, attribute::is_within, chk, extra::command_line};
use crate::{
    event::{Event, EventKind, MessageDigest, Semantics},
    model::{CommandLine, Exchange, Message, Outcome, Stimulus, WireLog, auth, own_event},
    octets::Octets,
    wire::{Command, ForwardPath, Path, ReversePath, without_initial_response},
};

/// How well `event` fits `exchange` as its `kind`.
pub(super) fn fit(
    wire: &WireLog<'_>,
    exchange: &Exchange<'_>,
    event: &Event,
    kind: EventKind,
    semantics: &Semantics,
) -> Fit {
    if event.kind() != kind {
        return Fit::No;
    }
    let exact = match (event, &exchange.stimulus) {
        (
            Event::OnReject {
                command, response, ..
            },
            stimulus,
        ) => {
            rejected_command_fits(command.as_ref(), stimulus)
                && response_fits(wire, exchange, response.as_ref())
        }
        (Event::OnEndOfAuthentication { mechanism, .. }, Stimulus::Command(line)) => {
            mechanism_fits(mechanism.as_ref(), line)
        }
        (Event::OnEndOfAuthentication { mechanism, .. }, Stimulus::Response(line)) => {
            mechanism_fits(mechanism.as_ref(), &line.auth)
        }
        (Event::OnEndOfHeaders { .. } | Event::OnEndOfData { .. }, Stimulus::Command(_)) => {
            exchange
                .chunk
                .as_ref()
                .is_some_and(|chunk| chk::digest_fits(wire, exchange, chunk, event, semantics))
        }
        (event, Stimulus::Command(line)) => command_event_fits(line, event),
        (Event::OnEndOfHeaders { headers }, Stimulus::Message(message)) => {
            digest_fits(wire, exchange, headers.as_ref(), message.header_size)
                && could_hold(wire, exchange, message, headers.as_ref())
        }
        (Event::OnEndOfData { content }, Stimulus::Message(message)) => {
            digest_fits(wire, exchange, content.as_ref(), message.content_size)
                && could_hold(wire, exchange, message, content.as_ref())
                || (semantics.blank_line_supplied
                    && fits_with_blank_line(wire, exchange, content.as_ref(), message.content_size))
        }
        _ => true,
    };
    match &exchange.stimulus {
        Stimulus::Command(line) if exact && line.parsed.is_err() && !speaks_of(line, event) => {
            Fit::Loose
        }
        _ if exact => Fit::Exact,
        Stimulus::Command(line) if nearly_fits(line, event) => Fit::Close,
        _ => Fit::Altered,
    }
}

/// Whether `event` is what the command on `line` fires, arguments and all. A malformed line fires nothing of its
/// own, so any arguments do.
pub(super) fn command_event_fits(line: &CommandLine<'_>, event: &Event) -> bool {
    let own = own_event(line.verb);
    let same_kind = own == Some(event.kind())
        || (own == Some(EventKind::OnHeloCommand) && event.kind() == EventKind::OnEhloCommand);
    let Ok(parsed) = &line.parsed else {
        return same_kind;
    };
    same_kind && arguments_fit(&parsed.command, event)
}

/// Whether what a malformed line has fired says something that stands on it, or nothing.
pub(super) fn speaks_of(line: &CommandLine<'_>, event: &Event) -> bool {
    event
        .argument()
        .is_none_or(|argument| is_within(line.text, &argument.0))
}

/// The same, where only the case of a path or domain is another, or white space at its end, or the backslashes of quoted
/// pairs are gone.
fn nearly_fits(line: &CommandLine<'_>, event: &Event) -> bool {
    let mut plain = event.clone();
    let argument = match &mut plain {
        Event::OnHeloCommand { domain } | Event::OnEhloCommand { domain } => domain,
        Event::OnMailCommand { reverse_path, .. } => reverse_path,
        Event::OnRcptCommand { forward_path, .. } => forward_path,
        _ => return false,
    };
    if let Some(argument) = argument {
        argument.0 = lowered_and_unquoted(argument.0.trim_ascii_end());
    }
    let text = lowered_and_unquoted(line.text);
    let line = command_line(&text);
    line.parsed.is_ok() && command_event_fits(&line, &plain)
}

fn lowered_and_unquoted(text: &[u8]) -> Vec<u8> {
    let unquoted = text.iter().filter(|octet| **octet != b'\\');
    unquoted.map(u8::to_ascii_lowercase).collect()
}

fn arguments_fit(command: &Command<'_>, event: &Event) -> bool {
    match (command, event) {
        (
            Command::Helo { domain } | Command::Ehlo { domain },
            Event::OnHeloCommand { domain: seen } | Event::OnEhloCommand { domain: seen },
        ) => seen_as_sent(seen.as_ref(), domain),
        (
            Command::Mail { path, parameters },
            Event::OnMailCommand {
                reverse_path,
                parameters: seen,
            },
        ) => {
            let inner = match path {
                ReversePath::Null => None,
                ReversePath::Path(path) => Some(path),
            };
            path_as_sent(reverse_path.as_ref(), path.raw(), inner)
                && seen_as_sent(seen.as_ref(), parameters.raw)
        }
        (
            Command::Rcpt { path, parameters },
            Event::OnRcptCommand {
                forward_path,
                parameters: seen,
            },
        ) => {
            let inner = match path {
                ForwardPath::Postmaster(_) => None,
                ForwardPath::Path(path) => Some(path),
            };
            path_as_sent(forward_path.as_ref(), path.raw(), inner)
                && seen_as_sent(seen.as_ref(), parameters.raw)
        }
        (
            Command::Noop { argument } | Command::Help { argument },
            Event::OnNoopCommand { argument: seen } | Event::OnHelpCommand { argument: seen },
        ) => {
            // White space at the line's end may be told as a part of it.
            let sent = argument.unwrap_or_default();
            seen.as_ref()
                .is_none_or(|seen| seen.0 == sent || seen.0.trim_ascii_end() == sent)
        }
        (Command::Auth { mechanism, .. }, Event::OnAuthCommand { mechanism: seen }) => {
            seen_as_sent(seen.as_ref(), mechanism)
        }
        _ => true,
    }
}

fn mechanism_fits(seen: Option<&Octets>, line: &CommandLine<'_>) -> bool {
    auth(line).is_some_and(|(mechanism, _)| seen_as_sent(seen, mechanism))
}

fn seen_as_sent(seen: Option<&Octets>, sent: &[u8]) -> bool {
    seen.is_none_or(|seen| seen.0 == sent)
}

/// With or without angle brackets; and without the source route, which a server should ignore (RFC 5321, C).
fn path_as_sent(seen: Option<&Octets>, raw: &[u8], path: Option<&Path<'_>>) -> bool {
    let Some(seen) = seen else { return true };
    let bare = seen
        .0
        .strip_prefix(b"<")
        .and_then(|s| s.strip_suffix(b">"))
        .unwrap_or(&seen.0);
    let without_route = path.and_then(|path| raw.get(path.route?.len() + 1..));
    bare == raw || without_route == Some(bare)
}

/// The size first: what has another is not worth hashing. Of a message that is not taken, a server need not show more
/// than the beginning: it may have found out in the middle.
fn digest_fits(
    wire: &WireLog<'_>,
    exchange: &Exchange<'_>,
    seen: Option<&MessageDigest>,
    size: Option<u64>,
) -> bool {
    match (seen, size) {
        (Some(seen), Some(size)) => {
            let cut = exchange.outcome != Outcome::Accepted && seen.size < size;
            (seen.size == size || cut)
                && *seen == wire.content_digest(exchange.span.start, seen.size)
        }
        _ => true,
    }
}

/// The same of what a server hands on that keeps header fields and body apart.
fn fits_with_blank_line(
    wire: &WireLog<'_>,
    exchange: &Exchange<'_>,
    seen: Option<&MessageDigest>,
    size: Option<u64>,
) -> bool {
    match (seen, size) {
        (Some(seen), Some(size)) => {
            seen.size == size + 2
                && wire
                    .digest_with_blank_line(exchange.span.start, size)
                    .as_ref()
                    == Some(seen)
        }
        _ => true,
    }
}

/// Whether what stands before a look-alike end can be as long as what was `seen`. A lenient server may have made CRLF of
/// other line ends, and have added a last one, but nothing that came later.
fn could_hold(
    wire: &WireLog<'_>,
    exchange: &Exchange<'_>,
    message: &Message,
    seen: Option<&MessageDigest>,
) -> bool {
    let (Some(seen), Some(end)) = (seen, message.ended_by) else {
        return true;
    };
    let octets = &wire.sent[exchange.span.clone()];
    let before = octets.len().checked_sub(1 + end.after.octets().len());
    let (Some(before), false) = (before, wire.repeats_in(&exchange.span)) else {
        return true;
    };
    let octets = &octets[..before];
    let pairs = memchr::memmem::find_iter(octets, b"\r\n").count();
    let line_ends = memchr::memchr2_iter(b'\r', b'\n', octets).count();
    seen.size <= (octets.len() + line_ends - 2 * pairs + 2) as u64
}

/// A line too long to be kept may be reported by its beginning, AUTH without its initial response, and a response by
/// its AUTH command. What it may not show is AUT-16's concern.
fn rejected_command_fits(seen: Option<&Octets>, stimulus: &Stimulus<'_>) -> bool {
    match (seen, stimulus) {
        (Some(seen), Stimulus::Response(line)) => {
            let shown = without_initial_response(line.auth.text);
            seen.0 == line.text || seen.0 == line.auth.text || seen.0 == shown
        }
        (Some(seen), Stimulus::Command(line))
            if auth(line).is_some() && seen.0 == without_initial_response(line.text) =>
        {
            true
        }
        (Some(seen), Stimulus::Command(line)) => {
            let cut = line.text.len() > crate::model::COMMAND_LINE_LIMIT && !seen.0.is_empty();
            seen.0 == line.text || (cut && line.text.starts_with(&seen.0))
        }
        _ => true,
    }
}

/// Of a message that was refused for some of its recipients only, that to one of these; it may be one that is missing.
fn response_fits(wire: &WireLog<'_>, exchange: &Exchange<'_>, seen: Option<&Octets>) -> bool {
    let (Some(seen), Some(first)) = (seen, exchange.reply) else {
        return true;
    };
    let is_seen = |reply: usize| seen.0 == wire.replies[reply].reply.text();
    if exchange.refusals == 0 {
        return is_seen(first) || exchange.missing() > 0;
    }
    exchange.missing() > 0 || exchange.replies().any(is_seen)
}
