//! `smtpspec rules`: the catalogue, and one rule explained.

use std::io::{self, Write};

use smtpspec_core::{
    check::{Level, Rule, rules},
    receiver::Defect,
};

use super::style::{FAINT, STRONG};

/// Writes one line for each rule.
pub fn list_rules(out: &mut impl Write) -> io::Result<()> {
    for rule in rules() {
        let level = level(rule);
        writeln!(
            out,
            "{STRONG}{:<7}{STRONG:#} {level:<6}  {} {FAINT}({}){FAINT:#}",
            rule.id, rule.title, rule.source
        )?;
    }
    writeln!(
        out,
        "\n{} rules. `smtpspec rules ID` explains one.",
        rules().count()
    )
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
            "  smtpspec run --defect {:<34} # {}",
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
