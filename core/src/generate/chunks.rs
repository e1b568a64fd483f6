//! Messages that come in chunks (RFC 3030): of any content, cut anywhere, with other commands between them; and, where
//! damage is wanted, with sizes that are not those of the octets.

use core::fmt::Display;

use super::{
    plan::Draw,
    route::Joined,
    walk::{Decision, Walk, joined},
};
use crate::{coverage::ChunkStimulus, event::EventKind, model::Transaction, wire::Verb};

/// The line and the octets of a chunk.
fn chunk(octets: &[u8], announced: impl Display, last: bool) -> Vec<u8> {
    let last = if last { " LAST" } else { "" };
    [format!("BDAT {announced}{last}\r\n").as_bytes(), octets].concat()
}

impl Walk<'_> {
    /// Whether the message goes by BDAT: not often, since many servers have no CHUNKING.
    pub(super) fn chunks_here(&self, draw: &Draw) -> bool {
        // Where one has come so, half of the others do.
        let often = match (self.binary, self.chunky) {
            (true, _) => draw.flavour % 8 != 3,
            (false, true) => draw.flavour % 2 == 1,
            (false, false) => draw.flavour % 8 == 3,
        };
        self.state.allows(Verb::Bdat) && often
    }

    /// The next chunk of a message, its first or its last.
    pub(super) fn chunk(&mut self, draw: &Draw) {
        let tag = format!("{}-{}", self.tag, self.named);
        let mut octets = draw.draft.octets(&tag);
        // The end of DATA means nothing here; sometimes it stays.
        if draw.flavour % 4 != 1 {
            octets.truncate(octets.len() - b".\r\n".len());
        }
        let kept = match draw.flavour % 5 {
            0 => 0,
            1 => octets.len(),
            _ => draw.side.index(octets.len() + 1),
        };
        octets.truncate(kept);
        if self.binary {
            octets.extend(b"\r\n\r\nx\ny\0z\r\xff");
        }
        self.chunky = true;
        let last = draw.flavour.is_multiple_of(3);
        let Some(damage) = &draw.damage else {
            self.push(chunk(&octets, octets.len(), last), joined(draw));
            return self.chunk_taken(last);
        };
        // A size that is wrong by little, or a line that is not right.
        let sent = match draw.flavour % 4 {
            0 => chunk(&octets, octets.len() + 1, last),
            1 => chunk(&octets, octets.len().saturating_sub(1), last),
            2 if draw.flavour % 8 == 2 => chunk(&octets, octets.len() + 7, last),
            // As many modulo 2^64.
            2 => chunk(&octets, (1_u128 << 64) + octets.len() as u128, last),
            _ => [damage.apply(&chunk(b"", octets.len(), last)), octets].concat(),
        };
        self.push(sent, joined(draw));
    }

    /// What a server makes of a chunk that is well formed, as far as the walk heeds it.
    fn chunk_taken(&mut self, last: bool) {
        let mut kinds = Vec::new();
        if self.state.transaction == Transaction::Addressed {
            kinds.push(EventKind::OnDataCommand);
        }
        if last {
            kinds.extend([EventKind::OnEndOfHeaders, EventKind::OnEndOfData]);
        }
        let mut decision = Decision::Accepted;
        for kind in kinds {
            if decision == Decision::Accepted {
                decision = self.fire(kind);
            }
        }
        self.state = match decision {
            Decision::Accepted => self.state.after_chunk(last),
            // The message has failed.
            _ => self.state.after_message(),
        };
    }

    /// A first chunk; its header section has not ended.
    pub(super) fn first_chunk(&mut self) {
        let name = self.name();
        let octets = format!("Message-ID: <{name}@example.org>\r\n");
        self.whole_chunk(octets.as_bytes(), false);
    }

    fn whole_chunk(&mut self, octets: &[u8], last: bool) {
        self.push(chunk(octets, octets.len(), last), Joined::Never);
        self.chunk_taken(last);
    }

    /// The line of a chunk and some of its octets, but not all.
    pub(super) fn half_a_chunk(&mut self) {
        let octets = b"\r\nA line.\r\nNOOP\r\nThe last line.\r\n";
        let kept = usize::from(self.plan.sound.flavour) % octets.len();
        let sent = chunk(&octets[..kept], octets.len(), true);
        self.push(sent, Joined::Never);
    }

    /// A chunk as `stimulus` says, in a message under way, and what ends that.
    pub(super) fn chunk_with(&mut self, stimulus: ChunkStimulus) {
        use ChunkStimulus as C;
        let name = self.name();
        match stimulus {
            C::Empty => self.whole_chunk(b"", false),
            C::Further => self.whole_chunk(b"\r\nA line.\r\n", false),
            C::Last => return self.whole_chunk(b"\r\nA line.\r\n", true),
            C::EmptyLast => return self.whole_chunk(b"", true),
            C::Refused => {
                self.refuse(EventKind::OnEndOfData);
                self.push(chunk(b"\r\nA line.\r\n", 11, true), Joined::Never);
                self.state = self.state.after_message();
                return;
            }
            C::BehindRefused => {
                self.refuse(EventKind::OnEndOfHeaders);
                self.push(chunk(b"\r\nA line.\r\n", 11, false), Joined::Never);
                self.push(chunk(b"The last line.\r\n", 16, true), Joined::Always);
                self.state = self.state.after_message();
                return;
            }
            C::EndOfDataInside => {
                let smuggled = format!(
                    "\r\nA line.\r\n.\r\nMAIL FROM:<{name}-smuggled@example.org>\r\nRCPT TO:<{name}-victim@example.org>\r\n"
                );
                self.whole_chunk(smuggled.as_bytes(), false);
            }
            C::CommandInside => self.whole_chunk(
                b"\r\nRSET\r\nMAIL FROM:<in-the-chunk@example.org>\r\nNOOP\r\n",
                false,
            ),
            C::Apart => {
                self.whole_chunk(b"\r\nA line.\r\n", false);
                if let Some(piece) = self.route.pieces.last_mut() {
                    let line = memchr::memchr(b'\n', &piece.octets).map_or(0, |lf| lf + 1);
                    piece.cuts = vec![line];
                }
            }
            C::Binary => self.whole_chunk(b"\r\nx\0y\n\r\xff\xfe\r\n", false),
        }
        self.whole_chunk(b"", true);
    }
}
