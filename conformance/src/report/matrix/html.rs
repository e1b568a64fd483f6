//! The matrix as a page: one file, nothing from elsewhere. What it looks like stands in `templates/matrix.html`.

use askama::Template;
use smtpspec_core::check::Verdict;

use super::{
    Cell, Fate, LookAlikeRow, Matrix, Server,
    events::EventRow,
    replies::{ReplyRow, answers_in_words},
};

/// More conversations than this in one list are left to the JSON: a browser has to show them.
const MOST: usize = 1000;

#[derive(Template)]
#[template(path = "matrix.html")]
struct Page<'a> {
    matrix: &'a Matrix,
}

/// The matrix as an HTML document.
pub fn html(matrix: &Matrix) -> String {
    // Rendering into memory cannot fail.
    Page { matrix }.render().unwrap_or_default()
}

impl Page<'_> {
    fn fates() -> &'static [Fate] {
        &Fate::ALL
    }

    fn event_rows(&self) -> &[EventRow] {
        let rows = &self.matrix.events.conversations;
        &rows[..rows.len().min(MOST)]
    }

    fn reply_rows(&self) -> &[ReplyRow] {
        let rows = &self.matrix.replies.conversations;
        &rows[..rows.len().min(MOST)]
    }

    /// The place of the finding behind what `server` does with a look-alike.
    fn finding_behind(&self, row: &LookAlikeRow, server: &Server) -> Option<String> {
        let mut servers = self.matrix.servers.iter();
        let column = servers.position(|other| other.name == server.name)?;
        let rule = match row.cells[column]? {
            Fate::Ends => "CON-2",
            Fate::Altered => "CON-3",
            Fate::Dies => "SES-8",
            _ => return None,
        };
        let row = self.matrix.rules.iter().find(|row| row.id == rule)?;
        row.cells[column].as_ref()?.shortest.as_ref()?;
        Some(format!("{rule}-{}", anchor(&server.name)))
    }

    /// The rules that somebody breaks, each with the servers that do.
    fn findings(&self) -> Vec<Finding<'_>> {
        let broken = self.matrix.rules.iter().filter(|row| row.has_findings());
        let findings = broken.map(|row| Finding {
            row,
            at: self
                .matrix
                .servers
                .iter()
                .zip(&row.cells)
                .filter_map(|(server, cell)| {
                    let cell = cell.as_ref()?;
                    Some((server.name.as_str(), cell, cell.shortest.as_ref()?))
                })
                .collect(),
        });
        findings.collect()
    }
}

struct Finding<'a> {
    row: &'a super::RuleRow,
    at: Vec<(&'a str, &'a Cell, &'a super::Shown)>,
}

/// A name as a fragment: what is no letter, digit, hyphen or dot becomes a hyphen.
fn anchor(name: &str) -> String {
    let plain = |c: char| {
        if c.is_ascii_alphanumeric() || c == '.' {
            c
        } else {
            '-'
        }
    };
    name.chars().map(plain).collect()
}

impl Cell {
    /// The class of its element.
    const fn class(&self) -> &'static str {
        match self.verdict {
            Verdict::Holds => "good",
            Verdict::Broken => "bad",
            Verdict::NotStrict | Verdict::Inconclusive => "fair",
            Verdict::NotObservable | Verdict::NotExercised => "faint",
        }
    }
}

impl Fate {
    /// The class of its element.
    const fn class(self) -> &'static str {
        match self {
            Self::Content => "good",
            Self::Ends | Self::Dies => "bad",
            Self::Altered | Self::Silent => "fair",
            Self::Refused | Self::Closes | Self::NotReached => "faint",
        }
    }
}
