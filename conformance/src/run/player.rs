//! One finding's search for a smaller conversation: play it again, play smaller ones, keep what still shows it.

use std::time::{Duration, Instant};

use smtpspec_core::{
    check::{Finding, Level, check},
    conversation::{Conversation, Shrinker},
    transcript::{Entry, SessionLog, Transcript, What},
};

use super::{
    CampaignOptions, Case, Ground, Minimal, RunError,
    minimise::{LEAST, LIMIT, alone},
};

/// How often a finding is played again before it is shrunk.
const REPEATS: usize = 3;
/// How often one that is flaky is played in all: enough for a rate.
const FLAKY: usize = 20;
/// Smaller conversations that are played at once.
const BATCH: usize = 32;
/// Smaller conversations that are played for one rule.
const TRIES: usize = 4000;
/// For a reply, while minimising: a conversation that hangs is no better than the one before it.
const REPLY: Duration = Duration::from_millis(700);
/// For the server to end a silent session; longer than the idle time that targets are started with.
const SILENCE: Duration = Duration::from_secs(3);
/// For OnDisconnect, and once more for one that is late; likewise.
const DISCONNECT: Duration = Duration::from_millis(200);

/// Plays smaller and smaller conversations for one finding.
pub(super) struct Player<'g, 'a> {
    ground: &'g mut Ground<'a>,
    rule: &'static str,
    /// Of the finding: what is only not strict does not stand for what is broken.
    level: Level,
    /// What the finding's own session breaks; a smaller one that breaks more shows something else too.
    also: Vec<&'static str>,
    options: CampaignOptions,
    /// When the search is to end.
    pub(super) until: Instant,
    tries: usize,
    stopped: bool,
}

/// A conversation that breaks the rule, with what was seen.
type Shown = (Conversation, Finding, SessionLog);

impl<'g, 'a> Player<'g, 'a> {
    pub(super) fn new(
        ground: &'g mut Ground<'a>,
        finding: &Finding,
        also: Vec<&'static str>,
        options: &CampaignOptions,
    ) -> Self {
        let mut options = options.clone();
        options.limits.reply = options.limits.reply.min(REPLY);
        options.limits.silence = options.limits.silence.min(SILENCE);
        options.disconnect_limit = options.disconnect_limit.min(DISCONNECT);
        options.grace = options.grace.min(DISCONNECT);
        // The time limit is enough of a limit.
        options.deaths = usize::MAX;
        if finding.rule == "SES-8" {
            // One after the other: each death would have all sessions at once played again.
            options.jobs = 1;
        }
        Self {
            ground,
            rule: finding.rule,
            level: finding.level,
            also,
            options,
            until: Instant::now() + LIMIT,
            tries: 0,
            stopped: false,
        }
    }

    /// The smallest that shows `finding`, which `session` showed when it played `case`.
    pub(super) async fn minimise(
        mut self,
        case: &Case,
        finding: &Finding,
        session: &SessionLog,
    ) -> Result<Minimal, RunError> {
        let repeats = self.repeats(case).await?;
        let mut best = (case.conversation.clone(), finding.clone(), session.clone());
        if repeats.0 == repeats.1 {
            best = self.shrink(&case.name, best).await?;
        }
        let (conversation, finding, session) = best;
        let case = case.name.clone();
        Ok(Minimal {
            rule: self.rule,
            case,
            conversation,
            finding,
            session,
            repeats,
            tries: self.tries,
            stopped: self.stopped,
        })
    }

    /// How often the finding shows again, of how many playings.
    async fn repeats(&mut self, case: &Case) -> Result<(usize, usize), RunError> {
        let again = |times| vec![case.conversation.clone(); times];
        let (shown, of) = self.play(&case.name, again(REPEATS), false).await?;
        if shown.len() == REPEATS {
            return Ok((REPEATS, REPEATS));
        }
        let (more, of_more) = self.play(&case.name, again(FLAKY - REPEATS), false).await?;
        Ok((shown.len() + more.len(), of + of_more))
    }

    /// Takes the boldest cut that still shows the finding, again and again.
    async fn shrink(&mut self, name: &str, from: Shown) -> Result<Shown, RunError> {
        let mut best = from;
        let mut shrinker = Shrinker::new(best.0.clone());
        loop {
            if Instant::now() >= self.until || self.tries >= TRIES {
                self.stopped = true;
                return Ok(best);
            }
            let Some(batch) = shrinker.batch(BATCH).map(<[_]>::to_vec) else {
                return Ok(best);
            };
            self.tries += batch.len();
            let (shown, _) = self.play(name, batch.clone(), true).await?;
            let boldest = shown.into_iter().next();
            let place = |(shown, ..): &Shown| batch.iter().position(|tried| tried == shown);
            shrinker.answer(boldest.as_ref().and_then(place));
            best = boldest.unwrap_or(best);
        }
    }

    /// Plays all, and gives those that break the rule, in the order given, and how many came to their end in time.
    /// With `nothing_else`, those that break other rules than the finding's own session are left out.
    async fn play(
        &mut self,
        name: &str,
        all: Vec<Conversation>,
        nothing_else: bool,
    ) -> Result<(Vec<Shown>, usize), RunError> {
        let case = |(n, conversation): (usize, Conversation)| Case {
            name: format!("{name}#{n}"),
            conversation,
        };
        let cases: Vec<Case> = all.into_iter().enumerate().map(case).collect();
        let left = self.until.saturating_duration_since(Instant::now());
        self.options.run = left.max(LEAST);
        let outcome = self.ground.play(cases.clone(), &self.options).await;
        match outcome.error {
            Some(RunError::Time(_)) => self.stopped = true,
            Some(error) => return Err(error),
            None => {}
        }
        let Transcript {
            header,
            mut sessions,
            ..
        } = outcome.transcript;
        let settled = |entry: &Entry| entry.what == What::Settled;
        sessions.retain(|session| session.entries.last().is_some_and(settled));
        let finished = sessions.len();
        let shows = |session: SessionLog| {
            let conversation = cases.iter().find(|case| case.name == session.open.case)?;
            let alone = alone(&header, session);
            let verdict = check(&alone);
            let same = |f: &&Finding| f.rule == self.rule && f.level <= self.level;
            let found = verdict.findings().find(same).cloned()?;
            let known = |f: &Finding| self.also.contains(&f.rule);
            if nothing_else && !verdict.findings().all(known) {
                return None;
            }
            Some((
                conversation.conversation.clone(),
                found,
                alone.sessions.into_iter().next()?,
            ))
        };
        Ok((sessions.into_iter().filter_map(shows).collect(), finished))
    }
}

#[cfg(test)]
mod tests {
    use super::{
        super::{campaign, minimise::LIMIT},
        *,
    };
    use crate::target::{StartOptions, Target};
    use pretty_assertions::assert_eq;
    use smtpspec_core::receiver::{Config, Defect};

    #[tokio::test]
    async fn a_search_that_a_limit_ends_says_so() {
        let defect: Defect = "noop-event-twice".parse().unwrap();
        let config = Config {
            defects: [defect].into_iter().collect(),
            ..Config::default()
        };
        let target = Target::Embedded(Box::new(config));
        let mut running = target.start(&StartOptions::default()).await.unwrap();
        let options = CampaignOptions::default();
        let case = super::super::named("states/greeted-queries")
            .unwrap()
            .unwrap();
        let outcome = campaign(&mut running, vec![case.clone()], &options, |_| ()).await;
        let verdict = check(&outcome.transcript);
        let finding = verdict
            .findings()
            .find(|f| f.rule == defect.rule())
            .unwrap();
        let session = &outcome.transcript.sessions[0];
        let later = Instant::now() + LIMIT;
        let mut ground = Ground::Server(&mut running);
        for (tries, until) in [(0, Instant::now()), (TRIES, later)] {
            let player = Player {
                until,
                tries,
                ..Player::new(&mut ground, finding, Vec::new(), &options)
            };
            let minimal = player.minimise(&case, finding, session).await.unwrap();
            assert!(minimal.stopped);
            assert_eq!(minimal.conversation, case.conversation);
            assert_eq!(minimal.repeats, (REPEATS, REPEATS));
        }
        running.stop().await;
    }
}
