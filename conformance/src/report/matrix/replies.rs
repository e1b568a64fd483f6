//! Where servers answer differently: the reply codes of each conversation, in order.

use std::collections::BTreeMap;

use serde::Serialize;
use smtpspec_core::{
    check::Account,
    wire::{Protocol, Verb},
};

use super::{
    named,
    played::{Played, Session, cases},
};

/// The code of a reply; none for one that has no legal code.
type Code = Option<u16>;

/// What a reply answers that nobody asked for, such as the 421 before a time-out.
const UNASKED: &str = "no command";

/// Where replies differ.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Replies {
    /// Conversations that two servers or more have played.
    pub compared: usize,
    /// Those in which all servers answer with the same codes.
    pub same: usize,
    /// Ways to differ, by where each conversation first does, the most frequent first.
    pub differences: Vec<ReplyDifference>,
    /// The others.
    pub conversations: Vec<ReplyRow>,
}

/// How much the codes differ.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Level {
    /// Also by the first digit: one server accepts what another refuses.
    Class,
    /// Not by the first digit.
    Code,
}

impl std::fmt::Display for Level {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.pad(match self {
            Self::Class => "class",
            Self::Code => "code",
        })
    }
}

/// Conversations that first differ alike.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ReplyDifference {
    /// How much.
    pub level: Level,
    /// The verb of the command that is answered differently; `connection` or `message` for these.
    pub to: String,
    /// The answers.
    pub answers: Vec<Answer>,
    /// Conversations.
    pub conversations: usize,
    /// The first of them.
    pub example: String,
}

/// One conversation.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ReplyRow {
    /// Its name.
    pub case: String,
    /// How much the codes differ.
    pub level: Level,
    /// The number of the first reply that differs so, from 1.
    pub reply: usize,
    /// What that answers: the command line, `connection` or `message`.
    pub to: String,
    /// The answers.
    pub answers: Vec<Answer>,
    /// All codes of the conversation.
    pub sequences: Vec<Sequence>,
}

/// One of several answers to the same.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Answer {
    /// The code, or `none`.
    pub code: String,
    /// The servers that answer so.
    pub servers: Vec<String>,
}

/// More servers than this that answer alike, while others do not, are counted, not named.
const MOST_NAMES: usize = 3;

/// Each code with the servers that answer so, their names joined by `between`. Where many agree, they stand last, as
/// the others: what is worth reading is who does not.
pub(super) fn answers_in_words(answers: &[Answer], between: &str) -> Vec<(String, String)> {
    let most = answers.iter().max_by_key(|answer| answer.servers.len());
    let many = most.filter(|most| most.servers.len() > MOST_NAMES);
    let (mut named, mut others) = (Vec::new(), Vec::new());
    for answer in answers {
        let code = answer.code.clone();
        if many.is_some_and(|many| many.code == code) {
            others.push((code, format!("the other {}", answer.servers.len())));
        } else {
            named.push((code, answer.servers.join(between)));
        }
    }
    named.extend(others);
    named
}

/// All codes of one conversation, at some servers.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Sequence {
    /// `220 250x3 221`.
    pub codes: String,
    /// The servers that answer so.
    pub servers: Vec<String>,
}

/// Compares the servers' replies.
pub(super) fn compare(names: &[String], played: &[Option<Played<'_>>]) -> Replies {
    let mut replies = Replies {
        compared: 0,
        same: 0,
        differences: Vec::new(),
        conversations: Vec::new(),
    };
    for case in cases(played) {
        let sessions: Vec<(usize, &Session<'_>)> = played
            .iter()
            .enumerate()
            .filter_map(|(server, played)| Some((server, played.as_ref()?.sessions.get(case)?)))
            .collect();
        if sessions.len() < 2 {
            continue;
        }
        replies.compared += 1;
        match row(names, case, &sessions) {
            Some(row) => replies.conversations.push(row),
            None => replies.same += 1,
        }
    }
    replies.conversations.sort_by_key(|row| row.level);
    replies.differences = summed_up(&replies.conversations);
    replies
}

/// Servers that answer with the same codes.
struct Group<'a> {
    codes: &'a [Code],
    account: &'a Account,
    servers: Vec<usize>,
}

fn row(names: &[String], case: &str, sessions: &[(usize, &Session<'_>)]) -> Option<ReplyRow> {
    let groups = groups(sessions);
    let digit = |code: &Code| code.map(|code| code / 100);
    let classes = |group: &Group<'_>| group.codes.iter().map(digit).collect::<Vec<_>>();
    let by_class = first_difference(&groups, |group, at| group.codes.get(at).map(digit));
    debug_assert_eq!(
        by_class.is_some(),
        groups
            .iter()
            .any(|group| classes(group) != classes(&groups[0]))
    );
    let by_code = first_difference(&groups, |group, at| group.codes.get(at).copied());
    let (level, at) = match (by_class, by_code) {
        (Some(at), _) => (Level::Class, at),
        (None, Some(at)) => (Level::Code, at),
        (None, None) => return None,
    };
    Some(ReplyRow {
        case: case.to_owned(),
        level,
        reply: at + 1,
        to: asked(&groups, at),
        answers: answers(names, &groups, at),
        sequences: groups
            .iter()
            .map(|group| Sequence {
                codes: in_words(group.codes),
                servers: named(names, &group.servers),
            })
            .collect(),
    })
}

/// Those with more replies first: a session that the client broke off agrees with any that begins like it.
fn groups<'a>(sessions: &[(usize, &'a Session<'_>)]) -> Vec<Group<'a>> {
    let mut sessions = sessions.to_vec();
    sessions.sort_by_key(|(_, session)| std::cmp::Reverse(session.account.replies.len()));
    let mut groups: Vec<Group<'a>> = Vec::new();
    for (server, session) in sessions {
        let codes = session.account.replies.as_slice();
        let fits = |group: &&mut Group<'_>| {
            group.codes == codes || (session.was_broken_off() && group.codes.starts_with(codes))
        };
        match groups.iter_mut().find(fits) {
            Some(group) => group.servers.push(server),
            None => groups.push(Group {
                codes,
                account: &session.account,
                servers: vec![server],
            }),
        }
    }
    for group in &mut groups {
        group.servers.sort_unstable();
    }
    groups.sort_by(|a, b| a.servers.cmp(&b.servers));
    groups
}

/// The first place at which `of` is not the same for all groups.
fn first_difference<T: PartialEq>(
    groups: &[Group<'_>],
    of: impl Fn(&Group<'_>, usize) -> T,
) -> Option<usize> {
    let most = groups.iter().map(|group| group.codes.len()).max()?;
    (0..most).find(|at| {
        groups
            .iter()
            .any(|group| of(group, *at) != of(&groups[0], *at))
    })
}

/// What the reply at `at` answers, by the first account that knows.
fn asked(groups: &[Group<'_>], at: usize) -> String {
    let mut asked = groups.iter().filter_map(|group| {
        let mut asked = group.account.asked.iter();
        asked.find(|asked| asked.reply == Some(at))
    });
    asked
        .next()
        .map_or_else(|| UNASKED.to_owned(), |asked| asked.what.clone())
}

fn answers(names: &[String], groups: &[Group<'_>], at: usize) -> Vec<Answer> {
    let mut answers: BTreeMap<String, Vec<usize>> = BTreeMap::new();
    for group in groups {
        let code = group
            .codes
            .get(at)
            .map_or_else(|| "none".to_owned(), |code| word(*code));
        answers.entry(code).or_default().extend(&group.servers);
    }
    let answers = answers.into_iter().map(|(code, mut servers)| {
        servers.sort_unstable();
        let servers = named(names, &servers);
        Answer { code, servers }
    });
    answers.collect()
}

fn word(code: Code) -> String {
    code.map_or_else(|| "strange".to_owned(), |code| code.to_string())
}

/// `220 250x3 221`.
fn in_words(codes: &[Code]) -> String {
    let runs = codes.chunk_by(|a, b| a == b).map(|run| match run {
        [one] => word(*one),
        [first, ..] => format!("{}x{}", word(*first), run.len()),
        [] => String::new(),
    });
    let words: Vec<String> = runs.collect();
    if words.is_empty() {
        "none".to_owned()
    } else {
        words.join(" ")
    }
}

fn summed_up(rows: &[ReplyRow]) -> Vec<ReplyDifference> {
    let mut differences: Vec<ReplyDifference> = Vec::new();
    for row in rows {
        let to = verb(&row.to);
        let alike = |other: &&mut ReplyDifference| {
            other.level == row.level && other.to == to && other.answers == row.answers
        };
        match differences.iter_mut().find(alike) {
            Some(other) => other.conversations += 1,
            None => differences.push(ReplyDifference {
                level: row.level,
                to,
                answers: row.answers.clone(),
                conversations: 1,
                example: row.case.clone(),
            }),
        }
    }
    differences.sort_by_key(|one| (one.level, std::cmp::Reverse(one.conversations)));
    differences
}

/// The verb of a command line; connection, message and no command as they are.
fn verb(asked: &str) -> String {
    match (asked, Verb::of(asked.trim_ascii_end().as_bytes())) {
        ("connection" | "message" | UNASKED, _) => asked.to_owned(),
        (_, Verb::Unknown) if Protocol::Lmtp.verb(asked.as_bytes()) == Verb::Ehlo => {
            Protocol::Lmtp.name_of(Verb::Ehlo).to_owned()
        }
        (_, Verb::Unknown) => "an unknown command".to_owned(),
        (_, verb) => verb.name().to_owned(),
    }
}
