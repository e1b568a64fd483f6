//! The table as a text: `core/DEFECTS.md`.

use core::fmt::{self, Write};

use smtpspec_core::receiver::Defect;

use crate::hunt::MOST;

const HEAD: &str = "\
# Planted defects

What `smtpspec run --defect NAME` and the tests plant in the reference server, and how soon generated conversations
find it without the documented suite: cases of the three families in turn, eight sessions at a time at one server, until
the rule meant for the defect is broken. `median` and `worst` are over 20 seeds; `lines` is what the client sends in the
smallest conversation that still shows it, found from the first seed's case. Defects of SES-5 and SES-6 take more than
one session and are not made smaller.

Written by `SMTPSPEC_WRITE=1 cargo test -p smtpspec-core --test defects -- --ignored`; without the variable
the same test fails when a figure here is no longer true.
";

/// What was measured of one defect.
pub(crate) struct Row {
    pub(crate) defect: Defect,
    pub(crate) median: u64,
    pub(crate) worst: u64,
    pub(crate) lines: Option<u64>,
}

/// The value in the middle; of an even number, the larger of the two.
pub(crate) fn median<T: Ord + Copy>(values: impl IntoIterator<Item = T>) -> T {
    let mut sorted: Vec<T> = values.into_iter().collect();
    sorted.sort_unstable();
    sorted[sorted.len() / 2]
}

/// The whole file.
pub(crate) fn file(rows: &[Row]) -> String {
    let mut out = HEAD.to_owned();
    write(rows, &mut out).expect("a string takes whatever is written to it");
    out
}

fn write(rows: &[Row], out: &mut String) -> fmt::Result {
    let cases = median(rows.iter().map(|row| row.median));
    let lines = median(rows.iter().filter_map(|row| row.lines));
    writeln!(
        out,
        "\nOf all {} defects: median {cases} cases, {lines} lines.\n",
        rows.len()
    )?;
    writeln!(
        out,
        "| defect | rule | median | worst | lines | what it does |"
    )?;
    writeln!(out, "|---|---|---:|---:|---:|---|")?;
    for row in rows {
        let lines = row.lines.map_or("-".to_owned(), |lines| lines.to_string());
        writeln!(
            out,
            "| `{}` | {} | {} | {} | {lines} | {} |",
            row.defect,
            row.defect.rule(),
            cases_needed(row.median),
            cases_needed(row.worst),
            row.defect.about(),
        )?;
    }
    Ok(())
}

fn cases_needed(cases: u64) -> String {
    if cases > MOST {
        format!("more than {MOST}")
    } else {
        cases.to_string()
    }
}

/// The names in the first column of the table in `file`.
pub(crate) fn names(file: &str) -> Vec<&str> {
    file.lines()
        .filter_map(|line| line.strip_prefix("| `")?.split('`').next())
        .collect()
}
