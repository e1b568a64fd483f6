//! The same conversation cut short, or cut into other segments.

use super::{Conversation, Step};

/// How a conversation that is cut short ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Ending {
    /// FIN, nothing more is read.
    Close,
    /// RST.
    Reset,
    /// FIN, reading goes on.
    HalfClose,
    /// Nothing more is sent; the server has to end it.
    Silence,
}

impl Ending {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::Close, Self::Reset, Self::HalfClose, Self::Silence];

    /// As in reports and names of cases: `half-close`.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Close => "close",
            Self::Reset => "reset",
            Self::HalfClose => "half-close",
            Self::Silence => "silence",
        }
    }

    pub(crate) const fn step(self) -> Step {
        match self {
            Self::Close => Step::Close,
            Self::Reset => Step::Reset,
            Self::HalfClose => Step::HalfClose,
            Self::Silence => Step::Silence,
        }
    }
}

/// Where the client's writes begin and end.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Segmentation {
    /// As the conversation has it.
    AsWritten,
    /// All that is sent up to the next pause or end in one segment; expectations are dropped.
    Whole,
    /// Each octet is a segment.
    PerByte,
    /// The segment that holds this offset (from 0, over all octets sent) is cut in two before it; where a segment
    /// begins or nothing is sent, nothing changes.
    CutAt(usize),
}

impl Conversation {
    /// All octets that the client sends, in order.
    pub fn octets(&self) -> Vec<u8> {
        let mut octets = Vec::new();
        for step in &self.steps {
            if let Step::Send(segments) = step {
                octets.extend(segments.iter().flatten());
            }
        }
        octets
    }

    /// The same conversation up to the moment when `offset` octets have been sent, then ended by `ending`.
    /// No step behind that moment is kept. An offset beyond the last octet is taken for the last.
    #[must_use]
    pub fn cut_at(&self, offset: usize, ending: Ending) -> Self {
        let mut left = offset;
        let mut steps = Vec::new();
        for step in &self.steps {
            match step {
                _ if left == 0 => break,
                Step::Send(segments) => {
                    steps.push(Step::Send(front(segments, &mut left)));
                }
                Step::Expect(_) | Step::Pause(_) => steps.push(step.clone()),
                // An end of the conversation's own: nothing is sent behind it, and `ending` takes its place.
                Step::Silence | Step::HalfClose | Step::Close | Step::Reset => break,
            }
        }
        if left > 0 {
            drop_behind_last_send(&mut steps);
        }
        steps.push(ending.step());
        self.with_steps(steps)
    }

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

    pub(super) fn with_steps(&self, steps: Vec<Step>) -> Self {
        Self {
            title: self.title.clone(),
            purpose: self.purpose.clone(),
            source: self.source.clone(),
            handlers: self.handlers.clone(),
            early: self.early,
            steps,
        }
    }
}

/// The first `left` octets of `segments`; takes them off `left`.
fn front(segments: &[Vec<u8>], left: &mut usize) -> Vec<Vec<u8>> {
    let mut kept = Vec::new();
    for segment in segments {
        let taken = segment.len().min(*left);
        if taken > 0 {
            kept.push(segment[..taken].to_vec());
            *left -= taken;
        }
    }
    kept
}

fn drop_behind_last_send(steps: &mut Vec<Step>) {
    let sends = |step: &Step| matches!(step, Step::Send(_));
    let end = steps.iter().rposition(sends).map_or(0, |last| last + 1);
    steps.truncate(end);
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
        let Step::Send(segments) = step else { continue };
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
    fn a_cut_inside_a_segment_sends_its_front() {
        let conversation = parse("EHLO a\n%expect 250\n%segment\nRSET\n%cut\nNOOP\n%end\nQUIT\n");
        assert_eq!(
            conversation.cut_at(16, Ending::Reset),
            parse("EHLO a\n%expect 250\n%segment\nRSET\n%cut\n%raw \"NO\"\n%end\n%reset\n")
        );
    }

    #[test]
    fn a_cut_between_two_steps_drops_what_was_expected_there() {
        let conversation = parse("%pause 1s\nEHLO a\n%expect 250\nQUIT\n%expect 221\n");
        assert_eq!(
            conversation.cut_at(8, Ending::Close),
            parse("%pause 1s\nEHLO a\n%close\n")
        );
        assert_eq!(conversation.cut_at(0, Ending::Silence), parse("%silence\n"));
        assert_eq!(
            conversation.cut_at(99, Ending::HalfClose),
            parse("%pause 1s\nEHLO a\n%expect 250\nQUIT\n%half-close\n")
        );
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

    proptest! {
        #[test]
        fn a_cut_sends_the_octets_before_it(conversation in conversation(), at: Index) {
            let octets = conversation.octets();
            let offset = at.index(octets.len() + 1);
            for ending in Ending::ALL {
                let cut = conversation.cut_at(offset, ending);
                prop_assert_eq!(cut.octets(), &octets[..offset]);
                prop_assert_eq!(Conversation::parse(&cut.print()), Ok(cut));
            }
        }

        #[test]
        fn a_cut_at_the_last_octet_and_one_behind_it_are_the_same(conversation in conversation()) {
            let len = conversation.octets().len();
            prop_assert_eq!(
                conversation.cut_at(len, Ending::Close),
                conversation.cut_at(len + 1, Ending::Close)
            );
        }

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
