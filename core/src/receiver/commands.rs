//! Command lines: refused by the protocol, or fired, decided on and carried out.

use super::admission::{Admitted, Cause, Refusal, admit};
use super::clause_defects::{self, Occasion, Then};
use super::content::Content;
use super::input::{CommandLine, LineLimit};
use super::own_event::own_event;
use super::panel::Decision;
use super::state::{Greeting, Phase, Transaction};
use super::table::{Effect, served};
use super::tamper::To;
use super::{Defect, Receiver, replies};
use crate::event::{DisconnectReason, Event, ParsingStatus};
use crate::wire::{Command, ForwardPath, ReversePath, Verb};

/// Recipients of a transaction that `rset-keeps-many-recipients` keeps.
const MANY: usize = 3;

impl Receiver {
    /// Handles the next command line, if it is there.
    pub(super) fn advance_commands(&mut self) -> bool {
        let Some(line) = self.input.next_line(self.line_limit()) else {
            return false;
        };
        if !self.config.defects.is_empty() {
            self.outlet.look_ahead(self.input.verb_ahead());
        }
        if core::mem::take(&mut self.carried.drops_line) {
            return true;
        }
        match line {
            CommandLine::TooLong(begin) => {
                self.refuse_by_protocol(
                    &begin,
                    &Refusal::new(Cause::Beyond, replies::LINE_TOO_LONG),
                );
                self.carried.drops_line = self.has(Defect::LineBehindTooLongLost);
            }
            CommandLine::Whole(line) => self.handle_line(&line),
        }
        true
    }

    fn line_limit(&self) -> LineLimit {
        LineLimit {
            extended: self.dialogue.greeting == Some(Greeting::Ehlo),
            halved: self.has(Defect::LineLimit256),
            response: false,
        }
    }

    pub(super) fn handle_line(&mut self, line: &[u8]) {
        if matches!(self.phase, Phase::Barred) && Verb::of(line) != Verb::Quit {
            let refusal = Refusal::new(Cause::Beyond, replies::NOT_AFTER_REFUSAL);
            if self.discards_chunk(line, &refusal) {
                return;
            }
            return self.refuse_by_protocol(line, &refusal);
        }
        match self.clause_broken_by(line) {
            Some(then) => self.break_clause(line, then),
            None => self.handle_soundly(line),
        }
    }

    fn handle_soundly(&mut self, line: &[u8]) {
        match admit(line, &self.dialogue, &self.config) {
            Ok(Admitted {
                command: Command::Bdat { size, last },
                ..
            }) => self.begin_chunk(line, size, last),
            Ok(admitted) => self.handle_command(line, admitted),
            Err(refusal) if self.takes_wrapped(line, refusal.cause) => {}
            Err(refusal) if self.discards_chunk(line, &refusal) => {}
            Err(refusal) => self.refuse_by_protocol(line, &refusal),
        }
    }

    /// What a defect of a clause makes of `line`.
    fn clause_broken_by(&mut self, line: &[u8]) -> Option<Then> {
        if self.config.defects.is_empty() {
            return None;
        }
        let grouped = core::mem::replace(&mut self.carried.clauses.in_batch, true);
        let occasion = Occasion {
            line,
            verb: self.config.protocol_of(line).verb(line),
            command: self
                .config
                .protocol_of(line)
                .parse(line)
                .ok()
                .map(|parsed| parsed.command),
            dialogue: &self.dialogue,
            grouped: grouped || self.input.verb_ahead().is_some(),
            behind_message: core::mem::take(&mut self.carried.clauses.behind_message),
        };
        clause_defects::at_line(&self.config.defects, &occasion)
    }

    fn break_clause(&mut self, line: &[u8], then: Then) {
        let verb = self.config.protocol_of(line).verb(line);
        match then {
            Then::Refuse(reply) => {
                self.refuse_by_protocol(line, &Refusal::new(Cause::Beyond, reply));
            }
            Then::Answer(reply) => self.outlet.reply(To::Command(verb), reply),
            Then::Leave(reply) => {
                let reply = self.voice.say(reply);
                self.outlet.reply(To::Command(verb), &reply);
                self.part(DisconnectReason::DroppedSession);
            }
            Then::Forget => {
                self.handle_soundly(line);
                self.dialogue.transaction = None;
            }
            Then::Admit => {
                let protocol = self.config.protocol_of(line);
                let command = protocol.parse(line).map(|parsed| parsed.command);
                if let (Ok(command), Some(row)) = (command, served(verb)) {
                    self.handle_command(line, Admitted { command, row });
                }
            }
        }
    }

    fn handle_command(&mut self, line: &[u8], admitted: Admitted<'_>) {
        let decision = self.fire_own(line, &admitted.command);
        let verb = admitted.row.verb;
        match decision {
            Decision::Pass if self.refuses_path(&admitted.command) => {
                self.refuse_by_handler(line, verb, replies::PATH_REFUSED);
            }
            Decision::Pass if admitted.row.effect == Effect::Authenticate => {
                self.begin_authentication(line, admitted.command);
            }
            Decision::Pass => self.carry_out(admitted),
            Decision::Refuse(reply) => self.refuse_by_handler(line, verb, &reply),
            Decision::Failed if self.has(Defect::FailedHandlerWithoutReject) => {
                self.outlet
                    .reply(To::Command(verb), replies::HANDLER_FAILED);
            }
            Decision::Failed => self.refuse_by_handler(line, verb, replies::HANDLER_FAILED),
            Decision::Drop => self.drop_session(),
        }
    }

    /// Fires the event of the command on `line`, if it has one.
    pub(super) fn fire_own(&mut self, line: &[u8], command: &Command<'_>) -> Decision {
        let Some(mut event) = own_event(command) else {
            return Decision::Pass;
        };
        let is_lower_case = line.first().is_some_and(u8::is_ascii_lowercase);
        if let Event::OnMailCommand { parameters, .. } = &mut event
            && is_lower_case
            && self.has(Defect::ParametersLostInLowerCase)
        {
            *parameters = Some(b""[..].into());
        }
        if self.input.cuts_crlf && self.has(Defect::EventTwiceWhenCut) {
            self.outlet.tell(event.clone());
        }
        self.outlet.fire(event)
    }

    fn refuses_path(&self, command: &Command<'_>) -> bool {
        match command {
            Command::Mail {
                path: ReversePath::Null,
                ..
            } => self.has(Defect::NullPathRefused),
            Command::Rcpt {
                path: ForwardPath::Postmaster(_),
                ..
            } => self.has(Defect::PostmasterRefused),
            _ => false,
        }
    }

    fn carry_out(&mut self, Admitted { command, row }: Admitted<'_>) {
        let keeps_transaction = self.keeps_transaction(row.verb);
        let kept = self
            .dialogue
            .transaction
            .clone()
            .filter(|_| keeps_transaction);
        if row.effect == Effect::ClearTransaction {
            self.keep_chunks();
        }
        if let Command::Mail { parameters, .. } = command {
            self.carried.clauses.declared = parameters.get("SIZE").is_some();
        }
        self.dialogue.advance(row.effect, asked_for(&command));
        if let Some(transaction) = &mut self.dialogue.transaction
            && self.config.protocol.is_lmtp()
        {
            transaction.addressed.add(&command);
        }
        if row.verb == Verb::Rset && self.has(Defect::RsetForgetsAuthentication) {
            self.dialogue.authenticated = false;
        }
        if keeps_transaction {
            self.dialogue.transaction = kept;
        }
        self.forget_chunks();
        self.carried.behind_last &= row.effect == Effect::Nothing;
        if row.effect == Effect::Leave && self.has(Defect::QuitEndsChunks) {
            self.hand_on_chunks();
        }
        if row.effect == Effect::OpenTransaction
            && let Some(transaction) = &mut self.dialogue.transaction
        {
            transaction.recipients = core::mem::take(&mut self.carried.recipients);
        }
        let text = match command {
            Command::Vrfy { argument } if is_postmaster(argument) => replies::VRFY_POSTMASTER,
            _ => row.reply,
        };
        let mut reply = self.voice.say(text);
        if self.config.protocol.is_lmtp() && self.has(Defect::LhloWithoutPipelining) {
            reply = reply.replace("250-PIPELINING\r\n", "");
        }
        self.outlet.reply(To::Command(row.verb), &reply);
        match row.effect {
            Effect::ReceiveContent => {
                let earlier = self.carried.content.clone();
                let content = Content::new(&self.config.defects, earlier);
                self.phase = Phase::Content(Box::new(content));
            }
            Effect::StartTls => self.start_tls(),
            Effect::Leave => self.leave(),
            _ => {}
        }
    }

    /// Whether `verb` leaves the transaction, which it should clear, as it was: only with defects.
    fn keeps_transaction(&self, verb: Verb) -> bool {
        let recipients = self.dialogue.transaction.as_ref().map(|t| t.recipients);
        match verb {
            Verb::Rset if recipients >= Some(MANY) && self.has(Defect::RsetKeepsManyRecipients) => {
                true
            }
            Verb::Rset => self.has(Defect::RsetKeepsTransaction),
            Verb::Helo | Verb::Ehlo => self.has(Defect::EhloKeepsTransaction),
            _ => false,
        }
    }

    /// After the 221. What came behind QUIT is ignored.
    fn leave(&mut self) {
        if self.has(Defect::ActsAfterQuit) {
            while let Some(CommandLine::Whole(line)) = self.input.next_line(self.line_limit()) {
                self.fire_only(&line);
            }
        }
        if self.has(Defect::QuitStaysOpen) {
            self.phase = Phase::Lingering(DisconnectReason::QuitVerb);
        } else {
            self.finish(DisconnectReason::QuitVerb);
        }
    }

    /// Fires a line's event without doing anything else: only defects do.
    pub(super) fn fire_only(&mut self, line: &[u8]) {
        let protocol = self.config.protocol_of(line);
        let command = protocol.parse(line).map(|parsed| parsed.command);
        if let Some(event) = command.ok().as_ref().and_then(own_event) {
            self.outlet.tell(event);
        }
    }

    pub(super) fn refuse_by_handler(&mut self, line: &[u8], verb: Verb, reply: &str) {
        if !self.has(Defect::HandlerRefusalWithoutReject) {
            self.outlet
                .reject(Some(self.shown(line)), ParsingStatus::Complete, reply);
        }
        self.break_rej_4(verb);
        self.answer_refused(verb, reply);
    }

    fn answer_refused(&mut self, verb: Verb, reply: &str) {
        self.answer_message(To::Command(verb), reply);
        if verb == Verb::Data && self.has(Defect::PipelinedBehindRefusedDataLost) {
            self.input.next_line(self.line_limit());
        }
    }

    /// A refused command leaves the state as it was, but for these defects.
    fn break_rej_4(&mut self, verb: Verb) {
        if verb == Verb::Mail && self.has(Defect::RefusedMailOpensTransaction) {
            self.dialogue.transaction = Some(Transaction::default());
        }
        let counts = self.has(Defect::RefusedRcptCounts);
        let forgets = self.has(Defect::RefusedDataForgetsRecipients);
        let outlive = self.has(Defect::RecipientsOutliveRefusedData);
        if let Some(transaction) = &mut self.dialogue.transaction {
            match verb {
                Verb::Rcpt if counts => transaction.recipients += 1,
                Verb::Data if forgets => transaction.recipients = 0,
                Verb::Data if outlive => self.carried.recipients = transaction.recipients,
                _ => {}
            }
        }
    }

    pub(super) fn refuse_by_protocol(&mut self, line: &[u8], refusal: &Refusal) {
        let verb = self.config.protocol_of(line).verb(line);
        if let Some(reply) = self.forgives(verb, refusal.cause) {
            return self.outlet.reply(To::Command(verb), reply);
        }
        self.fire_all_the_same(line, verb, refusal.cause);
        let status = (!self.keeps_to_itself(refusal)).then_some(ParsingStatus::ProtocolError);
        self.answer_error(line, status, &refusal.reply);
    }

    /// Answers what counts as an error of the client's, and parts from one that has made too many. Without `status`
    /// no OnReject fires.
    pub(super) fn answer_error(&mut self, line: &[u8], status: Option<ParsingStatus>, reply: &str) {
        let mut reply = self.voice.say(reply);
        // 4yz is no error of the client's.
        let is_error = !reply.starts_with('4');
        self.errors = self.errors.saturating_add(u32::from(is_error));
        let ends = is_error && self.errors >= self.config.max_errors;
        if ends {
            reply = self.voice.say(replies::TOO_MANY_ERRORS);
        }
        let verb = self.config.protocol_of(line).verb(line);
        reply = clause_defects::reworded(&self.config.defects, To::Command(verb), reply);
        if let Some(status) = status {
            self.outlet.reject(Some(self.shown(line)), status, &reply);
        }
        self.answer_refused(verb, &reply);
        if ends {
            self.part(DisconnectReason::TooManyErrors);
        }
    }

    /// Defects by which a refusal fires no OnReject.
    fn keeps_to_itself(&self, refusal: &Refusal) -> bool {
        match refusal.cause {
            Cause::Malformed => self.has(Defect::MalformedWithoutReject),
            Cause::Beyond if refusal.reply == replies::TOO_MANY_RECIPIENTS => {
                self.has(Defect::RejectLostBehind100Recipients)
            }
            _ => false,
        }
    }

    /// The reply of a defect that takes what should be refused.
    fn forgives(&self, verb: Verb, cause: Cause) -> Option<&'static str> {
        match (verb, cause) {
            (Verb::Rcpt, Cause::Malformed) if self.has(Defect::MalformedAccepted) => {
                Some(replies::RCPT)
            }
            (Verb::Bdat, Cause::OutOfSequence(need)) if self.takes_chunk_without(need) => {
                Some(replies::CHUNK)
            }
            (_, Cause::Unknown) if self.has(Defect::UnknownAccepted) => {
                Some(replies::UNKNOWN_ACCEPTED)
            }
            _ => None,
        }
    }

    /// Defects that fire the own event of a command that the protocol refuses.
    fn fire_all_the_same(&mut self, line: &[u8], verb: Verb, cause: Cause) {
        match cause {
            Cause::OutOfSequence(need)
                if need.ignored_by(verb).is_some_and(|defect| self.has(defect)) =>
            {
                self.fire_only(line);
            }
            Cause::Malformed if verb == Verb::Rcpt && self.has(Defect::MalformedFires) => {
                let argument = line.splitn(2, |octet| *octet == b':').nth(1);
                self.outlet.tell(Event::OnRcptCommand {
                    forward_path: Some(argument.unwrap_or_default().trim_ascii().into()),
                    parameters: Some(b""[..].into()),
                });
            }
            _ => {}
        }
    }
}

/// The one mailbox that every server has (RFC 5321, 4.5.1).
fn is_postmaster(argument: &[u8]) -> bool {
    argument.trim_ascii().eq_ignore_ascii_case(b"postmaster")
}

/// What a transaction is to be that MAIL opens.
fn asked_for(command: &Command<'_>) -> Transaction {
    let Command::Mail { parameters, .. } = command else {
        return Transaction::default();
    };
    let body = parameters.get("BODY").and_then(|parameter| parameter.value);
    Transaction {
        smtputf8: parameters.get("SMTPUTF8").is_some(),
        binary: body.is_some_and(|body| body.eq_ignore_ascii_case(b"BINARYMIME")),
        ..Transaction::default()
    }
}
