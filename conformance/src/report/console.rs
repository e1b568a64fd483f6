//! The console report: findings first, then every rule, then the numbers. What matters most stands last, where
//! a terminal shows it.

use std::io::{self, Write};

use smtpspec_core::{
    check::{Finding, RuleVerdict, Verdict, is_clause},
    transcript::SessionLog,
};

use super::{
    Counts, RunReport,
    counts::{missed, rules_with},
    coverage::{coverage_of, coverage_summary},
    expected::expected,
    ladder::ladder,
    leaks::leaks,
    netcat::by_hand,
    smuggling::{Smuggling, smuggling},
    style::{self, FAINT, STRONG},
};
use crate::run::{LeakCheck, Minimal, shortest};

/// Ladders longer than this are left to `smtpspec replay`.
const LONGEST_LADDER: usize = 60;
/// More conversations than this that went another way are counted, not named.
const MOST_MISSED: usize = 10;

/// Writes the report.
pub fn console(out: &mut impl Write, report: &RunReport<'_>) -> io::Result<()> {
    rule_table(out, report)?;
    leniencies(out, report)?;
    not_as_written(out, report)?;
    findings(out, report)?;
    if let Some(found) = Smuggling::of(report.transcript, report.verdict) {
        smuggling(out, &found)?;
    }
    if let Some(check) = report.leaks {
        leaks(out, check)?;
    }
    summary(out, report)
}

fn rule_table(out: &mut impl Write, report: &RunReport<'_>) -> io::Result<()> {
    writeln!(
        out,
        "  {FAINT}verdict         rule    sessions  what must hold{FAINT:#}"
    )?;
    for rules in report.verdict.rules.chunk_by(stand_together) {
        rule_row(out, rules)?;
    }
    Ok(())
}

/// Whether two rules next to each other share a line: clauses of one group against which nothing is said. There are more
/// of them than anybody reads.
fn stand_together(one: &RuleVerdict, next: &RuleVerdict) -> bool {
    let quiet = |rule: &RuleVerdict| {
        let said = matches!(rule.verdict, Verdict::Holds | Verdict::NotExercised);
        said && is_clause(rule.rule)
    };
    let group = |rule: &RuleVerdict| rule.rule.id.split('-').next();
    quiet(one) && quiet(next) && group(one) == group(next)
}

fn rule_row(out: &mut impl Write, rules: &[RuleVerdict]) -> io::Result<()> {
    let ([first, ..], Some(last)) = (rules, rules.last()) else {
        return Ok(());
    };
    let holding = rules.iter().filter(|rule| rule.verdict == Verdict::Holds);
    let (verdict, title) = match (rules.len(), holding.count()) {
        (1, _) => (first.verdict, first.rule.title.to_owned()),
        (count, 0) => (
            Verdict::NotExercised,
            format!("to {}: {count} clauses", last.rule.id),
        ),
        (count, holding) if count == holding => (
            Verdict::Holds,
            format!("to {}: {count} clauses", last.rule.id),
        ),
        (count, holding) => (
            Verdict::Holds,
            format!(
                "to {}: {count} clauses, of which {} were not exercised",
                last.rule.id,
                count - holding
            ),
        ),
    };
    let (style, id) = (style::of(verdict), first.rule.id);
    let sessions = rules.iter().map(|rule| rule.exercised).max().unwrap_or(0);
    writeln!(
        out,
        "  {style}{verdict:<14}{style:#}  {id:<7} {sessions:>8}  {title}"
    )
}

fn leniencies(out: &mut impl Write, report: &RunReport<'_>) -> io::Result<()> {
    if report.verdict.leniencies.is_empty() {
        return Ok(());
    }
    writeln!(out, "\nThe server takes more than RFC 5321 allows:")?;
    for seen in &report.verdict.leniencies {
        let level = match seen.level {
            smtpspec_core::wire::LeniencyLevel::Harmless => "harmless",
            smtpspec_core::wire::LeniencyLevel::NotStrict => "not strict",
            smtpspec_core::wire::LeniencyLevel::Security => "security",
        };
        let cases = some_of(seen.cases.iter().map(String::as_str));
        writeln!(
            out,
            "  {:<10}  {} {FAINT}{cases}{FAINT:#}",
            level, seen.name
        )?;
    }
    Ok(())
}

fn some_of<'a>(names: impl Iterator<Item = &'a str>) -> String {
    let names: Vec<&str> = names.collect();
    match names.len() {
        0..=3 => names.join(", "),
        n => format!("{}, and {} more", names[..3].join(", "), n - 3),
    }
}

fn not_as_written(out: &mut impl Write, report: &RunReport<'_>) -> io::Result<()> {
    let missed: Vec<_> = missed(report.transcript).collect();
    if !missed.is_empty() {
        writeln!(
            out,
            "\nConversations that got another reply than they were written for (no rule by itself):"
        )?;
        for (case, want, got) in missed.iter().take(MOST_MISSED) {
            let got = got.map_or("no reply".into(), |code| code.to_string());
            writeln!(out, "  {case}: wanted {want}, got {got}")?;
        }
        if missed.len() > MOST_MISSED {
            writeln!(
                out,
                "  and {} more; --format json lists them all",
                missed.len() - MOST_MISSED
            )?;
        }
    }
    if !report.skipped.is_empty() {
        writeln!(out)?;
    }
    for group in report.skipped.chunk_by(|one, next| one.1 == next.1) {
        let names = some_of(group.iter().map(|(case, _)| case.as_str()));
        let why = &group[0].1;
        let what = if group.len() == 1 {
            "conversation was"
        } else {
            "conversations were"
        };
        writeln!(out, "{} {what} not played: {why} ({names})", group.len())?;
    }
    Ok(())
}

fn findings(out: &mut impl Write, report: &RunReport<'_>) -> io::Result<()> {
    let broken = report
        .verdict
        .rules
        .iter()
        .filter(|rule| !rule.findings.is_empty());
    for rule in broken {
        finding(out, report, rule)?;
    }
    Ok(())
}

/// One rule: what it says, the shortest session that breaks it, and how to see that again.
fn finding(out: &mut impl Write, report: &RunReport<'_>, rule: &RuleVerdict) -> io::Result<()> {
    let style = style::of(rule.verdict);
    let heading = if rule.verdict == Verdict::Broken {
        "BROKEN"
    } else {
        "NOT STRICT"
    };
    writeln!(
        out,
        "\n{style}{heading}{style:#} {STRONG}{}  {}{STRONG:#}",
        rule.rule.id, rule.rule.title
    )?;
    writeln!(out, "  {}", rule.rule.source)?;
    let Some((first, session)) = shortest(report.transcript, rule) else {
        return Ok(());
    };
    writeln!(out, "  {}: {}", first.case, first.what)?;
    match report
        .minimal
        .iter()
        .find(|minimal| minimal.rule == rule.rule.id)
    {
        Some(minimal) => smallest(out, report, minimal)?,
        None => show(out, report, session, first)?,
    }
    let options = &report.target_options;
    writeln!(
        out,
        "  see it again: smtpspec replay {}{options}",
        first.case
    )?;
    let mut others: Vec<&str> = rule.findings.iter().map(|f| f.case.as_str()).collect();
    others.retain(|case| *case != first.case);
    others.dedup();
    if !others.is_empty() {
        writeln!(out, "  also in: {}", some_of(others.into_iter()))?;
    }
    Ok(())
}

/// The finding in its smallest form, and how to send that by hand.
fn smallest(out: &mut impl Write, report: &RunReport<'_>, minimal: &Minimal) -> io::Result<()> {
    match minimal.repeats {
        (_, 0) => writeln!(out, "  as it was seen:")?,
        (0, of) => writeln!(
            out,
            "  FLAKY: it did not show again in {of} more playings; as it was seen:"
        )?,
        (k, of) if k < of => writeln!(
            out,
            "  FLAKY: it showed again in {k} of {of} playings; as it was seen:"
        )?,
        _ => {
            writeln!(
                out,
                "  the smallest conversation that shows it: {}",
                minimal.finding.what
            )?;
        }
    }
    if minimal.stopped {
        writeln!(
            out,
            "  (not minimal: stopped after {} tries)",
            minimal.tries
        )?;
    }
    show(out, report, &minimal.session, &minimal.finding)?;
    if let Some(line) = by_hand(&minimal.conversation, minimal.session.open.server) {
        let scripted = !minimal.conversation.handlers.is_empty();
        let handlers = if scripted {
            ", with the handlers above"
        } else {
            ""
        };
        writeln!(out, "  by hand, at a server of yours{handlers}: {line}")?;
    }
    Ok(())
}

fn show(
    out: &mut impl Write,
    report: &RunReport<'_>,
    session: &SessionLog,
    finding: &Finding,
) -> io::Result<()> {
    let hello = report.transcript.header.hello.as_ref();
    let clock = hello.is_some_and(|hello| hello.semantics.clock);
    if session.entries.len() > LONGEST_LADDER {
        return Ok(());
    }
    ladder(out, session, clock, finding.entry)
}

fn summary(out: &mut impl Write, report: &RunReport<'_>) -> io::Result<()> {
    let counts = Counts::of_report(report);
    let header = &report.transcript.header;
    let server = header
        .hello
        .as_ref()
        .map_or("events not observed", |hello| hello.server.as_str());
    let elapsed = report
        .elapsed
        .map_or(String::new(), |e| format!(", {:.1} s", e.as_secs_f64()));
    writeln!(out, "\n{} ({server})", header.target)?;
    writeln!(
        out,
        "  {} cases, {} sessions, {} events{elapsed}",
        counts.cases, counts.sessions, counts.events
    )?;
    let coverage = coverage_of(report);
    coverage_summary(out, &coverage, header.hello.as_ref())?;
    let shown = [
        (Verdict::Holds, "hold"),
        (Verdict::Broken, "broken"),
        (Verdict::NotStrict, "not strict"),
        (Verdict::NotObservable, "not observable"),
        (Verdict::NotExercised, "not exercised"),
        (Verdict::Inconclusive, "inconclusive"),
    ];
    let numbers: Vec<String> = shown
        .into_iter()
        .map(|(verdict, name)| format!("{} {name}", rules_with(report.verdict, verdict)))
        .collect();
    writeln!(
        out,
        "  {} rules: {}",
        report.verdict.rules.len(),
        numbers.join(", ")
    )?;
    if let Some(comparison) = report.expected {
        return expected(out, comparison);
    }
    let (style, conclusion) = conclusion(report);
    writeln!(out, "  {style}{conclusion}{style:#}")
}

fn conclusion(report: &RunReport<'_>) -> (anstyle::Style, &'static str) {
    let overall = report.verdict.overall();
    if report.leaks.is_some_and(LeakCheck::failed) && overall != Verdict::Broken {
        return (
            style::of(Verdict::Broken),
            "it leaks: see above what was left over",
        );
    }
    let text = match overall {
        Verdict::Broken => {
            "rules broken: read the findings above; `smtpspec rules ID` explains a rule"
        }
        Verdict::Inconclusive => "inconclusive: the evidence was cut off",
        Verdict::NotStrict => "conforms, though not strictly",
        _ => "conforms: every rule that was exercised and could be observed holds",
    };
    (style::of(overall), text)
}
