//! The rules: transcript in, findings out. A verdict is a pure function of the transcript.
//!
//! Each session is read strictly first. Only if that leaves something unexplained are lenient readings tried, and
//! the smallest set of leniencies that explains most is named (MODEL.md, section 4). Rules of one session
//! stand in the files of their group; what concerns several sessions stands in `across`.

mod account;
mod across;
mod align;
mod attribute;
mod aut;
mod catalogue;
mod chk;
mod clauses;
mod con;
mod consequences;
mod content_lines;
mod dsn;
mod elsewhere;
mod entry;
mod event_log;
mod extra;
mod fit;
mod lay_out;
mod lmt;
mod moved;
mod offers;
mod ord;
mod rej;
mod ses;
mod tls;
mod verdict;
mod view;
mod weigh;
mod wir;
mod words;

pub use account::{Account, Asked, Fired, accounts};
pub use catalogue::rules;
pub use clauses::is_clause;
pub use event_log::check_events;
pub use verdict::{Finding, Level, Rule, RuleVerdict, RunVerdict, SeenLeniency, Verdict};

use core::iter;

use across::Across;
use catalogue::entries;
use clauses::{Clause, clauses};
use elsewhere::Elsewhere;
use entry::Entry;
use view::{Found, View};
use weigh::{BARE_LF, Evidence, Habits, convicts, explains_more, hides_all};

use crate::{
    model::{Reading, Tolerance, UnansweredData, WireLog, relevant_tolerances},
    transcript::{SessionLog, Transcript},
    wire::LineEnds,
};

/// How far an event may have strayed from its cause, in exchanges or deviations; keeps the search linear.
const NEAR: usize = 32;

/// Judges a run.
pub fn check(transcript: &Transcript) -> RunVerdict {
    check_with(transcript, |_, _| ())
}

/// Judges a run, and gives `strictly` each session, taken apart and read strictly: who wants that too need not read it again.
pub fn check_with(
    transcript: &Transcript,
    strictly: impl FnMut(&WireLog<'_>, &Reading<'_>),
) -> RunVerdict {
    let across = Across::new(transcript);
    let mut tallies: Vec<Tally> = entries().map(Tally::of_entry).collect();
    let mut of_clauses: Vec<Tally> = clauses().map(Tally::of_clause).collect();
    let mut leniencies = con::Leniencies::default();
    let mut said = clauses::Said::default();
    each_view(
        transcript,
        &across,
        strictly,
        |session, view, mut founds| {
            founds.extend(across.judge(view));
            leniencies.note(view, &session.open.case);
            // Only now that the reading is chosen: clauses have no say in that.
            let mut judged = clauses::judge(view, &founds);
            founds.extend(said.anew(&mut judged));
            founds.extend(lmt::unannounced(view));
            for tally in &mut tallies {
                let exercised = tally.entry.is_some_and(|entry| (entry.exercised)(view));
                tally.take(view, &founds, exercised);
            }
            for (place, tally) in of_clauses.iter_mut().enumerate() {
                tally.take(view, &founds, judged.asked(place));
            }
        },
    );
    tallies.append(&mut of_clauses);
    let strays = across.strays(transcript);
    let hello = transcript.header.hello.as_ref();
    let rules = tallies
        .into_iter()
        .map(|mut tally| {
            tally
                .findings
                .extend(strays.iter().filter(|f| f.rule == tally.rule.id).cloned());
            let observable = tally.entry.is_none_or(|entry| (entry.observable)(hello));
            tally.verdict(observable, transcript.complete)
        })
        .collect();
    RunVerdict {
        rules,
        leniencies: leniencies.seen,
    }
}

/// Gives `use_it` each session in the reading by which it is judged, and `strictly` its strict one.
fn each_view<'t>(
    transcript: &'t Transcript,
    across: &Across<'_>,
    mut strictly: impl FnMut(&WireLog<'_>, &Reading<'_>),
    mut use_it: impl FnMut(&'t SessionLog, &View<'_>, Vec<Found>),
) {
    let mut habits = Habits::default();
    for session in &transcript.sessions {
        let wire = WireLog::new(session);
        let elsewhere = across.elsewhere();
        let known = habits.clone();
        best_view(
            transcript,
            session,
            &wire,
            elsewhere,
            &known,
            &mut strictly,
            |view, mut founds| {
                consequences::fold(view, &known, &mut founds);
                if view.tolerance.is_empty() {
                    habits.extend(founds.iter().map(|found| found.rule));
                } else if view.tolerance.line_ends.bare_lf {
                    habits.insert(BARE_LF);
                }
                use_it(session, view, founds);
            },
        );
    }
}

/// Gives `use_it` the reading that leaves least unexplained, the strict one if it is as good as any.
fn best_view(
    transcript: &Transcript,
    session: &SessionLog,
    wire: &WireLog<'_>,
    elsewhere: &Elsewhere<'_>,
    habits: &Habits,
    read_strictly: impl FnOnce(&WireLog<'_>, &Reading<'_>),
    mut use_it: impl FnMut(&View<'_>, Vec<Found>),
) {
    let header = &transcript.header;
    let strictly = Tolerance::default();
    let accepted = UnansweredData::Accepted;
    let strict = View::new(header, session, wire, elsewhere, &strictly, accepted);
    read_strictly(wire, &strict.reading);
    if let Some(death) = ses::death(wire) {
        return use_it(&strict, vec![death]);
    }
    let founds = judge(&strict);
    if founds.is_empty() {
        return use_it(&strict, founds);
    }
    let mut unsolicited = Evidence::of(&strict).unsolicited;
    let mut best = (founds, strictly.clone(), accepted);
    let mut weigh = |best: &mut (Vec<Found>, Tolerance, UnansweredData),
                     tolerance: &Tolerance,
                     data| {
        let view = View::new(header, session, wire, elsewhere, tolerance, data);
        let founds = judge(&view);
        let evidence = Evidence::of(&view);
        // Line ends with which less is explained than without explain no reply, nor do those with which replies are out
        // of order: all else is hidden then.
        if tolerance.look_alikes.is_empty()
            && founds.len() <= best.0.len()
            && (!hides_all(&founds) || hides_all(&best.0))
        {
            unsolicited = unsolicited.min(evidence.unsolicited);
        }
        // Or replies that are out of order otherwise are in order now, and show nothing new.
        let in_order = hides_all(&best.0) && founds.iter().all(|found| habits.contains(found.rule));
        let behind = evidence.acted_upon || evidence.unsolicited < unsolicited || in_order;
        if explains_more((&founds, tolerance), (&best.0, &best.1), habits)
            && convicts(tolerance, &founds, behind, (&best.0, &best.1))
        {
            *best = (founds, tolerance.clone(), data);
        }
    };
    let singles = relevant(wire, &strict.reading);
    let tolerances = candidates(singles.clone());
    let some = some_accepted(strict.reading.left_open);
    for data in [accepted, UnansweredData::Refused].into_iter().chain(some) {
        // That some were accepted and others not is enough of a guess for one reading.
        let guessed = matches!(data, UnansweredData::Each(_));
        let lenient = tolerances.iter().filter(|_| !guessed);
        for tolerance in iter::once(&strictly).chain(lenient) {
            weigh(&mut best, tolerance, data);
        }
    }
    for tolerance in one_more(&best.1, &singles, &tolerances, habits) {
        let data = best.2;
        weigh(&mut best, &tolerance, data);
    }
    let (mut founds, tolerance, data) = best;
    let view = View::new(header, session, wire, elsewhere, &tolerance, data);
    founds.extend(con::judge_tolerance(&view));
    founds.extend(chk::judge_tolerance(&view));
    use_it(&view, founds);
}

/// What has two leniencies, with each beside it that is about no end of a line or of data, or is the server's habit: of
/// others two are enough of a guess.
fn one_more(
    best: &Tolerance,
    singles: &[Tolerance],
    tried: &[Tolerance],
    habits: &Habits,
) -> Vec<Tolerance> {
    let is_usual = |one: &&Tolerance| {
        let lf_as_ever = one.line_ends.bare_lf && habits.contains(BARE_LF);
        one.look_alikes.is_empty() && (lf_as_ever || one.line_ends == LineEnds::default())
    };
    let usual = singles.iter().filter(is_usual).take(MOST);
    let all = usual.filter(|_| best.len() > 1).map(|one| best.union(one));
    all.filter(|tolerance| tolerance != best && !tried.contains(tolerance))
        .collect()
}

/// Of `open` DATAs and AUTHs that nobody answered, all ways in which some were accepted and some refused; bounded. How many
/// there are depends on what becomes of each, since content may hold more.
fn some_accepted(open: usize) -> impl Iterator<Item = UnansweredData> {
    const MOST: usize = 4;
    let bits = if open == 0 { 0 } else { MOST };
    let all = (1_u8 << bits) - 1;
    (1..all).map(UnansweredData::Each)
}

/// The leniencies that may matter, also those that only show once another is taken: what follows it is then read
/// otherwise.
fn relevant(wire: &WireLog<'_>, strict: &Reading<'_>) -> Vec<Tolerance> {
    let mut found = relevant_tolerances(wire, strict);
    for index in 0..found.len() {
        let reading = crate::model::read(wire, &found[index], UnansweredData::Accepted);
        for further in relevant_tolerances(wire, &reading) {
            if !found.contains(&further) {
                found.push(further);
            }
        }
    }
    found
}

/// Leniencies of one session that are looked at; one rarely needs more.
const MOST: usize = 12;

/// Each leniency alone, and pairs of them.
fn candidates(singles: Vec<Tolerance>) -> Vec<Tolerance> {
    let mut all = singles;
    all.truncate(MOST);
    let alone = all.len();
    for first in 0..alone {
        for second in first + 1..alone {
            all.push(all[first].union(&all[second]));
        }
    }
    // What line ends alone explain is no evidence for a look-alike.
    all.sort_by_key(|tolerance| !tolerance.look_alikes.is_empty());
    all
}

fn judge(view: &View<'_>) -> Vec<Found> {
    if let Some(swapped) = wir::order::replies_out_of_order(view) {
        // With the replies out of order nothing behind them can be read.
        return vec![swapped];
    }
    let mut founds = Vec::new();
    ses::judge(view, &mut founds);
    attribute::judge(view, &mut founds);
    ord::judge(view, &mut founds);
    rej::judge(view, &mut founds);
    wir::judge(view, &mut founds);
    aut::judge(view, &mut founds);
    tls::judge(view, &mut founds);
    chk::judge(view, &mut founds);
    dsn::judge(view, &mut founds);
    lmt::judge(view, &mut founds);
    founds
}

/// What is collected of one rule over the run.
struct Tally {
    rule: &'static Rule,
    /// `None` for a clause: the wire alone shows it, and that it was asked says that it was exercised.
    entry: Option<&'static Entry>,
    exercised: u64,
    cut_off: bool,
    findings: Vec<Finding>,
}

impl Tally {
    fn of_entry(entry: &'static Entry) -> Self {
        Self {
            entry: Some(entry),
            ..Self::new(&entry.rule)
        }
    }

    fn of_clause(clause: &'static Clause) -> Self {
        Self::new(&clause.rule)
    }

    fn new(rule: &'static Rule) -> Self {
        Self {
            rule,
            entry: None,
            exercised: 0,
            cut_off: false,
            findings: Vec::new(),
        }
    }

    /// `exercised`: whether something in the session could have broken the rule.
    fn take(&mut self, view: &View<'_>, founds: &[Found], exercised: bool) {
        if founds.is_empty() && !exercised {
            return;
        }
        let before = self.findings.len();
        for found in founds.iter().filter(|found| found.rule == self.rule.id) {
            self.findings.push(Finding {
                rule: found.rule,
                level: found.level.unwrap_or(self.rule.level),
                conn: view.log.conn,
                case: view.log.open.case.clone(),
                entry: found.entry,
                what: found.what.clone(),
            });
        }
        if self.findings.len() > before || exercised {
            self.exercised += 1;
            self.cut_off |= !view.wire.settled;
        }
    }

    fn verdict(self, observable: bool, complete: bool) -> RuleVerdict {
        let worst = self.findings.iter().map(|finding| finding.level).min();
        let verdict = match worst {
            Some(Level::Must) => Verdict::Broken,
            Some(Level::Should) => Verdict::NotStrict,
            None if !observable => Verdict::NotObservable,
            None if self.cut_off || (!complete && self.exercised == 0) => Verdict::Inconclusive,
            None if self.exercised == 0 => Verdict::NotExercised,
            None => Verdict::Holds,
        };
        let exercised = if observable { self.exercised } else { 0 };
        RuleVerdict {
            rule: self.rule,
            verdict,
            exercised,
            findings: self.findings,
        }
    }
}
