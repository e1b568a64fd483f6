//! CHK: messages that come in chunks (RFC 3030): CHUNKING and BINARYMIME.

use super::{
    NEAR,
    entry::{Entry, on_the_wire, sees},
    extra::command_line,
    fit::command_event_fits,
    verdict::Rule,
    view::{Found, View},
    words::{about, shortened},
};
use crate::{
    event::{Event, EventKind, MessageDigest, Semantics},
    model::{
        Certainty, Chunk, CommandLine, Exchange, Outcome, Section, Stimulus, Transaction, WireLog,
    },
    wire::{Command, Verb},
};

const fn entry(rule: Rule, exercised: fn(&View<'_>) -> bool) -> Entry {
    Entry {
        rule,
        observable: on_the_wire,
        exercised,
    }
}

pub(super) static RULES: &[Entry] = &[
    entry(
        Rule::must(
            "CHK-1",
            "Each BDAT gets one reply, 250 where its chunk was taken",
            "RFC 3030 2: \"A 250 response MUST be sent to each successful BDAT data block\"",
            "Also one that is not the last, and one of no octets: the sender counts on it before it sends the next, or \
             counts the replies of those that it has pipelined.",
            "BDAT 5 and five octets, nothing",
        ),
        |view| taken(view).next().is_some(),
    ),
    entry(
        Rule::must(
            "CHK-2",
            "A BDAT is answered behind its chunk's octets, not before",
            "RFC 3030 2: \"Once the receiver-SMTP receives the specified number of octets, it will return a 250 reply\"",
            "A 250 to the line alone says of octets that have not come that they were taken: what a handler, a full disk \
             or a lost client makes of them the sender never learns.",
            "BDAT 5, 250, and only then the five octets",
        ),
        |view| taken(view).any(|(exchange, chunk)| came_apart(view, exchange, chunk)),
    ),
    entry(
        Rule::must(
            "CHK-3",
            "LAST ends the message, and a BDAT behind it is answered 503",
            "RFC 3030 2: \"Any BDAT command sent after the BDAT LAST is illegal and MUST be replied to with a 503\"",
            "With or without octets: `BDAT 0 LAST` ends a message too. Behind it there is no transaction.",
            "BDAT 5 LAST, 250, BDAT 5 LAST, 250",
        ),
        |view| {
            view.commands()
                .any(|(exchange, line)| behind_last(exchange, line.verb))
        },
    ),
    entry(
        Rule::must(
            "CHK-4",
            "DATA behind BDAT in the same transaction is answered 503",
            "RFC 3030 2: \"DATA and BDAT commands cannot be used in the same transaction\"; 503 \"MUST be issued\"",
            "Else a message has two beginnings, and two ends to choose from.",
            "BDAT 5, 250, DATA, 354",
        ),
        |view| view.exchanges().iter().any(between_chunks),
    ),
    entry(
        Rule::must(
            "CHK-5",
            "DATA in a transaction with BODY=BINARYMIME is answered 503",
            "RFC 3030 3: \"BINARYMIME cannot be used with the DATA command\"; 503 \"MUST be sent\"",
            "Binary content has no lines, so that no line can end it.",
            "MAIL FROM:<a@example.org> BODY=BINARYMIME, RCPT, DATA, 354",
        ),
        |view| view.exchanges().iter().any(data_for_binary),
    ),
    entry(
        Rule::must(
            "CHK-6",
            "The octets of a refused BDAT are discarded",
            "RFC 3030 2: \"the receiver-SMTP MUST accept and discard the associated message data\"; go-smtp 315",
            "A server that announces CHUNKING and then reads the octets of a chunk that it refuses as commands lets the \
             content of a message speak for its sender: SMTP smuggling.",
            "BDAT 10 without a recipient, its octets being `MAIL FROM:...`: 503, 250",
        ),
        |view| {
            view.chunks().any(|(exchange, chunk)| {
                exchange.outcome == Outcome::Refused && !chunk.octets.is_empty()
            })
        },
    ),
    entry(
        Rule::must(
            "CHK-7",
            "RSET between chunks clears what came of the message",
            "RFC 3030 2: RSET \"clears all segments sent during that transaction and resets the session\"",
            "Else the next message begins with the last one's chunks, or goes on without an envelope.",
            "BDAT 5, RSET, MAIL, RCPT, BDAT 5 LAST: OnEndOfData with ten octets",
        ),
        |view| {
            view.commands()
                .any(|(exchange, line)| exchange.history.gave_up_chunks && line.verb == Verb::Bdat)
        },
    ),
    entry(
        Rule::must(
            "CHK-8",
            "A BDAT without a recipient is refused",
            "RFC 5321 3.3, 4.1.4; RFC 3030 2",
            "There is nobody to take the message. The chunk's octets are discarded all the same.",
            "EHLO, BDAT 5 LAST, 250",
        ),
        |view| {
            view.commands()
                .any(|(exchange, line)| unaddressed(exchange, line.verb))
        },
    ),
    entry(
        Rule::must(
            "CHK-9",
            "Chunks that were pipelined behind one that failed make no message",
            "RFC 3030 2: \"MUST be prepared to accept and discard additional BDAT chunks already in the pipeline\"",
            "The message has failed with the first chunk that was refused: what is left of it is half a message.",
            "BDAT 5, BDAT 5 LAST in one segment: 452, 250",
        ),
        |view| {
            let mut chunks = view.exchanges().iter().enumerate();
            chunks.any(|(index, _)| behind_failed(view, index))
        },
    ),
    entry(
        Rule::must(
            "CHK-10",
            "CRLF.CRLF in a chunk ends nothing",
            "RFC 3030 2: the size alone says where a chunk ends; CVE-2023-51766 (SMTP smuggling)",
            "A server that looks for the end of DATA in a chunk takes what is left of the chunk for commands.",
            "BDAT 30 with CRLF.CRLF behind the tenth octet: 250, and then replies to what stands behind it",
        ),
        |view| {
            let holds_end = |chunk: &Chunk| {
                memchr::memmem::find(&view.wire.sent[chunk.octets.clone()], b"\r\n.\r\n").is_some()
            };
            view.chunks().any(|(_, chunk)| holds_end(chunk))
        },
    ),
    Entry {
        rule: Rule::must(
            "CHK-11",
            "A binary message is handed on octet by octet",
            "RFC 3030 3: BINARYMIME \"agrees to preserve all bits in each octet passed using the BDAT command\"",
            "Lone CR and LF, NUL and octets above 127 stay as they are, and no line end is supplied.",
            "BODY=BINARYMIME, a chunk with LF: OnEndOfData of a content with CRLF",
        ),
        observable: sees!(OnEndOfData),
        exercised: |view| {
            view.chunks().any(|(exchange, chunk)| {
                exchange.history.binary
                    && chunk.content.is_some()
                    && exchange.outcome == Outcome::Accepted
            })
        },
    },
    Entry {
        rule: Rule::must(
            "CHK-12",
            "Chunks without a last one are no message",
            "RFC 3030 2 (LAST); RFC 5321 4.1.1.5, 4.1.1.10; MODEL.md CON-1",
            "QUIT, RSET or a greeting between chunks gives the message up: nothing of it is handed on.",
            "BDAT 5, 250, QUIT: OnEndOfData",
        ),
        observable: sees!(OnEndOfData),
        exercised: |view| {
            view.reading.chunks_under_way
                || view
                    .exchanges()
                    .iter()
                    .any(|exchange| exchange.history.gave_up_chunks)
        },
    },
    entry(
        Rule::must(
            "CHK-13",
            "A BDAT whose size cannot be read is refused",
            "RFC 3030 2 (chunk-size ::= 1*DIGIT); RFC 5321 4.3.2 (501)",
            "No size, a sign, hexadecimal digits, more than fits, words behind it: a server that guesses the size takes \
             content for commands or commands for content.",
            "BDAT 18446744073709551617 LAST and one octet, 250",
        ),
        |view| {
            view.commands().any(|(exchange, line)| {
                line.verb == Verb::Bdat && line.parsed.is_err() && exchange.reply.is_some()
            })
        },
    ),
    entry(
        Rule::must(
            "CHK-14",
            "CHUNKING and BINARYMIME, once announced, are honoured",
            "RFC 5321 2.2.1; RFC 3030 2, 3 (\"BINARYMIME service extension can only be used with the 'CHUNKING' service extension\")",
            "BDAT is then known, BODY=BINARYMIME taken, and neither is BINARYMIME announced without CHUNKING.",
            "250 CHUNKING, BDAT 5 LAST, 502",
        ),
        |view| {
            let mut exchanges = view.exchanges().iter().enumerate();
            exchanges.any(|(index, exchange)| match &exchange.stimulus {
                Stimulus::Command(line) => uses_chunking(view, index, line),
                _ => false,
            })
        },
    ),
];

/// Chunks that were accepted or not answered, whole, in sequence.
fn taken<'v, 't>(view: &'v View<'t>) -> impl Iterator<Item = (&'v Exchange<'t>, &'v Chunk)> {
    view.chunks().filter(|(exchange, chunk)| {
        let kept = matches!(exchange.outcome, Outcome::Accepted | Outcome::Unanswered);
        kept && chunk.complete && exchange.in_sequence != Certainty::No
    })
}

/// Whether the last octet of the chunk was sent in another segment than the line.
fn came_apart(view: &View<'_>, exchange: &Exchange<'_>, chunk: &Chunk) -> bool {
    let line = view.wire.segment_of(exchange.span.start);
    let last = chunk.octets.end.checked_sub(1);
    !chunk.octets.is_empty() && last.is_some_and(|last| view.wire.segment_of(last) != line)
}

fn behind_last(exchange: &Exchange<'_>, verb: Verb) -> bool {
    verb == Verb::Bdat
        && exchange.in_sequence == Certainty::No
        && exchange.history.cleared_by == Some(crate::model::LAST)
}

fn unaddressed(exchange: &Exchange<'_>, verb: Verb) -> bool {
    verb == Verb::Bdat
        && exchange.in_sequence == Certainty::No
        && !behind_last(exchange, verb)
        && !exchange.history.gave_up_chunks
}

/// DATA where a chunk of the message has come.
fn between_chunks(exchange: &Exchange<'_>) -> bool {
    let receives = |state: crate::model::State| state.transaction == Transaction::Receiving;
    exchange.verb() == Some(Verb::Data) && exchange.state.is_some_and(receives)
}

/// DATA in a binary transaction that has recipients.
fn data_for_binary(exchange: &Exchange<'_>) -> bool {
    let addressed = |state: crate::model::State| state.transaction == Transaction::Addressed;
    exchange.verb() == Some(Verb::Data)
        && exchange.history.binary
        && exchange.state.is_some_and(addressed)
}

/// Whether `exchange` is a DATA that RFC 3030 forbids: it is judged here.
pub(super) fn mixes(exchange: &Exchange<'_>) -> bool {
    between_chunks(exchange) || data_for_binary(exchange)
}

/// A BDAT that was sent before the refusal of a chunk of the same message was read.
fn behind_failed(view: &View<'_>, index: usize) -> bool {
    let exchange = &view.exchanges()[index];
    let is_chunk = |exchange: &Exchange<'_>| exchange.chunk.is_some();
    if !is_chunk(exchange) || !exchange.history.failed || !view.reading.pipelining {
        return false;
    }
    let mut before = view.exchanges()[..index].iter().rev().take(NEAR);
    let failed = before.find(|before| {
        is_chunk(before)
            && before.outcome == Outcome::Refused
            && before.in_sequence == Certainty::Yes
    });
    let answered = failed
        .and_then(|failed| view.reply(failed))
        .map(|reply| reply.at);
    let sent = view
        .wire
        .segment_of(exchange.span.start)
        .map(|segment| segment.at);
    answered
        .zip(sent)
        .is_some_and(|(answered, sent)| sent <= answered)
}

fn uses_chunking(view: &View<'_>, index: usize, line: &CommandLine<'_>) -> bool {
    let exchange = &view.exchanges()[index];
    let strict = line.parsed.is_ok() && exchange.leniencies().is_empty();
    match line.verb {
        Verb::Bdat => strict && view.offers.stood(index, "CHUNKING"),
        Verb::Mail => {
            strict
                && asks_binary_only(line)
                && exchange.in_sequence == Certainty::Yes
                && view.offers.stood(index, "BINARYMIME")
        }
        _ => false,
    }
}

/// MAIL with BODY=BINARYMIME and no other parameter that could be refused.
fn asks_binary_only(line: &CommandLine<'_>) -> bool {
    let Ok(Command::Mail { parameters, .. }) = line.parsed.map(|parsed| parsed.command) else {
        return false;
    };
    parameters.raw.eq_ignore_ascii_case(b"BODY=BINARYMIME")
}

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
            wrong_code(view, index, line.verb, code),
            not_honoured(view, index, line, code),
        ];
        let entry = view.reply(exchange).map(|reply| reply.entry);
        founds.extend(found.into_iter().flatten().map(|(rule, why)| {
            let what = format!("{} was answered {code}: {why}", about(view, index));
            Found::new(rule, entry, what)
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

/// Whether nothing in the line can be refused for itself.
fn is_strict(exchange: &Exchange<'_>) -> bool {
    let read = matches!(&exchange.stimulus, Stimulus::Command(line) if line.parsed.is_ok());
    read && exchange.leniencies().is_empty()
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
    refused.then_some(("CHK-14", "EHLO announced it"))
}

fn binary_alone(view: &View<'_>, index: usize) -> Option<Found> {
    let alone =
        view.offers.stood(index + 1, "BINARYMIME") && !view.offers.stood(index + 1, "CHUNKING");
    let entry = view
        .reply(&view.exchanges()[index])
        .map(|reply| reply.entry);
    let what = "EHLO announced BINARYMIME and not CHUNKING, without which it cannot be used";
    alone.then(|| Found::new("CHK-14", entry, what.to_owned()))
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

/// Whether the digest that `event` carries is that of the section which ends in `chunk`.
pub(super) fn digest_fits(
    wire: &WireLog<'_>,
    exchange: &Exchange<'_>,
    chunk: &Chunk,
    event: &Event,
    semantics: &Semantics,
) -> bool {
    let (seen, section) = match event {
        Event::OnEndOfHeaders { headers } => (headers.as_ref(), chunk.headers.as_ref()),
        Event::OnEndOfData { content } => (content.as_ref(), chunk.content.as_ref()),
        _ => (None, None),
    };
    let Some(section) = section else {
        // Agents that see a message only when it has come see its header section with the last chunk.
        return matches!(event, Event::OnEndOfHeaders { .. }) && chunk.content.is_some();
    };
    let Some(seen) = seen else {
        return true;
    };
    section_fits(wire, exchange, seen, section)
        // Whether the blank line stands at the right place is not looked at.
        || (semantics.blank_line_supplied && section.size == seen.size.checked_sub(2))
}

fn section_fits(
    wire: &WireLog<'_>,
    exchange: &Exchange<'_>,
    seen: &MessageDigest,
    section: &Section,
) -> bool {
    section.size.is_none_or(|size| {
        // Of a message that is not taken what was handed on may be the beginning.
        let cut = exchange.outcome != Outcome::Accepted && seen.size < size;
        (seen.size == size || cut) && *seen == wire.chunks_digest(&section.ranges, seen.size)
    })
}

/// The rule that content breaks which is not what came in the chunks of `exchange`.
pub(super) fn altered(exchange: &Exchange<'_>, event: &Event) -> Option<&'static str> {
    let chunk = exchange.chunk.as_ref()?;
    let (seen, section) = match event {
        Event::OnEndOfHeaders { headers } => (headers.as_ref()?, chunk.headers.as_ref()?),
        Event::OnEndOfData { content } => (content.as_ref()?, chunk.content.as_ref()?),
        _ => return None,
    };
    Some(if holds_given_up(exchange, seen, section) {
        "CHK-7"
    } else if exchange.history.binary {
        "CHK-11"
    } else {
        "CON-3"
    })
}

/// Whether the content is long enough to begin with the chunks that were given up before it.
fn holds_given_up(exchange: &Exchange<'_>, seen: &MessageDigest, section: &Section) -> bool {
    let history = &exchange.history;
    let both = section.size.map(|size| size + history.given_up);
    history.gave_up_chunks && history.given_up > 0 && both.is_none_or(|both| seen.size >= both)
}

/// An OnEndOfHeaders or OnEndOfData too many, of a message that came in chunks and never ended.
pub(super) fn extra_of_message(
    view: &View<'_>,
    before: usize,
    kind: EventKind,
) -> Option<(&'static str, String)> {
    if kind != EventKind::OnEndOfData {
        return None;
    }
    let behind = view.exchanges().len().min(before + 1);
    let mut back = view.exchanges()[..behind].iter().rev().take(NEAR);
    let last = back.find(|exchange| {
        exchange.chunk.is_some() || matches!(exchange.stimulus, Stimulus::Message(_))
    })?;
    let chunk = last.chunk.as_ref()?;
    if !chunk.complete {
        return Some(("CON-1", "the octets of the chunk never came in full".into()));
    }
    let open = chunk.content.is_none() && last.outcome != Outcome::Refused;
    open.then(|| ("CHK-12", "the last chunk of the message never came".into()))
}

/// CON-5: a line in a chunk that reads like the command that `fired`.
pub(super) fn from_chunk(
    view: &View<'_>,
    index: usize,
    fired: &Event,
) -> Option<(&'static str, String)> {
    let chunk = view.exchanges()[index].chunk.as_ref()?;
    let octets = &view.wire.sent[chunk.octets.clone()];
    if !view.may_search(octets.len()) {
        return None;
    }
    let lines = octets
        .split(|octet| *octet == b'\n')
        .map(<[u8]>::trim_ascii_end);
    let mut lines = lines.filter(|line| !line.is_empty()).map(command_line);
    let line = lines.find(|line| line.parsed.is_ok() && command_event_fits(line, fired))?;
    Some((
        "CON-5",
        format!("`{}` is content of a chunk", shortened(line.text)),
    ))
}

/// Whether a chunk holds a line that reads like a command.
pub(super) fn holds_command(view: &View<'_>, chunk: &Chunk) -> bool {
    let octets = &view.wire.sent[chunk.octets.clone()];
    let lines = octets
        .split(|octet| *octet == b'\n')
        .map(<[u8]>::trim_ascii_end);
    let mut lines = lines.filter(|line| !line.is_empty()).map(command_line);
    lines.any(|line| line.verb != Verb::Unknown && line.parsed.is_ok())
}
