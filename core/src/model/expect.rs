//! Which events each exchange allows: the heart of the model (MODEL.md, sections 1 and 2).

use smallvec::{SmallVec, smallvec};

use super::{
    authentication::{AuthStep, Said},
    chunk::Chunk,
    content::Message,
    exchange::{CommandLine, Exchange, Outcome, Stimulus},
    state::Certainty,
};
use crate::{
    event::{EventKind, HandlerAction, HandlerScript, Hello},
    wire::Verb,
};

/// Some events in order, as one exchange may fire them.
pub type Pattern = SmallVec<[EventKind; 4]>;

/// Those that one exchange may fire; hardly ever more than two.
pub type Patterns = SmallVec<[Pattern; 2]>;

/// The event of `verb`'s own, if it has one.
pub const fn own_event(verb: Verb) -> Option<EventKind> {
    match verb {
        Verb::Helo => Some(EventKind::OnHeloCommand),
        Verb::Ehlo => Some(EventKind::OnEhloCommand),
        Verb::Mail => Some(EventKind::OnMailCommand),
        Verb::Rcpt => Some(EventKind::OnRcptCommand),
        Verb::Data | Verb::Bdat => Some(EventKind::OnDataCommand),
        Verb::Rset => Some(EventKind::OnRsetCommand),
        Verb::Noop => Some(EventKind::OnNoopCommand),
        Verb::Help => Some(EventKind::OnHelpCommand),
        Verb::Auth => Some(EventKind::OnAuthCommand),
        Verb::Quit | Verb::Vrfy | Verb::Expn | Verb::StartTls | Verb::Unknown => None,
    }
}

/// Every sequence of visible events that `exchange` may fire in a session with these handlers, the fullest first.
/// Never empty.
pub fn allowed(exchange: &Exchange<'_>, hello: &Hello, handlers: &HandlerScript) -> Patterns {
    let full = match &exchange.stimulus {
        Stimulus::Connection => connection(exchange.outcome),
        Stimulus::Response(line) => response(line.said, exchange, handlers),
        Stimulus::Command(line)
            if line.parsed.is_ok()
                && exchange.authentication.is_some()
                && (exchange.in_sequence != Certainty::No || was_served(exchange)) =>
        {
            authentication(exchange, handlers)
        }
        Stimulus::Command(line) => command(line, exchange, hello, handlers),
        Stimulus::Message(message) => content(message, exchange.outcome, hello),
    };
    let full = for_some(full, exchange);
    let mut patterns: Patterns = Patterns::new();
    for pattern in full {
        let visible: Pattern = pattern
            .into_iter()
            .filter(|kind| hello.sees(*kind))
            .collect();
        if !patterns.contains(&visible) {
            patterns.push(visible);
        }
    }
    // What was seen to fire is taken as early as it can be: where nothing else decides, the fullest fits best.
    patterns.sort_by_key(|pattern| core::cmp::Reverse(pattern.len()));
    patterns
}

/// Refusals of one message, each for another recipient, that are followed one by one.
const MOST: usize = 100;

/// A message of LMTP's that was refused for some of its recipients fires OnReject for each of these or for all of them
/// together; where others take it, perhaps not at all. A reply that is missing may have been a refusal.
fn for_some(full: Patterns, exchange: &Exchange<'_>) -> Patterns {
    let missing = exchange.missing();
    if exchange.refusals + missing == 0 {
        return full;
    }
    let reject = EventKind::OnReject;
    let taken = exchange.outcome == Outcome::Accepted;
    let mut patterns = Patterns::new();
    for pattern in full {
        let events = pattern.iter().copied().filter(|kind| *kind != reject);
        let events: Pattern = events.collect();
        if taken || events.len() < pattern.len() {
            for refusals in [exchange.refusals + missing, exchange.refusals, 1] {
                let rejects = core::iter::repeat_n(reject, refusals.clamp(1, MOST));
                patterns.push(events.iter().copied().chain(rejects).collect());
            }
        }
        if taken || events.len() == pattern.len() {
            patterns.push(events);
        }
    }
    patterns
}

/// OnConnect itself is judged apart (SES-1); here is only what may follow it.
fn connection(outcome: Outcome) -> Patterns {
    match outcome {
        Outcome::Accepted => smallvec![smallvec![]],
        Outcome::Refused => smallvec![smallvec![EventKind::OnReject]],
        Outcome::Dropped | Outcome::Unanswered | Outcome::Strange => {
            smallvec![smallvec![EventKind::OnReject], smallvec![]]
        }
    }
}

fn command(
    line: &CommandLine<'_>,
    exchange: &Exchange<'_>,
    hello: &Hello,
    handlers: &HandlerScript,
) -> Patterns {
    let reject = EventKind::OnReject;
    let own: Pattern = own_event(line.verb)
        .map(|kind| {
            if hello.semantics.helo_as_ehlo {
                as_ehlo(kind)
            } else {
                kind
            }
        })
        .into_iter()
        .collect();
    let own_reject: Pattern = own.iter().copied().chain([reject]).collect();
    // BDAT shares DATA's event, but a server that does not know it has no hook for it.
    let early = line.verb != Verb::Bdat
        && own
            .first()
            .is_some_and(|kind| hello.semantics.before_sequence_check.contains(kind));
    let malformed = line.parsed.is_err();
    if let Some(announced) = &exchange.chunk {
        return chunk(announced, exchange, hello);
    }
    match exchange.outcome {
        Outcome::Accepted if malformed => smallvec![own, smallvec![]],
        Outcome::Accepted => smallvec![own],
        // A BDAT without a chunk is one that the server does not know.
        Outcome::Refused if line.verb == Verb::Bdat => smallvec![smallvec![reject]],
        // Only OnReject: the protocol refused it. Malformed and out of sequence always so (REJ-1); a well-formed
        // one may be refused by a handler (REJ-2) or by a limit.
        // A lenient server asks its handler about it, and that may be what refuses.
        Outcome::Refused if malformed && (early || may_refuse(handlers, &own)) => {
            smallvec![own_reject, smallvec![reject]]
        }
        Outcome::Refused if malformed => smallvec![smallvec![reject]],
        Outcome::Refused
            if exchange.in_sequence == Certainty::No
                && !early
                && !(exchange.may_do_without_greeting() && may_refuse(handlers, &own)) =>
        {
            smallvec![smallvec![reject]]
        }
        Outcome::Refused => smallvec![own_reject, smallvec![reject]],
        Outcome::Dropped if malformed && may_refuse(handlers, &own) => {
            smallvec![own_reject, own, smallvec![reject], smallvec![]]
        }
        Outcome::Dropped if malformed => smallvec![smallvec![reject], smallvec![]],
        // A lenient server may have taken it; nobody saw.
        Outcome::Unanswered if malformed => smallvec![own, smallvec![reject], smallvec![]],
        Outcome::Dropped | Outcome::Unanswered
            if exchange.in_sequence == Certainty::No
                && !early
                && !exchange.may_do_without_greeting() =>
        {
            smallvec![smallvec![reject], smallvec![]]
        }
        // Nobody saw what became of it: accepted, refused or dropped.
        Outcome::Dropped | Outcome::Unanswered | Outcome::Strange => {
            smallvec![own_reject, own, smallvec![reject], smallvec![]]
        }
    }
}

/// Whether an AUTH out of sequence was answered as if it were in sequence. That is AUT-2 to AUT-4's concern; its events
/// only follow.
fn was_served(exchange: &Exchange<'_>) -> bool {
    exchange.outcome == Outcome::Accepted || exchange.authentication == Some(AuthStep::Failed)
}

/// AUTH in sequence: the exchange begins, and may end at once. It is refused by the protocol (the mechanism is not
/// known), by the handler of OnAuthCommand, or when the exchange has ended.
fn authentication(exchange: &Exchange<'_>, handlers: &HandlerScript) -> Patterns {
    use EventKind::{OnAuthCommand, OnEndOfAuthentication, OnReject};
    let begun = smallvec![OnAuthCommand];
    let begun_reject = smallvec![OnAuthCommand, OnReject];
    let ended = smallvec![OnAuthCommand, OnEndOfAuthentication];
    let ended_reject = smallvec![OnAuthCommand, OnEndOfAuthentication, OnReject];
    let reject = smallvec![OnReject];
    match exchange.authentication {
        Some(AuthStep::Challenged) => smallvec![begun],
        Some(AuthStep::Succeeded) => smallvec![ended],
        Some(AuthStep::Failed)
            if exchange.in_sequence != Certainty::No && !may_refuse(handlers, &ended) =>
        {
            smallvec![ended_reject]
        }
        Some(AuthStep::Failed | AuthStep::Refused) => smallvec![ended_reject, begun_reject, reject],
        _ if exchange.outcome == Outcome::Accepted => smallvec![ended, begun],
        _ => smallvec![
            ended_reject,
            ended,
            begun_reject,
            begun,
            reject,
            smallvec![]
        ],
    }
}

/// What ends an exchange: the mechanism, whose word a handler may not accept; or the protocol, for which there is no
/// outcome.
fn response(said: Said, exchange: &Exchange<'_>, handlers: &HandlerScript) -> Patterns {
    use EventKind::{OnEndOfAuthentication, OnReject};
    let ended = smallvec![OnEndOfAuthentication];
    let ended_reject = smallvec![OnEndOfAuthentication, OnReject];
    let reject = smallvec![OnReject];
    match exchange.authentication {
        Some(AuthStep::Challenged) => smallvec![smallvec![]],
        Some(AuthStep::Succeeded) => smallvec![ended],
        Some(AuthStep::Failed) if !may_refuse(handlers, &ended) => smallvec![ended_reject],
        Some(AuthStep::Refused) if said == Said::Cancel => smallvec![reject],
        Some(AuthStep::Failed | AuthStep::Refused) => smallvec![ended_reject, reject],
        _ if exchange.outcome == Outcome::Accepted => smallvec![smallvec![]],
        _ if said == Said::Cancel => smallvec![reject, smallvec![]],
        _ => smallvec![ended_reject, ended, reject, smallvec![]],
    }
}

/// Whether a handler of one of `kinds` is told not to accept.
fn may_refuse(handlers: &HandlerScript, kinds: &[EventKind]) -> bool {
    let accepts =
        |action: &HandlerAction| matches!(action, HandlerAction::Accept | HandlerAction::Sleep(_));
    let mut rules = handlers.rules.iter();
    rules.any(|rule| kinds.contains(&rule.event) && !accepts(&rule.action))
}

fn as_ehlo(kind: EventKind) -> EventKind {
    if kind == EventKind::OnHeloCommand {
        EventKind::OnEhloCommand
    } else {
        kind
    }
}

/// A chunk fires what it completes: OnDataCommand the first, OnEndOfHeaders the one with the blank line, OnEndOfData the
/// last. Any of the handlers may refuse, and nothing of what follows fires then.
fn chunk(chunk: &Chunk, exchange: &Exchange<'_>, hello: &Hello) -> Patterns {
    use EventKind::{OnDataCommand, OnEndOfData, OnEndOfHeaders, OnReject};
    let ends = chunk.content.is_some();
    // Agents that see a message only when it has come see its header section then.
    let headers = if hello.semantics.late_end_of_headers {
        ends
    } else {
        chunk.headers.is_some()
    };
    let of_content = [(headers, OnEndOfHeaders), (ends, OnEndOfData)];
    let of_content = of_content.into_iter().filter(|(due, _)| *due);
    let content: Pattern = of_content.map(|(_, kind)| kind).collect();
    let begun: Pattern = [OnDataCommand]
        .into_iter()
        .chain(content.iter().copied())
        .collect();
    let mut whole = vec![if chunk.first { &begun } else { &content }];
    if chunk.doubtful {
        whole = vec![&begun, &content];
    }
    let out_of_sequence = exchange.in_sequence == Certainty::No;
    let early = hello
        .semantics
        .before_sequence_check
        .contains(&OnDataCommand);
    let refused = |mut pattern: Pattern| {
        pattern.push(OnReject);
        pattern
    };
    let prefixes = |whole: &Pattern| {
        (0..=whole.len())
            .rev()
            .map(|len| Pattern::from_slice(&whole[..len]))
            .collect::<Patterns>()
    };
    let all = || whole.iter().flat_map(|whole| prefixes(whole));
    match exchange.outcome {
        Outcome::Refused if out_of_sequence && early => {
            smallvec![smallvec![OnDataCommand, OnReject], smallvec![OnReject]]
        }
        Outcome::Refused if out_of_sequence => smallvec![smallvec![OnReject]],
        Outcome::Refused => all().map(refused).collect(),
        // That it was taken is another rule's concern; what it fires then is nobody's.
        Outcome::Accepted if out_of_sequence => all().collect(),
        Outcome::Accepted if chunk.complete => whole.into_iter().cloned().collect(),
        _ => all()
            .flat_map(|pattern| [refused(pattern.clone()), pattern])
            .collect(),
    }
}

fn content(message: &Message, outcome: Outcome, hello: &Hello) -> Patterns {
    use EventKind::{OnEndOfData, OnEndOfHeaders, OnReject};
    let headers = smallvec![OnEndOfHeaders];
    let headers_reject = smallvec![OnEndOfHeaders, OnReject];
    let both = smallvec![OnEndOfHeaders, OnEndOfData];
    let both_reject = smallvec![OnEndOfHeaders, OnEndOfData, OnReject];
    if !message.complete {
        if !message.header_section_ended || hello.semantics.late_end_of_headers {
            return smallvec![smallvec![]];
        }
        return smallvec![headers_reject, headers, smallvec![]];
    }
    match outcome {
        Outcome::Accepted => smallvec![both],
        // Where agents see a message only when it has come, the protocol may refuse it before any has.
        Outcome::Refused if hello.semantics.late_end_of_headers => {
            smallvec![both_reject, headers_reject, smallvec![OnReject]]
        }
        // Refused at the end of the header section, or for its size: the message never reaches OnEndOfData.
        Outcome::Refused => smallvec![both_reject, headers_reject],
        // The same, and the server leaves.
        Outcome::Dropped if hello.semantics.late_end_of_headers => {
            smallvec![
                both_reject,
                both,
                headers_reject,
                headers,
                smallvec![OnReject],
                smallvec![],
            ]
        }
        // An agent that drops the session in one of them leaves out what would follow.
        // The protocol may drop it before anybody has looked at the message.
        Outcome::Dropped => smallvec![both_reject, both, headers_reject, headers, smallvec![]],
        Outcome::Unanswered | Outcome::Strange => {
            smallvec![both_reject, both, headers_reject, headers, smallvec![]]
        }
    }
}
