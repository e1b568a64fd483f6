//! `smtpspec replay`: one conversation and its events, in the order in which they happened.

use std::{fs, path::Path};

use smtpspec_core::{check::check, conversation::Conversation};

use super::{CliError, args::ReplayArgs};
use crate::{
    report::{RunReport, ladder, one_session},
    run::{Case, named},
};

pub(super) fn replay(args: &ReplayArgs) -> Result<u8, CliError> {
    let mut case = case(&args.file)?;
    let mut at = args.target.clone();
    at.lmtp |= case.conversation.protocol.is_lmtp();
    let conversation = case.conversation.behind(at.tls.mode());
    case.conversation = conversation.spoken_in(at.protocol());
    let title = case.conversation.title.clone();
    let target = super::run::target(&at)?;
    let playing = super::run::play(&target, vec![case.clone()], &at);
    let outcome = super::shared::runtime()?.block_on(playing)?;
    if let Some((name, why)) = outcome.skipped.first() {
        return Err(CliError::NotPlayable(format!("{name} {why}")));
    }
    let verdict = check(&outcome.transcript);
    let report = RunReport {
        transcript: &outcome.transcript,
        verdict: &verdict,
        skipped: &[],
        elapsed: None,
        minimal: &[],
        target_options: at.again(),
        strict: false,
        leaks: None,
        counted: None,
        expected: None,
    };
    if let Some(dir) = &args.out {
        super::out::write(dir, &report, &[case])?;
    }
    let mut out = anstream::stdout().lock();
    let hello = outcome.transcript.header.hello.as_ref();
    let clock = hello.is_some_and(|hello| hello.semantics.clock);
    for session in &outcome.transcript.sessions {
        let marked = verdict.findings().find_map(|finding| finding.entry);
        let written = one_session(&mut out, &title, &report)
            .and_then(|()| ladder(&mut out, session, clock, marked))
            .and_then(|()| crate::report::findings_of_one(&mut out, &report));
        super::shared::written(written)?;
    }
    match outcome.error {
        Some(error) => Err(error.into()),
        None => Ok(report.exit_code()),
    }
}

/// A file, else a conversation of a suite by its name.
fn case(file: &str) -> Result<Case, CliError> {
    let path = Path::new(file);
    if path.is_file() {
        let text = fs::read(path).map_err(|source| CliError::Read {
            path: path.into(),
            source,
        })?;
        let conversation = Conversation::parse(&text).map_err(|source| CliError::Conversation {
            path: path.into(),
            source,
        })?;
        return Ok(Case {
            name: file.to_owned(),
            conversation,
        });
    }
    named(file)?.ok_or_else(|| CliError::NoConversation(file.to_owned()))
}
