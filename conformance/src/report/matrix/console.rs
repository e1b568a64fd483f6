//! The matrix on a terminal: at most 100 columns as far as that can be done. What is long is shortened, with the number
//! of what was left out; all of it is in the files that `--out` writes.

use std::io::{self, Write};

use anstyle::Style;
use smtpspec_core::check::Verdict;

use super::{
    Fate, LookAlikeRow, Matrix,
    events::{Difference, DifferenceAt},
    replies::{Level, ReplyDifference, answers_in_words},
    rules::{Cell, RuleRow},
    text::{count, cut, folded},
};
use crate::report::style::{self, FAINT, STRONG};

/// Columns of a terminal that every person has.
const WIDTH: usize = 100;
/// The narrowest column that still shows a count.
const NARROWEST: usize = 6;
/// Lines of a list that are worth a terminal.
const MOST_LINES: usize = 25;

/// Writes the matrix.
pub fn console(out: &mut impl Write, matrix: &Matrix) -> io::Result<()> {
    rules(out, matrix)?;
    findings(out, matrix)?;
    look_alikes(out, matrix)?;
    events(out, matrix)?;
    replies(out, matrix)?;
    servers(out, matrix)
}

fn section(out: &mut impl Write, title: &str) -> io::Result<()> {
    writeln!(out, "\n{STRONG}{title}{STRONG:#}")
}

/// `text` with `indent` before its first line and two blanks more before the others.
fn wrapped(out: &mut impl Write, indent: usize, text: &str) -> io::Result<()> {
    let (first, later) = (" ".repeat(indent), " ".repeat(indent + 2));
    let options = textwrap::Options::new(WIDTH)
        .initial_indent(&first)
        .subsequent_indent(&later)
        // A conversation's name is to be copied whole.
        .word_splitter(textwrap::WordSplitter::NoHyphenation);
    for line in textwrap::wrap(text, options) {
        writeln!(out, "{line}")?;
    }
    Ok(())
}

/// A table whose first column names the rows and whose other columns are the servers.
struct Table {
    first: usize,
    /// Each in as many lines as it needs.
    headings: Vec<Vec<String>>,
    width: usize,
}

impl Table {
    /// As wide as the names need, unless that is too much beside a first column of `first`.
    fn new(matrix: &Matrix, first: usize) -> Self {
        let names: Vec<String> = matrix
            .servers
            .iter()
            .map(|server| server.name.clone())
            .collect();
        let longest = names
            .iter()
            .map(|name| name.chars().count())
            .max()
            .unwrap_or(0);
        let room = WIDTH.saturating_sub(first + 2) / names.len().max(1);
        let width = longest
            .clamp(8, 14)
            .min(room.saturating_sub(1))
            .max(NARROWEST);
        Self {
            first,
            headings: names.iter().map(|name| folded(name, width)).collect(),
            width,
        }
    }

    fn heading(&self, out: &mut impl Write, first: &str) -> io::Result<()> {
        let lines = self.headings.iter().map(Vec::len).max().unwrap_or(0);
        for line in 0..lines {
            let label = if line == 0 { first } else { "" };
            write!(out, "  {FAINT}{label:<width$}", width = self.first)?;
            for heading in &self.headings {
                let text = heading.get(line).map_or("", String::as_str);
                write!(out, " {text:<width$}", width = self.width)?;
            }
            writeln!(out, "{FAINT:#}")?;
        }
        Ok(())
    }

    fn cell(&self, out: &mut impl Write, style: Style, text: &str) -> io::Result<()> {
        let text = cut(text, self.width);
        write!(out, " {style}{text:<width$}{style:#}", width = self.width)
    }

    /// Columns that are left to the right.
    fn rest(&self) -> usize {
        WIDTH.saturating_sub(2 + self.first + self.headings.len() * (self.width + 1) + 2)
    }
}

fn rules(out: &mut impl Write, matrix: &Matrix) -> io::Result<()> {
    section(out, "Rules by servers")?;
    let table = Table::new(matrix, 6);
    table.heading(out, "rule")?;
    for row in &matrix.rules {
        write!(out, "  {:<6}", row.id)?;
        for cell in &row.cells {
            let (style, text) = cell_text(cell.as_ref());
            table.cell(out, style, &text)?;
        }
        match table.rest() {
            0..20 => writeln!(out)?,
            rest => writeln!(out, "  {FAINT}{}{FAINT:#}", cut(row.title, rest))?,
        }
    }
    let legend = "ok: holds. X: broken, and in how many conversations. ~: not strict, likewise. -: not \
                  observable. .: not exercised. ?: inconclusive. (blank): nothing was seen of this server.";
    wrapped(out, 2, legend)
}

fn cell_text(cell: Option<&Cell>) -> (Style, String) {
    let Some(cell) = cell else {
        return (FAINT, String::new());
    };
    let text = match cell.verdict {
        Verdict::Holds => "ok".to_owned(),
        Verdict::Broken => format!("X {}", cell.conversations),
        Verdict::NotStrict => format!("~ {}", cell.conversations),
        Verdict::NotObservable => "-".to_owned(),
        Verdict::NotExercised => ".".to_owned(),
        Verdict::Inconclusive => "?".to_owned(),
    };
    (style::of(cell.verdict), text)
}

fn findings(out: &mut impl Write, matrix: &Matrix) -> io::Result<()> {
    let broken: Vec<&RuleRow> = matrix
        .rules
        .iter()
        .filter(|row| row.has_findings())
        .collect();
    if broken.is_empty() {
        return Ok(());
    }
    section(
        out,
        "What was found, by the shortest conversation that shows it",
    )?;
    for row in broken {
        writeln!(out, "  {STRONG}{}  {}{STRONG:#}", row.id, row.title)?;
        for (server, cell) in matrix.servers.iter().zip(&row.cells) {
            let shortest = cell.as_ref().and_then(|cell| cell.shortest.as_ref());
            if let Some(shown) = shortest {
                let (name, what) = (&server.name, cut(&shown.in_words(), 240));
                wrapped(out, 4, &format!("{name}  {what}"))?;
            }
        }
    }
    writeln!(
        out,
        "  {FAINT}see one: smtpspec replay CONVERSATION --target SERVER; a rule explained: smtpspec rules ID{FAINT:#}"
    )
}

fn look_alikes(out: &mut impl Write, matrix: &Matrix) -> io::Result<()> {
    if matrix.look_alikes.is_empty() {
        return Ok(());
    }
    section(
        out,
        "Look-alike ends of data, each with an envelope behind it",
    )?;
    let (same, rows): (Vec<&LookAlikeRow>, Vec<&LookAlikeRow>) =
        matrix.look_alikes.iter().partition(|row| row.is_content());
    let all = count(matrix.look_alikes.len(), "look-alike", "look-alikes");
    writeln!(out, "  {} of {all}: content at every server.", same.len())?;
    if rows.is_empty() {
        return Ok(());
    }
    let longest = rows.iter().map(|row| row.title.chars().count()).max();
    let room = WIDTH.saturating_sub(2 + matrix.servers.len() * (NARROWEST + 1));
    let first = longest.unwrap_or(0).min(room.clamp(16, 30));
    let table = Table::new(matrix, first);
    table.heading(out, "in the message")?;
    for row in &rows {
        write!(out, "  {:<first$}", cut(&row.title, first))?;
        for cell in &row.cells {
            let text = cell.map_or("", word);
            table.cell(out, fate_style(*cell), text)?;
        }
        writeln!(out)?;
    }
    wrapped(
        out,
        2,
        &format!("{}. {}", legend(&rows).join(". "), Fate::CAVEAT),
    )
}

/// What the words in the table mean, of those that are there.
fn legend(rows: &[&LookAlikeRow]) -> Vec<String> {
    let there = |fate: &&Fate| rows.iter().any(|row| row.cells.contains(&Some(**fate)));
    let fates = Fate::ALL.iter().filter(there);
    fates
        .map(|fate| format!("{}: {}", word(*fate), fate.about()))
        .collect()
}

/// As short as the narrowest column.
const fn word(fate: Fate) -> &'static str {
    match fate {
        Fate::Content => "ok",
        Fate::Altered => "alter",
        Fate::Ends => "ENDS",
        Fate::Refused => "refuse",
        Fate::Closes => "close",
        Fate::Dies => "DIES",
        Fate::Silent => "silent",
        Fate::NotReached => "noDATA",
    }
}

const fn fate_style(fate: Option<Fate>) -> Style {
    match fate {
        Some(Fate::Ends | Fate::Dies) => style::of(Verdict::Broken),
        Some(Fate::Content) => style::of(Verdict::Holds),
        Some(Fate::Altered | Fate::Silent) => style::of(Verdict::NotStrict),
        _ => FAINT,
    }
}

fn events(out: &mut impl Write, matrix: &Matrix) -> io::Result<()> {
    let events = &matrix.events;
    section(
        out,
        "Events that differ from the reference server's, as far as each server shows them",
    )?;
    let (compared, agree) = (
        count(events.compared, "conversation", "conversations"),
        events.agree,
    );
    writeln!(
        out,
        "  {compared} compared; in {agree} of them all servers agree with the reference."
    )?;
    for difference in events.differences.iter().take(MOST_LINES) {
        event_difference(out, difference)?;
    }
    left_out(out, events.differences.len())
}

fn event_difference(out: &mut impl Write, difference: &Difference) -> io::Result<()> {
    writeln!(out, "  {STRONG}{}{STRONG:#}", difference.what)?;
    for at in &difference.servers {
        let DifferenceAt {
            server,
            conversations,
            example,
            ..
        } = at;
        let reasons = at.reasons_in_words();
        wrapped(
            out,
            4,
            &format!("{server} {conversations}: {reasons}; {example}"),
        )?;
    }
    Ok(())
}

fn replies(out: &mut impl Write, matrix: &Matrix) -> io::Result<()> {
    let replies = &matrix.replies;
    section(out, "Replies that differ, by the first that does")?;
    let compared = count(replies.compared, "conversation", "conversations");
    let by = |level| {
        replies
            .conversations
            .iter()
            .filter(|row| row.level == level)
            .count()
    };
    let (class, code) = (by(Level::Class), by(Level::Code));
    let numbers = format!(
        "{compared} compared; in {} all codes are the same; {class} differ by class (the first digit), {code} by code only.",
        replies.same
    );
    wrapped(out, 2, &numbers)?;
    for difference in replies.differences.iter().take(MOST_LINES) {
        reply_difference(out, difference)?;
    }
    left_out(out, replies.differences.len())
}

fn reply_difference(out: &mut impl Write, difference: &ReplyDifference) -> io::Result<()> {
    let ReplyDifference {
        level,
        to,
        conversations,
        example,
        ..
    } = difference;
    writeln!(
        out,
        "  {STRONG}{level} {to}{STRONG:#} in {}, such as {example}",
        count(*conversations, "conversation", "conversations")
    )?;
    let answers = answers_in_words(&difference.answers, " ");
    let answers = answers
        .iter()
        .map(|(code, servers)| format!("{code} {servers}"));
    wrapped(out, 4, &answers.collect::<Vec<_>>().join(" | "))
}

fn left_out(out: &mut impl Write, all: usize) -> io::Result<()> {
    match all.saturating_sub(MOST_LINES) {
        0 => Ok(()),
        more => writeln!(
            out,
            "  {FAINT}and {more} more: --out DIR writes them all{FAINT:#}"
        ),
    }
}

fn servers(out: &mut impl Write, matrix: &Matrix) -> io::Result<()> {
    section(out, "Servers")?;
    for server in &matrix.servers {
        let software = server.software_or_why();
        writeln!(out, "  {STRONG}{}{STRONG:#}  {software}", server.name)?;
        if let Some(trouble) = &server.trouble {
            let style = style::of(Verdict::Broken);
            let mut lines = trouble.lines();
            writeln!(
                out,
                "    {style}{}{style:#}",
                lines.next().unwrap_or_default()
            )?;
            for line in lines {
                writeln!(out, "      {}", cut(line, WIDTH - 6))?;
            }
        }
        if server.conversations > 0 {
            let rules = format!(
                "{}, {} events ({} of 15 kinds shown); rules: {} hold, {} broken, {} not strict",
                count(server.conversations, "conversation", "conversations"),
                server.events,
                server.shows,
                server.holds,
                server.broken,
                server.not_strict
            );
            wrapped(out, 4, &rules)?;
        }
        for (why, number) in &server.skipped {
            wrapped(out, 4, &format!("{number} not played: {why}"))?;
        }
    }
    Ok(())
}
