//! AUT-16: what a client has said to authenticate itself is for the server's ears only.

use crate::{
    check::{
        view::{Found, View},
        words::about,
    },
    event::Event,
    model::{Certainty, Exchange, Said, Stimulus, auth},
    wire::without_initial_response,
};

/// Shorter ones hold no secret: `=`, `*`, nothing.
const SHORTEST: usize = 4;

/// What the client said in the exchange of an authentication, if it said something, behind the AUTH command.
pub(super) fn said<'t>(exchange: &Exchange<'t>) -> Option<(&'t [u8], &'t [u8])> {
    let (command, text) = match &exchange.stimulus {
        Stimulus::Response(line) if line.said == Said::Response => (line.auth.text, line.text),
        Stimulus::Command(line) if exchange.in_sequence == Certainty::Yes => {
            (line.text, auth(line)?.1?)
        }
        _ => return None,
    };
    (text.len() >= SHORTEST).then_some((command, text))
}

/// The first OnReject of the session that gives it away.
pub(super) fn judge(view: &View<'_>) -> Option<Found> {
    let caused = view.alignment.cause.iter().zip(&view.events);
    caused.into_iter().find_map(|(cause, event)| {
        let index = (*cause)?;
        let Event::OnReject {
            command: Some(command),
            ..
        } = &event.record.event
        else {
            return None;
        };
        let (auth, said) = said(&view.exchanges()[index])?;
        if command.0 == without_initial_response(auth) {
            return None;
        }
        memchr::memmem::find(&command.0, said)?;
        let what = format!("OnReject for {} carries the response", about(view, index));
        Some(Found::new("AUT-16", event.entry, what))
    })
}
