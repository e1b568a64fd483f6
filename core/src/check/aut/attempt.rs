//! AUT-2 to AUT-6, AUT-8, AUT-9 and AUT-15: what an AUTH command must be answered.

use super::{Attempt, garbage_level, is_offered, is_scripted, keyword::are_offered};
use crate::{
    check::{
        verdict::Level,
        view::{Found, View},
        words::about,
    },
    model::{COMMAND_LINE_LIMIT, Certainty, Outcome},
    wire::parse_initial_response,
};

type Broken = Option<(&'static str, Level, &'static str)>;

/// The rule that the answer to `attempt` breaks.
pub(super) fn judge(view: &View<'_>, attempt: &Attempt<'_, '_>) -> Option<Found> {
    let exchange = attempt.exchange;
    let code = view.code(exchange)?;
    if !is_judged(view, attempt) {
        return None;
    }
    let accepted = exchange.outcome == Outcome::Accepted;
    let (rule, level, why) = match exchange.in_sequence {
        Certainty::No => out_of_sequence(view, attempt, accepted, code),
        Certainty::Yes => in_sequence(view, attempt, accepted, code),
        Certainty::Maybe => None,
    }?;
    let entry = view.reply(exchange).map(|reply| reply.entry);
    let what = format!("{} was answered {code}: {why}", about(view, attempt.index));
    Some(Found {
        level: Some(level),
        ..Found::new(rule, entry, what)
    })
}

/// Whether the answer can only be about the command: not where the server left with it, was spoken to too soon, would
/// not serve this client, or may have found fault with the line.
pub(super) fn is_judged(view: &View<'_>, attempt: &Attempt<'_, '_>) -> bool {
    let exchange = attempt.exchange;
    let refused = exchange.outcome == Outcome::Refused;
    let answered = matches!(exchange.outcome, Outcome::Accepted | Outcome::Refused);
    answered
        && !(refused && view.spoke_too_soon(exchange))
        && view.exchanges()[0].outcome == Outcome::Accepted
        && !view.session_refused_by_handler()
        && exchange.leniencies().is_empty()
        && exchange.span.len() <= COMMAND_LINE_LIMIT
        && attempt.line.end == crate::wire::LineEnd::CrLf
}

fn out_of_sequence(
    view: &View<'_>,
    attempt: &Attempt<'_, '_>,
    accepted: bool,
    code: u16,
) -> Broken {
    let state = attempt.exchange.state?;
    if !state.greeted {
        // What the server offers it has said to an EHLO that came later.
        return match (are_offered(view), accepted, code) {
            (false, ..) | (_, _, 503 | 530) => None,
            (true, true, _) => Some((
                "AUT-2",
                Level::Must,
                view.either("nobody had said EHLO", "nobody had said LHLO"),
            )),
            (true, false, _) => Some(("AUT-2", Level::Should, "out of sequence is 503")),
        };
    }
    if code == 503 || attempt.offered.is_empty() || is_about_the_rest(attempt, code) {
        return None;
    }
    Some(if state.authenticated {
        let why = "the client is authenticated already, which is 503";
        ("AUT-4", Level::Must, why)
    } else {
        ("AUT-3", Level::Must, "within a transaction it is 503")
    })
}

/// Whether the command would be refused like that in sequence too: nothing says what is looked at first.
fn is_about_the_rest(attempt: &Attempt<'_, '_>, code: u16) -> bool {
    let garbage = |initial| parse_initial_response(initial).is_err();
    (code == 504 && !is_offered(attempt)) || (code == 501 && attempt.initial.is_some_and(garbage))
}

fn in_sequence(view: &View<'_>, attempt: &Attempt<'_, '_>, accepted: bool, code: u16) -> Broken {
    if attempt.offered.is_empty() || (is_scripted(view) && !accepted) {
        return None;
    }
    if code == 503 && attempt.failed_before {
        let why = "an authentication that has failed leaves the session as it was";
        return Some(("AUT-15", Level::Must, why));
    }
    if !is_offered(attempt) {
        let told = matches!(code, 504 | 530 | 534 | 538) || (400..500).contains(&code);
        let why = "the mechanism was not announced, which is 504";
        return (!told).then_some(("AUT-6", Level::Should, why));
    }
    match (code, attempt.initial) {
        (504, _) => Some((
            "AUT-5",
            served_level(attempt),
            view.either(
                "EHLO announced the mechanism",
                "LHLO announced the mechanism",
            ),
        )),
        (334, Some(b"=")) if speaks_first(attempt.mechanism) => {
            let why = "`=` is a response, though an empty one";
            Some(("AUT-8", Level::Must, why))
        }
        (_, Some(initial)) if is_wrong_of_garbage(initial, code) => {
            Some(("AUT-9", garbage_level(initial), "what is no base64 is 501"))
        }
        _ => None,
    }
}

/// A mechanism's name is upper case (RFC 4422, 3.1: "A-Z (uppercase only)"): that another case is served too only RFC 4954, 8,
/// could be read to demand, and it excepts what is noted otherwise.
fn served_level(attempt: &Attempt<'_, '_>) -> Level {
    let mut offered = attempt.offered.iter();
    if offered.any(|name| *name == attempt.mechanism) {
        Level::Must
    } else {
        Level::Should
    }
}

/// Whether the client begins: then a 334 to its first response asks for nothing that could follow.
pub(super) fn speaks_first(mechanism: &[u8]) -> bool {
    [&b"PLAIN"[..], b"EXTERNAL"]
        .iter()
        .any(|name| mechanism.eq_ignore_ascii_case(name))
}

fn is_wrong_of_garbage(initial: &[u8], code: u16) -> bool {
    parse_initial_response(initial).is_err() && code != 501
}
