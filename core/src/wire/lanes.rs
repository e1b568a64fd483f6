//! Sixteen octets at a time: which of them are in a class, as one bit each. What a loop would ask of each octet, and guess
//! wrong at the end of each word, is then arithmetic.

use wide::u8x16;

/// Sixteen octets, or sixteen answers: all bits of an octet set for yes, none for no.
#[derive(Debug, Clone, Copy)]
pub(super) struct Lanes(u8x16);

impl Lanes {
    /// These octets.
    #[inline]
    pub(super) fn load(octets: [u8; 16]) -> Self {
        Self(u8x16::new(octets))
    }

    /// Which are `octet`.
    #[inline]
    pub(super) fn is(self, octet: u8) -> Self {
        Self(self.0.simd_eq(u8x16::splat(octet)))
    }

    /// Which are `first`, `last` or between them. What is below `first` comes out above `last` when both are moved down.
    #[inline]
    pub(super) fn within(self, first: u8, last: u8) -> Self {
        let moved = self.0 - u8x16::splat(first);
        Self(moved.simd_eq(moved.min(u8x16::splat(last - first))))
    }

    /// Each with the bit set that small letters have and capitals do not.
    #[inline]
    pub(super) fn lower(self) -> Self {
        Self(self.0 | u8x16::splat(0x20))
    }

    /// Which are in either.
    #[inline]
    pub(super) fn or(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    /// A bit for each answer, the first octet's lowest.
    #[inline]
    pub(super) fn bits(self) -> u64 {
        u64::from(self.0.to_bitmask())
    }
}

/// The octets that [`octets_in`] can look at.
pub(super) const MOST: usize = 64;

/// Which octets of `text` are in each of the classes that `classify` tells: bit 0 for the first octet. No bit is set
/// for octets behind the end, nor for those behind the [`MOST`] first.
#[inline]
pub(super) fn octets_in<const CLASSES: usize>(
    text: &[u8],
    classify: impl Fn(Lanes) -> [Lanes; CLASSES],
) -> [u64; CLASSES] {
    let bits = |word: [u8; 16]| classify(Lanes::load(word)).map(Lanes::bits);
    let text = text.get(..MOST).unwrap_or(text);
    let len = text.len();
    // Words that overlap say the same of an octet that both have.
    if let (Some([first, second]), Some([third, fourth])) = (chunks(text), last_chunks(text)) {
        let front = join(bits(first), bits(second), 16);
        let back = join(bits(third), bits(fourth), 16);
        return join(front, back, len - 32);
    }
    if let (Some(first), Some(last)) = (text.first_chunk(), text.last_chunk()) {
        return join(bits(*first), bits(*last), len - 16);
    }
    let both = bits(short(text));
    if len < 8 {
        return both.map(|bits| bits & ((1 << len) - 1));
    }
    join(
        both.map(|bits| bits & 0xff),
        both.map(|bits| bits >> 8),
        len - 8,
    )
}

/// Where the first `octet` is: like `memchr`, but quicker where it is near, and that is where lines and words end.
#[inline]
pub(super) fn find_near(octet: u8, text: &[u8]) -> Option<usize> {
    let [found] = octets_in(text, |octets| [octets.is(octet)]);
    if found != 0 {
        return Some(found.trailing_zeros() as usize);
    }
    let behind = text.get(MOST..)?;
    Some(MOST + memchr::memchr(octet, behind)?)
}

/// The first 32 octets.
#[inline]
fn chunks(text: &[u8]) -> Option<[[u8; 16]; 2]> {
    text.as_chunks().0.first_chunk().copied()
}

/// The last 32 octets.
#[inline]
fn last_chunks(text: &[u8]) -> Option<[[u8; 16]; 2]> {
    text.as_rchunks().1.last_chunk().copied()
}

/// Fewer than sixteen octets: the first eight and the last eight if there are eight, and else all of them and zeros.
#[inline]
fn short(text: &[u8]) -> [u8; 16] {
    let (first, last) = match (text.first_chunk::<8>(), text.last_chunk::<8>()) {
        (Some(first), Some(last)) => (u64::from_le_bytes(*first), u64::from_le_bytes(*last)),
        _ => (few(text), 0),
    };
    (u128::from(first) | u128::from(last) << 64).to_le_bytes()
}

/// Fewer than eight octets, and zeros.
#[inline]
fn few(text: &[u8]) -> u64 {
    if let (Some(first), Some(last)) = (text.first_chunk::<4>(), text.last_chunk::<4>()) {
        let (first, last) = (u32::from_le_bytes(*first), u32::from_le_bytes(*last));
        return u64::from(first) | u64::from(last) << (8 * (text.len() - 4));
    }
    text.iter()
        .rev()
        .fold(0, |word, octet| word << 8 | u64::from(*octet))
}

#[inline]
fn join<const CLASSES: usize>(
    first: [u64; CLASSES],
    last: [u64; CLASSES],
    offset: usize,
) -> [u64; CLASSES] {
    let mut both = first;
    for (bits, last) in both.iter_mut().zip(last) {
        *bits |= last << offset;
    }
    both
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn classify(lanes: Lanes) -> [Lanes; 4] {
        [
            lanes.is(b'a'),
            lanes.within(b'0', b'9'),
            lanes.within(0x80, 0xff).or(lanes.lower().is(b'z')),
            lanes.within(b'a', b'~'),
        ]
    }

    /// The same, one octet at a time.
    fn obvious(text: &[u8]) -> [u64; 4] {
        let classes: [fn(u8) -> bool; 4] = [
            |octet| octet == b'a',
            |octet| octet.is_ascii_digit(),
            |octet| octet >= 0x80 || octet | 0x20 == b'z',
            |octet| (b'a'..=b'~').contains(&octet),
        ];
        classes.map(|is_in| {
            let octets = text.iter().take(MOST).enumerate();
            octets.fold(0, |bits, (at, octet)| bits | u64::from(is_in(*octet)) << at)
        })
    }

    proptest! {
        #[test]
        fn each_octet_has_its_bit(text in prop::collection::vec(any::<u8>(), 0..80)) {
            prop_assert_eq!(octets_in(&text, classify), obvious(&text));
        }
    }

    #[test]
    fn an_octet_is_found_at_every_place() {
        for len in 0..200 {
            assert_eq!(find_near(b'x', &vec![b'-'; len]), None);
            for at in 0..len {
                let mut text = vec![b'-'; len];
                text[at..].fill(b'x');
                assert_eq!(find_near(b'x', &text), Some(at));
            }
        }
    }

    #[test]
    fn every_octet_is_told_from_its_neighbours() {
        for octet in 0..=u8::MAX {
            for bound in 0..=u8::MAX {
                let lanes = Lanes::load([octet; 16]);
                assert_eq!(lanes.is(bound).bits() == 0xffff, octet == bound);
                assert_eq!(
                    lanes.within(bound, bound | 7).bits() == 0xffff,
                    (bound..=bound | 7).contains(&octet)
                );
            }
        }
    }
}
