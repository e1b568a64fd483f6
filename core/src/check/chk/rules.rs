//! The rules about chunks: what each says, and where a session asks it.

use super::places::{
    behind_failed, behind_last, between_chunks, came_apart, data_for_binary, taken, unaddressed,
    uses_chunking,
};
use crate::{
    check::{
        entry::{Entry, on_the_wire, sees},
        verdict::Rule,
        view::View,
    },
    model::{Chunk, Outcome, Stimulus},
    wire::Verb,
};

const fn entry(rule: Rule, exercised: fn(&View<'_>) -> bool) -> Entry {
    Entry {
        rule,
        observable: on_the_wire,
        exercised,
    }
}

pub(in crate::check) static RULES: &[Entry] = &[
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
