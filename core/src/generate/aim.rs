//! The way to a goal: into the goal's state by well-formed commands, the stimulus, and on from there.

use super::{
    authentication::{Answer, Then, asking},
    commands::{self, PLAIN},
    content::{Message, line_for},
    plan::Draw,
    route::{Joined, Piece},
    walk::Walk,
};
use crate::{
    conversation::Ending,
    coverage::{
        ChunkStimulus, ContentStimulus, Form, Pair, Pause, ResponseStimulus, SessionState, Stimulus,
    },
    event::{EventKind, HandlerAction, HandlerRule},
    model::{Transaction, own_event},
    wire::Verb,
};

/// Leads `walk` to `goal`, and gives the draws that are left to go on with.
pub(super) fn aim<'a>(walk: &mut Walk<'a>, goal: Pair) -> &'a [Draw] {
    let plan = walk.plan;
    walk.route.early = goal.stimulus == Stimulus::EarlyTalk;
    let before = match goal.state {
        // Nothing leads back there.
        SessionState::Connected => 0,
        _ => plan.manner.before.min(plan.draws.len()),
    };
    let (before, rest) = plan.draws.split_at(before);
    for draw in before {
        // What is damaged could end the session, or the state.
        let sound = Draw {
            damage: None,
            ..draw.clone()
        };
        walk.sound_step(&sound);
    }
    walk.reach(goal.state);
    match goal.stimulus {
        Stimulus::EarlyTalk => walk.plain(Verb::Ehlo, Joined::Never),
        Stimulus::Command(verb, form) => walk.stimulate(goal.state, verb, form),
        Stimulus::OverLongLine => walk.over_long(),
        Stimulus::Response(stimulus) => walk.respond_with(stimulus),
        Stimulus::SplitLineEnd => walk.split_line_end(),
        Stimulus::End(ending, pause) if goal.state.is_content() => {
            walk.leave_content(goal.state, ending, pause);
        }
        Stimulus::End(ending, pause) if goal.state == SessionState::Authenticating => {
            walk.leave_challenged(ending, pause);
        }
        Stimulus::End(ending, _) if goal.state == SessionState::Handshake => {
            walk.leave_before_handshake(ending);
        }
        Stimulus::End(ending, _) if goal.state == SessionState::Secured => {
            walk.leave_inside_tls(ending);
        }
        Stimulus::Tls(stimulus) => walk.shake_hands_with(stimulus),
        Stimulus::End(ending, pause) => walk.leave(ending, pause),
        Stimulus::Chunk(stimulus) => walk.chunk_with(stimulus),
        Stimulus::Content(stimulus) => walk.content_with(goal.state, stimulus),
        Stimulus::LookAlike(look_alike) => {
            let name = walk.name();
            let inserted = Message::look_alike(goal.state, look_alike, &name);
            walk.message_with(goal.state, &inserted, true);
        }
    }
    rest
}

impl Walk<'_> {
    /// A command on the way to a message, without a message.
    fn sound_step(&mut self, draw: &Draw) {
        let verb = match self.state.transaction {
            Transaction::None if !self.state.greeted => Verb::Ehlo,
            Transaction::None => Verb::Mail,
            Transaction::Empty => Verb::Rcpt,
            Transaction::Addressed => Verb::Data,
            Transaction::Receiving => return self.chunk(draw),
        };
        self.command(verb, draw, Joined::Never);
    }

    fn plain(&mut self, verb: Verb, joined: Joined) {
        let mut sound = self.plan.sound.clone();
        if verb == Verb::Auth {
            // One that a server takes.
            sound.flavour = PLAIN;
        }
        self.command(verb, &sound, joined);
    }

    /// Goes to `state`; for content only up to its DATA.
    fn reach(&mut self, state: SessionState) {
        if state == SessionState::Connected {
            return;
        }
        if !self.state.greeted {
            self.plain(Verb::Ehlo, Joined::Never);
        }
        if state == SessionState::Closed {
            return self.plain(Verb::Quit, Joined::Never);
        }
        let wanted = match state {
            SessionState::Greeted
            | SessionState::Authenticating
            | SessionState::Handshake
            | SessionState::Secured => Transaction::None,
            SessionState::Transaction => Transaction::Empty,
            SessionState::ReceivingBdat => Transaction::Receiving,
            _ => Transaction::Addressed,
        };
        // DATA is out of sequence in a transaction with BODY=BINARYMIME.
        let mixes =
            state.is_content() && self.binary && self.state.transaction != Transaction::None;
        if self.state.transaction > wanted || mixes {
            self.plain(Verb::Rset, Joined::Never);
        }
        if self.state.transaction < wanted && self.state.transaction == Transaction::None {
            self.plain(Verb::Mail, Joined::Never);
            if state.is_content() && self.binary {
                self.begin_without_binary();
            }
        }
        if self.state.transaction < wanted.min(Transaction::Addressed) {
            self.plain(Verb::Rcpt, Joined::Never);
        }
        if self.state.transaction < wanted {
            self.first_chunk();
        }
    }

    fn stimulate(&mut self, state: SessionState, verb: Verb, form: Form) {
        match form {
            Form::WellFormed => {
                self.plain(verb, Joined::Never);
                if state == SessionState::ReceivingBdat && verb == Verb::Rset {
                    self.begin_again();
                }
            }
            Form::Pipelined => {
                if state != SessionState::Closed {
                    self.plain(Verb::Noop, Joined::Never);
                }
                self.plain(verb, Joined::Always);
            }
            Form::Refused => self.refused(verb),
            Form::Malformed => {
                let name = self.name();
                let flavour = self.plan.sound.flavour;
                // What a lenient server takes: TLS-2 is about that.
                let line = if verb == Verb::StartTls && flavour.is_multiple_of(2) {
                    format!("STARTTLS {name}\r\n").into_bytes()
                } else {
                    commands::malformed(verb, &name, flavour)
                };
                self.push(line, Joined::Never);
            }
        }
    }

    /// Another MAIL, whose message may come by DATA.
    fn begin_without_binary(&mut self) {
        let sober = Draw {
            flavour: PLAIN,
            ..self.plan.sound.clone()
        };
        for verb in [Verb::Rset, Verb::Mail] {
            self.command(verb, &sober, Joined::Never);
        }
    }

    /// Another message in chunks, of which none may be one of the message that was given up.
    fn begin_again(&mut self) {
        for verb in [Verb::Mail, Verb::Rcpt] {
            self.plain(verb, Joined::Never);
        }
        if self.state.allows(Verb::Bdat) {
            self.first_chunk();
            self.chunk_with(ChunkStimulus::Last);
        }
    }

    /// `verb`, which the handler of its event refuses: the state stays as it is.
    fn refused(&mut self, verb: Verb) {
        if let Some(kind) = own_event(verb) {
            self.refuse(kind);
        }
        let name = self.name();
        let line = commands::line(verb, &name, self.plan.sound.flavour);
        self.push(line, Joined::Never);
    }

    /// The next event of `kind` will be refused.
    pub(super) fn refuse(&mut self, kind: EventKind) {
        self.route.refusal = Some(HandlerRule {
            event: kind,
            nth: self.fired(kind) + 1,
            action: HandlerAction::Reject("550 5.7.1 refused".to_owned()),
        });
    }

    fn over_long(&mut self) {
        let many = 600 + 8 * usize::from(self.plan.sound.flavour);
        self.push(
            format!("NOOP {}\r\n", "x".repeat(many)).into_bytes(),
            Joined::Never,
        );
    }

    fn split_line_end(&mut self) {
        let line = b"NOOP\r\n".to_vec();
        let mut piece = Piece::new(line, Joined::Never);
        piece.cuts = vec![piece.octets.len() - 1];
        self.route.pieces.push(piece);
    }

    /// Leaves while the server reads commands, or the octets of a chunk.
    fn leave(&mut self, ending: Ending, pause: Pause) {
        self.await_last();
        if pause == Pause::InChunk {
            self.half_a_chunk();
        }
        if pause == Pause::InLine {
            let name = self.name();
            let mut line = commands::line(Verb::Mail, &name, PLAIN);
            let kept = 1 + usize::from(self.plan.sound.flavour) % (line.len() - 1);
            line.truncate(kept);
            self.push(line, Joined::Never);
        }
        self.route.ending = Some(ending);
    }

    /// Leaves while the server waits for a response.
    fn leave_challenged(&mut self, ending: Ending, pause: Pause) {
        self.open_exchange(false);
        self.await_last();
        if pause == Pause::InLine {
            let mut line = Answer::Right.line("AHRpbQB0YW5zdGFhZnRhbnN0YWFm", 0);
            let kept = 1 + usize::from(self.plan.sound.flavour) % (line.len() - 1);
            line.truncate(kept);
            self.push(line, Joined::Never);
        }
        self.route.ending = Some(ending);
    }

    /// Gets the server to ask; gives what it asks for.
    fn open_exchange(&mut self, twice: bool) -> &'static [&'static str] {
        let opening = asking(twice);
        self.push(format!("{}\r\n", opening.line).into_bytes(), Joined::Never);
        self.fire(EventKind::OnAuthCommand);
        match opening.then {
            Then::Asks(asked) => asked,
            Then::Ends(_) | Then::Refuses => &[],
        }
    }

    /// A challenge, and `stimulus` behind it.
    fn respond_with(&mut self, stimulus: ResponseStimulus) {
        use ResponseStimulus as R;
        let flavour = self.plan.sound.flavour;
        if stimulus == R::Refused {
            self.refuse(EventKind::OnEndOfAuthentication);
        }
        let asked = self.open_exchange(stimulus == R::ChallengedAgain);
        let answer = match stimulus {
            R::Wrong => Answer::Wrong,
            R::Empty => Answer::Empty,
            R::Cancel => Answer::Cancel,
            R::Garbage => Answer::Garbage,
            R::CommandLine => Answer::Command,
            R::OverLong => Answer::OverLong,
            _ => Answer::Right,
        };
        for (at, asked) in asked.iter().enumerate() {
            let joined = if stimulus == R::Pipelined {
                Joined::Always
            } else {
                Joined::Never
            };
            let mut piece = Piece::new(answer.line(asked, flavour), joined);
            if stimulus == R::Split && at == 0 {
                piece.cuts = vec![piece.octets.len() - 1];
            }
            self.route.pieces.push(piece);
        }
        if matches!(answer, Answer::Right | Answer::Wrong | Answer::Empty) {
            self.end_authentication(answer == Answer::Right && stimulus != R::Refused);
        }
    }

    /// Leaves in the middle of a message.
    fn leave_content(&mut self, state: SessionState, ending: Ending, pause: Pause) {
        self.push(b"DATA\r\n".to_vec(), Joined::Never);
        self.route.ending = Some(ending);
        let at_once = state == SessionState::HeaderSection && pause == Pause::BetweenLines;
        if at_once && self.plan.sound.flavour.is_multiple_of(2) {
            // Right behind the 354.
            return self.await_last();
        }
        let name = self.name();
        let end: &[u8] = match (pause, self.plan.sound.flavour % 2) {
            (Pause::BetweenLines | Pause::InChunk, _) => b"",
            (Pause::InLine, _) => b"a line that does not",
            (Pause::InEndOfData, 0) => b".",
            (Pause::InEndOfData, _) => b".\r",
        };
        let front = Message::front(state, &name);
        self.push([&front, end].concat(), Joined::Never);
    }

    /// Reads the reply to what was sent last, or the banner: it decides the state.
    pub(super) fn await_last(&mut self) {
        if self.route.pieces.is_empty() {
            self.push(Vec::new(), Joined::Never);
        }
        if let Some(last) = self.route.pieces.last_mut() {
            last.awaited = true;
        }
    }

    /// A message in which `stimulus` stands where `state` says.
    fn content_with(&mut self, state: SessionState, stimulus: ContentStimulus) {
        if stimulus == ContentStimulus::EndOfDataRefused {
            self.refuse(EventKind::OnEndOfData);
        }
        let ends_here = matches!(
            stimulus,
            ContentStimulus::EndOfData
                | ContentStimulus::EndOfDataRefused
                | ContentStimulus::EndOfDataSplit
        );
        self.message_with(state, line_for(stimulus), !ends_here);
        let Some(piece) = self.route.pieces.last_mut() else {
            return;
        };
        let len = piece.octets.len();
        match stimulus {
            ContentStimulus::EndOfDataSplit => {
                piece.cuts = vec![len - 1 - usize::from(self.plan.sound.flavour % 2)];
            }
            ContentStimulus::BlankLineSplit => {
                let blank = memchr::memmem::find(&piece.octets, b"\r\n\r\n");
                piece.cuts = blank.map(|at| at + 3).into_iter().collect();
            }
            _ => {}
        }
    }

    /// A message with `inserted` in `state`; with `goes_on` the header section and the body go on behind it.
    fn message_with(&mut self, state: SessionState, inserted: &[u8], goes_on: bool) {
        self.push(b"DATA\r\n".to_vec(), Joined::Never);
        let name = self.name();
        let octets = Message::around(state, &name, inserted, goes_on);
        self.content(octets, Joined::Never);
    }
}

#[cfg(test)]
mod tests {
    use crate::{
        check::check,
        coverage::{Coverage, pairs},
        generate::{Family, conversation_to},
        memory::{play, transcript},
    };
    use std::sync::Arc;

    /// For each pair: whatever else is drawn, the conversation that aims at it reaches it, but where the writes are
    /// cut another way or what comes before it goes wrong; and the reference server conforms.
    #[test]
    fn each_goal_is_reached_by_most_conversations_that_aim_at_it() {
        for (index, goal) in (0..).zip(pairs()) {
            let mut reached = 0;
            for seed in 0..8 {
                for family in Family::ALL {
                    let aimed = conversation_to(family, seed, index, Some(goal));
                    let played = transcript(vec![play(1, "aim", &aimed, &Arc::default())]);
                    reached += usize::from(Coverage::of(&played).times(goal) > 0);
                    let findings: Vec<_> = check(&played).findings().cloned().collect();
                    assert!(findings.is_empty(), "{goal}: {findings:#?}");
                }
            }
            assert!(reached >= 12, "{goal}: reached by {reached} of 24");
        }
    }
}
