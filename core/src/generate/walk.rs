//! From draws to what is sent: a walk over the model's states, as a server that refuses nothing well formed would
//! take them. Where handlers or damage make the server's state another, the order is wrong, which is welcome too.

use std::collections::BTreeMap;

use super::{
    aim::aim,
    authentication::{ANSWERS, Answer, Then, opening},
    commands::{self, SIDES, Side},
    plan::{Draw, Plan},
    route::{Joined, Piece, Route},
};
use crate::{
    event::{EventKind, HandlerAction},
    model::{State, Transaction, own_event},
    wire::Verb,
};

/// What a handler does with an event, as far as the walk heeds it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Decision {
    Accepted,
    Refused,
    Dropped,
}

/// A walk under way.
#[expect(
    clippy::struct_excessive_bools,
    reason = "each is a fact of its own about the session so far"
)]
pub(super) struct Walk<'a> {
    pub(super) plan: &'a Plan,
    pub(super) tag: &'a str,
    pub(super) state: State,
    pub(super) route: Route,
    /// Addresses given out so far: each is another.
    pub(super) named: usize,
    /// How many events of each kind a server fires for what was sent.
    fired: BTreeMap<EventKind, u32>,
    /// QUIT was sent.
    pub(super) left: bool,
    /// STARTTLS was sent in sequence: it is not taken again.
    secured: bool,
    /// The transaction has BODY=BINARYMIME: DATA is out of sequence in it.
    pub(super) binary: bool,
    /// A message has come in chunks.
    pub(super) chunky: bool,
}

/// The route of `plan`.
pub(super) fn walk(plan: &Plan, tag: &str) -> Route {
    let mut walk = Walk {
        plan,
        tag,
        state: State::START,
        route: Route {
            early: plan.manner.early,
            ..Route::default()
        },
        named: 0,
        fired: BTreeMap::new(),
        left: false,
        secured: false,
        binary: false,
        chunky: false,
    };
    match plan.goal {
        None => walk.wander(&plan.draws),
        Some(goal) => {
            let rest = aim(&mut walk, goal);
            walk.wander(rest);
        }
    }
    walk.quit();
    walk.route
}

impl<'a> Walk<'a> {
    /// A name that no other command of the run has.
    pub(super) fn name(&mut self) -> String {
        self.named += 1;
        format!("{}-{}", self.tag, self.named)
    }

    pub(super) fn push(&mut self, octets: Vec<u8>, joined: Joined) {
        self.route.pieces.push(Piece::new(octets, joined));
    }

    /// How many events of `kind` the server has fired so far.
    pub(super) fn fired(&self, kind: EventKind) -> u32 {
        self.fired.get(&kind).copied().unwrap_or_default()
    }

    /// Goes on by `draws`, unless the client has left.
    pub(super) fn wander(&mut self, draws: &'a [Draw]) {
        if self.route.ending.is_some() || draws.is_empty() {
            return;
        }
        let flood = self
            .plan
            .manner
            .flood
            .as_ref()
            .filter(|_| self.plan.goal.is_none());
        let flood = flood.map(|flood| (flood.before.index(draws.len()), flood.commands));
        for (at, draw) in draws.iter().enumerate() {
            if self.left {
                return;
            }
            if let Some((_, commands)) = flood.filter(|(before, _)| *before == at) {
                self.flood(commands, draw);
            }
            match self.side(draw) {
                Some(side) => self.aside(side, draw),
                None => self.deeper(draw),
            }
        }
    }

    /// Where the draw leads aside, by the conversation's own weights.
    fn side(&self, draw: &Draw) -> Option<Side> {
        let total: usize = self
            .plan
            .manner
            .swarm
            .iter()
            .map(|weight| usize::from(*weight))
            .sum();
        if draw.aside >= self.plan.manner.aside || total == 0 {
            return None;
        }
        let mut left = draw.side.index(total);
        for (side, weight) in SIDES.into_iter().zip(&self.plan.manner.swarm) {
            match left.checked_sub(usize::from(*weight)) {
                None => return Some(side),
                Some(rest) => left = rest,
            }
        }
        None
    }

    /// The next command on the way to a message.
    fn deeper(&mut self, draw: &Draw) {
        let verb = match self.state.transaction {
            Transaction::None if !self.state.greeted && draw.flavour < 40 => Verb::Helo,
            Transaction::None if !self.state.greeted => Verb::Ehlo,
            Transaction::None if !self.state.authenticated && draw.flavour % 16 == 9 => Verb::Auth,
            Transaction::None => Verb::Mail,
            Transaction::Receiving => return self.chunk(draw),
            Transaction::Addressed if draw.flavour >= self.plan.manner.recipients => {
                if self.chunks_here(draw) {
                    return self.chunk(draw);
                }
                Verb::Data
            }
            // Out of sequence.
            Transaction::Empty if draw.flavour % 16 == 15 => Verb::Data,
            Transaction::Empty | Transaction::Addressed => Verb::Rcpt,
        };
        self.command(verb, draw, joined(draw));
    }

    fn aside(&mut self, side: Side, draw: &Draw) {
        match side {
            Side::Verb(verb) => self.command(verb, draw, joined(draw)),
            Side::Line(line) => self.line(line.as_bytes().to_vec(), draw, joined(draw)),
        }
    }

    /// `verb`, in sequence or not, with the message that follows DATA.
    pub(super) fn command(&mut self, verb: Verb, draw: &Draw, joined: Joined) {
        let name = self.name();
        let line = commands::line(verb, &name, draw.flavour);
        let binary = line.ends_with(b"BODY=BINARYMIME\r\n");
        self.line(line, draw, joined);
        let mixes = verb == Verb::Data && self.binary;
        let understood = draw.damage.is_none() && self.state.allows(verb) && !mixes;
        let decision = match own_event(verb) {
            Some(kind) if understood => self.fire(kind),
            _ => Decision::Accepted,
        };
        // Only what was announced is used, and TLS once.
        let again = verb == Verb::StartTls && (self.secured || !self.state.greeted);
        let taken = understood && decision == Decision::Accepted && !again;
        self.secured |= taken && verb == Verb::StartTls;
        self.left |= taken && verb == Verb::Quit;
        match verb {
            Verb::Data if decision == Decision::Refused => self.after_refused_data(draw),
            Verb::Data => self.message(taken, draw),
            Verb::Auth if taken => self.authenticate(draw),
            // The line is `BDAT 0 LAST`.
            Verb::Bdat if taken => self.state = self.state.after_chunk(true),
            _ if taken => {
                self.state = self.state.after(verb);
                if verb == Verb::Mail {
                    self.binary = binary;
                }
            }
            _ => {}
        }
    }

    /// What follows an AUTH that the server has taken, by a draw that is not damaged.
    fn authenticate(&mut self, draw: &Draw) {
        let success = match opening(draw.flavour).then {
            Then::Refuses => return,
            Then::Ends(success) => success,
            Then::Asks(asked) => match self.respond(asked, draw) {
                None => return,
                Some(success) => success,
            },
        };
        self.end_authentication(success);
        if self.state.authenticated {
            self.insist_on_auth(draw);
        }
    }

    /// Half of the clients that are in try to get in once more, at once or when everything seems forgotten.
    fn insist_on_auth(&mut self, draw: &Draw) {
        let verbs: &[Verb] = match draw.flavour % 6 {
            0 => &[Verb::Rset, Verb::Auth],
            1 => &[Verb::Ehlo, Verb::Auth],
            2 => &[Verb::Auth],
            _ => &[],
        };
        for verb in verbs {
            if !self.left {
                self.command(*verb, draw, joined(draw));
            }
        }
    }

    /// Answers what is asked for, up to the answer that is not right; `None` where the protocol ends the exchange.
    fn respond(&mut self, asked: &[&str], draw: &Draw) -> Option<bool> {
        let joined = if draw.eager() {
            Joined::IfPipelined
        } else {
            Joined::Never
        };
        let wrong_at = draw.side.index(asked.len());
        let wrong = ANSWERS[draw.side.index(ANSWERS.len())];
        let mut success = true;
        for (at, asked) in asked.iter().enumerate() {
            let answer = if at == wrong_at { wrong } else { Answer::Right };
            self.push(answer.line(asked, draw.flavour), joined);
            match answer {
                Answer::Right => {}
                Answer::Wrong | Answer::Empty | Answer::Long => success = false,
                _ => return None,
            }
        }
        Some(success)
    }

    /// The mechanism has decided.
    pub(super) fn end_authentication(&mut self, success: bool) {
        if self.fire(EventKind::OnEndOfAuthentication) == Decision::Accepted && success {
            self.state = self.state.after_authentication();
        }
    }

    /// An event of `kind` fires; what its handler does with it.
    pub(super) fn fire(&mut self, kind: EventKind) -> Decision {
        let nth = self.fired.entry(kind).or_default();
        *nth += 1;
        let heeds = self.plan.manner.heeds && self.plan.goal.is_none();
        let rules = self.plan.handlers.rules.iter().filter(|_| heeds);
        let mut actions = rules.filter(|rule| rule.event == kind && rule.nth == *nth);
        match actions.next().map(|rule| &rule.action) {
            Some(HandlerAction::Reject(_) | HandlerAction::Fail) => Decision::Refused,
            Some(HandlerAction::Drop) => {
                self.left = true;
                Decision::Dropped
            }
            _ => Decision::Accepted,
        }
    }

    /// Half of the clients give the transaction up; half of those begin another one and take it for granted that its
    /// recipients are still there.
    fn after_refused_data(&mut self, draw: &Draw) {
        let sound = Draw {
            damage: None,
            ..draw.clone()
        };
        let verbs: &[Verb] = match draw.flavour % 8 {
            0 => &[Verb::Rset],
            1 => &[Verb::Ehlo],
            2 => &[Verb::Rset, Verb::Mail, Verb::Data],
            3 => &[Verb::Ehlo, Verb::Mail, Verb::Data],
            _ => &[],
        };
        for verb in verbs {
            if !self.left {
                self.command(*verb, &sound, joined(draw));
            }
        }
    }

    pub(super) fn line(&mut self, line: Vec<u8>, draw: &Draw, joined: Joined) {
        let sent = match &draw.damage {
            Some(damage) => damage.apply(&line),
            None => line,
        };
        self.push(sent, joined);
        if let Some(piece) = self.route.pieces.last_mut() {
            piece.pause = draw.pause;
        }
    }

    /// A DATA that is refused by a strict server may be taken by another one: the least that ends a message follows.
    fn message(&mut self, taken: bool, draw: &Draw) {
        if taken {
            let content = draw.draft.octets(&format!("{}-{}", self.tag, self.named));
            self.content(
                content,
                if draw.eager() {
                    Joined::IfPipelined
                } else {
                    Joined::Never
                },
            );
        } else {
            self.push(b".\r\n".to_vec(), Joined::Never);
        }
    }

    /// A whole message behind an accepted DATA.
    pub(super) fn content(&mut self, octets: Vec<u8>, joined: Joined) {
        self.push(octets, joined);
        self.state = self.state.after_message();
        for kind in [EventKind::OnEndOfHeaders, EventKind::OnEndOfData] {
            self.fire(kind);
        }
    }

    /// Many recipients, where there is a transaction; else many NOOPs. Behind the hundredth, which every server
    /// must take (RFC 5321, 4.5.3.1.8), some are not well formed.
    fn flood(&mut self, commands: usize, draw: &Draw) {
        let verb = match self.state.transaction {
            Transaction::None => Verb::Noop,
            _ => Verb::Rcpt,
        };
        let mut octets = Vec::new();
        for nth in 1..=commands {
            let name = self.name();
            // One address form: some forms are refused by careful servers.
            let line = commands::line(verb, &name, commands::PLAIN);
            octets.extend(match &draw.damage {
                Some(damage) if nth > 100 && nth % 5 == 1 => damage.apply(&line),
                _ => line,
            });
        }
        if let Some(kind) = own_event(verb) {
            let many = u32::try_from(commands).unwrap_or(u32::MAX);
            *self.fired.entry(kind).or_default() += many;
        }
        self.state = self.state.after(verb);
        self.push(octets, Joined::IfPipelined);
    }

    /// The polite end, if the plan has it, and what an impolite client sends behind it.
    fn quit(&mut self) {
        if self.route.ending.is_some() {
            return;
        }
        if self.plan.manner.quits && !self.left {
            self.push(b"QUIT\r\n".to_vec(), Joined::Never);
            self.left = true;
        }
        if self.left && self.plan.manner.insists {
            let name = self.name();
            let verb = match self.plan.sound.flavour % 4 {
                0 => Verb::Mail,
                1 => Verb::Ehlo,
                2 => Verb::Rset,
                _ => Verb::Noop,
            };
            self.push(commands::line(verb, &name, commands::PLAIN), Joined::Always);
        }
    }
}

pub(super) fn joined(draw: &Draw) -> Joined {
    if draw.joined {
        Joined::IfPipelined
    } else {
        Joined::Never
    }
}

impl Draw {
    /// The client sends content before it has read the 354: against RFC 2920, 3.1, so not often.
    fn eager(&self) -> bool {
        self.joined && self.flavour.is_multiple_of(4)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::generate::{Family, numbers::Numbers};
    use proptest::{collection::vec, prelude::*};

    fn messages(pieces: &[Piece]) -> usize {
        let ends = |piece: &&Piece| piece.octets.ends_with(b"\r\n.\r\n");
        pieces.iter().filter(ends).count()
    }

    #[test]
    fn most_conversations_without_a_goal_reach_a_second_transaction() {
        let deep = (0..200).filter(|index| {
            let drawn = crate::generate::conversation(Family::Valid, 3, 2 * index + 1);
            let octets = drawn.octets();
            memchr::memmem::find_iter(&octets, b"MAIL FROM:").count() > 1
        });
        assert!(deep.count() > 100);
    }

    proptest! {
        #[test]
        fn a_message_of_a_valid_conversation_ends_once(numbers in vec(any::<u8>(), 0..1000)) {
            let plan = Plan::draw(Family::Valid, None, &mut Numbers::new(&numbers));
            let mut pieces = walk(&plan, "t").pieces;
            // In a chunk it ends nothing.
            pieces.retain(|piece| !piece.octets.starts_with(b"BDAT "));
            let ends: usize = pieces
                .iter()
                .map(|piece| memchr::memmem::find_iter(&piece.octets, b"\r\n.\r\n").count())
                .sum();
            prop_assert_eq!(ends, messages(&pieces));
        }
    }
}
