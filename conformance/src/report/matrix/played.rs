//! One server's sessions, by conversation, retold.

use std::collections::{BTreeMap, BTreeSet};

use smtpspec_core::{
    check::{Account, RunVerdict, accounts},
    event::Hello,
    transcript::{ClientAct, SessionLog, Transcript, What},
};

use super::Seen;

/// A session with its account.
#[derive(Debug)]
pub(in crate::report) struct Session<'a> {
    pub(in crate::report) log: &'a SessionLog,
    pub(super) account: Account,
}

/// What one server did in each conversation.
#[derive(Debug)]
pub(in crate::report) struct Played<'a> {
    pub(super) hello: Option<&'a Hello>,
    /// By the conversation's name.
    pub(in crate::report) sessions: BTreeMap<&'a str, Session<'a>>,
    /// The rules broken in each conversation, in the catalogue's order.
    broken: BTreeMap<&'a str, Vec<&'static str>>,
}

impl<'a> Played<'a> {
    pub(super) fn new(seen: &'a Seen) -> Self {
        Self::of(&seen.transcript, &seen.verdict)
    }

    pub(in crate::report) fn of(transcript: &'a Transcript, verdict: &'a RunVerdict) -> Self {
        let mut played = Self::all(transcript);
        for finding in verdict.findings() {
            let rules = played.broken.entry(finding.case.as_str()).or_default();
            if !rules.contains(&finding.rule) {
                rules.push(finding.rule);
            }
        }
        played
    }

    /// Without a verdict.
    pub(super) fn all(transcript: &'a Transcript) -> Self {
        let accounts = accounts(transcript);
        let sessions = transcript.sessions.iter().zip(accounts);
        // A run that was cut off may hold sessions that never came to their end: they prove nothing.
        let over = |log: &SessionLog| {
            let mut entries = log.entries.iter();
            entries.any(|entry| matches!(entry.what, What::Settled | What::Died(_)))
        };
        let sessions = sessions.filter(|(log, _)| over(log));
        Self {
            hello: transcript.header.hello.as_ref(),
            sessions: sessions
                .map(|(log, account)| (log.open.case.as_str(), Session { log, account }))
                .collect(),
            broken: BTreeMap::new(),
        }
    }

    /// The rules that the server breaks in `case`.
    pub(in crate::report) fn broken(&self, case: &str) -> &[&'static str] {
        self.broken.get(case).map_or(&[], Vec::as_slice)
    }
}

/// The names of all conversations that at least one of `played` has.
pub(super) fn cases<'a>(played: &[Option<Played<'a>>]) -> BTreeSet<&'a str> {
    let sessions = played.iter().flatten().map(|played| &played.sessions);
    sessions
        .flat_map(|sessions| sessions.keys().copied())
        .collect()
}

impl Session<'_> {
    /// Whether the client went away while something that it had sent was not answered: then it is a matter of timing how
    /// much of that arrived.
    pub(super) fn was_broken_off(&self) -> bool {
        let ended = self.log.entries.iter().find_map(|entry| match entry.what {
            What::Client(ClientAct::Close | ClientAct::Reset) => Some(true),
            What::Server(_) => Some(false),
            _ => None,
        });
        ended == Some(true) && self.account.asked.iter().any(|asked| asked.reply.is_none())
    }
}
