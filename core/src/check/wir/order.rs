//! WIR-4 and WIR-9: which positive codes a stimulus may have, and replies that traded places.

use crate::{
    check::{
        view::{Found, View},
        words::about,
    },
    model::{Exchange, Stimulus},
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
        Stimulus::Message(_) => &[250],
    };
    (400..600).contains(&code) || positive.contains(&code)
}

/// Whether the second of two exchanges was sent together with the first, so that only its place tells its reply.
pub(super) fn in_one_go(pair: &[Exchange<'_>]) -> bool {
    let [first, second] = pair else { return false };
    first.entry == second.entry && !matches!(first.stimulus, Stimulus::Connection)
}

/// WIR-9: two neighbouring replies that are both illegal where they are and legal the other way round.
pub(in crate::check) fn replies_out_of_order(view: &View<'_>) -> Option<Found> {
    let pairs = view.exchanges().windows(2).enumerate();
    for (index, pair) in pairs.filter(|(_, pair)| in_one_go(pair)) {
        let (Some(first), Some(second)) = (view.code(&pair[0]), view.code(&pair[1])) else {
            continue;
        };
        let crossed = !legal(&pair[0], first)
            && !legal(&pair[1], second)
            && legal(&pair[0], second)
            && legal(&pair[1], first);
        if crossed {
            let entry = view.reply(&pair[0]).map(|reply| reply.entry);
            let what = format!(
                "{} was answered {first} and {} {second}: the replies are out of order",
                about(view, index),
                about(view, index + 1),
            );
            return Some(Found::new("WIR-9", entry, what));
        }
    }
    None
}
