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
