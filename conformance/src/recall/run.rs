//! Plays the bugs' conversations: each version of a server is started once, whatever number of bugs it is in.

use std::collections::BTreeMap;

use smtpspec_core::{conversation::TlsMode, transcript::Transcript};

use super::{Bug, Half, Row, Standing};
use crate::{
    run::{CampaignOptions, Case, Outcome, RunError, campaign},
    target::{StartOptions, Target, TargetError},
};

/// What came of a table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Recall {
    /// One for each bug, in the order of the table.
    pub rows: Vec<Row>,
}

impl Recall {
    /// How many bugs are so.
    pub fn count(&self, standing: Standing) -> usize {
        let so = self.rows.iter().filter(|row| row.standing() == standing);
        so.count()
    }
}

/// A version of a server: target and version.
type Server = (String, String);

/// What came of a server.
enum Seen {
    Absent { command: String },
    Failed(String),
    Played(Box<Transcript>),
}

/// Plays `bugs`, one server after the other; `starts` is told which comes next.
pub async fn recall(
    bugs: &[Bug],
    cases: &[Case],
    options: &CampaignOptions,
    mut starts: impl FnMut(&str),
) -> Result<Recall, RunError> {
    let mut seen = BTreeMap::new();
    for (server, cases) in plan(bugs, cases) {
        let name = format!("{}@{}", server.0, server.1);
        starts(&name);
        seen.insert(server, play(&name, cases, options).await?);
    }
    let half = |bug: &Bug, version: &String| {
        let server = (bug.target.clone(), version.clone());
        match &seen[&server] {
            Seen::Absent { command } => Half::Absent {
                command: command.clone(),
            },
            Seen::Failed(why) => Half::Failed(why.clone()),
            Seen::Played(transcript) => Half::judge(bug, cases, transcript),
        }
    };
    let row = |bug: &Bug| Row {
        vulnerable: half(bug, &bug.vulnerable),
        fixed: half(bug, &bug.fixed),
        bug: bug.clone(),
    };
    Ok(Recall {
        rows: bugs.iter().map(row).collect(),
    })
}

/// Each version of a server with the conversations of all bugs that it stands for.
fn plan(bugs: &[Bug], cases: &[Case]) -> BTreeMap<Server, Vec<Case>> {
    let mut plan = BTreeMap::new();
    for bug in bugs {
        for version in [&bug.vulnerable, &bug.fixed] {
            let server = (bug.target.clone(), version.clone());
            let planned: &mut Vec<Case> = plan.entry(server).or_default();
            for case in bug.cases(cases) {
                if !planned.contains(case) {
                    planned.push(case.clone());
                }
            }
        }
    }
    plan
}

/// Only what the user does ends the whole.
async fn play(name: &str, cases: Vec<Case>, options: &CampaignOptions) -> Result<Seen, RunError> {
    let started = match Target::named(name) {
        Ok(target) => target.start(&starting(&target, &cases)).await,
        Err(error) => Err(error),
    };
    let mut running = match started {
        Ok(running) => running,
        Err(TargetError::NotInstalled { command, .. }) => return Ok(Seen::Absent { command }),
        Err(error) => return Ok(Seen::Failed(format!("could not be started: {error}"))),
    };
    let Outcome {
        transcript, error, ..
    } = campaign(&mut running, cases, options, |_| ()).await;
    running.stop().await;
    match error {
        None => Ok(Seen::Played(Box::new(transcript))),
        Some(error @ RunError::Interrupted) => Err(error),
        Some(error) => Ok(Seen::Failed(error.to_string())),
    }
}

/// With STARTTLS where a conversation makes use of it and the server has it.
fn starting(target: &Target, cases: &[Case]) -> StartOptions {
    let wanted = cases.iter().any(|case| case.conversation.starts_tls());
    let mut starting = StartOptions::default();
    if wanted && target.offers(TlsMode::StartTls) {
        starting.tls = TlsMode::StartTls;
    }
    starting
}

#[cfg(test)]
mod tests {
    use pretty_assertions::assert_eq;

    use super::*;
    use crate::{expect::Strength, run::documented};

    fn bug(versions: [&str; 2], case: &str) -> Bug {
        Bug {
            id: case.replace('/', "-"),
            title: String::new(),
            source: String::new(),
            target: "postal".into(),
            vulnerable: versions[0].into(),
            fixed: versions[1].into(),
            rule: "SES-2".into(),
            verdict: Strength::Broken,
            cases: vec![case.into()],
            needs: String::new(),
        }
    }

    #[test]
    fn tls_is_asked_only_of_a_server_that_has_it() {
        let mut cases = documented().unwrap();
        cases.retain(|case| case.name == "states/connected-starttls");
        let asked = |name: &str| starting(&Target::named(name).unwrap(), &cases).tls;
        assert_eq!(asked("aiosmtpd"), TlsMode::StartTls);
        assert_eq!(asked("mailin"), TlsMode::None);
    }

    #[test]
    fn each_version_is_started_once_with_the_conversations_of_all_its_bugs() {
        let bugs = [
            bug(["1", "2"], "lost/greeted-close"),
            bug(["2", "3"], "messages/two"),
            bug(["2", "3"], "messages/*two"),
        ];
        let plan = plan(&bugs, &documented().unwrap());
        let names = |cases: &Vec<Case>| cases.iter().map(|case| case.name.clone()).collect();
        let plan: Vec<(String, Vec<String>)> = plan
            .iter()
            .map(|(server, cases)| (format!("{}@{}", server.0, server.1), names(cases)))
            .collect();
        let (lost, two) = ("lost/greeted-close".to_owned(), "messages/two".to_owned());
        let expected = [
            ("postal@1".to_owned(), vec![lost.clone()]),
            ("postal@2".to_owned(), vec![lost, two.clone()]),
            ("postal@3".to_owned(), vec![two]),
        ];
        assert_eq!(plan, expected);
    }
}
