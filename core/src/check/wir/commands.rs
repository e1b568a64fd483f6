//! WIR-5, -6, -10, -12 to -15, -17 and -20: what a command must be answered.

use super::rules::{any_time, has_special_path, minimum, must_be_accepted};
use crate::{
    check::{
        chk,
        clauses::is_more_exact,
        offers::EXTENSIONS,
        verdict::Level,
        view::{Found, View},
        words::about,
    },
    model::{COMMAND_LINE_LIMIT, Certainty, CommandLine, Exchange, Outcome, Stimulus, own_event},
    wire::{Command, LeniencyLevel, LineEnd, Parameter, Protocol, Verb, parse_command},
};

pub(super) fn judge(view: &View<'_>, founds: &mut Vec<Found>) {
    for (index, exchange) in view.exchanges().iter().enumerate() {
        let Stimulus::Command(line) = &exchange.stimulus else {
            continue;
        };
        let Some(code) = view.code(exchange) else {
            continue;
        };
        let refused = exchange.outcome == Outcome::Refused;
        // Read as lines that a bare LF ended; refused as no lines of SMTP.
        if line.end != LineEnd::CrLf && refused {
            continue;
        }
        // Where the server left, or was spoken to too soon, the answer need not be the command's.
        if exchange.outcome == Outcome::Dropped || (refused && view.spoke_too_soon(exchange)) {
            continue;
        }
        let broken = [
            wrong_refusal(view, index, line, code),
            malformed_accepted(view, index, line),
            unknown_accepted(exchange, line),
            not_honoured(view, index, line, code),
            must_accept(view, index, line, code),
        ];
        let entry = view.reply(exchange).map(|reply| reply.entry);
        for (rule, level, why) in broken.into_iter().flatten() {
            let what = format!("{} was answered {code}: {why}", about(view, index));
            founds.push(Found {
                level: Some(level),
                ..Found::new(rule, entry, what)
            });
        }
    }
}

/// Octets of a line that no server calls long.
const SHORT: usize = 256;

type Broken = Option<(&'static str, Level, String)>;

#[expect(
    clippy::unnecessary_wraps,
    reason = "it is what every judge here returns"
)]
fn must(rule: &'static str, why: impl Into<String>) -> Broken {
    Some((rule, Level::Must, why.into()))
}

/// A refusal that is not this command's: 503 in sequence, another code out of it, 500 for what must be known.
fn wrong_refusal(view: &View<'_>, index: usize, line: &CommandLine<'_>, code: u16) -> Broken {
    let exchange = &view.exchanges()[index];
    let strict = line.parsed.is_ok() && exchange.leniencies().is_empty();
    if !strict || exchange.outcome != Outcome::Refused {
        return None;
    }
    let served = view.exchanges()[0].outcome == Outcome::Accepted;
    if served && code == 503 && any_time(line.verb) {
        return must("WIR-10", "it may be used at any time");
    }
    let greets = matches!(line.verb, Verb::Helo | Verb::Ehlo);
    if served && code == 503 && greets {
        return must("WIR-5", "it may be repeated at any time");
    }
    let sequenced = matches!(line.verb, Verb::Mail | Verb::Rcpt | Verb::Data);
    if chk::mixes(exchange) {
        return None;
    }
    if exchange.in_sequence == Certainty::No && sequenced {
        // A line beyond the limit may be refused before it is read (RFC 5321, 4.5.3.1.10).
        let too_long = code == 500 && exchange.span.len() > COMMAND_LINE_LIMIT;
        // Nor is one with 8-bit octets read by a server without SMTPUTF8.
        let eight_bit = matches!(code, 500 | 553) && !line.text.is_ascii();
        // A quoted string that the server cannot read: WIR-20 says so where it is in sequence.
        let unread = code == 500 && line.text.contains(&b'"');
        // Nor parameters or the null path, which where they are in sequence another rule asks for.
        let unknown = code == 500 && (needs_extension(line) || has_special_path(line));
        // Nor is it the sequence where its handler was asked, and refuses.
        let handled = exchange.may_do_without_greeting() && was_handled(view, index, line);
        let blamed =
            too_long || eight_bit || unread || unknown || handled || turned_away(view, index);
        return match (blamed || out_of_sequence_code(line.verb, code), served) {
            (true, _) => None,
            (false, true) => must("WIR-5", "out of sequence is 503"),
            // RFC 5321, 3.1: it SHOULD be.
            (false, false) => Some((
                "WIR-5",
                Level::Should,
                "behind a banner that refuses it is 503".to_owned(),
            )),
        };
    }
    if matches!(code, 500 | 502) && minimum(line.verb) {
        return misread(view, index, line);
    }
    None
}

/// 503 for all; 554 for DATA without valid recipients (RFC 5321, 3.3); 530 where the server wants AUTH or TLS
/// first; 555 and 501 where the parameters were looked at before the sequence.
const fn out_of_sequence_code(verb: Verb, code: u16) -> bool {
    matches!((verb, code), (_, 503 | 530 | 501 | 555) | (Verb::Data, 554))
}

/// Whether a verb of the minimum was answered as unknown, in a line with nothing about it that could be blamed.
pub(in crate::check) fn is_plainly_unknown(
    exchange: &Exchange<'_>,
    line: &CommandLine<'_>,
    code: Option<u16>,
) -> bool {
    let strict = line.parsed.is_ok() && exchange.leniencies().is_empty();
    let plain = exchange.span.len() <= SHORT && !lower_case(line.text) && !needs_extension(line);
    let sequenced = exchange.in_sequence == Certainty::Yes;
    strict
        && plain
        && sequenced
        && minimum(line.verb)
        && matches!(code, Some(500 | 502))
        && !asks_nobody(line)
}

/// Whether the server would not serve this client any more: what it then says to it is policy as much as sequence.
fn turned_away(view: &View<'_>, index: usize) -> bool {
    view.refused_greeting()
        .is_some_and(|greeting| greeting < index)
        || view.session_refused_by_handler()
}

/// A well-formed command of the minimum that was answered as if it were unknown.
fn misread(view: &View<'_>, index: usize, line: &CommandLine<'_>) -> Broken {
    let len = view.exchanges()[index].span.len();
    if len > COMMAND_LINE_LIMIT
        || was_handled(view, index, line)
        || needs_extension(line)
        || asks_nobody(line)
    {
        return None;
    }
    let unknown = view.elsewhere.is_unknown(line.verb);
    // What the server does not take when it is short is not too long; and alone, a long line may be refused for its
    // argument as well.
    let taken_short = |(exchange, short): (&Exchange<'_>, &CommandLine<'_>)| {
        has_argument(line.verb, short) && exchange.outcome == Outcome::Accepted
    };
    if len > SHORT && !unknown {
        return if view.commands().any(taken_short) {
            must(
                "WIR-12",
                format!("a line of {len} octets is within the limit"),
            )
        } else {
            None
        };
    }
    if lower_case(line.text) && !unknown && !optional(line) {
        return must("WIR-17", "verbs are read without regard to case");
    }
    // LMT-7 speaks of LHLO.
    if view.wire.protocol.is_lmtp() && line.verb == Verb::Ehlo {
        return None;
    }
    must("WIR-20", "every server must know it")
}

/// Whether `line` is `verb` with an argument.
fn has_argument(verb: Verb, line: &CommandLine<'_>) -> bool {
    line.verb == verb && line.text.trim_ascii_end().contains(&b' ')
}

/// What some servers do not have at all, in whatever case: VRFY, and the argument of NOOP.
fn optional(line: &CommandLine<'_>) -> bool {
    let command = line.parsed.map(|parsed| parsed.command);
    line.verb == Verb::Vrfy || matches!(command, Ok(Command::Noop { argument: Some(_) }))
}

/// A command whose event fired was understood; what its handler then made of it is its own affair.
fn was_handled(view: &View<'_>, index: usize, line: &CommandLine<'_>) -> bool {
    own_event(line.verb).is_some_and(|own| view.alignment_has(index, own))
}

/// VRFY of what is no mailbox: a server may say so by any refusal (RFC 5321, 3.5.3).
fn asks_nobody(line: &CommandLine<'_>) -> bool {
    let Ok(Command::Vrfy { argument }) = line.parsed.map(|parsed| parsed.command) else {
        return false;
    };
    let argument = argument.trim_ascii();
    let bare = argument
        .strip_prefix(b"<")
        .and_then(|a| a.strip_suffix(b">"))
        .unwrap_or(argument);
    let as_path = [&b"RCPT TO:<"[..], bare, b">"].concat();
    !parse_command(&as_path).is_ok_and(|parsed| parsed.leniencies.is_empty())
}

/// A parameter or an 8-bit octet asks for more than the minimum.
fn needs_extension(line: &CommandLine<'_>) -> bool {
    let command = line.parsed.map(|parsed| parsed.command);
    let parameterised = matches!(command, Ok(Command::Mail { parameters, .. } | Command::Rcpt { parameters, .. }) if !parameters.raw.is_empty());
    parameterised || !line.text.is_ascii()
}

/// Whether the verb has a lower-case letter.
pub(in crate::check) fn lower_case(text: &[u8]) -> bool {
    let verb = text
        .split(|octet| *octet == b' ')
        .next()
        .unwrap_or_default();
    let known = Verb::of(text) != Verb::Unknown || Protocol::Lmtp.verb(text) == Verb::Ehlo;
    known && verb.iter().any(u8::is_ascii_lowercase)
}

fn malformed_accepted(view: &View<'_>, index: usize, line: &CommandLine<'_>) -> Broken {
    let exchange = &view.exchanges()[index];
    let accepted = exchange.outcome == Outcome::Accepted;
    if let Err(error) = &line.parsed {
        if is_more_exact(line.text) {
            return None;
        }
        // That a handler then refused it, which is only expected of one that was told to, makes it no stricter.
        let taken = accepted || was_handled(view, index, line);
        if taken && line.verb == Verb::Bdat {
            return must("CHK-13", format!("malformed {error}"));
        }
        return taken.then(|| ("WIR-6", Level::Should, format!("malformed {error}")));
    }
    // TLS-2 speaks of what STARTTLS has behind it.
    if !accepted || line.verb == Verb::StartTls {
        return None;
    }
    let loose = exchange
        .leniencies()
        .iter()
        .find(|l| l.level() > LeniencyLevel::Harmless)?;
    Some(("WIR-6", Level::Should, format!("it has {}", loose.name())))
}

fn unknown_accepted(exchange: &Exchange<'_>, line: &CommandLine<'_>) -> Broken {
    let unknown = line.verb == Verb::Unknown && line.parsed.is_ok();
    if unknown && exchange.outcome == Outcome::Accepted {
        return must("WIR-13", "no such command is announced");
    }
    None
}

/// The announced extension that `line` uses in a way that cannot be refused for its value.
fn extension_used(view: &View<'_>, index: usize, line: &CommandLine<'_>) -> Option<&'static str> {
    let exchange = &view.exchanges()[index];
    // Nor where the line may be refused for something else in it.
    if !exchange.leniencies().is_empty() || exchange.span.len() > COMMAND_LINE_LIMIT {
        return None;
    }
    let Ok(parsed) = &line.parsed else {
        return None;
    };
    let Command::Mail { path, parameters } = parsed.command else {
        return None;
    };
    // A server may have no address literals (RFC 5321, 4.1.3). Paths in UTF-8, and parameters in lower case, have
    // rules of their own (UTF-3, UTF-4, WIR-36, EBM-2).
    let lower = parameters.raw.iter().any(u8::is_ascii_lowercase);
    if path.raw().ends_with(b"]") || !path.raw().is_ascii() || lower || is_long(path.raw()) {
        return None;
    }
    // Only where every parameter is an announced extension's, and stands there once: else that may be what was refused.
    let twice = |keyword: &[u8]| {
        let same = |other: &Parameter<'_>| other.keyword.eq_ignore_ascii_case(keyword);
        parameters.iter().filter(same).nth(1).is_some()
    };
    let known = |keyword: &[u8]| {
        EXTENSIONS
            .iter()
            .find(|(_, parameter)| keyword.eq_ignore_ascii_case(parameter.as_bytes()))
    };
    let mut used = None;
    for parameter in parameters.iter() {
        let (keyword, name) = known(parameter.keyword)?;
        let plain = plain(name, parameter.value) && !twice(parameter.keyword);
        if !plain || !view.offers.stood(index, keyword) {
            return None;
        }
        used = Some(*keyword);
    }
    used
}

/// Whether a path may be refused for its length, or that of its local part or of a label (RFC 5321, 4.5.3.1; RFC 1035,
/// 2.3.4).
fn is_long(path: &[u8]) -> bool {
    let mut parts = path.split(|octet| matches!(octet, b'@' | b'.'));
    path.len() > 254 || parts.any(|part| part.len() > 63)
}

fn plain(name: &str, value: Option<&[u8]>) -> bool {
    match (name, value) {
        ("SIZE", Some(value)) => {
            value.len() <= 4 && !value.is_empty() && value.iter().all(u8::is_ascii_digit)
        }
        ("BODY", Some(value)) => {
            value.eq_ignore_ascii_case(b"8BITMIME") || value.eq_ignore_ascii_case(b"7BIT")
        }
        ("AUTH", Some(value)) => value == b"<>",
        ("SMTPUTF8", None) => true,
        _ => false,
    }
}

pub(super) fn uses_extension(view: &View<'_>) -> bool {
    let mut exchanges = view.exchanges().iter().enumerate();
    exchanges.any(|(index, exchange)| match &exchange.stimulus {
        Stimulus::Command(line) => extension_used(view, index, line).is_some(),
        _ => false,
    })
}

fn not_honoured(view: &View<'_>, index: usize, line: &CommandLine<'_>, code: u16) -> Broken {
    let exchange = &view.exchanges()[index];
    if exchange.in_sequence != Certainty::Yes || !matches!(code, 500..=504 | 555) || code == 503 {
        return None;
    }
    let keyword = extension_used(view, index, line)?;
    // A quoted string may be what the server cannot read: WIR-20 says so where the command has nothing else.
    if was_handled(view, index, line) || line.text.contains(&b'"') {
        return None;
    }
    must("WIR-14", format!("{} announced {keyword}", view.ehlo()))
}

fn must_accept(view: &View<'_>, index: usize, line: &CommandLine<'_>, code: u16) -> Broken {
    let exchange = &view.exchanges()[index];
    // A handler may refuse anybody; that is its affair, not the server's.
    if !must_be_accepted(exchange, line) || !view.log.open.handlers.is_empty() {
        return None;
    }
    // Policy that wants AUTH or TLS first says so by 530 (RFC 4954, 6).
    let known = exchange.state.is_none_or(|state| state.authenticated);
    let refused = (500..600).contains(&code) && code != 503 && (code != 530 || known);
    if refused && !turned_away(view, index) {
        return must("WIR-15", "it must be accepted");
    }
    None
}
