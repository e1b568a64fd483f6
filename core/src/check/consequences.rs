//! What follows from a rule that a server is known to break. Behind a place where that leaves open what the server took the
//! client's lines for, or which reply is whose, nothing else is certain: all of it is told as that rule, once.

use super::{
    rej::sent_ahead,
    view::{Found, View},
    weigh::{Habits, is_riddle},
    words::about,
};
use crate::{
    event::HandlerAction,
    model::{Exchange, Outcome, Stimulus, own_event},
};

/// What is as certain behind such a place as before it.
const STAND: [&str; 6] = ["SES-1", "SES-2", "SES-6", "SES-8", "WIR-3", "WIR-16"];

/// A place in a session, and the rule that leaves it uncertain.
struct Doubt {
    rule: &'static str,
    /// What has this entry or an earlier one is certain.
    entry: usize,
    what: String,
}

/// Tells of `founds` what follows from one of `habits` as that.
pub(super) fn fold(view: &View<'_>, habits: &Habits, founds: &mut Vec<Found>) {
    if founds.is_empty() {
        return;
    }
    let doubts = [swallowed(view), overtaken(view)];
    for doubt in doubts.into_iter().flatten() {
        let follows = |found: &Found| {
            found.entry.is_some_and(|entry| entry > doubt.entry) && !STAND.contains(&found.rule)
        };
        // What the server does anyhow needs no such explanation.
        let is_new = |found: &Found| is_riddle(found) && !habits.contains(found.rule);
        let new = founds.iter().any(|found| follows(found) && is_new(found));
        if !habits.contains(doubt.rule) || !new {
            continue;
        }
        founds.retain(|found| !follows(found));
        founds.push(Found::new(doubt.rule, doubt.entry, doubt.what));
    }
}

/// CON-9: a server that does not leave DATA where it refuses a message reads on as content what comes behind it.
fn swallowed(view: &View<'_>) -> Option<Doubt> {
    let refused = |exchange: &Exchange<'_>| {
        let whole = matches!(&exchange.stimulus, Stimulus::Message(message) if message.complete);
        whole && exchange.outcome == Outcome::Refused
    };
    let message = view.exchanges().iter().find(|exchange| refused(exchange))?;
    let what = "what came behind the refused message was not read as commands, as elsewhere";
    Some(Doubt {
        rule: "CON-9",
        entry: message.entry,
        what: what.to_owned(),
    })
}

/// WIR-9: the reply to a command whose handler takes its time comes behind those to the commands that follow.
fn overtaken(view: &View<'_>) -> Option<Doubt> {
    let sleeps = |exchange: &Exchange<'_>| {
        let kind = exchange.verb().and_then(own_event);
        let mut rules = view.log.open.handlers.rules.iter();
        rules.any(|rule| Some(rule.event) == kind && matches!(rule.action, HandlerAction::Sleep(_)))
    };
    let first = (view.exchanges().iter())
        .position(|exchange| sleeps(exchange) && was_followed(view, exchange))?;
    let what = format!(
        "{} and what was sent behind it were not answered in this order, as elsewhere",
        about(view, first)
    );
    Some(Doubt {
        rule: "WIR-9",
        entry: view.exchanges()[first].entry,
        what,
    })
}

/// Whether more was sent before the reply had been read, if it ever was.
fn was_followed(view: &View<'_>, exchange: &Exchange<'_>) -> bool {
    let unanswered = view.reply(exchange).is_none();
    sent_ahead(view, exchange) || unanswered && view.wire.sent.len() > exchange.span.end
}
