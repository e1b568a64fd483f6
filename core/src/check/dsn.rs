//! DSN: the parameters of MAIL and RCPT that ask for delivery status notifications (RFC 3461).

use super::{
    entry::{Entry, on_the_wire},
    verdict::{Level, Rule},
    view::{Found, View},
    words::about,
};
use crate::{
    model::{COMMAND_LINE_LIMIT, Certainty, CommandLine, Exchange, Outcome, Stimulus},
    wire::{
        Command, DSN_MAIL, DSN_RCPT, Parameter, Parameters, Verb, dsn_value_problem,
        is_only_too_long, is_orcpt_without_address,
    },
};

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
            "DSN-1",
            "RET and ENVID are taken where DSN is announced",
            "RFC 3461 5.1 (a): \"A conforming SMTP server MUST NOT refuse a MAIL command based on the absence or presence of valid \
             ENVID or RET parameters\"",
            "Both may be absent, and either may come alone.",
            "250 DSN, MAIL FROM:<a@example.org> RET=HDRS, 555",
        ),
        |view| {
            any(view, |view, index, line| {
                plain(view, index, line) == Some(Verb::Mail)
            })
        },
    ),
    entry(
        Rule::must(
            "DSN-2",
            "NOTIFY and ORCPT are taken where DSN is announced",
            "RFC 3461 5.1 (b): \"A conforming SMTP server MUST NOT refuse a RCPT command based on the presence or absence of any of \
             these parameters\"",
            "For each recipient anew. An address type that the server does not know is one all the same.",
            "250 DSN, RCPT TO:<a@example.org> NOTIFY=NEVER, 555",
        ),
        |view| {
            any(view, |view, index, line| {
                plain(view, index, line) == Some(Verb::Rcpt)
            })
        },
    ),
    entry(
        Rule::must(
            "DSN-3",
            "A malformed RET or ENVID is refused",
            "RFC 3461 5.1 (a): \"if the associated esmtp-value is not valid (i.e., contains illegal characters), [...] the \
             server MUST issue the reply-code 501\"; 4.3 (FULL, HDRS), 4.4 (xtext, \"up to 100 characters\")",
            "What the server cannot read it cannot put into a notification as it was sent. An ENVID that is only too long is \
             not strict.",
            "MAIL FROM:<a@example.org> RET=ALL, 250",
        ),
        |view| {
            any(view, |view, index, line| {
                malformed(view, index, line) == Some(Verb::Mail)
            })
        },
    ),
    entry(
        Rule::should(
            "DSN-4",
            "A malformed NOTIFY or ORCPT is refused",
            "RFC 3461 5.1 (b): \"if any of the associated esmtp-values are not valid, [...] the server SHOULD issue the response \
             '501 syntax error in parameter'\"; 4.1, 4.2",
            "An ORCPT is a type, `;` and xtext; that the xtext is empty the grammar allows, and a server may refuse it. NEVER beside SUCCESS asks for what cannot be; an ORCPT that is no xtext has broken log files and spools.",
            "RCPT TO:<a@example.org> NOTIFY=NEVER,SUCCESS, 250",
        ),
        |view| {
            any(view, |view, index, line| {
                malformed(view, index, line) == Some(Verb::Rcpt)
            })
        },
    ),
    entry(
        Rule::must(
            "DSN-5",
            "A parameter of DSN that stands there twice is refused 501",
            "RFC 3461 5.1 (a): \"if there is more than one ENVID or RET parameter in a particular MAIL command, the server \
             MUST issue the reply-code 501\"; 4.5",
            "RET, ENVID, NOTIFY and ORCPT may each come once in a command. NOTIFY or ORCPT twice is not strict (5.1 (b): SHOULD).",
            "MAIL FROM:<a@example.org> RET=HDRS RET=FULL, 250",
        ),
        |view| any(view, twice),
    ),
    entry(
        Rule::should(
            "DSN-6",
            "Parameters of DSN are refused where it was not announced",
            "RFC 5321 4.1.1.11 (555), 2.2.1; RFC 3461 3",
            "A client that greets by HELO has not asked for extensions: what it sends is taken for no promise.",
            "HELO, MAIL FROM:<a@example.org> RET=HDRS, 250",
        ),
        |view| any(view, unannounced),
    ),
];

fn any(view: &View<'_>, what: impl Fn(&View<'_>, usize, &CommandLine<'_>) -> bool) -> bool {
    let mut exchanges = view.exchanges().iter().enumerate();
    exchanges.any(|(index, exchange)| match &exchange.stimulus {
        Stimulus::Command(line) => exchange.reply.is_some() && what(view, index, line),
        _ => false,
    })
}

/// The parameters of a well-formed MAIL or RCPT, and the names that DSN adds to it.
fn parameters<'l>(line: &CommandLine<'l>) -> Option<(Parameters<'l>, &'static [&'static str])> {
    match line.parsed.as_ref().ok()?.command {
        Command::Mail { parameters, .. } => Some((parameters, &DSN_MAIL)),
        Command::Rcpt { parameters, .. } => Some((parameters, &DSN_RCPT)),
        _ => None,
    }
}

fn is_one_of(parameter: &Parameter<'_>, names: &[&str]) -> bool {
    names
        .iter()
        .any(|name| parameter.keyword.eq_ignore_ascii_case(name.as_bytes()))
}

fn in_sequence(exchange: &Exchange<'_>) -> bool {
    exchange.in_sequence == Certainty::Yes
}

/// Whether a parameter of DSN stands in `line` twice, where DSN was announced.
fn twice(view: &View<'_>, index: usize, line: &CommandLine<'_>) -> bool {
    let Some((parameters, names)) = parameters(line) else {
        return false;
    };
    let stands_twice = |name: &&str| {
        let same = |parameter: &Parameter<'_>| is_one_of(parameter, &[name]);
        parameters.iter().filter(same).nth(1).is_some()
    };
    view.offers.stood(index, "DSN")
        && names.iter().any(stands_twice)
        && in_sequence(&view.exchanges()[index])
}

/// The verb, if DSN was announced and one of its parameters in `line` is malformed.
fn malformed(view: &View<'_>, index: usize, line: &CommandLine<'_>) -> Option<Verb> {
    let (parameters, names) = parameters(line)?;
    let bad = |parameter: Parameter<'_>| {
        is_one_of(&parameter, names) && dsn_value_problem(parameter).is_some()
    };
    let judged = view.offers.stood(index, "DSN") && in_sequence(&view.exchanges()[index]);
    (judged && parameters.iter().any(bad)).then_some(line.verb)
}

/// The verb, if `line` has parameters of DSN, which was announced, and nothing else that could be refused for itself.
fn plain(view: &View<'_>, index: usize, line: &CommandLine<'_>) -> Option<Verb> {
    let exchange = &view.exchanges()[index];
    let (parameters, names) = parameters(line)?;
    let only = !parameters.raw.is_empty()
        && parameters
            .iter()
            .all(|parameter| is_one_of(&parameter, names) && !is_orcpt_without_address(parameter))
        && exchange.leniencies().is_empty()
        && exchange.line_len() <= COMMAND_LINE_LIMIT
        && !line.text.contains(&b'"')
        && !line.text.contains(&b'[');
    let judged = only
        && view.offers.stood(index, "DSN")
        && in_sequence(exchange)
        && malformed(view, index, line).is_none()
        && !twice(view, index, line);
    judged.then_some(line.verb)
}

/// Parameters of DSN behind a greeting that did not announce it.
fn unannounced(view: &View<'_>, index: usize, line: &CommandLine<'_>) -> bool {
    let exchange = &view.exchanges()[index];
    let greeted = exchange.state.is_some_and(|state| state.greeted);
    parameters(line).is_some_and(|(parameters, names)| {
        greeted
            && in_sequence(exchange)
            && !view.offers.stood(index, "DSN")
            && parameters
                .iter()
                .any(|parameter| is_one_of(&parameter, names))
    })
}

pub(super) fn judge(view: &View<'_>, founds: &mut Vec<Found>) {
    for (index, exchange) in view.exchanges().iter().enumerate() {
        let Stimulus::Command(line) = &exchange.stimulus else {
            continue;
        };
        let Some(code) = view.code(exchange) else {
            continue;
        };
        let entry = view.reply(exchange).map(|reply| reply.entry);
        if let Some((rule, level, why)) = broken(view, index, line, code) {
            let what = format!("{} was answered {code}: {why}", about(view, index));
            founds.push(Found {
                level: Some(level),
                ..Found::new(rule, entry, what)
            });
        }
    }
}

/// How strongly RFC 3461, 5.1, wants what is not valid refused: MAIL's by (a), RCPT's by (b).
const fn demanded(verb: Verb) -> Level {
    match verb {
        Verb::Mail => Level::Must,
        _ => Level::Should,
    }
}

/// Whether what is malformed in `line` is only too long.
fn is_only_long(line: &CommandLine<'_>) -> bool {
    let mut problems = parameters(line).into_iter().flat_map(|(parameters, _)| {
        let bad = |parameter: &Parameter<'_>| dsn_value_problem(*parameter).is_some();
        parameters.iter().filter(bad)
    });
    problems.all(is_only_too_long)
}

fn broken(
    view: &View<'_>,
    index: usize,
    line: &CommandLine<'_>,
    code: u16,
) -> Option<(&'static str, Level, &'static str)> {
    let exchange = &view.exchanges()[index];
    let accepted = exchange.outcome == Outcome::Accepted;
    let of = |verb: Verb, mail: &'static str, rcpt: &'static str| {
        if verb == Verb::Mail { mail } else { rcpt }
    };
    if accepted && twice(view, index, line) {
        let level = demanded(line.verb);
        return Some(("DSN-5", level, "a parameter stands there twice"));
    }
    if let Some(verb) = malformed(view, index, line).filter(|_| accepted) {
        let level = if is_only_long(line) {
            Level::Should
        } else {
            demanded(verb)
        };
        return Some((
            of(verb, "DSN-3", "DSN-4"),
            level,
            "a parameter is malformed",
        ));
    }
    if accepted && unannounced(view, index, line) {
        return Some(("DSN-6", Level::Should, "DSN was not announced"));
    }
    let verb = plain(view, index, line)?;
    let refused = exchange.outcome == Outcome::Refused
        && matches!(code, 500..=502 | 504 | 555)
        && view.log.open.handlers.is_empty()
        && !view.spoke_too_soon(exchange);
    refused.then_some((
        of(verb, "DSN-1", "DSN-2"),
        Level::Must,
        view.either("EHLO announced DSN", "LHLO announced DSN"),
    ))
}
