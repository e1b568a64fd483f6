//! A message put together again from the header fields and body chunks that an MTA passes on.

use sha2::{Digest, Sha256};
use smtpspec_core::event::MessageDigest;

/// The digests of one message, as far as it has come.
#[derive(Default)]
pub(super) struct Content {
    size: u64,
    hash: Sha256,
}

impl Content {
    /// A field; its value keeps its leading blanks, and has its line breaks as LF.
    pub(super) fn header(&mut self, name: &[u8], value: &[u8]) {
        self.add(name);
        self.add(b":");
        for (index, line) in value.split(|octet| *octet == b'\n').enumerate() {
            if index > 0 {
                self.add(b"\r\n");
            }
            self.add(line);
        }
        self.add(b"\r\n");
    }

    /// The blank line.
    pub(super) fn end_of_header(&mut self) {
        self.add(b"\r\n");
    }

    /// Part of the body.
    pub(super) fn body(&mut self, chunk: &[u8]) {
        self.add(chunk);
    }

    /// All of it.
    pub(super) fn finish(self) -> MessageDigest {
        MessageDigest::finish(self.size, self.hash)
    }

    fn add(&mut self, octets: &[u8]) {
        self.size += octets.len() as u64;
        self.hash.update(octets);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_is_put_together_as_it_was() {
        let mut content = Content::default();
        content.header(b"Subject", b" folded\n\tover two");
        content.header(b"X-None", b"");
        content.end_of_header();
        content.body(b"one\r\n");
        content.body(b"two\r\n");
        let sent = b"Subject: folded\r\n\tover two\r\nX-None:\r\n\r\none\r\ntwo\r\n";
        assert_eq!(content.finish(), MessageDigest::of(sent));
    }
}
