//! What planted defects carry from one command or message to a later one. A sound server carries none of it.

use super::clause_defects::Memory;
use super::digest::Running;

/// Empty and unused unless a defect needs it.
#[derive(Debug, Default)]
pub(super) struct Carried {
    /// Recipients of a transaction whose DATA was refused, for `recipients-outlive-refused-data`.
    pub(super) recipients: usize,
    /// The messages so far, for `content-of-message-before`.
    pub(super) content: Running,
    /// The next line is dropped, for `line-behind-too-long-lost`.
    pub(super) drops_line: bool,
    /// OnDisconnect will fire twice, for `disconnect-twice-behind-partial-line`.
    pub(super) parts_twice: bool,
    /// For the defects of clauses.
    pub(super) clauses: Memory,
    /// Chunks of before the last RSET, for `rset-keeps-chunks`.
    pub(super) chunks: Option<Running>,
    /// The last message ended with a chunk, for `chunk-taken-behind-last`.
    pub(super) behind_last: bool,
}
