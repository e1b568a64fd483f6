//! What stands around a single session's ladder.

use std::io::{self, Write};

use super::{
    RunReport,
    style::{self, FAINT, STRONG},
};

/// The heading: what is played, and at whom.
pub fn one_session(out: &mut impl Write, title: &str, report: &RunReport<'_>) -> io::Result<()> {
    let header = &report.transcript.header;
    let server = header
        .hello
        .as_ref()
        .map_or("events not observed", |hello| hello.server.as_str());
    writeln!(out, "{STRONG}{title}{STRONG:#}")?;
    writeln!(out, "{FAINT}at {} ({server}){FAINT:#}\n", header.target)
}

/// What was found, a line each, and the rules that the session exercised.
pub fn findings_of_one(out: &mut impl Write, report: &RunReport<'_>) -> io::Result<()> {
    writeln!(out)?;
    for seen in &report.verdict.leniencies {
        writeln!(out, "leniency: {}", seen.name)?;
    }
    for rule in report
        .verdict
        .rules
        .iter()
        .filter(|rule| !rule.findings.is_empty())
    {
        let style = style::of(rule.verdict);
        for finding in &rule.findings {
            writeln!(
                out,
                "{style}{} {}{style:#}: {}",
                rule.rule.id, rule.verdict, finding.what
            )?;
        }
    }
    let exercised = report
        .verdict
        .rules
        .iter()
        .filter(|rule| rule.exercised > 0)
        .count();
    if report.verdict.findings().next().is_none() {
        writeln!(out, "{exercised} rules exercised, all hold")?;
    }
    Ok(())
}
