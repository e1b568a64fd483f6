//! Agents: what a mail administrator's code sees and decides.

use std::panic;

use crate::event::{Event, EventKind, HandlerAction, HandlerScript};

/// What a handler decides.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum Verdict {
    /// Let it pass.
    #[default]
    Accept,
    /// Refuse with this reply line: `550 5.7.1 not here` (400 to 599, one line, printable).
    /// Anything else counts as a failed handler.
    Reject(String),
    /// Drop the session.
    Drop,
    /// Take this many milliseconds, then let it pass.
    Sleep(u64),
    /// Refuse a message of LMTP's for one of its recipients, and let it pass for the others (RFC 2033, 4.2): only at
    /// OnEndOfData. Where it has not so many recipients, and in SMTP, it passes. Of several for the same recipient the
    /// first counts.
    RejectFor {
        /// Which of those that were accepted, from 1.
        recipient: u32,
        /// The reply line, as of `Reject`.
        reply: String,
    },
}

macro_rules! agent {
    ($($handler:ident = $kind:ident,)*) => {
        /// An agent, modelled on Exchange's SmtpReceiveAgent. One is made for each session.
        ///
        /// Each event has a handler that accepts unless it is overridden. An agent that only looks on overrides
        /// [`on_event`](Self::on_event) and sees all of them. A handler that panics has failed: what it looked at
        /// is refused and the session goes on. What a handler of OnReject or OnDisconnect decides is ignored.
        pub trait SmtpReceiveAgent: Send {
            $(
                #[doc = concat!("Handles ", stringify!($kind), ", described at [`EventKind::", stringify!($kind), "`].")]
                fn $handler(&mut self, event: &Event) -> Verdict {
                    let _ = event;
                    Verdict::Accept
                }
            )*

            /// Any event: hands it to its own handler.
            fn on_event(&mut self, event: &Event) -> Verdict {
                match event.kind() {
                    $(EventKind::$kind => self.$handler(event),)*
                }
            }
        }
    };
}

agent! {
    on_connect = OnConnect,
    on_helo_command = OnHeloCommand,
    on_ehlo_command = OnEhloCommand,
    on_auth_command = OnAuthCommand,
    on_end_of_authentication = OnEndOfAuthentication,
    on_mail_command = OnMailCommand,
    on_rcpt_command = OnRcptCommand,
    on_data_command = OnDataCommand,
    on_end_of_headers = OnEndOfHeaders,
    on_end_of_data = OnEndOfData,
    on_help_command = OnHelpCommand,
    on_noop_command = OnNoopCommand,
    on_rset_command = OnRsetCommand,
    on_reject = OnReject,
    on_disconnect = OnDisconnect,
}

/// Plays a handler script. `fail` really panics, without a message on standard error.
#[derive(Debug)]
pub struct ScriptAgent {
    script: HandlerScript,
    /// How many events of each kind there were, in the order of [`EventKind::ALL`].
    seen: [u32; EventKind::ALL.len()],
}

impl ScriptAgent {
    /// An agent that does what `script` says.
    pub fn new(script: HandlerScript) -> Self {
        Self {
            script,
            seen: [0; EventKind::ALL.len()],
        }
    }
}

impl SmtpReceiveAgent for ScriptAgent {
    fn on_event(&mut self, event: &Event) -> Verdict {
        let kind = event.kind();
        let seen = &mut self.seen[kind as usize];
        *seen = seen.saturating_add(1);
        match self.script.action(kind, *seen) {
            HandlerAction::Accept => Verdict::Accept,
            HandlerAction::Reject(reply) => Verdict::Reject(reply.clone()),
            HandlerAction::Drop => Verdict::Drop,
            HandlerAction::Sleep(ms) => Verdict::Sleep(*ms),
            HandlerAction::RejectFor { recipient, reply } => Verdict::RejectFor {
                recipient: *recipient,
                reply: reply.clone(),
            },
            HandlerAction::Fail => panic::resume_unwind(Box::new("the handler script says: fail")),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::event::HandlerRule;

    #[test]
    fn an_event_reaches_its_own_handler() {
        struct RefusesMail;
        impl SmtpReceiveAgent for RefusesMail {
            fn on_mail_command(&mut self, _: &Event) -> Verdict {
                Verdict::Drop
            }
        }
        let mail = Event::OnMailCommand {
            reverse_path: None,
            parameters: None,
        };
        assert_eq!(RefusesMail.on_event(&mail), Verdict::Drop);
        assert_eq!(
            RefusesMail.on_event(&Event::OnDataCommand {}),
            Verdict::Accept
        );
    }

    #[test]
    fn a_script_counts_the_events_of_each_kind() {
        let rule = HandlerRule {
            event: EventKind::OnRsetCommand,
            nth: 2,
            action: HandlerAction::Sleep(7),
        };
        let mut agent = ScriptAgent::new(HandlerScript { rules: vec![rule] });
        let verdicts = [
            Event::OnDataCommand {},
            Event::OnRsetCommand {},
            Event::OnRsetCommand {},
            Event::OnRsetCommand {},
        ]
        .map(|event| agent.on_event(&event));
        let accept = Verdict::Accept;
        assert_eq!(
            verdicts,
            [accept.clone(), accept.clone(), Verdict::Sleep(7), accept]
        );
    }
}
