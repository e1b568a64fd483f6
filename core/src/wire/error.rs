//! Why a line is not a command.

/// What a parser expected, and where.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("at byte {at}: expected {expected}")]
pub struct SyntaxError {
    /// Offset in the line, from 0.
    pub at: usize,
    /// What the grammar wants there, in words.
    pub expected: &'static str,
}
