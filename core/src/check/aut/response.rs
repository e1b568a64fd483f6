//! AUT-9 to AUT-12 and AUT-14: what a line behind a challenge must be answered. AUT-13 is found where the code is
//! looked at.

use super::{garbage_level, is_scripted};
use crate::{
    check::{
        verdict::Level,
        view::{Found, View},
        words::about,
    },
    event::{AuthOutcome, Event, EventKind},
    model::{AuthStep, Exchange, Outcome, ResponseLine, Said, auth},
    wire::{LineEnd, SASL_LINE_LIMIT},
};

/// Octets of the longest response that PLAIN has, its CRLF included: three parts of 255 octets (RFC 4616, 2), in base64.
const LONGEST_PLAIN: usize = (3 * 255 + 2_usize).div_ceil(3) * 4 + 2;

/// Octets of a line that every server reads.
pub(super) const SHORT: usize = 512;

type Broken = Option<(&'static str, Level, &'static str)>;

/// The rule that the answer to the response `index` breaks.
pub(super) fn judge(view: &View<'_>, index: usize, line: &ResponseLine<'_>) -> Option<Found> {
    let exchange = &view.exchanges()[index];
    let code = view.code(exchange)?;
    let understood = matches!(
        exchange.authentication,
        Some(AuthStep::Challenged | AuthStep::Succeeded | AuthStep::Failed | AuthStep::Refused)
    );
    // Other answers are no answers to a response: AUT-13.
    if !understood || line.end != LineEnd::CrLf {
        return None;
    }
    let broken = if exchange.span.len() > SASL_LINE_LIMIT {
        over_long(line, code)
    } else {
        answered(exchange, line, code).or_else(|| failed(view, index, line, code))
    };
    let (rule, level, why) = broken?;
    let entry = view.reply(exchange).map(|reply| reply.entry);
    let what = format!("{} was answered {code}: {why}", about(view, index));
    Some(Found {
        level: Some(level),
        ..Found::new(rule, entry, what)
    })
}

/// What is no base64 and more than the server has room for may be refused for either; and it may have room.
fn over_long(line: &ResponseLine<'_>, code: u16) -> Broken {
    let refused_otherwise = (500..600).contains(&code) && !matches!(code, 500 | 535);
    let wrong = line.said == Said::Response && refused_otherwise;
    let why = "longer than the server has room for is 500";
    wrong.then_some(("AUT-12", Level::Should, why))
}

fn answered(exchange: &Exchange<'_>, line: &ResponseLine<'_>, code: u16) -> Broken {
    let len = exchange.span.len();
    match line.said {
        Said::Cancel => {
            (code != 501).then_some(("AUT-10", Level::Must, "a cancelled exchange is 501"))
        }
        Said::Garbage => {
            // A line with octets that no line of SMTP has may be refused as such.
            let unreadable = !line.text.iter().all(|octet| matches!(octet, b' '..=b'~'));
            let told = code == 501 || (code == 500 && unreadable);
            (!told).then_some((
                "AUT-9",
                garbage_level(line.text),
                "what is no base64 is 501",
            ))
        }
        Said::Response if code == 500 && len > SHORT => {
            let plain =
                auth(&line.auth).is_some_and(|(name, _)| name.eq_ignore_ascii_case(b"PLAIN"));
            let level = if plain && len <= LONGEST_PLAIN {
                Level::Must
            } else {
                Level::Should
            };
            Some(("AUT-11", level, "there is room for longer responses"))
        }
        Said::Response => None,
    }
}

/// The mechanism has said that the credentials are wrong: 535 says so, and a few others say why.
fn failed(view: &View<'_>, index: usize, line: &ResponseLine<'_>, code: u16) -> Broken {
    let exchange = &view.exchanges()[index];
    let told = (400..500).contains(&code) || matches!(code, 534 | 535 | 538);
    let wrong = exchange.outcome == Outcome::Refused
        && line.said == Said::Response
        && !told
        && !is_scripted(view)
        && has_failed(view, index);
    wrong.then_some(("AUT-14", Level::Should, "wrong credentials are 535"))
}

/// Whether agents were told of a failure here.
pub(super) fn has_failed(view: &View<'_>, index: usize) -> bool {
    view.alignment_has(index, EventKind::OnEndOfAuthentication)
        && view.laid_events(index).any(|event| {
            matches!(
                event,
                Event::OnEndOfAuthentication {
                    outcome: Some(AuthOutcome::Failure),
                    ..
                }
            )
        })
}
