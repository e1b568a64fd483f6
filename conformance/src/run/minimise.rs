//! The smallest conversation that still shows a finding, found by playing smaller and smaller ones at the server.
//!
//! First the finding's own conversation is played again a few times: one that does not repeat is reported with its
//! rate and is not shrunk. Then commands are left out, then segments and lines, then octets, as long as the same rule
//! is broken. Every step is bounded in tries and time.

use std::time::{Duration, Instant};

use smtpspec_core::{
    check::{Finding, RuleVerdict, RunVerdict, check},
    conversation::{Conversation, ShrinkLevel},
    transcript::{Header, SessionLog, Transcript},
};

use super::{CampaignOptions, Case, RunError, campaign};
use crate::target::Running;

/// How often a finding is played again before it is shrunk.
const REPEATS: usize = 3;
/// Smaller conversations that are played at once.
const BATCH: usize = 32;
/// For one rule.
const LIMIT: Duration = Duration::from_secs(10);
/// For a reply, while minimising: a conversation that hangs is no better than the one before it.
const REPLY: Duration = Duration::from_millis(700);

/// For the server to end a silent session; longer than the idle time that targets are started with.
const SILENCE: Duration = Duration::from_secs(3);
/// For OnDisconnect, and once more for one that is late; likewise.
const DISCONNECT: Duration = Duration::from_millis(200);

/// A finding in its smallest form.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Minimal {
    /// The rule's id.
    pub rule: &'static str,
    /// The conversation in which it was found.
    pub case: String,
    /// The smallest that shows it too.
    pub conversation: Conversation,
    /// What was found there; of the first playing where the finding did not repeat.
    pub finding: Finding,
    /// What happened there.
    pub session: SessionLog,
    /// How often the finding repeated, of how many playings.
    pub repeats: (usize, usize),
}

/// Minimises one finding of each rule that `verdict` reports.
///
/// SES-5 and SES-6 are left out: it takes more than one session to break them.
pub async fn minimise(
    target: &Running,
    transcript: &Transcript,
    verdict: &RunVerdict,
    cases: &[Case],
    options: &CampaignOptions,
) -> Result<Vec<Minimal>, RunError> {
    let mut minimals = Vec::new();
    for rule in &verdict.rules {
        if matches!(rule.rule.id, "SES-5" | "SES-6") {
            continue;
        }
        let Some((finding, session)) = shortest(transcript, rule) else {
            continue;
        };
        let Some(case) = cases.iter().find(|case| case.name == finding.case) else {
            continue;
        };
        let also = broken(transcript, session);
        let player = Player::new(target, rule.rule.id, also, options);
        minimals.push(player.minimise(case, finding, session).await?);
    }
    Ok(minimals)
}

/// The finding in the session with the fewest entries, the worst level first.
pub(crate) fn shortest<'a>(
    transcript: &'a Transcript,
    rule: &'a RuleVerdict,
) -> Option<(&'a Finding, &'a SessionLog)> {
    let session = |finding: &Finding| {
        let sessions = &transcript.sessions;
        sessions.iter().find(|session| session.conn == finding.conn)
    };
    let placed = rule.findings.iter().filter_map(|f| Some((f, session(f)?)));
    placed.min_by_key(|(finding, session)| (finding.level, session.entries.len()))
}

/// The rules that `session`, by itself, breaks.
fn broken(transcript: &Transcript, session: &SessionLog) -> Vec<&'static str> {
    let verdict = check(&alone(&transcript.header, session.clone()));
    verdict.findings().map(|finding| finding.rule).collect()
}

fn alone(header: &Header, session: SessionLog) -> Transcript {
    Transcript {
        header: header.clone(),
        sessions: vec![session],
        strays: Vec::new(),
        complete: true,
    }
}

struct Player<'a> {
    target: &'a Running,
    rule: &'static str,
    /// What the finding's own session breaks; a smaller one that breaks more shows something else too.
    also: Vec<&'static str>,
    options: CampaignOptions,
    until: Instant,
}

/// A conversation that breaks the rule, with what was seen.
type Shown = (Conversation, Finding, SessionLog);

impl<'a> Player<'a> {
    fn new(
        target: &'a Running,
        rule: &'static str,
        also: Vec<&'static str>,
        options: &CampaignOptions,
    ) -> Self {
        let mut options = options.clone();
        options.limits.reply = options.limits.reply.min(REPLY);
        options.limits.silence = options.limits.silence.min(SILENCE);
        options.disconnect_limit = options.disconnect_limit.min(DISCONNECT);
        options.grace = options.grace.min(DISCONNECT);
        Self {
            target,
            rule,
            also,
            options,
            until: Instant::now() + LIMIT,
        }
    }

    async fn minimise(
        &self,
        case: &Case,
        finding: &Finding,
        session: &SessionLog,
    ) -> Result<Minimal, RunError> {
        let again = vec![case.conversation.clone(); REPEATS];
        let shown = self.play(&case.name, again).await?;
        let repeats = (shown.len(), REPEATS);
        let mut best = (case.conversation.clone(), finding.clone(), session.clone());
        if shown.len() == REPEATS {
            for level in ShrinkLevel::ALL {
                best = self.shrink(&case.name, best, level).await?;
            }
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
        })
    }

    /// Takes the boldest cut that still shows the finding, again and again.
    async fn shrink(&self, name: &str, from: Shown, level: ShrinkLevel) -> Result<Shown, RunError> {
        let mut best = from;
        'smaller: loop {
            let candidates = best.0.smaller(level);
            for batch in candidates.chunks(BATCH) {
                if Instant::now() >= self.until {
                    return Ok(best);
                }
                if let Some(shown) = self.play(name, batch.to_vec()).await?.into_iter().next() {
                    best = shown;
                    continue 'smaller;
                }
            }
            return Ok(best);
        }
    }

    /// Plays all, and gives those that break the rule, in the order given.
    async fn play(&self, name: &str, all: Vec<Conversation>) -> Result<Vec<Shown>, RunError> {
        let case = |(n, conversation): (usize, Conversation)| Case {
            name: format!("{name}#{n}"),
            conversation,
        };
        let cases: Vec<Case> = all.into_iter().enumerate().map(case).collect();
        let outcome = campaign(self.target, cases.clone(), &self.options, |_| ()).await;
        if let Some(error) = outcome.error {
            return Err(error);
        }
        let header = outcome.transcript.header;
        let shows = |session: SessionLog| {
            let conversation = cases.iter().find(|case| case.name == session.open.case)?;
            let alone = alone(&header, session);
            let verdict = check(&alone);
            let found = verdict.findings().find(|f| f.rule == self.rule).cloned()?;
            if !verdict.findings().all(|f| self.also.contains(&f.rule)) {
                return None;
            }
            Some((
                conversation.conversation.clone(),
                found,
                alone.sessions.into_iter().next()?,
            ))
        };
        Ok(outcome
            .transcript
            .sessions
            .into_iter()
            .filter_map(shows)
            .collect())
    }
}
