//! The rules of RFC 3207 as values.

use super::{announced_to, handshake_of, has_parameter, is_secured, of_verb, shows_memory};
use crate::{
    check::{
        entry::{Entry, on_the_wire},
        verdict::Rule,
        view::View,
    },
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
            "TLS-1",
            "After the 220 the server does the TLS handshake",
            "RFC 3207 4: \"220 Ready to start TLS\"",
            "A server that has accepted STARTTLS, or listens where TLS comes first, finishes the handshake of a client \
             that does it right. One that goes on in clear has made the client believe in a protection that is none.",
            "STARTTLS, 220, a ClientHello: `500 unknown command` in clear",
        ),
        |view| !view.wire.handshakes.is_empty(),
    ),
    entry(
        Rule::must(
            "TLS-2",
            "STARTTLS with a parameter is refused by 501",
            "RFC 3207 4: \"501 Syntax error (no parameters allowed)\"",
            "Judged where STARTTLS is announced. To take it is a finding; another code is not strict.",
            "STARTTLS now: 220",
        ),
        |view| {
            of_verb(view, Verb::StartTls)
                .any(|(index, _, line)| has_parameter(line) && announced_to(view, index))
        },
    ),
    entry(
        Rule::must(
            "TLS-3",
            "What the client said before the handshake is forgotten: it has to greet again",
            "RFC 3207 4.2: \"The server MUST discard any knowledge obtained from the client, such as the argument to \
             the EHLO command\"",
            "What came in clear may have been somebody else's. MAIL before a new EHLO is out of sequence (503); that the \
             transaction is gone is ORD-7. Not strict, unless the session shows that the server wants a greeting: a MAIL before the first EHLO was \
             refused. A server that takes MAIL without any greeting elsewhere shows nothing by it (ORD-1).",
            "EHLO, STARTTLS, handshake, MAIL FROM:<a@example.org>: 250",
        ),
        |view| {
            of_verb(view, Verb::Mail).any(|(index, exchange, _)| {
                let ungreeted = exchange.state.is_some_and(|state| !state.greeted);
                ungreeted && shows_memory(view, index).is_some()
            })
        },
    ),
    entry(
        Rule::must(
            "TLS-4",
            "EHLO inside TLS does not announce STARTTLS",
            "RFC 3207 4.2: \"A server MUST NOT return the STARTTLS extension in response to an EHLO command received \
             after a TLS handshake has completed\"",
            "A client that believes it begins a second handshake inside the first.",
            "(inside TLS) EHLO: 250-STARTTLS",
        ),
        |view| of_verb(view, Verb::Ehlo).any(|(index, ..)| is_secured(view, index)),
    ),
    entry(
        Rule::must(
            "TLS-5",
            "STARTTLS inside TLS is refused",
            "RFC 3207 4.2: \"A client MUST NOT attempt to start a TLS session if a TLS session is already active\"",
            "By any 4yz or 5yz. A server that says 220 waits for a handshake that nobody can do, or goes on without one.",
            "(inside TLS) STARTTLS: 220",
        ),
        |view| of_verb(view, Verb::StartTls).any(|(index, ..)| is_secured(view, index)),
    ),
    entry(
        Rule::must(
            "TLS-6",
            "An announced STARTTLS is accepted, or put off by 454",
            "RFC 3207 4: \"220 ... 501 ... 454 TLS not available due to temporary reason\"; RFC 5321 4.1.1.1",
            "Judged outside of a transaction, and where nothing was sent behind it before the reply: what a server does \
             then is its own affair.",
            "250-STARTTLS, then STARTTLS: 502",
        ),
        |view| of_verb(view, Verb::StartTls).any(|(index, ..)| super::must_be_served(view, index)),
    ),
    entry(
        Rule::should(
            "TLS-7",
            "530 is no answer to NOOP, EHLO, STARTTLS and QUIT",
            "RFC 3207 4: \"the server SHOULD return the reply code: 530 Must issue a STARTTLS command first to every command \
             other than NOOP, EHLO, STARTTLS, or QUIT\"",
            "A server may want TLS before it serves anybody, but not for these four: without them no client gets there.",
            "250-STARTTLS, then NOOP: 530",
        ),
        |view| {
            view.commands()
                .any(|(exchange, line)| super::is_free(line.verb) && exchange.reply.is_some())
                && handshake_of(view).is_some()
        },
    ),
    entry(
        Rule::must(
            "TLS-8",
            "What comes in clear behind a close_notify is never acted on",
            "RFC 8446 6.1: \"Any data received after a closure alert has been received MUST be ignored\"; CVE-2026-45185",
            "Neither replies nor events: whoever can write to the connection could go on in the client's name.",
            "(inside TLS) close_notify, then NOOP in clear: 250",
        ),
        |view| {
            let behind = view.wire.behind_notify.as_ref();
            behind.is_some_and(|(octets, _)| !octets.is_empty())
        },
    ),
    entry(
        Rule::must(
            "TLS-9",
            "No second banner comes behind the handshake",
            "RFC 3207 4.2: \"the state in SMTP after a server issues a 220 service ready greeting\"",
            "The client speaks first: a banner would be taken for the reply to its EHLO.",
            "STARTTLS, 220, handshake: 220 mail.example.org",
        ),
        |view| view.reading.handshakes.iter().any(|begun| begun.done),
    ),
    entry(
        Rule::must(
            "TLS-10",
            "What is said behind a handshake is said inside TLS",
            "RFC 3207 4.2; RFC 8446 5: \"If a TLS implementation receives an unexpected record type, it MUST terminate the \
             connection\"",
            "Up to a close_notify. What a server says in clear to a client that speaks TLS, such as the 421 of a time-out, \
             is garbage to it, and everybody else can read it.",
            "(inside TLS, the client is silent) 421 in clear",
        ),
        |view| handshake_of(view).is_some() || super::is_implicit(view),
    ),
];
