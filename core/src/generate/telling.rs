//! Places where a conversation's octets are cut most tellingly: in and around line ends, and in the end of data.

/// How far before a line's end a place is still of interest: `.`, CR and LF, and the octet before them.
const NEAR: usize = 4;

/// Offsets into `octets`, in order, each once: behind a line's end and up to so many octets before it.
pub(super) fn telling(octets: &[u8]) -> Vec<usize> {
    let ends = memchr::memchr_iter(b'\n', octets).map(|at| at + 1);
    let mut places: Vec<usize> = ends
        .flat_map(|end| end.saturating_sub(NEAR)..=end)
        .collect();
    places.sort_unstable();
    places.dedup();
    places
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn line_ends_and_the_end_of_data_are_cut_in_every_way() {
        assert_eq!(telling(b"DATA\r\n"), [2, 3, 4, 5, 6]);
        assert_eq!(telling(b"x\r\n.\r\n"), [0, 1, 2, 3, 4, 5, 6]);
        assert!(telling(b"no end").is_empty());
    }
}
