//! What a filter answers (`SMFIR_*`), for each thing that a script may ask of a handler.

use smtpspec_core::event::HandlerAction;

use super::Packet;

/// A filter's answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Decision {
    /// `SMFIR_CONTINUE`.
    Continue,
    /// `SMFIR_TEMPFAIL`: the MTA chooses the words.
    Tempfail,
    /// `SMFIR_REPLYCODE` with this reply; the MTA ends the session where it is a 421.
    Reply(String),
}

impl Decision {
    /// What a filter does for `action`, after any sleep.
    ///
    /// A filter drops a session by the reply 421 (smfi_setreply(3)). One that fails answers as libraries for filters
    /// do where a callback throws: for now, not for good.
    pub(super) fn of(action: &HandlerAction) -> Self {
        match action {
            HandlerAction::Accept | HandlerAction::Sleep(_) | HandlerAction::RejectFor { .. } => {
                Self::Continue
            }
            HandlerAction::Reject(reply) => Self::Reply(reply.clone()),
            HandlerAction::Drop => Self::Reply("421 4.3.2 the session is dropped".to_owned()),
            HandlerAction::Fail => Self::Tempfail,
        }
    }

    /// As it goes to the MTA.
    pub fn packet(&self) -> Packet {
        let (code, data) = match self {
            Self::Continue => (b'c', Vec::new()),
            Self::Tempfail => (b't', Vec::new()),
            Self::Reply(reply) => {
                // Sendmail takes the text for a format.
                let text = reply.replace('%', "%%");
                (b'y', [text.as_bytes(), b"\0"].concat())
            }
        };
        Packet { code, data }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_refusal_carries_its_reply() {
        let reject = HandlerAction::Reject("550 5.7.1 no".into());
        let packet = Decision::of(&reject).packet();
        assert_eq!(
            (packet.code, &packet.data[..]),
            (b'y', &b"550 5.7.1 no\0"[..])
        );
    }

    #[test]
    fn a_dropped_session_is_answered_421() {
        let packet = Decision::of(&HandlerAction::Drop).packet();
        assert!(packet.data.starts_with(b"421 "));
    }
}
