//! The table of a run of `cargo bench`: in each group our figure beside the fastest peer's and the floor's. It goes to
//! standard output, and behind a whole run to RESULTS.md too.

mod figures;
mod machine;

use std::{env, error::Error, fmt::Write, fs, path::Path};

use figures::{Figure, Group};

/// What a part of a run, or one that measures nothing, is told by.
const QUIET: [&str; 4] = ["--test", "--list", "--help", "--version"];

fn main() -> Result<(), Box<dyn Error>> {
    // Cargo itself adds `--bench`.
    let arguments: Vec<String> = env::args()
        .skip(1)
        .filter(|word| word != "--bench")
        .collect();
    if arguments.iter().any(|word| QUIET.contains(&word.as_str())) {
        return Ok(());
    }
    let groups = figures::groups()?;
    let table = table(&groups)?;
    println!("\n{table}");
    if arguments.is_empty() {
        let results = Path::new(env!("CARGO_MANIFEST_DIR")).join("RESULTS.md");
        fs::write(&results, format!("{}\n{table}", machine::preface()?))?;
        println!("written to {}", results.display());
    } else {
        println!(
            "not written to RESULTS.md: only a whole run, `cargo bench` without more words, is"
        );
    }
    Ok(())
}

/// Markdown that reads as a table in a terminal too.
fn table(groups: &[Group]) -> Result<String, std::fmt::Error> {
    let heads = [
        "group",
        "ours",
        "fastest peer",
        "ratio",
        "floor",
        "share of the floor",
    ];
    let mut rows = vec![heads.map(str::to_owned)];
    rows.extend(groups.iter().flat_map(rows_of));
    let widths: Vec<usize> = (0..heads.len())
        .map(|column| {
            rows.iter()
                .map(|row| row[column].chars().count())
                .max()
                .unwrap_or(0)
        })
        .collect();
    let mut out = String::new();
    for (index, row) in rows.iter().enumerate() {
        for (cell, width) in row.iter().zip(&widths) {
            write!(out, "| {cell:width$} ")?;
        }
        out.push_str("|\n");
        if index == 0 {
            for width in &widths {
                write!(out, "|{}", "-".repeat(width + 2))?;
            }
            out.push_str("|\n");
        }
    }
    Ok(out)
}

/// A row for each figure of ours.
fn rows_of(group: &Group) -> Vec<[String; 6]> {
    let none = || "-".to_owned();
    let peer = group.fastest_peer();
    let ours = group.ours();
    ours.map(|figure| {
        let variant = figure.name.strip_prefix(figures::OURS).unwrap_or_default();
        [
            format!("{}{variant}", group.name),
            figure.to_string(),
            peer.map_or_else(none, |peer| format!("{}: {peer}", peer.name)),
            peer.map_or_else(none, |peer| times(peer, figure)),
            group.floor().map_or_else(none, ToString::to_string),
            group
                .floor()
                .map_or_else(none, |floor| share(floor, figure)),
        ]
    })
    .collect()
}

/// How many times as fast as the peer we are.
fn times(peer: &Figure, ours: &Figure) -> String {
    format!("{:.2}", peer.nanoseconds / ours.nanoseconds)
}

/// Which part of the floor's speed is ours.
fn share(floor: &Figure, ours: &Figure) -> String {
    format!("{:.1}%", 100.0 * floor.nanoseconds / ours.nanoseconds)
}
