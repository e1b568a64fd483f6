//! AUTH: whose lines are responses, and where the exchange ends (RFC 4954, 4).

use super::{Reader, Stop};
use crate::{
    model::{
        authentication::{AuthStep, ResponseLine, Said, auth, rounds},
        exchange::{CommandLine, Outcome, Stimulus},
        state::{Certainty, State},
    },
    wire::LineSplitter,
};

impl<'w> Reader<'w, '_, '_> {
    /// What follows an AUTH command.
    pub(super) fn behind_auth(&mut self, in_sequence: Certainty) -> Option<Stop> {
        let last = self.reading.exchanges.last()?;
        let Stimulus::Command(line) = &last.stimulus else {
            return None;
        };
        let (line, step) = (*line, last.authentication);
        let unanswered = last.outcome == Outcome::Unanswered;
        match step {
            Some(AuthStep::Challenged) => return self.responses(line, None),
            Some(AuthStep::Succeeded) => self.states.advance(State::after_authentication),
            Some(AuthStep::Open) if unanswered && in_sequence != Certainty::No => {
                let (mechanism, initial) = auth(&line)?;
                self.states.advance_maybe(State::after_authentication);
                let rounds = rounds(mechanism, initial);
                if rounds > 0 && self.is_taken_unanswered() {
                    return self.responses(line, Some(rounds));
                }
            }
            _ => {}
        }
        None
    }

    /// The lines of an exchange up to its end. `rounds`: nobody saw the challenge, and so many lines are still to come.
    fn responses(&mut self, auth: CommandLine<'w>, mut rounds: Option<usize>) -> Option<Stop> {
        loop {
            let mut lines = LineSplitter::new(self.tolerance.line_ends);
            let Some(line) = lines.next(&self.wire.sent[self.at..]) else {
                self.reading.authenticating = true;
                return Some(Stop::EndOfInput);
            };
            let response = ResponseLine::new(line.text, line.end, auth);
            let span = self.at..self.at + line.len;
            self.at = span.end;
            let outcome = self.exchange(Stimulus::Response(response), span, Certainty::Yes);
            let last = self.reading.exchanges.last();
            match last.and_then(|last| last.authentication) {
                Some(AuthStep::Challenged) => rounds = None,
                Some(AuthStep::Succeeded) => {
                    self.states.advance(State::after_authentication);
                    return None;
                }
                Some(AuthStep::Open) if outcome == Outcome::Unanswered => {
                    self.states.advance_maybe(State::after_authentication);
                    let left = rounds.unwrap_or(1).saturating_sub(1);
                    if left == 0 || response.said != Said::Response {
                        return None;
                    }
                    rounds = Some(left);
                }
                _ => return self.left_exchange(response, outcome),
            }
        }
    }

    /// Behind a refusal, or behind an answer that is none to a response: then the server took the line for a command.
    fn left_exchange(&mut self, response: ResponseLine<'_>, outcome: Outcome) -> Option<Stop> {
        let protocol = self.wire.protocol;
        let verb = protocol.verb(response.text);
        match outcome {
            Outcome::Dropped if self.said_goodbye() => return Some(Stop::SessionEnded),
            Outcome::Accepted if protocol.parse(response.text).is_ok() => {
                self.states.advance(|state| state.after(verb));
            }
            _ => {}
        }
        None
    }
}
