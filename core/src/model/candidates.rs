//! Under which lenient readings a session could be read otherwise than strictly.

use super::{
    content::{EMPTY, look_alikes},
    exchange::Stimulus,
    reading::Reading,
    tolerance::{LookAlike, Tolerance},
    wire_log::WireLog,
};

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
    if empty {
        tolerances.push(Tolerance {
            misses_empty: true,
            ..Tolerance::default()
        });
    }
    if strict
        .handshakes
        .iter()
        .any(|begun| !begun.in_clear.is_empty())
    {
        tolerances.push(Tolerance {
            clear_behind_starttls: true,
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
