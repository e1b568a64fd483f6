//! Any valid conversation, for property tests.

use proptest::{collection::vec, prelude::*, sample::select};

use super::{Conversation, LONGEST_PAUSE_MS, ReplyPattern, StartTls, Step, order::Phase};
use crate::{
    event::{EventKind, HandlerAction, HandlerRule, HandlerScript},
    repeat::tests::repeat,
    wire::Protocol,
};

prop_compose! {
    /// A valid conversation.
    pub(super) fn conversation()(
        title in text(),
        purpose in vec(text(), 0..3),
        source in vec(text(), 0..3),
        rules in vec(handler(), 0..3),
        lmtp: bool,
        early: bool,
        steps in vec(step(), 0..12),
    ) -> Conversation {
        let handlers = HandlerScript { rules };
        let steps = in_order(steps);
        let protocol = if lmtp { Protocol::Lmtp } else { Protocol::Smtp };
        Conversation { title, purpose, source, handlers, protocol, early, steps }
    }
}

/// `steps` without those that cannot stand where they are.
fn in_order(mut steps: Vec<Step>) -> Vec<Step> {
    let mut phase = Phase::default();
    steps.retain(|step| {
        let next = phase.after(step);
        phase = next.unwrap_or(phase);
        next.is_ok()
    });
    steps
}

fn text() -> impl Strategy<Value = String> {
    "[^\\pC\\s](\\PC{0,30}[^\\pC\\s])?"
}

fn handler() -> impl Strategy<Value = HandlerRule> {
    prop_oneof![9 => any_handler(), 1 => refuses_for_one()]
}

prop_compose! {
    fn refuses_for_one()(
        nth in 1..u32::MAX,
        recipient in 1..u32::MAX,
        reply in refusal(),
    ) -> HandlerRule {
        let action = HandlerAction::RejectFor { recipient, reply };
        HandlerRule { event: EventKind::OnEndOfData, nth, action }
    }
}

prop_compose! {
    fn any_handler()(
        event in select(&EventKind::ALL[..]),
        nth in 1..u32::MAX,
        action in action(),
    ) -> HandlerRule {
        HandlerRule { event, nth, action }
    }
}

fn action() -> impl Strategy<Value = HandlerAction> {
    prop_oneof![
        Just(HandlerAction::Accept),
        Just(HandlerAction::Drop),
        Just(HandlerAction::Fail),
        (0..=LONGEST_PAUSE_MS).prop_map(HandlerAction::Sleep),
        refusal().prop_map(HandlerAction::Reject),
    ]
}

fn refusal() -> impl Strategy<Value = String> {
    "[45][0-9]{2}( [ -~]{0,20}[!-~])?"
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        8 => vec(segment(), 1..4).prop_map(Step::Send),
        2 => repeat().prop_map(Step::Repeat),
        2 => vec(code(), 1..4).prop_map(|codes| Step::Expect(ReplyPattern { codes })),
        2 => (0..=LONGEST_PAUSE_MS).prop_map(Step::Pause),
        1 => Just(Step::Silence),
        1 => Just(Step::HalfClose),
        1 => Just(Step::Close),
        1 => Just(Step::Reset),
        1 => select(&StartTls::ALL[..]).prop_map(Step::Tls),
        1 => Just(Step::CloseNotify),
        1 => Just(Step::Truncate),
    ]
}

/// Octets that are never empty: anything at all, and text in lines with the format's own signs.
fn segment() -> impl Strategy<Value = Vec<u8>> {
    let sign = select(vec![
        "%", "%%", "%raw", "\"", "\\", " ", "\t", "\r", "\n", "\r\n", "a", "\u{85}", "\0",
    ]);
    prop_oneof![
        vec(any::<u8>(), 1..20),
        vec(sign, 1..8).prop_map(|signs| signs.concat().into_bytes()),
        "[ -~]{0,20}\r\n".prop_map(String::into_bytes),
    ]
}

fn code() -> impl Strategy<Value = [u8; 3]> {
    let digit = || select(&b"0123456789x"[..]);
    (select(&b"2345x"[..]), digit(), digit()).prop_map(|(a, b, c)| [a, b, c])
}
