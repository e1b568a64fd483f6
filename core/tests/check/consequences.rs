//! What only follows from a rule that the server has been seen to break is told as that rule, and once.

use crate::{
    GREETED, OPEN, QUIT,
    trace::{hello_without_reject, transcript},
};
use smtpspec_core::{
    check::check,
    event::{EventKind, HandlerAction, HandlerRule},
};

/// The rules that `ladders` break, by session, at a server without OnReject; `slow` is the command whose handler takes
/// its time.
fn by_session(ladders: &[&str], slow: Option<EventKind>) -> Vec<(u64, &'static str)> {
    let mut run = transcript(Some(hello_without_reject()), ladders);
    for session in &mut run.sessions {
        session
            .open
            .handlers
            .rules
            .extend(slow.map(|event| HandlerRule {
                event,
                nth: 1,
                action: HandlerAction::Sleep(5),
            }));
    }
    let verdict = check(&run);
    let mut found: Vec<_> = verdict
        .findings()
        .map(|finding| (finding.conn, finding.rule))
        .filter(|(_, rule)| *rule != "WIR-33")
        .collect();
    found.sort_unstable();
    found
}

/// mailin, which does not leave DATA where it refuses a message.
#[test]
fn what_is_said_behind_a_refused_message_is_not_read_at_a_server_that_reads_on() {
    let refused = "
        E: OnEndOfHeaders A: b\\r\\n
        E: OnEndOfData A: b\\r\\n\\r\\n
        S! 550 no\\r\\n";
    let lost = format!(
        "{GREETED}{OPEN}
        C! A: b\\r\\n\\r\\n.\\r\\nMAIL FROM:<a@example.org>\\r\\n{refused}
        gave-up
        FIN
        E: OnDisconnect Lost"
    );
    let ends_at_the_next_dot = format!(
        "{GREETED}{OPEN}
        C! A: b\\r\\n\\r\\n.\\r\\nNOOP x\\r\\n{refused}250 ok\\r\\n
        C: QUIT
        E: OnNoopCommand y
        S: 250 ok
        FIN
        E: OnDisconnect Lost"
    );
    let alone = by_session(&[&ends_at_the_next_dot], None);
    assert!(alone.contains(&(1, "CON-7")), "{alone:?}");
    let both = by_session(&[&lost, &ends_at_the_next_dot], None);
    assert_eq!(both, [(1, "CON-9"), (2, "CON-9")]);
    // What it is known to do anyhow has nothing to do with that.
    let leaves = "
        server-close
        E: OnDisconnect Dropped";
    let at_once = format!("{GREETED}{leaves}");
    let behind = format!(
        "{GREETED}{OPEN}\nC! A: b\\r\\n\\r\\n.\\r\\n{refused}\nC: NOOP\nE: OnNoopCommand\nS: 250 ok{leaves}"
    );
    let all = by_session(&[&lost, &at_once, &behind], None);
    assert_eq!(all, [(1, "CON-9"), (2, "WIR-18"), (3, "WIR-18")]);
}

/// Twisted, whose reply waits for the handler while the next command is answered.
#[test]
fn behind_a_slow_handler_nobody_knows_whose_the_replies_are_at_a_server_that_mixes_them_up() {
    let slow = Some(EventKind::OnMailCommand);
    let quit = format!(
        "{GREETED}
        C! MAIL FROM:<a@example.org>\\r\\nQUIT\\r\\n
        E: OnMailCommand a@example.org
        S: 221 bye
        server-close
        E: OnDisconnect Quit"
    );
    let unknown = format!(
        "{GREETED}
        C! MAIL FROM:<a@example.org>\\r\\nXUNKNOWN\\r\\n
        E: OnMailCommand a@example.org
        S: 500 what
        S: 250 ok{QUIT}"
    );
    let alone = by_session(&[&unknown], slow);
    assert!(alone.contains(&(1, "WIR-13")), "{alone:?}");
    let both = by_session(&[&quit, &unknown], slow);
    assert_eq!(both, [(1, "WIR-9"), (2, "WIR-9")]);
    // Where no handler is slow, what comes in a wrong order has another cause.
    let quick = by_session(&[&quit, &unknown], None);
    assert!(quick.contains(&(2, "WIR-13")), "{quick:?}");
}
