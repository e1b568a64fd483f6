//! Sessions with the receiver without sockets.

use std::{hint::black_box, net::SocketAddr, sync::Arc};

use smtpspec_core::{
    event::Event,
    receiver::{Config, Output, Receiver, SmtpReceiveAgent, Verdict},
};

use crate::data;

/// Sees each event and lets it pass.
struct Looker;

impl SmtpReceiveAgent for Looker {
    fn on_event(&mut self, event: &Event) -> Verdict {
        black_box(event);
        Verdict::Accept
    }
}

/// A session with one message of a kilobyte: what the client sends.
pub fn session() -> Vec<u8> {
    session_of(1024)
}

/// The same with a message of a mebibyte.
pub fn long_session() -> Vec<u8> {
    session_of(1 << 20)
}

fn session_of(octets: usize) -> Vec<u8> {
    let envelope = "EHLO client.example.net\r\nMAIL FROM:<a@example.org> BODY=8BITMIME\r\nRCPT TO:<b@example.org>\r\nDATA\r\n";
    [envelope.as_bytes(), &data(octets), b"QUIT\r\n"].concat()
}

/// Has the receiver take all of `octets` at once, and says how many replies it gave.
pub fn play(config: &Arc<Config>, octets: &[u8]) -> usize {
    let here = SocketAddr::from(([127, 0, 0, 1], 25));
    let mut receiver = Receiver::new(Arc::clone(config), vec![Box::new(Looker)], here, here);
    let mut replies = take(&mut receiver);
    receiver.receive(octets);
    replies += take(&mut receiver);
    replies
}

fn take(receiver: &mut Receiver) -> usize {
    let outputs = std::iter::from_fn(|| receiver.next_output());
    outputs
        .filter(|output| matches!(black_box(output), Output::Reply(_)))
        .count()
}
