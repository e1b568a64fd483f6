//! What a client can do behind a challenge (RFC 4954, 4), and which of it an exchange has shown.

use super::pair::{Pair, SessionState, Stimulus};
use crate::{
    model::{AuthStep, Exchange, ResponseLine, Said, WireLog},
    wire::{SASL_LINE_LIMIT, Verb, parse_command},
};

/// What a client can send behind a challenge.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ResponseStimulus {
    /// A response that ends the exchange with success.
    Accepted,
    /// A response behind which the server wants another one.
    ChallengedAgain,
    /// A response that ends the exchange without success.
    Wrong,
    /// A response that a handler refuses.
    Refused,
    /// An empty one.
    Empty,
    /// `*`.
    Cancel,
    /// What is no base64.
    Garbage,
    /// A line that reads like a command.
    CommandLine,
    /// More than 12,288 octets.
    OverLong,
    /// A line whose CR and LF come in two segments.
    Split,
    /// A line that is sent before the challenge was read.
    Pipelined,
}

impl ResponseStimulus {
    /// All of them.
    pub const ALL: [Self; 11] = [
        Self::Accepted,
        Self::ChallengedAgain,
        Self::Wrong,
        Self::Refused,
        Self::Empty,
        Self::Cancel,
        Self::Garbage,
        Self::CommandLine,
        Self::OverLong,
        Self::Split,
        Self::Pipelined,
    ];

    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::Accepted => "response, accepted",
            Self::ChallengedAgain => "response, challenged again",
            Self::Wrong => "response, wrong",
            Self::Refused => "response, refused by a handler",
            Self::Empty => "empty response",
            Self::Cancel => "cancel",
            Self::Garbage => "response that is no base64",
            Self::CommandLine => "response that reads like a command",
            Self::OverLong => "over-long response",
            Self::Split => "response, its line end in two segments",
            Self::Pipelined => "response, pipelined",
        }
    }
}

/// Adds the pairs of `line`, which `exchange` holds. `before` is the exchange before it, whose reply is the challenge.
pub(super) fn in_response(
    wire: &WireLog<'_>,
    exchange: &Exchange<'_>,
    line: &ResponseLine<'_>,
    before: Option<&Exchange<'_>>,
    found: &mut Vec<Pair>,
) {
    let challenge = before
        .filter(|before| before.authentication == Some(AuthStep::Challenged))
        .and_then(|before| before.reply)
        .map(|reply| wire.replies[reply].at);
    let Some(challenged) = challenge else {
        // Nobody saw one.
        return;
    };
    let is = [
        (
            ResponseStimulus::Split,
            wire.is_cut_within(&(exchange.span.end - 1..exchange.span.end)),
        ),
        (ResponseStimulus::Pipelined, exchange.sent_at < challenged),
    ];
    let how = is.into_iter().filter(|(_, so)| *so).map(|(how, _)| how);
    found.extend(how.chain(what(exchange, line)).map(|stimulus| Pair {
        state: SessionState::Authenticating,
        stimulus: Stimulus::Response(stimulus),
    }));
}

fn what(exchange: &Exchange<'_>, line: &ResponseLine<'_>) -> Option<ResponseStimulus> {
    use ResponseStimulus as R;
    let command = Verb::of(line.text) != Verb::Unknown && parse_command(line.text).is_ok();
    Some(match (line.said, exchange.authentication?) {
        _ if exchange.span.len() > SASL_LINE_LIMIT => R::OverLong,
        _ if command => R::CommandLine,
        (Said::Cancel, _) => R::Cancel,
        (Said::Garbage, _) => R::Garbage,
        _ if line.text.is_empty() => R::Empty,
        (_, AuthStep::Succeeded) => R::Accepted,
        (_, AuthStep::Challenged) => R::ChallengedAgain,
        (_, AuthStep::Failed) => R::Wrong,
        (_, AuthStep::Refused) => R::Refused,
        (_, AuthStep::Open) => return None,
    })
}
