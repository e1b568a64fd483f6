//! From a conversation to its `.smtp` file.

use core::str;
use std::io::{self, Write};

use super::{Conversation, StartTls, Step, raw};
use crate::{
    event::{HandlerAction, HandlerRule},
    repeat::Repeat,
};

impl Conversation {
    /// The text form, in its one canonical spelling. For every valid conversation whose text is no longer than
    /// [`LARGEST_FILE`](super::LARGEST_FILE), [`Conversation::parse`] gives the conversation back.
    pub fn print(&self) -> Vec<u8> {
        let mut out = Vec::new();
        self.write(&mut out)
            .expect("a Vec takes whatever is written to it");
        out
    }

    fn write(&self, out: &mut Vec<u8>) -> io::Result<()> {
        writeln!(out, "%title {}", self.title)?;
        for line in &self.purpose {
            writeln!(out, "%purpose {line}")?;
        }
        for line in &self.source {
            writeln!(out, "%source {line}")?;
        }
        for rule in &self.handlers.rules {
            write_handler(rule, out)?;
        }
        if self.protocol.is_lmtp() {
            writeln!(out, "%lmtp")?;
        }
        if self.early {
            writeln!(out, "%early")?;
        }
        self.steps.iter().try_for_each(|step| write_step(step, out))
    }
}

fn write_handler(rule: &HandlerRule, out: &mut Vec<u8>) -> io::Result<()> {
    write!(out, "%handler {} {} ", rule.event, rule.nth)?;
    match &rule.action {
        HandlerAction::Accept => writeln!(out, "accept"),
        HandlerAction::Reject(reply) => writeln!(out, "reject {reply}"),
        HandlerAction::Drop => writeln!(out, "drop"),
        HandlerAction::Fail => writeln!(out, "fail"),
        HandlerAction::RejectFor { recipient, reply } => {
            writeln!(out, "reject-for {recipient} {reply}")
        }
        HandlerAction::Sleep(millis) => writeln!(out, "sleep {}", duration(*millis)),
    }
}

fn write_step(step: &Step, out: &mut Vec<u8>) -> io::Result<()> {
    match step {
        Step::Send(segments) => write_send(segments, out),
        Step::Repeat(repeat) => write_repeat(repeat, out),
        Step::Expect(pattern) => writeln!(out, "%expect {pattern}"),
        Step::Pause(millis) => writeln!(out, "%pause {}", duration(*millis)),
        Step::Tls(StartTls::Handshake) => writeln!(out, "%tls"),
        Step::Tls(start) => writeln!(out, "%tls {}", start.name()),
        Step::CloseNotify => writeln!(out, "%close-notify"),
        Step::Truncate => writeln!(out, "%truncate"),
        Step::Silence => writeln!(out, "%silence"),
        Step::HalfClose => writeln!(out, "%half-close"),
        Step::Close => writeln!(out, "%close"),
        Step::Reset => writeln!(out, "%reset"),
    }
}

fn write_send(segments: &[Vec<u8>], out: &mut Vec<u8>) -> io::Result<()> {
    if let [segment] = segments
        && pieces(segment).count() == 1
    {
        return write_piece(segment, out);
    }
    writeln!(out, "%segment")?;
    for (index, segment) in segments.iter().enumerate() {
        if index > 0 {
            writeln!(out, "%cut")?;
        }
        pieces(segment).try_for_each(|piece| write_piece(piece, out))?;
    }
    writeln!(out, "%end")
}

fn write_repeat(repeat: &Repeat, out: &mut Vec<u8>) -> io::Result<()> {
    write!(out, "%repeat {} ", repeat.times())?;
    raw::quote(repeat.lines(), out);
    writeln!(out)
}

/// `segment` in pieces, each but the last ending in LF.
fn pieces(segment: &[u8]) -> impl Iterator<Item = &[u8]> {
    segment.split_inclusive(|octet| *octet == b'\n')
}

fn write_piece(piece: &[u8], out: &mut Vec<u8>) -> io::Result<()> {
    if let Some(line) = plain_line(piece) {
        let escape = if line.starts_with('%') { "%" } else { "" };
        writeln!(out, "{escape}{line}")
    } else {
        write!(out, "%raw ")?;
        raw::quote(piece, out);
        writeln!(out)
    }
}

/// The line that stands in the file for `piece`, if one can: text that ends in CRLF and has no control character
/// but TAB before it.
fn plain_line(piece: &[u8]) -> Option<&str> {
    let line = str::from_utf8(piece.strip_suffix(b"\r\n")?).ok()?;
    let shows = |c: char| c == '\t' || !c.is_control();
    line.chars().all(shows).then_some(line)
}

fn duration(millis: u64) -> String {
    if millis > 0 && millis.is_multiple_of(1000) {
        format!("{}s", millis / 1000)
    } else {
        format!("{millis}ms")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::conversation::strategy::conversation;
    use pretty_assertions::assert_eq;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn a_printed_conversation_reads_back_equal(conversation in conversation()) {
            let text = conversation.print();
            prop_assert_eq!(
                Conversation::parse(&text),
                Ok(conversation),
                "{}", text.escape_ascii()
            );
        }
    }

    fn printed(segments: &[&[u8]]) -> String {
        let conversation = Conversation {
            title: "T".into(),
            steps: vec![Step::Send(segments.iter().map(|s| s.to_vec()).collect())],
            ..Conversation::default()
        };
        let text = String::from_utf8(conversation.print()).unwrap();
        text.strip_prefix("%title T\n").unwrap().to_owned()
    }

    #[test]
    fn a_line_prints_as_itself() {
        assert_eq!(printed(&[b"\tQUIT \r\n"]), "\tQUIT \n");
        assert_eq!(printed(&[b"\r\n"]), "\n");
        assert_eq!(printed(&[b"%#\r\n"]), "%%#\n");
        assert_eq!(printed(&["caf\u{e9}\r\n".as_bytes()]), "caf\u{e9}\n");
    }

    #[test]
    fn what_a_file_cannot_carry_prints_raw() {
        assert_eq!(printed(&[b"NOOP"]), "%raw \"NOOP\"\n");
        assert_eq!(printed(&[b"NOOP\n"]), "%raw \"NOOP\\n\"\n");
        assert_eq!(printed(&[b"a\rb\r\n"]), "%raw \"a\\rb\\r\\n\"\n");
        assert_eq!(printed(&[b"\xff\0\r\n"]), "%raw \"\\xff\\0\\r\\n\"\n");
    }

    #[test]
    fn several_lines_in_one_write_print_as_a_segment() {
        assert_eq!(
            printed(&[b"RSET\r\nNOO", b"P\r\n"]),
            "%segment\nRSET\n%raw \"NOO\"\n%cut\nP\n%end\n"
        );
    }

    #[test]
    fn another_spelling_prints_in_the_canonical_one() {
        let text = b"%# why\r\n%title   T \n%early\n%handler OnConnect 01 sleep 2000ms\n%segment\nQUIT\n%end\n%repeat 007\t\"a\\x0d\\n\" \n%expect  221\t4xx\n%pause 1000ms";
        let canonical = "%title T\n%handler OnConnect 1 sleep 2s\n%early\nQUIT\n%repeat 7 \"a\\r\\n\"\n%expect 221 4xx\n%pause 1s\n";
        let conversation = Conversation::parse(text).unwrap();
        assert_eq!(String::from_utf8(conversation.print()).unwrap(), canonical);
    }
}
