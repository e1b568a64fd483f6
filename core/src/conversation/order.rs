//! Which steps may follow which on one connection.

use super::Step;

/// What the client can still do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) enum Phase {
    /// Anything.
    #[default]
    Open,
    /// It has sent TLS's close_notify: what it sends now is in clear.
    Notified,
    /// It has sent FIN: it reads, waits, and ends the connection.
    HalfClosed,
    /// It waits for the server's end.
    Silent,
    /// Nothing.
    Over,
}

impl Phase {
    /// The phase behind `step`, or what is expected in its place.
    pub(super) const fn after(self, step: &Step) -> Result<Self, &'static str> {
        match (self, step) {
            (Self::Over, _) => Err("nothing more: the client has closed or reset the connection"),
            (Self::Open, Step::CloseNotify) => Ok(Self::Notified),
            (Self::Notified, Step::Tls(_) | Step::CloseNotify | Step::Truncate) => {
                Err("nothing of TLS: the client has sent close_notify")
            }
            (_, Step::Close | Step::Reset) | (Self::Open, Step::Truncate) => Ok(Self::Over),
            (_, Step::Expect(_))
            | (Self::Open | Self::Notified, Step::Send(_) | Step::Repeat(_)) => Ok(self),
            (Self::Silent, _) => {
                Err("`%expect`, `%close` or `%reset`: the client has fallen silent")
            }
            (_, Step::Silence) => Ok(Self::Silent),
            (_, Step::Pause(_)) => Ok(self),
            (
                Self::HalfClosed,
                Step::Send(_)
                | Step::Repeat(_)
                | Step::HalfClose
                | Step::Tls(_)
                | Step::CloseNotify
                | Step::Truncate,
            ) => Err("nothing that sends: the client has half-closed the connection"),
            (Self::Open | Self::Notified, Step::HalfClose) => Ok(Self::HalfClosed),
            (Self::Open, Step::Tls(_)) => Ok(Self::Open),
        }
    }
}
