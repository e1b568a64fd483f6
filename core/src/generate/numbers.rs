//! Random numbers out of octets. A seed's octets, proptest's and a fuzzer's all become conversations this way: what
//! changes in the octets changes the conversation in one place. Behind the last octet every draw is the first of its
//! kind, so that any octets are a conversation.

use core::ops::RangeInclusive;

use arbitrary::Unstructured;

/// Octets to draw from.
pub(super) struct Numbers<'a>(Unstructured<'a>);

impl<'a> Numbers<'a> {
    pub(super) fn new(octets: &'a [u8]) -> Self {
        Self(Unstructured::new(octets))
    }

    pub(super) fn octet(&mut self) -> u8 {
        self.0.arbitrary().unwrap_or_default()
    }

    pub(super) fn within(&mut self, range: RangeInclusive<usize>) -> usize {
        let first = *range.start();
        self.0.int_in_range(range).unwrap_or(first)
    }

    /// So often of 256; not behind the last octet.
    pub(super) fn chance(&mut self, often: u8) -> bool {
        u16::from(self.octet()) + u16::from(often) >= 256
    }

    /// One of `choices`, of which there is at least one.
    pub(super) fn pick<T: Clone>(&mut self, choices: &[T]) -> T {
        choices[self.within(0..=choices.len() - 1)].clone()
    }

    /// One of `choices` by its weight; the weights make no more than 256.
    pub(super) fn weighted<T: Copy>(&mut self, choices: &[(u8, T)]) -> T {
        let total: usize = choices.iter().map(|(weight, _)| usize::from(*weight)).sum();
        let mut left = self.within(0..=total.saturating_sub(1));
        for (weight, choice) in choices {
            match left.checked_sub(usize::from(*weight)) {
                None => return *choice,
                Some(rest) => left = rest,
            }
        }
        choices[0].1
    }

    pub(super) fn place(&mut self) -> Place {
        Place(u16::from_le_bytes([self.octet(), self.octet()]))
    }

    /// So many of whatever `draw` gives.
    pub(super) fn some<T>(
        &mut self,
        many: RangeInclusive<usize>,
        mut draw: impl FnMut(&mut Self) -> T,
    ) -> Vec<T> {
        (0..self.within(many)).map(|_| draw(self)).collect()
    }
}

/// A place in something whose length is not known yet.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Place(u16);

impl Place {
    /// An index below `len`, which is not 0.
    pub(super) fn index(self, len: usize) -> usize {
        (usize::from(self.0) * len) >> 16
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn behind_the_last_octet_every_draw_is_the_first() {
        let mut none = Numbers::new(&[]);
        assert!(!none.chance(255));
        assert_eq!(
            (none.octet(), none.within(3..=9), none.pick(&[7, 8])),
            (0, 3, 7)
        );
        assert_eq!(none.weighted(&[(1, 'a'), (9, 'b')]), 'a');
        assert_eq!(none.some(0..=5, Numbers::octet), Vec::<u8>::new());
    }

    #[test]
    fn weights_are_kept() {
        let octets: Vec<u8> = (0..=u8::MAX).collect();
        let mut numbers = Numbers::new(&octets);
        let drawn: Vec<char> = (0..256)
            .map(|_| numbers.weighted(&[(3, 'a'), (1, 'b')]))
            .collect();
        assert_eq!(drawn.iter().filter(|drawn| **drawn == 'b').count(), 64);
        let mut numbers = Numbers::new(&octets);
        assert_eq!((0..256).filter(|_| numbers.chance(10)).count(), 10);
    }

    proptest! {
        #[test]
        fn a_place_is_inside(octets: [u8; 2], len in 1..100_000_usize) {
            prop_assert!(Numbers::new(&octets).place().index(len) < len);
        }
    }
}
