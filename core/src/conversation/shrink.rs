//! Conversations that are a little smaller than another, and what smaller means.

use super::{Conversation, Step};

/// What is taken away, from the coarse to the fine.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum ShrinkLevel {
    /// Steps, handlers, pauses.
    Commands,
    /// Segments, cuts, lines, and how many times over they are sent.
    Segments,
    /// Arguments and octets.
    Octets,
}

impl ShrinkLevel {
    /// From the coarse to the fine.
    pub(super) const ALL: [Self; 3] = [Self::Commands, Self::Segments, Self::Octets];
}

/// How large a conversation is: what comes first counts most.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Size {
    /// Steps, handlers, and whether the client speaks early.
    pub parts: usize,
    /// Octets that are sent.
    pub octets: u64,
    /// Segments in which they are sent; a repeat is more than the send that it may become.
    pub segments: usize,
    /// How long it pauses, in milliseconds.
    pub pauses_ms: u64,
    /// Events that its handlers count up to.
    pub counts: u64,
}

impl Conversation {
    /// How large it is.
    pub fn size(&self) -> Size {
        let mut size = Size {
            parts: self.handlers.rules.len() + self.steps.len() + usize::from(self.early),
            octets: self.octet_count(),
            segments: 0,
            pauses_ms: 0,
            counts: self
                .handlers
                .rules
                .iter()
                .map(|rule| u64::from(rule.nth))
                .sum(),
        };
        for step in &self.steps {
            match step {
                Step::Send(segments) => size.segments += segments.len(),
                Step::Repeat(_) => size.segments += 2,
                Step::Pause(millis) => size.pauses_ms += millis,
                _ => {}
            }
        }
        size
    }

    /// Lines that the client sends; an end that was cut off is one too.
    pub fn lines(&self) -> u64 {
        let in_octets = |octets: &[u8]| octets.split_inclusive(|o| *o == b'\n').count() as u64;
        let mut lines = 0;
        let mut sent = Vec::new();
        for step in &self.steps {
            match step {
                Step::Send(segments) => sent.extend(segments.concat()),
                Step::Repeat(repeat) => lines += in_octets(repeat.lines()) * repeat.times(),
                _ => {}
            }
        }
        lines + in_octets(&sent)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::conversation::{edit::Edit, strategy::conversation};
    use proptest::prelude::*;

    /// Conversations that are smaller than `of` at `level`.
    fn smaller(of: &Conversation, level: ShrinkLevel) -> Vec<Conversation> {
        let edits = Edit::all(of, level);
        edits.iter().map(|edit| edit.apply(of)).collect()
    }

    proptest! {
        #[test]
        fn what_is_smaller_is_smaller_and_can_be_written_down(conversation in conversation()) {
            for level in ShrinkLevel::ALL {
                for smaller in smaller(&conversation, level) {
                    prop_assert!(smaller.size() < conversation.size());
                    prop_assert_eq!(Conversation::parse(&smaller.print()), Ok(smaller.clone()));
                }
            }
        }
    }

    fn parse(body: &str) -> Conversation {
        Conversation::parse(format!("%title t\n{body}").as_bytes()).unwrap()
    }

    #[track_caller]
    fn becomes(body: &str, level: ShrinkLevel, wanted: &str) {
        let wanted = parse(wanted);
        assert!(smaller(&parse(body), level).contains(&wanted), "{wanted:?}");
    }

    #[test]
    fn every_single_step_can_be_left_out() {
        for left in ["B\nC\n", "A\nC\n", "A\nB\n"] {
            becomes("A\nB\nC\n", ShrinkLevel::Commands, left);
        }
    }

    #[test]
    fn what_is_no_command_is_left_out_with_the_commands() {
        let body = "%early\nA\n%expect 250\nB\n%expect 250\n%pause 100ms\n";
        for left in [
            "%early\nA\nB\n%pause 100ms\n",
            "A\n%expect 250\nB\n%expect 250\n%pause 100ms\n",
            "%early\nA\n%expect 250\nB\n%expect 250\n%pause 0ms\n",
        ] {
            becomes(body, ShrinkLevel::Commands, left);
        }
    }

    #[test]
    fn a_handler_need_not_wait_for_a_later_event() {
        becomes(
            "%handler OnNoopCommand 3 drop\nNOOP\n",
            ShrinkLevel::Commands,
            "%handler OnNoopCommand 1 drop\nNOOP\n",
        );
    }

    #[test]
    fn segments_are_joined_and_their_lines_left_out() {
        let body = "%segment\nA\n%cut\nB\nC\n%end\n";
        for left in [
            "%segment\nA\nB\nC\n%end\n",
            "%segment\nA\n%cut\nC\n%end\n",
            "A\n",
        ] {
            becomes(body, ShrinkLevel::Segments, left);
        }
    }

    #[test]
    fn lines_are_sent_fewer_times_and_at_last_once() {
        let body = "%repeat 8 \"ab\\r\\ncd\\r\\n\"\n";
        for left in [
            "%repeat 4 \"ab\\r\\ncd\\r\\n\"\n",
            "%repeat 7 \"ab\\r\\ncd\\r\\n\"\n",
            "%repeat 8 \"cd\\r\\n\"\n",
        ] {
            becomes(body, ShrinkLevel::Segments, left);
        }
        let once = "%repeat 1 \"ab\\r\\n\"\n";
        becomes(once, ShrinkLevel::Segments, "ab\n");
    }

    #[test]
    fn long_arguments_become_short_ones() {
        for (long, short) in [
            (
                "mail from:<alice@example.org> SIZE=1000\n",
                "MAIL FROM:<>\n",
            ),
            ("RCPT TO:<bob@example.org>\n", "RCPT TO:<a@b.c>\n"),
            ("EHLO client.example.org\n", "EHLO a\n"),
        ] {
            becomes(long, ShrinkLevel::Octets, short);
        }
    }
}
