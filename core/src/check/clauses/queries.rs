//! VRFY, EXPN, HELP and NOOP leave a transaction as it is (RFC 5321, 4.1.1.6 to 4.1.1.9).

use super::{Clause, clause, probe::Probe, subject::Subjects};
use crate::{
    check::{verdict::Rule, view::View},
    model::{Certainty, Transaction},
    wire::Verb,
};

macro_rules! query {
    ($id:literal, $verb:ident, $title:literal, $source:literal, $example:literal) => {
        clause(
            Rule::must(
                $id,
                $title,
                $source,
                "Taken or refused: RCPT and DATA behind it are in sequence as before.",
                $example,
            ),
            |probe| stands_behind(probe, Verb::$verb),
            |probe| probe.none_of(&[503], LOST),
        )
        .of(Subjects::verbs(&[Verb::Rcpt, Verb::Data]))
    };
}

pub(super) const CLAUSES: &[Clause] = &[
    query!(
        "WIR-106",
        Vrfy,
        "VRFY leaves the transaction as it is",
        "RFC 5321 4.1.1.6: \"This command has no effect on the reverse-path buffer, the forward-path buffer, or the mail \
         data buffer\"",
        "MAIL, RCPT, VRFY, DATA: 503"
    ),
    query!(
        "WIR-107",
        Expn,
        "EXPN leaves the transaction as it is",
        "RFC 5321 4.1.1.7: \"This command has no effect on the reverse-path buffer, the forward-path buffer, or the mail \
         data buffer\"",
        "MAIL, RCPT, EXPN, DATA: 503"
    ),
    query!(
        "WIR-108",
        Help,
        "HELP leaves the transaction as it is",
        "RFC 5321 4.1.1.8: \"This command has no effect on the reverse-path buffer, the forward-path buffer, or the mail \
         data buffer\"",
        "MAIL, RCPT, HELP, DATA: 503"
    ),
    query!(
        "WIR-109",
        Noop,
        "NOOP leaves the transaction as it is",
        "RFC 5321 4.1.1.9: \"This command has no effect on the reverse-path buffer, the forward-path buffer, or the mail \
         data buffer\"",
        "MAIL, RCPT, NOOP, DATA: 503"
    ),
];

const LOST: &str = "the command before it has no effect on the transaction";

fn stands_behind(probe: &Probe<'_, '_>, verb: Verb) -> bool {
    probe.strict() && query_before(probe.view, probe.index) == Some(verb)
}

/// The query that stands right before exchange `index`, a RCPT or a DATA that is in sequence.
pub(super) fn query_before(view: &View<'_>, index: usize) -> Option<Verb> {
    let exchange = view.exchanges().get(index)?;
    let state = exchange.state?;
    let wants = matches!(exchange.verb(), Some(Verb::Rcpt | Verb::Data))
        && exchange.in_sequence == Certainty::Yes
        && state.transaction != Transaction::None;
    let before = view.exchanges().get(index.checked_sub(1)?)?;
    let query = before.verb().filter(|_| wants)?;
    matches!(query, Verb::Vrfy | Verb::Expn | Verb::Help | Verb::Noop).then_some(query)
}
