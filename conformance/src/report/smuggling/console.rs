//! The table of look-alikes on the console: what stands before the dot by what stands behind it.

use std::io::{self, Write};

use smtpspec_core::check::Verdict;

use super::{Exposure, HandedOn, LookAlikeFates, Smuggling};
use crate::{
    report::{
        matrix::Fate,
        style::{self, FAINT, STRONG},
    },
    run::SEPARATORS,
};

/// Writes the table, what ends a message, and what that means.
pub(in crate::report) fn smuggling(out: &mut impl Write, found: &Smuggling) -> io::Result<()> {
    writeln!(out, "\n{STRONG}Look-alike ends of data{STRONG:#}")?;
    writeln!(
        out,
        "{FAINT}  rows: before the dot; columns, in the same order: behind it{FAINT:#}"
    )?;
    for (before, (name, _)) in SEPARATORS.iter().enumerate() {
        write!(out, "  {name:<10}")?;
        for after in 0..SEPARATORS.len() {
            let sign = found.of_pair(before, after).map_or('=', sign);
            write!(out, " {sign}")?;
        }
        writeln!(out)?;
    }
    legend(out)?;
    for one in found.ends() {
        let (verdict, means) = if one.let_through {
            (
                Verdict::Broken,
                "exploitable: a sender that stuffs dots lets it through",
            )
        } else {
            (
                Verdict::NotStrict,
                "not strict: its dot stands behind CRLF, so such a sender doubles it",
            )
        };
        let style = style::of(verdict);
        let forms = match one.forms_that_end() {
            forms if forms.is_empty() => String::new(),
            forms => format!(", only {}", forms.join(" and ")),
        };
        let name = &one.name;
        writeln!(
            out,
            "  {style}{name}{style:#} ends a message{forms}; {means}"
        )?;
    }
    let exposure = found.exposure;
    let style = match exposure {
        Exposure::Strict => style::of(Verdict::Holds),
        Exposure::NotStrict => style::of(Verdict::NotStrict),
        Exposure::Exploitable => style::of(Verdict::Broken),
    };
    let (name, about) = (exposure.name(), exposure.about());
    writeln!(out, "  {style}{name}{style:#}: {about}")
}

fn legend(out: &mut impl Write) -> io::Result<()> {
    writeln!(
        out,
        "{FAINT}  . content   c converted   s stripped   a otherwise altered   r refused   x closed   ? no answer\n  \
         E ends the message, exploitable   e ends it, not strict   = is CRLF.CRLF itself{FAINT:#}"
    )
}

fn sign(one: &LookAlikeFates) -> char {
    match (one.ends(), one.let_through) {
        (true, true) => return 'E',
        (true, false) => return 'e',
        _ => {}
    }
    match (one.usual(), one.handed_on) {
        (Some(Fate::Content), None | Some(HandedOn::Kept)) => '.',
        (Some(Fate::Content | Fate::Altered), Some(HandedOn::Converted)) => 'c',
        (Some(Fate::Content | Fate::Altered), Some(HandedOn::Stripped)) => 's',
        (Some(Fate::Content | Fate::Altered), _) => 'a',
        (Some(Fate::Refused), _) => 'r',
        (Some(Fate::Closes | Fate::Dies), _) => 'x',
        (Some(Fate::Ends | Fate::Silent | Fate::NotReached) | None, _) => '?',
    }
}
