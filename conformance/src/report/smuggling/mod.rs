//! What the suite `smuggling` says of one server: which look-alikes end a message, in which form, and what that means.

mod console;
mod handed_on;

pub(super) use console::smuggling;
pub use handed_on::HandedOn;

use serde::Serialize;
use smtpspec_core::{check::RunVerdict, transcript::Transcript};

use super::matrix::{Fate, Played, fate};
use crate::run::{FORMS, Form, SEPARATORS, is_stuffed, look_alike_name, look_alikes};

/// What a server makes of the look-alikes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Smuggling {
    /// What it comes to.
    pub exposure: Exposure,
    /// Each look-alike that was sent.
    pub look_alikes: Vec<LookAlikeFates>,
}

/// What a server's ends of data come to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Exposure {
    /// Only CRLF.CRLF ends a message.
    Strict,
    /// Something else does too, but no sender that stuffs dots lets it through.
    NotStrict,
    /// Something does that such a sender lets through: what it takes for one message, the server takes for two.
    Exploitable,
}

/// One look-alike at the server.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct LookAlikeFates {
    /// Its name: `LF . CRLF`.
    pub name: String,
    /// The conversation that has it in one segment.
    pub case: String,
    /// Whether a sender that stuffs dots behind CRLF lets it through.
    pub let_through: bool,
    /// What became of it in each form that was played.
    pub forms: Vec<FormFate>,
    /// What was handed on in its place, where it was content and the events show that.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub handed_on: Option<HandedOn>,
}

/// What became of a look-alike in one form.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct FormFate {
    /// How it was cut.
    pub form: &'static str,
    /// What became of it.
    pub fate: Fate,
}

impl Smuggling {
    /// Of a run; `None` where nothing of the suite was played but what other suites have too.
    pub fn of(transcript: &Transcript, verdict: &RunVerdict) -> Option<Self> {
        let asked = |case: &str| case.starts_with("smuggling/");
        if !transcript.sessions.iter().any(|log| asked(&log.open.case)) {
            return None;
        }
        let played = Played::of(transcript, verdict);
        // The built-in suite: that it can be read is tested.
        let cases = look_alikes().unwrap_or_default();
        let look_alikes: Vec<LookAlikeFates> = cases
            .iter()
            .map(|case| {
                let forms = FORMS.into_iter().filter_map(|form| {
                    let name = form.case_name(&case.name);
                    let session = played.sessions.get(name.as_str())?;
                    let fate = fate(session, played.broken(&name));
                    Some(FormFate {
                        form: form.name(),
                        fate,
                    })
                });
                LookAlikeFates {
                    name: case.conversation.title.replace(" inside a message", ""),
                    case: case.name.clone(),
                    let_through: !is_stuffed(case),
                    forms: forms.collect(),
                    handed_on: handed_on::handed_on(case, &played),
                }
            })
            .filter(|look_alike| !look_alike.forms.is_empty())
            .collect();
        let exposure = look_alikes.iter().map(LookAlikeFates::exposure).max();
        Some(Self {
            exposure: exposure?,
            look_alikes,
        })
    }

    /// Those that end a message.
    fn ends(&self) -> impl Iterator<Item = &LookAlikeFates> {
        self.look_alikes.iter().filter(|one| one.ends())
    }

    /// The one of this pair of [`SEPARATORS`].
    fn of_pair(&self, before: usize, after: usize) -> Option<&LookAlikeFates> {
        let case = look_alike_name(SEPARATORS[before].0, SEPARATORS[after].0);
        self.look_alikes.iter().find(|one| one.case == case)
    }
}

impl LookAlikeFates {
    /// Whether it ends a message in some form.
    pub fn ends(&self) -> bool {
        self.forms.iter().any(|form| form.fate == Fate::Ends)
    }

    fn exposure(&self) -> Exposure {
        match (self.ends(), self.let_through) {
            (false, _) => Exposure::Strict,
            (true, false) => Exposure::NotStrict,
            (true, true) => Exposure::Exploitable,
        }
    }

    /// The names of the forms in which it ends one; empty where it does in all that were played.
    fn forms_that_end(&self) -> Vec<&'static str> {
        let ends: Vec<_> = self
            .forms
            .iter()
            .filter(|form| form.fate == Fate::Ends)
            .map(|form| form.form)
            .collect();
        if ends.len() == self.forms.len() {
            return Vec::new();
        }
        ends
    }

    /// What became of it in one segment, or in the first form that was played.
    fn usual(&self) -> Option<Fate> {
        let whole = self.forms.iter().find(|one| one.form == Form::Whole.name());
        whole.or(self.forms.first()).map(|one| one.fate)
    }
}

impl Exposure {
    /// In words.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Strict => "strict",
            Self::NotStrict => "not strict",
            Self::Exploitable => "EXPLOITABLE",
        }
    }

    /// What it means to who runs the server.
    pub const fn about(self) -> &'static str {
        match self {
            Self::Strict => "only CRLF.CRLF ends a message here",
            Self::NotStrict => {
                "other octets end a message here too, but a sender that stuffs dots does not let them through"
            }
            Self::Exploitable => {
                "octets end a message here that a sender which stuffs dots lets through: an envelope behind them is \
                 taken for another message of that sender's (SMTP smuggling, VU#302671)"
            }
        }
    }
}
