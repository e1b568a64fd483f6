//! ORD: the order of events within a session.

use super::{
    NEAR,
    entry::{Entry, on_the_wire, sees, sees_commands},
    verdict::Rule,
    view::{Found, View},
    words::about,
};
use crate::{
    event::{AuthOutcome, Event, EventKind, Hello},
    model::{AuthStep, Certainty, LoggedEvent, Outcome, Stimulus, own_event},
    wire::Verb,
};

pub(super) const RULES: [Entry; 11] = [
    Entry {
        rule: Rule::must(
            "ORD-1",
            "No OnMailCommand before an accepted HELO or EHLO",
            "bb643108, SMTP events: sequence 2/3 before 6; RFC 5321 4.1.4",
            "A MAIL in a session that was never greeted is refused by the protocol (503) and fires OnReject only. To \
             greet is the client's duty (RFC 5321 4.1.1.1): a server that accepts such a MAIL is reported as not strict.",
            "OnConnect, OnMailCommand",
        ),
        observable: sees!(OnMailCommand),
        exercised: |view| {
            out_of_sequence(view, Verb::Mail, |e| e.state.is_some_and(|s| !s.greeted))
        },
    },
    Entry {
        rule: Rule::must(
            "ORD-2",
            "No OnRcptCommand outside a transaction",
            "bb643108, SMTP events: sequence 6 before 7; RFC 5321 3.3",
            "A RCPT without a MAIL that was accepted is refused by the protocol (503) and fires OnReject only.",
            "OnEhloCommand, OnRcptCommand",
        ),
        observable: sees!(OnRcptCommand),
        exercised: |view| out_of_sequence(view, Verb::Rcpt, |_| true),
    },
    Entry {
        rule: Rule::must(
            "ORD-3",
            "No OnDataCommand before an accepted RCPT in the same transaction",
            "bb643108, SMTP events: sequence 7 before 8; RFC 5321 3.3",
            "Without a recipient there is nobody to take the message: DATA is refused (503 or 554), OnReject fires.",
            "OnMailCommand, OnDataCommand",
        ),
        observable: sees!(OnDataCommand),
        exercised: |view| {
            out_of_sequence(view, Verb::Data, |_| true)
                || out_of_sequence(view, Verb::Bdat, |_| true)
        },
    },
    Entry {
        rule: Rule::must(
            "ORD-4",
            "OnEndOfHeaders fires exactly once for a completed message, before OnEndOfData",
            "bb643108, SMTP events: sequence 9 between 8 and 10; MODEL.md ORD-4",
            "It fires at the blank line. A message without one gets it at the end of data, just before \
             OnEndOfData; an empty message or one that begins with a blank line gets it too, with no fields.",
            "OnDataCommand, OnEndOfData (a message without a blank line)",
        ),
        observable: sees!(OnEndOfHeaders),
        exercised: has_whole_message,
    },
    Entry {
        rule: Rule::must(
            "ORD-5",
            "OnEndOfData fires once for each completed message, after OnEndOfHeaders",
            "bb643108, SMTP events: sequence 10; MODEL.md ORD-5",
            "An archive or a spam filter takes the message there: twice means two copies, never means none.",
            "OnDataCommand, OnEndOfHeaders, OnEndOfData, OnEndOfData",
        ),
        observable: sees!(OnEndOfData),
        exercised: has_whole_message,
    },
    Entry {
        rule: Rule::must(
            "ORD-6",
            "A second MAIL inside a transaction fires OnReject, not OnMailCommand",
            "RFC 5321 4.1.4: MAIL must not be sent while a transaction is open; MODEL.md ORD-6",
            "The transaction that is open stays as it is; the second MAIL is refused (503).",
            "OnMailCommand, OnMailCommand, OnRcptCommand",
        ),
        observable: sees!(OnMailCommand),
        exercised: |view| out_of_sequence(view, Verb::Mail, |e| e.state.is_some_and(|s| s.greeted)),
    },
    Entry {
        rule: Rule::must(
            "ORD-7",
            "RSET, HELO, EHLO, a TLS handshake and the end of data clear the transaction",
            "RFC 5321 4.1.1.5, 4.1.4, 3.3; RFC 3207 4.2; MODEL.md ORD-7",
            "After any of them, accepted or refused at the end of data, RCPT and DATA are out of sequence until \
             the next MAIL. A transaction that survives gives a message the wrong sender or recipients.",
            "MAIL, RCPT, RSET, then DATA answered by 354",
        ),
        observable: on_the_wire,
        exercised: |view| {
            view.commands().any(|(exchange, line)| {
                exchange.history.cleared_by.is_some()
                    && matches!(line.verb, Verb::Mail | Verb::Rcpt | Verb::Data | Verb::Bdat)
            })
        },
    },
    Entry {
        rule: Rule::must(
            "ORD-8",
            "OnEndOfAuthentication fires once for each exchange that has finished, with its outcome",
            "bb643108, SMTP events: sequence 4 before 5; RFC 4954 4; MODEL.md ORD-8",
            "Behind its OnAuthCommand and before the last reply, for success and for failure. A client that cancels \
             the exchange (`*`) has no outcome: OnReject ends it; one that leaves has nothing but OnDisconnect. An \
             agent that locks accounts counts these.",
            "OnAuthCommand, OnReject (535), without OnEndOfAuthentication",
        ),
        observable: sees!(OnEndOfAuthentication),
        exercised: |view| {
            view.exchanges().iter().any(|exchange| {
                use AuthStep::{Failed, Refused, Succeeded};
                matches!(exchange.authentication, Some(Succeeded | Failed))
                    || (matches!(exchange.stimulus, Stimulus::Response(_))
                        && exchange.authentication == Some(Refused))
            })
        },
    },
    Entry {
        rule: Rule::must(
            "ORD-9",
            "An event fires before the reply is on the wire",
            "SmtpReceiveAgent events: an event fires \"before the server responds\"; MODEL.md ORD-9",
            "When the client has read a reply, the event that it answers has been emitted: else no agent could \
             have had a say in it. Judged by the adapter's clock.",
            "250 read by the client, OnRcptCommand emitted 40 ms later",
        ),
        observable: |hello| hello.is_some_and(has_clock),
        exercised: |view| view.alignment.cause.iter().any(Option::is_some),
    },
    Entry {
        rule: Rule::must(
            "ORD-10",
            "Events come in the order of the commands",
            "RFC 2920 3.2; MODEL.md ORD-10",
            "However the bytes were cut into segments, and however many commands came in one.",
            "MAIL, RCPT in one segment: OnRcptCommand, OnMailCommand",
        ),
        observable: sees_commands,
        exercised: |view| view.events.len() > 1,
    },
    Entry {
        rule: Rule::must(
            "ORD-11",
            "Each accepted command fires its event exactly once",
            "bb643108: each event occurs \"when\" its command is received; MODEL.md, section 1",
            "OnRcptCommand once for each recipient, OnNoopCommand once for each NOOP. An agent that counts, bills \
             or limits relies on it.",
            "RCPT, RCPT: OnRcptCommand",
        ),
        observable: sees_commands,
        exercised: |view| {
            view.commands().any(|(exchange, line)| {
                exchange.outcome == Outcome::Accepted
                    && own_event(line.verb).is_some_and(|kind| view.sees(kind))
            })
        },
    },
];

fn has_whole_message(view: &View<'_>) -> bool {
    view.messages().any(|(_, message)| message.complete)
        || view.chunks().any(|(_, chunk)| chunk.content.is_some())
}

fn has_clock(hello: &Hello) -> bool {
    hello.semantics.clock
}

fn out_of_sequence(
    view: &View<'_>,
    verb: Verb,
    when: impl Fn(&crate::model::Exchange<'_>) -> bool,
) -> bool {
    view.commands().any(|(exchange, line)| {
        line.verb == verb && exchange.in_sequence == Certainty::No && when(exchange)
    })
}

/// ORD-8: an outcome that is not the one that the client was told.
fn wrong_outcome(view: &View<'_>) -> Option<Found> {
    let mut rules = view.log.open.handlers.rules.iter();
    let scripted = rules.any(|rule| rule.event == EventKind::OnEndOfAuthentication);
    let caused = view.alignment.cause.iter().zip(&view.events);
    let mut ends = caused.filter_map(|(cause, event)| match event.record.event {
        Event::OnEndOfAuthentication {
            outcome: Some(outcome),
            ..
        } => Some(((*cause)?, event, outcome)),
        _ => None,
    });
    ends.find_map(|(index, event, outcome)| {
        let told = match view.exchanges()[index].authentication {
            Some(AuthStep::Succeeded) => AuthOutcome::Success,
            Some(AuthStep::Failed) if !scripted => AuthOutcome::Failure,
            _ => return None,
        };
        let what = format!("OnEndOfAuthentication says {outcome:?}, the reply says {told:?}");
        (outcome != told).then(|| Found::new("ORD-8", event.entry, what))
    })
}

/// Two clocks of one machine agree to well within this (ns): the reader may be preempted between the read and
/// the stamp, never the other way round, so this only guards against a clock that is being slewed.
const CLOCK_SLACK: u64 = 2_000_000;

pub(super) fn judge(view: &View<'_>, founds: &mut Vec<Found>) {
    founds.extend(wrong_outcome(view));
    if !view.has_clock() {
        return;
    }
    let caused = view.alignment.cause.iter().zip(&view.events);
    // An OnConnect that is not the first event is SES-1's.
    let first = view.wire.events.first();
    let on_connect = first
        .filter(|event| event.record.event.kind() == EventKind::OnConnect)
        .map(|event| (0, event));
    let all = caused
        .filter_map(|(cause, event)| Some(((*cause)?, event)))
        .chain(on_connect);
    for (index, event) in all {
        let exchange = &view.exchanges()[index];
        let Some(reply) = view.reply(exchange) else {
            continue;
        };
        // That the server left in the middle of a message is no answer to what its handlers were about to be told.
        if exchange.outcome == Outcome::Dropped && matches!(exchange.stimulus, Stimulus::Message(_))
        {
            continue;
        }
        let emitted = view.emitted_at(event);
        if emitted > reply.at + CLOCK_SLACK && !may_be_of_another(view, index, event) {
            let late = (emitted - reply.at) / 1_000;
            let kind = event.record.event.kind();
            let what = format!(
                "{kind} for {} was emitted {late} us after the client had read the reply",
                about(view, index)
            );
            founds.push(Found::new("ORD-9", event.entry, what));
        }
    }
}

/// Whether a later command of the kind, whose own event is not seen, had been sent when `event` fired: where nobody
/// knows which of two refused commands fired it, it was not late.
fn may_be_of_another(view: &View<'_>, index: usize, event: &LoggedEvent<'_>) -> bool {
    let kind = event.record.event.kind();
    let emitted = view.emitted_at(event);
    let later = index + 1..view.exchanges().len();
    later.take(NEAR).any(|other| {
        let exchange = &view.exchanges()[other];
        exchange.verb().and_then(own_event) == Some(kind)
            && exchange.sent_at <= emitted + CLOCK_SLACK
            && !view.alignment_has(other, kind)
    })
}
