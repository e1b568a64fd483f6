//! What planted defects do to events.

use super::super::{Defect, Defects, defects::Presence, replies};
use crate::event::{DisconnectReason, Event, EventKind};
use crate::octets::Octets;
use crate::wire::Verb;

/// What becomes of one event.
#[derive(Debug, Default, PartialEq, Eq)]
pub(in super::super) struct Delivery {
    /// Fires first; nobody asks for a decision.
    pub(in super::super) before: Option<Event>,
    /// The event itself: what the agents decide counts.
    pub(in super::super) own: Option<Event>,
    /// Fire behind it; nobody asks for a decision.
    pub(in super::super) after: Vec<Event>,
}

/// The filter between the engine and the agents.
#[derive(Debug)]
pub(in super::super) struct EventTamper {
    defects: Defects,
    /// The verb of the next command when it has come in the same batch.
    pub(in super::super) ahead: Option<Verb>,
    held_event: Option<Event>,
    late_event: Option<Event>,
    ehlo_seen: bool,
    rcpt_seen: bool,
    /// The response of the last refusal.
    response: Option<Octets>,
    /// From OnConnect to OnDisconnect, for the defects that need to know how many sessions are open.
    presence: Option<Presence>,
}

/// Events that fire twice.
const DOUBLED: [(Defect, EventKind); 6] = [
    (Defect::ConnectEventTwice, EventKind::OnConnect),
    (Defect::DisconnectTwice, EventKind::OnDisconnect),
    (Defect::EndOfHeadersTwice, EventKind::OnEndOfHeaders),
    (Defect::EndOfDataTwice, EventKind::OnEndOfData),
    (Defect::NoopEventTwice, EventKind::OnNoopCommand),
    (Defect::RejectTwice, EventKind::OnReject),
];

impl EventTamper {
    pub(in super::super) fn new(defects: Defects) -> Self {
        Self {
            defects,
            ahead: None,
            held_event: None,
            late_event: None,
            ehlo_seen: false,
            rcpt_seen: false,
            response: None,
            presence: None,
        }
    }

    /// What is to fire in place of `event`.
    pub(in super::super) fn event(&mut self, event: Event) -> Delivery {
        if self.defects.is_empty() {
            // As nearly always: there is nothing to remember either.
            return Delivery {
                own: Some(event),
                ..Delivery::default()
            };
        }
        let event = self.changed(event);
        if self.loses(&event) {
            return Delivery::default();
        }
        let kind = event.kind();
        if kind == EventKind::OnNoopCommand && self.defects.has(Defect::EventAfterReply) {
            self.late_event = Some(event);
            return Delivery::default();
        }
        if self.holds(kind) {
            self.held_event = Some(event);
            return Delivery::default();
        }
        let (before, behind) = match self.held_event.take() {
            held if kind == EventKind::OnDisconnect => (held, None),
            held => (None, held),
        };
        let mut after = self.additions(&event);
        after.extend(behind);
        Delivery {
            before,
            own: Some(event),
            after,
        }
    }

    /// Keeps `event` until the next one has fired.
    pub(in super::super) fn hold(&mut self, event: Event) {
        self.held_event = Some(event);
    }

    /// Whether an event waits for a reply to be read.
    pub(in super::super) fn has_late_event(&self) -> bool {
        self.late_event.is_some()
    }

    pub(in super::super) fn take_late_event(&mut self) -> Option<Event> {
        self.late_event.take()
    }

    fn loses(&mut self, event: &Event) -> bool {
        match event {
            Event::OnEhloCommand { .. } => {
                self.ehlo_seen = true;
                false
            }
            Event::OnMailCommand { .. } => {
                self.rcpt_seen = false;
                false
            }
            Event::OnNoopCommand { argument } => {
                let has_argument = argument.as_ref().is_some_and(|text| !text.0.is_empty());
                has_argument && self.defects.has(Defect::NoopEventLostWithArgument)
            }
            Event::OnRcptCommand { .. } => {
                let is_first = !core::mem::replace(&mut self.rcpt_seen, true);
                !is_first && self.defects.has(Defect::RcptEventOnce)
            }
            Event::OnDisconnect { reason } => {
                self.ehlo_seen
                    && *reason == Some(DisconnectReason::SenderDisconnected)
                    && self.defects.has(Defect::DisconnectLostAfterEhlo)
            }
            _ => false,
        }
    }

    fn holds(&self, kind: EventKind) -> bool {
        let swaps = self.defects.has(Defect::EventsSwappedWhenPipelined)
            && self.held_event.is_none()
            && matches!(
                kind,
                EventKind::OnRcptCommand | EventKind::OnNoopCommand | EventKind::OnHelpCommand
            )
            && matches!(self.ahead, Some(Verb::Rcpt | Verb::Noop | Verb::Help));
        let late = kind == EventKind::OnConnect && self.defects.has(Defect::ConnectEventLate);
        swaps || late
    }

    fn additions(&self, event: &Event) -> Vec<Event> {
        let is_doubled = DOUBLED
            .iter()
            .any(|(defect, kind)| *kind == event.kind() && self.defects.has(*defect));
        let mut additions = Vec::new();
        if is_doubled {
            additions.push(event.clone());
        }
        if event.kind() == EventKind::OnDisconnect && self.defects.has(Defect::EventAfterDisconnect)
        {
            additions.push(Event::OnRsetCommand {});
        }
        additions
    }

    fn changed(&mut self, mut event: Event) -> Event {
        match &mut event {
            Event::OnConnect { .. } if self.defects.has(Defect::MixedSessionsUnderLoad) => {
                self.presence = Some(self.defects.enter());
            }
            Event::OnDisconnect { .. } if self.presence.is_some() => self.presence = None,
            Event::OnRcptCommand {
                forward_path: Some(path),
                ..
            } if self.presence.is_some() => {
                let presence = self.presence.as_ref();
                *path = presence
                    .and_then(|presence| presence.swap_forward_path(path))
                    .unwrap_or_else(|| path.clone());
            }
            Event::OnReject { response, .. } if self.defects.has(Defect::RejectResponseBefore) => {
                let before = core::mem::replace(&mut self.response, response.clone());
                *response = before.or_else(|| response.clone());
            }
            Event::OnDisconnect { reason } if self.defects.has(Defect::ReasonAlwaysQuit) => {
                *reason = Some(DisconnectReason::QuitVerb);
            }
            Event::OnReject { response, .. } if self.defects.has(Defect::RejectOtherResponse) => {
                *response = Some(replies::OTHER_RESPONSE.into());
            }
            Event::OnMailCommand { reverse_path, .. }
                if self.defects.has(Defect::MixedSessions) =>
            {
                if let Some(other) = self.defects.swap_reverse_path(reverse_path.clone()) {
                    *reverse_path = Some(other);
                }
            }
            Event::OnAuthCommand {
                mechanism: Some(Octets(name)),
            } if self.defects.has(Defect::MechanismUpperCased) => name.make_ascii_uppercase(),
            Event::OnHeloCommand { domain: argument }
            | Event::OnEhloCommand { domain: argument }
            | Event::OnMailCommand {
                reverse_path: argument,
                ..
            }
            | Event::OnRcptCommand {
                forward_path: argument,
                ..
            } if self.defects.has(Defect::ArgumentsLowerCased) => {
                if let Some(Octets(octets)) = argument {
                    octets.make_ascii_lowercase();
                }
            }
            _ => {}
        }
        event
    }
}
