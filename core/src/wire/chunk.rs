//! The content of chunks (RFC 3030, 2): no dot means anything in it, and no octet in it ends the message. Only where
//! the header section ends has to be found.

use super::DataPart;

/// Where the last octet has left the stream.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
enum Place {
    /// Behind CRLF, or at the message's begin.
    #[default]
    LineStart,
    /// Inside a line.
    Text,
    /// Behind a CR inside a line.
    Cr,
    /// Behind a CR that begins a line.
    EmptyCr,
    /// Behind the header section.
    Body,
}

/// Reads the octets of a message's chunks, one chunk behind another, in any pieces.
#[derive(Debug, Clone, Default)]
pub struct ChunkStream {
    place: Place,
    ended: bool,
}

impl ChunkStream {
    /// At the start of a message, before its first chunk.
    pub fn new() -> Self {
        Self::default()
    }

    /// Takes the next octets, and gives each part to `sink` in order. All of them are content.
    pub fn push<'a>(&mut self, input: &'a [u8], mut sink: impl FnMut(DataPart<'a>)) {
        let mut from = 0;
        if self.place != Place::Body
            && let Some(end) = self.header_end(input)
        {
            sink(DataPart::Content(&input[..end]));
            sink(DataPart::EndOfHeaders);
            from = end;
        }
        if from < input.len() {
            sink(DataPart::Content(&input[from..]));
        }
    }

    /// The last chunk has ended: the message is whole. A header section that no blank line has ended ends with it.
    pub fn finish<'a>(&mut self, mut sink: impl FnMut(DataPart<'a>)) {
        if self.place != Place::Body {
            self.place = Place::Body;
            sink(DataPart::EndOfHeaders);
        }
        if !core::mem::replace(&mut self.ended, true) {
            sink(DataPart::EndOfData);
        }
    }

    /// How many octets of `input` belong to the header section, its blank line included, if that ends in them.
    fn header_end(&mut self, input: &[u8]) -> Option<usize> {
        for (at, octet) in input.iter().enumerate() {
            self.place = match (self.place, *octet) {
                (Place::LineStart, b'\r') => Place::EmptyCr,
                (Place::EmptyCr, b'\n') => Place::Body,
                (Place::Cr, b'\n') => Place::LineStart,
                (_, b'\r') => Place::Cr,
                _ => Place::Text,
            };
            if self.place == Place::Body {
                return Some(at + 1);
            }
        }
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::{collection::vec, prelude::*};

    /// The content, and where the header section ended.
    fn read(pieces: &[&[u8]]) -> (Vec<u8>, usize) {
        let (mut stream, mut content, mut end) = (ChunkStream::new(), Vec::new(), None);
        let mut take = |part: DataPart<'_>| match part {
            DataPart::Content(octets) => content.extend_from_slice(octets),
            DataPart::EndOfHeaders => assert_eq!(end.replace(content.len()), None),
            DataPart::EndOfData => {}
        };
        for piece in pieces {
            stream.push(piece, &mut take);
        }
        stream.finish(&mut take);
        (content, end.unwrap())
    }

    #[test]
    fn the_header_section_ends_with_its_blank_line_or_with_the_message() {
        for (octets, end) in [
            ("", 0),
            ("\r\nx", 2),
            ("A: b\r\n\r\n\r\nx", 8),
            ("A: b\r\n", 6),
            ("A\n\nb\r\r\n\r", 8),
            (".\r\n.\r\n\r\n", 8),
        ] {
            assert_eq!(read(&[octets.as_bytes()]).1, end, "{octets:?}");
        }
    }

    proptest! {
        #[test]
        fn chunks_may_be_cut_anywhere(octets in "([a.\r\n]|\r\n){0,12}", cuts in vec(0_usize..13, 0..4)) {
            let octets = octets.as_bytes();
            let whole = read(&[octets]);
            prop_assert_eq!(&whole.0, octets);
            let mut cuts: Vec<usize> = cuts.into_iter().map(|cut| cut.min(octets.len())).collect();
            cuts.sort_unstable();
            let mut pieces = Vec::new();
            let mut from = 0;
            for cut in cuts.into_iter().chain([octets.len()]) {
                pieces.push(&octets[from..cut]);
                from = cut;
            }
            prop_assert_eq!(read(&pieces), whole);
        }
    }
}
