//! What becomes of each look-alike end of data.

use std::collections::BTreeMap;

use pretty_assertions::assert_eq;
use smtpspec::report::matrix::{Fate, Matrix};
use smtpspec::run::look_alikes;
use smtpspec_core::{
    event::Event,
    transcript::{Death, SessionLog, What},
};

use super::{play, server};

fn fates(matrix: &Matrix, server: usize) -> BTreeMap<&str, Fate> {
    let rows = matrix.look_alikes.iter();
    let cells = rows.filter_map(|row| Some((row.case.as_str(), row.cells[server]?)));
    cells.collect()
}

#[test]
fn a_look_alike_that_ends_the_message_shows_at_that_server_alone() {
    let cases = look_alikes().unwrap();
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
    let mut cases = look_alikes().unwrap();
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
        session.entries[last.unwrap()].what = What::Died(Box::new(Death {
            status: "signal: 11 (SIGSEGV)".into(),
            output: String::new(),
            beside: 0,
        }));
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
