//! The same readings, slow and obvious: whole buffers, one octet at a time.

use crate::wire::DataPart;

/// What a message comes to, however it was cut.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Message {
    pub(super) header: Vec<u8>,
    pub(super) body: Vec<u8>,
    /// Octets of the input up to the end of data; `None` when it has not come.
    pub(super) taken: Option<usize>,
}

/// Cuts `input` at each CRLF. What is behind the last one is the second value.
pub(super) fn lines(input: &[u8]) -> (Vec<&[u8]>, &[u8]) {
    let mut lines = Vec::new();
    let mut rest = input;
    while let Some(end) = rest.windows(2).position(|pair| pair == b"\r\n") {
        lines.push(&rest[..end]);
        rest = &rest[end + 2..];
    }
    (lines, rest)
}

/// Reads a message that ends with a line of a single dot, or does not end.
pub(super) fn message(input: &[u8]) -> Message {
    let (lines, mut rest) = lines(input);
    let (mut header, mut body) = (Vec::new(), Vec::new());
    let mut in_header = true;
    let mut taken = 0;
    for line in lines {
        taken += line.len() + 2;
        if line == b"." {
            return Message {
                header,
                body,
                taken: Some(taken),
            };
        }
        let part = if in_header { &mut header } else { &mut body };
        part.extend_from_slice(line.strip_prefix(b".").unwrap_or(line));
        part.extend_from_slice(b"\r\n");
        in_header &= !line.is_empty();
    }
    // An unfinished line: its dot and the CR behind such a dot could still be the end of data.
    if let Some(behind_dot) = rest.strip_prefix(b".") {
        rest = if behind_dot == b"\r" { b"" } else { behind_dot };
    }
    let part = if in_header { &mut header } else { &mut body };
    part.extend_from_slice(rest);
    Message {
        header,
        body,
        taken: None,
    }
}

/// Puts parts together again, and holds them to their order.
#[derive(Debug, Default)]
pub(super) struct Collector {
    pub(super) header: Vec<u8>,
    pub(super) body: Vec<u8>,
    pub(super) headers_ended: bool,
    pub(super) data_ended: bool,
}

impl Collector {
    pub(super) fn take(&mut self, part: DataPart<'_>) {
        assert!(!self.data_ended, "{part:?} behind the end of data");
        match part {
            DataPart::Content(content) => {
                assert!(!content.is_empty(), "an empty piece of content");
                let part = if self.headers_ended {
                    &mut self.body
                } else {
                    &mut self.header
                };
                part.extend_from_slice(content);
            }
            DataPart::EndOfHeaders => {
                assert!(!self.headers_ended, "the headers ended twice");
                self.headers_ended = true;
            }
            DataPart::EndOfData => {
                assert!(self.headers_ended, "the data ended before its headers");
                self.data_ended = true;
            }
        }
    }
}
