//! Chunks at servers of all kinds: at those that know them not, nothing false is said; at those that do, what breaks a
//! rule is reported under that rule and no other.

use crate::{
    QUIT, breaks, conforms, found, rules_of, rules_without_reject,
    trace::{hello, transcript},
};
use pretty_assertions::assert_eq;
use smtpspec_core::check::check;

/// A greeting, answered with these keywords, and a transaction with a recipient.
fn addressed(keywords: &str) -> String {
    format!(
        "E: OnConnect
        S: 220 mail.example.org
        C: EHLO a.example.org
        E: OnEhloCommand a.example.org
        S! 250-mail.example.org\\r\\n{keywords}250 HELP\\r\\n
        C: MAIL FROM:<a@example.org>
        E: OnMailCommand a@example.org
        S: 250 ok
        C: RCPT TO:<b@example.org>
        E: OnRcptCommand b@example.org
        S: 250 ok"
    )
}

const CHUNKING: &str = "250-PIPELINING\\r\\n250-CHUNKING\\r\\n250-BINARYMIME\\r\\n";

#[test]
fn a_server_that_does_not_know_bdat_reads_the_octets_as_commands() {
    for code in [500, 502] {
        conforms(&format!(
            "{}
            C! BDAT 12\\r\\nNOOP\\r\\nX: y\\r\\n
            E: OnReject
            S: {code} what
            E: OnNoopCommand
            S: 250 ok
            E: OnReject
            S: 500 what{QUIT}",
            addressed("")
        ));
    }
}

#[test]
fn without_chunking_a_refused_chunk_may_be_discarded_or_not() {
    let server = addressed("");
    conforms(&format!(
        "{server}
        C! BDAT 6\\r\\nNOOP\\r\\n
        E: OnReject
        S: 503 CHUNKING was not advertised{QUIT}"
    ));
    conforms(&format!(
        "{server}
        C! BDAT 6\\r\\nNOOP\\r\\n
        E: OnReject
        S: 503 CHUNKING was not advertised
        E: OnNoopCommand
        S: 250 ok{QUIT}"
    ));
}

#[test]
fn with_chunking_a_refused_chunk_is_discarded() {
    let server = addressed(CHUNKING);
    let refused = "
        C! BDAT 6\\r\\nNOOP\\r\\n
        E: OnReject
        S: 452 no room";
    conforms(&format!("{server}{refused}{QUIT}"));
    let acted = "
        E: OnNoopCommand
        S: 250 ok";
    breaks("CHK-6", &format!("{server}{refused}{acted}{QUIT}"));
}

/// Postfix, which has taken `BDAT 0 LAST ` NUL for the message's end, and discards what is sent behind that.
#[test]
fn a_wrong_code_behind_the_last_chunk_does_not_show_that_its_octets_were_read() {
    let behind = |code: &str| {
        format!(
            "
            C! BDAT 6\\r\\nx: y\\r\\n
            E: OnReject
            S: {code} discarded 6 octets"
        )
    };
    let ladder = format!(
        "{}
        C! BDAT 8 LAST\\r\\nA: b\\r\\n\\r\\n
        E: OnDataCommand
        E: OnEndOfHeaders A: b\\r\\n
        E: OnEndOfData A: b\\r\\n\\r\\n
        S: 250 accepted{}
        FIN
        E: OnDisconnect Lost",
        addressed(CHUNKING),
        ["503", "551", "503"].map(behind).concat()
    );
    assert_eq!(rules_of(&[&ladder]), ["CHK-3"]);
}

/// Postfix again, which takes `.` LF for the end of a message, and leaves with a 221 over what is no command.
#[test]
fn what_a_server_is_known_to_do_does_not_show_beside_a_look_alike_that_a_chunk_was_read() {
    let leaves = "
        S: 221 go away
        server-close
        E: OnDisconnect Quit";
    let known = format!("{}\nC: X: y{leaves}", addressed(CHUNKING));
    let smuggled = "MAIL FROM:<s@example.org>\\r\\nRCPT TO:<v@example.org>\\r\\nRSET\\r\\n.\\r\\n";
    let ladder = format!(
        "{}
        C: DATA
        E: OnDataCommand
        S: 354 go on
        C! A: b\\r\\n\\r\\n.\\n{smuggled}
        E: OnEndOfHeaders A: b\\r\\n
        E: OnEndOfData A: b\\r\\n\\r\\n
        S: 250 ok
        E: OnMailCommand s@example.org
        S: 250 ok
        E: OnRcptCommand v@example.org
        S: 250 ok
        E: OnRsetCommand
        S: 250 ok
        S: 500 what
        C! BDAT 6\\r\\nQUIT\\r\\n
        S: 503 discarded 6 octets
        C: X: y{leaves}",
        addressed(CHUNKING)
    );
    let rules = rules_without_reject(&[&known, &ladder]);
    assert_eq!(rules, ["CON-2", "WIR-18", "WIR-18"]);
}

#[test]
fn chunks_of_a_message_fire_its_events() {
    conforms(&format!(
        "{}
        C! BDAT 6\\r\\nA: b\\r\\n
        E: OnDataCommand
        S: 250 6 octets
        C! BDAT 2\\r\\n
        C! \\r\\n
        E: OnEndOfHeaders A: b\\r\\n
        S: 250 2 octets
        C! BDAT 3 LAST\\r\\n.\\r\\n
        E: OnEndOfData A: b\\r\\n\\r\\n.\\r\\n
        S: 250 accepted{QUIT}",
        addressed(CHUNKING)
    ));
}

#[test]
fn a_server_whose_agents_see_a_message_when_it_has_come_conforms() {
    let mut milter = hello();
    milter.semantics.late_end_of_headers = true;
    let ladder = format!(
        "{}
        C! BDAT 8\\r\\nA: b\\r\\n\\r\\n
        E: OnDataCommand
        S: 250 8 octets
        C! BDAT 0 LAST\\r\\n
        E: OnEndOfHeaders A: b\\r\\n
        E: OnEndOfData A: b\\r\\n\\r\\n
        S: 250 accepted{QUIT}",
        addressed(CHUNKING)
    );
    let run = check(&transcript(Some(milter), &[&ladder]));
    assert_eq!(found(&run), []);
}

#[test]
fn content_that_is_changed_is_named_by_what_changed_it() {
    let message = |mail: &str, sent: &str, fired: &str| {
        let server =
            addressed(CHUNKING).replace("<a@example.org>", &format!("<a@example.org>{mail}"));
        format!(
            "{server}
            C! BDAT 5 LAST\\r\\n{sent}
            E: OnDataCommand
            E: OnEndOfHeaders
            E: OnEndOfData {fired}
            S: 250 accepted{QUIT}"
        )
    };
    let binary = " BODY=BINARYMIME";
    conforms(&message(binary, "\\r\\nx\\ny", "\\r\\nx\\ny"));
    breaks("CHK-11", &message(binary, "\\r\\nx\\ny", "\\r\\nx\\r\\ny"));
    breaks("CON-3", &message("", "\\r\\n..x", "\\r\\n.x"));
}

#[test]
fn what_stands_behind_a_dot_in_a_chunk_is_content() {
    let server = addressed(CHUNKING);
    conforms(&format!(
        "{server}
        C! BDAT 14 LAST\\r\\n\\r\\nx\\r\\n.\\r\\nNOOP\\r\\n
        E: OnDataCommand
        E: OnEndOfHeaders
        E: OnEndOfData \\r\\nx\\r\\n.\\r\\nNOOP\\r\\n
        S: 250 accepted{QUIT}"
    ));
    breaks(
        "CHK-10",
        &format!(
            "{server}
            C! BDAT 14 LAST\\r\\n\\r\\nx\\r\\n.\\r\\nNOOP\\r\\n
            E: OnDataCommand
            E: OnEndOfHeaders
            E: OnEndOfData \\r\\nx\\r\\n
            S: 250 accepted
            E: OnNoopCommand
            S: 250 ok{QUIT}"
        ),
    );
    breaks(
        "CON-5",
        &format!(
            "{server}
            C! BDAT 8 LAST\\r\\n\\r\\nNOOP\\r\\n
            E: OnDataCommand
            E: OnEndOfHeaders
            E: OnNoopCommand
            E: OnEndOfData \\r\\nNOOP\\r\\n
            S: 250 accepted{QUIT}"
        ),
    );
}

#[test]
fn a_message_ends_with_its_last_chunk_and_only_there() {
    let server = addressed(CHUNKING);
    let first = "
        C! BDAT 3\\r\\nabc
        E: OnDataCommand
        S: 250 3 octets";
    conforms(&format!("{server}{first}{QUIT}"));
    breaks(
        "CHK-12",
        &format!(
            "{server}{first}
            C: QUIT
            E: OnEndOfData abc
            S: 221 bye
            server-close
            E: OnDisconnect Quit"
        ),
    );
    breaks(
        "CON-1",
        &format!(
            "{server}
            C! BDAT 4 LAST\\r\\nabc
            E: OnDataCommand
            FIN
            E: OnEndOfData abc
            E: OnDisconnect Lost"
        ),
    );
    let last = "
        C! BDAT 3 LAST\\r\\nabc
        E: OnEndOfHeaders
        E: OnEndOfData abcabc
        S: 250 accepted";
    conforms(&format!(
        "{server}{first}{last}
        C! BDAT 3 LAST\\r\\nabc
        E: OnReject
        S: 503 the message has ended{QUIT}"
    ));
    breaks(
        "CHK-3",
        &format!(
            "{server}{first}{last}
            C! BDAT 3 LAST\\r\\nabc
            S: 250 accepted{QUIT}"
        ),
    );
}

#[test]
fn a_chunk_is_answered_behind_its_octets() {
    let server = addressed(CHUNKING);
    breaks(
        "CHK-2",
        &format!(
            "{server}
            C! BDAT 3\\r\\n
            E: OnDataCommand
            S: 250 3 octets
            C! abc{QUIT}"
        ),
    );
    breaks(
        "CHK-1",
        &format!(
            "{server}
            C! BDAT 3\\r\\nabc
            E: OnDataCommand
            gave-up
            E: OnDisconnect Lost"
        ),
    );
}

#[test]
fn data_and_bdat_are_not_mixed() {
    let server = addressed(CHUNKING);
    let first = "
        C! BDAT 3\\r\\nabc
        E: OnDataCommand
        S: 250 3 octets";
    for (code, rules) in [(503, &[][..]), (554, &["CHK-4"])] {
        let ladder = format!("{server}{first}\nC: DATA\nE: OnReject\nS: {code} no{QUIT}");
        let run = check(&transcript(Some(hello()), &[&ladder]));
        let broken: Vec<_> = found(&run).into_iter().map(|(rule, _)| rule).collect();
        assert_eq!(broken, rules);
    }
    // RCPT may be taken or not.
    for (event, code) in [("OnRcptCommand c@example.org", 250), ("OnReject", 503)] {
        conforms(&format!(
            "{server}{first}
            C: RCPT TO:<c@example.org>
            E: {event}
            S: {code} well{QUIT}"
        ));
    }
}

#[test]
fn what_was_pipelined_behind_a_failed_chunk_makes_no_message() {
    let server = addressed(CHUNKING);
    let sent = "
        C! BDAT 3\\r\\nabcBDAT 3 LAST\\r\\nabc
        E: OnReject
        S: 452 no room";
    conforms(&format!(
        "{server}{sent}\nE: OnReject\nS: 503 it has failed{QUIT}"
    ));
    breaks(
        "CHK-9",
        &format!(
            "{server}{sent}
            E: OnEndOfHeaders
            E: OnEndOfData abc
            S: 250 accepted{QUIT}"
        ),
    );
    // In lock-step a server may take what it is sent again.
    conforms(&format!(
        "{server}
        C! BDAT 3\\r\\nabc
        E: OnReject
        S: 452 no room
        C! BDAT 3 LAST\\r\\nabc
        E: OnDataCommand
        E: OnEndOfHeaders
        E: OnEndOfData abc
        S: 250 accepted{QUIT}"
    ));
}

#[test]
fn a_server_that_leaves_over_the_octets_of_a_chunk_is_blamed_for_leaving_only() {
    let ladder = format!(
        "{}
        C! BDAT 19 LAST\\r\\nSub: x\\r\\n\\r\\nA line.\\r\\n
        E: OnReject
        S: 503 CHUNKING was not advertised
        E: OnReject
        S: 500 what
        E: OnReject
        S: 500 what
        E: OnReject
        S! 500-what\\r\\n500 too many errors\\r\\n
        C: QUIT
        server-close
        E: OnDisconnect Errors",
        addressed("250-PIPELINING\\r\\n")
    );
    let run = check(&transcript(Some(hello()), &[&ladder]));
    let rules: Vec<_> = found(&run).into_iter().map(|(rule, _)| rule).collect();
    assert_eq!(rules, ["WIR-18"]);
}

/// Postfix, which answers 551, takes a bare LF for the end of a line, and has been seen to leave unasked: read as commands,
/// a bare CR being the end of one, the lines of the refused chunk would explain each of its replies.
#[test]
fn a_wrong_code_behind_the_last_chunk_needs_no_other_reading() {
    let leaves = format!(
        "{}
        C: NOOP
        S: 221 bye
        server-close
        E: OnDisconnect Dropped",
        addressed(CHUNKING)
    );
    let refused = "
        C! BDAT 3\\r\\nX\\r\\n
        S: 551 discarded";
    let ladder = format!(
        "{}
        C! BDAT 5 LAST\\r\\nA: b\\n
        E: OnDataCommand
        E: OnEndOfHeaders
        E: OnEndOfData A: b\\n
        S: 250 ok
        C! BDAT 26\\r\\nA\\rB\\r\\n{}
        S: 503 no recipient{}
        C! \\nWHAT\\r\\n
        S: 500 empty
        S: 500 what{QUIT}",
        addressed(CHUNKING),
        "X\\r\\n".repeat(7),
        refused.repeat(7)
    );
    let mut expected = vec!["WIR-18", "WIR-19"];
    expected.extend(["CHK-3"; 7]);
    assert_eq!(rules_without_reject(&[&leaves, &ladder]), expected);
}
