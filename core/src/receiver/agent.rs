//! Agents: what a mail administrator's code sees and decides.

use crate::event::{Event, HandlerScript};

/// What a handler decides.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum Verdict {
    /// Let it pass.
    #[default]
    Accept,
    /// Refuse with this reply line: `550 5.7.1 not here`.
    Reject(String),
    /// Drop the session.
    Drop,
    /// Take this many milliseconds, then let it pass.
    Sleep(u64),
}

/// An agent, modelled on Exchange's SmtpReceiveAgent. One is made for each session.
pub trait SmtpReceiveAgent: Send {
    /// Any event.
    fn on_event(&mut self, event: &Event) -> Verdict;
}

/// Plays a handler script.
#[derive(Debug)]
pub struct ScriptAgent {}

impl ScriptAgent {
    /// An agent that does what `script` says.
    pub fn new(script: HandlerScript) -> Self {
        let _ = script;
        Self {}
    }
}

impl SmtpReceiveAgent for ScriptAgent {
    fn on_event(&mut self, event: &Event) -> Verdict {
        let _ = event;
        Verdict::Accept
    }
}
