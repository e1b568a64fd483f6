//! The smallest conversation that still shows a finding, found by playing smaller and smaller ones at the server.
//!
//! First the finding's own conversation is played again a few times. One that does not repeat each time is flaky: it
//! is played some more times, reported with its rate, and not shrunk. Else commands are left out, then segments and
//! lines, then octets, as long as the same rule is broken. All of it is bounded, for one rule and for all together, in
//! tries and in time; what was not finished then says so.

use std::time::{Duration, Instant};

use smtpspec_core::{
    check::{Finding, RuleVerdict, RunVerdict, check},
    conversation::Conversation,
    transcript::{Header, SessionLog, Transcript},
};

use super::{CampaignOptions, Case, Ground, RunError, player::Player};

/// For one rule.
pub(super) const LIMIT: Duration = Duration::from_secs(10);
/// For all rules together; each has its fair share of what is left.
const TOTAL: Duration = Duration::from_mins(1);
/// A share is at least this: one playing may need it.
pub(super) const LEAST: Duration = Duration::from_secs(1);

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
    /// How many smaller conversations were played.
    pub tries: usize,
    /// Whether a limit ended the search before every smaller conversation had been tried.
    pub stopped: bool,
}

impl Minimal {
    /// Whether the finding does not show each time; then its conversation is the one in which it was found.
    pub fn is_flaky(&self) -> bool {
        self.repeats.0 < self.repeats.1
    }

    /// The playing that showed the finding, as a transcript with the header of `run`.
    pub fn transcript(&self, run: &Transcript) -> Transcript {
        alone(&run.header, self.session.clone())
    }
}

/// Minimises one finding of each rule that `verdict` reports.
///
/// SES-5 and SES-6 are left out: it takes more than one session to break them.
pub async fn minimise(
    ground: &mut Ground<'_>,
    transcript: &Transcript,
    verdict: &RunVerdict,
    cases: &[Case],
    options: &CampaignOptions,
) -> Result<Vec<Minimal>, RunError> {
    let worth = |rule: &&RuleVerdict| !matches!(rule.rule.id, "SES-5" | "SES-6");
    let found = |rule: &RuleVerdict| {
        let (finding, session) = shortest(transcript, rule)?;
        let case = cases.iter().find(|case| case.name == finding.case)?;
        Some((case, finding.clone(), session.clone()))
    };
    let all: Vec<_> = verdict
        .rules
        .iter()
        .filter(worth)
        .filter_map(found)
        .collect();
    let until = Instant::now() + TOTAL;
    let mut minimals = Vec::new();
    for (left, (case, finding, session)) in (1..=all.len()).rev().zip(&all) {
        let also = broken(transcript, session);
        let mut player = Player::new(ground, finding, also, options);
        player.until = Instant::now() + share(until, left);
        minimals.push(player.minimise(case, finding, session).await?);
    }
    Ok(minimals)
}

/// The time that one of `left` rules may take.
fn share(until: Instant, left: usize) -> Duration {
    let rest = until.saturating_duration_since(Instant::now());
    let rules = u32::try_from(left).unwrap_or(u32::MAX).max(1);
    (rest / rules).clamp(LEAST, LIMIT)
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

pub(super) fn alone(header: &Header, session: SessionLog) -> Transcript {
    Transcript {
        header: header.clone(),
        sessions: vec![session],
        strays: Vec::new(),
        complete: true,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use pretty_assertions::assert_eq;

    #[test]
    fn each_rule_has_its_fair_share_of_the_time() {
        let minute = || Instant::now() + Duration::from_mins(1);
        assert_eq!(share(minute(), 1), LIMIT);
        let fair = share(minute(), 20).as_millis();
        assert!((2900..=3000).contains(&fair), "{fair}");
        assert_eq!(share(Instant::now(), 20), LEAST);
    }
}
