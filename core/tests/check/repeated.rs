//! A body summed up as repeated lines is judged like the same body sent in full.

use pretty_assertions::assert_eq;
use proptest::{collection::vec, prelude::*, sample::select};
use smtpspec_core::{
    check::check,
    event::{Event, MessageDigest},
    transcript::{Transcript, What},
};

use crate::{
    GREETED, OPEN, QUIT, found,
    trace::{hello, transcript},
};

/// The transcript with each body in full.
fn unfolded(mut folded: Transcript) -> Transcript {
    let entries = folded
        .sessions
        .iter_mut()
        .flat_map(|session| &mut session.entries);
    for entry in entries {
        if let What::Repeated(repeat) = &entry.what {
            let times = usize::try_from(repeat.times()).unwrap();
            entry.what = What::Sent(repeat.lines().repeat(times).into());
        }
    }
    folded
}

/// A message with this content, and its two events as they should be.
fn message(content: &[&str]) -> Transcript {
    let content = content.join("\n");
    let ladder = format!(
        "{GREETED}{OPEN}\n{content}\nE: OnEndOfHeaders\nC: .\nE: OnEndOfData x\nS: 250 taken\n{QUIT}"
    );
    let mut folded = transcript(Some(hello()), &[&ladder]);
    let digest = digest(&unfolded(folded.clone()));
    for entry in &mut folded.sessions[0].entries {
        if let What::Event(record) = &mut entry.what
            && let Event::OnEndOfData { content } = &mut record.event
        {
            *content = Some(digest.clone());
        }
    }
    folded
}

/// Of what was sent behind DATA and before its end.
fn digest(full: &Transcript) -> MessageDigest {
    let sent = full.sessions[0]
        .entries
        .iter()
        .filter_map(|entry| match &entry.what {
            What::Sent(octets) => Some(octets.0.clone()),
            _ => None,
        });
    let lines: Vec<_> = sent
        .skip_while(|octets| *octets != b"DATA\r\n")
        .skip(1)
        .collect();
    let end = lines.iter().position(|octets| *octets == b".\r\n").unwrap();
    MessageDigest::of(&lines[..end].concat())
}

#[test]
fn its_digest_is_that_of_all_of_it() {
    let folded = message(&["C: A: b", "C:", "R: 1000 a line", "C: x", "R: 3 another"]);
    assert_eq!(found(&check(&folded)), []);
    let mut other = folded;
    for entry in &mut other.sessions[0].entries {
        if let What::Repeated(repeat) = &entry.what
            && repeat.times() == 1000
        {
            entry.what = What::Repeated(repeat.fewer(999).unwrap());
        }
    }
    let rules: Vec<_> = found(&check(&other))
        .into_iter()
        .map(|(rule, _)| rule)
        .collect();
    assert_eq!(rules, ["CON-3"]);
}

#[test]
fn a_command_in_it_is_content() {
    let folded = message(&["C! x", "R: 1000 RSET", "E: OnRsetCommand"]);
    let rules: Vec<_> = found(&check(&folded))
        .into_iter()
        .map(|(rule, _)| rule)
        .collect();
    assert_eq!(rules, ["CON-4"]);
}

proptest! {
    #[test]
    fn the_verdict_is_the_same(
        content in vec(
            select(vec![
                "C: A: b", "C:", "C! half", "C: NOOP", "C: ..", "R: 1 x", "R: 2 NOOP", "R: 40 RSET",
                "E: OnNoopCommand", "E: OnRsetCommand", "E: OnMailCommand z@example.org", "S: 250 ok",
            ]),
            0..8,
        ),
        digest_fits: bool,
    ) {
        let mut folded = message(&content);
        if !digest_fits {
            folded.sessions[0].entries.retain(|entry| entry.what != What::Sent("\r\n".into()));
        }
        prop_assert_eq!(check(&folded), check(&unfolded(folded.clone())));
    }
}
