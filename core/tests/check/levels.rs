//! How strongly the RFCs want what a rule wants: findings of one rule that differ in their level.

use pretty_assertions::assert_eq;
use smtpspec_core::{
    check::{Level, check},
    event::{EventKind, HandlerAction, HandlerRule},
};

use crate::trace::transcript;

/// The findings of the rules that begin with `prefix`, on the wire alone.
fn found(prefix: &str, ladder: &str) -> Vec<(&'static str, Level)> {
    let run = check(&transcript(None, &[ladder]));
    let found = run.findings().map(|found| (found.rule, found.level));
    found.filter(|(rule, _)| rule.starts_with(prefix)).collect()
}

fn greeted(keyword: &str, said: &str) -> String {
    format!(
        "S: 220 mail.example.org
        C: EHLO a.example.org
        S! 250-mail.example.org\\r\\n250 {keyword}\\r\\n
        {said}
        C: QUIT
        S: 221 bye
        server-close"
    )
}

/// What `mail` and `rcpt` show when both are taken.
fn taken(mail: &str, rcpt: &str) -> Vec<(&'static str, Level)> {
    let said = format!(
        "C: MAIL FROM:<a@example.org>{mail}
        S: 250 ok
        C: RCPT TO:<b@example.org>{rcpt}
        S: 250 ok"
    );
    found("DSN", &greeted("DSN", &said))
}

#[test]
fn what_is_not_valid_in_mail_must_be_refused_and_in_rcpt_should_be() {
    let long = format!(" ENVID={}", "x".repeat(101));
    for (mail, rcpt, findings) in [
        (" RET=ALL", "", &[("DSN-3", Level::Must)][..]),
        (" ENVID=a+zz", "", &[("DSN-3", Level::Must)]),
        (long.as_str(), "", &[("DSN-3", Level::Should)]),
        (" RET=HDRS RET=HDRS", "", &[("DSN-5", Level::Must)]),
        ("", " NOTIFY=SOMETIMES", &[("DSN-4", Level::Should)]),
        (
            "",
            " NOTIFY=NEVER NOTIFY=NEVER",
            &[("DSN-5", Level::Should)],
        ),
        ("", " ORCPT=rfc822;", &[]),
    ] {
        assert_eq!(taken(mail, rcpt), findings, "{mail}{rcpt}");
    }
}

#[test]
fn an_orcpt_without_an_address_may_be_refused() {
    let refused = |parameter: &str| {
        let said = format!(
            "C: MAIL FROM:<a@example.org>
            S: 250 ok
            C: RCPT TO:<b@example.org>{parameter}
            S: 501 no"
        );
        found("DSN", &greeted("DSN", &said))
    };
    assert_eq!(refused(" ORCPT=rfc822;"), []);
    assert_eq!(refused(" ORCPT=rfc822;b"), [("DSN-2", Level::Must)]);
}

#[test]
fn a_mechanism_is_owed_as_it_was_announced() {
    let refused = |name: &str| {
        let said = format!("C: AUTH {name}\nS: 504 no");
        found("AUT-5", &greeted("AUTH LOGIN", &said))
    };
    assert_eq!(refused("LOGIN"), [("AUT-5", Level::Must)]);
    assert_eq!(refused("login"), [("AUT-5", Level::Should)]);
}

#[test]
fn where_tls_comes_first_a_client_that_a_handler_sends_away_is_owed_no_handshake() {
    let mut run = transcript(
        None,
        &["no-tls the server went on in clear\nserver-close\nFIN"],
    );
    let breaks = |run: &_| check(run).findings().any(|found| found.rule == "TLS-1");
    assert!(breaks(&run));
    run.sessions[0].open.handlers.rules.push(HandlerRule {
        event: EventKind::OnConnect,
        nth: 1,
        action: HandlerAction::Drop,
    });
    assert!(!breaks(&run));
}
