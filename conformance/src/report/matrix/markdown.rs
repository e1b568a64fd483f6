//! The matrix as Markdown, for a repository. What it looks like stands in `templates/matrix.md`.

use std::fmt;

use askama::{Template, filters::Escaper};
use smtpspec_core::check::Verdict;

use super::{Cell, Fate, Matrix, replies::answers_in_words};

/// More lines than this in one list are left to the JSON.
const MOST: usize = 100;

#[derive(Template)]
#[template(path = "matrix.md")]
struct Page<'a> {
    matrix: &'a Matrix,
}

/// The matrix as Markdown (GitHub's tables).
pub fn markdown(matrix: &Matrix) -> String {
    // Rendering into memory cannot fail.
    Page { matrix }.render().unwrap_or_default()
}

/// Takes from text what would mean something in Markdown, or end a table's cell.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Plain;

impl Escaper for Plain {
    fn write_escaped_str<W: fmt::Write>(&self, mut out: W, text: &str) -> fmt::Result {
        for c in text.chars() {
            match c {
                '\\' | '`' | '*' | '_' | '[' | ']' | '<' | '>' | '#' | '|' | '~' | '&' | '$' => {
                    out.write_char('\\')?;
                    out.write_char(c)?;
                }
                '\n' | '\r' => out.write_char(' ')?,
                c => out.write_char(c)?,
            }
        }
        Ok(())
    }
}

impl Cell {
    fn in_words(&self) -> String {
        let conversations = self.conversations;
        match self.verdict {
            Verdict::Broken => format!("BROKEN in {conversations}"),
            Verdict::NotStrict => format!("not strict in {conversations}"),
            verdict => verdict.to_string(),
        }
    }
}
