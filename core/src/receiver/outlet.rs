//! Where events and replies leave the engine: the one to the agents, the other to the caller.

use std::collections::VecDeque;

use super::panel::{Decision, Panel, RefusalFor};
use super::tamper::{Delivery, EventTamper, ReplyTamper, To};
use super::{Config, Defect, Output, SmtpReceiveAgent};
use crate::event::{Event, EventKind, ParsingStatus};
use crate::wire::Verb;

/// How long the client has to read a reply before an event comes that should have come first: `event-after-reply`.
const LATE_EVENT_MS: u64 = 50;

/// Agents, outputs, and the filters before them.
#[derive(Debug)]
pub(super) struct Outlet {
    panel: Panel,
    events: EventTamper,
    replies: ReplyTamper,
    queue: VecDeque<Output>,
    reject_first: bool,
    /// Refused, and not yet seen by the agents in front: only with `reject_first`.
    withheld: Option<Event>,
    pipelined: bool,
}

impl Outlet {
    pub(super) fn new(config: &Config, agents: Vec<Box<dyn SmtpReceiveAgent>>) -> Self {
        Self {
            panel: Panel::new(agents),
            events: EventTamper::new(config.defects.clone()),
            replies: ReplyTamper::new(config.defects.clone()),
            queue: VecDeque::new(),
            reject_first: config.defects.has(Defect::RejectBeforeEvent),
            withheld: None,
            pipelined: false,
        }
    }

    /// Tells the filters which command has come behind the one that is handled.
    pub(super) fn look_ahead(&mut self, verb: Option<Verb>) {
        self.pipelined = verb.is_some();
        self.events.ahead = verb;
    }

    /// Fires an event; the agents decide.
    pub(super) fn fire(&mut self, event: Event) -> Decision {
        let mut wait_ms = 0;
        self.panel.take_refused_for();
        let decision = self.deliver(event, |outlet, event| outlet.ask(event, &mut wait_ms));
        if wait_ms > 0 {
            self.wait(wait_ms);
        }
        decision
    }

    /// For whom alone the agents have refused the message whose OnEndOfData has fired.
    pub(super) fn take_refused_for(&mut self) -> Vec<RefusalFor> {
        self.panel.take_refused_for()
    }

    /// Fires an event whose agents have nothing to decide.
    pub(super) fn tell(&mut self, event: Event) {
        self.deliver(event, |outlet, event| {
            outlet.panel.tell(&event);
            Decision::Pass
        });
    }

    /// Fires OnReject. `command` is the line as sent, `None` for a message or a connection; `response` the reply.
    pub(super) fn reject(&mut self, command: Option<&[u8]>, status: ParsingStatus, response: &str) {
        self.tell(Event::OnReject {
            command: command.map(Into::into),
            status: Some(status),
            response: Some(response.into()),
        });
        if let Some(event) = self.withheld.take() {
            self.panel.tell_the_unasked(&event);
        }
    }

    fn deliver(
        &mut self,
        event: Event,
        own_way: impl FnOnce(&mut Self, Event) -> Decision,
    ) -> Decision {
        let Delivery { before, own, after } = self.events.event(event);
        if let Some(event) = before {
            self.panel.tell(&event);
        }
        let decision = own.map_or(Decision::Pass, |event| own_way(self, event));
        for event in &after {
            self.panel.tell(event);
        }
        decision
    }

    fn ask(&mut self, event: Event, wait_ms: &mut u64) -> Decision {
        if !self.reject_first || event.kind() == EventKind::OnConnect {
            return self.panel.ask(&event, wait_ms);
        }
        let decision = self.panel.ask_from_the_last(&event, wait_ms);
        match decision {
            Decision::Pass => {}
            Decision::Drop => self.panel.tell_the_unasked(&event),
            Decision::Refuse(_) | Decision::Failed => self.withheld = Some(event),
        }
        decision
    }

    /// Keeps an event until the next has fired.
    pub(super) fn hold(&mut self, event: Event) {
        self.events.hold(event);
    }

    /// Fires what waited for a reply to be read, and says whether there was something.
    pub(super) fn tell_late(&mut self) -> bool {
        let late = self.events.take_late_event();
        if let Some(event) = &late {
            self.panel.tell(event);
        }
        late.is_some()
    }

    /// Answers; `reply` is without the last CRLF.
    pub(super) fn reply(&mut self, to: To, reply: &str) {
        let octets = [reply.as_bytes(), b"\r\n"].concat();
        if self.replies.is_idle() {
            return self.queue.push_back(Output::Reply(octets));
        }
        let sent = self.replies.reply(to, octets, self.pipelined);
        self.queue.extend(sent.into_iter().map(Output::Reply));
        if self.events.has_late_event() {
            self.wait(LATE_EVENT_MS);
        }
    }

    pub(super) fn wait(&mut self, ms: u64) {
        self.queue.push_back(Output::Wait(ms));
    }

    pub(super) fn close(&mut self) {
        self.queue
            .extend(self.replies.take_held().map(Output::Reply));
        self.queue.push_back(Output::Close);
    }

    /// Says something past TLS.
    pub(super) fn say_in_clear(&mut self, reply: &str) {
        let octets = [reply.as_bytes(), b"\r\n"].concat();
        self.queue.push_back(Output::InClear(octets));
    }

    pub(super) fn start_tls(&mut self) {
        self.queue
            .extend(self.replies.take_held().map(Output::Reply));
        self.queue.push_back(Output::StartTls);
    }

    pub(super) fn die(&mut self) {
        self.queue.push_back(Output::Die);
    }

    /// The next output.
    pub(super) fn next(&mut self) -> Option<Output> {
        self.queue.pop_front()
    }

    pub(super) fn is_empty(&self) -> bool {
        self.queue.is_empty()
    }

    /// Nobody can read replies any more; what takes time takes it all the same.
    pub(super) fn drop_replies(&mut self) {
        self.queue
            .retain(|output| matches!(output, Output::Wait(_) | Output::Die));
    }
}
