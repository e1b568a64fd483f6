//! WIR-4 and WIR-9: which positive codes a stimulus may have, and replies that traded places.

use crate::{
    check::{
        NEAR,
        view::{Found, View},
        words::about,
    },
    model::{Certainty, Exchange, Outcome, Stimulus, own_event},
    wire::Verb,
};

/// The positive codes of RFC 5321, 4.3.2 (and of the extensions' own sections).
const fn positive_codes(verb: Verb) -> &'static [u16] {
    match verb {
        Verb::Helo | Verb::Ehlo | Verb::Mail | Verb::Rset | Verb::Noop | Verb::Bdat => &[250],
        Verb::Rcpt => &[250, 251],
        Verb::Data => &[354],
        Verb::Help => &[211, 214],
        Verb::Quit => &[221],
        Verb::Vrfy => &[250, 251, 252],
        Verb::Expn => &[250, 252],
        Verb::Auth => &[235, 334],
        Verb::StartTls => &[220],
        // An unknown command has no positive reply; WIR-13 speaks of it.
        Verb::Unknown => &[],
    }
}

/// Whether `code` may answer `exchange`. Any refusal may; what it means is another rule's concern.
pub(super) fn legal(exchange: &Exchange<'_>, code: u16) -> bool {
    let positive: &[u16] = match &exchange.stimulus {
        Stimulus::Connection => &[220],
        Stimulus::Command(line) => positive_codes(line.verb),
        Stimulus::Response(_) => &[235, 334],
        Stimulus::Message(_) => &[250],
    };
    (400..600).contains(&code) || positive.contains(&code)
}

/// Whether the second of two exchanges was sent together with the first, so that only its place tells its reply.
pub(super) fn in_one_go(pair: &[Exchange<'_>]) -> bool {
    let [first, second] = pair else { return false };
    first.entry == second.entry && !matches!(first.stimulus, Stimulus::Connection)
}

/// WIR-9: replies that are illegal where they are and legal in another order.
pub(in crate::check) fn replies_out_of_order(view: &View<'_>) -> Option<Found> {
    (0..view.exchanges().len())
        .find_map(|index| traded(view, index).or_else(|| overtaken(view, index)))
}

/// Two neighbours, both illegal where they are and legal the other way round.
fn traded(view: &View<'_>, index: usize) -> Option<Found> {
    let pair = view.exchanges().get(index..index + 2)?;
    let (first, second) = (view.code(&pair[0])?, view.code(&pair[1])?);
    let crossed = in_one_go(pair)
        && !legal(&pair[0], first)
        && !legal(&pair[1], second)
        && legal(&pair[0], second)
        && legal(&pair[1], first);
    let what = || {
        format!(
            "{} was answered {first} and {} {second}: the replies are out of order",
            about(view, index),
            about(view, index + 1),
        )
    };
    let entry = view.reply(&pair[0]).map(|reply| reply.entry);
    crossed.then(|| Found::new("WIR-9", entry, what()))
}

/// A reply that came behind those of later commands, which were sent before it could be read: illegal where it stands, and right for a command
/// before that fired its event, and got the 503 of one behind it. Or the 221 to a QUIT of the group, which came
/// before the reply to what was sent ahead of it, and nothing came for the QUIT itself.
fn overtaken(view: &View<'_>, index: usize) -> Option<Found> {
    let exchange = &view.exchanges()[index];
    let code = view.code(exchange)?;
    if legal(exchange, code) {
        return None;
    }
    let exchanges = view.exchanges();
    let group = |other: &usize| {
        let other = &exchanges[*other];
        other.entry == exchange.entry && !matches!(other.stimulus, Stimulus::Connection)
    };
    // It was sent before the reply to the other was read.
    let ahead = |other: usize| {
        let read = view.reply(&exchanges[other]).map(|reply| reply.at);
        read.is_some_and(|read| exchange.sent_at < read)
    };
    let waits = |other: &usize| {
        let own = exchanges[*other].verb().and_then(own_event);
        own.is_some_and(|own| view.alignment_has(*other, own))
            && ahead(*other)
            && exchanges[*other].in_sequence == Certainty::Yes
            && view.code(&exchanges[*other]) == Some(503)
            && legal(&exchanges[*other], code)
    };
    let entry = view.reply(exchange).map(|reply| reply.entry);
    let mut earlier = (0..index).rev().take(NEAR);
    if let Some(owner) = earlier.find(waits) {
        let what = format!(
            "{} was answered {code}, which is the reply to {}: the replies are out of order",
            about(view, index),
            about(view, owner),
        );
        return Some(Found::new("WIR-9", entry, what));
    }
    let mut later = (index + 1..exchanges.len()).take(NEAR).take_while(group);
    let unanswered_quit = |other: usize| {
        let other = &exchanges[other];
        other.verb() == Some(Verb::Quit) && other.outcome == Outcome::Unanswered
    };
    let quit = code == 221 && exchange.outcome != Outcome::Dropped && later.any(unanswered_quit);
    let what = || format!("QUIT was answered before {}", about(view, index));
    quit.then(|| Found::new("WIR-9", entry, what()))
}
