//! Octets in pieces: the octet 0xFF, which no UTF-8 text has, says in an input that a piece ends there.

/// Where an input is cut.
const CUT: u8 = 0xff;

/// `input` as it says itself, in one piece, and octet by octet: the same octets each time.
pub(crate) fn cuttings(input: &[u8]) -> (Vec<u8>, [Vec<Vec<u8>>; 3]) {
    let as_marked: Vec<Vec<u8>> = input
        .split(|octet| *octet == CUT)
        .map(<[u8]>::to_vec)
        .collect();
    let whole = as_marked.concat();
    let octets = whole.iter().map(|octet| vec![*octet]).collect();
    (whole.clone(), [as_marked, vec![whole], octets])
}
