//! `smtpspec rules`.

use smtpspec_core::check::rules as catalogue;

use super::{CliError, args::RulesArgs};
use crate::report::{explain_rule, list_rules};

pub(super) fn rules(args: &RulesArgs) -> Result<u8, CliError> {
    let mut out = anstream::stdout().lock();
    let written = match &args.id {
        None => list_rules(&mut out),
        Some(id) => {
            let rule = catalogue().find(|rule| rule.id.eq_ignore_ascii_case(id));
            let rule = rule.ok_or_else(|| CliError::UnknownRule(id.clone()))?;
            explain_rule(&mut out, rule)
        }
    };
    super::shared::written(written)?;
    Ok(0)
}
