//! Under which lenient readings a session could be read otherwise than strictly.

use super::{
    content::{EMPTY, look_alikes},
    exchange::Stimulus,
    reading::Reading,
    tolerance::{LookAlike, Tolerance},
    wire_log::WireLog,
};

fn has_bare_lf(octets: &[u8]) -> bool {
    memchr::memchr_iter(b'\n', octets).any(|at| at == 0 || octets[at - 1] != b'\r')
}

/// The tolerances under which `wire` could be read otherwise than strictly, each with one leniency.
pub fn relevant_tolerances(wire: &WireLog<'_>, strict: &Reading<'_>) -> Vec<Tolerance> {
    let mut found: Vec<LookAlike> = Vec::new();
    let mut line_ends = crate::wire::LineEnds::default();
    let mut empty = false;
    for exchange in &strict.exchanges {
        let octets = &wire.sent[exchange.span.clone()];
        match &exchange.stimulus {
            Stimulus::Message(_) => {
                empty |= octets == EMPTY;
                for (look_alike, _) in look_alikes(octets) {
                    if !found.contains(&look_alike) {
                        found.push(look_alike);
                    }
                    // Behind it, what was content is commands.
                    line_ends.bare_lf |= has_bare_lf(octets);
                }
            }
            Stimulus::Command(line) => {
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
    if empty {
        tolerances.push(Tolerance {
            misses_empty: true,
            ..Tolerance::default()
        });
    }
    for (on, line_ends) in [
        (
            line_ends.bare_lf,
            crate::wire::LineEnds {
                bare_lf: true,
                bare_cr: false,
            },
        ),
        (
            line_ends.bare_cr,
            crate::wire::LineEnds {
                bare_lf: false,
                bare_cr: true,
            },
        ),
    ] {
        if on {
            tolerances.push(Tolerance {
                line_ends,
                ..Tolerance::default()
            });
        }
    }
    tolerances
}
