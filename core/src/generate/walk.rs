//! From draws to what is sent: a walk over the model's states, as a server that refuses nothing well formed would
//! take them. Where handlers or damage make the server's state another, the order is wrong, which is welcome too.

use super::{
    commands::{self, SIDES, Side},
    plan::{Draw, Plan},
};
use crate::{
    model::{State, Transaction},
    wire::Verb,
};

/// What a client sends in one go.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Piece {
    pub(super) octets: Vec<u8>,
    /// May be sent before the reply to what comes before it was read.
    pub(super) joined: bool,
}

/// How often of 256 the walk goes aside instead of deeper.
const ASIDE: u8 = 60;

struct Walk<'a> {
    tag: &'a str,
    state: State,
    pieces: Vec<Piece>,
    /// Addresses given out so far: each is another.
    named: usize,
}

/// The pieces of `plan`, in order.
pub(super) fn walk(plan: &Plan, tag: &str) -> Vec<Piece> {
    let mut walk = Walk {
        tag,
        state: State::START,
        pieces: Vec::new(),
        named: 0,
    };
    let sides: Vec<Side> = (0..)
        .zip(SIDES)
        .filter(|(bit, _)| plan.swarm >> bit & 1 == 1)
        .map(|(_, side)| side)
        .collect();
    for draw in &plan.draws {
        if draw.aside < ASIDE && !sides.is_empty() {
            walk.aside(*draw.side.get(&sides), draw);
        } else {
            walk.deeper(draw);
        }
    }
    if plan.quits {
        walk.push(b"QUIT\r\n".to_vec(), false);
    }
    walk.pieces
}

impl Walk<'_> {
    fn push(&mut self, octets: Vec<u8>, joined: bool) {
        self.pieces.push(Piece { octets, joined });
    }

    /// The next command on the way to a message.
    fn deeper(&mut self, draw: &Draw) {
        let verb = match self.state.transaction {
            Transaction::None if !self.state.greeted && draw.flavour < 40 => Verb::Helo,
            Transaction::None if !self.state.greeted => Verb::Ehlo,
            Transaction::None => Verb::Mail,
            Transaction::Addressed if draw.flavour >= 60 => Verb::Data,
            Transaction::Empty | Transaction::Addressed => Verb::Rcpt,
        };
        self.command(verb, draw);
    }

    fn aside(&mut self, side: Side, draw: &Draw) {
        match side {
            Side::Verb(verb) => self.command(verb, draw),
            Side::Line(line) => self.line(line.as_bytes().to_vec(), draw),
        }
    }

    /// `verb`, in sequence or not, with the message that follows DATA.
    fn command(&mut self, verb: Verb, draw: &Draw) {
        self.named += 1;
        let line = commands::line(verb, &format!("{}-{}", self.tag, self.named), draw.flavour);
        self.line(line, draw);
        let taken = draw.damage.is_none() && self.state.allows(verb);
        if verb == Verb::Data {
            self.message(taken, draw);
        } else if taken {
            self.state = self.state.after(verb);
        }
    }

    fn line(&mut self, line: Vec<u8>, draw: &Draw) {
        let sent = match &draw.damage {
            Some(damage) => damage.apply(&line),
            None => line,
        };
        self.push(sent, draw.joined);
    }

    /// A DATA that is refused by a strict server may be taken by another one: the least that ends a message follows.
    fn message(&mut self, taken: bool, draw: &Draw) {
        if taken {
            let content = draw.draft.octets(&format!("{}-{}", self.tag, self.named));
            self.push(content, false);
            self.state = self.state.after_message();
        } else {
            self.push(b".\r\n".to_vec(), false);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::generate::{Family, plan::plan};
    use proptest::prelude::*;

    fn messages(pieces: &[Piece]) -> usize {
        let ends = |piece: &&Piece| piece.octets.ends_with(b"\r\n.\r\n");
        pieces.iter().filter(ends).count()
    }

    #[test]
    fn most_conversations_reach_a_second_transaction() {
        let deep = (0..200).filter(|index| {
            let drawn = crate::generate::conversation(Family::Valid, 3, *index);
            let octets = drawn.octets();
            memchr::memmem::find_iter(&octets, b"MAIL FROM:").count() > 1
        });
        assert!(deep.count() > 100);
    }

    proptest! {
        #[test]
        fn a_message_of_a_valid_conversation_ends_once(plan in plan(Family::Valid)) {
            let pieces = walk(&plan, "t");
            let ends: usize = pieces
                .iter()
                .map(|piece| memchr::memmem::find_iter(&piece.octets, b"\r\n.\r\n").count())
                .sum();
            prop_assert_eq!(ends, messages(&pieces));
        }
    }
}
