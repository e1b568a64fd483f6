//! The protocol without I/O: what an MTA says in, what it is to be told as an event, and what is answered.

use std::net::SocketAddr;

use smtpspec_core::event::{Event, HandlerAction};

use super::{
    Decision, Packet, PacketError, command::Command, content::Content, negotiate::negotiate,
};

/// What a packet comes to.
#[derive(Debug, Clone, PartialEq)]
pub enum Told {
    /// A session begins: OnConnect, to be answered by [`Conversation::decide`].
    Session(SocketAddr, Event),
    /// An event of the session, to be answered by [`Conversation::decide`].
    Event(Event),
    /// OnDisconnect; nothing is answered.
    End(Event),
    /// Nothing to tell; this is answered, if anything.
    Nothing(Option<Packet>),
}

/// One connection of an MTA.
#[derive(Default)]
pub struct Conversation {
    /// Whether values of header fields come as they were.
    exact: bool,
    /// Whether a client is connected whose address is known.
    open: bool,
    content: Content,
}

impl Conversation {
    /// Takes a packet.
    pub fn take(&mut self, packet: Packet) -> Result<Told, PacketError> {
        Ok(match Command::parse(packet)? {
            Command::Negotiate { version, steps } => {
                let (answer, exact) = negotiate(version, steps)?;
                self.exact = exact;
                Told::Nothing(Some(answer))
            }
            Command::Connect(peer) => self.connect(peer),
            Command::Helo(domain) => self.event(Event::OnEhloCommand {
                domain: Some(domain.into()),
            }),
            Command::Mail(words) => {
                self.content = Content::default();
                let (path, parameters) = path_and_parameters(&words);
                self.event(Event::OnMailCommand {
                    reverse_path: Some(path.into()),
                    parameters: Some(parameters.into()),
                })
            }
            Command::Rcpt(words) => {
                let (path, parameters) = path_and_parameters(&words);
                self.event(Event::OnRcptCommand {
                    forward_path: Some(path.into()),
                    parameters: Some(parameters.into()),
                })
            }
            Command::Data => self.event(Event::OnDataCommand {}),
            Command::Header { name, value } => {
                self.content.header(&name, &value);
                proceed()
            }
            Command::EndOfHeader => {
                self.content.end_of_header();
                // What was sent may have had no blank line: then the end of the section is the MTA's own finding.
                self.event(Event::OnEndOfHeaders { headers: None })
            }
            Command::Body(chunk) => {
                self.content.body(&chunk);
                proceed()
            }
            Command::EndOfBody => {
                let content = std::mem::take(&mut self.content).finish();
                self.event(Event::OnEndOfData {
                    content: self.exact.then_some(content),
                })
            }
            Command::Unknown => proceed(),
            Command::Abort => {
                self.content = Content::default();
                Told::Nothing(None)
            }
            Command::Quit | Command::QuitNewConnection => self.end(),
            Command::Other(_) => Told::Nothing(None),
        })
    }

    /// The connection has ended, with or without a word: so has the session.
    pub fn end(&mut self) -> Told {
        if !std::mem::take(&mut self.open) {
            return Told::Nothing(None);
        }
        Told::End(Event::OnDisconnect { reason: None })
    }

    /// What is answered to the packet of an event, once the handler has done `action`.
    pub fn decide(action: &HandlerAction) -> Decision {
        Decision::of(action)
    }

    fn connect(&mut self, peer: Option<SocketAddr>) -> Told {
        self.open = peer.is_some();
        match peer {
            Some(peer) => Told::Session(peer, Event::OnConnect { local: None }),
            None => proceed(),
        }
    }

    fn event(&self, event: Event) -> Told {
        if self.open {
            Told::Event(event)
        } else {
            proceed()
        }
    }
}

fn proceed() -> Told {
    Told::Nothing(Some(Decision::Continue.packet()))
}

/// What stands between the angle brackets, and what follows it with single blanks.
fn path_and_parameters(words: &[Vec<u8>]) -> (Vec<u8>, Vec<u8>) {
    let (path, parameters) = words
        .split_first()
        .map_or((&[][..], words), |(path, rest)| (&path[..], rest));
    let bare = path
        .strip_prefix(b"<")
        .and_then(|path| path.strip_suffix(b">"));
    (bare.unwrap_or(path).to_vec(), parameters.join(&b' '))
}

#[cfg(test)]
mod tests {
    use pretty_assertions::assert_eq;
    use smtpspec_core::{
        event::{EventKind, MessageDigest},
        octets::Octets,
    };

    use super::*;

    fn packet(text: &str) -> Packet {
        let octets = Octets::from_escaped(text).unwrap().0;
        let (code, data) = octets.split_first().unwrap();
        Packet {
            code: *code,
            data: data.to_vec(),
        }
    }

    /// Takes what an MTA said, answers as it was answered, and returns what it comes to.
    fn replay(captured: &str) -> Vec<Event> {
        let mut conversation = Conversation::default();
        let mut events = Vec::new();
        let mut answer = None;
        for line in captured.lines() {
            match line.split_at(2) {
                ("> ", said) => {
                    assert_eq!(answer, None, "unanswered before {line}");
                    let told = match said {
                        "(closes)" => conversation.end(),
                        said => conversation.take(packet(said)).unwrap(),
                    };
                    answer = match told {
                        Told::Session(peer, event) => {
                            assert!(peer.ip().is_loopback(), "{peer}");
                            events.push(event);
                            Some(Conversation::decide(&HandlerAction::Accept).packet())
                        }
                        Told::Event(event) => {
                            events.push(event);
                            Some(Conversation::decide(&HandlerAction::Accept).packet())
                        }
                        Told::End(event) => {
                            events.push(event);
                            None
                        }
                        Told::Nothing(answer) => answer,
                    };
                }
                ("< ", answered) => assert_eq!(answer.take(), Some(packet(answered)), "{line}"),
                _ => {}
            }
        }
        events
    }

    fn mail(path: &str, parameters: &str) -> Event {
        Event::OnMailCommand {
            reverse_path: Some(path.into()),
            parameters: Some(parameters.into()),
        }
    }

    fn rcpt(parameters: &str) -> Event {
        Event::OnRcptCommand {
            forward_path: Some("b@example.org".into()),
            parameters: Some(parameters.into()),
        }
    }

    fn greeting() -> [Event; 2] {
        let domain = Some("client.example.org".into());
        [
            Event::OnConnect { local: None },
            Event::OnEhloCommand { domain },
        ]
    }

    #[test]
    fn a_session_with_a_message_is_told_as_it_was() {
        let sent = b"Subject: folded\r\n\tover two\r\nX-None:\r\n\r\none\r\n.two\r\n";
        let message = [
            mail("", ""),
            rcpt(""),
            Event::OnDataCommand {},
            Event::OnEndOfHeaders { headers: None },
            Event::OnEndOfData {
                content: Some(MessageDigest::of(sent)),
            },
            Event::OnDisconnect { reason: None },
        ];
        let reset = [
            mail("A@example.org", "SIZE=100 BODY=8BITMIME"),
            rcpt("NOTIFY=NEVER"),
        ];
        let told = [&greeting()[..], &reset, &message].concat();
        for captured in [
            include_str!("captured/postfix-3.7.11-message.txt"),
            include_str!("captured/sendmail-8.17.1-message.txt"),
        ] {
            assert_eq!(replay(captured), told);
        }
    }

    #[test]
    fn a_client_lost_in_data_ends_its_session_with_or_without_a_word() {
        let lost = [
            mail("a@example.org", ""),
            rcpt(""),
            Event::OnDataCommand {},
            Event::OnDisconnect { reason: None },
        ];
        let told = [&greeting()[..], &lost].concat();
        for captured in [
            include_str!("captured/postfix-3.7.11-lost.txt"),
            include_str!("captured/sendmail-8.17.1-lost.txt"),
        ] {
            assert_eq!(replay(captured), told);
        }
    }

    #[test]
    fn one_connection_may_serve_several_sessions() {
        let session = "> Cx\\x004\\x00\\x01127.0.0.1\\x00\n< c\n> K\n";
        let events = replay(&session.repeat(2));
        let kinds: Vec<_> = events.iter().map(Event::kind).collect();
        let session = [EventKind::OnConnect, EventKind::OnDisconnect];
        assert_eq!(kinds, session.repeat(2));
    }

    #[test]
    fn a_client_without_an_address_is_served_and_not_told_of() {
        let session = "> Cx\\x00U\n< c\n> Hx\\x00\n< c\n> Q\n> (closes)";
        assert_eq!(replay(session), []);
    }
}
