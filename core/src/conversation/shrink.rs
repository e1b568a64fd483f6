//! Conversations that are a little smaller than another: what a minimiser tries next.

use super::{Conversation, Step};
use crate::repeat::Repeat;

/// What is taken away, from the coarse to the fine.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ShrinkLevel {
    /// Steps and handlers.
    Commands,
    /// Segments, cuts, lines, and how many times over they are sent.
    Segments,
    /// Octets.
    Octets,
}

impl ShrinkLevel {
    /// From the coarse to the fine.
    pub const ALL: [Self; 3] = [Self::Commands, Self::Segments, Self::Octets];
}

impl Conversation {
    /// Conversations that are smaller than this one at `level`, the boldest cuts first. Each has fewer handlers,
    /// steps, segments or octets, or sends what was repeated, so that taking one after the other comes to an end.
    pub fn smaller(&self, level: ShrinkLevel) -> Vec<Self> {
        let mut found = Vec::new();
        match level {
            ShrinkLevel::Commands => {
                for rules in without_chunks(&self.handlers.rules) {
                    let mut smaller = self.clone();
                    smaller.handlers.rules = rules;
                    found.push(smaller);
                }
                found.extend(without_chunks(&self.steps).map(|steps| self.with_steps(steps)));
            }
            ShrinkLevel::Segments => self.replace_segments(&mut found),
            // The octets of a repeat are left alone: one that is needed once only has become a send by now.
            ShrinkLevel::Octets => self.replace_sends(&mut found, |segments| {
                each_segment(segments, |segment| {
                    // A line end torn apart would show something else.
                    let whole =
                        |smaller: &Vec<u8>| bare_line_ends(smaller) <= bare_line_ends(segment);
                    without_chunks(segment).filter(whole).collect()
                })
            }),
        }
        found
    }

    fn replace_segments(&self, found: &mut Vec<Self>) {
        for (index, step) in self.steps.iter().enumerate() {
            if let Step::Repeat(repeat) = step {
                found.extend(smaller_repeats(repeat).map(|step| {
                    let mut steps = self.steps.clone();
                    steps[index] = step;
                    self.with_steps(steps)
                }));
            }
        }
        self.replace_sends(found, |segments| {
            let mut choices: Vec<Vec<Vec<u8>>> = without_chunks(segments).collect();
            if segments.len() > 1 {
                choices.push(vec![segments.concat()]);
            }
            choices.extend(each_segment(segments, |segment| {
                let lines: Vec<&[u8]> = segment.split_inclusive(|o| *o == b'\n').collect();
                without_chunks(&lines).map(|lines| lines.concat()).collect()
            }));
            choices
        });
    }

    /// Adds, for each send, the conversations in which `choices` gives its segments instead.
    fn replace_sends(
        &self,
        found: &mut Vec<Self>,
        choices: impl Fn(&[Vec<u8>]) -> Vec<Vec<Vec<u8>>>,
    ) {
        for (index, step) in self.steps.iter().enumerate() {
            let Step::Send(segments) = step else { continue };
            for choice in choices(segments) {
                if choice.is_empty() || choice.iter().any(Vec::is_empty) {
                    continue;
                }
                let mut steps = self.steps.clone();
                steps[index] = Step::Send(choice);
                found.push(self.with_steps(steps));
            }
        }
    }
}

/// Fewer times first (half as many, then three quarters, and so on up to one less), then fewer lines; once only is a
/// send.
fn smaller_repeats(repeat: &Repeat) -> impl Iterator<Item = Step> {
    let halves = core::iter::successors(Some(repeat.times().div_ceil(2)), |less| {
        (*less > 1).then(|| less.div_ceil(2))
    });
    let fewer_times = halves.filter_map(|less| repeat.fewer(repeat.times() - less));
    let lines: Vec<&[u8]> = repeat.lines().split_inclusive(|o| *o == b'\n').collect();
    let fewer_lines = without_chunks(&lines)
        .filter_map(|lines| Repeat::new(lines.concat(), repeat.times()).ok())
        // Not lazily: `lines` ends here.
        .collect::<Vec<_>>();
    let once = (repeat.times() == 1).then(|| Step::Send(vec![repeat.lines().to_vec()]));
    let repeats = fewer_times.chain(fewer_lines).map(Step::Repeat);
    once.into_iter().chain(repeats)
}

/// The segments with one of them replaced by each of its `choices`.
fn each_segment(
    segments: &[Vec<u8>],
    choices: impl Fn(&[u8]) -> Vec<Vec<u8>>,
) -> Vec<Vec<Vec<u8>>> {
    let mut all = Vec::new();
    for (index, segment) in segments.iter().enumerate() {
        for choice in choices(segment) {
            let mut replaced = segments.to_vec();
            replaced[index] = choice;
            all.push(replaced);
        }
    }
    all
}

/// How many CR and LF are not part of a CRLF.
fn bare_line_ends(octets: &[u8]) -> usize {
    let all = octets
        .iter()
        .filter(|octet| matches!(octet, b'\r' | b'\n'))
        .count();
    all - 2 * octets.windows(2).filter(|pair| pair == b"\r\n").count()
}

/// `items` without a run of them: halves first, then quarters, down to single ones.
fn without_chunks<T: Clone>(items: &[T]) -> impl Iterator<Item = Vec<T>> {
    let sizes = core::iter::successors(Some(items.len().div_ceil(2)), |size| {
        (*size > 1).then(|| size.div_ceil(2).min(size - 1))
    });
    sizes.filter(|size| *size > 0).flat_map(move |size| {
        (0..items.len()).step_by(size).map(move |start| {
            let end = items.len().min(start + size);
            [&items[..start], &items[end..]].concat()
        })
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::conversation::strategy::conversation;
    use proptest::prelude::*;

    fn size(conversation: &Conversation) -> (usize, u64, usize) {
        let segments = |step: &Step| match step {
            Step::Send(segments) => segments.len(),
            // More than the send that it may become.
            Step::Repeat(_) => 2,
            _ => 0,
        };
        let steps = conversation.handlers.rules.len() + conversation.steps.len();
        (
            steps,
            conversation.octet_count(),
            conversation.steps.iter().map(segments).sum(),
        )
    }

    proptest! {
        #[test]
        fn what_is_smaller_is_smaller_and_can_be_written_down(conversation in conversation()) {
            for level in ShrinkLevel::ALL {
                for smaller in conversation.smaller(level).into_iter().take(50) {
                    prop_assert!(size(&smaller) < size(&conversation));
                    prop_assert_eq!(Conversation::parse(&smaller.print()), Ok(smaller.clone()));
                }
            }
        }
    }

    #[test]
    fn every_single_step_can_be_left_out() {
        let conversation = Conversation::parse(b"%title t\nA\nB\nC\n").unwrap();
        let smaller = conversation.smaller(ShrinkLevel::Commands);
        for left in [&b"B\r\nC\r\n"[..], b"A\r\nC\r\n", b"A\r\nB\r\n"] {
            assert!(smaller.iter().any(|c| c.octets() == left), "{left:?}");
        }
    }

    /// Takes the first that still `shows` it, until none does.
    fn smallest(mut conversation: Conversation, shows: fn(&Conversation) -> bool) -> String {
        for level in ShrinkLevel::ALL {
            while let Some(smaller) = conversation.smaller(level).into_iter().find(shows) {
                conversation = smaller;
            }
        }
        String::from_utf8(conversation.print()).unwrap()
    }

    #[test]
    fn a_repeat_is_brought_down_to_what_is_needed() {
        let text = b"%title t\nDATA\n%repeat 1000000 \"ab\\r\\ncd\\r\\n\"\n.\n";
        let conversation = Conversation::parse(text).unwrap();
        for (shows, smallest) in [
            (
                (|c| c.octet_count() > 3000) as fn(&Conversation) -> bool,
                "%title t\n%repeat 376 \"ab\\r\\ncd\\r\\n\"\n",
            ),
            (|c| c.octets().contains(&b'b'), "%title t\n%raw \"b\"\n"),
        ] {
            assert_eq!(self::smallest(conversation.clone(), shows), smallest);
        }
    }
}
