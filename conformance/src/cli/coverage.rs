//! `smtpspec coverage`: which pairs of a state and a stimulus a saved run, or a set of conversations, reaches.

use std::{
    fs,
    io::Write,
    path::{Path, PathBuf},
    sync::Arc,
};

use smtpspec_core::{
    conversation::{Conversation, TlsMode},
    coverage::Coverage,
    generate::Family,
    memory,
    transcript::Transcript,
};

use super::{
    CliError,
    args::{CoverageArgs, Format},
    shared::written,
};
use crate::{
    report::{coverage_json, coverage_table},
    run::{cuts, documented, generated},
};

/// Conversations played before their sessions are counted and dropped.
const AT_ONCE: usize = 256;

pub(super) fn coverage(args: &CoverageArgs) -> Result<u8, CliError> {
    let played_here = || Some(memory::hello());
    let (coverage, hello) = match &args.paths[..] {
        [] => (of_conversations(&suite(args)?), played_here()),
        [path] if is_transcript(path) => {
            let transcript = transcript(path)?;
            (Coverage::of(&transcript), transcript.header.hello)
        }
        paths => (of_conversations(&of_files(paths)?), played_here()),
    };
    let mut out = anstream::stdout().lock();
    written(match args.format {
        Format::Console => coverage_table(&mut out, &coverage, hello.as_ref()),
        Format::Json => out.write_all(coverage_json(&coverage, hello.as_ref()).as_bytes()),
    })?;
    Ok(0)
}

/// What `run --suite all` plays.
fn suite(args: &CoverageArgs) -> Result<Vec<Conversation>, CliError> {
    let mut cases = documented()?;
    cases.extend(cuts(TlsMode::None)?);
    for family in Family::ALL {
        cases.extend(generated(family, args.seed, args.cases));
    }
    Ok(cases.into_iter().map(|case| case.conversation).collect())
}

/// In memory, at the reference receiver.
fn of_conversations(conversations: &[Conversation]) -> Coverage {
    let config = Arc::default();
    let mut coverage = Coverage::default();
    for some in conversations.chunks(AT_ONCE) {
        let sessions = (1..)
            .zip(some)
            .map(|(conn, conversation)| memory::play(conn, "coverage", conversation, &config));
        coverage.add(&Coverage::of(&memory::transcript(sessions.collect())));
    }
    coverage
}

fn is_transcript(path: &Path) -> bool {
    path.extension().is_some_and(|end| end == "jsonl")
}

fn transcript(path: &Path) -> Result<Transcript, CliError> {
    Transcript::parse(&read(path)?).map_err(|source| CliError::Transcript {
        path: path.into(),
        source,
    })
}

/// The `.smtp` files named, and those in the directories named.
fn of_files(paths: &[PathBuf]) -> Result<Vec<Conversation>, CliError> {
    let mut files = Vec::new();
    for path in paths {
        if is_transcript(path) {
            return Err(CliError::TranscriptAmongOthers(path.clone()));
        }
        if path.is_dir() {
            collect(path, &mut files)?;
        } else {
            files.push(path.clone());
        }
    }
    if files.is_empty() {
        return Err(CliError::NoConversations(paths.to_vec()));
    }
    let parse = |path: &PathBuf| {
        Conversation::parse(&read(path)?).map_err(|source| CliError::Conversation {
            path: path.clone(),
            source,
        })
    };
    files.iter().map(parse).collect()
}

fn collect(folder: &Path, files: &mut Vec<PathBuf>) -> Result<(), CliError> {
    let fail = |source| CliError::Read {
        path: folder.into(),
        source,
    };
    for entry in fs::read_dir(folder).map_err(fail)? {
        let entry = entry.map_err(fail)?;
        let path = entry.path();
        // Not through a link: it could lead back here.
        if entry.file_type().map_err(fail)?.is_dir() {
            collect(&path, files)?;
        } else if path.extension().is_some_and(|end| end == "smtp") {
            files.push(path);
        }
    }
    files.sort();
    Ok(())
}

fn read(path: &Path) -> Result<Vec<u8>, CliError> {
    fs::read(path).map_err(|source| CliError::Read {
        path: path.into(),
        source,
    })
}
