//! Running digests of a message: of the whole content, and of its header section without the blank line.

use sha2::{Digest, Sha256};

use crate::event::MessageDigest;

/// Size and hash so far.
#[derive(Debug, Clone, Default)]
pub(super) struct Running {
    hash: Sha256,
    size: u64,
}

impl Running {
    pub(super) fn push(&mut self, octets: &[u8]) {
        self.hash.update(octets);
        self.size = self.size.saturating_add(octets.len() as u64);
    }

    pub(super) fn size(&self) -> u64 {
        self.size
    }

    pub(super) fn finish(self) -> MessageDigest {
        MessageDigest::finish(self.size, self.hash)
    }
}

/// As many octets show whether a section ends with a blank line.
const TAIL: usize = 4;

/// A digest that runs behind by a few octets, so that the blank line can still be left out.
#[derive(Debug, Clone, Default)]
pub(super) struct HeaderSection {
    digest: Running,
    tail: Vec<u8>,
}

impl HeaderSection {
    pub(super) fn push(&mut self, octets: &[u8]) {
        let passed = (self.tail.len() + octets.len()).saturating_sub(TAIL);
        let from_tail = passed.min(self.tail.len());
        self.digest.push(&self.tail[..from_tail]);
        self.tail.drain(..from_tail);
        let (passed, kept) = octets.split_at(passed - from_tail);
        self.digest.push(passed);
        self.tail.extend_from_slice(kept);
    }

    /// The digest without the blank line, and whether there was one.
    pub(super) fn finish(mut self) -> (MessageDigest, bool) {
        let is_blank_only = self.digest.size() == 0 && self.tail == b"\r\n";
        let has_blank_line = is_blank_only || self.tail == b"\r\n\r\n";
        let kept = self.tail.len() - if has_blank_line { 2 } else { 0 };
        self.digest.push(&self.tail[..kept]);
        (self.digest.finish(), has_blank_line)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn the_blank_line_is_left_out_however_the_octets_are_cut(
            octets in "([a\r\n]|\r\n){0,12}",
            size in 1_usize..9,
        ) {
            let octets = octets.as_bytes();
            let mut section = HeaderSection::default();
            octets.chunks(size).for_each(|piece| section.push(piece));
            let blank = octets.ends_with(b"\r\n\r\n") || octets == b"\r\n";
            let kept = &octets[..octets.len() - if blank { 2 } else { 0 }];
            prop_assert_eq!(section.finish(), (MessageDigest::of(kept), blank));
        }
    }
}
