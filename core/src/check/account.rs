//! A session retold: what the client did, how each was answered, which events each fired. The reading is the one under
//! which the rules judge the session, so that a comparison of servers never contradicts their verdicts.

use super::{View, across::Across, each_view};
use crate::{
    event::{DisconnectReason, Event, EventKind},
    model::Stimulus,
    octets::escape,
    transcript::Transcript,
};

/// One session, retold.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Account {
    /// What the client did that wants a reply, in order; the first is the connection.
    pub asked: Vec<Asked>,
    /// The code of each reply, in order; `None` for one that has no legal code.
    pub replies: Vec<Option<u16>>,
    /// The events, in order.
    pub fired: Vec<Fired>,
}

/// What the client did, and how it was answered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Asked {
    /// The command line, escaped; `connection`, `response` or `message` for these.
    pub what: String,
    /// Index of its reply, if one came.
    pub reply: Option<usize>,
}

/// An event, and what fired it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Fired {
    /// Which event.
    pub kind: EventKind,
    /// Of OnDisconnect, where it is shown.
    pub reason: Option<DisconnectReason>,
    /// Index of what fired it among [`Account::asked`], where the model has a place for it.
    pub cause: Option<usize>,
}

/// Retells each session of `transcript`, in order.
pub fn accounts(transcript: &Transcript) -> Vec<Account> {
    let across = Across::new(transcript);
    let mut accounts = Vec::with_capacity(transcript.sessions.len());
    each_view(
        transcript,
        &across,
        |_, _| (),
        |_, view, _| {
            accounts.push(account(view));
        },
    );
    accounts
}

fn account(view: &View<'_>) -> Account {
    let asked = view.exchanges().iter().map(|exchange| Asked {
        what: match &exchange.stimulus {
            Stimulus::Connection => "connection".to_owned(),
            Stimulus::Command(line) => escape(line.text),
            Stimulus::Response(_) => "response".to_owned(),
            Stimulus::Message(_) => "message".to_owned(),
        },
        reply: exchange.reply,
    });
    let replies = view.wire.replies.iter().map(|logged| logged.reply.code);
    Account {
        asked: asked.collect(),
        replies: replies.collect(),
        fired: fired(view),
    }
}

fn fired(view: &View<'_>) -> Vec<Fired> {
    let cause = |entry: usize| {
        let laid = view.events.iter().position(|event| event.entry == entry)?;
        view.alignment.cause.get(laid).copied().flatten()
    };
    let events = view.wire.events.iter();
    let fired = events.map(|event| {
        let kind = event.record.event.kind();
        Fired {
            kind,
            reason: match event.record.event {
                Event::OnDisconnect { reason } => reason,
                _ => None,
            },
            cause: match kind {
                EventKind::OnConnect => Some(0),
                _ => cause(event.entry),
            },
        }
    });
    fired.collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        conversation::Conversation,
        memory,
        receiver::{Config, Defect},
    };
    use pretty_assertions::assert_eq;
    use std::sync::Arc;

    fn retold(text: &str, defects: &[Defect]) -> String {
        let text = format!("%title t\n%purpose p\n%source s\n{text}");
        let conversation = Conversation::parse(text.as_bytes()).unwrap();
        let config = Arc::new(Config {
            defects: defects.iter().copied().collect(),
            ..Config::default()
        });
        let session = memory::play(1, "case", &conversation, &config);
        let account = &accounts(&memory::transcript(vec![session]))[0];
        let asked = account.asked.iter().enumerate().map(|(index, asked)| {
            let code = asked.reply.and_then(|reply| account.replies[reply]);
            let fired = account.fired.iter().filter(|f| f.cause == Some(index));
            let kinds: Vec<_> = fired.map(|f| f.kind.name()).collect();
            format!("{} {code:?} {}\n", asked.what, kinds.join(" "))
        });
        let end = account.fired.last().map(|fired| fired.reason);
        format!("{}{end:?}", asked.collect::<String>())
    }

    const ENVELOPE: &str = "EHLO c.example.org\nMAIL FROM:<a@example.org>\nRCPT TO:<b@example.org>\nDATA\n%expect 354\n";

    #[test]
    fn each_event_stands_beside_what_fired_it_and_its_reply() {
        let text = format!("{ENVELOPE}A: b\n\nx\n.\nMAIL\nQUIT\n");
        assert_eq!(
            retold(&text, &[]),
            "connection Some(220) OnConnect\n\
             EHLO c.example.org Some(250) OnEhloCommand\n\
             MAIL FROM:<a@example.org> Some(250) OnMailCommand\n\
             RCPT TO:<b@example.org> Some(250) OnRcptCommand\n\
             DATA Some(354) OnDataCommand\n\
             message Some(250) OnEndOfHeaders OnEndOfData\n\
             MAIL Some(501) OnReject\n\
             QUIT Some(221) \n\
             Some(Some(QuitVerb))"
        );
    }

    #[test]
    fn a_message_that_ended_early_is_read_as_the_server_read_it() {
        let text =
            format!("{ENVELOPE}%segment\n%raw \"A: b\\r\\n\\r\\nx\\n.\\n\"\nNOOP\n%end\nQUIT\n");
        let strict = retold(&text, &[]);
        assert!(!strict.contains("NOOP"), "{strict}");
        let lenient = retold(&text, &["bare-lf-ends-data".parse().unwrap()]);
        assert!(
            lenient.contains("NOOP Some(250) OnNoopCommand"),
            "{lenient}"
        );
    }
}
