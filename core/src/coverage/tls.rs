//! What a client can do where a TLS handshake is due and inside TLS (RFC 3207, RFC 8446), and which of it a session has
//! shown.

use super::pair::{Pair, Pause, SessionState, Stimulus};
use crate::{
    conversation::Ending,
    model::{Begun, LoggedHandshake, Reading, Stop, WireLog},
    transcript::{ClientAct, Handshake},
};

/// What a client can do behind an accepted STARTTLS, but for leaving.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum TlsStimulus {
    /// The handshake, with nothing before it.
    Handshake,
    /// Commands in clear, in one write with STARTTLS, and the handshake behind them.
    ClearText,
    /// Commands in clear, and no handshake.
    NoHandshake,
    /// Half of a ClientHello.
    HalfAHello,
}

impl TlsStimulus {
    /// All of them.
    pub const ALL: [Self; 4] = [
        Self::Handshake,
        Self::ClearText,
        Self::NoHandshake,
        Self::HalfAHello,
    ];

    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::Handshake => "handshake",
            Self::ClearText => "clear text before the handshake",
            Self::NoHandshake => "clear text in place of the handshake",
            Self::HalfAHello => "half of a ClientHello",
        }
    }
}

/// Adds the pairs of STARTTLS and of what came behind it.
pub(super) fn in_tls(wire: &WireLog<'_>, reading: &Reading<'_>, found: &mut Vec<Pair>) {
    let shown = reading
        .handshakes
        .iter()
        .filter_map(|begun| shown(wire, begun));
    found.extend(shown.map(|stimulus| Pair {
        state: SessionState::Handshake,
        stimulus: Stimulus::Tls(stimulus),
    }));
    found.extend(left(wire, reading));
}

fn shown(wire: &WireLog<'_>, begun: &Begun) -> Option<TlsStimulus> {
    let logged = begun.handshake.and_then(|index| wire.handshakes.get(index));
    match logged.map(|logged| logged.handshake) {
        Some(Handshake::Half) => Some(TlsStimulus::HalfAHello),
        Some(Handshake::Done(_)) if begun.in_clear.is_empty() => Some(TlsStimulus::Handshake),
        Some(Handshake::Done(_)) => Some(TlsStimulus::ClearText),
        None if !begun.in_clear.is_empty() => Some(TlsStimulus::NoHandshake),
        _ => None,
    }
}

/// How the client left: where a handshake was due, or inside TLS and not in a line.
fn left(wire: &WireLog<'_>, reading: &Reading<'_>) -> Option<Pair> {
    let ending = ending(wire.acts.first()?.0)?;
    let is_due = |begun: &Begun| begun.handshake.is_none() && begun.in_clear.is_empty();
    let due = reading.handshakes.last().is_some_and(is_due);
    let is_inside = wire.handshakes.iter().any(LoggedHandshake::is_done);
    let rest = wire.sent.get(reading.rest..).unwrap_or_default();
    let state = if due && !is_inside {
        SessionState::Handshake
    } else if is_inside && rest.is_empty() && reading.stop == Stop::EndOfInput {
        SessionState::Secured
    } else {
        return None;
    };
    let stimulus = Stimulus::End(ending, Pause::BetweenLines);
    let pair = Pair { state, stimulus };
    // There is no TLS yet that could be ended.
    let fits = state == SessionState::Secured || !Ending::TLS.contains(&ending);
    fits.then_some(pair)
}

const fn ending(act: ClientAct) -> Option<Ending> {
    match act {
        ClientAct::Close => Some(Ending::Close),
        ClientAct::Reset => Some(Ending::Reset),
        ClientAct::HalfClose => Some(Ending::HalfClose),
        ClientAct::Silence => Some(Ending::Silence),
        ClientAct::CloseNotify => Some(Ending::CloseNotify),
        ClientAct::Truncate => Some(Ending::Truncate),
        ClientAct::GaveUp | ClientAct::Overflow => None,
    }
}
