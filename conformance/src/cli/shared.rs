//! What several commands need.

use std::io;

use smtpspec_core::receiver::{Defect, Defects};
use tokio::runtime::{Builder, Runtime};

use super::CliError;

/// The planted defects by name.
pub(super) fn defects(names: &[String]) -> Result<Defects, CliError> {
    names
        .iter()
        .map(|name| name.parse::<Defect>().map_err(CliError::Defect))
        .collect()
}

/// A runtime for all I/O.
pub(super) fn runtime() -> Result<Runtime, CliError> {
    Builder::new_multi_thread()
        .enable_all()
        .build()
        .map_err(CliError::Runtime)
}

/// What became of writing to standard output. A reader that has gone away (`smtpspec rules | head`) is no error.
pub(super) fn written(result: io::Result<()>) -> Result<(), CliError> {
    match result {
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
        result => result.map_err(CliError::Output),
    }
}
