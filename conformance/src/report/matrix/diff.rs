//! The shortest way from one sequence to another.

/// One step on the way.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Step {
    /// The item at this place of the first sequence is missing in the second.
    Missing(usize),
    /// The item at this place of the second sequence has none in the first.
    Extra(usize),
}

/// Longer sequences are compared only up to here: the table below grows with the square.
const LONGEST: usize = 2000;

/// What has to be taken from `first`, and what put in, to make `second` of it.
pub(super) fn diff<T: PartialEq>(first: &[T], second: &[T]) -> Vec<Step> {
    let (first, second) = (cut(first), cut(second));
    let same = first.iter().zip(second).take_while(|(a, b)| a == b).count();
    let (a, b) = (&first[same..], &second[same..]);
    let longest = longest_common(a, b);
    let (mut i, mut j) = (0, 0);
    let mut steps = Vec::new();
    while i < a.len() || j < b.len() {
        if i < a.len() && j < b.len() && a[i] == b[j] {
            (i, j) = (i + 1, j + 1);
        } else if j == b.len() || (i < a.len() && longest[i + 1][j] >= longest[i][j + 1]) {
            steps.push(Step::Missing(same + i));
            i += 1;
        } else {
            steps.push(Step::Extra(same + j));
            j += 1;
        }
    }
    steps
}

fn cut<T>(items: &[T]) -> &[T] {
    &items[..items.len().min(LONGEST)]
}

/// `[i][j]`: how much `a[i..]` and `b[j..]` have in common at most.
fn longest_common<T: PartialEq>(a: &[T], b: &[T]) -> Vec<Vec<usize>> {
    let mut longest = vec![vec![0; b.len() + 1]; a.len() + 1];
    for i in (0..a.len()).rev() {
        for j in (0..b.len()).rev() {
            longest[i][j] = if a[i] == b[j] {
                longest[i + 1][j + 1] + 1
            } else {
                longest[i + 1][j].max(longest[i][j + 1])
            };
        }
    }
    longest
}

#[cfg(test)]
mod tests {
    use super::{Step::*, *};
    use pretty_assertions::assert_eq;

    #[test]
    fn what_is_missing_and_what_is_extra_is_found() {
        assert_eq!(diff(b"abc", b"abc"), []);
        assert_eq!(diff(b"abcd", b"acd"), [Missing(1)]);
        assert_eq!(diff(b"acd", b"abcd"), [Extra(1)]);
        assert_eq!(diff(b"", b"a"), [Extra(0)]);
        assert_eq!(diff(b"abcd", b"axcd"), [Missing(1), Extra(1)]);
        assert_eq!(diff(b"abc", b"cab"), [Extra(0), Missing(2)]);
    }
}
