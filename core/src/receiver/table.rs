//! The commands that are served: what each needs, what it does and how it is answered, as a table.

use super::replies;
use super::{Config, Defect, state::Dialogue, state::Greeting};
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
    /// The same, for a chunk.
    ChunkRecipient,
    /// No chunk of the transaction's message has come (RFC 3030, 2: DATA and BDAT do not mix).
    NoChunks,
    /// MAIL had no BODY=BINARYMIME (RFC 3030, 3: that goes with BDAT only).
    NotBinary,
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
    ReceiveChunk,
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

/// Commands that are not here are not implemented.
const SERVED: [Row; 13] = [
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
        &[Need::Transaction, Need::NoChunks],
        Effect::AddRecipient,
        replies::RCPT,
    ),
    row(
        Verb::Data,
        &[
            Need::Transaction,
            Need::Recipient,
            Need::NoChunks,
            Need::NotBinary,
        ],
        Effect::ReceiveContent,
        replies::DATA,
    ),
    row(
        Verb::Bdat,
        &[Need::Ehlo, Need::Transaction, Need::ChunkRecipient],
        Effect::ReceiveChunk,
        replies::CHUNK,
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
            Self::Recipient | Self::ChunkRecipient => transaction.is_some_and(|t| t.recipients > 0),
            Self::NoChunks => transaction.is_none_or(|t| !t.chunks),
            Self::NotBinary => transaction.is_none_or(|t| !t.binary),
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
            Self::ChunkRecipient => replies::RCPT_FIRST,
            Self::NoChunks => replies::NOT_BETWEEN_CHUNKS,
            Self::NotBinary => replies::BINARY_BY_DATA,
        }
    }

    /// The same as `config` has it: LMTP's DATA without a recipient "MUST fail with a 503" (RFC 2033, 4.2).
    pub(super) fn reply_in(self, config: &Config) -> &'static str {
        let as_smtp = config.defects.has(Defect::DataWithoutRecipient554);
        if self == Self::Recipient && config.protocol.is_lmtp() && !as_smtp {
            return replies::RCPT_FIRST;
        }
        self.reply()
    }

    /// The defect by which AUTH is served without it.
    pub(super) const fn unasked_of_auth(self) -> Option<Defect> {
        match self {
            Self::Ehlo => Some(Defect::AuthBeforeEhlo),
            Self::NoTransaction => Some(Defect::AuthInTransaction),
            Self::NotAuthenticated => Some(Defect::SecondAuthTaken),
            _ => None,
        }
    }

    /// The defect by which `verb` fires its event without it.
    pub(super) const fn ignored_by(self, verb: Verb) -> Option<Defect> {
        match (self, verb) {
            (Self::Greeting, Verb::Mail) => Some(Defect::MailBeforeGreeting),
            (Self::NoTransaction, Verb::Mail) => Some(Defect::SecondMailFires),
            (Self::Transaction, Verb::Rcpt) => Some(Defect::RcptBeforeMail),
            (Self::Transaction | Self::Recipient, Verb::Data) => Some(Defect::DataBeforeRcpt),
            _ => None,
        }
    }
}
