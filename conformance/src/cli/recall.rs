//! `smtpspec recall`.

use std::io::Write;

use super::{
    CliError,
    args::{Format, RecallArgs},
    filter::Filter,
    out,
    shared::{runtime, written},
};
use crate::{
    drive::Limits,
    recall::{Bug, Recall, Standing, Table, recall},
    report::{recall_json, recall_markdown, recall_table},
    run::{CampaignOptions, documented},
    target,
};

pub(super) fn recalled(args: &RecallArgs) -> Result<u8, CliError> {
    let cases = documented()?;
    let table = Table::read(args.table.as_deref(), &target::known(), &cases)?;
    let bugs = chosen(table, &args.ids)?;
    if args.installs {
        return list(&bugs);
    }
    let starts = |name: &str| anstream::eprintln!("{name}");
    let came = runtime()?.block_on(recall(&bugs, &cases, &options(args), starts))?;
    if let Some(path) = &args.out {
        out::file(path.clone(), recall_markdown(&came).as_bytes())?;
    }
    print(&came, args.format)?;
    exit_code(&came)
}

/// Those of the table that `globs` name; each must name some.
fn chosen(table: Table, globs: &[String]) -> Result<Vec<Bug>, CliError> {
    for glob in globs {
        let filter = Filter::new("ID", std::slice::from_ref(glob))?;
        if !table.bugs.iter().any(|bug| filter.takes(&bug.id)) {
            return Err(CliError::NoBug(glob.clone()));
        }
    }
    let filter = Filter::new("ID", globs)?;
    let mut bugs = table.bugs;
    bugs.retain(|bug| filter.takes(&bug.id));
    Ok(bugs)
}

/// What is to be installed, a line for each version of a server.
fn list(bugs: &[Bug]) -> Result<u8, CliError> {
    let mut all: Vec<_> = bugs
        .iter()
        .flat_map(|bug| [(&bug.target, &bug.vulnerable), (&bug.target, &bug.fixed)])
        .collect();
    all.sort_unstable();
    all.dedup();
    let mut out = anstream::stdout().lock();
    let mut lines = all.iter();
    written(lines.try_for_each(|(target, version)| writeln!(out, "{target} {version}")))?;
    Ok(0)
}

fn options(args: &RecallArgs) -> CampaignOptions {
    CampaignOptions {
        limits: Limits {
            reply: args.timeout,
            silence: args.timeout,
            ..Limits::default()
        },
        ..CampaignOptions::default()
    }
}

fn print(came: &Recall, format: Format) -> Result<(), CliError> {
    let mut out = anstream::stdout().lock();
    written(match format {
        Format::Console => recall_table(&mut out, came),
        Format::Json => out.write_all(recall_json(came).as_bytes()),
    })
}

/// Bugs that nobody looked for have not been found: a run in which all were skipped is none.
fn exit_code(came: &Recall) -> Result<u8, CliError> {
    if came.count(Standing::Missed) > 0 {
        Ok(1)
    } else if came.count(Standing::Recalled) > 0 {
        Ok(0)
    } else {
        Err(CliError::NothingRecalled)
    }
}
