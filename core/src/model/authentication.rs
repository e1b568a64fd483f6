//! What an authentication exchange looks like from the wire (RFC 4954, 4): its lines, and what a reply says of it.

use super::exchange::{CommandLine, Outcome, Stimulus};
use crate::wire::{Command, LineEnd, SaslLine, parse_initial_response, parse_sasl_line};

/// What a line behind a challenge says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Said {
    /// A response in base64; empty counts.
    Response,
    /// `*`.
    Cancel,
    /// No base64.
    Garbage,
}

/// A line that the client sent behind a challenge. Whatever it looks like, it is no command.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ResponseLine<'w> {
    /// Without its line end.
    pub text: &'w [u8],
    /// What it says.
    pub said: Said,
    /// How the line ended.
    pub end: LineEnd,
    /// The AUTH command that began the exchange.
    pub auth: CommandLine<'w>,
}

impl<'w> ResponseLine<'w> {
    pub(super) fn new(text: &'w [u8], end: LineEnd, auth: CommandLine<'w>) -> Self {
        let said = match parse_sasl_line(text) {
            Ok(SaslLine::Response(_)) => Said::Response,
            Ok(SaslLine::Cancel) => Said::Cancel,
            Err(_) => Said::Garbage,
        };
        Self {
            text,
            said,
            end,
            auth,
        }
    }
}

/// What a reply says of an authentication.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AuthStep {
    /// 334: the server wants a response.
    Challenged,
    /// 235: the client is authenticated.
    Succeeded,
    /// 535 to a response: it is not, and the mechanism has said so.
    Failed,
    /// Another refusal: by the protocol, by a handler, or of the credentials.
    Refused,
    /// Nothing was answered, or nothing that one could understand.
    Open,
}

impl AuthStep {
    /// What `code` says to `stimulus`, if that has to do with an authentication.
    pub(super) fn of(stimulus: &Stimulus<'_>, outcome: Outcome, code: Option<u16>) -> Option<Self> {
        let responds = responds(stimulus)?;
        Some(match (outcome, code) {
            (Outcome::Accepted, Some(334)) => Self::Challenged,
            (Outcome::Accepted, Some(235)) => Self::Succeeded,
            (Outcome::Refused, Some(535)) if responds => Self::Failed,
            (Outcome::Refused, _) => Self::Refused,
            _ => Self::Open,
        })
    }
}

/// Whether `stimulus` carries a response that can be read; `None` where it has nothing to do with an authentication.
fn responds(stimulus: &Stimulus<'_>) -> Option<bool> {
    match stimulus {
        Stimulus::Response(line) => Some(line.said == Said::Response),
        Stimulus::Command(line) => auth(line)
            .map(|(_, initial)| initial.is_some_and(|text| parse_initial_response(text).is_ok())),
        _ => None,
    }
}

/// Mechanism and initial response, if `line` is a well-formed AUTH.
pub fn auth<'w>(line: &CommandLine<'w>) -> Option<(&'w [u8], Option<&'w [u8]>)> {
    match line.parsed.ok()?.command {
        Command::Auth { mechanism, initial } => Some((mechanism, initial)),
        _ => None,
    }
}

/// How many lines a client sends behind an AUTH command that nobody saw answered, so far as the mechanism is known.
pub(super) fn rounds(mechanism: &[u8], initial: Option<&[u8]>) -> usize {
    let all = if mechanism.eq_ignore_ascii_case(b"LOGIN") {
        2
    } else {
        1
    };
    all - usize::from(initial.is_some())
}
