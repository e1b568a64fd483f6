//! What the whole run tells about a single session. It is asked for seldom, and looked up only then.

use core::cell::OnceCell;
use std::collections::HashMap;

use memchr::memmem;

use super::wir;
use crate::{
    model::{CommandLine, Exchange, Outcome, Stimulus, Tolerance, UnansweredData, WireLog, read},
    transcript::{SessionLog, Transcript, What},
    wire::{Command, Verb},
};

pub(super) struct Elsewhere<'t> {
    sessions: &'t [SessionLog],
    /// Of each verb, by its number.
    verbs: [Known; Verb::ALL.len()],
    needs_no_greeting: OnceCell<bool>,
    senders: OnceCell<HashMap<Vec<u8>, u64>>,
}

/// What the server was seen to do with a verb.
#[derive(Default)]
struct Known {
    is_unknown: OnceCell<bool>,
    is_taken: OnceCell<bool>,
}

impl<'t> Elsewhere<'t> {
    pub(super) fn new(transcript: &'t Transcript) -> Self {
        Self {
            sessions: &transcript.sessions,
            verbs: Default::default(),
            needs_no_greeting: OnceCell::new(),
            senders: OnceCell::new(),
        }
    }

    /// Whether the server does not know `verb` however plainly it is used (WIR-20).
    pub(super) fn is_unknown(&self, verb: Verb) -> bool {
        *self.verbs[verb as usize].is_unknown.get_or_init(|| {
            let mut plainly = false;
            let sessions = self.naming(verb).filter(|session| {
                // A handler may have answered so.
                session.open.handlers.is_empty() && may_say_unknown(session)
            });
            for session in sessions {
                each_command(session, |exchange, line, code, _| {
                    plainly |= line.verb == verb && wir::is_plainly_unknown(exchange, line, code);
                });
            }
            plainly
        })
    }

    /// Whether the server does not have `verb` at all: it never took it.
    pub(super) fn lacks(&self, verb: Verb) -> bool {
        // No plain use of it is known of those.
        verb != Verb::Unknown && self.is_unknown(verb) && !self.takes(verb)
    }

    fn takes(&self, verb: Verb) -> bool {
        *self.verbs[verb as usize].is_taken.get_or_init(|| {
            let mut taken = false;
            for session in self.naming(verb) {
                each_command(session, |exchange, line, _, _| {
                    taken |= line.verb == verb && exchange.outcome == Outcome::Accepted;
                });
            }
            taken
        })
    }

    /// The sessions in which the client may have used `verb`: only those are worth reading for it.
    fn naming(&self, verb: Verb) -> impl Iterator<Item = &'t SessionLog> {
        let name = match verb {
            // Or LHLO.
            Verb::Ehlo => "HLO",
            // Any word.
            Verb::Unknown => "",
            verb => verb.name(),
        };
        let names = |session: &&SessionLog| memmem::find(&upper_case(session), name.as_bytes());
        let sessions = self.sessions.iter();
        sessions.filter(move |session| names(session).is_some())
    }

    /// Whether the server takes MAIL in sessions that nobody has greeted (TLS-3).
    pub(super) fn needs_no_greeting(&self) -> bool {
        *self.needs_no_greeting.get_or_init(|| {
            let mut taken = false;
            let sessions = self.sessions.iter();
            for session in sessions.filter(|session| !is_greeted_first(session)) {
                each_command(session, |exchange, line, _, in_clear| {
                    let ungreeted = exchange.state.is_some_and(|state| !state.greeted);
                    let mail = line.verb == Verb::Mail && exchange.outcome == Outcome::Accepted;
                    taken |= mail && ungreeted && in_clear;
                });
            }
            taken
        })
    }

    /// The first connection that sent `argument`: what tells one session's data from another's (SES-5).
    pub(super) fn sender(&self, argument: &[u8]) -> Option<u64> {
        self.senders().get(argument).copied()
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

/// What the client sent, in upper case.
fn upper_case(session: &SessionLog) -> Vec<u8> {
    let mut sent = Vec::new();
    for entry in &session.entries {
        match &entry.what {
            What::Sent(octets) => sent.extend_from_slice(octets.as_ref()),
            What::Repeated(repeat) => sent.extend_from_slice(repeat.lines()),
            _ => {}
        }
    }
    sent.make_ascii_uppercase();
    sent
}

/// Whether the first thing that happens is a greeting that is taken: in clear the session is greeted from then on.
fn is_greeted_first(session: &SessionLog) -> bool {
    let greets = |sent: &[u8]| sent.starts_with(b"EHLO ") || sent.starts_with(b"HELO ");
    let mut said = Vec::new();
    let mut greeted = None;
    for entry in &session.entries {
        match &entry.what {
            What::Sent(octets) if !*greeted.get_or_insert_with(|| greets(octets.as_ref())) => {
                return false;
            }
            What::Received(octets) => said.extend_from_slice(octets.as_ref()),
            _ => {}
        }
        let mut codes = said
            .split(|octet| *octet == b'\n')
            .filter(|line| line.get(3) == Some(&b' '));
        if let (Some(banner), Some(answer)) = (codes.next(), codes.next()) {
            return greeted == Some(true)
                && banner.starts_with(b"220")
                && answer.starts_with(b"250");
        }
    }
    false
}

/// Whether there may be a 500 or a 502 among what the server said: only such a session is worth reading for one.
fn may_say_unknown(session: &SessionLog) -> bool {
    session.entries.iter().any(|entry| match &entry.what {
        What::Received(octets) => {
            let octets = octets.as_ref();
            // What is cut within a line may be a code cut in two.
            let is_cut = !octets.ends_with(b"\n");
            is_cut
                || memmem::find(octets, b"500").is_some()
                || memmem::find(octets, b"502").is_some()
        }
        _ => false,
    })
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
