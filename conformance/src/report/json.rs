//! The report as one JSON document.

use serde::Serialize;
use smtpspec_core::check::{Level, Verdict};

use super::{
    Counts, RunReport,
    counts::missed,
    coverage::{Numbers, coverage_of},
    expected::ExpectedInJson,
    leaks::LeaksInJson,
    smuggling::Smuggling,
};

#[derive(Serialize)]
struct Document<'a> {
    tool: &'a str,
    target: &'a str,
    server: Option<&'a str>,
    exit_code: u8,
    verdict: String,
    cases: usize,
    sessions: usize,
    events: usize,
    coverage: Numbers,
    elapsed_ms: Option<u128>,
    rules: Vec<Rule<'a>>,
    leniencies: Vec<Leniency<'a>>,
    missed: Vec<Missed<'a>>,
    skipped: Vec<Skipped<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    leaks: Option<LeaksInJson>,
    #[serde(skip_serializing_if = "Option::is_none")]
    smuggling: Option<Smuggling>,
    #[serde(skip_serializing_if = "Option::is_none")]
    expected: Option<ExpectedInJson>,
    /// Findings in their smallest form, as far as they were looked for. Not part of the rules: those are the
    /// transcript's alone.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    minimal: Vec<MinimalInJson<'a>>,
}

#[derive(Serialize)]
struct Rule<'a> {
    id: &'a str,
    title: &'a str,
    level: &'static str,
    source: &'a str,
    verdict: String,
    exercised: u64,
    findings: Vec<Finding<'a>>,
}

#[derive(Serialize)]
struct MinimalInJson<'a> {
    rule: &'a str,
    /// The conversation in which it was found.
    case: &'a str,
    what: &'a str,
    /// The smallest conversation, in the form of a `.smtp` file.
    conversation: String,
    /// Smaller conversations played.
    tries: usize,
    /// Whether a limit ended the search.
    stopped: bool,
    flaky: bool,
    repeats: Repeats,
}

/// How often the finding showed again.
#[derive(Serialize)]
struct Repeats {
    shown: usize,
    of: usize,
}

#[derive(Serialize)]
struct Finding<'a> {
    case: &'a str,
    conn: u64,
    entry: Option<usize>,
    level: &'static str,
    what: &'a str,
}

#[derive(Serialize)]
struct Leniency<'a> {
    name: &'a str,
    level: String,
    cases: &'a [String],
}

#[derive(Serialize)]
struct Missed<'a> {
    case: &'a str,
    want: &'a str,
    got: Option<u16>,
}

#[derive(Serialize)]
struct Skipped<'a> {
    case: &'a str,
    why: &'a str,
}

/// The report as pretty-printed JSON with a final line end.
pub fn json(report: &RunReport<'_>) -> String {
    let counts = Counts::of_report(report);
    let header = &report.transcript.header;
    let document = Document {
        tool: &header.tool,
        target: &header.target,
        server: header.hello.as_ref().map(|hello| hello.server.as_str()),
        exit_code: report.exit_code(),
        verdict: name(report.verdict.overall()),
        cases: counts.cases,
        sessions: counts.sessions,
        events: counts.events,
        coverage: Numbers::of(&coverage_of(report)),
        elapsed_ms: report.elapsed.map(|elapsed| elapsed.as_millis()),
        rules: rules(report),
        leniencies: leniencies(report),
        missed: missed(report.transcript)
            .map(|(case, want, got)| Missed { case, want, got })
            .collect(),
        skipped: report
            .skipped
            .iter()
            .map(|(case, why)| Skipped { case, why })
            .collect(),
        leaks: report.leaks.map(LeaksInJson::from),
        smuggling: Smuggling::of(report.transcript, report.verdict),
        expected: report.expected.map(ExpectedInJson::from),
        minimal: report.minimal.iter().map(minimal).collect(),
    };
    // Strings and numbers only: there is nothing in it that JSON cannot carry.
    let mut text = serde_json::to_string_pretty(&document).unwrap_or_default();
    text.push('\n');
    text
}

fn rules<'a>(report: &RunReport<'a>) -> Vec<Rule<'a>> {
    let rule = |judged: &'a smtpspec_core::check::RuleVerdict| Rule {
        id: judged.rule.id,
        title: judged.rule.title,
        level: level(judged.rule.level),
        source: judged.rule.source,
        verdict: name(judged.verdict),
        exercised: judged.exercised,
        findings: judged.findings.iter().map(finding).collect(),
    };
    report.verdict.rules.iter().map(rule).collect()
}

fn minimal(minimal: &crate::run::Minimal) -> MinimalInJson<'_> {
    MinimalInJson {
        rule: minimal.rule,
        case: &minimal.case,
        what: &minimal.finding.what,
        conversation: String::from_utf8_lossy(&minimal.conversation.print()).into_owned(),
        tries: minimal.tries,
        stopped: minimal.stopped,
        flaky: minimal.is_flaky(),
        repeats: Repeats {
            shown: minimal.repeats.0,
            of: minimal.repeats.1,
        },
    }
}

fn finding(found: &smtpspec_core::check::Finding) -> Finding<'_> {
    Finding {
        case: &found.case,
        conn: found.conn,
        entry: found.entry,
        level: level(found.level),
        what: &found.what,
    }
}

fn leniencies<'a>(report: &RunReport<'a>) -> Vec<Leniency<'a>> {
    let leniency = |seen: &'a smtpspec_core::check::SeenLeniency| Leniency {
        name: &seen.name,
        level: format!("{:?}", seen.level).to_lowercase(),
        cases: &seen.cases,
    };
    report.verdict.leniencies.iter().map(leniency).collect()
}

const fn level(level: Level) -> &'static str {
    match level {
        Level::Must => "must",
        Level::Should => "should",
    }
}

/// `not strict` as `not-strict`: easier to match in a script.
fn name(verdict: Verdict) -> String {
    verdict.to_string().replace(' ', "-")
}
