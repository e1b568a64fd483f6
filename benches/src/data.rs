//! A message as it stands on the wire behind the 354.

use crate::random::Random;

/// How many octets of content, at least, [`data`] gives.
pub const DATA_OCTETS: usize = 16 << 20;

/// A header, lines of 40 to 76 octets of which one in fifty begins with a stuffed dot, and the end of data.
pub fn data() -> Vec<u8> {
    let mut random = Random::new(3);
    let mut out =
        b"From: a@example.org\r\nTo: b@example.org\r\nSubject: a long letter\r\n\r\n".to_vec();
    while out.len() < DATA_OCTETS {
        if random.below(50) == 0 {
            out.extend_from_slice(b"..");
        }
        for _ in 0..40 + random.below(37) {
            out.push(random.pick(ALPHABET));
        }
        out.extend_from_slice(b"\r\n");
    }
    out.extend_from_slice(b".\r\n");
    out
}

/// Letters and spaces about as often as in prose, with some dots and digits.
const ALPHABET: &[u8] = b"eeeeettttaaaooiinnsshrdlcumwfgypbvkxjqzETAOIN     ..,,;:0123456789";
