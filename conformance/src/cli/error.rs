//! Why a command could not be done. Each reads as a sentence that names the file, line or option.

use std::{io, path::PathBuf};

use smtpspec_core::{
    conversation::ParseError,
    receiver::UnknownDefect,
    transcript::{EventLogError, TranscriptError},
};

use crate::{
    expect::ExpectError,
    observe::{EventsSpecError, OutletError, opensmtpd::FilterError},
    recall::TableError,
    run::{CaseError, RunError},
    target::TargetError,
};

/// Why a command could not be done (exit code 2).
#[derive(Debug, thiserror::Error)]
pub enum CliError {
    /// A glob is malformed.
    #[error("{option}: {source}")]
    Glob {
        /// The option.
        option: &'static str,
        /// What is wrong.
        source: globset::Error,
    },
    /// No rule has this id.
    #[error("no rule is called `{0}`: `smtpspec rules` lists them all")]
    UnknownRule(String),
    /// No defect has this name.
    #[error("--defect: {0}")]
    Defect(UnknownDefect),
    /// Defects can be planted in the embedded server only.
    #[error("--defect: only the embedded server has planted defects, not `{0}`")]
    DefectElsewhere(String),
    /// Only the embedded server can be reached without sockets.
    #[error(
        "--transport memory: only the embedded server can be reached without sockets, not `{0}`"
    )]
    MemoryElsewhere(String),
    /// What a server's processes hold shows only where it has some.
    #[error("--transport memory: the suite leaks looks at the server's process, and needs sockets")]
    LeaksInMemory,
    /// The file of expected findings cannot be used.
    #[error(transparent)]
    Expect(#[from] ExpectError),
    /// There is no file of expected findings.
    #[error("--expect: there is no {}: --update writes it from this run", .0.display())]
    NothingExpected(PathBuf),
    /// `--events` is malformed.
    #[error("--events: {0}")]
    Events(#[from] EventsSpecError),
    /// Nothing fits `--case`.
    #[error("--case: no conversation of the suite fits {}: names look like `seed/as-meant`", .0.join(", "))]
    NoCase(Vec<String>),
    /// The load test has no conversations that could be compared.
    #[error(
        "--suite: leaks is a load test: there is nothing in it to compare; use `smtpspec run --suite leaks --target NAME`"
    )]
    LeaksSideBySide,
    /// Of all servers of a matrix none could be started.
    #[error("no server could be started:{0}")]
    NoServer(String),
    /// Nothing fits `--rule`.
    #[error("--rule: no rule fits {}: `smtpspec rules` lists them all", .0.join(", "))]
    NoRule(Vec<String>),
    /// The table of bugs cannot be used.
    #[error(transparent)]
    Bugs(#[from] TableError),
    /// No bug of the table has such an id.
    #[error(
        "no bug fits `{0}`: their ids stand in the table (conformance/recall/recall.toml, or --table)"
    )]
    NoBug(String),
    /// All bugs were skipped.
    #[error("nothing could be looked for: conformance/recall/install.sh installs the servers")]
    NothingRecalled,
    /// A file cannot be read.
    #[error("cannot read {}: {source}", path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// A file cannot be written.
    #[error("--out: cannot write {}: {source}", path.display())]
    Write {
        /// The file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// A file is no transcript that this version reads.
    #[error("{}: {source}", path.display())]
    Transcript {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        source: TranscriptError,
    },
    /// A file is no event log.
    #[error("{}: {source}", path.display())]
    EventLog {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        source: EventLogError,
    },
    /// A file is no conversation.
    #[error("{}: {source}", path.display())]
    Conversation {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        source: ParseError,
    },
    /// Neither a file nor a conversation of the suite.
    #[error(
        "`{0}` is neither a file nor the name of a conversation (names look like `seed/as-meant` or `random/7/42`)"
    )]
    NoConversation(String),
    /// Nothing to play where conversations were looked for.
    #[error("no `.smtp` file in {}: name a directory that holds some, or a `.jsonl` transcript", paths(.0))]
    NoConversations(Vec<PathBuf>),
    /// A conversation of the suite is broken: a bug in smtpspec.
    #[error("the built-in suite: {0}")]
    Suite(#[from] CaseError),
    /// A conversation with handlers for a server that takes none.
    #[error("{0}")]
    NotPlayable(String),
    /// The embedded server cannot listen.
    #[error("--listen: cannot listen on {address}: {why}")]
    Listen {
        /// As given.
        address: String,
        /// Why.
        why: String,
    },
    /// `--listen` of `observe` names no address.
    #[error("--listen: `{0}` is no address: expected tcp:HOST:PORT or unix:PATH")]
    ListenSpec(String),
    /// A filter ended before its server.
    #[error(transparent)]
    Filter(#[from] FilterError),
    /// The events that are observed cannot be told.
    #[error("--events: {0}")]
    Outlet(#[from] OutletError),
    /// The server under test could not be had.
    #[error(transparent)]
    Target(#[from] TargetError),
    /// The run failed.
    #[error(transparent)]
    Run(#[from] RunError),
    /// The runtime could not be started.
    #[error("cannot start the I/O runtime: {0}")]
    Runtime(io::Error),
    /// A transcript beside other paths.
    #[error("{}: a transcript is counted by itself: name no other path beside it", .0.display())]
    TranscriptAmongOthers(PathBuf),
    /// The program's own file cannot be named.
    #[error("cannot find the file of this program, to start the embedded server with it: {0}")]
    OwnProgram(io::Error),
    /// The embedded server died, as it was told to.
    #[error("a planted defect has ended the server")]
    PlantedDeath,
    /// Standard output cannot be written.
    #[error("cannot write to standard output: {0}")]
    Output(io::Error),
}

fn paths(paths: &[PathBuf]) -> String {
    let shown = paths.iter().map(|path| path.display().to_string());
    shown.collect::<Vec<_>>().join(", ")
}
