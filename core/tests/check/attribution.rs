//! What real servers were seen to do, and the rule that it is laid to.

use crate::{GREETED, QUIT, rules_of};

#[test]
fn a_server_that_does_not_know_a_verb_is_not_blamed_for_its_case_or_length() {
    let plain = format!("{GREETED}\nC: NOOP\nE: OnReject\nS: 500 what{QUIT}");
    let lower = format!("{GREETED}\nC: noop\nE: OnReject\nS: 500 what{QUIT}");
    let long = "x".repeat(300);
    let long = format!("{GREETED}\nC: NOOP {long}\nE: OnReject\nS: 500 what{QUIT}");
    for ladder in [&lower, &long] {
        let rules = rules_of(&[&plain, ladder]);
        assert!(rules.iter().all(|rule| *rule == "WIR-20"), "{rules:?}");
    }
}

#[test]
fn the_221_of_a_quit_that_overtakes_is_out_of_order_and_no_wrong_code() {
    let ladder = format!(
        "{GREETED}
        C! MAIL FROM:<a@example.org>\\r\\nQUIT\\r\\n
        E: OnMailCommand
        S: 221 bye
        server-close
        E: OnDisconnect Quit"
    );
    assert_eq!(rules_of(&[&ladder]), ["WIR-9"]);
}
