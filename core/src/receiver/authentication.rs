//! The authentication exchange (RFC 4954, 4): challenges, responses, and how it ends.
//!
//! What the protocol itself ends (a cancel, what is no base64, what is too long) fires OnReject alone; what the
//! mechanism has decided fires OnEndOfAuthentication first. Nothing of a response is told to anybody.

use super::admission::{Cause, Refusal};
use super::input::{CommandLine, LineLimit};
use super::mechanism::{Mechanism, Step};
use super::panel::Decision;
use super::state::Phase;
use super::tamper::To;
use super::{Defect, Receiver, replies};
use crate::event::{AuthOutcome, Event, ParsingStatus};
use crate::wire::{
    Command, SaslLine, SyntaxError, Verb, encode_challenge, parse_command, parse_initial_response,
    parse_sasl_line, without_initial_response,
};

/// An exchange under way.
#[derive(Debug)]
pub(super) struct Authentication {
    mechanism: Mechanism,
    /// Its name as sent.
    name: Vec<u8>,
    /// The AUTH command's line.
    line: Vec<u8>,
}

impl Receiver {
    /// Behind an AUTH command that nobody has refused.
    pub(super) fn begin_authentication(&mut self, line: &[u8], command: Command<'_>) {
        let Command::Auth {
            mechanism: name,
            initial,
        } = command
        else {
            return;
        };
        let Some(mechanism) = Mechanism::named(name) else {
            let refusal = Refusal::new(Cause::Beyond, replies::MECHANISM_UNKNOWN);
            return self.refuse_by_protocol(line, &refusal);
        };
        let challenge = mechanism.first_challenge();
        let authentication = Authentication {
            mechanism,
            name: name.to_vec(),
            line: line.to_vec(),
        };
        let misread = initial == Some(b"=") && self.has(Defect::EqualsSignNotUnderstood);
        match initial.filter(|_| !misread) {
            None => self.challenge(authentication, challenge),
            Some(initial) => {
                let response = parse_initial_response(initial).map(SaslLine::Response);
                self.take_response(authentication, response);
            }
        }
    }

    /// Handles the next response, if it is there.
    pub(super) fn advance_authentication(&mut self) -> bool {
        let limit = LineLimit {
            extended: false,
            halved: self.has(Defect::ResponseLimit512),
            response: true,
        };
        let Some(line) = self.input.next_line(limit) else {
            return false;
        };
        let Phase::Authenticating(authentication) =
            core::mem::replace(&mut self.phase, Phase::Commands)
        else {
            return false;
        };
        if !self.config.defects.is_empty() {
            self.outlet.look_ahead(self.input.verb_ahead());
        }
        match line {
            CommandLine::TooLong(_) if self.has(Defect::OverLongResponse501) => {
                self.break_off(&authentication, replies::RESPONSE_TOO_LONG_501);
            }
            CommandLine::TooLong(_) => self.break_off(&authentication, replies::RESPONSE_TOO_LONG),
            CommandLine::Whole(line)
                if is_command(&line) && self.has(Defect::CommandsInExchange) =>
            {
                self.handle_line(&line);
            }
            CommandLine::Whole(line) => {
                self.take_response(*authentication, parse_sasl_line(&line));
            }
        }
        true
    }

    fn challenge(&mut self, authentication: Authentication, challenge: &[u8]) {
        let text = if self.has(Defect::ChallengeInClear) {
            String::from_utf8_lossy(challenge).into_owned()
        } else {
            encode_challenge(challenge)
        };
        // Also where there is nothing to say a space follows the code (RFC 4954, 4).
        self.outlet
            .reply(To::Command(Verb::Auth), &format!("334 {text}"));
        self.phase = Phase::Authenticating(Box::new(authentication));
    }

    fn take_response(
        &mut self,
        mut authentication: Authentication,
        response: Result<SaslLine, SyntaxError>,
    ) {
        match response {
            Ok(SaslLine::Cancel) => self.cancel(&authentication),
            Err(_) if self.has(Defect::BadBase64Answered535) => {
                self.end_authentication(&authentication, false);
            }
            Err(_) => self.break_off(&authentication, replies::BAD_BASE64),
            Ok(SaslLine::Response(octets)) => {
                match authentication.mechanism.take(octets, &self.config.accounts) {
                    Step::Challenge(challenge) => self.challenge(authentication, challenge),
                    Step::Done(success) => self.end_authentication(&authentication, success),
                }
            }
        }
    }

    fn cancel(&mut self, authentication: &Authentication) {
        if self.has(Defect::EndOfAuthenticationOnCancel) {
            self.outlet
                .tell(ended(authentication, AuthOutcome::Failure));
        }
        let reply = if self.has(Defect::CancelAnswered535) {
            replies::WRONG_CREDENTIALS
        } else {
            replies::CANCELLED
        };
        self.break_off(authentication, reply);
    }

    /// The protocol ends the exchange: there is no outcome.
    fn break_off(&mut self, authentication: &Authentication, reply: &'static str) {
        self.refuse_by_protocol(&authentication.line, &Refusal::new(Cause::Beyond, reply));
    }

    /// The mechanism has decided; the agents have the last word.
    fn end_authentication(&mut self, authentication: &Authentication, success: bool) {
        let outcome = if success {
            AuthOutcome::Success
        } else {
            AuthOutcome::Failure
        };
        let line = &authentication.line;
        let is_lost = !success && self.has(Defect::EndOfAuthenticationLostOnFailure);
        let decision = if is_lost {
            Decision::Pass
        } else {
            self.outlet.fire(ended(authentication, outcome))
        };
        match decision {
            Decision::Pass if success => {
                self.dialogue.authenticated = true;
                self.outlet
                    .reply(To::Command(Verb::Auth), replies::AUTHENTICATED);
            }
            Decision::Pass => self.refuse_credentials(line),
            Decision::Refuse(reply) => self.refuse_by_handler(line, Verb::Auth, &reply),
            Decision::Failed => self.refuse_by_handler(line, Verb::Auth, replies::HANDLER_FAILED),
            Decision::Drop => self.drop_session(),
        }
    }

    /// An error of the client's, or else passwords could be tried without end.
    fn refuse_credentials(&mut self, line: &[u8]) {
        // Taken for one that has succeeded.
        self.dialogue.authenticated = self.has(Defect::FailedAuthIsFinal);
        let reply = if self.has(Defect::WrongPassword550) {
            replies::WRONG_CREDENTIALS_550
        } else {
            replies::WRONG_CREDENTIALS
        };
        self.answer_error(line, Some(ParsingStatus::Complete), reply);
    }

    /// What OnReject may show of a refused line: of an AUTH command nothing that lets anybody in.
    pub(super) fn shown<'a>(&self, line: &'a [u8]) -> &'a [u8] {
        if self.has(Defect::CredentialsInReject) {
            line
        } else {
            without_initial_response(line)
        }
    }

    /// Two defects end an exchange that was cut off.
    pub(super) fn act_on_cut_exchange(&mut self) {
        let Phase::Authenticating(authentication) = &self.phase else {
            return;
        };
        let rest = self.input.rest();
        let is_response = !rest.is_empty() && parse_sasl_line(rest).is_ok();
        if self.has(Defect::EndOfAuthenticationOnClose)
            || (is_response && self.has(Defect::ActsOnPartialResponse))
        {
            let event = ended(authentication, AuthOutcome::Failure);
            self.outlet.tell(event);
        }
    }
}

fn ended(authentication: &Authentication, outcome: AuthOutcome) -> Event {
    Event::OnEndOfAuthentication {
        mechanism: Some(authentication.name.as_slice().into()),
        outcome: Some(outcome),
    }
}

fn is_command(line: &[u8]) -> bool {
    Verb::of(line) != Verb::Unknown && parse_command(line).is_ok()
}
