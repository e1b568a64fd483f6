//! Under which lenient readings a session could be read otherwise than strictly.

use super::{
    chunk::{announced, dot_end},
    content::{EMPTY, look_alikes},
    exchange::{Exchange, Outcome, Stimulus},
    reading::Reading,
    tolerance::{LookAlike, Tolerance},
    wire_log::WireLog,
};

/// The tolerances under which `wire` could be read otherwise than strictly, each with one leniency.
pub fn relevant_tolerances(wire: &WireLog<'_>, strict: &Reading<'_>) -> Vec<Tolerance> {
    let mut found: Vec<LookAlike> = Vec::new();
    let mut line_ends = crate::wire::LineEnds::default();
    let mut empty = false;
    let (mut dot_ends_chunk, mut bdat_known, mut bdat_turned) = (false, false, false);
    let mut before: Option<&Exchange<'_>> = None;
    for exchange in &strict.exchanges {
        let opened = before.replace(exchange);
        let octets = &wire.sent[exchange.span.clone()];
        match &exchange.stimulus {
            Stimulus::Message(_) => {
                // Where nobody has seen DATA answered, what came of its message shows nothing either.
                empty |= octets == EMPTY && opened.is_some_and(|data| data.reply.is_some());
                let mut first = None;
                for (look_alike, dot) in look_alikes(octets) {
                    first = first.or(Some(dot));
                    if !found.contains(&look_alike) {
                        found.push(look_alike);
                    }
                }
                // Behind one that ends the message stand commands.
                let behind = first.map_or(&[][..], |dot| &octets[dot..]);
                line_ends.bare_lf |= has_bare_lf(behind);
                line_ends.bare_cr |= has_bare_cr(behind);
            }
            Stimulus::Command(line) => {
                let chunk = exchange.chunk.as_ref();
                let octets = chunk.map_or(&[][..], |chunk| &wire.sent[chunk.octets.clone()]);
                dot_ends_chunk |= exchange.outcome == Outcome::Accepted
                    && dot_end(octets).is_some_and(|end| end < octets.len());
                if let Some((size, last)) = announced(line) {
                    let taken = exchange.outcome == Outcome::Accepted;
                    bdat_turned |= !taken && size > 0;
                    // One of no octets ends a message too, for a server of which nobody saw that it knows BDAT.
                    bdat_known |= !taken && last && chunk.is_none();
                }
                line_ends.bare_lf |= line.text.contains(&b'\n');
                line_ends.bare_cr |= line.text.contains(&b'\r');
            }
            Stimulus::Response(line) => {
                line_ends.bare_lf |= line.text.contains(&b'\n');
                line_ends.bare_cr |= line.text.contains(&b'\r');
            }
            Stimulus::Connection => {}
        }
    }
    let rest = &wire.sent[strict.rest..];
    line_ends.bare_lf |= rest.contains(&b'\n');
    line_ends.bare_cr |= rest.iter().rev().skip(1).any(|octet| *octet == b'\r');
    let mut tolerances: Vec<Tolerance> = found
        .into_iter()
        .map(|look_alike| Tolerance {
            look_alikes: vec![look_alike],
            ..Tolerance::default()
        })
        .collect();
    let clear = strict
        .handshakes
        .iter()
        .any(|begun| !begun.in_clear.is_empty());
    tolerances.extend(singles(&[
        (empty, |one| one.misses_empty = true),
        (clear, |one| one.clear_behind_starttls = true),
        (dot_ends_chunk, |one| one.dot_ends_chunk = true),
        (bdat_known || bdat_turned, |one| one.bdat_known = true),
        (bdat_turned, |one| one.bdat_turned = true),
        (line_ends.bare_lf, |one| one.line_ends.bare_lf = true),
        (line_ends.bare_cr, |one| one.line_ends.bare_cr = true),
    ]));
    tolerances
}

/// Whether a leniency may matter, and what it is.
type Single = (bool, fn(&mut Tolerance));

/// A tolerance with one leniency for each that may matter.
fn singles(all: &[Single]) -> impl Iterator<Item = Tolerance> {
    all.iter()
        .filter(|(matters, _)| *matters)
        .map(|(_, forgive)| {
            let mut one = Tolerance::default();
            forgive(&mut one);
            one
        })
}

fn has_bare_lf(octets: &[u8]) -> bool {
    octets
        .windows(2)
        .any(|pair| pair[0] != b'\r' && pair[1] == b'\n')
}

fn has_bare_cr(octets: &[u8]) -> bool {
    octets
        .windows(2)
        .any(|pair| pair[0] == b'\r' && pair[1] != b'\n')
}
