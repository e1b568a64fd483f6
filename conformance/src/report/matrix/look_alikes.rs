//! What each server takes a look-alike end of data for. Behind each stands an envelope: a server that ends the message
//! there takes it for commands, and one message becomes two (SMTP smuggling).

use std::collections::BTreeMap;

use serde::Serialize;
use smtpspec_core::{event::EventKind, transcript::What};

use super::played::{Played, Session, cases};
use crate::run::{LOOK_ALIKES, look_alikes};

/// One look-alike at all servers.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct LookAlikeRow {
    /// The conversation that asks about it.
    pub case: String,
    /// What it is.
    pub title: String,
    /// One for each server; none where the conversation was not played.
    pub cells: Vec<Option<Fate>>,
}

/// What became of a look-alike.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Fate {
    /// It is content, as it must be.
    Content,
    /// It is content, but was handed on as other octets: where they go next they may be an end of data.
    Altered,
    /// It ended the message; what followed was taken for commands.
    Ends,
    /// The message was refused as a whole.
    Refused,
    /// The server closed the connection.
    Closes,
    /// The server's process ended.
    Dies,
    /// No reply to the message came.
    Silent,
    /// DATA was not accepted.
    NotReached,
}

impl LookAlikeRow {
    /// Whether it is content wherever it was sent.
    pub fn is_content(&self) -> bool {
        self.cells
            .iter()
            .flatten()
            .all(|fate| *fate == Fate::Content)
    }
}

impl Fate {
    /// All, as legends list them.
    pub const ALL: [Self; 8] = [
        Self::Content,
        Self::Altered,
        Self::Ends,
        Self::Refused,
        Self::Closes,
        Self::Dies,
        Self::Silent,
        Self::NotReached,
    ];

    /// What a reader of the table must know besides.
    pub const CAVEAT: &'static str =
        "What begins with CRLF cannot come through a sender that stuffs dots.";

    /// As tables write it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Content => "content",
            Self::Altered => "altered",
            Self::Ends => "ENDS",
            Self::Refused => "refused",
            Self::Closes => "closes",
            Self::Dies => "DIES",
            Self::Silent => "silent",
            Self::NotReached => "no DATA",
        }
    }

    /// As a legend explains it.
    pub const fn about(self) -> &'static str {
        match self {
            Self::Content => "it is content, as it must be",
            Self::Altered => "it is content, but was handed on as other octets",
            Self::Ends => "it ended the message; what followed was taken for commands",
            Self::Refused => "the message was refused as a whole",
            Self::Closes => "the server closed the connection",
            Self::Dies => "the server's process ended",
            Self::Silent => "no reply to the message came",
            Self::NotReached => "DATA was not accepted",
        }
    }
}

/// A row for each conversation that asks about a look-alike.
pub(super) fn rows(played: &[Option<Played<'_>>]) -> Vec<LookAlikeRow> {
    let titles = titles();
    let cases = cases(played)
        .into_iter()
        .filter(|case| case.starts_with(LOOK_ALIKES));
    let cell = |played: &Option<Played<'_>>, case: &str| {
        let played = played.as_ref()?;
        Some(fate(played.sessions.get(case)?, played.broken(case)))
    };
    let rows = cases.map(|case| LookAlikeRow {
        case: case.to_owned(),
        title: titles.get(case).cloned().unwrap_or_else(|| case.to_owned()),
        cells: played.iter().map(|played| cell(played, case)).collect(),
    });
    rows.collect()
}

fn titles() -> BTreeMap<String, String> {
    // The built-in suite: that it can be read is tested.
    let cases = look_alikes().unwrap_or_default();
    let title = |title: String| title.replace(" inside a message", "");
    let named = cases
        .into_iter()
        .map(|case| (case.name, title(case.conversation.title)));
    named.collect()
}

/// The conversations end alike: 354, one message, its reply, QUIT and its 221.
pub(in crate::report) fn fate(session: &Session<'_>, broken: &[&str]) -> Fate {
    let codes = &session.account.replies;
    let Some(data) = codes.iter().position(|code| *code == Some(354)) else {
        return Fate::NotReached;
    };
    let second = |kind| {
        session
            .account
            .fired
            .iter()
            .filter(|fired| fired.kind == kind)
            .count()
            > 1
    };
    let rest = &codes[data + 1..];
    let closed = || {
        session
            .log
            .entries
            .iter()
            .any(|entry| matches!(entry.what, What::Server(_)))
    };
    let died = || {
        let mut entries = session.log.entries.iter();
        entries.any(|entry| matches!(entry.what, What::Died(_)))
    };
    let kept = if broken.contains(&"CON-3") {
        Fate::Altered
    } else {
        Fate::Content
    };
    // One to the message, and behind it the 221 to QUIT; a QUIT that was pipelined may be refused for that. A 421 may
    // come at any time.
    let answers = rest.iter().filter(|code| **code != Some(421)).count();
    let pipelined = session.log.open.case.ends_with("/pipelined");
    let odd = rest
        .get(1)
        .is_some_and(|code| !matches!(code, Some(221 | 421)));
    match rest.first() {
        _ if died() => Fate::Dies,
        _ if broken.contains(&"CON-2") || second(EventKind::OnMailCommand) => Fate::Ends,
        // Something was answered that is neither.
        _ if answers > 2 || (odd && !pipelined) || rest.contains(&Some(354)) => Fate::Ends,
        Some(Some(200..=299)) => kept,
        Some(Some(421)) => Fate::Closes,
        Some(Some(400..=599)) if answers == 1 && closed() => Fate::Closes,
        Some(Some(400..=599)) => Fate::Refused,
        Some(_) => Fate::Ends,
        None if closed() => Fate::Closes,
        None => Fate::Silent,
    }
}
