//! CON: what is content and what is not, and that it arrives as it was sent.

use std::collections::HashSet;

use super::{
    entry::{Entry, on_the_wire, sees, sees_arguments, sees_commands},
    verdict::{Level, Rule, SeenLeniency},
    view::{Found, View},
    words::shortened,
};
use crate::{
    model::{Exchange, Outcome, Stimulus, Stop, relevant_tolerances},
    transcript::ClientAct,
    wire::{LeniencyLevel, Verb, parse_command},
};

pub(super) const RULES: [Entry; 8] = [
    Entry {
        rule: Rule::must(
            "CON-1",
            "OnEndOfData never fires for a message whose end was not received",
            "RFC 5321 4.1.1.4; MODEL.md CON-1",
            "When the client is lost inside DATA (close, reset, time-out) there is no message. An agent that is \
             told of one archives or delivers half a message.",
            "354, half a body, FIN: OnEndOfData, OnDisconnect",
        ),
        observable: sees!(OnEndOfData),
        exercised: |view| view.messages().any(|(_, message)| !message.complete),
    },
    Entry {
        rule: Rule::must(
            "CON-2",
            "Only CRLF.CRLF ends DATA",
            "RFC 5321 4.1.1.4, 2.3.8; CVE-2023-51764, -51765, -51766, CVE-2024-27305 (SMTP smuggling)",
            "LF.LF, LF.CRLF, CR.CR and every other look-alike is content. A server that ends the message there \
             takes what follows as commands: one message becomes two, the second under a forged sender. A \
             look-alike that begins with a true CRLF cannot come through a sender that stuffs dots, and is \
             reported as not strict.",
            "content LF . LF MAIL FROM:<forged@example.org>: OnEndOfData, OnMailCommand",
        ),
        observable: on_the_wire,
        exercised: |view| {
            relevant_tolerances(view.wire, &view.reading)
                .iter()
                .any(|t| !t.look_alikes.is_empty())
        },
    },
    Entry {
        rule: Rule::must(
            "CON-3",
            "The content handed on is what was sent after removing dot-stuffing",
            "RFC 5321 4.5.2; MODEL.md CON-3",
            "Byte for byte: OnEndOfData's size and digest, and OnEndOfHeaders' for the header section.",
            "`..a` sent, `..a` handed on",
        ),
        observable: sees!(OnEndOfData),
        exercised: |view| {
            view.messages()
                .any(|(_, message)| message.content_size.is_some())
        },
    },
    Entry {
        rule: Rule::must(
            "CON-4",
            "Commands inside content fire no event",
            "RFC 5321 4.1.1.4; MODEL.md CON-4",
            "Between the 354 and the end of data every line is content, whatever it looks like.",
            "354, `RSET` as a line of the body: OnRsetCommand",
        ),
        observable: sees_commands,
        exercised: |view| {
            view.messages()
                .any(|(exchange, _)| holds_command(&view.wire.sent[exchange.span.clone()]))
        },
    },
    Entry {
        rule: Rule::must(
            "CON-6",
            "What comes in clear behind STARTTLS is never acted on",
            "RFC 3207 4.2; CVE-2011-0411 (VU#555316), CVE-2021-38371, CVE-2024-34083; MODEL.md CON-6",
            "Octets that were received in clear before the handshake, or in place of it, are no commands: neither \
             replies nor events follow, in clear or inside TLS. Else whoever sits in between says something in the \
             client's name, and TLS makes it look sound. A server may discard them or close.",
            "`STARTTLS` CRLF `NOOP` CRLF in one segment, 220, handshake: 250",
        ),
        observable: on_the_wire,
        exercised: |view| {
            let begun = &view.reading.handshakes;
            let mut in_clear = begun
                .iter()
                .map(|begun| &view.wire.sent[begun.in_clear.clone()]);
            in_clear.any(|octets| octets.contains(&b'\n'))
        },
    },
    Entry {
        rule: Rule::must(
            "CON-7",
            "Arguments arrive as sent",
            "bb643108: the event arguments carry the command's; MODEL.md CON-7",
            "Domain, paths and parameters with their case and quoting: a local part's case means something \
             (RFC 5321 2.4), and a filter must judge what was said.",
            "MAIL FROM:<John@Example.org>: OnMailCommand(john@example.org)",
        ),
        observable: sees_arguments,
        exercised: |view| {
            view.commands().any(|(exchange, line)| {
                let carries =
                    matches!(line.verb, Verb::Helo | Verb::Ehlo | Verb::Mail | Verb::Rcpt);
                carries && exchange.outcome == Outcome::Accepted
            })
        },
    },
    Entry {
        rule: Rule::must(
            "CON-8",
            "A command line whose end was not received is never acted on",
            "RFC 5321 2.3.8, 4.1.1; MODEL.md CON-8",
            "Half a line may mean anything: `RCPT TO:<a@b.co` was perhaps going to be `a@b.com`. Neither its event nor a \
             reply may follow, but for the 421 of a time-out.",
            "`RSE`, FIN: OnRsetCommand",
        ),
        observable: on_the_wire,
        exercised: |view| {
            view.reading.stop == Stop::EndOfInput && view.reading.rest < view.wire.sent.len()
        },
    },
    Entry {
        rule: Rule::must(
            "CON-9",
            "Commands pipelined behind the end of data are neither lost nor taken for content",
            "RFC 2920 3.1; MODEL.md CON-9",
            "A client may send the next MAIL in the same segment as the end of data.",
            "`.` CRLF `QUIT` CRLF in one segment: 250, and then nothing",
        ),
        observable: on_the_wire,
        exercised: |view| pipelined_behind_data(view).next().is_some(),
    },
];

fn holds_command(content: &[u8]) -> bool {
    content
        .split(|octet| *octet == b'\n')
        .map(<[u8]>::trim_ascii_end)
        .any(|line| Verb::of(line) != Verb::Unknown && parse_command(line).is_ok())
}

/// Commands that came in the segment which also carried the end of a message before them.
pub(super) fn pipelined_behind_data(view: &View<'_>) -> impl Iterator<Item = usize> {
    let mut message_ended_in = None;
    view.exchanges()
        .iter()
        .enumerate()
        .filter_map(move |(index, exchange)| {
            let behind = message_ended_in == Some(exchange.entry);
            if matches!(&exchange.stimulus, Stimulus::Message(message) if message.complete) {
                message_ended_in = Some(exchange.entry);
            }
            behind.then_some(index)
        })
}

/// The leniencies without which the session cannot be explained, as findings.
pub(super) fn judge_tolerance(view: &View<'_>) -> Vec<Found> {
    let mut founds = Vec::new();
    for look_alike in &view.tolerance.look_alikes {
        let place = view
            .messages()
            .find(|(_, message)| message.ended_by == Some(*look_alike));
        let Some((exchange, _)) = place else { continue };
        let weight = match look_alike.level() {
            LeniencyLevel::Security => "a dot-stuffing sender would let it through",
            _ => "a dot-stuffing sender would not let it through",
        };
        let entry = view
            .reply(exchange)
            .map_or(exchange.entry, |reply| reply.entry);
        let what = format!(
            "{look_alike} ended the message ({weight}); what followed was taken for commands"
        );
        let mut found = Found::new("CON-2", entry, what);
        if look_alike.level() != LeniencyLevel::Security {
            found.level = Some(Level::Should);
        }
        founds.push(found);
    }
    let unended =
        |exchange: &Exchange<'_>| view.wire.sent[exchange.span.clone()].starts_with(b".\r\n");
    let swallowed = view.messages().find(|(exchange, _)| unended(exchange));
    if let (true, Some((exchange, _))) = (view.tolerance.misses_empty, swallowed) {
        let what = "the end of an empty message was not seen: what followed was taken for content";
        founds.push(Found::new("CON-9", exchange.entry, what.into()));
    }
    let begun = view.reading.handshakes.first();
    if let (true, Some(begun)) = (view.tolerance.clear_behind_starttls, begun) {
        let where_to = if begun.done { "inside TLS" } else { "in clear" };
        let what = format!(
            "`{}`, sent in clear behind STARTTLS, was taken for commands {where_to}",
            shortened(&view.wire.sent[begun.in_clear.clone()])
        );
        founds.push(Found::new(
            "CON-6",
            view.exchanges()[begun.exchange].entry,
            what,
        ));
    }
    let ends = view.tolerance.line_ends;
    for (taken, name) in [(ends.bare_lf, "LF"), (ends.bare_cr, "CR")] {
        if taken {
            let what = format!("a bare {name} was taken for the end of a command line");
            founds.push(Found::new("WIR-19", None, what));
        }
    }
    founds
}

/// What the server took beyond the standard, by name, with the cases that showed it.
#[derive(Default)]
pub(super) struct Leniencies<'t> {
    pub(super) seen: Vec<SeenLeniency>,
    /// For each of them its cases once more: a long run has many.
    cases: Vec<HashSet<&'t str>>,
}

impl<'t> Leniencies<'t> {
    pub(super) fn note(&mut self, view: &View<'_>, case: &'t str) {
        for look_alike in &view.tolerance.look_alikes {
            let name = format!("{look_alike} ends a message");
            self.add(&name, look_alike.level(), case);
        }
        let ends = view.tolerance.line_ends;
        for (taken, name) in [
            (ends.bare_lf, "a bare LF ends a command line"),
            (ends.bare_cr, "a bare CR ends a command line"),
        ] {
            if taken {
                self.add(name, LeniencyLevel::NotStrict, case);
            }
        }
        for (exchange, _) in view.commands() {
            if exchange.outcome == Outcome::Accepted {
                for leniency in exchange.leniencies().iter() {
                    self.add(leniency.name(), leniency.level(), case);
                }
            }
        }
    }

    fn add(&mut self, name: &str, level: LeniencyLevel, case: &'t str) {
        let known = self.seen.iter().position(|seen| seen.name == name);
        let index = known.unwrap_or_else(|| {
            self.seen.push(SeenLeniency {
                name: name.into(),
                level,
                cases: Vec::new(),
            });
            self.cases.push(HashSet::new());
            self.seen.len() - 1
        });
        if self.cases[index].insert(case) {
            self.seen[index].cases.push(case.into());
        }
    }
}

/// Whether a reply that never came is the fault of what CON-9 forbids.
pub(super) fn lost_behind_data(view: &View<'_>, index: usize) -> bool {
    view.wire.did(ClientAct::GaveUp) && pipelined_behind_data(view).any(|behind| behind == index)
}
