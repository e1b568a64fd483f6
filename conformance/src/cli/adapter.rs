//! `smtpspec adapter`: help for those who write adapters.

use std::{
    fs::File,
    io::{self, BufRead, BufReader, Write},
    path::Path,
};

use super::{
    CliError,
    args::{AdapterCheckArgs, AdapterCommand},
    shared::written,
};
use crate::observe::{Audit, SCHEMA};

pub(super) fn adapter(command: &AdapterCommand) -> Result<u8, CliError> {
    match command {
        AdapterCommand::Check(args) => check(args),
        AdapterCommand::Schema => {
            written(anstream::stdout().lock().write_all(SCHEMA.as_bytes()))?;
            Ok(0)
        }
    }
}

fn check(args: &AdapterCheckArgs) -> Result<u8, CliError> {
    let path = &args.stream;
    let fail = |source| CliError::Read {
        path: path.clone(),
        source,
    };
    let reader: Box<dyn BufRead> = if path == Path::new("-") {
        Box::new(io::stdin().lock())
    } else {
        Box::new(BufReader::new(File::open(path).map_err(fail)?))
    };
    let audit = Audit::of(reader).map_err(fail)?;
    written(print(&mut anstream::stdout().lock(), &audit, path))?;
    Ok(u8::from(!audit.is_valid()))
}

fn print(out: &mut impl Write, audit: &Audit, path: &Path) -> io::Result<()> {
    for problem in &audit.problems {
        writeln!(out, "{}:{}: {}", path.display(), problem.line, problem.what)?;
    }
    let hidden = audit.count - audit.problems.len() as u64;
    if hidden > 0 {
        writeln!(out, "... and {hidden} more")?;
    }
    let Some(hello) = &audit.hello else {
        return writeln!(out, "no event stream");
    };
    writeln!(
        out,
        "{} by the adapter `{}`: {} events in {} sessions",
        hello.server, hello.adapter, audit.events, audit.sessions
    )?;
    if !audit.unseen.is_empty() {
        let names: Vec<_> = audit.unseen.iter().map(|kind| kind.name()).collect();
        writeln!(
            out,
            "  listed in the hello and never seen: {} (in a run that is reported as broken, where it should have come)",
            names.join(", ")
        )?;
    }
    let verdict = if audit.is_valid() {
        "a valid event stream, version 1"
    } else {
        "not a valid event stream"
    };
    writeln!(out, "  {verdict}")
}
