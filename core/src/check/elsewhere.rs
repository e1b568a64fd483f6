//! What the whole run tells about a single session. It is asked for seldom, and looked up only then.

use core::cell::OnceCell;
use std::collections::HashMap;

use super::wir;
use crate::{
    model::{CommandLine, Exchange, Outcome, Stimulus, Tolerance, UnansweredData, WireLog, read},
    transcript::{SessionLog, Transcript},
    wire::{Command, Verb},
};

pub(super) struct Elsewhere<'t> {
    sessions: &'t [SessionLog],
    server: OnceCell<Server>,
    senders: OnceCell<HashMap<Vec<u8>, u64>>,
}

/// What the server was seen to know.
#[derive(Default)]
struct Server {
    /// Verbs that it does not know however plainly they are used.
    unknown: Vec<Verb>,
    /// Verbs that it took somewhere.
    known: Vec<Verb>,
    takes_ungreeted_mail: bool,
}

impl<'t> Elsewhere<'t> {
    pub(super) fn new(transcript: &'t Transcript) -> Self {
        Self {
            sessions: &transcript.sessions,
            server: OnceCell::new(),
            senders: OnceCell::new(),
        }
    }

    /// Whether the server does not know `verb` however plainly it is used (WIR-20).
    pub(super) fn is_unknown(&self, verb: Verb) -> bool {
        self.server().unknown.contains(&verb)
    }

    /// Whether the server does not have `verb` at all: it never took it.
    pub(super) fn lacks(&self, verb: Verb) -> bool {
        // No plain use of it is known of those.
        verb != Verb::Unknown && self.is_unknown(verb) && !self.server().known.contains(&verb)
    }

    /// Whether the server takes MAIL in sessions that nobody has greeted (TLS-3).
    pub(super) fn needs_no_greeting(&self) -> bool {
        self.server().takes_ungreeted_mail
    }

    /// The first connection that sent `argument`: what tells one session's data from another's (SES-5).
    pub(super) fn sender(&self, argument: &[u8]) -> Option<u64> {
        self.senders().get(argument).copied()
    }

    fn server(&self) -> &Server {
        self.server.get_or_init(|| {
            let mut server = Server::default();
            for session in self.sessions {
                each_command(session, |exchange, line, code, in_clear| {
                    server.note(session, exchange, line, code);
                    let ungreeted = exchange.state.is_some_and(|state| !state.greeted);
                    let taken = exchange.outcome == Outcome::Accepted;
                    server.takes_ungreeted_mail |=
                        line.verb == Verb::Mail && ungreeted && taken && in_clear;
                });
            }
            server
        })
    }

    fn senders(&self) -> &HashMap<Vec<u8>, u64> {
        self.senders.get_or_init(|| {
            let mut senders = HashMap::new();
            for session in self.sessions {
                each_command(session, |_, line, _, _| {
                    let argument = argument(line).filter(|argument| !argument.is_empty());
                    if let Some(argument) = argument {
                        senders.entry(argument.to_vec()).or_insert(session.conn);
                    }
                });
            }
            senders
        })
    }
}

impl Server {
    fn note(
        &mut self,
        session: &SessionLog,
        exchange: &Exchange<'_>,
        line: &CommandLine<'_>,
        code: Option<u16>,
    ) {
        if exchange.outcome == Outcome::Accepted && !self.known.contains(&line.verb) {
            self.known.push(line.verb);
        }
        // A handler may have answered so.
        if session.open.handlers.is_empty()
            && wir::is_plainly_unknown(exchange, line, code)
            && !self.unknown.contains(&line.verb)
        {
            self.unknown.push(line.verb);
        }
    }
}

/// Gives `use_it` the commands of a session, read strictly, each with its reply's code and whether the session never
/// came to STARTTLS.
fn each_command(
    session: &SessionLog,
    mut use_it: impl FnMut(&Exchange<'_>, &CommandLine<'_>, Option<u16>, bool),
) {
    let wire = &WireLog::new(session);
    let reading = read(wire, &Tolerance::default(), UnansweredData::default());
    for exchange in &reading.exchanges {
        if let Stimulus::Command(line) = &exchange.stimulus {
            let reply = exchange.reply.map(|reply| &wire.replies[reply]);
            let code = reply.and_then(|reply| reply.reply.code);
            use_it(exchange, line, code, reading.handshakes.is_empty());
        }
    }
}

/// What tells sessions apart: the domain or the path.
fn argument<'t>(line: &CommandLine<'t>) -> Option<&'t [u8]> {
    match line.parsed.ok()?.command {
        Command::Helo { domain } | Command::Ehlo { domain } => Some(domain),
        Command::Mail { path, .. } => Some(path.raw()),
        Command::Rcpt { path, .. } => Some(path.raw()),
        _ => None,
    }
}
