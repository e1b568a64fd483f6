//! What planted defects carry from one command or message to a later one. A sound server carries none of it.

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
    /// A command of the batch has been handled, for the defects of clauses about groups.
    pub(super) in_batch: bool,
    /// A message ended in the batch, and no command has been handled since.
    pub(super) behind_message: bool,
    /// The open transaction's MAIL had SIZE, for `declared-message-too-large`.
    pub(super) declared: bool,
}

impl Carried {
    /// The client's next octets have come.
    pub(super) const fn begin_batch(&mut self) {
        self.in_batch = false;
        self.behind_message = false;
    }
}
