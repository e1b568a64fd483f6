//! The same conversation cut short; how many octets it sends.

use super::{Conversation, Step};
use crate::repeat::Repeat;

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
    /// TLS's close_notify, and then a line in clear.
    CloseNotify,
    /// FIN without TLS's close_notify, nothing more is read.
    Truncate,
}

/// What is sent in clear behind a close_notify: a command in every state, and a line that would end a message.
const BEHIND_NOTIFY: &[u8] = b"\r\n.\r\nNOOP\r\n";

impl Ending {
    /// Those that any connection can have.
    pub const ALL: [Self; 4] = [Self::Close, Self::Reset, Self::HalfClose, Self::Silence];

    /// Those that only a connection inside TLS can have.
    pub const TLS: [Self; 2] = [Self::CloseNotify, Self::Truncate];

    /// As in reports and names of cases: `half-close`.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Close => "close",
            Self::Reset => "reset",
            Self::HalfClose => "half-close",
            Self::Silence => "silence",
            Self::CloseNotify => "close-notify",
            Self::Truncate => "truncate",
        }
    }

    /// What it adds to a conversation.
    pub(crate) fn steps(self) -> Vec<Step> {
        match self {
            Self::Close => vec![Step::Close],
            Self::Reset => vec![Step::Reset],
            Self::HalfClose => vec![Step::HalfClose],
            Self::Silence => vec![Step::Silence],
            Self::CloseNotify => {
                vec![Step::CloseNotify, Step::Send(vec![BEHIND_NOTIFY.to_vec()])]
            }
            Self::Truncate => vec![Step::Truncate],
        }
    }
}

impl Conversation {
    /// All octets that the client sends, in order; each repeat in full, as if the server took it. Where there may
    /// be repeats, ask [`Conversation::octet_count`] first: they may be larger than the memory.
    pub fn octets(&self) -> Vec<u8> {
        let mut octets = Vec::new();
        for step in &self.steps {
            match step {
                Step::Send(segments) => octets.extend(segments.iter().flatten()),
                Step::Repeat(repeat) => {
                    for _ in 0..repeat.times() {
                        octets.extend_from_slice(repeat.lines());
                    }
                }
                _ => {}
            }
        }
        octets
    }

    /// How many octets the client sends, each repeat in full.
    pub fn octet_count(&self) -> u64 {
        let count = |step: &Step| match step {
            Step::Send(segments) => segments.iter().map(|segment| segment.len() as u64).sum(),
            Step::Repeat(repeat) => repeat.size(),
            _ => 0,
        };
        self.steps.iter().map(count).sum()
    }

    /// The same conversation up to the moment when `offset` octets have been sent, then ended by `ending`.
    /// No step behind that moment is kept. An offset beyond the last octet is taken for the last. A repeat is cut into
    /// those that are whole and a send of a part of the next.
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
                Step::Repeat(repeat) => steps.extend(front_of_repeat(repeat, &mut left)),
                Step::Expect(_) | Step::Pause(_) | Step::Tls(_) | Step::CloseNotify => {
                    steps.push(step.clone());
                }
                // An end of the conversation's own: nothing is sent behind it, and `ending` takes its place.
                Step::Silence | Step::HalfClose | Step::Close | Step::Reset | Step::Truncate => {
                    break;
                }
            }
        }
        if left > 0 {
            drop_behind_last_send(&mut steps);
        }
        let of_tls = matches!(ending, Ending::CloseNotify | Ending::Truncate);
        if of_tls && steps.contains(&Step::CloseNotify) {
            // TLS has ended already.
            steps.push(Step::Close);
        } else {
            steps.extend(ending.steps());
        }
        self.with_steps(steps)
    }

    pub(super) fn with_steps(&self, steps: Vec<Step>) -> Self {
        Self {
            title: self.title.clone(),
            purpose: self.purpose.clone(),
            source: self.source.clone(),
            handlers: self.handlers.clone(),
            protocol: self.protocol,
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

/// The first `left` octets of `repeat`; takes them off `left`.
fn front_of_repeat(repeat: &Repeat, left: &mut usize) -> Vec<Step> {
    let lines = repeat.lines();
    let fit = *left / lines.len();
    let whole = usize::try_from(repeat.times()).map_or(fit, |times| times.min(fit));
    *left -= whole * lines.len();
    let kept = repeat.fewer(whole as u64).map(Step::Repeat);
    let mut steps: Vec<Step> = kept.into_iter().collect();
    if *left > 0 && (whole as u64) < repeat.times() {
        steps.push(Step::Send(vec![lines[..*left].to_vec()]));
        *left = 0;
    }
    steps
}

fn drop_behind_last_send(steps: &mut Vec<Step>) {
    let sends = |step: &Step| matches!(step, Step::Send(_) | Step::Repeat(_));
    let end = steps.iter().rposition(sends).map_or(0, |last| last + 1);
    steps.truncate(end);
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

    const REPEATED: &str = "DATA\n%expect 354\n%repeat 3 \"ab\\r\\n\"\n.\n";

    #[test]
    fn a_cut_inside_a_repeat_keeps_what_is_whole_and_sends_a_part() {
        let conversation = parse(REPEATED);
        for (offset, body) in [
            (7, "%raw \"a\"\n"),
            (10, "%repeat 1 \"ab\\r\\n\"\n"),
            (17, "%repeat 2 \"ab\\r\\n\"\n%raw \"ab\\r\"\n"),
            (18, "%repeat 3 \"ab\\r\\n\"\n"),
            (19, "%repeat 3 \"ab\\r\\n\"\n%raw \".\"\n"),
        ] {
            assert_eq!(
                conversation.cut_at(offset, Ending::Close),
                parse(&format!("DATA\n%expect 354\n{body}%close\n"))
            );
        }
    }

    proptest! {
        #[test]
        fn octets_are_counted_without_writing_them_down(conversation in conversation()) {
            prop_assert_eq!(conversation.octet_count(), conversation.octets().len() as u64);
        }

        #[test]
        fn a_cut_sends_the_octets_before_it(conversation in conversation(), at: Index) {
            let octets = conversation.octets();
            let offset = at.index(octets.len() + 1);
            for ending in Ending::ALL.into_iter().chain(Ending::TLS) {
                let cut = conversation.cut_at(offset, ending);
                prop_assert!(cut.octets().starts_with(&octets[..offset]));
                if ending != Ending::CloseNotify {
                    prop_assert_eq!(cut.octets().len(), offset);
                }
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

    }
}
