//! LMT: what LMTP (RFC 2033) asks of a server beyond SMTP. Everything else is judged in LMTP as it is in SMTP, LHLO
//! being read as EHLO.

use super::{
    entry::{Entry, on_the_wire},
    verdict::{Level, Rule},
    view::{Found, View},
    wir::{lower_case, texts},
    words::about,
};
use crate::{
    event::EventKind,
    model::{Certainty, CommandLine, Exchange, NO_TIME_OUT, Outcome, Stimulus},
    transcript::ClientAct,
    wire::{Command, Verb},
};

/// Octets of a line that no server calls long.
const SHORT: usize = 256;

const fn entry(rule: Rule, exercised: fn(&View<'_>) -> bool) -> Entry {
    Entry {
        rule,
        observable: on_the_wire,
        exercised,
    }
}

pub(super) static RULES: &[Entry] = &[
    entry(
        Rule::must(
            "LMT-1",
            "LMTP: the end of data is answered once for each recipient",
            "RFC 2033 4.2: \"the server returns one reply for each previously successful RCPT command\"",
            "Recipients that were refused are owed none, two of the same path two. A client takes a reply that is \
             missing for one that is late, and waits; one too many it takes for the answer to its next command.",
            "LHLO, MAIL, RCPT, RCPT, DATA, the message: 250, and no more",
        ),
        |view| ends(view, false).any(|(_, exchange)| exchange.recipients > 1),
    ),
    entry(
        Rule::must(
            "LMT-2",
            "LMTP: the replies to a message come in the order of its recipients",
            "RFC 2033 4.2: \"in the order that the RCPT commands were issued\"",
            "Seen where each reply names one of the recipients. Else a message is taken to be delivered to one who has \
             not got it.",
            "RCPT TO:<a@example.org>, RCPT TO:<b@example.org>, the message: 250 <b@example.org>, 250 <a@example.org>",
        ),
        |view| (0..view.exchanges().len()).any(|index| named(view, index).is_some()),
    ),
    entry(
        Rule::must(
            "LMT-3",
            "LMTP: DATA without a recipient is answered 503",
            "RFC 2033 4.2: \"the DATA command MUST fail with a 503 reply code\"",
            "SMTP also has 554 there.",
            "LHLO, MAIL, DATA: 554",
        ),
        |view| {
            view.commands()
                .any(|(exchange, line)| is_unaddressed(view, exchange, line))
        },
    ),
    entry(
        Rule::must(
            "LMT-4",
            "LMTP: HELO and EHLO are refused",
            "RFC 2033 4.1: a server \"MUST NOT return a Positive Completion reply code to these commands\"",
            "So that a client of SMTP's finds out where it is before it takes the first of many replies for the only \
             one. \"The 500 reply code is recommended.\"",
            "EHLO client.example.org: 250",
        ),
        |view| view.commands().any(|(_, line)| greets_in_smtp(view, line)),
    ),
    entry(
        Rule::must(
            "LMT-5",
            "LMTP: LHLO announces PIPELINING and ENHANCEDSTATUSCODES, and should 8BITMIME",
            "RFC 2033 5: \"A server implementation MUST implement the PIPELINING [...] and ENHANCEDSTATUSCODES [...] ESMTP \
             extensions\"; 8BITMIME it SHOULD",
            "Many replies to one message want a client that need not wait, and each has to say what became of whom.",
            "LHLO client.example.org: 250 without PIPELINING",
        ),
        |view| greetings(view).next().is_some(),
    ),
    entry(
        Rule::must(
            "LMT-6",
            "LMTP: BDAT LAST is answered once for each recipient, any other BDAT once",
            "RFC 2033 4.3 (with LAST as the end of data in 4.2; without one reply, as ever)",
            "As the end of data is (LMT-1).",
            "LHLO, MAIL, RCPT, RCPT, BDAT 5 LAST and its octets: 250, and no more",
        ),
        |view| ends(view, true).any(|(_, exchange)| exchange.recipients > 1),
    ),
    entry(
        Rule::must(
            "LMT-7",
            "LMTP: LHLO is known wherever EHLO would be",
            "RFC 2033 4.1: \"The LHLO command has identical semantics to the EHLO command\"",
            "It may come again at any time, and clears the transaction then (ORD-7).",
            "LHLO client.example.org, LHLO client.example.org: 500",
        ),
        |view| view.commands().any(|(_, line)| is_plain_lhlo(view, line)),
    ),
];

pub(super) fn judge(view: &View<'_>, founds: &mut Vec<Found>) {
    if view.wire.protocol.is_smtp() {
        return;
    }
    for index in 0..view.exchanges().len() {
        founds.extend(too_few(view, index));
        founds.extend(out_of_order(view, index));
        let Stimulus::Command(line) = &view.exchanges()[index].stimulus else {
            continue;
        };
        founds.extend(wrongly_answered(view, index, line));
    }
}

/// The ends of messages that were answered: by DATA, or in chunks.
fn ends<'v, 't>(
    view: &'v View<'t>,
    in_chunks: bool,
) -> impl Iterator<Item = (usize, &'v Exchange<'t>)> {
    let exchanges = view.exchanges().iter().enumerate();
    exchanges.filter(move |(_, exchange)| {
        exchange.recipients > 0 && exchange.reply.is_some() && exchange.chunk.is_some() == in_chunks
    })
}

/// The rule by which a message is owed a reply for each recipient.
fn owed_by(exchange: &Exchange<'_>) -> &'static str {
    if exchange.chunk.is_some() {
        "LMT-6"
    } else {
        "LMT-1"
    }
}

/// A message that was not answered for all of its recipients.
fn lacks_replies(exchange: &Exchange<'_>) -> bool {
    exchange.reply.is_some()
        && exchange.outcome != Outcome::Dropped
        && exchange.replies().count() < exchange.recipients
}

/// Where the client waited for the others to the end, or what came then answers something else.
fn too_few(view: &View<'_>, index: usize) -> Option<Found> {
    let exchange = &view.exchanges()[index];
    let last = exchange.replies().last()?;
    let reply = &view.wire.replies[last];
    // A 421 of a server that has waited for more is no answer; at once, it is a goodbye that may come at any time.
    let followed = view.wire.replies.get(last + 1).is_some_and(|next| {
        next.reply.code != Some(421) || next.at.saturating_sub(reply.at) >= NO_TIME_OUT
    });
    let waited = view.wire.did(ClientAct::GaveUp) && view.wire.server_end.is_none();
    if !lacks_replies(exchange) || !(followed || waited) || view.is_slowed() {
        return None;
    }
    let what = format!(
        "{} was for {} recipients and was answered {}",
        about(view, index),
        exchange.recipients,
        times(exchange.replies().count()),
    );
    Some(Found::new(owed_by(exchange), reply.entry, what))
}

fn times(count: usize) -> String {
    match count {
        1 => "once".to_owned(),
        2 => "twice".to_owned(),
        count => format!("{count} times"),
    }
}

/// The rule that is broken where `index` was not answered, because a message before it in the same segment had too few
/// replies and was given those that came behind them.
pub(super) fn robbed_of_reply(view: &View<'_>, index: usize) -> Option<&'static str> {
    let exchange = &view.exchanges()[index];
    let mut before = view.exchanges()[..index].iter().rev().take(super::NEAR);
    let robber = before.find(|before| before.recipients > 1)?;
    (robber.entry == exchange.entry).then(|| owed_by(robber))
}

/// The rule by which reply `reply`, which answers nothing, is one too many: it follows those to a message.
pub(super) fn one_too_many(view: &View<'_>, reply: usize) -> Option<&'static str> {
    let mut exchanges = view.exchanges().iter();
    let owner = exchanges.find(|exchange| exchange.replies().last() == reply.checked_sub(1))?;
    let answers = matches!(view.wire.replies[reply].reply.code, Some(250 | 400..=599));
    (answers && owner.recipients > 0).then(|| owed_by(owner))
}

/// The recipients of a message, and whom its replies name.
type Named<'v> = (Vec<&'v [u8]>, Vec<&'v [u8]>);

/// The paths that the replies to a message name, where each names one of its recipients and no two are the same.
fn named<'v>(view: &'v View<'_>, index: usize) -> Option<Named<'v>> {
    // Each reply is looked at for each recipient.
    const MOST: usize = 100;
    let exchange = &view.exchanges()[index];
    if !(2..=MOST).contains(&exchange.recipients)
        || exchange.replies().count() != exchange.recipients
    {
        return None;
    }
    let recipients = recipients_before(view, index);
    let name = |reply: usize| {
        let raw = &view.wire.replies[reply].reply.raw;
        let mut names = recipients.iter().filter(|path| names(raw, path));
        let name = *names.next()?;
        names.next().is_none().then_some(name)
    };
    let names: Vec<&[u8]> = exchange.replies().map_while(name).collect();
    let mut apart = names.clone();
    apart.sort_unstable();
    apart.dedup();
    (apart.len() == exchange.recipients).then_some((recipients, names))
}

/// Whether a reply says `path` in angle brackets.
fn names(raw: &[u8], path: &[u8]) -> bool {
    let bracketed = [b"<", path, b">"].concat();
    memchr::memmem::find(raw, &bracketed).is_some()
}

/// The forward-paths that were accepted in the transaction that ends at `index`, in order.
fn recipients_before<'v>(view: &'v View<'_>, index: usize) -> Vec<&'v [u8]> {
    let before = view.exchanges()[..index].iter().rev();
    let in_transaction = before.take_while(|exchange| {
        exchange.verb() != Some(Verb::Mail) || exchange.outcome != Outcome::Accepted
    });
    let accepted = in_transaction.filter(|exchange| exchange.outcome == Outcome::Accepted);
    let mut paths: Vec<&[u8]> = accepted
        .filter_map(|exchange| match &exchange.stimulus {
            Stimulus::Command(line) => match line.parsed.ok()?.command {
                Command::Rcpt { path, .. } => Some(path.raw()),
                _ => None,
            },
            _ => None,
        })
        .collect();
    paths.reverse();
    paths
}

fn out_of_order(view: &View<'_>, index: usize) -> Option<Found> {
    let (recipients, names) = named(view, index)?;
    let place = (0..names.len()).find(|at| recipients[*at] != names[*at])?;
    let reply = view.exchanges()[index].replies().nth(place)?;
    let what = format!(
        "reply {} to {} is for <{}>; recipient {} is <{}>",
        place + 1,
        about(view, index),
        names[place].escape_ascii(),
        place + 1,
        recipients[place].escape_ascii(),
    );
    Some(Found::new("LMT-2", view.wire.replies[reply].entry, what))
}

fn is_unaddressed(view: &View<'_>, exchange: &Exchange<'_>, line: &CommandLine<'_>) -> bool {
    let open = exchange.state.is_some_and(|state| {
        state.greeted && state.transaction == crate::model::Transaction::Empty
    });
    view.wire.protocol.is_lmtp()
        && line.verb == Verb::Data
        && line.parsed.is_ok_and(|parsed| parsed.leniencies.is_empty())
        && open
        && exchange.in_sequence == Certainty::No
}

/// BDAT LAST in a transaction without a recipient: it has no reply at all (RFC 2033, 4.3), nor is a 503 held against anybody.
pub(super) fn is_for_nobody(view: &View<'_>, exchange: &Exchange<'_>) -> bool {
    let open = |state: crate::model::State| state.transaction == crate::model::Transaction::Empty;
    let last = matches!(&exchange.stimulus, Stimulus::Command(line)
        if matches!(line.parsed.map(|parsed| parsed.command), Ok(Command::Bdat { last: true, .. })));
    view.wire.protocol.is_lmtp() && last && exchange.state.is_some_and(open)
}

fn greets_in_smtp(view: &View<'_>, line: &CommandLine<'_>) -> bool {
    view.wire.protocol.is_lmtp() && matches!(Verb::of(line.text), Verb::Helo | Verb::Ehlo)
}

/// LHLO with nothing about it that could be refused.
fn is_plain_lhlo(view: &View<'_>, line: &CommandLine<'_>) -> bool {
    view.wire.protocol.is_lmtp()
        && !greets_in_smtp(view, line)
        && line.verb == Verb::Ehlo
        && line.text.is_ascii()
        && line.text.len() < SHORT
        && line.parsed.is_ok_and(|parsed| parsed.leniencies.is_empty())
}

/// Whether LHLO was answered as if it were unknown. What its handler made of it is the handler's affair, and what a verb
/// in lower case is answered WIR-17's.
fn is_unknown_lhlo(view: &View<'_>, index: usize, line: &CommandLine<'_>, code: u16) -> bool {
    is_plain_lhlo(view, line)
        && matches!(code, 500 | 502)
        && !lower_case(line.text)
        && !view.alignment_has(index, EventKind::OnEhloCommand)
}

/// LMT-3, LMT-4, LMT-7.
fn wrongly_answered(view: &View<'_>, index: usize, line: &CommandLine<'_>) -> Option<Found> {
    let exchange = &view.exchanges()[index];
    let reply = view.reply(exchange)?;
    let code = reply.reply.code?;
    let served = view.exchanges()[0].outcome == Outcome::Accepted;
    let positive = exchange.outcome == Outcome::Accepted;
    let (rule, why) = if greets_in_smtp(view, line) && positive {
        ("LMT-4", "LMTP has LHLO only")
    } else if !served || exchange.outcome == Outcome::Dropped || view.spoke_too_soon(exchange) {
        return None;
    } else if is_unaddressed(view, exchange, line) && (positive || code == 554) {
        ("LMT-3", "without a recipient it is 503")
    } else if is_unknown_lhlo(view, index, line, code) {
        ("LMT-7", "every server of LMTP's must know it")
    } else {
        return None;
    };
    let what = format!("{} was answered {code}: {why}", about(view, index));
    Some(Found::new(rule, reply.entry, what))
}

/// The LHLOs that were accepted.
fn greetings(view: &View<'_>) -> impl Iterator<Item = usize> {
    let exchanges = view.exchanges().iter().enumerate();
    exchanges.filter_map(|(index, exchange)| {
        let Stimulus::Command(line) = &exchange.stimulus else {
            return None;
        };
        let accepted = exchange.outcome == Outcome::Accepted;
        (accepted && is_plain_lhlo(view, line)).then_some(index)
    })
}

/// What LHLO must announce, and should.
const ANNOUNCED: [(&str, Level); 3] = [
    ("PIPELINING", Level::Must),
    ("ENHANCEDSTATUSCODES", Level::Must),
    ("8BITMIME", Level::Should),
];

/// LMT-5, said once for each at the session's first LHLO. That something is not offered says nothing of the reading: this is
/// judged when that has been chosen.
pub(super) fn unannounced(view: &View<'_>) -> Vec<Found> {
    if view.wire.protocol.is_smtp() {
        return Vec::new();
    }
    let first = greetings(view).next();
    let greeted = first.and_then(|index| Some((index, view.reply(&view.exchanges()[index])?)));
    let Some((index, reply)) = greeted else {
        return Vec::new();
    };
    let announces = |keyword: &str| {
        let mut words = texts(&reply.reply.raw)
            .skip(1)
            .filter_map(|text| text.split(|octet| *octet == b' ').next());
        words.any(|word| word.eq_ignore_ascii_case(keyword.as_bytes()))
    };
    let missing = ANNOUNCED.iter().filter(|(keyword, _)| !announces(keyword));
    missing
        .map(|(keyword, level)| {
            let what = format!("{} was answered without {keyword}", about(view, index));
            Found {
                level: Some(*level),
                ..Found::new("LMT-5", reply.entry, what)
            }
        })
        .collect()
}
