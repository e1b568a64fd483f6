//! CHK: messages that come in chunks (RFC 3030): CHUNKING and BINARYMIME.

mod content;
mod places;
mod rules;

pub(super) use content::{altered, digest_fits, extra_of_message, from_chunk, holds_command};
pub(super) use places::mixes;
pub(super) use rules::RULES;

use self::places::{
    behind_failed, behind_last, between_chunks, came_apart, data_for_binary, is_strict,
    uses_chunking,
};
use super::{
    view::{Found, View},
    words::about,
};
use crate::{
    model::{Certainty, CommandLine, Exchange, Outcome, Stimulus},
    wire::{Command, Verb},
};

pub(super) fn judge(view: &View<'_>, founds: &mut Vec<Found>) {
    for (index, exchange) in view.exchanges().iter().enumerate() {
        let Stimulus::Command(line) = &exchange.stimulus else {
            continue;
        };
        if line.verb == Verb::Ehlo && exchange.outcome == Outcome::Accepted {
            founds.extend(binary_alone(view, index));
        }
        let Some(code) = view.code(exchange) else {
            continue;
        };
        let found = [
            too_early(view, exchange),
            taken_out_of_sequence(view, index, line.verb),
            mixed(view, exchange, code),
            not_honoured(view, index, line, code),
        ];
        let entry = view.reply(exchange).map(|reply| reply.entry);
        let told = |(rule, why)| {
            let what = format!("{} was answered {code}: {why}", about(view, index));
            Found::new(rule, entry, what)
        };
        founds.extend(found.into_iter().flatten().map(told));
        let wrong_code = wrong_code(view, index, line.verb, code).map(told);
        founds.extend(wrong_code.map(|found| Found {
            code_alone: true,
            ..found
        }));
    }
}

type Broken = Option<(&'static str, &'static str)>;

fn too_early(view: &View<'_>, exchange: &Exchange<'_>) -> Broken {
    let chunk = exchange.chunk.as_ref()?;
    let reply = view.reply(exchange)?;
    let early = exchange.outcome == Outcome::Accepted
        && came_apart(view, exchange, chunk)
        && reply.at < exchange.sent_at;
    early.then_some(("CHK-2", "its octets had not all been sent"))
}

fn taken_out_of_sequence(view: &View<'_>, index: usize, verb: Verb) -> Broken {
    let exchange = &view.exchanges()[index];
    if verb != Verb::Bdat || exchange.outcome != Outcome::Accepted {
        return None;
    }
    if behind_failed(view, index) {
        return Some(("CHK-9", "the message had failed with a chunk before"));
    }
    if exchange.in_sequence != Certainty::No {
        return None;
    }
    Some(if behind_last(exchange, verb) {
        ("CHK-3", "the message had ended")
    } else if exchange.history.gave_up_chunks {
        ("CHK-7", "the message had been given up")
    } else {
        ("CHK-8", "there is no recipient")
    })
}

/// DATA and BDAT in one transaction.
fn mixed(view: &View<'_>, exchange: &Exchange<'_>, code: u16) -> Broken {
    let (rule, why) = if between_chunks(exchange) {
        ("CHK-4", "a chunk of the message had come: 503")
    } else if data_for_binary(exchange) {
        ("CHK-5", "the transaction has BODY=BINARYMIME: 503")
    } else {
        return None;
    };
    let refused_otherwise = exchange.outcome == Outcome::Refused
        && code != 503
        && is_strict(exchange)
        && view.log.open.handlers.is_empty()
        && !view.spoke_too_soon(exchange);
    (exchange.outcome == Outcome::Accepted || refused_otherwise).then_some((rule, why))
}

fn wrong_code(view: &View<'_>, index: usize, verb: Verb, code: u16) -> Broken {
    let exchange = &view.exchanges()[index];
    let wrong = behind_last(exchange, verb)
        && exchange.outcome == Outcome::Refused
        && code != 503
        && is_strict(exchange)
        && !view.spoke_too_soon(exchange);
    wrong.then_some(("CHK-3", "behind the last chunk it is 503"))
}

fn not_honoured(view: &View<'_>, index: usize, line: &CommandLine<'_>, code: u16) -> Broken {
    let unknown = match line.verb {
        Verb::Bdat => matches!(code, 500 | 502),
        _ => matches!(code, 500..=502 | 504 | 555),
    };
    let exchange = &view.exchanges()[index];
    let refused = exchange.outcome == Outcome::Refused
        && unknown
        && uses_chunking(view, index, line)
        && !view.spoke_too_soon(exchange)
        && view.log.open.handlers.is_empty();
    let why = view.either("EHLO announced it", "LHLO announced it");
    refused.then_some(("CHK-14", why))
}

fn binary_alone(view: &View<'_>, index: usize) -> Option<Found> {
    let alone =
        view.offers.stood(index + 1, "BINARYMIME") && !view.offers.stood(index + 1, "CHUNKING");
    let entry = view
        .reply(&view.exchanges()[index])
        .map(|reply| reply.entry);
    let what = format!(
        "{} announced BINARYMIME and not CHUNKING, without which it cannot be used",
        view.ehlo()
    );
    alone.then(|| Found::new("CHK-14", entry, what))
}

/// The leniencies about chunks without which the session cannot be explained, as findings.
pub(super) fn judge_tolerance(view: &View<'_>) -> Vec<Found> {
    let mut founds = Vec::new();
    let ended = view.chunks().find(|(_, chunk)| chunk.ended_at_dot);
    if let (true, Some((exchange, _))) = (view.tolerance.dot_ends_chunk, ended) {
        let what =
            "CRLF.CRLF ended a chunk and its message; the rest of the chunk was taken for commands";
        founds.push(Found::new("CHK-10", exchange.entry, what.to_owned()));
    }
    let mut commands = view.exchanges().iter().enumerate();
    let acted_on = commands.find(|(index, exchange)| {
        let code = view.code(exchange);
        let announced = view.offers.stood(*index, "CHUNKING");
        let has_octets = matches!(&exchange.stimulus, Stimulus::Command(line)
            if matches!(line.parsed.map(|p| p.command), Ok(Command::Bdat { size: 1.., .. })));
        let refused = exchange.outcome == Outcome::Refused && !matches!(code, Some(500..=502));
        has_octets && announced && refused && exchange.chunk.is_none()
    });
    if let (true, Some((index, exchange))) = (view.tolerance.bdat_turned, acted_on) {
        let what = format!(
            "{} was refused, and its octets were read as commands",
            about(view, index)
        );
        let entry = view.reply(exchange).map(|reply| reply.entry);
        founds.push(Found::new("CHK-6", entry, what));
    }
    founds
}
