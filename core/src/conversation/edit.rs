//! One small change that makes a conversation smaller: kept apart from the conversation, because there are many of
//! them and few are ever made.

use core::ops::Range;

use super::{Conversation, Step, shrink::ShrinkLevel};
use crate::{
    repeat::Repeat,
    wire::{Protocol, Verb},
};

/// A change to one conversation; places are indices into it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Edit {
    DropHandlers(Range<usize>),
    /// The handler acts at the first event of its kind.
    HandleFirst(usize),
    DropSteps(Range<usize>),
    DropExpectations,
    DropEarly,
    /// The step lasts so many milliseconds.
    Pause(usize, u64),
    /// All segments of every send are one.
    JoinAll,
    /// These segments of the step are one.
    Join(usize, Range<usize>),
    DropSegments(usize, Range<usize>),
    /// The repeat becomes this.
    Unfold(usize, Step),
    /// In this segment of the step, these octets by others.
    Replace(usize, usize, Range<usize>, &'static [u8]),
}

/// What is sent in place of a longer line with the same verb.
const CANONICAL: [(Verb, &[u8]); 10] = [
    (Verb::Helo, b"HELO a\r\n"),
    (Verb::Ehlo, b"EHLO a\r\n"),
    (Verb::Mail, b"MAIL FROM:<>\r\n"),
    (Verb::Rcpt, b"RCPT TO:<a@b.c>\r\n"),
    (Verb::Data, b"DATA\r\n"),
    (Verb::Rset, b"RSET\r\n"),
    (Verb::Noop, b"NOOP\r\n"),
    (Verb::Help, b"HELP\r\n"),
    (Verb::Vrfy, b"VRFY a\r\n"),
    (Verb::Quit, b"QUIT\r\n"),
];

impl Edit {
    /// All changes of `level` that make `of` smaller, the boldest first.
    pub(super) fn all(of: &Conversation, level: ShrinkLevel) -> Vec<Self> {
        let mut edits = Vec::new();
        match level {
            ShrinkLevel::Commands => commands(of, &mut edits),
            ShrinkLevel::Segments => {
                if sends(of).any(|(_, segments)| segments.len() > 1) {
                    edits.push(Self::JoinAll);
                }
                for (index, step) in of.steps.iter().enumerate() {
                    if let Step::Repeat(repeat) = step {
                        edits.extend(fewer(repeat).map(|step| Self::Unfold(index, step)));
                    }
                }
                sends(of).for_each(|(step, segments)| self::segments(step, segments, &mut edits));
            }
            ShrinkLevel::Octets => {
                for (step, segments) in sends(of) {
                    for (index, segment) in segments.iter().enumerate() {
                        octets(step, index, segment, &mut edits);
                    }
                }
            }
        }
        edits
    }

    /// `of` after the change.
    pub(super) fn apply(&self, of: &Conversation) -> Conversation {
        let mut changed = of.clone();
        match self {
            Self::DropHandlers(range) => drop(changed.handlers.rules.drain(range.clone())),
            Self::HandleFirst(index) => changed.handlers.rules[*index].nth = 1,
            Self::DropSteps(range) => drop(changed.steps.drain(range.clone())),
            Self::DropExpectations => changed.steps.retain(|step| !is_expectation(step)),
            Self::DropEarly => changed.early = false,
            Self::Pause(step, millis) => changed.steps[*step] = Step::Pause(*millis),
            Self::JoinAll => {
                for step in &mut changed.steps {
                    if let Step::Send(segments) = step {
                        *segments = vec![segments.concat()];
                    }
                }
            }
            Self::Join(step, range) => change_send(&mut changed, *step, |segments| {
                let joined = segments[range.clone()].concat();
                segments.splice(range.clone(), [joined]);
            }),
            Self::DropSegments(step, range) => {
                change_send(&mut changed, *step, |segments| {
                    segments.drain(range.clone());
                });
            }
            Self::Unfold(step, by) => changed.steps[*step] = by.clone(),
            Self::Replace(step, index, range, by) => {
                change_send(&mut changed, *step, |segments| {
                    segments[*index].splice(range.clone(), by.iter().copied());
                });
            }
        }
        changed
    }
}

fn change_send(of: &mut Conversation, step: usize, change: impl FnOnce(&mut Vec<Vec<u8>>)) {
    if let Some(Step::Send(segments)) = of.steps.get_mut(step) {
        change(segments);
    }
}

fn sends(of: &Conversation) -> impl Iterator<Item = (usize, &Vec<Vec<u8>>)> {
    let steps = of.steps.iter().enumerate();
    steps.filter_map(|(index, step)| match step {
        Step::Send(segments) => Some((index, segments)),
        _ => None,
    })
}

const fn is_expectation(step: &Step) -> bool {
    matches!(step, Step::Expect(_))
}

fn commands(of: &Conversation, edits: &mut Vec<Edit>) {
    if of.steps.iter().any(is_expectation) {
        edits.push(Edit::DropExpectations);
    }
    edits.extend(of.early.then_some(Edit::DropEarly));
    edits.extend(overlapping(of.handlers.rules.len()).map(Edit::DropHandlers));
    for (index, rule) in of.handlers.rules.iter().enumerate() {
        edits.extend((rule.nth > 1).then_some(Edit::HandleFirst(index)));
    }
    edits.extend(overlapping(of.steps.len()).map(Edit::DropSteps));
    for (index, step) in of.steps.iter().enumerate() {
        if let Step::Pause(millis @ 1..) = step {
            edits.push(Edit::Pause(index, 0));
            edits.extend((*millis > 1).then_some(Edit::Pause(index, millis / 2)));
        }
    }
}

fn segments(step: usize, segments: &[Vec<u8>], edits: &mut Vec<Edit>) {
    let some_left = |range: &Range<usize>| range.len() < segments.len();
    let runs = || overlapping(segments.len()).filter(some_left);
    edits.extend(runs().map(|range| Edit::DropSegments(step, range)));
    if segments.len() > 1 {
        edits.push(Edit::Join(step, 0..segments.len()));
        let several = runs().filter(|range| range.len() > 1);
        edits.extend(several.map(|range| Edit::Join(step, range)));
    }
    for (index, segment) in segments.iter().enumerate() {
        let lines: Vec<Range<usize>> = lines(segment).collect();
        for run in overlapping(lines.len()).filter(|run| run.len() < lines.len()) {
            let octets = lines[run.start].start..lines[run.end - 1].end;
            edits.push(Edit::Replace(step, index, octets, b""));
        }
    }
}

/// Fewer times first (half as many, then three quarters, and so on up to one less), then fewer lines; once only is a
/// send.
fn fewer(repeat: &Repeat) -> impl Iterator<Item = Step> {
    let halves = core::iter::successors(Some(repeat.times().div_ceil(2)), |less| {
        (*less > 1).then(|| less.div_ceil(2))
    });
    let fewer_times = halves.filter_map(|less| repeat.fewer(repeat.times() - less));
    let lines: Vec<Range<usize>> = lines(repeat.lines()).collect();
    let fewer_lines = apart(lines.len()).filter_map(move |run| {
        let octets = lines[run.start].start..lines[run.end - 1].end;
        let mut left = repeat.lines().to_vec();
        left.drain(octets);
        Repeat::new(left, repeat.times()).ok()
    });
    let once = (repeat.times() == 1).then(|| Step::Send(vec![repeat.lines().to_vec()]));
    let repeats = fewer_times.chain(fewer_lines).map(Step::Repeat);
    once.into_iter().chain(repeats)
}

fn octets(step: usize, index: usize, segment: &[u8], edits: &mut Vec<Edit>) {
    for line in lines(segment) {
        let verb = Verb::of(segment[line.clone()].trim_ascii_end());
        let is_lhlo = Protocol::Lmtp.verb(segment[line.clone()].trim_ascii_end()) == Verb::Ehlo;
        let mut canonical = CANONICAL
            .iter()
            .map(|(known, text)| (*known == verb, *text));
        let canonical = canonical.find(|(fits, _)| *fits);
        if let Some((_, text)) = canonical.or(is_lhlo.then_some((true, b"LHLO a\r\n")))
            && text.len() < line.len()
        {
            edits.push(Edit::Replace(step, index, line, text));
        }
    }
    let whole = |cut: &Range<usize>| cut.len() < segment.len() && !tears_line_end(segment, cut);
    let runs = apart(segment.len()).filter(whole);
    edits.extend(runs.map(|cut| Edit::Replace(step, index, cut, b"")));
}

/// Where the lines of `segment` are, line ends included.
fn lines(segment: &[u8]) -> impl Iterator<Item = Range<usize>> {
    let mut start = 0;
    segment
        .split_inclusive(|octet| *octet == b'\n')
        .map(move |line| {
            let range = start..start + line.len();
            start = range.end;
            range
        })
}

/// Whether more CR and LF stand alone without `cut`: that would show something else.
fn tears_line_end(segment: &[u8], cut: &Range<usize>) -> bool {
    let without = [&segment[..cut.start], &segment[cut.end..]].concat();
    bare_line_ends(&without) > bare_line_ends(segment)
}

/// How many CR and LF are not part of a CRLF.
fn bare_line_ends(octets: &[u8]) -> usize {
    let all = octets
        .iter()
        .filter(|octet| matches!(octet, b'\r' | b'\n'))
        .count();
    all - 2 * octets.windows(2).filter(|pair| pair == b"\r\n").count()
}

/// Half of `len`, then a quarter, down to one.
fn sizes(len: usize) -> impl Iterator<Item = usize> {
    let first = len.div_ceil(2);
    core::iter::successors((first > 0).then_some(first), |size| {
        (*size > 1).then(|| size.div_ceil(2).min(size - 1))
    })
}

/// Runs of `len` items, side by side.
fn apart(len: usize) -> impl Iterator<Item = Range<usize>> {
    sizes(len).flat_map(move |size| {
        (0..len)
            .step_by(size)
            .map(move |start| start..len.min(start + size))
    })
}

/// Runs up to this long begin at every item: an envelope with its message seldom begins at a multiple of its length.
const SHORT: usize = 6;

/// All of `len` items, then shorter and shorter runs that overlap.
fn overlapping(len: usize) -> impl Iterator<Item = Range<usize>> {
    let long = sizes(len).filter(|size| *size > SHORT);
    let short = (1..=SHORT.min(len.saturating_sub(1))).rev();
    let all = (len > 0).then_some(0..len);
    all.into_iter()
        .chain(long.chain(short).flat_map(move |size| {
            let stride = if size > SHORT { size.div_ceil(2) } else { 1 };
            let starts = (0..=len - size).step_by(stride);
            starts.map(move |start| start..start + size)
        }))
}

#[cfg(test)]
mod tests {
    use super::*;
    use pretty_assertions::assert_eq;

    #[test]
    fn every_short_run_of_items_can_be_left_out() {
        let runs: Vec<_> = overlapping(9).collect();
        assert_eq!(runs[0], 0..9);
        for size in 1..=SHORT {
            for start in 0..=9 - size {
                assert!(runs.contains(&(start..start + size)), "{size} at {start}");
            }
        }
        assert_eq!(overlapping(0).count(), 0);
        assert!(overlapping(1).eq(core::iter::once(0..1)));
    }

    #[test]
    fn a_line_end_is_not_torn() {
        let mut edits = Vec::new();
        octets(0, 0, b"ab\r\n", &mut edits);
        let cuts: Vec<_> = edits
            .iter()
            .map(|edit| match edit {
                Edit::Replace(.., cut, _) => cut.clone(),
                _ => unreachable!("octets are replaced only"),
            })
            .collect();
        assert_eq!(cuts, [0..2, 2..4, 0..1, 1..2]);
    }
}
