//! What several commands need.

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
