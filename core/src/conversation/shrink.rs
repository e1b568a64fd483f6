//! Conversations that are a little smaller than another: what a minimiser tries next.

use super::{Conversation, Step};

/// What is taken away, from the coarse to the fine.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ShrinkLevel {
    /// Steps and handlers.
    Commands,
    /// Segments, cuts and lines.
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
    /// steps, segments or octets, so that taking one after the other comes to an end.
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
            ShrinkLevel::Segments => self.replace_sends(&mut found, |segments| {
                let mut choices: Vec<Vec<Vec<u8>>> = without_chunks(segments).collect();
                if segments.len() > 1 {
                    choices.push(vec![segments.concat()]);
                }
                choices.extend(each_segment(segments, |segment| {
                    let lines: Vec<&[u8]> = segment.split_inclusive(|o| *o == b'\n').collect();
                    without_chunks(&lines).map(|lines| lines.concat()).collect()
                }));
                choices
            }),
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

    fn size(conversation: &Conversation) -> (usize, usize, usize) {
        let segments = |step: &Step| match step {
            Step::Send(segments) => segments.len(),
            _ => 0,
        };
        let steps = conversation.handlers.rules.len() + conversation.steps.len();
        (
            steps,
            conversation.octets().len(),
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
}
