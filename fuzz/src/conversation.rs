//! `Conversation::parse`: errors point into the file, and what was read prints in a form that reads back equal,
//! also when it is cut short or segmented in another way.

use smtpspec_core::conversation::{Conversation, Ending, LARGEST_FILE, Segmentation};

/// What a conversation with repeats may send and still be looked at octet by octet.
const WRITTEN_DOWN: u64 = 1 << 18;

/// Panics if `text` as a `.smtp` file shows that the parser, the printer or a transformation is wrong.
pub fn conversation(text: &[u8]) {
    match Conversation::parse(text) {
        Err(error) => {
            let line = text.split(|octet| *octet == b'\n').nth(error.line - 1);
            let line = line.expect("an error in a line that is there");
            assert!((1..=line.len() + 1).contains(&error.column), "{error}");
        }
        Ok(conversation) => {
            reads_back(&conversation);
            if conversation.octet_count() <= WRITTEN_DOWN {
                holds_when_transformed(&conversation, text.len());
            } else {
                is_cut(&conversation, text.len());
            }
        }
    }
}

fn reads_back(conversation: &Conversation) {
    let printed = conversation.print();
    if printed.len() > LARGEST_FILE {
        return;
    }
    let again = Conversation::parse(&printed);
    assert_eq!(
        again.as_ref(),
        Ok(conversation),
        "{}",
        printed.escape_ascii()
    );
}

/// `number` picks the place of the cuts.
fn holds_when_transformed(conversation: &Conversation, number: usize) {
    let octets = conversation.octets();
    let at = number % (octets.len() + 1);
    for segmentation in [
        Segmentation::AsWritten,
        Segmentation::Whole,
        Segmentation::PerByte,
        Segmentation::CutAt(at),
    ] {
        let segmented = conversation.segmented(segmentation);
        assert_eq!(segmented.octets(), octets, "{segmentation:?}");
        reads_back(&segmented);
    }
    for ending in Ending::ALL {
        let cut = conversation.cut_at(at, ending);
        assert_eq!(cut.octets(), octets[..at], "{ending:?} at {at}");
        reads_back(&cut);
    }
}

/// A conversation that sends more than should be written down.
fn is_cut(conversation: &Conversation, number: usize) {
    let count = usize::try_from(conversation.octet_count()).expect("64 bits");
    // Spread over all of it.
    let at = number.wrapping_mul(0x9E37_79B9_7F4A_7C15) % (count + 1);
    let cut = conversation.cut_at(at, Ending::Close);
    assert_eq!(cut.octet_count(), at as u64, "at {at}");
    reads_back(&cut);
    let segmented = conversation.segmented(Segmentation::CutAt(at));
    assert_eq!(segmented.octet_count(), count as u64, "at {at}");
    reads_back(&segmented);
}
