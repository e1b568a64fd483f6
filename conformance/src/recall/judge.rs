//! What a version's run says of a bug.

use smtpspec_core::{
    check::{Level, Verdict, check},
    transcript::Transcript,
};

use super::Bug;
use crate::{expect::Strength, run::Case};

/// What came of a bug.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Row {
    /// The bug.
    pub bug: Bug,
    /// What the version that has it showed.
    pub vulnerable: Half,
    /// What the version that has it no longer showed.
    pub fixed: Half,
}

/// What came of a bug in one version.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Half {
    /// The version is not installed.
    Absent {
        /// What installs it.
        command: String,
    },
    /// It could not be started, or the run was broken off.
    Failed(String),
    /// The conversations were played.
    Played(Played),
}

/// What was seen of a bug in one version.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Played {
    /// The server, as its adapter's hello names it.
    pub server: String,
    /// The conversations that showed the bug, by name.
    pub shown: Vec<String>,
    /// How many should have been played.
    pub named: usize,
    /// What was found in the first of those that showed it.
    pub what: String,
    /// Why nothing can be concluded from a rule that was not broken.
    pub unjudged: Option<String>,
}

/// Whether a bug was recalled.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Standing {
    /// Found in the vulnerable version, and gone in the fixed one.
    Recalled,
    /// One of the two is not as it should be.
    Missed,
    /// A version is not installed, and nothing speaks against the other.
    Skipped,
}

impl Row {
    /// Whether it was recalled.
    pub fn standing(&self) -> Standing {
        let halves = [self.vulnerable.is_found(), self.fixed.is_silent()];
        if halves.contains(&Some(false)) {
            Standing::Missed
        } else if halves.contains(&None) {
            Standing::Skipped
        } else {
            Standing::Recalled
        }
    }
}

impl Half {
    /// Whether the bug showed; `None` where the version is absent.
    pub const fn is_found(&self) -> Option<bool> {
        match self {
            Self::Absent { .. } => None,
            Self::Failed(_) => Some(false),
            Self::Played(played) => Some(!played.shown.is_empty()),
        }
    }

    /// Whether it could have shown, and did not; `None` where the version is absent.
    pub const fn is_silent(&self) -> Option<bool> {
        match self {
            Self::Absent { .. } => None,
            Self::Failed(_) => Some(false),
            Self::Played(played) => Some(played.shown.is_empty() && played.unjudged.is_none()),
        }
    }

    /// What `transcript`, a run of `cases` and of others, says of `bug`.
    pub(super) fn judge(bug: &Bug, cases: &[Case], transcript: &Transcript) -> Self {
        let named = bug.cases(cases);
        let of_bug = only(transcript, &named);
        let verdict = check(&of_bug);
        let level = level(bug.verdict);
        let findings = verdict.findings();
        let mut found: Vec<_> = findings
            .filter(|f| f.rule == bug.rule && f.level == level)
            .collect();
        found.dedup_by(|a, b| a.case == b.case);
        let said = verdict.rules.iter().find(|rule| rule.rule.id == bug.rule);
        let said = said.map_or(Verdict::NotExercised, |rule| rule.verdict);
        let header = &transcript.header;
        let server = header.hello.as_ref().map(|hello| &hello.server);
        Self::Played(Played {
            server: server.unwrap_or(&header.target).clone(),
            unjudged: unjudged(bug, said, of_bug.sessions.len(), named.len()),
            named: named.len(),
            what: found.first().map_or(String::new(), |f| f.what.clone()),
            shown: found.iter().map(|f| f.case.clone()).collect(),
        })
    }
}

const fn level(strength: Strength) -> Level {
    match strength {
        Strength::Broken => Level::Must,
        Strength::NotStrict => Level::Should,
    }
}

/// The sessions of `cases`. Strays are left out: they belong to none.
fn only(transcript: &Transcript, cases: &[&Case]) -> Transcript {
    let named = |name: &String| cases.iter().any(|case| case.name == *name);
    let sessions = transcript.sessions.iter();
    let sessions = sessions.filter(|session| named(&session.open.case));
    Transcript {
        header: transcript.header.clone(),
        sessions: sessions.cloned().collect(),
        strays: Vec::new(),
        complete: transcript.complete,
    }
}

/// Why a rule that is not broken says nothing: what was not looked at is not silent.
fn unjudged(bug: &Bug, said: Verdict, played: usize, named: usize) -> Option<String> {
    if played < named {
        return Some(format!("{played} of {named} conversations played"));
    }
    let is_worse = said == Verdict::Broken && bug.verdict == Strength::NotStrict;
    let says_nothing = matches!(
        said,
        Verdict::NotObservable | Verdict::NotExercised | Verdict::Inconclusive
    );
    (is_worse || says_nothing).then(|| format!("{} is {said}", bug.rule))
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use pretty_assertions::assert_eq;
    use smtpspec_core::{
        memory,
        receiver::{Config, Defect},
    };

    use super::*;
    use crate::run::documented;

    fn bug(rule: &str, verdict: Strength) -> Bug {
        Bug {
            id: "lost".into(),
            title: String::new(),
            source: String::new(),
            target: "postal".into(),
            vulnerable: "1".into(),
            fixed: "2".into(),
            rule: rule.into(),
            verdict,
            cases: vec!["lost/greeted-close".into(), "messages/two".into()],
            needs: String::new(),
        }
    }

    fn cases() -> Vec<Case> {
        let mut cases = documented().unwrap();
        cases.retain(|case| {
            ["lost/greeted-close", "messages/two", "seed/strict"].contains(&&*case.name)
        });
        cases
    }

    fn run(defects: &[&str]) -> Transcript {
        let defects = defects.iter().map(|name| name.parse::<Defect>().unwrap());
        let config = Arc::new(Config {
            defects: defects.collect(),
            ..Config::default()
        });
        let cases = cases();
        let sessions = (1..).zip(&cases);
        let sessions = sessions
            .map(|(conn, case)| memory::play(conn, &case.name, &case.conversation, &config));
        memory::transcript(sessions.collect())
    }

    const LOST: &str = "disconnect-lost-after-ehlo";

    fn judged(bug: &Bug, transcript: &Transcript) -> Half {
        Half::judge(bug, &cases(), transcript)
    }

    #[test]
    fn a_bug_is_recalled_when_it_shows_in_the_one_and_not_in_the_other() {
        let bug = bug("SES-2", Strength::Broken);
        let (with, without) = (judged(&bug, &run(&[LOST])), judged(&bug, &run(&[])));
        let standing = |vulnerable: &Half, fixed: &Half| {
            let row = Row {
                bug: bug.clone(),
                vulnerable: vulnerable.clone(),
                fixed: fixed.clone(),
            };
            row.standing()
        };
        let absent = Half::Absent {
            command: "install.sh".into(),
        };
        let failed = Half::Failed("no hello".into());
        for (vulnerable, fixed, expected) in [
            (&with, &without, Standing::Recalled),
            (&without, &without, Standing::Missed),
            (&with, &with, Standing::Missed),
            (&absent, &without, Standing::Skipped),
            (&with, &absent, Standing::Skipped),
            (&absent, &with, Standing::Missed),
            (&without, &absent, Standing::Missed),
            (&with, &failed, Standing::Missed),
            (&failed, &without, Standing::Missed),
        ] {
            assert_eq!(
                standing(vulnerable, fixed),
                expected,
                "{vulnerable:?} {fixed:?}"
            );
        }
    }

    #[test]
    fn only_the_conversations_named_and_the_level_count() {
        let mut narrow = bug("SES-2", Strength::Broken);
        narrow.cases.truncate(1);
        let Half::Played(played) = judged(&narrow, &run(&[LOST])) else {
            panic!("it was played");
        };
        assert_eq!(
            (played.shown, played.named),
            (vec!["lost/greeted-close".to_owned()], 1)
        );
        let weaker = judged(&bug("SES-2", Strength::NotStrict), &run(&[LOST]));
        assert_eq!(
            (weaker.is_found(), weaker.is_silent()),
            (Some(false), Some(false))
        );
    }

    #[test]
    fn what_was_not_looked_at_is_not_silent() {
        let bug = bug("SES-2", Strength::Broken);
        let good = run(&[]);
        assert_eq!(judged(&bug, &good).is_silent(), Some(true));
        let mut unseen = good.clone();
        unseen.header.hello = None;
        let mut partly = good.clone();
        partly
            .sessions
            .retain(|session| session.open.case != "messages/two");
        let mut cut = good;
        cut.complete = false;
        // What came after the first exchange, OnDisconnect too, was never seen.
        for session in &mut cut.sessions {
            session.entries.truncate(4);
        }
        for transcript in [unseen, partly, cut] {
            let half = judged(&bug, &transcript);
            assert_eq!(half.is_silent(), Some(false), "{half:?}");
        }
    }
}
