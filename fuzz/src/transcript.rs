//! `Transcript::parse`: what was read is written in a form that reads back equal, and a file that was cut off behind
//! its first line is incomplete, not broken.

use smtpspec_core::transcript::Transcript;

/// Panics if `text` as a saved transcript shows that the reader or the writer is wrong.
pub fn transcript(text: &[u8]) {
    let Ok(transcript) = Transcript::parse(text) else {
        return;
    };
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
