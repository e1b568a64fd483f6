//! WIR: what the wire alone shows. The rules stand in `rules`, their judges in files by subject.

mod closing;
mod commands;
pub(super) mod order;
mod replies;
mod rules;

pub(super) use commands::{is_plainly_unknown, lower_case};
pub(super) use replies::texts;
pub(super) use rules::RULES;

use super::view::{Found, View};

pub(super) fn judge(view: &View<'_>, founds: &mut Vec<Found>) {
    replies::judge(view, founds);
    commands::judge(view, founds);
    closing::judge(view, founds);
}
