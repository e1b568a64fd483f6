//! `check`: any transcript is judged, its file alike, and each finding points into it.

use smtpspec_core::{
    check::{check, rules},
    transcript::Transcript,
};

use super::ladder;

/// Panics if `text`, a saved transcript or else a ladder, shows that the checker is wrong.
pub fn checker(text: &[u8]) {
    let saved = Transcript::parse(text).ok();
    let transcript = saved.unwrap_or_else(|| ladder::read(&String::from_utf8_lossy(text)));
    let verdict = check(&transcript);
    assert!(rules().eq(verdict.rules.iter().map(|verdict| verdict.rule)));
    for finding in verdict.findings() {
        let session = transcript
            .sessions
            .iter()
            .find(|session| session.conn == finding.conn);
        let entries = session.map_or(0, |session| session.entries.len());
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
}
