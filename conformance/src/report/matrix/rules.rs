//! Rules by servers.

use std::collections::BTreeSet;

use serde::{Serialize, Serializer};
use smtpspec_core::{
    check::{Finding, RuleVerdict, Verdict, is_clause, rules},
    transcript::{SessionLog, Transcript},
};

use super::{
    Column, Seen,
    text::{shown, shown_lines},
};
use crate::{
    report::{ladder, netcat},
    run::{Minimal, shortest},
};

/// Sessions with more entries than this are left to `smtpspec replay`.
const LONGEST_LADDER: usize = 60;

/// One rule at all servers.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct RuleRow {
    /// `SES-2`.
    pub id: &'static str,
    /// What must hold.
    pub title: &'static str,
    /// Section or document.
    pub source: &'static str,
    /// One paragraph.
    pub explanation: &'static str,
    /// One for each server; none where nothing was seen of it.
    pub cells: Vec<Option<Cell>>,
}

/// One rule at one server.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Cell {
    /// What can be said.
    #[serde(serialize_with = "hyphenated")]
    pub verdict: Verdict,
    /// Sessions in which the rule could have been broken.
    pub exercised: u64,
    /// Conversations in which it was broken.
    pub conversations: usize,
    /// The shortest of them.
    pub shortest: Option<Shown>,
}

/// A conversation that shows a finding.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Shown {
    /// Its name; empty where an event came from no connection that was made.
    pub case: String,
    /// What was expected and what was seen there.
    pub what: String,
    /// What happened, in order; of the smallest conversation where that was looked for. Absent where it is long.
    pub ladder: Option<String>,
    /// The smallest conversation that shows it, where it was looked for.
    pub smallest: Option<Smallest>,
}

impl Shown {
    /// The conversation and what was found in it.
    pub fn in_words(&self) -> String {
        match self.case.as_str() {
            "" => self.what.clone(),
            case => format!("{case}: {}", self.what),
        }
    }
}

/// The smallest conversation that shows a finding.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Smallest {
    /// What was found in it.
    pub what: String,
    /// In the form of a `.smtp` file.
    pub conversation: String,
    /// A line for a shell that sends it, where that is short.
    pub by_hand: Option<String>,
    /// How often the finding showed again, of how many playings.
    pub repeats: (usize, usize),
}

/// All rules, in the catalogue's order; of the clauses, of which there are more than anybody reads, only those that some
/// server breaks or is not strict about.
pub(super) fn rows(columns: &[Column]) -> Vec<RuleRow> {
    let cell = |column: &Column, id: &str| {
        let seen = column.seen.as_ref()?;
        let mut judged = seen.verdict.rules.iter();
        let judged = judged.find(|judged| judged.rule.id == id)?;
        Some(cell(seen, judged))
    };
    let rows = rules().map(|rule| RuleRow {
        id: rule.id,
        title: rule.title,
        source: rule.source,
        explanation: rule.explanation,
        cells: columns.iter().map(|column| cell(column, rule.id)).collect(),
    });
    let clauses: BTreeSet<&str> = rules().filter(|r| is_clause(r)).map(|r| r.id).collect();
    rows.filter(|row| row.has_findings() || !clauses.contains(row.id))
        .collect()
}

impl RuleRow {
    /// Whether some server breaks it or is not strict.
    pub fn has_findings(&self) -> bool {
        self.cells
            .iter()
            .flatten()
            .any(|cell| cell.conversations > 0)
    }
}

fn cell(seen: &Seen, judged: &RuleVerdict) -> Cell {
    let cases: BTreeSet<&str> = judged.findings.iter().map(|f| f.case.as_str()).collect();
    let minimal = seen.minimal.iter().find(|m| m.rule == judged.rule.id);
    let shortest = shortest(&seen.transcript, judged);
    // An event that belongs to no connection has no conversation.
    let stray = || {
        let finding = judged.findings.first()?;
        Some(Shown {
            case: String::new(),
            what: shown(&finding.what),
            ladder: None,
            smallest: None,
        })
    };
    Cell {
        verdict: judged.verdict,
        exercised: judged.exercised,
        conversations: cases.len(),
        shortest: shortest
            .map(|(finding, session)| in_session(seen, finding, session, minimal))
            .or_else(stray),
    }
}

fn in_session(
    seen: &Seen,
    finding: &Finding,
    session: &SessionLog,
    minimal: Option<&Minimal>,
) -> Shown {
    let transcript = &seen.transcript;
    let drawn = match minimal {
        Some(minimal) => drawn(transcript, &minimal.session, minimal.finding.entry),
        None => drawn(transcript, session, finding.entry),
    };
    Shown {
        case: finding.case.clone(),
        what: shown(&finding.what),
        ladder: drawn,
        smallest: minimal.map(smallest),
    }
}

fn smallest(minimal: &Minimal) -> Smallest {
    let print = minimal.conversation.print();
    Smallest {
        what: shown(&minimal.finding.what),
        conversation: shown_lines(&String::from_utf8_lossy(&print)),
        by_hand: netcat::by_hand(&minimal.conversation, minimal.session.open.server),
        repeats: minimal.repeats,
    }
}

/// The session as a ladder, without colours.
fn drawn(transcript: &Transcript, session: &SessionLog, entry: Option<usize>) -> Option<String> {
    if session.entries.len() > LONGEST_LADDER {
        return None;
    }
    let hello = transcript.header.hello.as_ref();
    let clock = hello.is_some_and(|hello| hello.semantics.clock);
    let mut out = anstream::StripStream::new(Vec::new());
    ladder(&mut out, session, clock, entry).ok()?;
    Some(shown_lines(&String::from_utf8_lossy(&out.into_inner())))
}

/// `not strict` as `not-strict`: easier to match in a script.
#[expect(
    clippy::trivially_copy_pass_by_ref,
    reason = "serde asks for this signature"
)]
fn hyphenated<S: Serializer>(verdict: &Verdict, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(&verdict.to_string().replace(' ', "-"))
}
