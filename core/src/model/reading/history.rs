//! What a session remembers of its commands and their replies.

use super::Reader;
use crate::{
    model::{
        exchange::{CommandLine, History, Outcome, RefusedVerbs},
        replies::reply_lines,
        state::{Certainty, Transaction, clears},
    },
    wire::{Command, Verb},
};

impl Reader<'_, '_, '_> {
    pub(super) fn remember(
        &mut self,
        line: &CommandLine<'_>,
        outcome: Outcome,
        in_sequence: Certainty,
    ) {
        let verb = line.verb;
        self.remember_chunks(verb, outcome);
        self.discarding &= !(outcome == Outcome::Accepted && (clears(verb) || verb == Verb::Mail));
        let command = line.parsed.as_ref().ok().map(|parsed| &parsed.command);
        match (verb, outcome) {
            (Verb::Mail, Outcome::Accepted) => {
                self.history = History {
                    smtputf8: command.is_some_and(asks_smtputf8),
                    binary: self.binarymime && command.is_some_and(asks_binary),
                    gave_up_chunks: self.history.gave_up_chunks,
                    given_up: self.history.given_up,
                    ..History::default()
                };
            }
            (
                Verb::Mail | Verb::Rcpt | Verb::Data | Verb::Rset | Verb::Helo | Verb::Ehlo,
                Outcome::Refused,
            ) => {
                self.history.refused.add(verb);
            }
            // In sequence: what was refused before has left the transaction open.
            (Verb::Rcpt, Outcome::Accepted) if in_sequence == Certainty::Yes => {
                self.history.refused = RefusedVerbs::default();
            }
            (_, Outcome::Accepted) if clears(verb) => {
                // What was never open is not cleared.
                let open = self
                    .states
                    .single()
                    .is_none_or(|state| state.transaction != Transaction::None);
                if open || self.history.cleared_by.is_some() {
                    self.history.cleared_by = Some(self.wire.protocol.name_of(verb));
                }
                self.history.refused = RefusedVerbs::default();
                self.history.smtputf8 = false;
                self.history.binary = false;
                self.history.failed = false;
            }
            _ => {}
        }
    }

    /// Reads what the last reply, to a greeting, announced: only EHLO's can.
    pub(super) fn greeted(&mut self, verb: Verb) {
        self.reading.pipelining = false;
        self.chunking = false;
        self.took_chunk = false;
        self.binarymime = false;
        let reply = self.reading.exchanges.last().and_then(|last| last.reply);
        let Some(reply) = reply.filter(|_| verb == Verb::Ehlo) else {
            return;
        };
        for line in reply_lines(&self.wire.replies[reply].reply.raw).skip(1) {
            let text = line.get(4..).unwrap_or_default().trim_ascii_end();
            self.reading.pipelining |= text.eq_ignore_ascii_case(b"PIPELINING");
            self.chunking |= text.eq_ignore_ascii_case(b"CHUNKING");
            self.binarymime |= text.eq_ignore_ascii_case(b"BINARYMIME");
        }
    }
}

fn asks_smtputf8(command: &Command<'_>) -> bool {
    matches!(command, Command::Mail { parameters, .. } if parameters.get("SMTPUTF8").is_some())
}

fn asks_binary(command: &Command<'_>) -> bool {
    let Command::Mail { parameters, .. } = command else {
        return false;
    };
    let body = parameters.get("BODY").and_then(|parameter| parameter.value);
    body.is_some_and(|body| body.eq_ignore_ascii_case(b"BINARYMIME"))
}
