//! Octets in pieces: the octet 0xFF, which no UTF-8 text has, says in an input that a piece ends there.

/// Where an input is cut.
const CUT: u8 = 0xff;

/// An input without its marks, and where they stood.
pub(crate) struct Cut {
    pub(crate) whole: Vec<u8>,
    at: Vec<usize>,
}

impl Cut {
    pub(crate) fn read(input: &[u8]) -> Self {
        let mut cut = Self {
            whole: Vec::with_capacity(input.len()),
            at: Vec::new(),
        };
        for octet in input {
            match *octet {
                CUT => cut.at.push(cut.whole.len()),
                octet => cut.whole.push(octet),
            }
        }
        cut
    }

    /// As it says itself, in one piece, and octet by octet: the same octets each time.
    pub(crate) fn cuttings(&self) -> [Vec<&[u8]>; 3] {
        let mut as_marked = Vec::with_capacity(self.at.len() + 1);
        let mut from = 0;
        for at in self.at.iter().copied().chain([self.whole.len()]) {
            as_marked.push(&self.whole[from..at]);
            from = at;
        }
        let octets = self.whole.chunks(1).collect();
        [as_marked, vec![&self.whole], octets]
    }
}
