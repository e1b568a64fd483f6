//! The quoted form of arbitrary octets, `"MAIL FROM:<a@b>\r\x00"`.

use crate::wire::SyntaxError;

/// Appends `octets` to `out` in quotes. Valid UTF-8 without control characters stands for itself.
pub(super) fn quote(octets: &[u8], out: &mut Vec<u8>) {
    out.push(b'"');
    for chunk in octets.utf8_chunks() {
        for c in chunk.valid().chars() {
            quote_char(c, out);
        }
        for octet in chunk.invalid() {
            quote_octet(*octet, out);
        }
    }
    out.push(b'"');
}

fn quote_char(c: char, out: &mut Vec<u8>) {
    let mut buffer = [0; 4];
    let encoded = c.encode_utf8(&mut buffer).as_bytes();
    if matches!(c, '"' | '\\') || c.is_control() {
        for octet in encoded {
            quote_octet(*octet, out);
        }
    } else {
        out.extend_from_slice(encoded);
    }
}

fn quote_octet(octet: u8, out: &mut Vec<u8>) {
    match ESCAPES.iter().find(|(_, meaning)| *meaning == octet) {
        Some((letter, _)) => out.extend_from_slice(&[b'\\', *letter]),
        None => out.extend_from_slice(format!("\\x{octet:02x}").as_bytes()),
    }
}

/// The letter behind the backslash, and the octet that the two stand for.
const ESCAPES: [(u8, u8); 6] = [
    (b'r', b'\r'),
    (b'n', b'\n'),
    (b't', b'\t'),
    (b'0', 0),
    (b'\\', b'\\'),
    (b'"', b'"'),
];

/// Reads a quoted string that fills `text`.
///
/// ```text
/// quoted = DQUOTE *( char / escape ) DQUOTE
/// char   = any character but DQUOTE, "\" and control characters
/// escape = "\" ( %s"r" / %s"n" / %s"t" / "0" / "\" / DQUOTE / %s"x" 2HEXDIG )
/// ```
pub(super) fn unquote(text: &str) -> Result<Vec<u8>, SyntaxError> {
    let wrong = |at, expected| Err(SyntaxError { at, expected });
    let octets = text.as_bytes();
    if octets.first() != Some(&b'"') {
        return wrong(0, "octets in double quotes");
    }
    let mut out = Vec::with_capacity(octets.len());
    let mut at = 1;
    loop {
        match octets.get(at) {
            None => return wrong(at, "a closing double quote"),
            Some(b'"') if at + 1 == octets.len() => return Ok(out),
            Some(b'"') => return wrong(at + 1, "nothing behind the closing double quote"),
            Some(b'\\') => {
                let (octet, used) = escape(&octets[at + 1..]).ok_or(SyntaxError {
                    at,
                    expected: r#"one of \r \n \t \0 \\ \" \xNN"#,
                })?;
                out.push(octet);
                at += 1 + used;
            }
            Some(control) if control.is_ascii_control() => {
                return wrong(at, "an escape such as \\t for a control character");
            }
            Some(octet) => {
                out.push(*octet);
                at += 1;
            }
        }
    }
}

/// The octet that the escape at the front of `text` (behind its backslash) stands for, and its length there.
fn escape(text: &[u8]) -> Option<(u8, usize)> {
    match text {
        [b'x', high, low, ..] => Some((hex_digit(*high)? << 4 | hex_digit(*low)?, 3)),
        [letter, ..] => ESCAPES
            .iter()
            .find(|(known, _)| known == letter)
            .map(|(_, octet)| (*octet, 1)),
        [] => None,
    }
}

fn hex_digit(digit: u8) -> Option<u8> {
    match digit {
        b'0'..=b'9' => Some(digit - b'0'),
        b'a'..=b'f' => Some(digit - b'a' + 10),
        b'A'..=b'F' => Some(digit - b'A' + 10),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use pretty_assertions::assert_eq;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn any_octets_survive_quoting(octets: Vec<u8>) {
            let mut text = Vec::new();
            quote(&octets, &mut text);
            let text = String::from_utf8(text).unwrap();
            prop_assert_eq!(unquote(&text), Ok(octets));
        }

        #[test]
        fn quoted_octets_fit_on_one_line(octets: Vec<u8>) {
            let mut text = Vec::new();
            quote(&octets, &mut text);
            let text = String::from_utf8(text).unwrap();
            prop_assert!(!text.contains(char::is_control));
        }

        #[test]
        fn reading_any_text_never_panics(text: String) {
            let _ = unquote(&text);
        }
    }

    #[test]
    fn each_escape_stands_for_its_octet() {
        assert_eq!(
            unquote(r#""a\r\n\t\0\\\"\x7F\xfe""#).unwrap(),
            b"a\r\n\t\0\\\"\x7f\xfe"
        );
    }

    #[test]
    fn errors_point_at_what_is_wrong() {
        for (text, at) in [
            ("x", 0),
            ("", 0),
            (r#""a"#, 2),
            (r#""a"b"#, 3),
            (r#""a\q""#, 2),
            (r#""\x0g""#, 1),
            (r#""\"#, 1),
            ("\"a\tb\"", 2),
        ] {
            assert_eq!(unquote(text).unwrap_err().at, at, "{text}");
        }
    }
}
