//! Grammar-aware damage of a command line: its tokens, one octet of it, its end.

use super::numbers::{Numbers, Place};

/// What is done to a command line.
#[derive(Debug, Clone)]
pub(super) enum Damage {
    /// A token is missing.
    Drop(Place),
    /// A token stands twice.
    Double(Place),
    /// Two tokens have changed places.
    Swap(Place, Place),
    /// A token is drawn out by so many octets.
    OverLong(Place, u16),
    /// An octet that should not be there.
    Insert(Place, u8),
    /// The case of all letters is turned.
    TurnCase,
    /// The line ends in something else than CRLF.
    End(&'static [u8]),
}

/// Control octets, 8-bit octets, and the grammar's own signs in the wrong place.
const INTRUDERS: &[u8] = b"\0\x01\x08\t\n\x0b\r\x1b \"%,:;<>@[\\]\x7f\x80\xa0\xc3\xff";

/// Longest lines first: 512 octets are allowed (RFC 5321, 4.5.3.1.4).
const LENGTHS: &[u16] = &[3000, 1100, 600, 520, 256, 65];

/// Ends of line that are none, or one too many.
const ENDS: &[&[u8]] = &[
    b"\n",
    b"\r",
    b"\r\r\n",
    b"\n\r\n",
    b" \r\n",
    b"\t\r\n",
    b"\0\r\n",
    b"\r\n\r\n",
];

/// The weight of each kind, in the order in which [`Damage`] lists them.
const WEIGHTS: [u8; 7] = [2, 1, 1, 1, 3, 1, 2];

impl Damage {
    /// Damage of a kind that a bit of `kinds` names; of any kind where they name none.
    pub(super) fn draw(kinds: u8, numbers: &mut Numbers<'_>) -> Self {
        let mask = if kinds.trailing_zeros() < 7 {
            kinds
        } else {
            u8::MAX
        };
        let chosen: Vec<(u8, usize)> = (0..)
            .zip(WEIGHTS)
            .filter(|(kind, _)| mask >> kind & 1 == 1)
            .map(|(kind, weight)| (weight, kind))
            .collect();
        match numbers.weighted(&chosen) {
            0 => Self::Drop(numbers.place()),
            1 => Self::Double(numbers.place()),
            2 => Self::Swap(numbers.place(), numbers.place()),
            3 => Self::OverLong(numbers.place(), numbers.pick(LENGTHS)),
            4 => Self::Insert(numbers.place(), numbers.pick(INTRUDERS)),
            5 => Self::TurnCase,
            _ => Self::End(numbers.pick(ENDS)),
        }
    }

    /// `line`, which ends in CRLF, damaged. Never empty.
    pub(super) fn apply(&self, line: &[u8]) -> Vec<u8> {
        let text = line.strip_suffix(b"\r\n").unwrap_or(line);
        let mut tokens = tokens(text);
        let mut end: &[u8] = b"\r\n";
        match self {
            // An empty line has no tokens.
            _ if tokens.is_empty() => {}
            Self::Drop(at) => {
                tokens.remove(at.index(tokens.len()));
            }
            Self::Double(at) => {
                let at = at.index(tokens.len());
                tokens.insert(at, tokens[at].clone());
            }
            Self::Swap(one, other) => {
                let len = tokens.len();
                tokens.swap(one.index(len), other.index(len));
            }
            Self::OverLong(at, by) => {
                let at = at.index(tokens.len());
                let token = &mut tokens[at];
                token.extend(core::iter::repeat_n(b'x', usize::from(*by)));
            }
            Self::Insert(at, octet) => {
                let mut octets = text.to_vec();
                octets.insert(at.index(text.len() + 1), *octet);
                tokens = vec![octets];
            }
            Self::TurnCase => tokens
                .iter_mut()
                .flatten()
                .for_each(|octet| *octet ^= turned(*octet)),
            Self::End(other) => end = other,
        }
        [&tokens.concat(), end].concat()
    }
}

/// The bit that makes a letter small or capital, if `octet` is one.
fn turned(octet: u8) -> u8 {
    u8::from(octet.is_ascii_alphabetic()) << 5
}

/// Words and signs: every octet that is neither letter, digit, `-` nor `.` is a token of its own.
fn tokens(text: &[u8]) -> Vec<Vec<u8>> {
    let in_word = |octet: &u8| octet.is_ascii_alphanumeric() || matches!(octet, b'-' | b'.');
    text.chunk_by(|a, b| in_word(a) && in_word(b))
        .map(<[u8]>::to_vec)
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::{collection::vec, prelude::*};

    fn damage() -> impl Strategy<Value = Damage> {
        (any::<u8>(), vec(any::<u8>(), 8))
            .prop_map(|(kinds, octets)| Damage::draw(kinds, &mut Numbers::new(&octets)))
    }

    #[test]
    fn a_line_is_cut_into_words_and_signs() {
        let words: Vec<String> = tokens(b"MAIL FROM:<a-1@b.c>")
            .into_iter()
            .map(|token| String::from_utf8(token).unwrap())
            .collect();
        assert_eq!(
            words,
            ["MAIL", " ", "FROM", ":", "<", "a-1", "@", "b.c", ">"]
        );
    }

    proptest! {
        #[test]
        fn damage_leaves_something_to_send(damage in damage(), line in "[ -~]{0,20}\r\n") {
            let damaged = damage.apply(line.as_bytes());
            prop_assert!(!damaged.is_empty());
        }

        #[test]
        fn damage_makes_at_most_one_line_more(damage in damage(), line in "[ -~]{0,20}\r\n") {
            let damaged = damage.apply(line.as_bytes());
            prop_assert!(memchr::memmem::find_iter(&damaged, b"\r\n").count() <= 2);
        }
    }
}
