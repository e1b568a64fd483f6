//! The matrix of small runs in memory: what is planted in one server shows there, and only there. And the command.

mod command;
mod events;
mod look_alikes;
mod replies;
mod written;

use std::sync::Arc;

use pretty_assertions::assert_eq;
use smtpspec::{
    report::matrix::{Column, Matrix, Seen, console},
    run::{Case, documented},
};
use smtpspec_core::{
    check::check,
    memory,
    receiver::{Config, Defect},
    transcript::{SessionLog, Transcript, What},
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

fn on_console(matrix: &Matrix) -> String {
    let mut out = anstream::StripStream::new(Vec::new());
    console(&mut out, matrix).unwrap();
    let text = String::from_utf8(out.into_inner()).unwrap();
    // Cells are padded; editors and snapshots are not.
    let lines: Vec<&str> = text.lines().map(str::trim_end).collect();
    lines.join("\n")
}
