//! Conversations with names, and those written by hand, built into the program: the documented suite, and the suite
//! `wire`, which asks a server for every clause of the RFCs.

use include_dir::{Dir, include_dir};
use smtpspec_core::conversation::{Conversation, ParseError};

static WRITTEN: Dir = include_dir!("$CARGO_MANIFEST_DIR/../corpus/conversations");

/// A conversation with its name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Case {
    /// Stable: the file's path in the suite without `.smtp`, such as `seed/as-meant`.
    pub name: String,
    /// What is played.
    pub conversation: Conversation,
}

/// A file of the suite that is no conversation.
#[derive(Debug, thiserror::Error)]
#[error("{path}: {source}")]
pub struct CaseError {
    /// The file.
    pub path: String,
    /// What is wrong with it.
    pub source: ParseError,
}

/// What the names of the suite `wire` begin with.
const WIRE: &str = "wire/";

/// The documented suite: the conversations under `corpus/conversations` but for those of [`wire`], sorted by name.
pub fn documented() -> Result<Vec<Case>, CaseError> {
    written(|name| !name.starts_with(WIRE))
}

/// The conversations under `corpus/conversations/wire`, sorted by name: one or more for each clause that is a rule. They
/// need nothing but an address.
pub fn wire() -> Result<Vec<Case>, CaseError> {
    written(|name| name.starts_with(WIRE))
}

fn written(takes: impl Fn(&str) -> bool) -> Result<Vec<Case>, CaseError> {
    let mut cases = Vec::new();
    collect(&WRITTEN, &mut cases)?;
    cases.retain(|case| takes(&case.name));
    cases.sort_by(|a, b| a.name.cmp(&b.name));
    Ok(cases)
}

fn collect(dir: &Dir, cases: &mut Vec<Case>) -> Result<(), CaseError> {
    for file in dir.files() {
        let path = file.path().to_string_lossy();
        let Some(name) = path.strip_suffix(".smtp") else {
            continue;
        };
        let parsed = Conversation::parse(file.contents());
        let conversation = parsed.map_err(|source| CaseError {
            path: path.to_string(),
            source,
        })?;
        cases.push(Case {
            name: name.to_owned(),
            conversation,
        });
    }
    dir.dirs().try_for_each(|dir| collect(dir, cases))
}
