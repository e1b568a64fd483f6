//! A byte string that survives JSON: any octet in, the same octet out.

use core::fmt::{self, Write};

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

/// Bytes as sent or received, kept without loss.
///
/// In JSON and when printed, UTF-8 text stands for itself, an octet that is not part of valid UTF-8 is
/// written `\xNN`, and a backslash is doubled. Control characters are left to JSON's own escapes.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Octets(pub Vec<u8>);

/// Text that is not an escaped byte string.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("at byte {at}: expected `\\\\` or `\\xNN` after a backslash")]
pub struct EscapeError {
    /// Offset of the backslash in the text.
    pub at: usize,
}

impl Octets {
    /// The escaped text form; [`Octets::from_escaped`] is its inverse.
    pub fn to_escaped(&self) -> String {
        escape(&self.0)
    }

    /// Reads the escaped text form.
    pub fn from_escaped(text: &str) -> Result<Self, EscapeError> {
        let mut out = Vec::with_capacity(text.len());
        let mut rest = text;
        while let Some(slash) = rest.find('\\') {
            out.extend_from_slice(&rest.as_bytes()[..slash]);
            let at = text.len() - rest.len() + slash;
            let after = &rest.as_bytes()[slash + 1..];
            let (octet, used) = match after {
                [b'\\', ..] => (b'\\', 2),
                [b'x', high, low, ..] => (hex_octet(*high, *low).ok_or(EscapeError { at })?, 4),
                _ => return Err(EscapeError { at }),
            };
            out.push(octet);
            rest = &rest[slash + used..];
        }
        out.extend_from_slice(rest.as_bytes());
        Ok(Self(out))
    }
}

/// Writes `bytes` as [`Octets`] does, without owning them.
pub fn escape(bytes: &[u8]) -> String {
    let mut out = String::with_capacity(bytes.len());
    for chunk in bytes.utf8_chunks() {
        for c in chunk.valid().chars() {
            if c == '\\' {
                out.push('\\');
            }
            out.push(c);
        }
        for octet in chunk.invalid() {
            // Writing into a string cannot fail.
            let _ = write!(out, "\\x{octet:02x}");
        }
    }
    out
}

fn hex_octet(high: u8, low: u8) -> Option<u8> {
    let digit = |b: u8| {
        char::from(b)
            .to_digit(16)
            .and_then(|d| u8::try_from(d).ok())
    };
    Some(digit(high)? * 16 + digit(low)?)
}

impl fmt::Debug for Octets {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "\"{}\"", self.0.escape_ascii())
    }
}

impl fmt::Display for Octets {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.to_escaped())
    }
}

impl From<&[u8]> for Octets {
    fn from(bytes: &[u8]) -> Self {
        Self(bytes.to_vec())
    }
}

impl From<&str> for Octets {
    fn from(text: &str) -> Self {
        Self(text.as_bytes().to_vec())
    }
}

impl From<Vec<u8>> for Octets {
    fn from(bytes: Vec<u8>) -> Self {
        Self(bytes)
    }
}

impl AsRef<[u8]> for Octets {
    fn as_ref(&self) -> &[u8] {
        &self.0
    }
}

impl Serialize for Octets {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.to_escaped())
    }
}

impl<'de> Deserialize<'de> for Octets {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        Self::from_escaped(&text).map_err(de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn any_octets_survive_escaping(bytes: Vec<u8>) {
            let octets = Octets(bytes);
            prop_assert_eq!(Octets::from_escaped(&octets.to_escaped()), Ok(octets.clone()));
            let json = serde_json::to_string(&octets).unwrap();
            prop_assert_eq!(serde_json::from_str::<Octets>(&json).unwrap(), octets);
        }

        #[test]
        fn reading_any_text_never_panics(text: String) {
            let _ = Octets::from_escaped(&text);
        }
    }

    #[test]
    fn a_lone_backslash_is_refused_with_its_place() {
        assert_eq!(Octets::from_escaped("ab\\q"), Err(EscapeError { at: 2 }));
        assert_eq!(Octets::from_escaped("\\x4"), Err(EscapeError { at: 0 }));
    }
}
