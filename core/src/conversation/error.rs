//! Why a text is not a conversation.

use crate::wire::SyntaxError;

/// Where a `.smtp` file goes wrong, and what should stand there.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("line {line}, column {column}: expected {expected}")]
pub struct ParseError {
    /// Line of the file, from 1.
    pub line: usize,
    /// Column in the line, from 1, in octets.
    pub column: usize,
    /// What the format wants there, in words.
    pub expected: &'static str,
}

impl ParseError {
    /// `error`, found in line `line`.
    pub(super) const fn in_line(line: usize, error: SyntaxError) -> Self {
        Self {
            line,
            column: error.at + 1,
            expected: error.expected,
        }
    }
}
