//! Where a session stands.

use super::{
    authentication::Authentication, chunks::Chunk, content::Content, lmtp::Recipients,
    panel::Decision, table::Effect,
};
use crate::event::DisconnectReason;

/// Who was greeted, and how.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Greeting {
    Helo,
    Ehlo,
}

/// An open mail transaction.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct Transaction {
    /// Those accepted.
    pub(super) recipients: usize,
    /// Who they are.
    pub(super) addressed: Recipients,
    /// MAIL had SMTPUTF8: paths may hold UTF-8 (RFC 6531, 3.4).
    pub(super) smtputf8: bool,
    /// MAIL had BODY=BINARYMIME: the message comes by BDAT (RFC 3030, 3).
    pub(super) binary: bool,
    /// The first chunk of the message was taken.
    pub(super) chunks: bool,
}

/// What the commands so far have led to.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct Dialogue {
    pub(super) greeting: Option<Greeting>,
    pub(super) transaction: Option<Transaction>,
    /// Once, and for the rest of the session (RFC 4954, 4): nothing clears it.
    pub(super) authenticated: bool,
    /// It stands inside TLS.
    pub(super) secured: bool,
}

impl Dialogue {
    /// What an accepted command does to it; `asks` is what it asks for if it is MAIL.
    pub(super) fn advance(&mut self, effect: Effect, asks: Transaction) {
        match effect {
            Effect::Greet(greeting) => {
                self.greeting = Some(greeting);
                self.transaction = None;
            }
            Effect::OpenTransaction => {
                self.transaction = Some(asks);
            }
            Effect::AddRecipient => {
                if let Some(transaction) = &mut self.transaction {
                    transaction.recipients += 1;
                }
            }
            Effect::ClearTransaction => self.transaction = None,
            // STARTTLS acts once the handshake is done.
            Effect::Nothing
            | Effect::Authenticate
            | Effect::ReceiveContent
            | Effect::ReceiveChunk
            | Effect::StartTls
            | Effect::Leave => {}
        }
    }
}

/// What the session does at present.
#[derive(Debug)]
pub(super) enum Phase {
    /// OnConnect has not fired yet.
    Fresh,
    /// Refused at OnConnect: only QUIT is served (RFC 5321, 3.1).
    Barred,
    /// Commands are served.
    Commands,
    /// Between AUTH and the end of the exchange.
    Authenticating(Box<Authentication>),
    /// A TLS handshake is under way. Where it comes before the banner: what the agents said to the connection.
    Handshake(Option<Decision>),
    /// Between 354 and the end of data.
    Content(Box<Content>),
    /// Behind the line of a BDAT that was well formed: the octets of its chunk are read, kept or not.
    Chunk(Box<Chunk>),
    /// A defect keeps the connection open until the client closes it.
    Lingering(DisconnectReason),
    /// Closed; OnDisconnect is due.
    Ended(DisconnectReason),
    /// OnDisconnect has fired.
    Over,
}

/// What the caller has reported about the connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Ending {
    InputClosed,
    TimedOut,
    ShutDown,
    Lost,
}
