//! `check`: any transcript is judged, its file alike, in linear time, and each finding points into it.

use std::collections::HashMap;

use smtpspec_core::{
    check::{check, rules},
    transcript::Transcript,
};

use super::{growth, ladder};

/// Panics if `text`, a saved transcript or else a ladder, shows that the checker is wrong.
pub fn checker(text: &[u8]) {
    let transcript = read(text);
    let verdict = check(&transcript);
    assert!(rules().eq(verdict.rules.iter().map(|verdict| verdict.rule)));
    let entries: HashMap<u64, usize> = transcript
        .sessions
        .iter()
        .map(|session| (session.conn, session.entries.len()))
        .collect();
    for finding in verdict.findings() {
        let entries = entries.get(&finding.conn).copied().unwrap_or(0);
        assert!(
            finding.entry.is_none_or(|entry| entry < entries),
            "{finding:?}"
        );
        assert!(!finding.what.is_empty(), "{finding:?} says nothing");
    }
    let mut file = Vec::new();
    let done = transcript.write_to(&mut file);
    done.expect("a Vec takes whatever is written to it");
    let again = Transcript::parse(&file).expect("a transcript as it was written");
    assert_eq!(check(&again), verdict);
    let sum = text.iter().fold(0_u32, |sum, octet| {
        sum.wrapping_mul(31).wrapping_add(u32::from(*octet))
    });
    if sum.is_multiple_of(ONE_IN) {
        growth::is_linear(&transcript, NEAR);
    }
}

/// To grow a transcript and take its time is slow: not each input, but the same ones each time.
const ONE_IN: u32 = 2048;
/// Entries of the shorter of two grown transcripts: below that, whether lenient readings are tried may still change.
const NEAR: usize = 400;
/// Where a small part that is quadratic has outgrown the rest.
const FAR: usize = 4000;

/// Panics if `text`, a transcript to be grown, shows that the checker takes more than linear time.
pub fn checker_in_linear_time(text: &[u8]) {
    growth::is_linear(&read(text), NEAR);
}

/// The same, with longer transcripts.
pub fn checker_in_linear_time_for_long(text: &[u8]) {
    growth::is_linear(&read(text), FAR);
}

/// A saved transcript or else a ladder.
fn read(text: &[u8]) -> Transcript {
    let saved = Transcript::parse(text).ok();
    saved.unwrap_or_else(|| ladder::read(&String::from_utf8_lossy(text)))
}
