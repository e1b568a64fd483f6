//! What the server's handlers do: part of what is generated, because an event matters most when a handler refuses.

use super::numbers::Numbers;
use crate::event::{EventKind, HandlerAction, HandlerRule, HandlerScript};

/// Events that conversations of this module can make a server fire; the deep ones twice.
const KINDS: &[EventKind] = &[
    EventKind::OnConnect,
    EventKind::OnHeloCommand,
    EventKind::OnEhloCommand,
    EventKind::OnAuthCommand,
    EventKind::OnEndOfAuthentication,
    EventKind::OnMailCommand,
    EventKind::OnMailCommand,
    EventKind::OnRcptCommand,
    EventKind::OnRcptCommand,
    EventKind::OnDataCommand,
    EventKind::OnDataCommand,
    EventKind::OnEndOfHeaders,
    EventKind::OnEndOfHeaders,
    EventKind::OnEndOfData,
    EventKind::OnEndOfData,
    EventKind::OnHelpCommand,
    EventKind::OnNoopCommand,
    EventKind::OnRsetCommand,
    EventKind::OnReject,
    EventKind::OnDisconnect,
];

const REFUSALS: &[&str] = &[
    "550 5.7.1 refused",
    "451 4.3.0 later",
    "554 5.6.0 no",
    "450 busy",
];

/// No script in two cases of three: the other rules want servers that accept.
pub(super) fn script(numbers: &mut Numbers<'_>) -> HandlerScript {
    let rules = if numbers.chance(85) {
        numbers.some(1..=3, rule)
    } else {
        Vec::new()
    };
    HandlerScript { rules }
}

fn rule(numbers: &mut Numbers<'_>) -> HandlerRule {
    HandlerRule {
        event: numbers.pick(KINDS),
        // The first most often: not every conversation has a second one.
        nth: numbers.weighted(&[(4, 1), (2, 2), (1, 3)]),
        action: match numbers.within(0..=7) {
            0 => HandlerAction::Accept,
            1 => HandlerAction::Drop,
            2 => HandlerAction::Fail,
            3 => HandlerAction::Sleep(u64::from(1 + numbers.octet() % 20)),
            _ => HandlerAction::Reject(numbers.pick(REFUSALS).to_owned()),
        },
    }
}
