//! What each server answers.

use pretty_assertions::assert_eq;
use smtpspec::report::matrix::{Level, Matrix};
use smtpspec_core::transcript::{ClientAct, What};

use super::{beside_changed, cases, on_console, play, say, server, session};

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
