//! What a server declares of itself in its hello is not held against it (MODEL.md, section 3).

use crate::{
    GREETED, OPEN, QUIT, found,
    trace::{hello, transcript},
};
use smtpspec_core::{
    check::check,
    event::{EventKind, HandlerAction, HandlerRule, Hello, Semantics},
};

/// A hello with other semantics.
fn declaring(change: impl FnOnce(&mut Semantics)) -> Hello {
    let mut hello = hello();
    change(&mut hello.semantics);
    hello
}

pub(crate) fn rules_with(
    hello: Hello,
    handler: Option<HandlerRule>,
    ladder: &str,
) -> Vec<&'static str> {
    let mut transcript = transcript(Some(hello), &[ladder]);
    transcript.sessions[0].open.handlers.rules.extend(handler);
    let run = check(&transcript);
    found(&run).into_iter().map(|(rule, _)| rule).collect()
}

#[test]
fn agents_that_have_refused_a_session_need_not_be_told_of_the_rest() {
    let reject = |event| HandlerRule {
        event,
        nth: 1,
        action: HandlerAction::Reject("550 5.7.1 no".into()),
    };
    let ladder = "
        E: OnConnect
        S: 220 hi
        C: EHLO a.example.org
        E: OnEhloCommand a.example.org
        S: 250 hi
        C: EHLO a.example.org
        S: 250 hi
        FIN
        E: OnDisconnect Lost";
    let silent =
        declaring(|semantics| semantics.silent_once_refused = vec![EventKind::OnEhloCommand]);
    let refused = reject(EventKind::OnEhloCommand);
    assert_eq!(
        rules_with(silent.clone(), Some(refused.clone()), ladder),
        [""; 0]
    );
    assert_eq!(rules_with(silent, None, ladder), ["ORD-11"]);
    assert_eq!(rules_with(hello(), Some(refused), ladder), ["ORD-11"]);
}

#[test]
fn a_server_that_makes_clients_wait_is_not_held_to_the_limits() {
    let ladder = format!("{GREETED}\nC: EHLO a.example.org\ngave-up");
    let slow = |from| {
        declaring(|semantics| {
            semantics.slow_from.insert(EventKind::OnEhloCommand, from);
        })
    };
    assert_eq!(rules_with(slow(2), None, &ladder), [""; 0]);
    assert_eq!(rules_with(slow(3), None, &ladder), ["SES-2", "WIR-2"]);
}

#[test]
fn a_blank_line_that_the_server_supplies_is_none_of_the_content() {
    let ladder = format!(
        "{GREETED}{OPEN}
        C: no field
        C: .
        E: OnEndOfHeaders
        E: OnEndOfData \\r\\nno field\\r\\n
        S: 250 taken{QUIT}"
    );
    let supplied = declaring(|semantics| semantics.blank_line_supplied = true);
    assert_eq!(rules_with(supplied, None, &ladder), [""; 0]);
    assert_eq!(rules_with(hello(), None, &ladder), ["CON-3"]);
}
