//! Messages that may not be refused for what they look like (RFC 5321, 3.3, 4.1.1.4, 4.5.2).
//!
//! A server may refuse a message for any reason of its own. What is refused for good where an ordinary message to
//! the same server was taken in the same session is refused for what is odd about it.

use super::{Clause, clause, probe::Probe, subject::Subjects};
use crate::check::verdict::Rule;

pub(super) const CLAUSES: &[Clause] = &[
    clause(
        Rule::should(
            "WIR-80",
            "A message without a header section is taken",
            "RFC 5321 3.3: \"Server SMTP systems SHOULD NOT reject messages based on perceived defects in the RFC 822 or MIME [...] message \
             header section or message body\"",
            "It is a text, and the envelope says where it goes.",
            "DATA, `Hello` CRLF `.` CRLF, 554",
        ),
        |probe| {
            of_interest(probe)
                && !probe.content().is_empty()
                && is_text(probe)
                && header(probe).is_empty()
        },
        |probe| probe.taken("it has no header section"),
    )
    .of(Subjects::MESSAGE),
    clause(
        Rule::should(
            "WIR-81",
            "A message with a malformed header field is taken",
            "RFC 5321 3.3: \"Server SMTP systems SHOULD NOT reject messages based on perceived defects in the RFC 822 or MIME [...] message \
             header section or message body\"",
            "A field without a colon, for example.",
            "DATA, `Subject hello` among the fields, 550",
        ),
        |probe| {
            let lacks_colon = |line: &&[u8]| !line.contains(&b':') && !line.starts_with(b" ");
            let mut lines = header(probe).into_iter();
            of_interest(probe) && is_text(probe) && lines.any(|line| lacks_colon(&line))
        },
        |probe| probe.taken("it has a header field without a colon"),
    )
    .of(Subjects::MESSAGE),
    clause(
        Rule::must(
            "WIR-82",
            "A message whose Resent- fields do not match is taken",
            "RFC 5321 3.3: \"they MUST NOT reject messages in which the numbers of Resent-header fields do not match \
             or Resent-to appears without Resent-from and/or Resent-date\"",
            "Resent-To alone.",
            "DATA, `Resent-To: <a@example.org>`, 550",
        ),
        |probe| {
            let has = |name: &[u8]| {
                header(probe).iter().any(|line| {
                    line.get(..name.len())
                        .is_some_and(|front| front.eq_ignore_ascii_case(name))
                })
            };
            of_interest(probe)
                && is_text(probe)
                && has(b"Resent-To:")
                && !(has(b"Resent-From:") && has(b"Resent-Date:"))
        },
        |probe| probe.taken("it has Resent-To without Resent-From and Resent-Date"),
    )
    .of(Subjects::MESSAGE),
    clause(
        Rule::should(
            "WIR-83",
            "Control characters in a message are taken",
            "RFC 5321 4.5.2: \"The mail data may contain any of the 128 ASCII characters. All characters are to be \
             delivered [...], including spaces, vertical and horizontal tabs, and other control characters\"; 4.1.1.4",
            "But for NUL and bare CR and LF, which have trouble of their own.",
            "DATA, a line with ESC and BEL, 554",
        ),
        |probe| {
            let control = |octet: &u8| matches!(octet, 1..=8 | 11 | 12 | 14..=31 | 127);
            let content = probe.content();
            of_interest(probe)
                && content.is_ascii()
                && !content.contains(&0)
                && has_plain_header(probe)
                && content.iter().any(control)
        },
        |probe| probe.taken("it has control characters"),
    )
    .of(Subjects::MESSAGE),
];

/// A message that came whole and not too long, in a session that has had an ordinary one before.
fn of_interest(probe: &Probe<'_, '_>) -> bool {
    const SHORT: usize = 4096;
    // Lines beyond the limit are a reason of their own (RFC 5321, 4.5.3.1.6).
    let mut lines = probe.content().split_inclusive(|octet| *octet == b'\n');
    probe.message().is_some()
        && probe.ordinary_taken()
        && probe.content().len() < SHORT
        && lines.all(|line| line.len() <= 1000)
}

/// Whether the content begins with a header section of fields and their continuations in ASCII, all well formed: what is
/// odd about the message is then in its body.
pub(super) fn has_plain_header(probe: &Probe<'_, '_>) -> bool {
    let content = probe.content();
    let Some(end) = memchr::memmem::find(content, b"\r\n\r\n") else {
        return false;
    };
    let mut lines = content[..end].split(|octet| *octet == b'\n');
    let is_plain = |line: &[u8]| {
        let line = line.strip_suffix(b"\r").unwrap_or(line);
        line.is_ascii() && (is_field(line) || line.starts_with(b" ") || line.starts_with(b"\t"))
    };
    lines.next().is_some_and(is_field) && lines.all(is_plain)
}

/// Whether `line` has a name and a colon.
fn is_field(line: &[u8]) -> bool {
    let name = line.split(|octet| *octet == b':').next();
    let name = name.unwrap_or_default();
    line.contains(&b':') && !name.is_empty() && name.iter().all(u8::is_ascii_graphic)
}

/// Nothing in it but text in lines.
fn is_text(probe: &Probe<'_, '_>) -> bool {
    let plain = |octet: &u8| matches!(octet, b'\t' | b'\r' | b'\n' | b' '..=b'~');
    probe.content().iter().all(plain)
}

/// The lines before the first empty one; none where there is no empty line, or no field among them.
fn header<'v>(probe: &Probe<'v, '_>) -> Vec<&'v [u8]> {
    let content = probe.content();
    let end = memchr::memmem::find(content, b"\r\n\r\n");
    let lines = end.map(|end| &content[..end]).unwrap_or_default();
    let lines: Vec<_> = lines
        .split(|octet| *octet == b'\n')
        .map(<[u8]>::trim_ascii_end)
        .collect();
    if lines.iter().any(|line| is_field(line)) {
        lines
    } else {
        Vec::new()
    }
}
