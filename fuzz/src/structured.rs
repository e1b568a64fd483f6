//! The generator, `Receiver` and `check`: whatever conversation the octets are, it can be written down, the checker
//! has nothing against what the reference server did, and the pieces make no difference to the events.
//!
//! The first octets choose a family and, perhaps, a goal; the others are the generator's random numbers. Where the last is
//! odd, the conversation is held in LMTP.

use std::sync::Arc;

use arbitrary::{Arbitrary, Unstructured};
use smtpspec_core::{
    check::check,
    conversation::{Conversation, Segmentation},
    generate::Drawn,
    memory::{play, transcript},
    wire::Protocol,
};

use super::receiver::events;

/// Longer conversations are not played octet by octet: it would show nothing that shorter ones do not.
const LONGEST: usize = 1024;

/// Panics if the conversation that `octets` are shows that the generator, the server or the checker is wrong.
pub fn structured(octets: &[u8]) {
    let Ok(Drawn { conversation, .. }) = Drawn::arbitrary(&mut Unstructured::new(octets)) else {
        return;
    };
    let lmtp = octets.last().is_some_and(|last| last % 2 == 1);
    let conversation = conversation.spoken_in(if lmtp { Protocol::Lmtp } else { Protocol::Smtp });
    let printed = conversation.print();
    let again = Conversation::parse(&printed);
    assert_eq!(again.as_ref(), Ok(&conversation));

    let session = play(1, "structured", &conversation, &Arc::default());
    // Of what comes in clear behind STARTTLS, the pieces decide what is dropped.
    if conversation.octets().len() <= LONGEST && !conversation.starts_tls() {
        let by_octet = conversation.segmented(Segmentation::PerByte);
        let in_pieces = play(1, "structured", &by_octet, &Arc::default());
        assert_eq!(events(&in_pieces), events(&session), "octet by octet");
    }
    let played = transcript(vec![session]);
    let verdict = check(&played);
    let findings: Vec<_> = verdict.findings().collect();
    let text = String::from_utf8_lossy(&printed);
    assert!(
        findings.is_empty(),
        "{findings:#?} in {played:#?} of\n{text}"
    );
}
