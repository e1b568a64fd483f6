//! The pairs that one session has reached, out of its strict reading.

use super::{
    chunk::in_chunk,
    content::in_message,
    pair::{Form, Pair, Pause, SessionState, Stimulus, is_refusable},
    response::in_response,
    tls::in_tls,
};
use crate::{
    conversation::Ending,
    model::{
        AuthStep, COMMAND_LINE_LIMIT, Certainty, CommandLine, Exchange, Outcome, Reading, State,
        Stimulus as Did, Stop, Tolerance, UnansweredData, WireLog, read,
    },
    transcript::{ClientAct, SessionLog},
    wire::{LineEnds, LineSplitter, Verb},
};

/// The pairs that `session` has reached, each as often as it was.
///
/// Read strictly: where the server took something leniently, what came behind it is read as the client may not have
/// meant it, and counts for what it is then.
pub fn reached(session: &SessionLog) -> Vec<Pair> {
    let wire = WireLog::new(session);
    let reading = read(&wire, &Tolerance::default(), UnansweredData::default());
    reached_in(&wire, &reading)
}

/// The same, of a session that has been read strictly already ([`crate::check::check_with`] gives such a reading).
pub fn reached_in(wire: &WireLog<'_>, reading: &Reading<'_>) -> Vec<Pair> {
    let mut found = Vec::new();
    if spoke_early(wire) {
        found.push(Pair {
            state: SessionState::Connected,
            stimulus: Stimulus::EarlyTalk,
        });
    }
    for (index, exchange) in reading.exchanges.iter().enumerate() {
        let before = index
            .checked_sub(1)
            .map(|before| &reading.exchanges[before]);
        match &exchange.stimulus {
            Did::Connection => {}
            Did::Command(line) => {
                in_command(wire, exchange, line, before, &mut found);
                if let Some(chunk) = &exchange.chunk {
                    in_chunk(wire, exchange, chunk, &mut found);
                }
            }
            Did::Response(line) => in_response(wire, exchange, line, before, &mut found),
            Did::Message(message) => in_message(wire, exchange, message, &mut found),
        }
    }
    in_tls(wire, reading, &mut found);
    behind_the_end(wire, reading, &mut found);
    found.extend(left(wire, reading));
    found
}

fn spoke_early(wire: &WireLog<'_>) -> bool {
    let (first, banner) = (wire.segments.first(), wire.replies.first());
    first.is_some_and(|first| banner.is_none_or(|banner| first.at < banner.at))
}

fn in_command(
    wire: &WireLog<'_>,
    exchange: &Exchange<'_>,
    line: &CommandLine<'_>,
    before: Option<&Exchange<'_>>,
    found: &mut Vec<Pair>,
) {
    let Some(state) = exchange.state.map(SessionState::from) else {
        return;
    };
    let line_end = exchange.span.start + exchange.line_len();
    if wire.is_cut_within(&(line_end - 1..line_end)) {
        found.push(Pair {
            state,
            stimulus: Stimulus::SplitLineEnd,
        });
    }
    let stimulus = if exchange.line_len() > COMMAND_LINE_LIMIT {
        Stimulus::OverLongLine
    } else {
        Stimulus::Command(line.verb, form(wire, exchange, line, before))
    };
    found.push(Pair { state, stimulus });
}

fn form(
    wire: &WireLog<'_>,
    exchange: &Exchange<'_>,
    line: &CommandLine<'_>,
    before: Option<&Exchange<'_>>,
) -> Form {
    let refused = matches!(exchange.outcome, Outcome::Refused | Outcome::Dropped);
    let answered = before
        .and_then(|before| before.reply)
        .map(|reply| wire.replies[reply].at);
    if line.parsed.is_err() || exchange.leniencies().iter().next().is_some() {
        Form::Malformed
    } else if answered.is_none_or(|answered| exchange.sent_at < answered) {
        Form::Pipelined
    } else if refused && exchange.in_sequence == Certainty::Yes && is_refusable(line.verb) {
        Form::Refused
    } else {
        Form::WellFormed
    }
}

/// What was sent behind an accepted QUIT or a 421.
fn behind_the_end(wire: &WireLog<'_>, reading: &Reading<'_>, found: &mut Vec<Pair>) {
    if reading.stop != Stop::SessionEnded {
        return;
    }
    let mut lines = LineSplitter::new(LineEnds::default());
    let mut rest = wire.sent.get(reading.rest..).unwrap_or_default();
    while let Some(line) = lines.next(rest) {
        found.push(Pair {
            state: SessionState::Closed,
            stimulus: Stimulus::Command(Verb::of(line.text), Form::Pipelined),
        });
        rest = &rest[line.len..];
        lines = LineSplitter::new(LineEnds::default());
    }
}

/// How the client left, if it did before the server and while it was clear where the session was.
fn left(wire: &WireLog<'_>, reading: &Reading<'_>) -> Option<Pair> {
    let ending = wire.acts.first().and_then(|(act, ..)| ending(*act))?;
    let last = reading.exchanges.last()?;
    if reading.stop != Stop::EndOfInput {
        return None;
    }
    let rest = wire.sent.get(reading.rest..).unwrap_or_default();
    let cut_chunk = last.chunk.as_ref().is_some_and(|chunk| !chunk.complete);
    let (state, pause) = match &last.stimulus {
        _ if cut_chunk => (SessionState::ReceivingBdat, Pause::InChunk),
        Did::Message(message) if !message.complete => {
            let state = if message.header_section_ended {
                SessionState::Body
            } else {
                SessionState::HeaderSection
            };
            (state, pause_in_content(&wire.sent[last.span.clone()]))
        }
        _ if reading.authenticating => {
            let challenged = last.authentication == Some(AuthStep::Challenged);
            let state = challenged.then_some(SessionState::Authenticating)?;
            (state, pause_in(rest))
        }
        _ => (state_behind(last)?, pause_in(rest)),
    };
    let stimulus = Stimulus::End(ending, pause);
    Some(Pair { state, stimulus })
}

const fn ending(act: ClientAct) -> Option<Ending> {
    match act {
        ClientAct::Close => Some(Ending::Close),
        ClientAct::Reset => Some(Ending::Reset),
        ClientAct::HalfClose => Some(Ending::HalfClose),
        ClientAct::Silence => Some(Ending::Silence),
        // The ways of TLS are pairs of the state inside it.
        ClientAct::CloseNotify | ClientAct::Truncate | ClientAct::GaveUp | ClientAct::Overflow => {
            None
        }
    }
}

/// The state behind the last exchange; `None` when it was left open.
fn state_behind(last: &Exchange<'_>) -> Option<SessionState> {
    let met = last.state?;
    let state: State = match (&last.stimulus, last.outcome) {
        (_, Outcome::Unanswered | Outcome::Dropped | Outcome::Strange) => return None,
        (Did::Message(_), _) => met.after_message(),
        (Did::Command(line), Outcome::Accepted) => match &last.chunk {
            Some(chunk) => met.after_chunk(chunk.last),
            None => met.after(line.verb),
        },
        // Whether the transaction is still there is left open.
        (Did::Command(_), _) if last.chunk.is_some() => return None,
        (Did::Command(_) | Did::Response(_) | Did::Connection, _) => met,
    };
    Some(state.into())
}

fn pause_in(rest: &[u8]) -> Pause {
    if rest.is_empty() {
        Pause::BetweenLines
    } else {
        Pause::InLine
    }
}

fn pause_in_content(content: &[u8]) -> Pause {
    let behind_a_line = |end: &[u8]| {
        let front = content.strip_suffix(end);
        front.is_some_and(|front| front.is_empty() || front.ends_with(b"\r\n"))
    };
    if behind_a_line(b"") {
        Pause::BetweenLines
    } else if behind_a_line(b".") || behind_a_line(b".\r") {
        Pause::InEndOfData
    } else {
        Pause::InLine
    }
}
