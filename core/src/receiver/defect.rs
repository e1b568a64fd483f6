//! Planted defects: what the checker must catch.

/// A planted defect.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Defect {}

impl Defect {
    /// All of them.
    pub const ALL: &'static [Self] = &[];
    /// As on the command line: `disconnect-lost`.
    pub fn name(self) -> &'static str {
        match self {}
    }
    /// The rule meant to catch it: `SES-2`.
    pub fn rule(self) -> &'static str {
        match self {}
    }
    /// One line.
    pub fn about(self) -> &'static str {
        match self {}
    }
}

/// The defects that are switched on.
#[derive(Debug, Clone, Default)]
pub struct Defects {}

impl Defects {
    /// Whether `defect` is on.
    pub fn has(&self, defect: Defect) -> bool {
        match defect {}
    }
}
