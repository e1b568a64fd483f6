//! What a conversation's steps mean on a connection in memory; the same as over sockets, but for time.

use std::sync::Arc;

use super::client::Client;
use crate::{
    conversation::{Conversation, ReplyPattern, StartTls, Step},
    receiver::Config,
    repeat::Repeat,
    transcript::{ClientAct, SessionLog, What},
    wire::Protocol,
};

/// A conversation that is being played.
pub struct Playing<'a> {
    client: Client,
    /// Those still to come.
    steps: core::slice::Iter<'a, Step>,
    /// The next send does not wait for the banner.
    hasty: bool,
}

/// Plays `conversation` as connection `conn`.
pub fn play(
    conn: u64,
    case: &str,
    conversation: &Conversation,
    config: &Arc<Config>,
) -> SessionLog {
    let mut playing = Playing::new(conn, case, conversation, config);
    while playing.step() {}
    playing.finish()
}

/// Plays several conversations at one server, all connected at once: in each turn one of them takes a step, which
/// `pick` chooses from those that still go on (it gets their number and gives an index; too large wraps around).
/// Connections are numbered from `first` on.
pub fn play_in_turn(
    first: u64,
    cases: &[(String, Conversation)],
    config: &Arc<Config>,
    mut pick: impl FnMut(usize) -> usize,
) -> Vec<SessionLog> {
    // Not lazily: all of them are connected before one goes on.
    let mut playing: Vec<Playing<'_>> = (first..)
        .zip(cases)
        .map(|(conn, (case, conversation))| Playing::new(conn, case, conversation, config))
        .collect();
    let mut ended = Vec::new();
    while !playing.is_empty() {
        let index = pick(playing.len()) % playing.len();
        if !playing[index].step() {
            ended.push(playing.swap_remove(index).finish());
        }
    }
    ended.sort_unstable_by_key(|session| session.conn);
    ended
}

impl<'a> Playing<'a> {
    /// Connects as connection `conn`, and reads the banner unless the conversation begins without it.
    pub fn new(
        conn: u64,
        case: &str,
        conversation: &'a Conversation,
        config: &Arc<Config>,
    ) -> Self {
        let connect = match conversation.steps.first() {
            Some(Step::Tls(_)) => Client::connect_behind_tls,
            _ => Client::connect,
        };
        let config = &speaking(conversation.protocol, config);
        let mut client = connect(conn, case, &conversation.handlers, config);
        if !conversation.early {
            client.read();
        }
        Self {
            client,
            steps: conversation.steps.iter(),
            hasty: conversation.early,
        }
    }

    /// Takes the next step. Gives `false` when there is none left to take.
    pub fn step(&mut self) -> bool {
        let Some(step) = self.steps.next() else {
            return false;
        };
        match step {
            // That a server says 421 before it leaves can be expected.
            Step::Expect(pattern) => self.expect(pattern),
            _ if self.client.is_over() => {}
            Step::Send(segments) => self.send(segments),
            Step::Repeat(repeat) => self.repeat(repeat),
            Step::Tls(start) => self.start_tls(*start),
            Step::CloseNotify if self.client.pacer().is_secured() => self.client.notify(),
            Step::Truncate if self.client.pacer().is_secured() => {
                self.client.act(ClientAct::Truncate);
            }
            Step::CloseNotify => self.end(),
            Step::Pause(ms) => self.client.pause(*ms),
            Step::Silence => self.client.act(ClientAct::Silence),
            Step::HalfClose => self.client.act(ClientAct::HalfClose),
            Step::Close | Step::Truncate => self.client.act(ClientAct::Close),
            Step::Reset => self.client.act(ClientAct::Reset),
        }
        true
    }

    /// Ends the connection as the conversation or, where that leaves it open, a client would.
    pub fn finish(mut self) -> SessionLog {
        // A conversation that never sends has not read the banner either.
        self.client.read();
        self.client.finish()
    }

    fn start_tls(&mut self, start: StartTls) {
        let may = self.client.pacer().awaits_handshake();
        if !may && self.gives_up() {
            return;
        }
        let goes_on = match start {
            StartTls::Half if may => {
                self.client.begin_handshake();
                true
            }
            StartTls::IfAccepted if !may => true,
            _ => may && self.client.shake_hands(),
        };
        if !goes_on {
            self.end();
        }
    }

    /// What follows is not played.
    fn end(&mut self) {
        self.steps = [].iter();
    }

    fn send(&mut self, segments: &[Vec<u8>]) {
        let waits = !core::mem::take(&mut self.hasty);
        if waits && self.gives_up() {
            return;
        }
        for segment in segments {
            if !self.client.is_over() {
                self.client.send(segment);
            }
        }
    }

    /// In lock-step nothing more would come where a reply is due: all that could be said has been.
    fn gives_up(&mut self) -> bool {
        let waits = self.client.pacer().due() > 0;
        if waits {
            self.client.act(ClientAct::GaveUp);
        }
        waits
    }

    /// Where no content is received it would be so many commands, and is left out.
    fn repeat(&mut self, repeat: &Repeat) {
        if !self.gives_up() && self.client.pacer().in_content() {
            self.client.send_repeated(repeat);
        }
    }

    fn expect(&mut self, pattern: &ReplyPattern) {
        let got = self.client.pacer().last_code();
        let met = got.is_some_and(|code| pattern.matches(code));
        self.client.note(What::Expected {
            want: pattern.to_string(),
            got,
            met,
        });
    }
}

/// The server that `config` describes, as it speaks `protocol`.
fn speaking(protocol: Protocol, config: &Arc<Config>) -> Arc<Config> {
    if config.protocol == protocol {
        return Arc::clone(config);
    }
    Arc::new(Config {
        protocol,
        ..Config::clone(config)
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{check::check, memory::transcript};
    use pretty_assertions::assert_eq;

    fn conversation(body: &str) -> Conversation {
        Conversation::parse(format!("%title t\n{body}").as_bytes()).unwrap()
    }

    fn sent(session: &SessionLog) -> Vec<u8> {
        let octets = session
            .entries
            .iter()
            .filter_map(|entry| match &entry.what {
                What::Sent(octets) => Some(octets.0.as_slice()),
                _ => None,
            });
        octets.collect::<Vec<_>>().concat()
    }

    #[test]
    fn each_session_in_turn_is_what_it_is_alone() {
        let cases: Vec<_> = (0..4)
            .map(|n| {
                let text = format!("EHLO c{n}.example.org\nMAIL FROM:<a{n}@example.org>\nQUIT\n");
                (format!("case/{n}"), conversation(&text))
            })
            .collect();
        let mut turn = 0;
        let config = Arc::default();
        let sessions = play_in_turn(1, &cases, &config, |_| {
            turn += 7;
            turn
        });
        let alone: Vec<_> = (1..)
            .zip(&cases)
            .map(|(conn, (case, conversation))| play(conn, case, conversation, &config))
            .collect();
        assert_eq!(sessions, alone);
        assert_eq!(check(&transcript(sessions)).findings().count(), 0);
    }

    #[test]
    fn an_early_client_speaks_before_the_banner_and_goes_on_behind_it() {
        let early = conversation("%early\nEHLO c.example.org\nNOOP\n");
        let session = play(1, "early", &early, &Arc::default());
        assert!(matches!(session.entries[0].what, What::Sent(_)));
        assert_eq!(sent(&session), b"EHLO c.example.org\r\nNOOP\r\n");
    }

    #[test]
    fn a_server_that_does_not_answer_is_given_up() {
        let config = Arc::new(Config {
            defects: [crate::receiver::Defect::NoopUnanswered]
                .into_iter()
                .collect(),
            ..Config::default()
        });
        let session = play(1, "mute", &conversation("NOOP\nRSET\n"), &config);
        let gave_up =
            |entry: &crate::transcript::Entry| entry.what == What::Client(ClientAct::GaveUp);
        assert!(session.entries.iter().any(gave_up));
        assert_eq!(sent(&session), b"NOOP\r\n");
    }

    #[test]
    fn every_connection_has_an_address_of_its_own() {
        let idle = conversation("%close\n");
        let address = |conn| play(conn, "idle", &idle, &Arc::default()).open.client;
        let mut seen: Vec<_> = [1, 2, 49_999, 50_000, 50_001, 123_456]
            .map(address)
            .to_vec();
        seen.dedup();
        assert_eq!(seen.len(), 6);
    }
}
