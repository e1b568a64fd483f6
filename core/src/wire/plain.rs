//! Whether octets are all printable ASCII, eight at a time: nearly every line is, and then nothing else about its
//! octets has to be asked.

const HIGH_BITS: u64 = u64::from_ne_bytes([0x80; 8]);
const SPACES: u64 = u64::from_ne_bytes([b' '; 8]);
const ONES: u64 = u64::from_ne_bytes([1; 8]);

/// Whether every octet of `text` is in `%d32-126`.
pub(super) fn is_plain(text: &[u8]) -> bool {
    let (words, _) = text.as_chunks::<8>();
    let outside = words
        .iter()
        .fold(0, |outside, word| outside | outside_plain(*word));
    outside & HIGH_BITS == 0 && is_tail_plain(text)
}

/// Looks at the last eight octets, some of them for the second time, or at all of fewer.
fn is_tail_plain(text: &[u8]) -> bool {
    if let Some(word) = text.last_chunk::<8>() {
        return outside_plain(*word) & HIGH_BITS == 0;
    }
    if let (Some([a, b, c, d]), Some([e, f, g, h])) = (text.first_chunk(), text.last_chunk()) {
        return outside_plain([*a, *b, *c, *d, *e, *f, *g, *h]) & HIGH_BITS == 0;
    }
    text.iter().all(|octet| matches!(octet, b' '..=b'~'))
}

/// Some octet's high bit is set if some octet of `word` is outside of `%d32-126`: because it was set before, because
/// 1 more sets it (127), or because taking 32 away clears it again once it has been set.
const fn outside_plain(word: [u8; 8]) -> u64 {
    let word = u64::from_ne_bytes(word);
    word | word.wrapping_add(ONES) | !(word | HIGH_BITS).wrapping_sub(SPACES)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_octet_outside_is_found_at_every_place() {
        for length in 0..40 {
            let mut text = vec![b'~'; length];
            assert!(is_plain(&text));
            for at in 0..length {
                for octet in 0..=u8::MAX {
                    text[at] = octet;
                    assert_eq!(is_plain(&text), (b' '..=b'~').contains(&octet), "{text:?}");
                }
                text[at] = b' ';
            }
        }
    }
}
