//! `smtpspec targets`.

use super::{
    CliError,
    args::{Format, TargetsArgs},
    shared::written,
};
use crate::{
    report::{KnownTarget, list_targets, targets_json},
    target::Adapter,
};

pub(super) fn targets(args: &TargetsArgs) -> Result<u8, CliError> {
    let adapters = Adapter::all()?;
    let known: Vec<_> = adapters.iter().map(KnownTarget::from).collect();
    let mut out = anstream::stdout().lock();
    written(match args.format {
        Format::Console => list_targets(&mut out, &known),
        Format::Json => targets_json(&mut out, &known),
    })?;
    Ok(0)
}
