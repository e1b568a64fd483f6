//! One session as the rules look at it: its log taken apart, read, and its events laid against the model.

use core::{cell::Cell, ops::Range};
use std::rc::Rc;

use super::{
    NEAR,
    align::{Alignment, Deviation, Fit},
    content_lines::ContentLines,
    elsewhere::Elsewhere,
    fit::fit,
    lay_out::{by_exchange, came_before, fired_by_exchanges, lay_out},
    offers::Offers,
    verdict::Level,
};
use crate::{
    event::{Event, EventKind, HandlerAction},
    model::{
        CommandLine, Exchange, LoggedEvent, LoggedReply, Outcome, Reading, Stimulus, Tolerance,
        UnansweredData, WireLog, own_event, read,
    },
    transcript::{ClientAct, Header, SessionLog},
    wire::Verb,
};

/// A rule broken at a place of one session.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Found {
    pub(super) rule: &'static str,
    /// Less than the rule's own, where only strictness is lacking.
    pub(super) level: Option<Level>,
    /// A refusal is where it belongs, and only its code is another than it should be.
    pub(super) code_alone: bool,
    pub(super) entry: Option<usize>,
    pub(super) what: String,
}

impl Found {
    pub(super) fn new(rule: &'static str, entry: impl Into<Option<usize>>, what: String) -> Self {
        Self {
            rule,
            level: None,
            code_alone: false,
            entry: entry.into(),
            what,
        }
    }
}

/// Octets behind a look-alike among which commands are evidence.
const FAR: usize = 4096;

/// One session, read under one tolerance.
pub(super) struct View<'t> {
    pub(super) header: &'t Header,
    pub(super) log: &'t SessionLog,
    pub(super) wire: &'t WireLog<'t>,
    pub(super) tolerance: &'t Tolerance,
    pub(super) elsewhere: &'t Elsewhere<'t>,
    pub(super) reading: Reading<'t>,
    /// The events between OnConnect and OnDisconnect, in order: those that exchanges fire.
    pub(super) events: Vec<LoggedEvent<'t>>,
    /// `events` laid against the reading's exchanges.
    pub(super) alignment: Alignment,
    /// For each exchange the events laid to it, and between them perhaps others that nothing explains.
    by_exchange: Vec<Range<usize>>,
    content_lines: ContentLines<'t>,
    pub(super) offers: Offers,
    /// Index of the first greeting that was refused.
    refused_greeting: Option<usize>,
    /// The verbs of its commands, by their numbers.
    verbs: u32,
    /// Octets that may still be searched for what explains an event.
    searchable: Cell<usize>,
}

impl<'t> View<'t> {
    pub(super) fn new(
        header: &'t Header,
        log: &'t SessionLog,
        wire: &'t WireLog<'t>,
        elsewhere: &'t Elsewhere<'t>,
        tolerance: &'t Tolerance,
        data: UnansweredData,
    ) -> Self {
        let reading = read(wire, tolerance, data);
        let events = fired_by_exchanges(wire);
        let alignment = match &header.hello {
            Some(hello) => lay_out(log, wire, &reading, &events, hello),
            None => Alignment::default(),
        };
        let by_exchange = by_exchange(reading.exchanges.len(), &alignment.cause);
        let offers = Offers::new(wire, &reading);
        let refused_greeting = reading.exchanges.iter().position(|exchange| {
            exchange.outcome == Outcome::Refused
                && matches!(exchange.verb(), Some(Verb::Helo | Verb::Ehlo))
        });
        let verbs = reading.exchanges.iter().filter_map(Exchange::verb);
        let verbs = verbs.fold(0, |all, verb| all | 1 << verb as u32);
        Self {
            header,
            log,
            wire,
            tolerance,
            elsewhere,
            reading,
            events,
            alignment,
            by_exchange,
            content_lines: ContentLines::default(),
            offers,
            refused_greeting,
            verbs,
            searchable: Cell::new(NEAR * wire.sent.len()),
        }
    }

    /// Whether `octets` of what the client sent may be searched once more. A session without end to its riddles is
    /// not searched for each: that keeps the whole linear.
    pub(super) fn may_search(&self, octets: usize) -> bool {
        let left = self.searchable.get().checked_sub(octets);
        self.searchable.set(left.unwrap_or(0));
        left.is_some()
    }

    /// The lines of the message `exchange` that read like commands.
    pub(super) fn content_lines(&self, exchange: &Exchange<'_>) -> Rc<[CommandLine<'t>]> {
        let wire: &'t WireLog<'t> = self.wire;
        let content = &wire.sent[exchange.span.clone()];
        self.content_lines.of(exchange.span.start, content)
    }

    /// Whether the adapter shows `kind`.
    pub(super) fn sees(&self, kind: EventKind) -> bool {
        self.header
            .hello
            .as_ref()
            .is_some_and(|hello| hello.sees(kind))
    }

    pub(super) fn exchanges(&self) -> &[Exchange<'t>] {
        &self.reading.exchanges
    }

    pub(super) fn reply(&self, exchange: &Exchange<'_>) -> Option<&LoggedReply> {
        exchange.reply.map(|index| &self.wire.replies[index])
    }

    pub(super) fn code(&self, exchange: &Exchange<'_>) -> Option<u16> {
        self.reply(exchange)?.reply.code
    }

    /// What the session calls EHLO: in LMTP it is LHLO.
    pub(super) const fn ehlo(&self) -> &'static str {
        self.wire.protocol.name_of(Verb::Ehlo)
    }

    /// Words that speak of EHLO, or what LMTP has for them.
    pub(super) const fn either(&self, smtp: &'static str, lmtp: &'static str) -> &'static str {
        if self.wire.protocol.is_lmtp() {
            lmtp
        } else {
            smtp
        }
    }

    /// The commands, each with its exchange.
    pub(super) fn commands(&self) -> impl Iterator<Item = (&Exchange<'t>, &CommandLine<'t>)> {
        self.exchanges()
            .iter()
            .filter_map(|exchange| match &exchange.stimulus {
                Stimulus::Command(line) => Some((exchange, line)),
                _ => None,
            })
    }

    /// Whether a command of the session, well formed or not, has this verb.
    pub(super) const fn uses(&self, verb: Verb) -> bool {
        self.verbs & (1 << verb as u32) != 0
    }

    /// Index of the first greeting that was refused.
    pub(super) fn refused_greeting(&self) -> Option<usize> {
        self.refused_greeting
    }

    /// The chunks behind BDAT, each with its exchange.
    pub(super) fn chunks(&self) -> impl Iterator<Item = (&Exchange<'t>, &crate::model::Chunk)> {
        let exchanges = self.exchanges().iter();
        exchanges.filter_map(|exchange| Some((exchange, exchange.chunk.as_ref()?)))
    }

    /// The messages, each with its exchange.
    pub(super) fn messages(&self) -> impl Iterator<Item = (&Exchange<'t>, &crate::model::Message)> {
        self.exchanges()
            .iter()
            .filter_map(|exchange| match &exchange.stimulus {
                Stimulus::Message(message) => Some((exchange, message)),
                _ => None,
            })
    }

    /// Whether the last thing the server did was to accept a QUIT.
    pub(super) fn quit_accepted(&self) -> bool {
        self.exchanges().last().is_some_and(|last| {
            last.verb() == Some(Verb::Quit) && last.outcome == Outcome::Accepted
        })
    }

    /// When the client first ended its side or gave up (ns).
    pub(super) fn client_left(&self) -> Option<u64> {
        self.wire
            .acts
            .iter()
            .find(|(act, ..)| *act != ClientAct::Silence)
            .map(|(.., at)| *at)
    }

    /// Whether the server ended the connection before the client did anything to it.
    pub(super) fn server_left_first(&self) -> bool {
        self.wire
            .server_end
            .is_some_and(|(.., at)| self.client_left().is_none_or(|left| at <= left))
    }

    /// Whether the client sent more behind `exchange` before it was answered, to a server that had not offered
    /// PIPELINING. It may refuse that, and so the answer says nothing of the command.
    pub(super) fn spoke_too_soon(&self, exchange: &Exchange<'_>) -> bool {
        let next = self.wire.sent.get(exchange.span.end).is_some();
        let segment = self.wire.segment_of(exchange.span.end);
        let before = |at: u64| segment.is_some_and(|segment| segment.at <= at);
        !self.reading.pipelining
            && next
            && self.reply(exchange).is_none_or(|reply| before(reply.at))
    }

    /// Whether the server makes clients wait that do what this one has done: it could not be waited for.
    pub(super) fn is_slowed(&self) -> bool {
        let hello = self.header.hello.as_ref();
        hello.is_some_and(|hello| {
            let mut limits = hello.semantics.slow_from.iter();
            limits.any(|(kind, nth)| {
                let either = *kind == EventKind::OnEhloCommand && hello.semantics.helo_as_ehlo;
                let same = |own: Option<EventKind>| {
                    own == Some(*kind) || (either && own == Some(EventKind::OnHeloCommand))
                };
                let commands = self
                    .commands()
                    .filter(|(_, line)| same(own_event(line.verb)));
                // Half a line may be taken for a whole one when the client is lost.
                let half = Verb::of(&self.wire.sent[self.reading.rest..]);
                commands.count() + usize::from(same(own_event(half))) >= *nth as usize
            })
        })
    }

    /// Whether the handler script does `wanted` somewhere.
    pub(super) fn script_has(&self, wanted: impl Fn(&HandlerAction) -> bool) -> bool {
        self.log
            .open
            .handlers
            .rules
            .iter()
            .any(|rule| wanted(&rule.action))
    }

    /// Whether a handler refuses the session at its begin or at a greeting.
    pub(super) fn session_refused_by_handler(&self) -> bool {
        use EventKind::{OnConnect, OnEhloCommand, OnHeloCommand};
        self.log.open.handlers.rules.iter().any(|rule| {
            matches!(rule.event, OnConnect | OnEhloCommand | OnHeloCommand) && rule.action.refuses()
        })
    }

    /// Whether the server acted on what stands behind each look-alike that is taken for an end of data: took a command
    /// there or fired an event. Behind the next true end of data nothing is evidence.
    pub(super) fn acts_behind_look_alikes(&self) -> bool {
        let ended = |index: &usize| match &self.exchanges()[*index].stimulus {
            Stimulus::Message(message) => message.ended_by.is_some(),
            _ => false,
        };
        let mut ends = (0..self.exchanges().len()).filter(ended);
        ends.all(|end| self.acts_behind(end))
    }

    fn acts_behind(&self, message: usize) -> bool {
        let exchanges = self.exchanges();
        let begin = exchanges[message].span.end;
        // The look-alike's own line end may be the first of the true end. What is far behind is not looked at, which keeps
        // the whole linear.
        let far = self.wire.sent.len().min(begin + FAR);
        let content = &self.wire.sent[begin.saturating_sub(2)..far];
        let end = memchr::memmem::find(content, b"\r\n.\r\n").unwrap_or(content.len());
        let inside = |index: &usize| exchanges[*index].span.start < begin + end;
        let taken = |index: usize| {
            let mut fired = self.laid_to(index);
            exchanges[index].outcome == Outcome::Accepted
                || fired.any(|kind| kind != EventKind::OnReject)
        };
        let mut behind = (message + 1..exchanges.len()).take(NEAR).take_while(inside);
        // Where it was the last that was sent, the answer to it must do.
        begin == self.wire.sent.len() || self.ended_before(message) || behind.any(taken)
    }

    /// Whether OnEndOfData had been seen before the client began to send what stands behind the message.
    fn ended_before(&self, message: usize) -> bool {
        let behind = self.wire.segment_of(self.exchanges()[message].span.end);
        let laid = self.by_exchange.get(message).cloned().unwrap_or_default();
        let mut laid = laid.filter(|event| self.alignment.cause[*event] == Some(message));
        laid.any(|event| {
            let event = &self.events[event];
            let ends = event.record.event.kind() == EventKind::OnEndOfData;
            ends && behind.is_some_and(|behind| event.entry < behind.entry)
        })
    }

    /// Events of `kind` among all of the session.
    pub(super) fn all_of(&self, kind: EventKind) -> impl Iterator<Item = &LoggedEvent<'t>> {
        self.wire
            .events
            .iter()
            .filter(move |event| event.record.event.kind() == kind)
    }

    /// When `event` was emitted: by the adapter's clock where it has one, else when the suite read it (ns).
    pub(super) fn emitted_at(&self, event: &LoggedEvent<'_>) -> u64 {
        let emitted = event.record.at.filter(|_| self.has_clock());
        emitted.unwrap_or(event.at)
    }

    /// Whether events say when they were emitted.
    pub(super) fn has_clock(&self) -> bool {
        let hello = self.header.hello.as_ref();
        hello.is_some_and(|hello| hello.semantics.clock)
    }

    /// The kinds of the events laid to `exchange`.
    fn laid_to(&self, exchange: usize) -> impl Iterator<Item = EventKind> {
        self.laid_events(exchange).map(Event::kind)
    }

    /// The events laid to `exchange`.
    pub(super) fn laid_events(&self, exchange: usize) -> impl Iterator<Item = &Event> {
        let laid = self.by_exchange.get(exchange).cloned().unwrap_or_default();
        laid.filter(move |event| self.alignment.cause[*event] == Some(exchange))
            .map(|event| &self.events[event].record.event)
    }

    /// The first event laid to `exchange`.
    pub(super) fn first_laid(&self, exchange: usize) -> Option<usize> {
        let mut laid = self.by_exchange.get(exchange)?.clone();
        laid.find(|event| self.alignment.cause[*event] == Some(exchange))
    }

    /// Whether any event has been laid to `exchange`.
    pub(super) fn fired_any(&self, exchange: usize) -> bool {
        self.laid_to(exchange).next().is_some()
    }

    /// Whether an event of `kind` has been laid to `exchange`.
    pub(super) fn alignment_has(&self, exchange: usize, kind: EventKind) -> bool {
        self.laid_to(exchange).any(|laid| laid == kind)
    }

    /// The events that no exchange explains.
    pub(super) fn extra_events(&self) -> impl Iterator<Item = usize> {
        self.alignment
            .deviations
            .iter()
            .filter_map(|deviation| match deviation {
                Deviation::Extra { event, .. } => Some(*event),
                _ => None,
            })
    }

    /// Whether `event` had been seen before the client began to send the command of `exchange`.
    pub(super) fn came_before(&self, exchange: usize, event: usize) -> bool {
        came_before(self.wire, &self.exchanges()[exchange], &self.events[event])
    }

    /// Whether `exchange` had been answered before `event` was emitted, where the adapter's clock tells.
    pub(super) fn answered_before(&self, exchange: usize, event: usize) -> bool {
        let reply = self.reply(&self.exchanges()[exchange]);
        self.has_clock()
            && reply.is_some_and(|reply| reply.at < self.emitted_at(&self.events[event]))
    }

    pub(super) fn fit(&self, exchange: usize, event: &Event) -> Fit {
        // Without a hello there is no event to fit.
        let semantics = self.header.hello.as_ref().map(|hello| &hello.semantics);
        semantics.map_or(Fit::No, |semantics| {
            fit(
                self.wire,
                &self.exchanges()[exchange],
                event,
                event.kind(),
                semantics,
            )
        })
    }
}
