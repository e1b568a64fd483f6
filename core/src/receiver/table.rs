//! The commands that are served: what each needs, what it does and how it is answered, as a table.

use super::replies;
use super::{Defect, state::Dialogue, state::Greeting};
use crate::wire::Verb;

/// What a command needs before it is in sequence (RFC 5321, 4.1.4).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Need {
    /// HELO or EHLO.
    Greeting,
    /// EHLO, which announced it.
    Ehlo,
    /// The client is not authenticated (RFC 4954, 4).
    NotAuthenticated,
    /// No open transaction.
    NoTransaction,
    /// A transaction.
    Transaction,
    /// At least one recipient in it.
    Recipient,
    /// No TLS yet (RFC 3207, 4.2).
    NoTls,
}

/// What an accepted command does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Effect {
    Nothing,
    Greet(Greeting),
    OpenTransaction,
    AddRecipient,
    ReceiveContent,
    Authenticate,
    ClearTransaction,
    StartTls,
    Leave,
}

/// A command's row.
#[derive(Debug, Clone, Copy)]
pub(super) struct Row {
    pub(super) verb: Verb,
    pub(super) needs: &'static [Need],
    pub(super) effect: Effect,
    pub(super) reply: &'static str,
}

const fn row(verb: Verb, needs: &'static [Need], effect: Effect, reply: &'static str) -> Row {
    Row {
        verb,
        needs,
        effect,
        reply,
    }
}

/// Commands that are not here are not implemented: this is where BDAT will go.
const SERVED: [Row; 12] = [
    row(
        Verb::Helo,
        &[],
        Effect::Greet(Greeting::Helo),
        replies::HELO,
    ),
    row(
        Verb::Ehlo,
        &[],
        Effect::Greet(Greeting::Ehlo),
        replies::EHLO,
    ),
    row(
        Verb::Mail,
        &[Need::Greeting, Need::NoTransaction],
        Effect::OpenTransaction,
        replies::MAIL,
    ),
    row(
        Verb::Rcpt,
        &[Need::Transaction],
        Effect::AddRecipient,
        replies::RCPT,
    ),
    row(
        Verb::Data,
        &[Need::Transaction, Need::Recipient],
        Effect::ReceiveContent,
        replies::DATA,
    ),
    row(Verb::Rset, &[], Effect::ClearTransaction, replies::RSET),
    row(Verb::Noop, &[], Effect::Nothing, replies::NOOP),
    row(Verb::Help, &[], Effect::Nothing, replies::HELP),
    row(Verb::Vrfy, &[], Effect::Nothing, replies::VRFY),
    row(
        Verb::Auth,
        &[Need::Ehlo, Need::NotAuthenticated, Need::NoTransaction],
        Effect::Authenticate,
        replies::AUTHENTICATED,
    ),
    // An extension is used once it has been announced; EHLO does that.
    row(
        Verb::StartTls,
        &[Need::Greeting, Need::NoTls],
        Effect::StartTls,
        replies::STARTTLS,
    ),
    row(Verb::Quit, &[], Effect::Leave, replies::QUIT),
];

/// The row of `verb`, if it is served.
pub(super) fn served(verb: Verb) -> Option<&'static Row> {
    SERVED.iter().find(|row| row.verb == verb)
}

impl Need {
    pub(super) fn is_met(self, dialogue: &Dialogue) -> bool {
        let transaction = dialogue.transaction.as_ref();
        match self {
            Self::Greeting => dialogue.greeting.is_some(),
            Self::Ehlo => dialogue.greeting == Some(Greeting::Ehlo),
            Self::NotAuthenticated => !dialogue.authenticated,
            Self::NoTransaction => transaction.is_none(),
            Self::Transaction => transaction.is_some(),
            Self::Recipient => transaction.is_some_and(|t| t.recipients > 0),
            Self::NoTls => !dialogue.secured,
        }
    }

    /// The refusal of a command that lacks it.
    pub(super) const fn reply(self) -> &'static str {
        match self {
            Self::Greeting | Self::Ehlo => replies::GREETING_FIRST,
            Self::NotAuthenticated => replies::AUTH_TWICE,
            Self::NoTransaction => replies::MAIL_TWICE,
            Self::Transaction => replies::MAIL_FIRST,
            Self::Recipient => replies::NO_RECIPIENT,
            Self::NoTls => replies::STARTTLS_TWICE,
        }
    }

    /// The defect by which AUTH is served without it.
    pub(super) const fn unasked_of_auth(self) -> Option<Defect> {
        match self {
            Self::Ehlo => Some(Defect::AuthBeforeEhlo),
            Self::NoTransaction => Some(Defect::AuthInTransaction),
            Self::NotAuthenticated => Some(Defect::SecondAuthTaken),
            Self::Greeting | Self::Transaction | Self::Recipient | Self::NoTls => None,
        }
    }

    /// The defect by which `verb` fires its event without it.
    pub(super) const fn ignored_by(self, verb: Verb) -> Option<Defect> {
        match (self, verb) {
            (Self::Greeting, Verb::Mail) => Some(Defect::MailBeforeGreeting),
            (Self::NoTransaction, Verb::Mail) => Some(Defect::SecondMailFires),
            (Self::Transaction, Verb::Rcpt) => Some(Defect::RcptBeforeMail),
            (_, Verb::Data) => Some(Defect::DataBeforeRcpt),
            _ => None,
        }
    }
}
