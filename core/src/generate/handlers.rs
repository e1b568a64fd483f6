//! What the server's handlers do: part of what is generated, because an event matters most when a handler refuses.

use proptest::{collection::vec, prelude::*, sample::select};

use crate::event::{EventKind, HandlerAction, HandlerRule, HandlerScript};

/// Events that conversations of this module can make a server fire; the deep ones twice.
const KINDS: &[EventKind] = &[
    EventKind::OnConnect,
    EventKind::OnHeloCommand,
    EventKind::OnEhloCommand,
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

/// No script in two cases of three: the other rules want servers that accept.
pub(super) fn script() -> impl Strategy<Value = HandlerScript> {
    prop_oneof![
        2 => Just(HandlerScript::default()),
        1 => vec(rule(), 1..4).prop_map(|rules| HandlerScript { rules }),
    ]
}

fn rule() -> impl Strategy<Value = HandlerRule> {
    (select(KINDS), 1_u32..4, action()).prop_map(|(event, nth, action)| HandlerRule {
        event,
        nth,
        action,
    })
}

fn action() -> impl Strategy<Value = HandlerAction> {
    let replies = select(
        &[
            "550 5.7.1 refused",
            "451 4.3.0 later",
            "554 5.6.0 no",
            "450 busy",
        ][..],
    );
    prop_oneof![
        4 => replies.prop_map(|reply| HandlerAction::Reject(reply.to_owned())),
        1 => Just(HandlerAction::Accept),
        1 => Just(HandlerAction::Drop),
        1 => Just(HandlerAction::Fail),
        1 => (1_u64..20).prop_map(HandlerAction::Sleep),
    ]
}
