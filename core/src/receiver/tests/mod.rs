//! Sessions played in memory: octets in, one flat trace of events and outputs out.

mod authentication;
mod chunks;
mod clause_defects;
mod conversations;
mod defects;
mod ends;
mod handlers;
mod limits;
mod lmtp;
mod properties;
mod tls;

use std::sync::{Arc, Mutex};

use super::{Config, Defect, Output, Receiver, ScriptAgent, SmtpReceiveAgent, Verdict};
use crate::event::{Event, HandlerAction, HandlerRule, HandlerScript, MessageDigest};
use crate::octets::Octets;

/// What the engine did, in order: events by name and arguments, replies behind `<`.
type Trace = Arc<Mutex<Vec<String>>>;

/// Looks on, and stands before the agent that plays the script.
struct Tracer(Trace);

impl SmtpReceiveAgent for Tracer {
    fn on_event(&mut self, event: &Event) -> Verdict {
        self.0.lock().unwrap().push(show(event));
        Verdict::Accept
    }
}

struct Session {
    receiver: Receiver,
    trace: Trace,
}

impl Session {
    fn new(config: Config, rules: Vec<HandlerRule>) -> Self {
        let trace = Trace::default();
        let agents: Vec<Box<dyn SmtpReceiveAgent>> = vec![
            Box::new(Tracer(Arc::clone(&trace))),
            Box::new(ScriptAgent::new(HandlerScript { rules })),
        ];
        let local = "192.0.2.1:25".parse().unwrap();
        let peer = "192.0.2.2:4321".parse().unwrap();
        let receiver = Receiver::new(Arc::new(config), agents, local, peer);
        let mut session = Self { receiver, trace };
        session.drain();
        session
    }

    fn plain() -> Self {
        Self::new(Config::default(), vec![])
    }

    /// `\n` stands for CRLF.
    fn send(&mut self, text: &str) -> &mut Self {
        self.send_octets(text.replace('\n', "\r\n").as_bytes())
    }

    fn send_octets(&mut self, octets: &[u8]) -> &mut Self {
        self.receiver.receive(octets);
        self.drain()
    }

    fn drain(&mut self) -> &mut Self {
        while let Some(output) = self.receiver.next_output() {
            let line = match output {
                Output::Reply(octets) => format!("< {}", show_reply(&octets)),
                Output::Wait(ms) => format!("wait {ms}"),
                Output::Close => "close".to_owned(),
                Output::Die => "die".to_owned(),
                Output::InClear(octets) => format!("<! {}", show_reply(&octets)),
                Output::StartTls => "starttls".to_owned(),
            };
            self.trace.lock().unwrap().push(line);
        }
        self
    }

    fn secured(&mut self) -> &mut Self {
        self.receiver.handshake_done();
        self.drain()
    }

    fn closed(&mut self) -> &mut Self {
        self.receiver.input_closed();
        self.drain()
    }

    fn lost(&mut self) -> &mut Self {
        self.receiver.connection_lost();
        self.drain()
    }

    /// The trace so far; the next call begins behind it.
    fn take(&mut self) -> Vec<String> {
        core::mem::take(&mut *self.trace.lock().unwrap())
    }

    /// Forgets the trace up to here.
    fn quietly(mut self, text: &str) -> Self {
        self.send(text);
        self.take();
        self
    }
}

/// A reply on one line; only what is not a good line end shows.
fn show_reply(octets: &[u8]) -> String {
    let text = String::from_utf8_lossy(octets).into_owned();
    match text.strip_suffix("\r\n") {
        Some(text) => text.replace("\r\n", " / "),
        None => format!("{text:?}"),
    }
}

fn show(event: &Event) -> String {
    let octets = |argument: &Option<Octets>| argument.clone().unwrap_or_default().to_string();
    let digest = |digest: &Option<MessageDigest>| {
        let digest = digest.clone().unwrap();
        format!("{}:{}", digest.size, &digest.sha256[..8])
    };
    let arguments = match event {
        Event::OnConnect { local } => local.clone().unwrap_or_default(),
        Event::OnHeloCommand { domain } | Event::OnEhloCommand { domain } => octets(domain),
        Event::OnMailCommand {
            reverse_path: path,
            parameters,
        }
        | Event::OnRcptCommand {
            forward_path: path,
            parameters,
        } => {
            format!("<{}> {}", octets(path), octets(parameters))
        }
        Event::OnAuthCommand { mechanism } => octets(mechanism),
        Event::OnEndOfAuthentication { mechanism, outcome } => {
            format!("{} {:?}", octets(mechanism), outcome.unwrap())
        }
        Event::OnNoopCommand { argument } | Event::OnHelpCommand { argument } => octets(argument),
        Event::OnEndOfHeaders { headers } => digest(headers),
        Event::OnEndOfData { content } => digest(content),
        Event::OnReject {
            command,
            status,
            response,
        } => {
            let command = command.as_ref().map_or("-".into(), |c| format!("`{c}`"));
            format!("{command} {:?} {}", status.unwrap(), octets(response))
        }
        Event::OnDisconnect { reason } => format!("{:?}", reason.unwrap()),
        _ => String::new(),
    };
    format!("{} {arguments}", event.kind())
        .trim_end()
        .to_owned()
}

/// As [`show`] shows it.
fn digest_of(content: &str) -> String {
    let digest = MessageDigest::of(content.replace('\n', "\r\n").as_bytes());
    format!("{}:{}", digest.size, &digest.sha256[..8])
}

fn rule(event: crate::event::EventKind, nth: u32, action: HandlerAction) -> HandlerRule {
    HandlerRule { event, nth, action }
}

fn with_defects(defects: &[Defect]) -> Config {
    Config {
        defects: defects.iter().copied().collect(),
        ..Config::default()
    }
}

/// A greeting, a sender and a recipient.
const ENVELOPE: &str = "EHLO c.example\nMAIL FROM:<a@b.example>\nRCPT TO:<c@d.example>\n";
