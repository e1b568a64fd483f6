//! The rules of authentication as values. They are exercised where EHLO announces AUTH.

use super::{
    Attempt, attempt::is_judged, attempt::speaks_first, attempts, is_offered, keyword::are_offered,
    keyword::mechanisms, response, secrets,
};
use crate::{
    check::{
        entry::{Entry, on_the_wire, sees},
        verdict::Rule,
        view::View,
    },
    model::{AuthStep, Certainty, Exchange, Outcome, ResponseLine, Said, Stimulus, Transaction},
    wire::{SASL_LINE_LIMIT, parse_initial_response},
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
            "AUT-1",
            "EHLO's AUTH line names each mechanism once, in upper case",
            "RFC 4954 3, RFC 4422 3.1 (sasl-mech)",
            "Up to twenty upper-case letters, digits, hyphens and underscores each, with a space between them. That \
             one is named twice is only not strict.",
            "250-AUTH PLAIN login",
        ),
        |view| {
            let mut exchanges = view.exchanges().iter();
            exchanges.any(|exchange| !mechanisms(view, exchange).is_empty())
        },
    ),
    entry(
        Rule::must(
            "AUT-2",
            "AUTH before EHLO is refused by 503",
            "RFC 5321 4.1.4, 2.2.1; RFC 4954 3",
            "A client cannot know of an extension that nobody has announced. Taking it all the same lets a client \
             in past whatever the greeting decides; another refusal is only not strict. Judged where an EHLO of the \
             session shows that the server has AUTH.",
            "220, AUTH PLAIN, 334",
        ),
        |view| out_of_sequence(view, |state| !state.greeted) && are_offered(view),
    ),
    entry(
        Rule::must(
            "AUT-3",
            "AUTH within a transaction is refused by 503",
            "RFC 4954 4: \"An AUTH command issued during a mail transaction MUST be rejected with a 503 reply\"",
            "What was decided about the sender would be decided about somebody else.",
            "MAIL, AUTH PLAIN, 334",
        ),
        |view| {
            offered_out_of_sequence(view, |state| {
                !state.authenticated && state.transaction != Transaction::None
            })
        },
    ),
    entry(
        Rule::must(
            "AUT-4",
            "AUTH behind a successful authentication is refused by 503",
            "RFC 4954 4: \"After a successful AUTH command completes, a server MUST reject any further AUTH commands with a 503 reply\"",
            "Neither RSET nor another greeting takes the authentication back.",
            "235, RSET, AUTH PLAIN, 334",
        ),
        |view| offered_out_of_sequence(view, |state| state.authenticated),
    ),
    entry(
        Rule::must(
            "AUT-5",
            "A mechanism that EHLO announced is served",
            "RFC 4954 3, 4, 8; RFC 5321 2.2.1",
            "504 says that the server does not know the mechanism, or not yet; then it must not announce it. Where the \
             client writes the name in small letters it is only not strict: mechanisms are upper case (RFC 4422 3.1), and RFC 4954 8 \
             has case count for nothing \"except as noted otherwise\".",
            "250 AUTH PLAIN LOGIN, AUTH LOGIN, 504",
        ),
        |view| in_sequence(view, is_offered),
    ),
    entry(
        Rule::should(
            "AUT-6",
            "A mechanism that EHLO did not announce is refused by 504",
            "RFC 4954 4: \"If the requested authentication mechanism is invalid ..., the server rejects the AUTH command with a 504 reply\"",
            "The client then knows that another one may do. 530, 534 and 538 tell it as well.",
            "AUTH X-UNHEARD-OF, 501",
        ),
        |view| in_sequence(view, |attempt| !is_offered(attempt)),
    ),
    entry(
        Rule::must(
            "AUT-7",
            "A challenge is a 334 with base64 and nothing else",
            "RFC 4954 4: \"This challenge MUST NOT contain any text other than the BASE64 encoded challenge\"",
            "Also where there is nothing to say: the space behind the code, and the end of the line.",
            "334 Username:",
        ),
        |view| any_step(view, AuthStep::Challenged),
    ),
    entry(
        Rule::must(
            "AUT-8",
            "`=` behind the mechanism is an empty response",
            "RFC 4954 4: a client \"MUST instead transmit the response as a single equals sign\"",
            "A server that asks for the response once more waits for what the client believes to have said. Judged \
             for PLAIN and EXTERNAL, where the client begins.",
            "AUTH PLAIN =, 334",
        ),
        |view| {
            in_sequence(view, |attempt| {
                attempt.initial == Some(b"=")
                    && is_offered(attempt)
                    && speaks_first(attempt.mechanism)
            })
        },
    ),
    entry(
        Rule::must(
            "AUT-9",
            "What is no base64 is refused by 501",
            "RFC 4954 4: \"If the server cannot [BASE64] decode any client response, it MUST reject the AUTH command with a 501 reply\"",
            "Also behind the mechanism. A decoder that skips what it does not know (RFC 4648 3.3 forbids it) lets two \
             servers read two passwords. To make up for missing padding is only not strict.",
            "334, `not base64`, 535",
        ),
        |view| {
            any_response(view, |exchange, line| {
                line.said == Said::Garbage && exchange.span.len() <= SASL_LINE_LIMIT
            }) || in_sequence(view, |attempt| {
                is_offered(attempt)
                    && attempt
                        .initial
                        .is_some_and(|initial| parse_initial_response(initial).is_err())
            })
        },
    ),
    entry(
        Rule::must(
            "AUT-10",
            "A cancelled exchange is refused by 501",
            "RFC 4954 4: \"If the server receives such a response, it MUST reject the AUTH command by sending a 501 reply\"",
            "`*` cannot be meant as a response: it is no base64.",
            "334, `*`, 535",
        ),
        |view| any_response(view, |_, line| line.said == Said::Cancel),
    ),
    entry(
        Rule::must(
            "AUT-11",
            "Responses longer than command lines are taken",
            "RFC 4954 4: \"Clients and servers MUST be able to handle the maximum encoded size of challenges and responses generated by their supported authentication mechanisms\"",
            "The limit of 512 octets does not count here. PLAIN has up to 1,026 octets with the CRLF (RFC 4616 2); \
             12,288 suffice for every mechanism, and less than that is reported as not strict.",
            "334, a response of 700 octets, 500",
        ),
        |view| {
            any_response(view, |exchange, line| {
                line.said == Said::Response
                    && (response::SHORT + 1..=SASL_LINE_LIMIT).contains(&exchange.span.len())
            })
        },
    ),
    entry(
        Rule::should(
            "AUT-12",
            "A response that is too long is refused by 500",
            "RFC 4954 4: \"the server fails the AUTH command with the 500 reply\"",
            "Once, however long it is, and the exchange is over. Looked at from 12,288 octets on; a server with room for \
             more may say 535.",
            "334, a response of 20,000 octets, 501",
        ),
        |view| {
            any_response(view, |exchange, line| {
                line.said == Said::Response && exchange.span.len() > SASL_LINE_LIMIT
            })
        },
    ),
    entry(
        Rule::must(
            "AUT-13",
            "The line behind a challenge is a response, whatever it looks like",
            "RFC 4954 4, 8 (auth-param)",
            "Who can get a command carried out there can speak for the client that is about to be let in.",
            "334, `MAIL FROM:<a@example.org>`, 250",
        ),
        |view| any_response(view, |exchange, _| exchange.outcome != Outcome::Unanswered),
    ),
    Entry {
        rule: Rule::should(
            "AUT-14",
            "Wrong credentials are refused by 535",
            "RFC 4954 4, 6 (535 \"Authentication credentials invalid\")",
            "So that the client asks its user, and not again and again. A 4yz, 534 and 538 have reasons of their own.",
            "OnEndOfAuthentication(Failure), 550",
        ),
        observable: sees!(OnEndOfAuthentication),
        exercised: |view| {
            let mut indices = 0..view.exchanges().len();
            indices.any(|index| response::has_failed(view, index))
        },
    },
    entry(
        Rule::must(
            "AUT-15",
            "An authentication that has failed leaves the session as it was",
            "RFC 4954 4: \"If an AUTH command fails, the client MAY proceed without authentication. Alternatively, the client \
             MAY try another authentication mechanism or present different credentials by issuing another AUTH\"",
            "The client may try again, or with another mechanism: that is no bad sequence.",
            "535, AUTH PLAIN, 503",
        ),
        |view| in_sequence(view, |attempt| attempt.failed_before),
    ),
    Entry {
        rule: Rule::must(
            "AUT-16",
            "OnReject carries no response of the exchange",
            "RFC 4954 9, RFC 4616 6 (the password is in the response); MODEL.md, section 11",
            "An agent that logs refusals would log passwords, most of them right but for a letter. The AUTH command \
             up to its mechanism says what was refused.",
            "535, OnReject(AUTH PLAIN AHRpbQBzZWNyZXQ=)",
        ),
        observable: sees!(OnReject),
        exercised: |view| {
            view.exchanges().iter().any(|exchange| {
                exchange.outcome == Outcome::Refused && secrets::said(exchange).is_some()
            })
        },
    },
];

fn any_step(view: &View<'_>, step: AuthStep) -> bool {
    let mut exchanges = view.exchanges().iter();
    exchanges.any(|exchange| exchange.authentication == Some(step))
}

fn any_response(
    view: &View<'_>,
    wanted: impl Fn(&Exchange<'_>, &ResponseLine<'_>) -> bool,
) -> bool {
    view.exchanges()
        .iter()
        .any(|exchange| match &exchange.stimulus {
            Stimulus::Response(line) => wanted(exchange, line),
            _ => false,
        })
}

/// An AUTH that can be judged, out of sequence by what `wanted` says.
fn out_of_sequence(view: &View<'_>, wanted: impl Fn(crate::model::State) -> bool) -> bool {
    attempts(view).iter().any(|attempt| {
        is_judged(view, attempt)
            && attempt.exchange.in_sequence == Certainty::No
            && attempt.exchange.state.is_some_and(&wanted)
    })
}

/// The same where AUTH was announced.
fn offered_out_of_sequence(view: &View<'_>, wanted: impl Fn(crate::model::State) -> bool) -> bool {
    attempts(view).iter().any(|attempt| {
        is_judged(view, attempt)
            && !attempt.offered.is_empty()
            && attempt.exchange.in_sequence == Certainty::No
            && attempt
                .exchange
                .state
                .is_some_and(|state| state.greeted && wanted(state))
    })
}

/// An AUTH that can be judged, in sequence where AUTH was announced.
fn in_sequence(view: &View<'_>, wanted: impl Fn(&Attempt<'_, '_>) -> bool) -> bool {
    attempts(view).iter().any(|attempt| {
        is_judged(view, attempt)
            && !attempt.offered.is_empty()
            && attempt.exchange.in_sequence == Certainty::Yes
            && wanted(attempt)
    })
}
