//! AUT: authentication on the wire (RFC 4954). The rules stand in `rules`; `keyword` reads what EHLO announced, `attempt`
//! judges an AUTH command, `response` what the client sends behind a challenge, and both use `challenge`.

mod attempt;
mod challenge;
mod keyword;
mod response;
mod rules;
mod secrets;

pub(super) use rules::RULES;

use super::{
    verdict::Level,
    view::{Found, View},
};
use crate::{
    event::EventKind,
    model::{AuthStep, CommandLine, Exchange, Outcome, Stimulus, auth},
    wire::Verb,
};
use keyword::mechanisms;

/// An AUTH command with what was known when it came.
pub(super) struct Attempt<'a, 't> {
    index: usize,
    exchange: &'a Exchange<'t>,
    line: &'a CommandLine<'t>,
    mechanism: &'t [u8],
    initial: Option<&'t [u8]>,
    /// What the last greeting announced; nothing before any.
    offered: Vec<&'a [u8]>,
    /// An exchange of this session has come to nothing.
    failed_before: bool,
}

/// Whether EHLO announced the mechanism.
fn is_offered(attempt: &Attempt<'_, '_>) -> bool {
    let mut offered = attempt.offered.iter();
    offered.any(|name| name.eq_ignore_ascii_case(attempt.mechanism))
}

/// The well-formed AUTH commands of the session that were answered.
fn attempts<'a, 't>(view: &'a View<'t>) -> Vec<Attempt<'a, 't>> {
    if !view.uses(Verb::Auth) {
        return Vec::new();
    }
    let mut offered = Vec::new();
    let mut failed_before = false;
    let mut attempts = Vec::new();
    for (index, exchange) in view.exchanges().iter().enumerate() {
        if let Stimulus::Command(line) = &exchange.stimulus {
            if let (Verb::Helo | Verb::Ehlo, Outcome::Accepted) = (line.verb, exchange.outcome) {
                offered = mechanisms(view, exchange);
            }
            if let Some((mechanism, initial)) = auth(line) {
                attempts.push(Attempt {
                    index,
                    exchange,
                    line,
                    mechanism,
                    initial,
                    offered: offered.clone(),
                    failed_before,
                });
            }
        }
        let failed = matches!(
            exchange.authentication,
            Some(AuthStep::Failed | AuthStep::Refused)
        );
        failed_before |= failed && exchange.in_sequence == crate::model::Certainty::Yes;
    }
    attempts
}

/// How bad it is not to refuse `text`, which is no base64: octets of another alphabet must be (RFC 4648, 3.3); of
/// wrong padding and lengths that is not said.
fn garbage_level(text: &[u8]) -> Level {
    let is_known = |octet: &u8| octet.is_ascii_alphanumeric() || b"+/=".contains(octet);
    if text.iter().all(is_known) {
        Level::Should
    } else {
        Level::Must
    }
}

/// Whether a handler has a say in authentications: what is refused then is its affair.
fn is_scripted(view: &View<'_>) -> bool {
    use EventKind::{OnAuthCommand, OnEndOfAuthentication};
    let mut rules = view.log.open.handlers.rules.iter();
    rules.any(|rule| matches!(rule.event, OnAuthCommand | OnEndOfAuthentication))
}

pub(super) fn judge(view: &View<'_>, founds: &mut Vec<Found>) {
    founds.extend(keyword::judge(view));
    for attempt in attempts(view) {
        founds.extend(attempt::judge(view, &attempt));
    }
    for (index, exchange) in view.exchanges().iter().enumerate() {
        if let Stimulus::Response(line) = &exchange.stimulus {
            founds.extend(response::judge(view, index, line));
        }
        if exchange.authentication == Some(AuthStep::Challenged) {
            founds.extend(challenge::judge(view, index));
        }
    }
    founds.extend(secrets::judge(view));
}
