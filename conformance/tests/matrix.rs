//! The matrix of small runs in memory: what is planted in one server shows there, and only there. And the command.

use std::{collections::BTreeMap, fs, path::Path, sync::Arc};

use assert_cmd::Command;
use pretty_assertions::assert_eq;
use smtpspec::{
    report::matrix::{
        Column, Difference, DifferenceAt, Fate, Level, Matrix, Reason, Seen, console, html, json,
        markdown,
    },
    run::{Case, documented, look_alikes},
};
use smtpspec_core::{
    check::{Verdict, check},
    event::{DisconnectReason, Event, EventKind, Hello},
    memory,
    receiver::{Config, Defect},
    transcript::{ClientAct, Death, SessionLog, Transcript, What},
};

/// Conversations with all that can differ, and few of them.
const NAMES: [&str; 7] = [
    "handlers/reject-rcpt-second",
    "lost/greeted-close",
    "messages/two",
    "pipelining/envelope",
    "reset/helo-in-transaction",
    "seed/strict",
    "states/connected-helo",
];

fn cases() -> Vec<Case> {
    let mut cases = documented().unwrap();
    cases.retain(|case| NAMES.contains(&case.name.as_str()));
    assert_eq!(cases.len(), NAMES.len());
    cases
}

fn play(cases: &[Case], defects: &[&str]) -> Transcript {
    let config = Arc::new(Config {
        defects: defects
            .iter()
            .map(|name| name.parse::<Defect>().unwrap())
            .collect(),
        ..Config::default()
    });
    let sessions = (1..).zip(cases);
    let sessions =
        sessions.map(|(conn, case)| memory::play(conn, &case.name, &case.conversation, &config));
    memory::transcript(sessions.collect())
}

/// `transcript` as the run of a server that is called `name` and runs `software`.
fn server(name: &str, software: &str, mut transcript: Transcript) -> Column {
    let hello = transcript.header.hello.as_mut();
    software.clone_into(&mut hello.unwrap().server);
    Column {
        name: name.to_owned(),
        seen: Some(Seen {
            verdict: check(&transcript),
            transcript,
            skipped: Vec::new(),
            minimal: Vec::new(),
        }),
        trouble: None,
    }
}

/// Two servers: one as it should be, and the other with its run changed by `change`.
fn beside_changed(change: impl FnOnce(&mut Transcript)) -> Matrix {
    let reference = play(&cases(), &[]);
    let mut changed = reference.clone();
    change(&mut changed);
    let columns = [
        server("good", "Good 1.0", reference.clone()),
        server("changed", "Changed 1.0", changed),
    ];
    Matrix::new("smtpspec matrix".into(), &reference, &columns)
}

fn session<'t>(transcript: &'t mut Transcript, case: &str) -> &'t mut SessionLog {
    let mut sessions = transcript.sessions.iter_mut();
    sessions.find(|session| session.open.case == case).unwrap()
}

fn kind(what: &What) -> Option<EventKind> {
    match what {
        What::Event(record) => Some(record.event.kind()),
        _ => None,
    }
}

/// Index of the entry with the first event of `wanted`.
fn entry_of(session: &SessionLog, wanted: EventKind) -> usize {
    let mut entries = session.entries.iter();
    entries
        .position(|entry| kind(&entry.what) == Some(wanted))
        .unwrap()
}

/// Each difference with its server, number of conversations and reasons.
fn differences(matrix: &Matrix) -> Vec<String> {
    let words = |difference: &Difference| {
        let at = difference.servers.iter().map(|at| {
            let reasons: Vec<String> = at.reasons.keys().map(ToString::to_string).collect();
            format!("{} {} {}", at.server, at.conversations, reasons.join("+"))
        });
        format!("{}: {}", difference.what, at.collect::<Vec<_>>().join(", "))
    };
    matrix.events.differences.iter().map(words).collect()
}

fn hello(transcript: &mut Transcript) -> &mut Hello {
    transcript.header.hello.as_mut().unwrap()
}

// Events.

#[test]
fn servers_that_do_the_same_are_only_counted() {
    let matrix = beside_changed(|_| ());
    assert_eq!(differences(&matrix), [""; 0]);
    assert_eq!((matrix.events.compared, matrix.events.agree), (7, 7));
    assert_eq!((matrix.replies.compared, matrix.replies.same), (7, 7));
    assert!(matrix.rules.iter().all(|row| !row.has_findings()));
}

#[test]
fn an_event_that_one_server_loses_shows_there_with_its_reply_and_the_rule() {
    let matrix = beside_changed(|run| {
        let session = session(run, "messages/two");
        session
            .entries
            .remove(entry_of(session, EventKind::OnRcptCommand));
    });
    assert_eq!(
        differences(&matrix),
        ["OnRcptCommand -> 250 missing: changed 1 breaks ORD-11"]
    );
    assert_eq!((matrix.events.compared, matrix.events.agree), (7, 6));
    let row = &matrix.events.conversations[0];
    assert_eq!(
        (row.case.as_str(), &row.agree[..]),
        ("messages/two", &["good".to_owned()][..])
    );
    let rule = matrix.rules.iter().find(|row| row.id == "ORD-11").unwrap();
    let verdicts = rule.cells.iter().map(|cell| cell.as_ref().unwrap().verdict);
    assert_eq!(
        verdicts.collect::<Vec<_>>(),
        [Verdict::Holds, Verdict::Broken]
    );
    let shown = rule.cells[1].as_ref().unwrap();
    assert_eq!(shown.conversations, 1);
    assert_eq!(shown.shortest.as_ref().unwrap().case, "messages/two");
}

#[test]
fn an_event_that_fires_twice_is_extra() {
    let matrix = beside_changed(|run| {
        let session = session(run, "seed/strict");
        let at = entry_of(session, EventKind::OnMailCommand);
        let twice = session.entries[at].clone();
        session.entries.insert(at, twice);
    });
    let got = differences(&matrix);
    assert_eq!(got.len(), 1);
    assert!(got[0].starts_with("OnMailCommand"), "{got:?}");
    assert!(got[0].contains("extra: changed 1 breaks "), "{got:?}");
}

#[test]
fn an_event_in_another_place_has_moved() {
    let matrix = beside_changed(|run| {
        let session = session(run, "seed/strict");
        let rcpt = entry_of(session, EventKind::OnRcptCommand);
        let data = entry_of(session, EventKind::OnDataCommand);
        let (rcpt_event, data_event) = (
            session.entries[rcpt].what.clone(),
            session.entries[data].what.clone(),
        );
        session.entries[rcpt].what = data_event;
        session.entries[data].what = rcpt_event;
    });
    let got = differences(&matrix);
    assert_eq!(got.len(), 1, "{got:?}");
    assert!(got[0].contains(" elsewhere: changed 1 breaks "), "{got:?}");
}

#[test]
fn another_reason_for_the_end_is_a_difference_where_reasons_are_shown() {
    let change = |run: &mut Transcript| {
        let session = session(run, "seed/strict");
        let at = entry_of(session, EventKind::OnDisconnect);
        if let What::Event(record) = &mut session.entries[at].what {
            let reason = Some(DisconnectReason::Local);
            record.event = Event::OnDisconnect { reason };
        }
    };
    let matrix = beside_changed(change);
    assert_eq!(
        differences(&matrix),
        ["OnDisconnect(Local) instead of OnDisconnect(QuitVerb): changed 1 breaks SES-3"]
    );
    let matrix = beside_changed(|run| {
        change(run);
        hello(run).semantics.disconnect_reason = false;
    });
    assert_eq!(differences(&matrix), [""; 0]);
}

#[test]
fn what_a_server_does_not_show_is_no_difference() {
    let hidden = [EventKind::OnRcptCommand, EventKind::OnReject];
    let hide = |run: &mut Transcript| {
        for session in &mut run.sessions {
            session
                .entries
                .retain(|entry| kind(&entry.what).is_none_or(|kind| !hidden.contains(&kind)));
        }
    };
    let matrix = beside_changed(|run| {
        hide(run);
        hello(run).events.retain(|kind| !hidden.contains(kind));
    });
    assert_eq!(differences(&matrix), [""; 0]);
    assert_eq!(matrix.servers[1].hidden, ["OnRcptCommand", "OnReject"]);
    // The same without saying so is one.
    let matrix = beside_changed(hide);
    assert_eq!(differences(&matrix).len(), 4, "{:?}", differences(&matrix));
}

#[test]
fn what_a_server_says_of_its_events_is_taken_into_account() {
    let as_ehlo = |run: &mut Transcript| {
        for session in &mut run.sessions {
            for entry in &mut session.entries {
                if let What::Event(record) = &mut entry.what
                    && let Event::OnHeloCommand { domain } = &record.event
                {
                    record.event = Event::OnEhloCommand {
                        domain: domain.clone(),
                    };
                }
            }
        }
    };
    let matrix = beside_changed(|run| {
        as_ehlo(run);
        hello(run).semantics.helo_as_ehlo = true;
    });
    assert_eq!(differences(&matrix), [""; 0]);
    let undeclared = differences(&beside_changed(as_ehlo));
    assert_eq!(undeclared.len(), 2, "{undeclared:?}");
}

#[test]
fn a_server_that_decides_otherwise_may_fire_otherwise() {
    // The second recipient is refused by a handler; the other server has none, and takes it.
    let cases = cases();
    let mut open = cases.clone();
    for case in &mut open {
        case.conversation.handlers.rules.clear();
    }
    let reference = play(&cases, &[]);
    let columns = [server("open", "Open 1.0", play(&open, &[]))];
    let matrix = Matrix::new(String::new(), &reference, &columns);
    assert_eq!(
        differences(&matrix),
        ["OnReject -> 550 missing: open 1 other replies"]
    );
}

#[test]
fn an_event_of_no_connection_has_no_conversation_to_replay() {
    let matrix = beside_changed(|run| {
        let session = session(run, "seed/strict");
        let entry = session.entries[entry_of(session, EventKind::OnConnect)].clone();
        if let What::Event(mut record) = entry.what {
            record.session = "another".into();
            record.peer = "127.0.0.1:9".parse().unwrap();
            run.strays.push((entry.at, record));
        }
    });
    let rule = matrix.rules.iter().find(|row| row.id == "SES-5").unwrap();
    let shown = rule.cells[1].as_ref().unwrap().shortest.as_ref().unwrap();
    assert_eq!(shown.case, "");
    assert!(shown.what.contains("127.0.0.1:9"), "{}", shown.what);
    assert!(html(&matrix).contains("127.0.0.1:9") && !html(&matrix).contains("smtpspec replay"));
}

#[test]
fn of_many_rules_behind_a_difference_those_that_are_broken_most_are_named() {
    let reasons = [
        (Reason::Breaks("ORD-6"), 19),
        (Reason::Breaks("CON-2"), 2),
        (Reason::Breaks("ORD-9"), 1),
        (Reason::Breaks("REJ-1"), 3),
        (Reason::Replies, 5),
    ];
    let mut at = DifferenceAt {
        server: "good".into(),
        conversations: 29,
        reasons: reasons.into(),
        example: "a/b".into(),
    };
    assert_eq!(
        at.reasons_in_words(),
        "breaks ORD-6 (19), REJ-1 (3), CON-2 (2) and 1 more; other replies (5)"
    );
    at.reasons = [(Reason::Breaks("ORD-6"), 29)].into();
    assert_eq!(at.reasons_in_words(), "breaks ORD-6");
}

// Replies.

/// Replaces `from`, which is there once, by `to` in what the server said in `case`.
fn say(run: &mut Transcript, case: &str, from: &str, to: &str) {
    let mut replaced = 0;
    for entry in &mut session(run, case).entries {
        if let What::Received(octets) = &mut entry.what {
            let said = String::from_utf8(octets.0.clone()).unwrap();
            if let Some(rest) = said.strip_prefix(from) {
                replaced += 1;
                octets.0 = format!("{to}{rest}").into_bytes();
            }
        }
    }
    assert!(replaced > 0, "{case} has no {from}");
}

fn replies(matrix: &Matrix) -> Vec<String> {
    let rows = matrix.replies.conversations.iter().map(|row| {
        let answers = row
            .answers
            .iter()
            .map(|a| format!("{} {}", a.code, a.servers.join(" ")));
        let answers = answers.collect::<Vec<_>>().join(" | ");
        format!(
            "{} {} {} {}: {answers}",
            row.level, row.case, row.reply, row.to
        )
    });
    rows.collect()
}

#[test]
fn a_reply_of_another_class_is_told_from_one_with_another_code() {
    let matrix = beside_changed(|run| {
        say(run, "seed/strict", "221", "250");
        say(run, "lost/greeted-close", "250", "550");
    });
    assert_eq!(
        replies(&matrix),
        [
            "class lost/greeted-close 2 EHLO lost-greeted-close.example.org: 250 good | 550 changed",
            "code seed/strict 7 QUIT: 221 good | 250 changed",
        ]
    );
    let levels: Vec<Level> = matrix.replies.differences.iter().map(|d| d.level).collect();
    assert_eq!(levels, [Level::Class, Level::Code]);
    assert_eq!((matrix.replies.compared, matrix.replies.same), (7, 5));
}

#[test]
fn a_reply_that_never_comes_is_none_unless_the_client_left_before() {
    let matrix = beside_changed(|run| {
        let session = session(run, "seed/strict");
        session.entries.retain(|entry| match &entry.what {
            What::Received(octets) => !octets.0.starts_with(b"221"),
            _ => true,
        });
    });
    assert_eq!(
        replies(&matrix),
        ["class seed/strict 7 QUIT: 221 good | none changed"]
    );
    let matrix = beside_changed(|run| {
        let session = session(run, "seed/strict");
        session.entries.retain(|entry| match &entry.what {
            What::Received(octets) => !octets.0.starts_with(b"221"),
            What::Server(_) => false,
            _ => true,
        });
        let last = session
            .entries
            .iter()
            .rposition(|entry| matches!(entry.what, What::Event(_)))
            .unwrap();
        let mut left = session.entries[last].clone();
        left.what = What::Client(ClientAct::Reset);
        session.entries.insert(last, left);
    });
    assert_eq!(replies(&matrix), [""; 0]);
}

#[test]
fn where_many_answer_alike_those_that_do_not_are_named() {
    let reference = play(&cases(), &[]);
    let servers = ["one", "two", "three", "four", "five"].map(|name| {
        let mut run = reference.clone();
        if name == "three" {
            say(&mut run, "seed/strict", "221", "421");
        }
        server(name, "S", run)
    });
    let matrix = Matrix::new(String::new(), &reference, &servers);
    let text = on_console(&matrix);
    assert!(
        text.contains("\n    421 three | 221 the other 4\n"),
        "{text}"
    );
}

// Look-alikes.

fn about_look_alikes() -> Vec<Case> {
    look_alikes().unwrap()
}

fn fates(matrix: &Matrix, server: usize) -> BTreeMap<&str, Fate> {
    let rows = matrix.look_alikes.iter();
    let cells = rows.filter_map(|row| Some((row.case.as_str(), row.cells[server]?)));
    cells.collect()
}

#[test]
fn a_look_alike_that_ends_the_message_shows_at_that_server_alone() {
    let cases = about_look_alikes();
    let reference = play(&cases, &[]);
    let columns = [
        server("good", "Good 1.0", reference.clone()),
        server(
            "smuggler",
            "Smuggler 1.0",
            play(&cases, &["bare-lf-ends-data"]),
        ),
    ];
    let matrix = Matrix::new(String::new(), &reference, &columns);
    assert_eq!(matrix.look_alikes.len(), cases.len());
    assert!(
        fates(&matrix, 0)
            .values()
            .all(|fate| *fate == Fate::Content)
    );
    let smuggled = fates(&matrix, 1);
    assert_eq!(smuggled["lookalike/lf-dot-lf"], Fate::Ends);
    assert_eq!(smuggled["lookalike/cr-dot-cr"], Fate::Content);
}

/// What becomes of `lookalike/lf-dot-lf` when its session is changed by `change`.
fn fate_when(change: impl FnOnce(&mut SessionLog)) -> Fate {
    let mut cases = about_look_alikes();
    cases.retain(|case| case.name == "lookalike/lf-dot-lf");
    let reference = play(&cases, &[]);
    let mut changed = reference.clone();
    change(&mut changed.sessions[0]);
    let columns = [server("changed", "Changed 1.0", changed)];
    let matrix = Matrix::new(String::new(), &reference, &columns);
    fates(&matrix, 0)["lookalike/lf-dot-lf"]
}

/// Gives what the server said behind 354 to `reply`, in order; an empty text is not said.
fn answer(session: &mut SessionLog, replies: [&str; 2]) {
    let mut replies = replies.iter();
    let mut behind = false;
    session.entries.retain_mut(|entry| {
        let What::Received(octets) = &mut entry.what else {
            return true;
        };
        if !behind {
            behind = octets.0.starts_with(b"354");
            return true;
        }
        let reply = replies.next().unwrap();
        octets.0 = reply.as_bytes().to_vec();
        !reply.is_empty()
    });
}

#[test]
fn each_fate_of_a_look_alike_is_told_from_the_others() {
    let open = |session: &mut SessionLog| {
        session
            .entries
            .retain(|entry| !matches!(entry.what, What::Server(_)));
    };
    assert_eq!(fate_when(|_| ()), Fate::Content);
    let refused = ["550 5.5.2 bare LF\r\n", "221 bye\r\n"];
    assert_eq!(fate_when(|session| answer(session, refused)), Fate::Refused);
    let closes = ["521 5.5.2 bare LF\r\n", ""];
    assert_eq!(fate_when(|session| answer(session, closes)), Fate::Closes);
    assert_eq!(fate_when(|session| answer(session, ["", ""])), Fate::Closes);
    let silent = |session: &mut SessionLog| {
        answer(session, ["", ""]);
        open(session);
    };
    assert_eq!(fate_when(silent), Fate::Silent);
    // The end of the message, then a complaint about what was taken for a command.
    let ends = ["250 ok\r\n", "503 sequence\r\n"];
    assert_eq!(fate_when(|session| answer(session, ends)), Fate::Ends);
    let altered = |session: &mut SessionLog| {
        for entry in &mut session.entries {
            if let What::Event(record) = &mut entry.what
                && let Event::OnEndOfData { content } = &mut record.event
            {
                content.as_mut().unwrap().size += 1;
            }
        }
    };
    assert_eq!(fate_when(altered), Fate::Altered);
    let dies = |session: &mut SessionLog| {
        answer(session, ["", ""]);
        let last = session
            .entries
            .iter()
            .rposition(|entry| matches!(entry.what, What::Server(_)));
        session.entries[last.unwrap()].what = What::Died(Death {
            status: "signal: 11 (SIGSEGV)".into(),
            output: String::new(),
            beside: 0,
        });
    };
    assert_eq!(fate_when(dies), Fate::Dies);
    let no_data = |session: &mut SessionLog| {
        for entry in &mut session.entries {
            if let What::Received(octets) = &mut entry.what
                && octets.0.starts_with(b"354")
            {
                octets.0 = b"451 not now\r\n".to_vec();
            }
        }
    };
    assert_eq!(fate_when(no_data), Fate::NotReached);
}

// What is written.

/// One server as it should be, one with defects, one that has something to say, one that could not be started.
fn four() -> Matrix {
    let mut cases = cases();
    let looks = ["lookalike/lf-dot-lf", "lookalike/cr-dot-cr"];
    cases.extend(
        about_look_alikes()
            .into_iter()
            .filter(|case| looks.contains(&case.name.as_str())),
    );
    let reference = play(&cases, &[]);
    let mut rude = reference.clone();
    say(
        &mut rude,
        "seed/strict",
        "221 ",
        "999 <script>alert(1)</script> `|` \u{1b}[31m",
    );
    let mut lost = server(
        "lossy",
        "Lossy 2.0",
        play(&cases, &["disconnect-lost-after-ehlo", "bare-lf-ends-data"]),
    );
    lost.seen.as_mut().unwrap().skipped = vec![("a/b".into(), "needs handler scripts".into())];
    let columns = [
        server("good", "Good 1.0", reference.clone()),
        lost,
        server("<b>rude|", "Rude & <i>Co</i>", rude),
        Column {
            name: "absent".into(),
            seen: None,
            trouble: Some(
                "could not be started: it has ended; its last output:\n<no> such \u{1b}[2Joption"
                    .into(),
            ),
        },
    ];
    Matrix::new(
        "smtpspec matrix --case 'seed/*'".into(),
        &reference,
        &columns,
    )
}

fn on_console(matrix: &Matrix) -> String {
    let mut out = anstream::StripStream::new(Vec::new());
    console(&mut out, matrix).unwrap();
    let text = String::from_utf8(out.into_inner()).unwrap();
    // Cells are padded; editors and snapshots are not.
    let lines: Vec<&str> = text.lines().map(str::trim_end).collect();
    lines.join("\n")
}

#[test]
fn the_console_shows_all_four_tables_and_every_trouble() {
    insta::assert_snapshot!(on_console(&four()));
}

#[test]
fn the_markdown_holds_the_same() {
    insta::assert_snapshot!(markdown(&four()));
}

#[test]
fn the_page_holds_the_same() {
    insta::assert_snapshot!(html(&four()));
}

#[test]
fn the_json_names_servers_cells_and_differences() {
    let value: serde_json::Value = serde_json::from_str(&json(&four())).unwrap();
    assert_eq!(value["servers"][1]["name"], "lossy");
    assert_eq!(
        value["servers"][3]["trouble"]
            .as_str()
            .unwrap()
            .lines()
            .count(),
        2
    );
    let rules = value["rules"].as_array().unwrap();
    let rule = rules.iter().find(|rule| rule["id"] == "SES-2").unwrap();
    assert_eq!(rule["cells"][0]["verdict"], "holds");
    assert_eq!(rule["cells"][1]["verdict"], "broken");
    assert!(rule["cells"][3].is_null());
    assert_eq!(value["look_alikes"][1]["cells"][1], "ends");
    let first = &value["events"]["differences"][0]["servers"][0];
    assert_eq!(first["server"], "lossy");
    assert!(
        first["reasons"]
            .as_object()
            .unwrap()
            .keys()
            .all(|why| why.starts_with("breaks "))
    );
}

#[test]
fn nothing_that_a_server_said_is_markup_and_every_link_has_its_place() {
    let page = html(&four());
    assert!(!page.contains("<script") && !page.contains("<i>") && !page.contains('\u{1b}'));
    assert!(
        page.contains("Rude &#38; &#60;i&#62;Co"),
        "escaped, not dropped"
    );
    let values = |attribute: &str| -> Vec<String> {
        let parts = page.split(attribute).skip(1);
        parts
            .map(|rest| rest.split('"').next().unwrap().to_owned())
            .collect()
    };
    let (mut ids, links) = (values(" id=\""), values("href=\"#"));
    assert!(links.len() > 10);
    for link in links.iter().chain(&values("aria-labelledby=\"")) {
        assert!(ids.contains(link), "nothing has the id {link}");
    }
    let count = ids.len();
    ids.sort_unstable();
    ids.dedup();
    assert_eq!(ids.len(), count, "an id stands there twice");
    for tag in [
        "table", "tr", "td", "th", "section", "ul", "li", "details", "pre", "code", "p", "span",
        "div",
    ] {
        let open =
            page.matches(&format!("<{tag}>")).count() + page.matches(&format!("<{tag} ")).count();
        assert_eq!(open, page.matches(&format!("</{tag}>")).count(), "<{tag}>");
    }
    // What is escaped is no markup.
    let text = markdown(&four()).replace("\\<", "");
    assert!(!text.contains("<script") && !text.contains("<i>") && !text.contains('\u{1b}'));
    let columns = |line: &str| line.replace("\\|", "").matches('|').count();
    let rules: Vec<usize> = text
        .lines()
        .filter(|line| line.starts_with("| SES-"))
        .map(columns)
        .collect();
    assert!(rules.iter().all(|columns| *columns == 7), "{rules:?}");
}

#[test]
fn twelve_servers_fit_a_terminal() {
    let reference = play(&cases(), &[]);
    let servers = (1..=12).map(|n| {
        let defects: &[&str] = if n % 2 == 0 {
            &["disconnect-lost-after-ehlo"]
        } else {
            &[]
        };
        server(
            &format!("opensmtpd-{n}"),
            "OpenSMTPD",
            play(&cases(), defects),
        )
    });
    let columns: Vec<Column> = servers.collect();
    let text = on_console(&Matrix::new(String::new(), &reference, &columns));
    for line in text.lines() {
        assert!(line.chars().count() <= 100, "{line}");
    }
    assert!(
        text.contains("opensm opensm ") && text.contains(" tpd-1  tpd-2 "),
        "{text}"
    );
}

// The command.

fn smtpspec() -> Command {
    Command::new(env!("CARGO_BIN_EXE_smtpspec"))
}

/// A folder of adapters: one whose server ends at once, and one that is not installed.
fn adapters(folder: &Path) {
    use std::os::unix::fs::PermissionsExt;
    for name in ["broken", "absent"] {
        let folder = folder.join(name);
        fs::create_dir(&folder).unwrap();
        let run = folder.join("run.sh");
        fs::write(&run, "#!/bin/sh\necho no such option >&2\nexit 7\n").unwrap();
        fs::set_permissions(&run, fs::Permissions::from_mode(0o755)).unwrap();
    }
    fs::write(folder.join("absent/install.sh"), "").unwrap();
}

#[test]
fn the_embedded_server_beside_itself_does_the_same_over_sockets() {
    let dir = tempfile::tempdir().unwrap();
    let out = smtpspec()
        .args([
            "matrix", "--target", "embedded", "--target", "embedded", "--case", "seed/*",
        ])
        .args([
            "--case",
            "lookalike/crlf-nul-dot-lf",
            "--format",
            "json",
            "--out",
        ])
        .arg(dir.path())
        .assert()
        .success();
    let matrix: serde_json::Value = serde_json::from_slice(&out.get_output().stdout).unwrap();
    assert_eq!(matrix["servers"][1]["name"], "embedded-2");
    assert_eq!(matrix["events"]["compared"], 8);
    assert_eq!(matrix["events"]["agree"], 8);
    assert_eq!(matrix["replies"]["same"], 8);
    assert_eq!(
        matrix["look_alikes"][0]["cells"],
        serde_json::json!(["content", "content"])
    );
    for file in ["matrix.json", "matrix.html", "matrix.md"] {
        assert!(dir.path().join(file).is_file(), "{file}");
    }
}

#[test]
fn a_server_that_cannot_be_started_is_told_of_and_the_rest_goes_on() {
    let dir = tempfile::tempdir().unwrap();
    adapters(dir.path());
    let matrix = |targets: &[&str]| {
        let mut command = smtpspec();
        command
            .env("SMTPSPEC_ADAPTERS", dir.path())
            .args(["matrix", "--case", "seed/*"]);
        for target in targets {
            command.args(["--target", target]);
        }
        command
    };
    let out = matrix(&[]).assert().success();
    let (stdout, stderr) = (
        out.get_output().stdout.clone(),
        out.get_output().stderr.clone(),
    );
    let (stdout, stderr) = (
        String::from_utf8(stdout).unwrap(),
        String::from_utf8(stderr).unwrap(),
    );
    assert!(
        stdout.contains("could not be started") && stdout.contains("no such option"),
        "{stdout}"
    );
    assert!(
        stdout.contains("7 conversations compared; in 7 of them"),
        "{stdout}"
    );
    assert!(
        stderr.contains("left out, for they are not installed: absent"),
        "{stderr}"
    );
    assert!(!stdout.contains("absent"), "{stdout}");
    // Asked for by name, it has its column.
    let out = matrix(&["embedded", "absent"]).assert().success();
    let stdout = String::from_utf8(out.get_output().stdout.clone()).unwrap();
    assert!(stdout.contains("absent/install.sh"), "{stdout}");
    // Nothing at all could be played.
    let out = matrix(&["broken"]).assert().code(2);
    let stderr = String::from_utf8(out.get_output().stderr.clone()).unwrap();
    assert!(stderr.contains("no server could be started"), "{stderr}");
}

#[test]
fn what_cannot_be_laid_side_by_side_is_refused() {
    smtpspec()
        .args(["matrix", "--suite", "leaks"])
        .assert()
        .code(2);
    smtpspec()
        .args(["matrix", "--target", "postmaster-pro"])
        .assert()
        .code(2);
    smtpspec()
        .args(["matrix", "--case", "no/such"])
        .assert()
        .code(2);
}

#[test]
#[ignore = "needs conformance/adapters/aiosmtpd/install.sh to have been run"]
fn aiosmtpd_beside_the_embedded_server_shows_what_it_breaks() {
    let out = smtpspec()
        .args([
            "matrix", "--target", "embedded", "--target", "aiosmtpd", "--format", "json",
        ])
        .assert()
        .success();
    let matrix: serde_json::Value = serde_json::from_slice(&out.get_output().stdout).unwrap();
    let rules = matrix["rules"].as_array().unwrap();
    let broken = rules
        .iter()
        .filter(|rule| rule["cells"][1]["verdict"] == "broken");
    assert!(broken.clone().any(|rule| rule["id"] == "SES-7"));
    assert!(
        rules
            .iter()
            .all(|rule| rule["cells"][0]["verdict"] == "holds")
    );
    let events = matrix["events"]["differences"].to_string();
    assert!(
        events.contains("OnMailCommand extra") && events.contains("breaks SES-7"),
        "{events}"
    );
    let fates: Vec<&str> = matrix["look_alikes"]
        .as_array()
        .unwrap()
        .iter()
        .filter_map(|row| row["cells"][1].as_str())
        .collect();
    assert!(
        fates.len() >= 50 && fates.iter().all(|fate| *fate == "content"),
        "{fates:?}"
    );
}
