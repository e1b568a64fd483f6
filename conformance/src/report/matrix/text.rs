//! What servers said, made fit to be shown; names, numbers and lengths.

/// `text` without what would move a cursor or turn a line around: such characters are shown, not sent.
pub(super) fn shown(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        if c.is_control() || turns_lines(c) {
            out.extend(c.escape_default());
        } else {
            out.push(c);
        }
    }
    out
}

/// The same for a text of several lines.
pub(super) fn shown_lines(text: &str) -> String {
    let lines: Vec<String> = text.trim_end().lines().map(shown).collect();
    lines.join("\n")
}

/// Unicode's marks that make a line read from the other side, and those that cannot be seen.
const fn turns_lines(c: char) -> bool {
    matches!(c, '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{2069}' | '\u{feff}')
}

/// `name` in lines of about the same length, at most `width` characters: a heading over a narrow column.
pub(super) fn folded(name: &str, width: usize) -> Vec<String> {
    let chars: Vec<char> = name.chars().collect();
    let lines = chars.len().div_ceil(width.max(1)).max(1);
    let lines = chars.chunks(chars.len().div_ceil(lines).max(1));
    lines.map(|line| line.iter().collect()).collect()
}

/// `names`, with a number behind each that has been there before: one server may stand there twice.
pub(super) fn distinct<'a>(names: impl Iterator<Item = &'a str>) -> Vec<String> {
    let mut seen: Vec<String> = Vec::new();
    for name in names {
        let name = shown(name);
        let numbered = (2..).map(|number| format!("{name}-{number}"));
        let mut free = std::iter::once(name.clone()).chain(numbered);
        seen.extend(free.find(|candidate| !seen.contains(candidate)));
    }
    seen
}

/// `text`, cut to `width` characters.
pub(super) fn cut(text: &str, width: usize) -> String {
    if text.chars().count() <= width {
        return text.to_owned();
    }
    let head: String = text.chars().take(width.saturating_sub(3)).collect();
    format!("{head}...")
}

/// `one` or `many` behind its number.
pub(super) fn count(number: usize, one: &str, many: &str) -> String {
    format!("{number} {}", if number == 1 { one } else { many })
}

#[cfg(test)]
mod tests {
    use super::*;
    use pretty_assertions::assert_eq;

    #[test]
    fn what_a_server_said_cannot_move_the_cursor_or_turn_the_line() {
        assert_eq!(shown("a\u{1b}[2J\u{202e}b\n"), "a\\u{1b}[2J\\u{202e}b\\n");
        assert_eq!(shown_lines("a\r\nb\u{7}\n"), "a\nb\\u{7}");
    }

    #[test]
    fn a_long_heading_is_folded_and_says_all() {
        assert_eq!(folded("opensmtpd@7.6", 6), ["opens", "mtpd@", "7.6"]);
        assert_eq!(folded("python-smtpd", 7), ["python", "-smtpd"]);
        assert_eq!(folded("exim", 6), ["exim"]);
    }

    #[test]
    fn a_server_that_stands_there_twice_is_numbered() {
        let names = ["embedded", "exim", "embedded", "embedded"];
        let want = ["embedded", "exim", "embedded-2", "embedded-3"];
        assert_eq!(distinct(names.into_iter()), want);
    }
}
