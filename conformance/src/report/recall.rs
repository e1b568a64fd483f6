//! Which known bugs were found again: on the console, as JSON, and as a table in Markdown.

use std::{
    fmt::Write as _,
    io::{self, Write},
};

use serde::Serialize;

use super::{
    style::{FAINT, GOOD, MISSING, STRONG},
    targets::from_here,
};
use crate::{
    expect::Strength,
    recall::{Bug, Half, Played, Recall, Row, Standing},
};

/// For people.
pub fn recall_table(out: &mut impl Write, recall: &Recall) -> io::Result<()> {
    let width = recall.rows.iter().map(|row| row.bug.id.len()).max();
    let width = width.unwrap_or_default();
    for row in &recall.rows {
        let standing = row.standing();
        let (style, word) = match standing {
            Standing::Recalled => (GOOD, "found  "),
            Standing::Missed => (MISSING, "MISSED "),
            Standing::Skipped => (FAINT, "skipped"),
        };
        let bug = &row.bug;
        writeln!(
            out,
            "{style}{word}{style:#} {STRONG}{:width$}{STRONG:#}  {}",
            bug.id, bug.title
        )?;
        writeln!(
            out,
            "        {} {}: {}",
            bug.target,
            bug.vulnerable,
            vulnerable(row)
        )?;
        writeln!(out, "        {} {}: {}", bug.target, bug.fixed, fixed(row))?;
        if standing == Standing::Skipped && !bug.needs.is_empty() {
            writeln!(out, "        needs {}", bug.needs)?;
        }
    }
    writeln!(out, "\n{}", summary(recall))
}

/// How many of each.
fn summary(recall: &Recall) -> String {
    let all = recall.rows.len();
    let [found, missed, skipped] =
        [Standing::Recalled, Standing::Missed, Standing::Skipped].map(|s| recall.count(s));
    format!(
        "{all} bugs: {found} found in the vulnerable version and gone in the fixed one, {missed} missed, \
         {skipped} skipped (not installed)"
    )
}

fn vulnerable(row: &Row) -> String {
    told(&row.vulnerable, |played| match &played.unjudged {
        _ if !played.shown.is_empty() => shown(&row.bug, played),
        Some(why) => format!("not found: {why}"),
        None => format!(
            "not found: {} in none of {}",
            rule(&row.bug),
            conversations(played.named)
        ),
    })
}

fn fixed(row: &Row) -> String {
    told(&row.fixed, |played| match &played.unjudged {
        _ if !played.shown.is_empty() => format!("not silent: {}", shown(&row.bug, played)),
        Some(why) => format!("not judged: {why}"),
        None => "silent".to_owned(),
    })
}

fn told(half: &Half, of_played: impl FnOnce(&Played) -> String) -> String {
    match half {
        Half::Absent { command } => format!("not installed: run {}", from_here(command)),
        Half::Failed(why) => why.clone(),
        Half::Played(played) => of_played(played),
    }
}

fn shown(bug: &Bug, played: &Played) -> String {
    let (shown, of) = (played.shown.len(), conversations(played.named));
    format!("{} in {shown} of {of}", rule(bug))
}

fn rule(bug: &Bug) -> String {
    match bug.verdict {
        Strength::Broken => bug.rule.clone(),
        Strength::NotStrict => format!("{} (not strict)", bug.rule),
    }
}

fn conversations(count: usize) -> String {
    match count {
        1 => "1 conversation".to_owned(),
        n => format!("{n} conversations"),
    }
}

/// For programs.
#[derive(Serialize)]
struct InJson<'a> {
    found: usize,
    missed: usize,
    skipped: usize,
    bugs: Vec<RowInJson<'a>>,
}

#[derive(Serialize)]
struct RowInJson<'a> {
    id: &'a str,
    title: &'a str,
    source: &'a str,
    target: &'a str,
    rule: &'a str,
    verdict: String,
    standing: &'static str,
    vulnerable: HalfInJson<'a>,
    fixed: HalfInJson<'a>,
}

#[derive(Serialize)]
struct HalfInJson<'a> {
    version: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    server: Option<&'a str>,
    outcome: String,
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    cases: &'a [String],
}

/// One object.
pub fn recall_json(recall: &Recall) -> String {
    let json = InJson {
        found: recall.count(Standing::Recalled),
        missed: recall.count(Standing::Missed),
        skipped: recall.count(Standing::Skipped),
        bugs: recall.rows.iter().map(row_in_json).collect(),
    };
    // Names and numbers can always be written.
    serde_json::to_string_pretty(&json).unwrap_or_default() + "\n"
}

fn row_in_json(row: &Row) -> RowInJson<'_> {
    let bug = &row.bug;
    RowInJson {
        id: &bug.id,
        title: &bug.title,
        source: &bug.source,
        target: &bug.target,
        rule: &bug.rule,
        verdict: bug.verdict.to_string(),
        standing: match row.standing() {
            Standing::Recalled => "found",
            Standing::Missed => "missed",
            Standing::Skipped => "skipped",
        },
        vulnerable: half_in_json(&bug.vulnerable, &row.vulnerable, vulnerable(row)),
        fixed: half_in_json(&bug.fixed, &row.fixed, fixed(row)),
    }
}

fn half_in_json<'a>(version: &'a str, half: &'a Half, outcome: String) -> HalfInJson<'a> {
    let played = match half {
        Half::Played(played) => Some(played),
        Half::Absent { .. } | Half::Failed(_) => None,
    };
    HalfInJson {
        version,
        server: played.map(|played| &*played.server),
        outcome,
        cases: played.map_or(&[], |played| &played.shown),
    }
}

/// A table to be kept.
pub fn recall_markdown(recall: &Recall) -> String {
    let mut out = format!("# What `smtpspec recall` found\n\n{}.\n\n", summary(recall));
    out += "| bug | what went wrong | vulnerable | fixed | seen in | as |\n|---|---|---|---|---|---|\n";
    for row in &recall.rows {
        let bug = &row.bug;
        let (cases, what) = match &row.vulnerable {
            Half::Played(played) => (played.shown.join(", "), played.what.clone()),
            Half::Absent { .. } | Half::Failed(_) => (bug.cases.join(", "), String::new()),
        };
        // Writing into a string cannot fail.
        let _ = writeln!(
            out,
            "| `{}` | {} | {}: {} | {}: {} | {} | {} |",
            bug.id,
            title(bug),
            version(&bug.vulnerable, &row.vulnerable),
            cell(&vulnerable(row)),
            version(&bug.fixed, &row.fixed),
            cell(&fixed(row)),
            cell(&cases),
            cell(&what),
        );
    }
    out
}

/// What went wrong, leading to where it is told.
fn title(bug: &Bug) -> String {
    let (title, source) = (cell(&bug.title), &bug.source);
    if source.starts_with("https://") && !source.contains(' ') {
        format!("[{title}]({source})")
    } else {
        format!("{title} ({})", cell(source))
    }
}

/// The server as it names itself, where it was seen.
fn version(named: &str, half: &Half) -> String {
    match half {
        Half::Played(played) => cell(&played.server),
        Half::Absent { .. } | Half::Failed(_) => cell(named),
    }
}

/// Nothing in it ends a cell or a row, or is taken for markup.
fn cell(text: &str) -> String {
    let mut cell = String::new();
    for c in text.chars() {
        match c {
            '|' | '<' | '>' | '*' | '_' | '\\' | '`' => cell.extend(['\\', c]),
            c if c.is_control() => cell.push(' '),
            c => cell.push(c),
        }
    }
    cell
}
