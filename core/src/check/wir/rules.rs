//! The wire rules as values.

use crate::{
    check::{
        entry::{Entry, always, on_the_wire},
        verdict::Rule,
        view::View,
    },
    model::{COMMAND_LINE_LIMIT, Certainty, Exchange, Outcome},
    wire::{Command, ForwardPath, ReversePath, Verb},
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
            "WIR-1",
            "The banner is 220, or a refusal",
            "RFC 5321 3.1, 4.3.2",
            "The server speaks first: 220, or 554 (or a 4yz) if it will not serve.",
            "250 mail.example.org",
        ),
        always,
    ),
    entry(
        Rule::must(
            "WIR-2",
            "Each command gets one reply",
            "RFC 5321 4.2: \"Every command MUST generate exactly one reply\"",
            "None is left out, none is sent twice. A client in lock-step waits for ever for the one, and takes the \
             other for the answer to its next command.",
            "NOOP, nothing",
        ),
        |view| view.commands().next().is_some(),
    ),
    entry(
        Rule::must(
            "WIR-3",
            "Replies are well formed",
            "RFC 5321 4.2, 4.2.1 (Reply-line, Greeting)",
            "Three digits, a hyphen on every line but the last, the same code on each, CRLF behind each.",
            "250-first CRLF 251 second CRLF",
        ),
        has_reply,
    ),
    entry(
        Rule::must(
            "WIR-4",
            "A positive reply's code is one that its command may have",
            "RFC 5321 4.3.2",
            "A client acts on the code: 354 to anything but DATA makes it send a message into the void.",
            "RCPT TO:<a@example.org>, 220 ok",
        ),
        |view| {
            view.exchanges()
                .iter()
                .any(|exchange| exchange.outcome == Outcome::Accepted)
        },
    ),
    entry(
        Rule::must(
            "WIR-5",
            "A command out of sequence is answered 503, one in sequence is not",
            "RFC 5321 3.3: \"the server MUST return a 503\"; 4.1.4, 4.3.2",
            "For DATA without recipients also 554.",
            "RCPT before MAIL, 500",
        ),
        |view| {
            view.commands().any(|(e, line)| {
                matches!(line.verb, Verb::Mail | Verb::Rcpt | Verb::Data)
                    && e.in_sequence == Certainty::No
            })
        },
    ),
    entry(
        Rule::should(
            "WIR-6",
            "A malformed command is refused",
            "RFC 5321 4.1.2, 4.2.4, 4.3.2 (500, 501, 555)",
            "What cannot be parsed cannot be meant. Servers that take it guess, and guess differently from the \
             next one.",
            "MAIL FROM:<a@example.org, 250",
        ),
        |view| {
            view.commands()
                .any(|(e, line)| line.parsed.is_err() && e.outcome != Outcome::Unanswered)
        },
    ),
    entry(
        Rule::must(
            "WIR-7",
            "QUIT is answered 221 and the connection closed",
            "RFC 5321 4.1.1.10",
            "The reply first, then the close.",
            "QUIT, connection closed without a reply",
        ),
        |view| {
            view.exchanges()
                .last()
                .is_some_and(|last| last.verb() == Some(Verb::Quit))
        },
    ),
    entry(
        Rule::must(
            "WIR-8",
            "After 421 the server closes",
            "RFC 5321 3.8, 4.2.3 (421 \"closing transmission channel\")",
            "Nothing more is answered or acted on.",
            "421 too many errors, then NOOP answered 250",
        ),
        |view| {
            view.wire
                .replies
                .iter()
                .any(|logged| logged.reply.code == Some(421))
        },
    ),
    entry(
        Rule::must(
            "WIR-9",
            "Replies come in the order of the commands",
            "RFC 2920 3.2",
            "The client of a pipelined group knows what a reply answers by its place only.",
            "MAIL, RCPT, DATA in one segment: 250, 354, 250",
        ),
        |view| view.exchanges().windows(2).any(super::order::in_one_go),
    ),
    entry(
        Rule::must(
            "WIR-10",
            "NOOP, HELP, RSET, VRFY, EXPN and QUIT are in sequence at any time",
            "RFC 5321 4.1.4",
            "\"The NOOP, HELP, EXPN, VRFY, and RSET commands can be used at any time during a session\".",
            "NOOP before EHLO, 503",
        ),
        |view| view.commands().any(|(_, line)| any_time(line.verb)),
    ),
    entry(
        Rule::must(
            "WIR-11",
            "EHLO's reply names the server, then keywords",
            "RFC 5321 4.1.1.1 (ehlo-ok-rsp)",
            "A domain on the first line, an ehlo-keyword at the front of each other.",
            "250-_SIZE 1000",
        ),
        |view| accepted(view, |e| e.verb() == Some(Verb::Ehlo)),
    ),
    entry(
        Rule::must(
            "WIR-12",
            "A command line of 512 octets is taken",
            "RFC 5321 4.5.3.1.4",
            "The limit includes the CRLF; a server may take more, never less.",
            "a NOOP of 512 octets, 500 line too long",
        ),
        |view| {
            view.commands()
                .any(|(exchange, _)| (257..=COMMAND_LINE_LIMIT).contains(&exchange.span.len()))
        },
    ),
    entry(
        Rule::must(
            "WIR-13",
            "An unknown command is refused",
            "RFC 5321 4.2.4 (500)",
            "A client that is told 250 believes that something was done.",
            "XYZZY, 250",
        ),
        |view| {
            view.commands()
                .any(|(_, line)| line.parsed.is_ok() && line.verb == Verb::Unknown)
        },
    ),
    entry(
        Rule::must(
            "WIR-14",
            "What EHLO announces is honoured",
            "RFC 5321 2.2.1, RFC 1870 6, RFC 4954 5, RFC 6152 3, RFC 6531 3.4",
            "SIZE, AUTH, 8BITMIME and SMTPUTF8, once announced, are taken as parameters of MAIL.",
            "250 SIZE 1000000, MAIL FROM:<a@example.org> SIZE=100, 555",
        ),
        super::commands::uses_extension,
    ),
    entry(
        Rule::must(
            "WIR-15",
            "The null reverse-path and <Postmaster> are accepted",
            "RFC 5321 4.5.1 (postmaster), 4.5.5 and 3.6.3 (null reverse-path)",
            "Notifications have no sender, and there must be somebody to complain to.",
            "MAIL FROM:<>, 550",
        ),
        |view| {
            view.commands()
                .any(|(exchange, line)| must_be_accepted(exchange, line))
        },
    ),
    entry(
        Rule::must(
            "WIR-16",
            "A reply line has at most 512 octets",
            "RFC 5321 4.5.3.1.5",
            "The limit includes the code and the CRLF.",
            "214 and 600 octets of help",
        ),
        has_reply,
    ),
    entry(
        Rule::must(
            "WIR-17",
            "Verbs are read without regard to case",
            "RFC 5321 2.4",
            "`mail`, `Mail` and `MAIL` are one command.",
            "ehlo console, 500",
        ),
        |view| {
            view.commands()
                .any(|(_, line)| super::commands::lower_case(line.text))
        },
    ),
    entry(
        Rule::must(
            "WIR-18",
            "The server closes only after a 221 or a 421, or after a time-out",
            "RFC 5321 3.8",
            "\"An SMTP server MUST NOT intentionally close the connection\" otherwise: the client cannot know what \
             became of its message.",
            "RCPT, connection closed without a reply",
        ),
        |view| view.wire.server_end.is_some(),
    ),
    entry(
        Rule::should(
            "WIR-19",
            "Only CRLF ends a command line",
            "RFC 5321 2.3.8",
            "A bare LF or CR does not. Many servers take a bare LF in commands; alone it is not known to be \
             dangerous, so this is reported as not strict. In content it is: CON-2.",
            "NOOP LF, 250",
        ),
        |view| {
            let bare = |text: &[u8]| text.contains(&b'\n') || text.contains(&b'\r');
            view.commands()
                .any(|(_, line)| bare(line.text) || line.end != crate::wire::LineEnd::CrLf)
        },
    ),
    entry(
        Rule::must(
            "WIR-20",
            "The minimum of commands is implemented",
            "RFC 5321 4.5.1",
            "EHLO, HELO, MAIL, RCPT, DATA, RSET, NOOP, QUIT and VRFY are known to every server: none of them is \
             answered 500 or 502 when well formed.",
            "RSET, 502",
        ),
        |view| view.commands().any(|(_, line)| minimum(line.verb)),
    ),
];

fn has_reply(view: &View<'_>) -> bool {
    !view.wire.replies.is_empty()
}

fn accepted(view: &View<'_>, what: impl Fn(&Exchange<'_>) -> bool) -> bool {
    view.exchanges()
        .iter()
        .any(|exchange| exchange.outcome == Outcome::Accepted && what(exchange))
}

pub(super) const fn any_time(verb: Verb) -> bool {
    matches!(
        verb,
        Verb::Noop | Verb::Help | Verb::Rset | Verb::Vrfy | Verb::Expn | Verb::Quit
    )
}

pub(super) const fn minimum(verb: Verb) -> bool {
    use Verb::{Data, Ehlo, Helo, Mail, Noop, Quit, Rcpt, Rset, Vrfy};
    matches!(
        verb,
        Ehlo | Helo | Mail | Rcpt | Data | Rset | Noop | Quit | Vrfy
    )
}

/// MAIL with the null reverse-path, RCPT with `<Postmaster>`, in sequence and without parameters.
pub(super) fn must_be_accepted(
    exchange: &Exchange<'_>,
    line: &crate::model::CommandLine<'_>,
) -> bool {
    has_special_path(line) && exchange.in_sequence == Certainty::Yes
}

/// The null reverse-path or `<Postmaster>`, without parameters.
pub(super) fn has_special_path(line: &crate::model::CommandLine<'_>) -> bool {
    let Ok(parsed) = &line.parsed else {
        return false;
    };
    let special = match parsed.command {
        Command::Mail {
            path: ReversePath::Null,
            parameters,
        }
        | Command::Rcpt {
            path: ForwardPath::Postmaster(_),
            parameters,
        } => parameters.raw.is_empty(),
        _ => false,
    };
    special && parsed.leniencies.is_empty()
}
