//! The clauses of the RFCs that bind a receiving server, one rule each: a row says which exchanges it is asked of and
//! what must hold of the answer. One engine asks every row of every exchange.
//!
//! Clauses are judged once, in the reading that the checker has chosen, and never help to choose it. Where that
//! reading leaves a riddle, or is a lenient one, or where handlers may have refused, nothing is asked: what the answer
//! means is then not certain. CLAUSES.md says which clause is which rule, and which cannot be tested from outside.

mod codes;
mod commands;
mod data;
mod eight_bit;
mod enhanced;
mod greeting;
mod limits;
mod mailboxes;
mod order;
mod parameters;
mod pipelining;
mod probe;
mod queries;
mod replies;
mod size;
mod subject;
mod syntax;
mod utf8;

use std::collections::HashSet;

use probe::{Past, Probe, keywords};
use subject::{Subjects, Table};

use super::{
    NEAR,
    rej::sent_ahead,
    verdict::Rule,
    view::{Found, View},
    weigh::is_riddle,
    words::about,
};
use crate::{
    model::{COMMAND_LINE_LIMIT, Exchange, Outcome, Stimulus},
    wire::{Command, Verb},
};

/// What a clause says of an answer: nothing against it, or what is wrong with it.
type Holds = Result<(), String>;

/// A clause as a rule, with where it is asked and what must hold there.
pub(super) struct Clause {
    pub(super) rule: Rule,
    /// Whether `holds` is asked of this exchange.
    applies: fn(&Probe<'_, '_>) -> bool,
    /// Whether the answer is as the clause has it.
    holds: fn(&Probe<'_, '_>) -> Holds,
    /// What it can be asked of at all.
    of: Subjects,
    /// It speaks also of answers with which the server leaves; all others only of answers after which it stays.
    of_drops: bool,
}

const fn clause(
    rule: Rule,
    applies: fn(&Probe<'_, '_>) -> bool,
    holds: fn(&Probe<'_, '_>) -> Holds,
) -> Clause {
    Clause {
        rule,
        applies,
        holds,
        of: Subjects::ANY,
        of_drops: false,
    }
}

impl Clause {
    /// Where `applies` can be true of nothing else.
    const fn of(mut self, subjects: Subjects) -> Self {
        self.of = subjects;
        self
    }

    const fn of_drops(mut self) -> Self {
        self.of_drops = true;
        self
    }
}

/// For a form that a server must know: whatever else becomes of the command, it was read.
fn understood(probe: &Probe<'_, '_>) -> Holds {
    probe.understood()
}

const FILES: [&[Clause]; 16] = [
    greeting::CLAUSES,
    syntax::CLAUSES,
    mailboxes::CLAUSES,
    order::CLAUSES,
    commands::CLAUSES,
    parameters::CLAUSES,
    data::CLAUSES,
    replies::CLAUSES,
    codes::CLAUSES,
    limits::CLAUSES,
    queries::CLAUSES,
    pipelining::CLAUSES,
    size::CLAUSES,
    eight_bit::CLAUSES,
    enhanced::CLAUSES,
    utf8::CLAUSES,
];

/// All, in the order in which reports show them.
pub(super) fn clauses() -> impl Iterator<Item = &'static Clause> {
    FILES.into_iter().flatten()
}

/// Whether `rule` is a clause: there are many of them, and reports show together those against which nothing is said.
pub fn is_clause(rule: &Rule) -> bool {
    clauses().any(|clause| clause.rule.id == rule.id)
}

/// What came of asking every clause in one session.
#[derive(Debug, Default)]
pub(super) struct Judged {
    /// At most one for each clause.
    breaches: Vec<Breach>,
    /// Whether each was asked, in the order of [`clauses`]; empty where none was.
    asked: Vec<bool>,
}

impl Judged {
    /// Whether the clause at this place among [`clauses`] was asked.
    pub(super) fn asked(&self, place: usize) -> bool {
        self.asked.get(place).is_some_and(|asked| *asked)
    }
}

/// A clause that is broken, and why.
#[derive(Debug)]
struct Breach {
    found: Found,
    why: String,
}

/// What has been said in the run. A server does again what it does: most clauses are about something that is in every
/// session, and a fault that is said once is said.
#[derive(Debug, Default)]
pub(super) struct Said(HashSet<(&'static str, String)>);

impl Said {
    /// What a session shows that none before has shown.
    pub(super) fn anew(&mut self, judged: &mut Judged) -> Vec<Found> {
        let breaches = judged.breaches.drain(..);
        let new = breaches
            .filter_map(|Breach { found, why }| self.0.insert((found.rule, why)).then_some(found));
        new.collect()
    }
}

/// Asks every clause of every exchange; `founds` is what other rules have found.
pub(super) fn judge(view: &View<'_>, founds: &[Found]) -> Judged {
    judge_by(Table::of_all(), view, founds)
}

fn judge_by(table: &Table, view: &View<'_>, founds: &[Found]) -> Judged {
    let mut judged = Judged::default();
    if !is_certain(view, founds) {
        return judged;
    }
    judged.asked = vec![false; table.all().len()];
    let spoken_of: HashSet<usize> = founds.iter().filter_map(|found| found.entry).collect();
    let mut past = Past::default();
    let exchanges = view.exchanges().iter().enumerate();
    for (index, exchange) in exchanges.take_while(|(_, exchange)| leaves_no_doubt(exchange)) {
        let announced = keywords(view, exchange);
        let probe = Probe::new(view, index, past.clone(), announced.clone());
        past.note(exchange, announced);
        let Some(probe) = probe.filter(|probe| may_be_asked(probe, &spoken_of)) else {
            continue;
        };
        debug_assert!(
            none_is_missed(table, &probe),
            "a clause applies to what its subjects leave out"
        );
        for (place, clause) in table.of(exchange) {
            ask((*place, clause), &probe, &mut judged);
        }
    }
    judged
}

/// Whether it is certain behind `exchange` what the next line is, and so which reply is whose. It is not behind a command
/// with a bare CR or LF in it, which may end a line, nor behind a refused BDAT whose octets the server need not have discarded.
fn leaves_no_doubt(exchange: &Exchange<'_>) -> bool {
    let Stimulus::Command(line) = &exchange.stimulus else {
        return true;
    };
    let announces = matches!(
        line.parsed.map(|parsed| parsed.command),
        Ok(Command::Bdat { size: 1.., .. })
    );
    let undecided = announces && exchange.chunk.is_none();
    !undecided && memchr::memchr2(b'\r', b'\n', line.text).is_none()
}

/// Whether no clause applies that [`Clause::of`] leaves out.
fn none_is_missed(table: &Table, probe: &Probe<'_, '_>) -> bool {
    let can_be = table.of(probe.exchange);
    let is_left_out = |place: usize| !can_be.iter().any(|(one, _)| *one == place);
    let mut left_out = table.all().iter().enumerate();
    !left_out.any(|(place, clause)| is_left_out(place) && (clause.applies)(probe))
}

fn ask((place, clause): (usize, &Clause), probe: &Probe<'_, '_>, judged: &mut Judged) {
    let leaves = probe.exchange.outcome == Outcome::Dropped;
    if (leaves && !clause.of_drops) || !(clause.applies)(probe) {
        return;
    }
    let id = clause.rule.id;
    judged.asked[place] = true;
    if let Err(why) = (clause.holds)(probe)
        && !judged.breaches.iter().any(|breach| breach.found.rule == id)
    {
        let (asked, code) = (about(probe.view, probe.index), probe.code);
        let what = format!("{asked} was answered {code}: {why}");
        let found = Found::new(id, probe.reply.entry, what);
        judged.breaches.push(Breach { found, why });
    }
}

/// Rules of the wire that leave no doubt about which reply answers what, nor about the state behind it.
const LEAVE_NO_DOUBT: [&str; 12] = [
    "WIR-1", "WIR-5", "WIR-7", "WIR-10", "WIR-12", "WIR-13", "WIR-14", "WIR-15", "WIR-17",
    "WIR-18", "WIR-19", "WIR-20",
];

/// Whether what each answer means is certain in this session.
fn is_certain(view: &View<'_>, founds: &[Found]) -> bool {
    // Why and when the session ended says nothing about its answers.
    let harmless =
        |found: &Found| found.rule.starts_with("SES-") || LEAVE_NO_DOUBT.contains(&found.rule);
    view.log.open.handlers.is_empty()
        && view.tolerance.is_empty()
        && !founds
            .iter()
            .any(|found| is_riddle(found) && !harmless(found))
}

/// Whether this answer may be held against the clauses: not where another rule has spoken of its entry, nor where the server
/// was spoken to too soon, nor where it serves nobody or wants AUTH or TLS first.
fn may_be_asked(probe: &Probe<'_, '_>, spoken_of: &HashSet<usize>) -> bool {
    let sent = probe.exchange.entry;
    let is_spoken_of =
        spoken_of.contains(&probe.reply.entry) || (sent != 0 && spoken_of.contains(&sent));
    let wants_more = matches!(probe.code, 530 | 538);
    // Nor what is said of a verb that the server does not have at all (WIR-20).
    let verb = probe.exchange.verb();
    let has_not = matches!(probe.code, 500 | 502)
        && verb.is_some_and(|verb| probe.view.elsewhere.lacks(verb));
    let refused = probe.exchange.outcome == Outcome::Refused;
    // Beyond the limit a line need not be read (RFC 5321, 4.5.3.1.4).
    let too_long = probe.line().is_some() && probe.exchange.span.len() > COMMAND_LINE_LIMIT;
    let connects = matches!(probe.exchange.stimulus, Stimulus::Connection);
    let serves = probe.view.exchanges()[0].outcome == Outcome::Accepted;
    probe.reply.reply.problem.is_none()
        && (serves || connects)
        && !wants_more
        && !refuses_all(probe)
        && !too_long
        && !has_not
        && !(refused && (probe.view.spoke_too_soon(probe.exchange) || is_followed(probe)))
        && !is_spoken_of
}

/// Whether the server says the same to another verb: it refuses the client, not the command.
fn refuses_all(probe: &Probe<'_, '_>) -> bool {
    let same = |other: &Exchange<'_>| {
        let reply = probe.view.reply(other);
        other.verb() != probe.exchange.verb()
            && reply.is_some_and(|reply| reply.reply.raw == probe.reply.reply.raw)
    };
    let exchanges = probe.view.exchanges();
    let (first, last) = (probe.index.saturating_sub(NEAR), probe.index + NEAR);
    let near = &exchanges[first..exchanges.len().min(last)];
    matches!(probe.code, 550 | 554) && near.iter().any(same)
}

/// Whether more was sent behind a command that ends a group (RFC 2920, 3.1) before it was answered: that is an error too.
fn is_followed(probe: &Probe<'_, '_>) -> bool {
    let may_be = matches!(
        probe.exchange.verb(),
        None | Some(Verb::Mail | Verb::Rcpt | Verb::Rset)
    );
    !may_be && sent_ahead(probe.view, probe.exchange)
}

/// Whether a clause says of the 503 to exchange `index` what WIR-5 would say less exactly.
pub(super) fn speaks_of_sequence(view: &View<'_>, index: usize) -> bool {
    view.log.open.handlers.is_empty() && queries::query_before(view, index).is_some()
}

/// Whether a clause says of `text`, a command line, what WIR-6 would say less exactly.
pub(super) fn is_more_exact(text: &[u8]) -> bool {
    mailboxes::has_underscore(text)
}

#[cfg(test)]
mod tests;
