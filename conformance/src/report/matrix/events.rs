//! Where a server's events are not those of the reference server: kinds and order, as far as the server shows them.
//! What they carry is the rules' business (CON).

use std::collections::{BTreeMap, btree_map::Entry};

use serde::Serialize;
use smtpspec_core::{
    check::{Account, Fired},
    event::{EventKind, Hello},
};

use super::{
    diff::{Step, diff},
    played::{Played, Session, cases},
};

/// What ends the name of a difference.
const MISSING: &str = " missing";
const EXTRA: &str = " extra";

/// More rules than this behind one difference are counted, not named.
const MOST_RULES: usize = 3;

/// Where events differ.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Events {
    /// Conversations that were compared.
    pub compared: usize,
    /// Those in which every server shows what the reference server shows.
    pub agree: usize,
    /// Each difference, the most frequent first.
    pub differences: Vec<Difference>,
    /// Each conversation in which a server differs.
    pub conversations: Vec<EventRow>,
}

/// A way to differ.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Difference {
    /// `OnMailCommand -> 503 extra`.
    pub what: String,
    /// The servers that differ so, the most frequent first.
    pub servers: Vec<DifferenceAt>,
}

/// A way to differ, at one server.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct DifferenceAt {
    /// The server.
    pub server: String,
    /// Conversations.
    pub conversations: usize,
    /// Why, with the number of conversations for which that is so.
    pub reasons: BTreeMap<Reason, usize>,
    /// The shortest conversation, one that breaks a rule if there is one.
    pub example: String,
}

/// What is behind a difference.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(into = "String")]
pub enum Reason {
    /// The server breaks this rule in that conversation.
    Breaks(&'static str),
    /// It decided otherwise: its replies are not the reference server's.
    Replies,
    /// Its adapter says that its events come so.
    Declared,
    /// The client broke the line off: how much arrived is a matter of timing.
    BrokenOff,
    /// None of these: the model leaves the choice.
    Allowed,
}

impl From<Reason> for String {
    fn from(reason: Reason) -> Self {
        reason.to_string()
    }
}

impl std::fmt::Display for Reason {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Breaks(rule) => return write!(f, "breaks {rule}"),
            Self::Replies => "other replies",
            Self::Declared => "declared",
            Self::BrokenOff => "line broken off",
            Self::Allowed => "allowed",
        })
    }
}

impl DifferenceAt {
    /// `breaks ORD-6 (19), CON-2 (2) and 3 more; other replies (5)`: the rules that are broken most, then all else.
    pub fn reasons_in_words(&self) -> String {
        let numbered = |what: &dyn std::fmt::Display, number: usize| {
            let always = self.reasons.len() == 1 && number == self.conversations;
            if always {
                what.to_string()
            } else {
                format!("{what} ({number})")
            }
        };
        let (mut rules, mut others) = (Vec::new(), Vec::new());
        for (reason, number) in &self.reasons {
            match reason {
                Reason::Breaks(rule) => rules.push((*rule, *number)),
                other => others.push(numbered(other, *number)),
            }
        }
        if !rules.is_empty() {
            rules.sort_by_key(|(_, number)| std::cmp::Reverse(*number));
            let shown = rules.iter().take(MOST_RULES);
            let shown: Vec<String> = shown
                .map(|(rule, number)| numbered(rule, *number))
                .collect();
            let more = match rules.len().saturating_sub(MOST_RULES) {
                0 => String::new(),
                more => format!(" and {more} more"),
            };
            others.insert(0, format!("breaks {}{more}", shown.join(", ")));
        }
        others.join("; ")
    }
}

/// One conversation.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct EventRow {
    /// Its name.
    pub case: String,
    /// What the reference server shows.
    pub reference: String,
    /// The servers that show the same.
    pub agree: Vec<String>,
    /// The others, those that differ alike together.
    pub differ: Vec<Differing>,
}

/// Servers that differ alike in one conversation.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Differing {
    /// Their names.
    pub servers: Vec<String>,
    /// How.
    pub how: Vec<String>,
    /// What is behind it.
    pub reasons: Vec<Reason>,
}

/// Compares the events of each server with those of the reference server.
pub(super) fn compare(
    names: &[String],
    reference: &Played<'_>,
    played: &[Option<Played<'_>>],
) -> Events {
    let mut events = Events {
        compared: 0,
        agree: 0,
        differences: Vec::new(),
        conversations: Vec::new(),
    };
    let mut tally = Tally::default();
    for case in cases(played) {
        let Some(expected) = reference.sessions.get(case) else {
            continue;
        };
        let row = row(names, case, expected, played, &mut tally);
        events.compared += usize::from(!(row.agree.is_empty() && row.differ.is_empty()));
        if row.differ.is_empty() {
            events.agree += usize::from(!row.agree.is_empty());
        } else {
            events.conversations.push(row);
        }
    }
    events.differences = tally.finish(names);
    events
}

fn row(
    names: &[String],
    case: &str,
    expected: &Session<'_>,
    played: &[Option<Played<'_>>],
    tally: &mut Tally,
) -> EventRow {
    let mut row = EventRow {
        case: case.to_owned(),
        reference: in_words(&expected.account.fired),
        agree: Vec::new(),
        differ: Vec::new(),
    };
    for (server, played) in played.iter().enumerate() {
        let Some(played) = played else { continue };
        let (Some(session), Some(hello)) = (played.sessions.get(case), played.hello) else {
            continue;
        };
        let how = differences(&expected.account, &session.account, hello);
        let reasons = reasons(played.broken(case), expected, session, hello, &how);
        // As far as it got, it is the same; how far that was is another matter each time.
        let cut_short =
            || reasons == [Reason::BrokenOff] && how.iter().all(|one| one.ends_with(MISSING));
        if how.is_empty() || cut_short() {
            row.agree.push(names[server].clone());
            continue;
        }
        for one in &how {
            tally.note(one, server, case, &reasons, session.account.asked.len());
        }
        let alike = |other: &&mut Differing| other.how == how && other.reasons == reasons;
        match row.differ.iter_mut().find(alike) {
            Some(other) => other.servers.push(names[server].clone()),
            None => row.differ.push(Differing {
                servers: vec![names[server].clone()],
                how,
                reasons,
            }),
        }
    }
    row
}

fn in_words(fired: &[Fired]) -> String {
    let mut words: Vec<(String, usize)> = Vec::new();
    for event in fired {
        let word = event.reason.map_or_else(
            || event.kind.name().to_owned(),
            |reason| format!("{}({reason:?})", event.kind),
        );
        match words.last_mut() {
            Some((last, times)) if *last == word => *times += 1,
            _ => words.push((word, 1)),
        }
    }
    let words = words.into_iter().map(|(word, times)| match times {
        1 => word,
        _ => format!("{word} x{times}"),
    });
    words.collect::<Vec<_>>().join(", ")
}

/// How `seen` differs from `expected`, as far as `hello` can see: each way once.
fn differences(expected: &Account, seen: &Account, hello: &Hello) -> Vec<String> {
    let (want, got) = (visible(expected, hello), visible(seen, hello));
    let mut how: Vec<String> = Vec::new();
    let (mut missing, mut extra) = (Vec::new(), Vec::new());
    for step in diff(&kinds(&want), &kinds(&got)) {
        match step {
            Step::Missing(index) => missing.push(&want[index]),
            Step::Extra(index) => extra.push(&got[index]),
        }
    }
    // What is missing here and extra there has only moved.
    missing.retain(|event| {
        let moved = extra.iter().position(|other| other.kind == event.kind);
        if let Some(index) = moved {
            extra.remove(index);
            how.push(format!("{} elsewhere", event.kind));
        }
        moved.is_none()
    });
    let answered = |account, event| format!("{}{}", event_kind(event), reply(account, event));
    how.extend(
        missing
            .into_iter()
            .map(|event| answered(expected, event) + MISSING),
    );
    how.extend(extra.into_iter().map(|event| answered(seen, event) + EXTRA));
    how.extend(other_reason(&want, &got, hello));
    how.sort();
    how.dedup();
    how
}

fn event_kind(event: &Fired) -> &'static str {
    event.kind.name()
}

/// ` -> 503`: what the command was answered that fired `event`, where it is known.
fn reply(account: &Account, event: &Fired) -> String {
    let asked = event.cause.and_then(|cause| account.asked.get(cause));
    let reply = asked.and_then(|asked| asked.reply);
    match reply.map(|reply| account.replies[reply]) {
        Some(Some(code)) => format!(" -> {code}"),
        _ => String::new(),
    }
}

fn kinds(events: &[Fired]) -> Vec<EventKind> {
    events.iter().map(|event| event.kind).collect()
}

/// The events that `hello` shows, as it shows them.
fn visible(account: &Account, hello: &Hello) -> Vec<Fired> {
    let semantics = &hello.semantics;
    let as_shown = |fired: &Fired| Fired {
        kind: match fired.kind {
            EventKind::OnHeloCommand if semantics.helo_as_ehlo => EventKind::OnEhloCommand,
            kind => kind,
        },
        ..*fired
    };
    let mut events: Vec<Fired> = account.fired.iter().map(as_shown).collect();
    if semantics.late_end_of_headers {
        let whole: Vec<bool> = (0..events.len())
            .map(|at| {
                events
                    .get(at + 1)
                    .is_some_and(|next| next.kind == EventKind::OnEndOfData)
            })
            .collect();
        let mut whole = whole.into_iter();
        events.retain(|event| {
            whole.next().unwrap_or(true) || event.kind != EventKind::OnEndOfHeaders
        });
    }
    events.retain(|event| hello.sees(event.kind));
    events
}

fn other_reason(want: &[Fired], got: &[Fired], hello: &Hello) -> Option<String> {
    if !hello.semantics.disconnect_reason {
        return None;
    }
    let reason = |events: &[Fired]| events.iter().rev().find_map(|event| event.reason);
    let (want, got) = (reason(want)?, reason(got)?);
    (want != got).then(|| format!("OnDisconnect({got:?}) instead of OnDisconnect({want:?})"))
}

/// What is behind the differences `how`, in the order in which it weighs.
fn reasons(
    broken: &[&'static str],
    expected: &Session<'_>,
    session: &Session<'_>,
    hello: &Hello,
    how: &[String],
) -> Vec<Reason> {
    // What is wrong on the wire alone moves no event.
    let of_events = broken.iter().filter(|rule| !rule.starts_with("WIR"));
    let breaks: Vec<Reason> = of_events.map(|rule| Reason::Breaks(rule)).collect();
    if !breaks.is_empty() {
        return breaks;
    }
    let declared = |one: &String| {
        let early = &hello.semantics.before_sequence_check;
        early
            .iter()
            .any(|kind| one.starts_with(kind.name()) && one.ends_with(EXTRA))
    };
    vec![if how.iter().all(declared) {
        Reason::Declared
    } else if session.was_broken_off() {
        Reason::BrokenOff
    } else if expected.account.replies != session.account.replies {
        Reason::Replies
    } else {
        Reason::Allowed
    }]
}

/// Differences by what they are, then by server.
#[derive(Default)]
struct Tally(BTreeMap<String, BTreeMap<usize, At>>);

struct At {
    conversations: usize,
    reasons: BTreeMap<Reason, usize>,
    /// What to prefer in the example: a broken rule, then few commands.
    weight: (bool, usize),
    example: String,
}

impl Tally {
    fn note(&mut self, what: &str, server: usize, case: &str, reasons: &[Reason], asked: usize) {
        let breaks = reasons
            .iter()
            .any(|reason| matches!(reason, Reason::Breaks(_)));
        let weight = (!breaks, asked);
        let at = match self.0.entry(what.to_owned()).or_default().entry(server) {
            Entry::Occupied(at) => at.into_mut(),
            Entry::Vacant(at) => at.insert(At {
                conversations: 0,
                reasons: BTreeMap::new(),
                weight,
                example: case.to_owned(),
            }),
        };
        at.conversations += 1;
        for reason in reasons {
            *at.reasons.entry(reason.clone()).or_default() += 1;
        }
        if weight < at.weight {
            (at.weight, at.example) = (weight, case.to_owned());
        }
    }

    fn finish(self, names: &[String]) -> Vec<Difference> {
        let differences = self.0.into_iter().map(|(what, servers)| {
            let mut servers: Vec<DifferenceAt> = servers
                .into_iter()
                .map(|(server, at)| DifferenceAt {
                    server: names[server].clone(),
                    conversations: at.conversations,
                    reasons: at.reasons,
                    example: at.example,
                })
                .collect();
            servers.sort_by_key(|at| std::cmp::Reverse(at.conversations));
            Difference { what, servers }
        });
        let mut differences: Vec<_> = differences.collect();
        differences.sort_by_key(|difference| std::cmp::Reverse(difference.weight()));
        differences
    }
}

impl Difference {
    /// What breaks a rule first, then what is seen at many servers, then in many conversations.
    fn weight(&self) -> (bool, usize, usize) {
        let breaks = |at: &DifferenceAt| at.reasons.keys().any(|r| matches!(r, Reason::Breaks(_)));
        let conversations = self.servers.iter().map(|at| at.conversations).sum();
        (
            self.servers.iter().any(breaks),
            self.servers.len(),
            conversations,
        )
    }
}
