//! Conversations with names, and the documented suite: those written by hand, built into the program.

use include_dir::{Dir, include_dir};
use smtpspec_core::conversation::{Conversation, ParseError};

static DOCUMENTED: Dir = include_dir!("$CARGO_MANIFEST_DIR/../corpus/conversations");

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

/// The documented suite: the conversations under `corpus/conversations`, sorted by name.
pub fn documented() -> Result<Vec<Case>, CaseError> {
    let mut cases = Vec::new();
    collect(&DOCUMENTED, &mut cases)?;
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
