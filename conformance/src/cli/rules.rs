//! `smtpspec rules`.

use smtpspec_core::check::rules as catalogue;

use super::{CliError, args::RulesArgs};
use crate::report::{explain_rule, list_rules};

pub(super) fn rules(args: &RulesArgs) -> Result<u8, CliError> {
    let mut out = anstream::stdout().lock();
    let written = match &args.id {
        None => list_rules(&mut out, None).map(|_| ()),
        Some(id) => {
            let rule = catalogue().find(|rule| rule.id.eq_ignore_ascii_case(id));
            match rule {
                Some(rule) => explain_rule(&mut out, rule),
                None => match list_rules(&mut out, Some(id)) {
                    Ok(false) => return Err(CliError::UnknownRule(id.clone())),
                    listed => listed.map(|_| ()),
                },
            }
        }
    };
    super::shared::written(written)?;
    Ok(0)
}
