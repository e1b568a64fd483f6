//! The same conversation with a server that speaks LMTP (RFC 2033).

use super::{Conversation, Step};
use crate::{event::EventKind, wire::Protocol};

/// How LMTP's clients greet; as long as what it stands for, so that sizes of chunks and places of cuts stay true.
const LHLO: [u8; 4] = *b"LHLO";

impl Conversation {
    /// The same conversation in `protocol`: in LMTP HELO and EHLO become LHLO, wherever they stand at the begin of a
    /// line, also in content (where a smuggled command stands). A handler of OnHeloCommand becomes one of OnEhloCommand,
    /// which LHLO fires. A conversation of LMTP's stays as it is: what it says is meant.
    #[must_use]
    pub fn spoken_in(&self, protocol: Protocol) -> Self {
        if protocol == self.protocol || self.protocol.is_lmtp() {
            return self.clone();
        }
        let mut spoken = self.clone();
        spoken.protocol = protocol;
        for rule in &mut spoken.handlers.rules {
            if rule.event == EventKind::OnHeloCommand {
                rule.event = EventKind::OnEhloCommand;
            }
        }
        let mut greetings = Greetings::default();
        for (step, action) in spoken.steps.iter().enumerate() {
            match action {
                Step::Send(segments) => {
                    for (segment, octets) in segments.iter().enumerate() {
                        for (at, octet) in octets.iter().enumerate() {
                            greetings.take(*octet, (step, segment, at));
                        }
                    }
                }
                // Whole lines, and whatever stands in them is content.
                Step::Repeat(_) => greetings.at_line_start(),
                _ => {}
            }
        }
        greetings.end_of_word();
        for (index, (step, segment, at)) in greetings.found {
            if let Step::Send(segments) = &mut spoken.steps[step] {
                let octet = &mut segments[segment][at];
                *octet = if octet.is_ascii_lowercase() {
                    LHLO[index].to_ascii_lowercase()
                } else {
                    LHLO[index]
                };
            }
        }
        spoken
    }
}

/// Where an octet stands: step, segment, place in it.
type Place = (usize, usize, usize);

/// Looks for HELO and EHLO at the begin of lines, however they are cut.
#[derive(Default)]
struct Greetings {
    /// The octets of the words found: which of the word it is, and where it stands.
    found: Vec<(usize, Place)>,
    /// The first word of the line, as far as it may still be a greeting.
    word: Vec<(u8, Place)>,
    /// Something stands before this in the line.
    inside: bool,
}

impl Greetings {
    fn take(&mut self, octet: u8, place: Place) {
        match octet {
            b'\r' | b'\n' => self.at_line_start(),
            _ if self.inside => {}
            b' ' | b'\t' if self.word.is_empty() => {}
            _ if octet.is_ascii_alphanumeric() && self.word.len() <= LHLO.len() => {
                self.word.push((octet, place));
            }
            _ => {
                self.end_of_word();
                self.inside = true;
            }
        }
    }

    fn at_line_start(&mut self) {
        self.end_of_word();
        self.inside = false;
    }

    fn end_of_word(&mut self) {
        let word = core::mem::take(&mut self.word);
        let octets: Vec<u8> = word.iter().map(|(octet, _)| *octet).collect();
        if octets.eq_ignore_ascii_case(b"HELO") || octets.eq_ignore_ascii_case(b"EHLO") {
            self.found
                .extend(word.iter().map(|(_, place)| *place).enumerate());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::conversation::strategy::conversation;
    use pretty_assertions::assert_eq;
    use proptest::prelude::*;

    fn parse(body: &str) -> Conversation {
        Conversation::parse(format!("%title T\n{body}").as_bytes()).unwrap()
    }

    fn in_lmtp(body: &str) -> Conversation {
        parse(body).spoken_in(Protocol::Lmtp)
    }

    #[test]
    fn every_greeting_at_the_begin_of_a_line_is_lhlo() {
        for (smtp, lmtp) in [
            (
                "EHLO a\nMAIL FROM:<ehlo@b>\n",
                "LHLO a\nMAIL FROM:<ehlo@b>\n",
            ),
            (" hElo\n", " lHlo\n"),
            ("EHLOX\nNOOP EHLO\n", "EHLOX\nNOOP EHLO\n"),
            ("%raw \"x\\rEHLO\\0\"\n", "%raw \"x\\rLHLO\\0\"\n"),
            (
                "%segment\n%raw \"E\"\n%cut\n%raw \"HLO a\\r\"\n%end\n%raw \"\\nhe\"\n%raw \"lo b\\r\\n\"\n",
                "%segment\n%raw \"L\"\n%cut\n%raw \"HLO a\\r\"\n%end\n%raw \"\\nlh\"\n%raw \"lo b\\r\\n\"\n",
            ),
            ("%raw \"EH\"\n", "%raw \"EH\"\n"),
        ] {
            assert_eq!(in_lmtp(smtp), parse(&format!("%lmtp\n{lmtp}")));
        }
    }

    #[test]
    fn a_handler_of_helo_is_one_of_lhlo() {
        assert_eq!(
            in_lmtp("%handler OnHeloCommand 1 drop\nHELO a\n"),
            parse("%handler OnEhloCommand 1 drop\n%lmtp\nLHLO a\n")
        );
    }

    #[test]
    fn what_is_of_lmtp_stays_as_it_is() {
        let own = "%lmtp\nEHLO a\n";
        assert_eq!(in_lmtp(own), parse(own));
    }

    proptest! {
        #[test]
        fn as_many_octets_are_sent_in_the_same_pieces(conversation in conversation()) {
            let spoken = conversation.spoken_in(Protocol::Lmtp);
            prop_assert_eq!(spoken.octet_count(), conversation.octet_count());
            prop_assert_eq!(spoken.steps.len(), conversation.steps.len());
            prop_assert_eq!(Conversation::parse(&spoken.print()), Ok(spoken));
        }
    }
}
