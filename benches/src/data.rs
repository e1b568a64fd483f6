//! Messages as they stand on the wire behind the 354.

use crate::random::Random;

/// The corpus' own prose, in lines.
const LETTER: &str = include_str!("../inputs/letter.txt");

const HEADER: &[u8] = b"From: a@example.org\r\nTo: b@example.org\r\nSubject: a long letter\r\n\r\n";

/// A header section, some `octets` of prose in lines of at most 72, of which one in fifty begins with a stuffed dot, and
/// the end of data.
pub fn data(octets: usize) -> Vec<u8> {
    let mut random = Random::new(3);
    let lines: Vec<&str> = LETTER.lines().collect();
    message(octets, |out| {
        if random.below(50) == 0 {
            out.extend_from_slice(b"..");
        }
        out.extend_from_slice(random.pick(&lines).as_bytes());
    })
}

/// The same with a stuffed dot and nothing else on each line.
pub fn dots(octets: usize) -> Vec<u8> {
    message(octets, |out| out.extend_from_slice(b".."))
}

/// The same with one octet on each line.
pub fn short_lines(octets: usize) -> Vec<u8> {
    message(octets, |out| out.push(b'a'))
}

fn message(octets: usize, mut line: impl FnMut(&mut Vec<u8>)) -> Vec<u8> {
    let mut out = HEADER.to_vec();
    while out.len() < octets {
        line(&mut out);
        out.extend_from_slice(b"\r\n");
    }
    out.extend_from_slice(b".\r\n");
    out
}
