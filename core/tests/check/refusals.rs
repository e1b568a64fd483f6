//! What a refusal says of the command it answers, and what it does not: servers refuse for other reasons too, and some
//! leave with it.

use crate::{GREETED, OPEN, QUIT, breaks, conforms, rules_of};

const NO_PIPELINING: &str = "
    S: 500 pipelining not supported
    server-close
    E: OnDisconnect Dropped";

#[test]
fn a_server_without_pipelining_that_leaves_is_blamed_for_leaving_only() {
    for together in [
        "C! ehlo a\\r\\nmail from:<>\\r\\nrcpt to:<b@example.org>\\r\\ndata\\r\\n",
        "C! EHLO a\\r\\nQUIT\\r\\n",
        "C! DATA\\r\\nNOOP\\r\\n",
        "C! NOOP\\r\\nNO",
    ] {
        let ladder = format!("E: OnConnect\nS: 220 hi\n{together}{NO_PIPELINING}");
        assert_eq!(rules_of(&[&ladder]), ["WIR-18"], "{together}");
    }
}

#[test]
fn a_refusal_of_what_came_too_soon_says_nothing_of_the_command() {
    let ladder = "
        E: OnConnect
        S: 220 hi
        C! ehlo a.example.org\\r\\nNO
        E: OnReject
        S: 500 not so fast
        FIN
        E: OnDisconnect Lost";
    conforms(ladder);
    let in_turn = ladder.replace("\\r\\nNO", "\\r\\n");
    assert_eq!(rules_of(&[&in_turn]), ["WIR-17"]);
}

#[test]
fn a_message_may_be_dropped_before_anybody_looked_at_it() {
    for events in ["", "E: OnEndOfHeaders"] {
        let ladder =
            format!("{GREETED}{OPEN}\nC! \\r\\n.\\r\\nNOOP\\r\\n\n{events}{NO_PIPELINING}");
        assert_eq!(rules_of(&[&ladder]), ["WIR-18"]);
    }
}

#[test]
fn a_drop_that_nobody_read_is_a_reason_to_end() {
    conforms(&format!(
        "{GREETED}\nC! MAIL FROM:<a@example.org>\\r\\nDATA\\r\\n\nRST\nE: OnDisconnect Dropped"
    ));
    breaks("SES-3", &format!("{GREETED}\nRST\nE: OnDisconnect Dropped"));
}

#[test]
fn a_421_to_a_client_that_has_closed_its_side_may_be_about_its_loss() {
    let ladder = |client: &str| {
        format!(
            "{GREETED}\n{client}\nE: OnDisconnect Lost\nS: 421 lost input connection\nserver-close"
        )
    };
    conforms(&ladder("half-close"));
    assert_eq!(rules_of(&[&ladder("silence")]), ["SES-3"]);
}

#[test]
fn a_503_for_what_is_wrong_with_the_line_is_a_wrong_code_and_no_wrong_state() {
    let mail = |line: &str| {
        format!(
            "{GREETED}
            C: MAIL FROM:<a@>
            E: OnReject
            S: 553 no
            C: {line}
            E: OnReject
            S: 503 unsupported option{QUIT}"
        )
    };
    for line in [
        "MAIL FROM:<a@example.org>>",
        "MAIL FROM:<a@example.org> X=1",
    ] {
        assert_eq!(rules_of(&[&mail(line)]), ["WIR-5"], "{line}");
    }
    assert_eq!(rules_of(&[&mail("MAIL FROM:<a@example.org>")]), ["REJ-4"]);
}

#[test]
fn only_what_is_taken_when_it_is_short_is_too_long() {
    let long = format!("C: NOOP {}\nE: OnReject\nS: 500 no", "n".repeat(400));
    let short = "C: NOOP n\nE: OnNoopCommand n\nS: 250 ok";
    breaks("WIR-12", &format!("{GREETED}\n{short}\n{long}{QUIT}"));
    breaks("WIR-20", &format!("{GREETED}\n{long}{QUIT}"));
}

#[test]
fn the_case_of_vrfy_is_not_what_a_server_without_vrfy_stumbles_over() {
    let ladder = format!("{GREETED}\nC: vrfy b@example.org\nE: OnReject\nS: 500 what{QUIT}");
    breaks("WIR-20", &ladder);
}

#[test]
fn an_address_literal_may_be_refused_whatever_stands_behind_it() {
    let mail = |domain: &str| {
        format!(
            "E: OnConnect
            S: 220 hi
            C: EHLO a.example.org
            E: OnEhloCommand a.example.org
            S! 250-hi\\r\\n250 SIZE 1000\\r\\n
            C: MAIL FROM:<a@{domain}> SIZE=10
            E: OnReject
            S: 501 no{QUIT}"
        )
    };
    conforms(&mail("[192.0.2.1]"));
    breaks("WIR-14", &mail("example.org"));
}

#[test]
fn of_a_message_that_is_not_taken_the_beginning_may_be_all_that_was_looked_at() {
    let ladder = |content: &str, reply: &str| {
        format!(
            "{GREETED}{OPEN}
            C! DATA\\r\\n\\r\\nbody\\r\\n.\\r\\n
            E: OnEndOfHeaders
            E: OnEndOfData {content}
            {reply}{QUIT}"
        )
    };
    let refused = "E: OnReject\nS: 550 malformed";
    conforms(&ladder("DATA\\r\\n", refused));
    breaks("CON-3", &ladder("DATA\\n", refused));
    breaks("CON-3", &ladder("DATA\\r\\n", "S: 250 queued"));
}

#[test]
fn an_event_is_not_of_a_command_that_had_not_been_sent() {
    let ladder = format!(
        "{GREETED}
        C: MAIL FROM:<a@example.org>>
        E: OnMailCommand a@example.org
        E: OnReject
        S: 501 no
        C: MAIL FROM:<a@example.org>
        E: OnMailCommand a@example.org
        S: 250 ok{QUIT}"
    );
    breaks("REJ-1", &ladder);
}

#[test]
fn changed_content_is_no_evidence_of_where_it_ended() {
    let ladder = format!(
        "{GREETED}{OPEN}
        C! x\\n.\\nMAIL FROM:<b@example.org>\\r\\n.\\r\\n
        E: OnEndOfHeaders
        E: OnEndOfData x\\r\\n.\\r\\nMAIL FROM:<b@example.org>\\r\\n
        S: 250 queued{QUIT}"
    );
    breaks("CON-3", &ladder);
}
