//! Whatever a transcript holds, the checker judges it: it never panics, takes linear time, and says the same of
//! the saved file.

use std::{
    fmt::Write,
    time::{Duration, Instant},
};

use proptest::prelude::*;
use smtpspec_core::{check::check, transcript::Transcript};

use crate::trace::{hello, transcript};

/// Lines of ladders as they may come in any order.
const LINES: [&str; 43] = [
    "S: 220 hi",
    "S: 250 ok",
    "S: 354 go",
    "S: 421 away",
    "S: 221 bye",
    "S: 503 no",
    "S: 550 no",
    "S! 250-open\\r\\n",
    "S! 25",
    "S! \\0\\r\\n",
    "C: EHLO a.example.org",
    "C: MAIL FROM:<a@example.org>",
    "C: RCPT TO:<b@example.org>",
    "C: DATA",
    "C: .",
    "C: RSET",
    "C: QUIT",
    "C: BDAT 5",
    "C: STARTTLS",
    "C: AUTH PLAIN",
    "C! RSET\\r\\nNOOP\\r\\nDATA\\r\\nx\\n.\\nQUIT\\r\\n.\\r\\n",
    "C! x\\r.\\rNOOP\\n.\\n",
    "C! half",
    "R: 3 NOOP",
    "R: 100000000 x",
    "E: OnConnect",
    "E: OnEhloCommand a.example.org",
    "E: OnMailCommand a@example.org",
    "E: OnRcptCommand b@example.org",
    "E: OnRcptCommand other@example.org",
    "E: OnDataCommand",
    "E: OnEndOfHeaders",
    "E: OnEndOfData",
    "E: OnRsetCommand",
    "E: OnNoopCommand",
    "E: OnReject",
    "E: OnDisconnect Quit",
    "FIN",
    "RST",
    "half-close",
    "gave-up",
    "server-close",
    "died exit status: 1",
];

fn ladder() -> impl Strategy<Value = String> {
    prop::collection::vec(prop::sample::select(&LINES[..]), 0..40)
        .prop_map(|lines| lines.join("\n"))
}

proptest! {
    #[test]
    fn any_transcript_is_judged_and_its_file_alike(ladders in prop::collection::vec(ladder(), 1..4), events: bool) {
        let ladders: Vec<&str> = ladders.iter().map(String::as_str).collect();
        let transcript = transcript(events.then(hello), &ladders);
        let verdict = check(&transcript);
        let mut file = Vec::new();
        transcript.write_to(&mut file).unwrap();
        prop_assert_eq!(check(&Transcript::parse(&file).unwrap()), verdict);
    }
}

#[test]
fn ten_thousand_commands_that_all_deviate_take_seconds_not_hours() {
    let mut ladder = String::from("E: OnConnect\nS: 220 hi\n");
    for n in 0..5_000 {
        write!(
            ladder,
            "C: NOOP {n}\nE: OnRcptCommand x{n}@example.org\nE: OnNoopCommand\nS: 354 what\n"
        )
        .unwrap();
    }
    let start = Instant::now();
    let verdict = check(&transcript(Some(hello()), &[&ladder]));
    assert!(verdict.findings().count() > 10_000);
    // Not a measurement: quadratic time would be minutes.
    assert!(start.elapsed() < Duration::from_mins(1));
}

#[test]
fn a_flood_of_events_behind_a_large_message_takes_seconds_not_hours() {
    let mut ladder = String::from(
        "E: OnConnect\nS: 220 hi\nC: EHLO a\nE: OnEhloCommand a\nS: 250 hi\nC: MAIL FROM:<>\nE: OnMailCommand\n\
         S: 250 ok\nC: RCPT TO:<b@c>\nE: OnRcptCommand b@c\nS: 250 ok\nC: DATA\nE: OnDataCommand\nS: 354 go\n",
    );
    for _ in 0..2_000 {
        let line = "content ".repeat(100);
        writeln!(ladder, "C: {line}").unwrap();
    }
    for _ in 0..5_000 {
        ladder.push_str("E: OnHelpCommand\n");
    }
    let start = Instant::now();
    let verdict = check(&transcript(Some(hello()), &[&ladder]));
    assert!(verdict.findings().count() >= 5_000);
    // Not a measurement: to read the message for each event would be minutes.
    assert!(start.elapsed() < Duration::from_mins(1));
}

#[test]
fn a_flood_of_events_behind_a_line_without_end_takes_seconds_not_hours() {
    let mut ladder = String::from("E: OnConnect\nS: 220 hi\n");
    writeln!(ladder, "C! {}", "x".repeat(2_000_000)).unwrap();
    for _ in 0..5_000 {
        ladder.push_str("E: OnHelpCommand\n");
    }
    let start = Instant::now();
    let verdict = check(&transcript(Some(hello()), &[&ladder]));
    assert!(verdict.findings().count() >= 5_000);
    // Not a measurement: to read the line for each event would be minutes.
    assert!(start.elapsed() < Duration::from_mins(1));
}
