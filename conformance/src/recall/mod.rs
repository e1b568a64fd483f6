//! Historical recall: real bugs of old releases, each with the release that has it and one that has it no longer.
//!
//! A conformance suite is worth what it would have found. A table names the bugs; each counts as recalled when the
//! vulnerable version breaks the rule in the conversations named, and the fixed version does not.

mod judge;
mod run;
mod table;

pub use judge::{Half, Played, Row, Standing};
pub use run::{Recall, recall};
pub use table::{Bug, Table, TableError};
