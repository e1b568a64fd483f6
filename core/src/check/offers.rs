//! What the server's greetings announced, looked at once each: which extensions a MAIL may rely on.

use super::wir::texts;
use crate::{
    model::{Outcome, Reading, WireLog},
    wire::Verb,
};

/// The extensions that MAIL's parameters belong to, each with its parameter.
pub(super) const EXTENSIONS: [(&str, &str); 7] = [
    ("AUTH", "AUTH"),
    ("SIZE", "SIZE"),
    ("8BITMIME", "BODY"),
    ("SMTPUTF8", "SMTPUTF8"),
    // These have rules of their own.
    ("CHUNKING", ""),
    ("BINARYMIME", ""),
    ("DSN", ""),
];

/// The greetings that were accepted, in order: the exchange, and which of [`EXTENSIONS`] its reply announced.
#[derive(Debug)]
pub(super) struct Offers(Vec<(usize, [bool; EXTENSIONS.len()])>);

impl Offers {
    pub(super) fn new(wire: &WireLog<'_>, reading: &Reading<'_>) -> Self {
        let exchanges = reading.exchanges.iter().enumerate();
        let accepted = exchanges.filter(|(_, exchange)| exchange.outcome == Outcome::Accepted);
        let greetings = accepted.filter_map(|(index, exchange)| match exchange.verb() {
            Some(Verb::Ehlo) => {
                let reply = exchange.reply.map(|reply| &wire.replies[reply].reply);
                Some((index, announced(reply.map_or(b"", |reply| &reply.raw))))
            }
            Some(Verb::Helo) => Some((index, [false; EXTENSIONS.len()])),
            // RFC 3207, 4.2: what was announced in clear is forgotten.
            Some(Verb::StartTls) => {
                let mut begun = reading.handshakes.iter();
                let done = begun.any(|begun| begun.done && begun.exchange == index);
                done.then_some((index, [false; EXTENSIONS.len()]))
            }
            _ => None,
        });
        Self(greetings.collect())
    }

    /// Whether the last greeting before `exchange` announced `extension`.
    pub(super) fn stood(&self, exchange: usize, extension: &str) -> bool {
        let before = self.0.partition_point(|(index, _)| *index < exchange);
        let last = before.checked_sub(1).map(|last| self.0[last].1);
        let at = EXTENSIONS.iter().position(|(name, _)| *name == extension);
        last.zip(at).is_some_and(|(announced, at)| announced[at])
    }
}

fn announced(reply: &[u8]) -> [bool; EXTENSIONS.len()] {
    let mut found = [false; EXTENSIONS.len()];
    for text in texts(reply).skip(1) {
        let word = text.split(|octet| *octet == b' ').next();
        let word = word.unwrap_or_default();
        for (found, (name, _)) in found.iter_mut().zip(EXTENSIONS) {
            *found |= word.eq_ignore_ascii_case(name.as_bytes());
        }
    }
    found
}
