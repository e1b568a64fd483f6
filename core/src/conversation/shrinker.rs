//! The search for a small conversation that still shows what a large one shows. A value without a server: it hands out
//! conversations to be played, is told which of them shows it, and ends.

use core::hash::Hasher;
use std::{collections::HashSet, hash::DefaultHasher};

use super::{Conversation, edit::Edit, shrink::ShrinkLevel};

/// Takes the boldest cut that still shows it, again and again: commands first, then segments and lines, then octets,
/// and once more from the start as long as that leads on. What has not shown it is not handed out again.
///
/// It plays nothing itself:
///
/// ```
/// use smtpspec_core::conversation::{Conversation, Shrinker};
///
/// let large = Conversation::parse(b"%title t\nEHLO a\nNOOP b\nRSET\n").unwrap();
/// let mut shrinker = Shrinker::new(large);
/// while let Some(batch) = shrinker.batch(8) {
///     let shows = batch.iter().position(|c| c.octets().starts_with(b"NOOP"));
///     shrinker.answer(shows);
/// }
/// assert_eq!(shrinker.best().octets(), b"NOOP");
/// ```
#[derive(Debug, Clone)]
pub struct Shrinker {
    best: Conversation,
    level: usize,
    /// Changes to `best` at this level; those before `at` were handed out.
    edits: Vec<Edit>,
    at: usize,
    batch: Vec<Conversation>,
    /// Of each in the batch, how many edits are left behind it.
    left: Vec<usize>,
    /// What was handed out, as hashes: two that collide cost a try, no more.
    tried: HashSet<u64>,
    tries: usize,
    /// Something has led on since the coarsest level was begun.
    led_on: bool,
}

impl Shrinker {
    /// Begins with a conversation that shows it.
    pub fn new(conversation: Conversation) -> Self {
        let mut shrinker = Self {
            best: conversation,
            level: 0,
            edits: Vec::new(),
            at: 0,
            batch: Vec::new(),
            left: Vec::new(),
            tried: HashSet::new(),
            tries: 0,
            led_on: false,
        };
        shrinker.tried.insert(hash(&shrinker.best));
        shrinker.begin_level(0);
        shrinker
    }

    /// The next conversations to be played, `most` (at least one) of them at most, the boldest first; `None` when
    /// there is nothing smaller left to try. Those handed out before and not answered have not shown it.
    pub fn batch(&mut self, most: usize) -> Option<&[Conversation]> {
        self.batch.clear();
        self.left.clear();
        while self.batch.is_empty() {
            self.fill(most.max(1));
            if self.batch.is_empty() && !self.next_level() {
                return None;
            }
        }
        self.tries += self.batch.len();
        Some(&self.batch)
    }

    /// The first of the batch that shows it becomes the best; `None` if none does.
    pub fn answer(&mut self, shows: Option<usize>) {
        let batch = core::mem::take(&mut self.batch);
        let Some(index) = shows.filter(|index| *index < batch.len()) else {
            return;
        };
        let mut from_here = batch.into_iter().skip(index);
        self.best = from_here.next().expect("the index lies in the batch");
        for unanswered in from_here {
            self.tried.remove(&hash(&unanswered));
        }
        self.led_on = true;
        let left = self.left[index];
        self.begin_level(self.level);
        // What has failed before the place where this one was found will likely fail again: it comes last.
        let resume = self.edits.len().saturating_sub(left);
        self.edits.rotate_left(resume);
    }

    /// Plays one after the other, `most` at most in all, and gives the smallest that shows it.
    pub fn run(
        mut self,
        most: usize,
        mut shows: impl FnMut(&Conversation) -> bool,
    ) -> Conversation {
        while self.tries < most
            && let Some([next]) = self.batch(1)
        {
            let answer = shows(next).then_some(0);
            self.answer(answer);
        }
        self.best
    }

    /// The smallest so far.
    pub fn best(&self) -> &Conversation {
        &self.best
    }

    /// How many were handed out.
    pub fn tries(&self) -> usize {
        self.tries
    }

    fn fill(&mut self, most: usize) {
        while self.batch.len() < most
            && let Some(edit) = self.edits.get(self.at)
        {
            self.at += 1;
            let candidate = edit.apply(&self.best);
            if self.tried.insert(hash(&candidate)) {
                self.batch.push(candidate);
                self.left.push(self.edits.len() - self.at);
            }
        }
    }

    fn begin_level(&mut self, level: usize) {
        self.level = level;
        self.edits = Edit::all(&self.best, ShrinkLevel::ALL[level]);
        self.at = 0;
    }

    /// Goes on at the next finer level, or begins again; `false` when that would lead nowhere.
    fn next_level(&mut self) -> bool {
        if self.level + 1 < ShrinkLevel::ALL.len() {
            self.begin_level(self.level + 1);
            return true;
        }
        let again = core::mem::take(&mut self.led_on);
        if again {
            self.begin_level(0);
        }
        again
    }
}

fn hash(conversation: &Conversation) -> u64 {
    let mut hasher = DefaultHasher::new();
    hasher.write(&conversation.print());
    hasher.finish()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::conversation::strategy::conversation;
    use pretty_assertions::assert_eq;
    use proptest::prelude::*;

    fn parse(body: &str) -> Conversation {
        Conversation::parse(format!("%title t\n{body}").as_bytes()).unwrap()
    }

    fn shrunk(body: &str, shows: impl FnMut(&Conversation) -> bool) -> Conversation {
        Shrinker::new(parse(body)).run(10_000, shows)
    }

    fn contains(octets: &'static [u8]) -> impl Fn(&Conversation) -> bool {
        |conversation| memchr::memmem::find(&conversation.octets(), octets).is_some()
    }

    #[test]
    fn what_does_not_matter_is_gone() {
        let body = "%handler OnConnect 1 sleep 20ms\n%early\nEHLO client.example.org\n%expect 250\n\
            %segment\nMAIL FROM:<alice@example.org>\n%cut\nNOOP\nRSET\n%end\n%pause 1s\nQUIT\n%reset\n";
        assert_eq!(shrunk(body, contains(b"NOOP\r\n")), parse("NOOP\n"));
        assert_eq!(shrunk(body, |c| c.early), parse("%early\n"));
        assert_eq!(
            shrunk(body, contains(b"MAIL FROM:<")),
            parse("%raw \"MAIL FROM:<\"\n")
        );
    }

    #[test]
    fn a_cut_that_matters_stays() {
        let body = "%segment\nNOOP\n%raw \"A\"\n%cut\n%raw \"B\"\n%cut\nC\n%cut\nD\n%end\n";
        let cut = |c: &Conversation| {
            let text = String::from_utf8(c.print()).unwrap();
            text.contains("%raw \"A\"\n%cut\n%raw \"B")
        };
        let small = "%segment\n%raw \"A\"\n%cut\n%raw \"B\"\n%end\n";
        assert_eq!(shrunk(body, cut), parse(small));
    }

    #[test]
    fn a_batch_leads_where_single_tries_lead() {
        let body = "EHLO a\nMAIL FROM:<>\nRCPT TO:<a@b.c>\nDATA\nA: b\n\nx\n.\nQUIT\n";
        let shows = contains(b"DATA\r\n.\r\n");
        let shows = |c: &Conversation| shows(c) || contains(b"DATA\r\nA: b\r\n")(c);
        let mut shrinker = Shrinker::new(parse(body));
        while let Some(batch) = shrinker.batch(32) {
            assert!((1..=32).contains(&batch.len()));
            let first = batch.iter().position(shows);
            shrinker.answer(first);
        }
        assert_eq!(*shrinker.best(), shrunk(body, shows));
    }

    #[test]
    fn tries_are_counted_and_bounded() {
        let mut plays = 0;
        let body = "A\n".repeat(50);
        let shrinker = Shrinker::new(parse(&body));
        shrinker.run(7, |_| {
            plays += 1;
            false
        });
        assert_eq!(plays, 7);
    }

    proptest! {
        #[test]
        fn it_ends_however_it_is_answered(conversation in conversation(), answers: Vec<bool>) {
            let first = conversation.size();
            let mut shrinker = Shrinker::new(conversation);
            let mut answers = answers.into_iter();
            while let Some(batch) = shrinker.batch(3) {
                let last = batch.len() - 1;
                shrinker.answer(answers.next().unwrap_or(false).then_some(last));
                prop_assert!(shrinker.best().size() <= first);
            }
        }
    }
}
