//! What a client does where a TLS handshake is due, and how it leaves inside TLS (RFC 3207, RFC 8446).

use super::{
    commands::{self, PLAIN},
    route::{Joined, Piece},
    walk::Walk,
};
use crate::{
    conversation::{Ending, StartTls},
    coverage::TlsStimulus,
    wire::Verb,
};

impl Walk<'_> {
    /// STARTTLS, from a state in which the client is greeted and no transaction is open; its reply is read.
    fn start_tls(&mut self, handshake: Option<StartTls>) {
        self.command(Verb::StartTls, &self.plan.sound, Joined::Never);
        if let Some(piece) = self.route.pieces.last_mut() {
            piece.handshake = handshake;
            piece.awaited = true;
        }
    }

    /// STARTTLS, and `stimulus` where the handshake is due.
    pub(super) fn shake_hands_with(&mut self, stimulus: TlsStimulus) {
        match stimulus {
            TlsStimulus::Handshake => self.start_tls(Some(StartTls::IfAccepted)),
            TlsStimulus::ClearText => {
                self.start_tls(Some(StartTls::IfAccepted));
                self.say_in_clear();
            }
            TlsStimulus::NoHandshake => {
                self.start_tls(None);
                let line = self.clear_line();
                self.push(line, Joined::Never);
                self.left = true;
            }
            TlsStimulus::HalfAHello => {
                self.start_tls(Some(StartTls::Half));
                self.route.ending = Some(Ending::Close);
            }
        }
    }

    /// A line in one write with the STARTTLS before it.
    fn say_in_clear(&mut self) {
        let line = self.clear_line();
        if let Some(starttls) = self.route.pieces.last_mut() {
            starttls.awaited = false;
        }
        self.route.pieces.push(Piece {
            awaited: true,
            ..Piece::new(line, Joined::Always)
        });
    }

    fn clear_line(&mut self) -> Vec<u8> {
        let name = self.name();
        let verb = match self.plan.sound.flavour % 4 {
            0 => Verb::Mail,
            1 => Verb::Ehlo,
            2 => Verb::Rset,
            _ => Verb::Noop,
        };
        commands::line(verb, &name, PLAIN)
    }

    /// Leaves where a handshake is due.
    pub(super) fn leave_before_handshake(&mut self, ending: Ending) {
        self.start_tls(None);
        self.route.ending = Some(ending);
    }

    /// Leaves inside TLS; half of the clients have greeted there before.
    pub(super) fn leave_inside_tls(&mut self, ending: Ending) {
        self.start_tls(Some(StartTls::IfAccepted));
        if self.plan.sound.flavour.is_multiple_of(2) {
            let sound = self.plan.sound.clone();
            self.command(Verb::Ehlo, &sound, Joined::Never);
            self.await_last();
        }
        self.route.ending = Some(ending);
    }
}
