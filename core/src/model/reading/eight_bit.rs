//! DATA with 8-bit octets, at servers that pass these over.

use core::ops::Range;

use super::Reader;
use crate::{
    model::exchange::CommandLine,
    wire::{SyntaxError, Verb},
};

impl<'w> Reader<'w, '_, '_> {
    /// `line` as the server took it: one of an unknown verb that was answered 354 is DATA with 8-bit octets, malformed, if it
    /// is that without them.
    pub(super) fn as_taken(
        &mut self,
        line: CommandLine<'w>,
        span: &Range<usize>,
    ) -> CommandLine<'w> {
        let at = line.text.iter().position(|octet| !octet.is_ascii());
        let (Verb::Unknown, Some(at)) = (line.verb, at) else {
            return line;
        };
        if Verb::of_seven_bits(line.text) != Verb::Data {
            return line;
        }
        let reply = self.next_reply_to(span);
        if reply.and_then(|reply| self.wire.replies[reply].reply.code) != Some(354) {
            return line;
        }
        CommandLine {
            verb: Verb::Data,
            parsed: Err(SyntaxError {
                at,
                expected: "a verb in ASCII",
            }),
            ..line
        }
    }
}
