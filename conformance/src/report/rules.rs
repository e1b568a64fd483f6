//! `smtpspec rules`: the catalogue, and one rule explained.

use std::io::{self, Write};

use smtpspec_core::{
    check::{Level, Rule, rules},
    receiver::Defect,
};

use super::style::{FAINT, STRONG};

/// What the groups of rules are about, by what their ids begin with.
const GROUPS: [(&str, &str); 14] = [
    ("SES", "the session's begin and end"),
    ("ORD", "the order of events"),
    ("REJ", "refusals"),
    ("CON", "content and arguments"),
    ("WIR", "what the wire shows: RFC 5321"),
    ("PIP", "PIPELINING: RFC 2920"),
    ("SIZ", "SIZE: RFC 1870"),
    ("EBM", "8BITMIME: RFC 6152"),
    ("ESC", "ENHANCEDSTATUSCODES: RFC 2034, RFC 3463"),
    ("UTF", "SMTPUTF8: RFC 6531"),
    ("AUT", "AUTH: RFC 4954"),
    ("CHK", "CHUNKING and BINARYMIME: RFC 3030"),
    ("DSN", "DSN: RFC 3461"),
    ("TLS", "STARTTLS: RFC 3207"),
];

/// Writes one line for each rule, group by group; with `only`, of that group. Gives `false` where there is none.
pub fn list_rules(out: &mut impl Write, only: Option<&str>) -> io::Result<bool> {
    let wanted = |rule: &&Rule| only.is_none_or(|group| group_of(rule).eq_ignore_ascii_case(group));
    let mut last = None;
    let mut count = 0;
    for rule in rules().filter(wanted) {
        let group = group_of(rule);
        if last != Some(group) {
            let above = if last.is_some() { "\n" } else { "" };
            let known = GROUPS.iter().find(|(id, _)| *id == group);
            let about = known.map_or("", |(_, about)| about);
            writeln!(out, "{above}{STRONG}{group}{STRONG:#}  {about}")?;
            last = Some(group);
        }
        count += 1;
        let (level, source) = (level(rule), section(rule.source));
        writeln!(
            out,
            "  {STRONG}{:<7}{STRONG:#} {level:<6}  {} {FAINT}({source}){FAINT:#}",
            rule.id, rule.title
        )?;
    }
    if count > 0 {
        writeln!(
            out,
            "\n{count} rules. `smtpspec rules ID` explains one, `smtpspec rules WIR` lists a group."
        )?;
    }
    Ok(count > 0)
}

fn group_of(rule: &Rule) -> &'static str {
    rule.id.split('-').next().unwrap_or_default()
}

/// The source without what it says: a list has no room for that.
fn section(source: &str) -> &str {
    source
        .split([':', '"'])
        .next()
        .unwrap_or_default()
        .trim_end()
}

/// Writes all that is known of `rule`.
pub fn explain_rule(out: &mut impl Write, rule: &Rule) -> io::Result<()> {
    writeln!(out, "{STRONG}{}  {}{STRONG:#}", rule.id, rule.title)?;
    writeln!(out, "level:     {}", level(rule))?;
    writeln!(out, "source:    {}", rule.source)?;
    writeln!(out, "broken by: {}", rule.example)?;
    writeln!(out, "\n{}\n", textwrap::fill(rule.explanation, 100))?;
    writeln!(
        out,
        "To see it broken, plant a defect in the embedded server:"
    )?;
    for defect in Defect::ALL.iter().filter(|defect| defect.rule() == rule.id) {
        writeln!(
            out,
            "  smtpspec run{} --defect {:<34} # {}",
            if defect.is_of_clause() {
                " --suite wire"
            } else {
                ""
            },
            defect.name(),
            defect.about()
        )?;
    }
    Ok(())
}

const fn level(rule: &Rule) -> &'static str {
    match rule.level {
        Level::Must => "MUST",
        Level::Should => "SHOULD",
    }
}
