//! Lines of content, so many times over: a large body in a few octets.
//!
//! A repeat can only stand for content, and so it can be summed up wherever it is read: none of its lines ends a
//! message or looks as if it did, and none is changed by dot-unstuffing, whatever was sent before it.

use serde::{Deserialize, Serialize};

use crate::octets::Octets;

/// The longest [`Repeat::lines`], in octets.
pub const LONGEST_LINES: usize = 64 << 10;

/// The most that a repeat may stand for, in octets.
pub const LARGEST_REPEAT: u64 = 1 << 30;

/// Lines, and how many times over.
///
/// The lines are whole (each ends with CRLF, and there is no other CR or LF), begin with an octet of text, hold no
/// NUL, and none begins with a dot; [`LONGEST_LINES`] and [`LARGEST_REPEAT`] bound them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "Unchecked")]
pub struct Repeat {
    lines: Octets,
    times: u64,
}

/// Why lines cannot be repeated.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum RepeatError {
    /// The lines are at fault.
    #[error("lines to repeat: expected {0}")]
    Lines(&'static str),
    /// The number is.
    #[error("times to repeat: expected {0}")]
    Times(&'static str),
}

impl RepeatError {
    /// What is wanted in its place.
    pub const fn expected(self) -> &'static str {
        match self {
            Self::Lines(expected) | Self::Times(expected) => expected,
        }
    }
}

impl Repeat {
    /// `lines`, `times` times over.
    pub fn new(lines: Vec<u8>, times: u64) -> Result<Self, RepeatError> {
        check_lines(&lines).map_err(RepeatError::Lines)?;
        let most = LARGEST_REPEAT / lines.len() as u64;
        match times {
            0 => Err(RepeatError::Times("a number from 1")),
            times if times > most => Err(RepeatError::Times("at most 1 GiB of repeated lines")),
            times => Ok(Self {
                lines: lines.into(),
                times,
            }),
        }
    }

    /// The same lines, `times` times over; `None` for 0 times or more times than these.
    pub fn fewer(&self, times: u64) -> Option<Self> {
        let lines = self.lines.clone();
        (1..=self.times)
            .contains(&times)
            .then_some(Self { lines, times })
    }

    /// What is repeated. Never empty.
    pub fn lines(&self) -> &[u8] {
        &self.lines.0
    }

    /// How many times it stands there; at least once.
    pub fn times(&self) -> u64 {
        self.times
    }

    /// How many octets it stands for.
    pub fn size(&self) -> u64 {
        self.times * self.lines.0.len() as u64
    }
}

fn check_lines(lines: &[u8]) -> Result<(), &'static str> {
    if lines.len() > LONGEST_LINES {
        return Err("lines of at most 64 KiB");
    }
    if matches!(lines, [] | [b'\r' | b'\n', ..]) {
        return Err("a first line that is not empty");
    }
    if lines.contains(&0) {
        return Err("lines without NUL");
    }
    let Some(inner) = lines.strip_suffix(b"\r\n") else {
        return Err("whole lines, each with its CRLF");
    };
    let mut rest = inner;
    loop {
        if rest.first() == Some(&b'.') {
            return Err("lines that do not begin with a dot");
        }
        let Some(end) = memchr::memchr2(b'\r', b'\n', rest) else {
            return Ok(());
        };
        rest = rest[end..]
            .strip_prefix(b"\r\n")
            .ok_or("CR and LF only as CRLF")?;
    }
}

#[derive(Deserialize)]
struct Unchecked {
    lines: Octets,
    times: u64,
}

impl TryFrom<Unchecked> for Repeat {
    type Error = RepeatError;

    fn try_from(Unchecked { lines, times }: Unchecked) -> Result<Self, RepeatError> {
        Self::new(lines.0, times)
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use crate::wire::{DataPart, DataStream};
    use proptest::{collection::vec, prelude::*, sample::select};

    /// Small ones, of lines that come near to what is refused.
    pub(crate) fn repeat() -> impl Strategy<Value = Repeat> {
        let sign = || {
            select(vec![
                "a", ".", "%", "\"", "\\", " ", "\u{e9}", "NOOP", "\r\n",
            ])
        };
        let lines = (select(vec!["x", "NOOP", " ", "-"]), vec(sign(), 0..8));
        (lines, 1..9_u64).prop_filter_map("a repeat", |((first, signs), times)| {
            Repeat::new(
                [first, &signs.concat(), "\r\n"].concat().into_bytes(),
                times,
            )
            .ok()
        })
    }

    #[test]
    fn only_whole_lines_of_content_can_be_repeated() {
        for lines in ["a\r\n", "a\r\n\r\n", " .\r\nb.\r\n", "\u{e9}\r\n"] {
            let repeat = Repeat::new(lines.into(), 3).unwrap();
            assert_eq!(repeat.size(), 3 * lines.len() as u64);
        }
        for lines in [
            "",
            "\r\n",
            "\n",
            "a",
            "a\r",
            "a\n",
            ".\r\n",
            "a\r\n.b\r\n",
            "a\r\r\n",
            "a\nb\r\n",
            "a\rb\r\n",
            "\r\na\r\n",
            "a\0\r\n",
        ] {
            let refused = Repeat::new(lines.into(), 1);
            assert!(matches!(refused, Err(RepeatError::Lines(_))), "{lines:?}");
        }
    }

    #[test]
    fn there_are_limits_to_lines_and_times() {
        let lines = |len: usize| [vec![b'a'; len - 2], b"\r\n".to_vec()].concat();
        assert!(Repeat::new(lines(LONGEST_LINES), 1).is_ok());
        assert!(Repeat::new(lines(LONGEST_LINES + 1), 1).is_err());
        assert!(Repeat::new(lines(1024), 1 << 20).is_ok());
        for times in [0, (1 << 20) + 1, u64::MAX] {
            let refused = Repeat::new(lines(1024), times);
            assert!(matches!(refused, Err(RepeatError::Times(_))), "{times}");
        }
    }

    #[test]
    fn a_file_cannot_say_what_cannot_be_repeated() {
        let read = |text| serde_json::from_str::<Repeat>(text).map_err(|e| e.to_string());
        let written = r#"{"lines":"a\r\n","times":2}"#;
        let repeat = Repeat::new(b"a\r\n".to_vec(), 2).unwrap();
        assert_eq!(serde_json::to_string(&repeat).unwrap(), written);
        assert_eq!(read(written), Ok(repeat));
        let error = read(r#"{"lines":".\r\n","times":2}"#).unwrap_err();
        assert!(error.contains("begin with a dot"), "{error}");
        assert!(read(r#"{"lines":"a\r\n","times":0}"#).is_err());
    }

    proptest! {
        /// What the module's first lines promise, and what summing it up rests on.
        #[test]
        fn repeated_lines_are_content_whatever_was_sent_before(
            before in "([a.\r\n]|\r\n){0,8}",
            repeat in repeat(),
        ) {
            let mut stream = DataStream::new();
            prop_assume!(stream.push(before.as_bytes(), |_| ()).is_none());
            let mut end = stream.push(repeat.lines(), |_| ());
            let mut again = Vec::new();
            for _ in 1..repeat.times() {
                end = end.or(stream.push(repeat.lines(), |part| match part {
                    DataPart::Content(octets) => again.extend_from_slice(octets),
                    other => panic!("{other:?}"),
                }));
            }
            prop_assert_eq!(end, None);
            prop_assert_eq!(again, repeat.lines().repeat(usize::try_from(repeat.times() - 1).unwrap()));
        }
    }
}
