//! `run --expect FILE [--update]`.

use smtpspec_core::check::RunVerdict;

use super::{CliError, args::RunArgs};
use crate::{
    expect::{Comparison, ExpectError, Expected, compare, update},
    run::{Minimal, Outcome},
};

/// Holds the run against the file that `args` name, after writing it where that was asked for. A run that was broken
/// off is not held against anything.
pub(super) fn hold(
    args: &RunArgs,
    outcome: &Outcome,
    verdict: &RunVerdict,
    minimal: &[Minimal],
) -> Result<Option<Comparison>, CliError> {
    let Some(path) = args.expect.as_ref().filter(|_| outcome.error.is_none()) else {
        return Ok(None);
    };
    let transcript = &outcome.transcript;
    let header = &transcript.header;
    let server = header.hello.as_ref().map(|hello| &hello.server);
    let server = server.unwrap_or(&header.target);
    let known = Expected::read(path)?;
    let expected = if args.update {
        let expected = update(known, server, transcript, verdict, minimal);
        expected.write(path)?;
        expected
    } else {
        known.ok_or_else(|| CliError::NothingExpected(path.clone()))?
    };
    if expected.server != *server {
        return Err(CliError::Expect(ExpectError::OtherServer {
            path: path.clone(),
            known: expected.server,
            found: server.clone(),
        }));
    }
    Ok(Some(compare(&expected, transcript, verdict)))
}
