//! TLS in a conversation: how a handshake is begun, and the same conversation inside TLS.

use super::{Conversation, ReplyPattern, Step};
use crate::{
    event::{EventKind, HandlerRule},
    wire::Verb,
};

/// What a client does where a handshake may begin.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum StartTls {
    /// The handshake. Where the server has not accepted STARTTLS, or the handshake fails, the conversation ends here in
    /// good order: what follows was meant for the inside of TLS.
    Handshake,
    /// The handshake where the server has accepted STARTTLS; else the conversation goes on in clear.
    IfAccepted,
    /// The first half of a ClientHello, and no more of it. Ends the conversation where [`StartTls::Handshake`] does.
    Half,
}

impl StartTls {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Handshake, Self::IfAccepted, Self::Half];

    /// What stands behind `%tls`; nothing for the first.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Handshake => "",
            Self::IfAccepted => "if-accepted",
            Self::Half => "half",
        }
    }
}

/// How the conversations of a run are protected.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub enum TlsMode {
    /// As they are written.
    #[default]
    None,
    /// EHLO, STARTTLS and a handshake come first (RFC 3207).
    StartTls,
    /// TLS comes before the first octet (RFC 8314, 3).
    Implicit,
}

/// What the client says in clear before a conversation that is played behind STARTTLS.
const IN_CLEAR: [&[u8]; 2] = [b"EHLO in-clear.example.org\r\n", b"STARTTLS\r\n"];

impl Conversation {
    /// Whether it begins a handshake somewhere.
    pub fn starts_tls(&self) -> bool {
        self.steps.iter().any(|step| matches!(step, Step::Tls(_)))
    }

    /// Whether it says STARTTLS somewhere, with a handshake or without.
    fn says_starttls(&self) -> bool {
        self.steps.iter().any(|step| match step {
            Step::Send(segments) => {
                let octets = segments.concat();
                let mut lines = octets.split(|octet| *octet == b'\n');
                lines.any(|line| Verb::of(line.trim_ascii_end()) == Verb::StartTls)
            }
            step => matches!(step, Step::Tls(_)),
        })
    }

    /// The same conversation inside TLS. Behind STARTTLS one that says STARTTLS itself stays as it is, and so does one that begins before the banner: there, no banner comes.
    #[must_use]
    pub fn behind(&self, mode: TlsMode) -> Self {
        match mode {
            TlsMode::None => self.clone(),
            TlsMode::StartTls if self.early || self.says_starttls() => self.clone(),
            TlsMode::StartTls => self.behind_starttls(),
            TlsMode::Implicit => {
                let begin = [Step::Tls(StartTls::Handshake)];
                self.with_steps(begin.into_iter().chain(self.steps.clone()).collect())
            }
        }
    }

    fn behind_starttls(&self) -> Self {
        // What is expected first is expected of the banner, and that comes in clear.
        let of_banner = self
            .steps
            .iter()
            .take_while(|s| matches!(s, Step::Expect(_)));
        let banner = of_banner.count();
        let accepted = |code: &[u8; 3]| Step::Expect(ReplyPattern { codes: vec![*code] });
        let [ehlo, starttls] = IN_CLEAR.map(|line| Step::Send(vec![line.to_vec()]));
        let before = [
            ehlo,
            starttls,
            accepted(b"220"),
            Step::Tls(StartTls::Handshake),
        ];
        let (front, rest) = self.steps.split_at(banner);
        let steps = [front, &before, rest].concat();
        let mut inside = self.with_steps(steps);
        inside.handlers.rules.iter_mut().for_each(behind_one_ehlo);
        inside
    }
}

/// The EHLO in clear is the first of the session.
fn behind_one_ehlo(rule: &mut HandlerRule) {
    if rule.event == EventKind::OnEhloCommand {
        rule.nth = rule.nth.saturating_add(1);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use pretty_assertions::assert_eq;

    fn behind(mode: TlsMode, body: &str) -> String {
        let conversation = Conversation::parse(format!("%title T\n{body}").as_bytes()).unwrap();
        let inside = conversation.behind(mode);
        let text = String::from_utf8(inside.print()).unwrap();
        assert_eq!(Conversation::parse(text.as_bytes()), Ok(inside));
        text.strip_prefix("%title T\n").unwrap().to_owned()
    }

    #[test]
    fn behind_starttls_what_is_expected_of_the_banner_stays_before_it() {
        assert_eq!(
            behind(TlsMode::StartTls, "%expect 220\nEHLO a\n%expect 250\n"),
            "%expect 220\nEHLO in-clear.example.org\nSTARTTLS\n%expect 220\n%tls\nEHLO a\n%expect 250\n"
        );
    }

    #[test]
    fn a_handler_of_the_first_ehlo_is_one_of_the_second_behind_starttls() {
        let text = "%handler OnEhloCommand 1 drop\n%handler OnRcptCommand 1 drop\nEHLO a\n";
        let inside = behind(TlsMode::StartTls, text);
        assert!(
            inside.starts_with("%handler OnEhloCommand 2 drop\n%handler OnRcptCommand 1 drop\n")
        );
        let inside = behind(TlsMode::Implicit, text);
        assert!(
            inside.ends_with("OnRcptCommand 1 drop\n%tls\nEHLO a\n"),
            "{inside}"
        );
    }

    #[test]
    fn what_says_starttls_itself_stays_as_it_is_behind_starttls() {
        for own in ["STARTTLS\n%tls\nQUIT\n", "EHLO a\nSTARTTLS\n%silence\n"] {
            assert_eq!(behind(TlsMode::StartTls, own), own);
            assert_eq!(behind(TlsMode::Implicit, own), format!("%tls\n{own}"));
        }
        assert_eq!(
            behind(TlsMode::StartTls, "%early\nQUIT\n"),
            "%early\nQUIT\n"
        );
    }
}
