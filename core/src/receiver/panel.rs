//! A session's agents, called in turn, and what they decide together.

use core::fmt;
use std::panic::{AssertUnwindSafe, catch_unwind};

use super::{SmtpReceiveAgent, Verdict};
use crate::event::{Event, EventKind};

/// What the agents decide together.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Decision {
    /// It passes.
    Pass,
    /// It is refused with this reply line.
    Refuse(String),
    /// A handler has failed.
    Failed,
    /// The session is dropped.
    Drop,
}

/// Longest reply line that is taken from a handler, in octets without CRLF (RFC 5321, 4.5.3.1.5).
const MAX_REPLY: usize = 510;

/// The refusal of a message for one of its recipients.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct RefusalFor {
    /// Which, from 1.
    pub(super) recipient: u32,
    pub(super) reply: String,
}

/// The agents of one session.
pub(super) struct Panel {
    agents: Vec<Box<dyn SmtpReceiveAgent>>,
    /// For whom alone those refuse a message that let it pass.
    refused_for: Vec<RefusalFor>,
    /// Those at the front that [`Panel::ask_from_the_last`] left out.
    unasked: usize,
}

impl Panel {
    pub(super) fn new(agents: Vec<Box<dyn SmtpReceiveAgent>>) -> Self {
        Self {
            agents,
            refused_for: Vec::new(),
            unasked: 0,
        }
    }

    /// Calls each agent in turn until one does not let `event` pass; adds the time they take to `wait_ms`.
    pub(super) fn ask(&mut self, event: &Event, wait_ms: &mut u64) -> Decision {
        let Self {
            agents,
            refused_for,
            ..
        } = self;
        agents
            .iter_mut()
            .map(|agent| ask_one(agent.as_mut(), event, wait_ms, refused_for))
            .find(|decision| *decision != Decision::Pass)
            .unwrap_or(Decision::Pass)
    }

    /// For whom alone the agents have refused the message that they were asked about last.
    pub(super) fn take_refused_for(&mut self) -> Vec<RefusalFor> {
        core::mem::take(&mut self.refused_for)
    }

    /// Calls every agent, whatever each decides.
    pub(super) fn tell(&mut self, event: &Event) {
        for agent in &mut self.agents {
            ask_one(agent.as_mut(), event, &mut 0, &mut Vec::new());
        }
    }

    /// As [`Panel::ask`], the other way round, for the defect `reject-before-event`: an agent that only looks on
    /// and stands in front learns of the refusal before it has seen what is refused.
    pub(super) fn ask_from_the_last(&mut self, event: &Event, wait_ms: &mut u64) -> Decision {
        for (at, agent) in self.agents.iter_mut().enumerate().rev() {
            let decision = ask_one(agent.as_mut(), event, wait_ms, &mut self.refused_for);
            if decision != Decision::Pass {
                self.unasked = at;
                return decision;
            }
        }
        Decision::Pass
    }

    /// Calls those that [`Panel::ask_from_the_last`] has left out.
    pub(super) fn tell_the_unasked(&mut self, event: &Event) {
        let unasked = core::mem::take(&mut self.unasked);
        for agent in self.agents.iter_mut().take(unasked) {
            ask_one(agent.as_mut(), event, &mut 0, &mut Vec::new());
        }
    }
}

/// A panic stays inside: an agent is other people's code. Its own state may be broken behind it, ours is not.
fn ask_one(
    agent: &mut dyn SmtpReceiveAgent,
    event: &Event,
    wait_ms: &mut u64,
    refused_for: &mut Vec<RefusalFor>,
) -> Decision {
    match catch_unwind(AssertUnwindSafe(|| agent.on_event(event))) {
        Ok(Verdict::Accept) => Decision::Pass,
        Ok(Verdict::Sleep(ms)) => {
            *wait_ms = wait_ms.saturating_add(ms);
            Decision::Pass
        }
        Ok(Verdict::Drop) => Decision::Drop,
        Ok(Verdict::Reject(reply)) if is_refusal(reply.as_bytes()) => Decision::Refuse(reply),
        Ok(Verdict::RejectFor { recipient, reply })
            if event.kind() == EventKind::OnEndOfData && is_refusal(reply.as_bytes()) =>
        {
            refused_for.push(RefusalFor { recipient, reply });
            Decision::Pass
        }
        Ok(Verdict::Reject(_) | Verdict::RejectFor { .. }) | Err(_) => Decision::Failed,
    }
}

/// One line of a reply that refuses (RFC 5321, 4.2):
///
/// ```abnf
/// refusal     = ("4" / "5") %x30-35 %x30-39 [ SP textstring ]
/// textstring  = 1*(%d09 / %d32-126)
/// ```
fn is_refusal(line: &[u8]) -> bool {
    let (code, text) = line.split_at(line.len().min(3));
    let code_is_good = matches!(code, [b'4' | b'5', b'0'..=b'5', b'0'..=b'9']);
    let text_is_good = match text {
        [] => true,
        [b' ', text @ ..] => text.iter().all(|c| matches!(c, b'\t' | b' '..=b'~')),
        _ => false,
    };
    code_is_good && text_is_good && line.len() <= MAX_REPLY
}

impl fmt::Debug for Panel {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Panel({} agents)", self.agents.len())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Says(Verdict);
    impl SmtpReceiveAgent for Says {
        fn on_event(&mut self, _: &Event) -> Verdict {
            self.0.clone()
        }
    }

    fn panel(verdicts: &[Verdict]) -> Panel {
        let agent =
            |verdict: &Verdict| -> Box<dyn SmtpReceiveAgent> { Box::new(Says(verdict.clone())) };
        Panel::new(verdicts.iter().map(agent).collect())
    }

    fn decide(verdicts: &[Verdict]) -> (Decision, u64) {
        let mut panel = panel(verdicts);
        let mut wait_ms = 0;
        let decision = panel.ask(&Event::OnDataCommand {}, &mut wait_ms);
        (decision, wait_ms)
    }

    #[test]
    fn the_first_agent_that_does_not_accept_decides() {
        let refuse = Verdict::Reject("550 5.7.1 no".into());
        assert_eq!(
            decide(&[Verdict::Sleep(5), Verdict::Accept, refuse, Verdict::Drop]),
            (Decision::Refuse("550 5.7.1 no".into()), 5)
        );
        assert_eq!(decide(&[]), (Decision::Pass, 0));
    }

    #[test]
    fn each_agent_may_refuse_a_message_for_a_recipient_of_its_own() {
        let refuse = |recipient, reply: &str| Verdict::RejectFor {
            recipient,
            reply: reply.into(),
        };
        let both = [refuse(2, "452 full"), refuse(1, "550 no")];
        let end = Event::OnEndOfData { content: None };
        let mut panel = panel(&both);
        assert_eq!(panel.ask(&end, &mut 0), Decision::Pass);
        let refused = panel.take_refused_for().into_iter();
        let refused: Vec<_> = refused.map(|one| (one.recipient, one.reply)).collect();
        assert_eq!(refused, [(2, "452 full".into()), (1, "550 no".into())]);
        assert_eq!(panel.take_refused_for(), []);
        // Of nothing else can it be refused.
        assert_eq!(decide(&both).0, Decision::Failed);
        let mut panel = self::panel(&[refuse(1, "250 ok")]);
        assert_eq!(panel.ask(&end, &mut 0), Decision::Failed);
    }

    #[test]
    fn a_reply_that_refuses_nothing_or_breaks_the_line_is_a_failure() {
        for bad in [
            "",
            "55",
            "250 ok",
            "550 a\r\n250 b",
            "550-a",
            "560 x",
            "550 \u{e9}",
        ] {
            let decision = decide(&[Verdict::Reject(bad.into())]).0;
            assert_eq!(decision, Decision::Failed, "{bad:?}");
        }
        assert_eq!(
            decide(&[Verdict::Reject("451".into())]).0,
            Decision::Refuse("451".into())
        );
    }
}
