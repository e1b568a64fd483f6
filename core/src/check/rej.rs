//! REJ: what fires, and what stays as it was, when something is refused.

use super::{
    chk,
    clauses::speaks_of_sequence,
    entry::{Entry, on_the_wire, sees, sees_commands},
    extra::out_of_sequence,
    tls,
    verdict::{Level, Rule},
    view::{Found, View},
    words::about,
};
use crate::{
    event::{EventKind, HandlerAction, HandlerRule},
    model::{Certainty, Exchange, Outcome, Stimulus, Transaction, clears, own_event},
    wire::{Command, Verb},
};

pub(super) const RULES: [Entry; 4] = [
    Entry {
        rule: Rule {
            id: "REJ-1",
            title: "A malformed or out-of-sequence command fires OnReject and no event of its own",
            level: Level::Must,
            source: "EVENTS (OnReject), ParsingStatus (aa580445): ProtocolError; MODEL.md REJ-1",
            explanation: "The protocol refuses it before any handler could look at it: OnReject with ProtocolError \
                is all that agents see. Judged by the command's own event alone where OnReject is not shown.",
            example: "`RCPT TO:<a@` answered 501: OnRcptCommand",
        },
        observable: |hello| {
            sees_commands(hello) || hello.is_some_and(|hello| hello.sees(EventKind::OnReject))
        },
        exercised: |view| {
            view.commands().any(|(exchange, line)| {
                let refused = matches!(exchange.outcome, Outcome::Refused | Outcome::Dropped);
                refused && (line.parsed.is_err() || exchange.in_sequence == Certainty::No)
            })
        },
    },
    Entry {
        rule: Rule {
            id: "REJ-2",
            title: "A command that a handler refuses fires its own event, then OnReject, then the reply",
            level: Level::Must,
            source: "EVENTS: OnReject \"when any other event rejects a command or message\"; MODEL.md REJ-2",
            explanation: "In this order and at once, so that an agent that logs refusals can join the two.",
            example: "OnReject, OnRcptCommand, 550",
        },
        observable: sees!(OnReject),
        exercised: |view| {
            view.script_has(HandlerAction::refuses)
                && view
                    .exchanges()
                    .iter()
                    .any(|exchange| exchange.outcome == Outcome::Refused)
        },
    },
    Entry {
        rule: Rule {
            id: "REJ-3",
            title: "One OnReject for each refusal, none without one, with the response that was sent",
            level: Level::Must,
            source: "RejectEventArgs: Command, SmtpResponse; MODEL.md REJ-3",
            explanation: "OnReject carries the whole command and the very response that the client reads.",
            example: "550 5.7.1 on the wire, OnReject with 554 5.0.0",
        },
        observable: sees!(OnReject),
        exercised: |view| {
            view.exchanges()
                .iter()
                .any(|exchange| exchange.outcome == Outcome::Refused)
        },
    },
    Entry {
        rule: Rule {
            id: "REJ-4",
            title: "A refused command leaves the state as it was",
            level: Level::Must,
            source: "RFC 5321 3.3, 4.1.4; MODEL.md REJ-4",
            explanation: "A refused MAIL opens no transaction, a refused RCPT adds no recipient, a refused DATA \
                keeps the recipients, a refused second MAIL keeps the transaction.",
            example: "RCPT answered 550, then DATA answered 354",
        },
        observable: on_the_wire,
        exercised: |view| {
            view.commands().any(|(exchange, line)| {
                !exchange.history.refused.is_empty()
                    && matches!(line.verb, Verb::Mail | Verb::Rcpt | Verb::Data)
            })
        },
    },
];

/// REJ-4, ORD-7 and the plain sequence rules of the wire: an answer that only a wrong state explains.
pub(super) fn judge(view: &View<'_>, founds: &mut Vec<Found>) {
    let mut ungreeted = None;
    let mut doubtful = Vec::new();
    for (index, exchange) in view.exchanges().iter().enumerate() {
        let Some(verb) = exchange.verb() else {
            continue;
        };
        let Some(code) = view.code(exchange) else {
            continue;
        };
        if !matches!(verb, Verb::Mail | Verb::Rcpt | Verb::Data) || chk::mixes(exchange) {
            continue;
        }
        let accepted = exchange.outcome == Outcome::Accepted;
        let what = match exchange.in_sequence {
            Certainty::No if accepted => format!(
                "{} was accepted ({code}) out of sequence",
                about(view, index)
            ),
            Certainty::Yes if code == 503 || forgot_recipients(view, index, code) => {
                format!("{} was answered {code} in sequence", about(view, index))
            }
            _ => continue,
        };
        let entry = view.reply(exchange).map(|reply| reply.entry);
        if !accepted && may_be_about_the_line(exchange) {
            // 503 for what is wrong with the line is a wrong code, and the state may be right. Unless a refused DATA may
            // have cleared it: a later command will tell. So it may of what was refused or cleared otherwise.
            let found = Found::new("WIR-5", entry, what);
            let history = &exchange.history;
            if history.refused.is_empty() && history.cleared_by.is_none() {
                founds.push(found);
            } else if history.refused.iter().next() != Some(Verb::Data) {
                doubtful.push(found);
            }
            continue;
        }
        if accepted && greeting_not_wanted(view, index) {
            if let Some(level) = tls::shows_memory(view, index) {
                let what = format!("{what}: the greeting before the handshake counts no more");
                founds.push(Found {
                    level: Some(level),
                    ..Found::new("TLS-3", entry, what)
                });
                break;
            }
            let rule = if view.fired_any(index) {
                "ORD-1"
            } else {
                "WIR-5"
            };
            ungreeted.get_or_insert(Found {
                level: Some(Level::Should),
                ..Found::new(rule, entry, format!("{what}: no greeting is wanted"))
            });
            continue;
        }
        let (rule, why) = wrong_state(view, index);
        if rule == "WIR-5" && !accepted && speaks_of_sequence(view, index) {
            break;
        }
        if matches!(rule, "REJ-4" | "ORD-7") {
            doubtful.clear();
        }
        founds.push(Found::new(rule, entry, format!("{what}{why}")));
        // From here on the server's state is another than the model's: what follows only follows from that.
        break;
    }
    founds.extend(doubtful);
    founds.extend(ungreeted);
}

/// MAIL in a session that nobody has greeted: the greeting is the client's duty (RFC 5321, 4.1.1.1), and a server that
/// does without is only not strict. Not so where a handler has refused the greeting.
fn greeting_not_wanted(view: &View<'_>, index: usize) -> bool {
    let exchange = &view.exchanges()[index];
    let never_greeted = exchange
        .state
        .is_some_and(|state| !state.greeted && state.transaction == Transaction::None);
    let served = view.exchanges()[0].outcome == Outcome::Accepted;
    let mut before = view.exchanges()[..index].iter().enumerate();
    let refused_by_handler = before.any(|(index, exchange)| {
        matches!(exchange.verb(), Some(Verb::Helo | Verb::Ehlo))
            && exchange.outcome == Outcome::Refused
            && [EventKind::OnHeloCommand, EventKind::OnEhloCommand]
                .into_iter()
                .any(|kind| view.alignment_has(index, kind))
    });
    exchange.verb() == Some(Verb::Mail) && never_greeted && served && !refused_by_handler
}

/// Whether the line has something that a server may refuse for itself: it is malformed, or not strict, or has parameters.
fn may_be_about_the_line(exchange: &Exchange<'_>) -> bool {
    let Stimulus::Command(line) = &exchange.stimulus else {
        return false;
    };
    match line.parsed.map(|parsed| parsed.command) {
        Ok(_) if !exchange.leniencies().is_empty() => true,
        Ok(Command::Mail { parameters, .. } | Command::Rcpt { parameters, .. }) => {
            !parameters.raw.is_empty()
        }
        Ok(_) => false,
        Err(_) => true,
    }
}

/// 554 "no valid recipients" to a DATA that no handler saw, in a transaction that has recipients.
fn forgot_recipients(view: &View<'_>, index: usize, code: u16) -> bool {
    let exchange = &view.exchanges()[index];
    code == 554
        && !sent_ahead(view, exchange)
        && exchange.verb() == Some(Verb::Data)
        && !exchange.history.refused.is_empty()
        && view.sees(EventKind::OnDataCommand)
        && !view.alignment_has(index, EventKind::OnDataCommand)
}

/// Whether `refused`, had it been accepted, would explain what came of `exchange`. What a server forgets over a
/// refusal is its own affair.
fn leads_here(exchange: &Exchange<'_>, refused: Verb) -> bool {
    match (exchange.in_sequence, exchange.state, exchange.verb()) {
        (Certainty::No, Some(state), Some(verb)) if refused == Verb::Data => {
            state.after_message().allows(verb)
        }
        (Certainty::No, Some(state), Some(verb)) => state.after(refused).allows(verb),
        _ => true,
    }
}

/// Whether the client sent more before it had read the reply, as none may behind DATA (RFC 2920, 3.1).
pub(super) fn sent_ahead(view: &View<'_>, exchange: &Exchange<'_>) -> bool {
    let reply = view.reply(exchange).map(|reply| reply.at);
    let next = view.wire.segment_of(exchange.span.end);
    view.wire.sent.len() > exchange.span.end
        && next
            .zip(reply)
            .is_some_and(|(segment, read)| segment.at < read)
}

/// What a handler has refused before `exchange` that may have cleared the transaction all the same, and so would explain it.
fn cleared_by_refused(view: &View<'_>, exchange: &Exchange<'_>) -> Option<Verb> {
    let by_handler = |verb: Verb| {
        let is_own =
            |rule: &HandlerRule| own_event(verb) == Some(rule.event) && rule.action.refuses();
        view.log.open.handlers.rules.iter().any(is_own)
    };
    let mut refused = exchange.history.refused.iter();
    refused.find(|verb| clears(*verb) && by_handler(*verb) && leads_here(exchange, *verb))
}

/// The rule that a command out of sequence breaks whose event fired, and why.
pub(super) fn acted_on(
    view: &View<'_>,
    exchange: &Exchange<'_>,
    verb: Verb,
) -> (&'static str, String) {
    match cleared_by_refused(view, exchange) {
        Some(refused) => ("REJ-4", after_refused(view, refused)),
        None => (out_of_sequence(exchange, verb), String::new()),
    }
}

fn after_refused(view: &View<'_>, refused: Verb) -> String {
    format!(", after a refused {}", view.wire.protocol.name_of(refused))
}

fn wrong_state(view: &View<'_>, index: usize) -> (&'static str, String) {
    let exchange = &view.exchanges()[index];
    let mut refused = exchange.history.refused.iter();
    let first = refused
        .next()
        .filter(|refused| leads_here(exchange, *refused));
    if let Some(refused) = first.or_else(|| cleared_by_refused(view, exchange)) {
        return ("REJ-4", after_refused(view, refused));
    }
    match exchange.history.cleared_by {
        Some(by) => ("ORD-7", format!(", after {by} had cleared the transaction")),
        // Taken with its event: the agents have learned of what should not be.
        None if exchange.in_sequence == Certainty::No && view.fired_any(index) => {
            let verb = exchange.verb().unwrap_or(Verb::Unknown);
            (out_of_sequence(exchange, verb), String::new())
        }
        None => ("WIR-5", String::new()),
    }
}
