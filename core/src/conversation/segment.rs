//! The same conversation cut into other segments.

use super::{Conversation, Step};

/// Where the client's writes begin and end.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Segmentation {
    /// As the conversation has it.
    AsWritten,
    /// All that is sent up to the next pause, repeat or end in one segment; expectations are dropped.
    Whole,
    /// Each octet is a segment, but for repeats.
    PerByte,
    /// The segment that holds this offset (from 0, over all octets sent) is cut in two before it; where a segment
    /// begins, in a repeat, or where nothing is sent, nothing changes.
    CutAt(usize),
}

impl Conversation {
    /// The same octets in other segments.
    #[must_use]
    pub fn segmented(&self, segmentation: Segmentation) -> Self {
        match segmentation {
            Segmentation::AsWritten => self.clone(),
            Segmentation::Whole => self.with_steps(whole(&self.steps)),
            Segmentation::PerByte => self.with_steps(per_byte(&self.steps)),
            Segmentation::CutAt(offset) => self.with_steps(cut_segment(&self.steps, offset)),
        }
    }
}

fn whole(steps: &[Step]) -> Vec<Step> {
    let mut out = Vec::new();
    for step in steps {
        match (step, out.last_mut()) {
            (Step::Expect(_), _) => {}
            (Step::Send(segments), Some(Step::Send(merged))) => {
                // Every Send of `out` was pushed with one segment.
                merged[0].extend(segments.iter().flatten());
            }
            (Step::Send(segments), _) => out.push(Step::Send(vec![segments.concat()])),
            (other, _) => out.push(other.clone()),
        }
    }
    out
}

fn per_byte(steps: &[Step]) -> Vec<Step> {
    let split = |step: &Step| match step {
        Step::Send(segments) => {
            let octets = segments.iter().flatten();
            Step::Send(octets.map(|octet| vec![*octet]).collect())
        }
        other => other.clone(),
    };
    steps.iter().map(split).collect()
}

fn cut_segment(steps: &[Step], offset: usize) -> Vec<Step> {
    let mut left = offset;
    let mut out = steps.to_vec();
    for step in &mut out {
        let segments = match step {
            Step::Send(segments) => segments,
            Step::Repeat(repeat) => {
                let size = usize::try_from(repeat.size()).unwrap_or(usize::MAX);
                let Some(behind) = left.checked_sub(size) else {
                    return out;
                };
                left = behind;
                continue;
            }
            _ => continue,
        };
        for index in 0..segments.len() {
            let len = segments[index].len();
            if left < len {
                if left > 0 {
                    let tail = segments[index].split_off(left);
                    segments.insert(index + 1, tail);
                }
                return out;
            }
            left -= len;
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::conversation::strategy::conversation;
    use pretty_assertions::assert_eq;
    use proptest::{prelude::*, sample::Index};

    fn parse(body: &str) -> Conversation {
        Conversation::parse(format!("%title T\n{body}").as_bytes()).unwrap()
    }

    #[test]
    fn the_whole_is_one_segment_up_to_each_pause() {
        assert_eq!(
            parse("EHLO a\n%expect 250\nRSET\n%pause 1s\nNOOP\nQUIT\n%close\n")
                .segmented(Segmentation::Whole),
            parse("%segment\nEHLO a\nRSET\n%end\n%pause 1s\n%segment\nNOOP\nQUIT\n%end\n%close\n")
        );
    }

    #[test]
    fn an_octet_can_be_a_segment() {
        assert_eq!(
            parse("a\n%expect 500\n").segmented(Segmentation::PerByte),
            parse(
                "%segment\n%raw \"a\"\n%cut\n%raw \"\\r\"\n%cut\n%raw \"\\n\"\n%end\n%expect 500\n"
            )
        );
    }

    #[test]
    fn a_segment_can_be_cut_in_two() {
        assert_eq!(
            parse("RSET\nNOOP\n").segmented(Segmentation::CutAt(7)),
            parse("RSET\n%segment\n%raw \"N\"\n%cut\nOOP\n%end\n")
        );
        assert_eq!(
            parse("RSET\nNOOP\n").segmented(Segmentation::CutAt(6)),
            parse("RSET\nNOOP\n")
        );
    }

    const REPEATED: &str = "DATA\n%expect 354\n%repeat 3 \"ab\\r\\n\"\n.\n";

    #[test]
    fn a_repeat_is_never_cut_into_segments() {
        let conversation = parse(REPEATED);
        for offset in 6..=18 {
            assert_eq!(
                conversation.segmented(Segmentation::CutAt(offset)),
                conversation
            );
        }
        assert_eq!(
            conversation.segmented(Segmentation::CutAt(20)),
            parse(&REPEATED.replace(".\n", "%segment\n%raw \".\\r\"\n%cut\n%raw \"\\n\"\n%end\n"))
        );
        assert_eq!(
            conversation.segmented(Segmentation::Whole),
            parse(&REPEATED.replace("%expect 354\n", ""))
        );
    }

    proptest! {
        #[test]
        fn segments_never_change_the_octets(conversation in conversation(), at: Index) {
            let octets = conversation.octets();
            let cut = Segmentation::CutAt(at.index(octets.len() + 1));
            for how in [Segmentation::AsWritten, Segmentation::Whole, Segmentation::PerByte, cut] {
                let other = conversation.segmented(how);
                prop_assert_eq!(other.octets(), &octets[..]);
                prop_assert_eq!(Conversation::parse(&other.print()), Ok(other));
            }
        }
    }
}
