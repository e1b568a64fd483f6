//! What a session consists of once read: each stimulus of the client, and what its reply says.

use core::ops::Range;

use super::{
    authentication::{AuthStep, ResponseLine},
    chunk::Chunk,
    content::Message,
    state::{Certainty, State, Transaction},
};
use crate::wire::{Leniencies, Leniency, LineEnd, Parsed, SyntaxError, Verb};

/// Octets of a command line, with its CRLF, that every server must take (RFC 5321, 4.5.3.1.4).
pub const COMMAND_LINE_LIMIT: usize = 512;

/// A command line as read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CommandLine<'w> {
    /// Without its line end.
    pub text: &'w [u8],
    /// Its verb, also of a malformed line.
    pub verb: Verb,
    /// The command, or what is wrong with it.
    pub parsed: Result<Parsed<'w>, SyntaxError>,
    /// How the line ended.
    pub end: LineEnd,
}

/// What the client did that wants a reply.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Stimulus<'w> {
    /// It connected; the banner answers.
    Connection,
    /// It sent a command line.
    Command(CommandLine<'w>),
    /// It answered a challenge, or should have (RFC 4954, 4).
    Response(ResponseLine<'w>),
    /// It sent a message, or began to.
    Message(Message),
}

/// What a reply says of its stimulus.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// 2yz, 3yz.
    Accepted,
    /// 4yz, 5yz.
    Refused,
    /// 421, 221 where nobody said QUIT, or a 4yz or 5yz that was the server's last word before it left: refused, and the
    /// server closes.
    Dropped,
    /// No reply came.
    Unanswered,
    /// Something came that has no legal code.
    Strange,
}

/// What has happened to the transaction since it could last be changed, for telling rules apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[allow(
    clippy::struct_excessive_bools,
    reason = "each tells another rule apart"
)]
pub struct History {
    /// What cleared the last transaction, if nothing opened one since.
    pub cleared_by: Option<&'static str>,
    /// The commands of those that touch the transaction that were refused since it was last opened or cleared.
    pub refused: RefusedVerbs,
    /// The transaction was opened with SMTPUTF8: its paths may have 8-bit octets.
    pub smtputf8: bool,
    /// The transaction was opened with BODY=BINARYMIME, which the server had announced: DATA is out of sequence in it.
    pub binary: bool,
    /// Chunks of a message were given up, and no message has ended since.
    pub gave_up_chunks: bool,
    /// Octets of those chunks.
    pub given_up: u64,
    /// A chunk of the transaction's message was refused: the message has failed (RFC 3030, 2).
    pub failed: bool,
}

/// Verbs of MAIL, RCPT, DATA, RSET, HELO and EHLO, each once, in the order in which they were first refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct RefusedVerbs([Option<Verb>; 6]);

impl RefusedVerbs {
    pub(super) fn add(&mut self, verb: Verb) {
        let mut places = self.0.iter_mut();
        if let Some(place) = places.find(|place| place.is_none_or(|there| there == verb)) {
            *place = Some(verb);
        }
    }

    /// Whether nothing was refused.
    pub const fn is_empty(&self) -> bool {
        self.0[0].is_none()
    }

    /// The first refused first.
    pub fn iter(&self) -> impl Iterator<Item = Verb> {
        self.0.into_iter().flatten()
    }
}

/// A stimulus and its reply.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Exchange<'w> {
    /// What the client did.
    pub stimulus: Stimulus<'w>,
    /// Where it stands among the octets that the client sent.
    pub span: Range<usize>,
    /// Index of the entry that carried its last octet.
    pub entry: usize,
    /// When that was written (ns); 0 for the connection.
    pub sent_at: u64,
    /// Index of its reply.
    pub reply: Option<usize>,
    /// Recipients of a message of LMTP's that ends here: each is owed a reply (RFC 2033, 4.2, 4.3). 0 for all else.
    pub recipients: usize,
    /// The replies for the recipients behind the first, those that came.
    pub further: Range<usize>,
    /// How many of the replies to a message for several recipients refuse it. 0 for all else.
    pub refusals: usize,
    /// What the reply says; of several, whether the message was taken for anybody.
    pub outcome: Outcome,
    /// Whether the command was in sequence. Yes for all else.
    pub in_sequence: Certainty,
    /// The state it met, where only one is possible.
    pub state: Option<State>,
    /// What the reply says of an authentication, where there is one.
    pub authentication: Option<AuthStep>,
    /// What went before.
    pub history: History,
    /// The chunk behind a BDAT, where its octets are no commands. The span includes it.
    pub chunk: Option<Chunk>,
}

impl Exchange<'_> {
    /// What has to be forgiven in the command, the transaction's SMTPUTF8 considered.
    pub fn leniencies(&self) -> Leniencies {
        let Stimulus::Command(CommandLine {
            parsed: Ok(parsed), ..
        }) = &self.stimulus
        else {
            return Leniencies::NONE;
        };
        let forgiven = |leniency: &Leniency| {
            *leniency != Leniency::EightBitWithoutSmtpUtf8 || !self.history.smtputf8
        };
        parsed
            .leniencies
            .iter()
            .filter(forgiven)
            .fold(Leniencies::NONE, Leniencies::with)
    }

    /// Octets of the command line, its end included; without the chunk behind a BDAT.
    pub fn line_len(&self) -> usize {
        let octets = self.chunk.as_ref().map_or(0, |chunk| chunk.octets.len());
        self.span.len() - octets
    }

    /// Whether it is a MAIL that lacks a greeting and nothing else. A server that wants none asks its handler about it.
    pub fn may_do_without_greeting(&self) -> bool {
        let never_greeted = |state: State| !state.greeted && state.transaction == Transaction::None;
        self.verb() == Some(Verb::Mail) && self.state.is_some_and(never_greeted)
    }

    /// Its replies, in order: one, but at the end of a message of LMTP's.
    pub fn replies(&self) -> impl Iterator<Item = usize> {
        self.reply.into_iter().chain(self.further.clone())
    }

    /// How many of the replies that a message is owed did not come, though one did.
    pub fn missing(&self) -> usize {
        match self.reply {
            Some(_) => self.recipients.saturating_sub(self.replies().count()),
            None => 0,
        }
    }

    /// The verb, if it is a command.
    pub fn verb(&self) -> Option<Verb> {
        match &self.stimulus {
            Stimulus::Command(line) => Some(line.verb),
            _ => None,
        }
    }
}
