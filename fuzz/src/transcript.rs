//! `Transcript::parse`: what was read is all that the lines say, it is written in a form that reads back equal, and a file
//! that was cut off behind its first line is incomplete, not broken.

use smtpspec_core::transcript::Transcript;

/// Panics if `text` as a saved transcript shows that the reader or the writer is wrong.
pub fn transcript(text: &[u8]) {
    let Ok(transcript) = Transcript::parse(text) else {
        return;
    };
    nothing_is_lost(text, &transcript);
    let mut written = Vec::new();
    let done = transcript.write_to(&mut written);
    done.expect("a Vec takes whatever is written to it");
    let again = Transcript::parse(&written);
    assert_eq!(again.as_ref(), Ok(&transcript));

    let header = written.split_inclusive(|octet| *octet == b'\n').next();
    let header = header.map_or(0, <[u8]>::len);
    // The text's length picks the place of the cut.
    let cut = header + text.len() % (written.len() - header + 1);
    let front = Transcript::parse(&written[..cut]).expect("a file that was cut off");
    assert!(front.sessions.len() <= transcript.sessions.len());
    assert!(
        !front.complete || cut + 1 >= written.len(),
        "complete, though cut off"
    );
}

/// Counts what the file has, line by line. A last line without its end may have been cut off.
fn nothing_is_lost(text: &[u8], transcript: &Transcript) {
    let (mut sessions, mut strays, mut entries, mut complete) = (0, 0, 0, false);
    let lines = text.split_inclusive(|octet| *octet == b'\n').skip(1);
    for line in lines.filter(|line| line.ends_with(b"\n") && !line.trim_ascii().is_empty()) {
        let value: serde_json::Value = serde_json::from_slice(line).expect("JSON");
        if value.get("open").is_some() {
            sessions += 1;
        } else if value.get("stray").is_some() {
            strays += 1;
        } else if let Some(end) = value.get("end") {
            complete = end == true;
        } else {
            entries += 1;
        }
    }
    let read: usize = transcript.sessions.iter().map(|s| s.entries.len()).sum();
    let found = [transcript.sessions.len(), transcript.strays.len(), read];
    if text.ends_with(b"\n") {
        assert_eq!(
            (found, transcript.complete),
            ([sessions, strays, entries], complete)
        );
    } else {
        let more = found.iter().sum::<usize>() - (sessions + strays + entries);
        assert!(more <= 1, "{found:?}: more than one line");
    }
}
