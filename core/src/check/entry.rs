//! A rule with what decides whether it can be judged, and the conditions that rules share.

use super::{verdict::Rule, view::View};
use crate::event::{EventKind, Hello};

/// A rule with what decides whether it can be judged.
pub(super) struct Entry {
    pub(super) rule: Rule,
    /// Whether what the adapter shows is enough; `None` is a run that observed the wire only.
    pub(super) observable: fn(Option<&Hello>) -> bool,
    /// Whether something in the session could have broken it.
    pub(super) exercised: fn(&View<'_>) -> bool,
}

/// `observable` for rules that need each of these events.
macro_rules! sees {
    ($($kind:ident),+) => {
        |hello| hello.is_some_and(|hello| $(hello.sees($crate::event::EventKind::$kind))&&+)
    };
}
pub(super) use sees;

/// `observable` for rules that the wire alone can show broken.
pub(super) fn on_the_wire(_: Option<&Hello>) -> bool {
    true
}

/// `observable` for rules about any command's event.
pub(super) fn sees_commands(hello: Option<&Hello>) -> bool {
    use EventKind::{
        OnDataCommand, OnEhloCommand, OnHeloCommand, OnHelpCommand, OnMailCommand, OnNoopCommand,
        OnRcptCommand, OnRsetCommand,
    };
    let commands = [
        OnHeloCommand,
        OnEhloCommand,
        OnMailCommand,
        OnRcptCommand,
        OnDataCommand,
        OnRsetCommand,
        OnNoopCommand,
        OnHelpCommand,
    ];
    hello.is_some_and(|hello| commands.iter().any(|kind| hello.sees(*kind)))
}

/// `observable` for rules about what a command's event carries.
pub(super) fn sees_arguments(hello: Option<&Hello>) -> bool {
    use EventKind::{OnAuthCommand, OnEhloCommand, OnHeloCommand, OnMailCommand, OnRcptCommand};
    let carry = [
        OnHeloCommand,
        OnEhloCommand,
        OnAuthCommand,
        OnMailCommand,
        OnRcptCommand,
    ];
    hello.is_some_and(|hello| carry.iter().any(|kind| hello.sees(*kind)))
}

/// `exercised` for rules that every session exercises.
pub(super) fn always(_: &View<'_>) -> bool {
    true
}
