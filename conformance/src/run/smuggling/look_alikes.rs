//! One conversation for each look-alike end of data: those that are files of the suite, and the others in the same form.

use smtpspec_core::conversation::Conversation;

use crate::run::{Case, CaseError, documented};

/// The folder of the suite whose conversations ask about one look-alike each.
pub const LOOK_ALIKES: &str = "lookalike/";

/// What careless readers take for a line end beside the dot, with its name. Each stands before the dot and behind it.
pub const SEPARATORS: [(&str, &[u8]); 14] = [
    ("CRLF", b"\r\n"),
    ("LF", b"\n"),
    ("CR", b"\r"),
    ("CRCRLF", b"\r\r\n"),
    ("CRLFLF", b"\r\n\n"),
    ("LFCR", b"\n\r"),
    ("CR NUL LF", b"\r\0\n"),
    ("NUL CRLF", b"\0\r\n"),
    ("CRLF NUL", b"\r\n\0"),
    ("VT", b"\x0b"),
    ("FF", b"\x0c"),
    // U+0085 as ISO 8859 has it, and U+2028 in UTF-8.
    ("NEL", b"\x85"),
    ("LS", b"\xe2\x80\xa8"),
    ("CRLF SP", b"\r\n "),
];

/// Each look-alike once: those that the suite has under [`LOOK_ALIKES`], then the other pairs of [`SEPARATORS`].
pub fn look_alikes() -> Result<Vec<Case>, CaseError> {
    let mut cases = documented()?;
    cases.retain(|case| case.name.starts_with(LOOK_ALIKES));
    for (before, after) in pairs() {
        let name = look_alike_name(before.0, after.0);
        if cases.iter().all(|case| case.name != name) {
            let octets = [before.1, b".", after.1].concat();
            let title = format!("{} . {}", before.0, after.0);
            let conversation = conversation(&name, &title, &octets)?;
            cases.push(Case { name, conversation });
        }
    }
    Ok(cases)
}

type Named = (&'static str, &'static [u8]);

/// All pairs but those that hold CRLF.CRLF: these are the end of data itself.
fn pairs() -> impl Iterator<Item = (Named, Named)> {
    let all = SEPARATORS.into_iter();
    let all = all.flat_map(|before| SEPARATORS.map(|after| (before, after)));
    all.filter(|(before, after)| !(before.1.ends_with(b"\r\n") && after.1.starts_with(b"\r\n")))
}

/// The name of the conversation that asks about it.
pub fn look_alike_name(before: &str, after: &str) -> String {
    let slug = |name: &str| name.to_lowercase().replace(' ', "-");
    format!("{LOOK_ALIKES}{}-dot-{}", slug(before), slug(after))
}

/// A message with an envelope behind `look_alike`, as `corpus/conversations/lookalike` has it.
fn conversation(name: &str, title: &str, octets: &[u8]) -> Result<Conversation, CaseError> {
    let slug = name.replace('/', "-");
    let octets = octets.escape_ascii().to_string();
    // The text form knows `\0`, which Rust writes as \x00 too: both are read.
    let text = format!(
        "%title {title} inside a message\n\
         %purpose It is content. The envelope behind it is content too, up to the true end of data.\n\
         %source VU#302671\n%source RFC 5321 4.1.1.4\n%source CON-2\n\
         EHLO {slug}.example.org\n%expect 250\n\
         MAIL FROM:<{slug}-sender@example.org>\n%expect 250\n\
         RCPT TO:<{slug}-recipient@example.org>\n%expect 250\n\
         DATA\n%expect 354\n\
         %segment\n\
         From: <{slug}-sender@example.org>\nSubject: {slug}\n\n\
         %raw \"The visible body.{octets}\"\n\
         MAIL FROM:<smuggled-{slug}@example.org>\n\
         RCPT TO:<smuggled-{slug}-recipient@example.org>\n\
         DATA\nSubject: smuggled\n\nThe smuggled body.\n.\n\
         %end\n%expect 250 5xx\nQUIT\n%expect 221\n"
    );
    Conversation::parse(text.as_bytes()).map_err(|source| CaseError {
        path: name.to_owned(),
        source,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use pretty_assertions::assert_eq;
    use smtpspec_core::model::LookAlike;

    #[test]
    fn each_look_alike_is_asked_about_once_and_in_its_own_octets() {
        let cases = look_alikes().unwrap();
        for (before, after) in pairs() {
            let name = look_alike_name(before.0, after.0);
            let mut named = cases.iter().filter(|case| case.name == name);
            let case = named.next().unwrap_or_else(|| panic!("no {name}"));
            assert_eq!(named.next(), None);
            let octets = case.conversation.octets();
            let asked = [before.1, b".", after.1].concat();
            assert!(memchr::memmem::find(&octets, &asked).is_some(), "{name}");
        }
    }

    #[test]
    fn what_the_checker_looks_for_is_asked_about() {
        let octets: Vec<Vec<u8>> = pairs()
            .map(|(before, after)| [before.1, b".", after.1].concat())
            .collect();
        for look_alike in LookAlike::all() {
            assert!(octets.contains(&look_alike.octets()), "{look_alike}");
        }
    }

    #[test]
    fn those_that_are_not_files_have_the_form_of_those_that_are() {
        let documented = documented().unwrap();
        let lf_dot_lf = documented
            .iter()
            .find(|case| case.name == "lookalike/lf-dot-lf");
        let made = conversation("lookalike/lf-dot-lf", "LF . LF", b"\n.\n").unwrap();
        assert_eq!(made.steps, lf_dot_lf.unwrap().conversation.steps);
    }
}
