//! A connected client: what each step of a conversation means on a socket.

use std::ops::ControlFlow::{self, Break, Continue};

use smtpspec_core::{
    conversation::{Conversation, ReplyPattern, StartTls, Step},
    event::{HandlerAction, HandlerRule},
    model::Pacer,
    repeat::Repeat,
    transcript::{ClientAct, ServerEnd, What},
    wire::Protocol,
};
use socket2::SockRef;
use tokio::{net::TcpStream, sync::OwnedSemaphorePermit, task::yield_now, time::Duration};

use super::{Limits, Turn, wire::Wire};
use crate::record::Log;

/// Sends of more segments than this are not slowed down to keep the segments apart; nor are more sends than
/// this that follow one another without a reply between them, such as the lines of a message.
const MOST_GAPS: usize = 64;

/// How the connection ended. Logged already when a value of this type exists.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum End {
    Server(ServerEnd),
    Client(ClientAct),
}

/// Whether the conversation goes on.
pub(super) type Flow<T = ()> = ControlFlow<End, T>;

/// A client in the middle of a conversation.
pub(super) struct Client<'a> {
    wire: Wire<'a>,
    limits: &'a Limits,
    /// The next send does not wait for the replies that are due.
    hasty: bool,
    /// Sends that may still be slowed down.
    gaps: usize,
    /// No more steps are played: what follows was meant for the inside of TLS.
    ended: bool,
    turn: Option<Turn>,
}

impl<'a> Client<'a> {
    pub(super) fn new(
        stream: TcpStream,
        log: &'a Log,
        limits: &'a Limits,
        arriving: Option<OwnedSemaphorePermit>,
        turn: Option<Turn>,
        protocol: Protocol,
    ) -> Self {
        Self {
            wire: Wire::new(stream, log, limits, arriving, protocol),
            limits,
            hasty: false,
            gaps: MOST_GAPS,
            ended: false,
            turn,
        }
    }

    /// Plays all steps. When the connection has ended, only what is expected is still looked at: that a server
    /// says 421 before it leaves can be expected.
    pub(super) async fn play(mut self, conversation: &Conversation) {
        self.hasty = conversation.early;
        let mut flow = Continue(());
        for step in &conversation.steps {
            if self.ended {
                break;
            }
            match step {
                Step::Expect(pattern) => {
                    if flow.is_continue() {
                        flow = self.replies().await;
                    }
                    self.expect(pattern, flow.is_break());
                }
                _ if flow.is_break() => {}
                step => flow = self.step(step).await,
            }
        }
        if flow.is_continue() {
            flow = self.finish(conversation).await;
        }
        if flow == Break(End::Server(ServerEnd::Close)) {
            self.wire.log().push(What::Client(ClientAct::Close));
            // A server inside TLS may wait for it. However that goes, the socket is closed next.
            let _ = self.wire.notify().await;
        }
    }

    async fn step(&mut self, step: &Step) -> Flow {
        match step {
            Step::Send(segments) => self.send(segments).await,
            Step::Repeat(repeat) => self.repeat(repeat).await,
            // Looked at by `play`, which also does so when the connection has ended.
            Step::Expect(_) => Continue(()),
            Step::Tls(start) => self.start_tls(*start).await,
            Step::CloseNotify if self.wire.is_secured() => self.notify().await,
            Step::CloseNotify => {
                self.ended = true;
                Continue(())
            }
            Step::Truncate if self.wire.is_secured() => self.truncate(),
            Step::Pause(ms) => self.wire.pause(Duration::from_millis(*ms)).await,
            Step::Silence => {
                self.wire.log().push(What::Client(ClientAct::Silence));
                self.rest();
                self.server_end(self.limits.silence).await
            }
            Step::HalfClose => self.half_close().await,
            Step::Close | Step::Truncate => self.close().await,
            Step::Reset => self.reset().await,
        }
    }

    async fn send(&mut self, segments: &[Vec<u8>]) -> Flow {
        if !std::mem::take(&mut self.hasty) {
            self.turn().await?;
        }
        for (n, segment) in segments.iter().enumerate() {
            if n > 0 && segments.len() <= MOST_GAPS {
                self.wire.pause(self.limits.segment_gap).await?;
            } else if n > 0 {
                yield_now().await;
            }
            self.wire.write(segment).await?;
        }
        Continue(())
    }

    /// Where no handshake may begin, or it fails, what follows is not played.
    async fn start_tls(&mut self, start: StartTls) -> Flow {
        if !self.wire.pacer().awaits_handshake() {
            self.replies().await?;
        }
        let may = self.wire.pacer().awaits_handshake();
        match start {
            StartTls::Half if may => self.wire.begin_handshake().await,
            StartTls::IfAccepted if !may => Continue(()),
            _ if may => {
                self.ended = !self.wire.shake_hands(self.limits.reply).await?;
                Continue(())
            }
            _ => {
                self.ended = true;
                Continue(())
            }
        }
    }

    /// What is sent next goes out behind it at once: who closes first is not left to chance.
    async fn notify(&mut self) -> Flow {
        self.wire.drain()?;
        self.wire.log().push(What::Client(ClientAct::CloseNotify));
        self.hasty = true;
        self.wire.notify().await
    }

    fn truncate(&mut self) -> Flow {
        self.wire.drain()?;
        self.wire.log().push(What::Client(ClientAct::Truncate));
        self.wire.shut_down_sending()?;
        Break(End::Client(ClientAct::Truncate))
    }

    /// Behind a DATA that was refused, the content would be so many commands: it is left out.
    async fn repeat(&mut self, repeat: &Repeat) -> Flow {
        if !self.hasty {
            self.turn().await?;
        }
        if self.wire.pacer().in_content() {
            self.wire.repeat(repeat).await
        } else {
            Continue(())
        }
    }

    /// Waits until it is the client's turn: for the replies that are due, or, when none is, for the gap that
    /// keeps this send and the one before it apart. Where a reply has told that the server has read that one, they are.
    async fn turn(&mut self) -> Flow {
        if self.wire.pacer().due() > 0 || self.gaps == 0 {
            return self.replies().await;
        }
        if self.wire.is_answered() {
            return Continue(());
        }
        self.gaps -= 1;
        self.wire.pause(self.limits.segment_gap).await
    }

    /// Nothing is left but to wait: another session may begin.
    fn rest(&mut self) {
        if let Some(turn) = &mut self.turn {
            turn.rest();
        }
    }

    /// Waits until no reply is due.
    async fn replies(&mut self) -> Flow {
        let limit = self.limits.reply;
        self.wire.read_until(limit, |pacer| pacer.due() == 0).await
    }

    /// Waits until the server ends its side.
    async fn server_end(&mut self, limit: Duration) -> Flow {
        self.wire.read_until(limit, |_| false).await
    }

    async fn half_close(&mut self) -> Flow {
        self.wire.drain()?;
        self.wire.log().push(What::Client(ClientAct::HalfClose));
        self.wire.notify().await?;
        self.wire.shut_down_sending()?;
        self.server_end(self.limits.reply).await
    }

    /// FIN. What has come already is read before: it belongs to the evidence, and closing a socket that holds
    /// unread octets would send RST instead.
    async fn close(&mut self) -> Flow {
        self.let_leave().await?;
        self.wire.drain()?;
        self.wire.log().push(What::Client(ClientAct::Close));
        self.wire.notify().await?;
        self.wire.shut_down_sending()?;
        Break(End::Client(ClientAct::Close))
    }

    /// A server may leave behind a refusal that was one too many: who ends the connection first is not left to chance.
    async fn let_leave(&mut self) -> Flow {
        let pacer = self.wire.pacer();
        if pacer.due() == 0 && pacer.last_code().is_some_and(|code| code >= 500) {
            self.rest();
            self.wire.pause(self.limits.drop).await?;
        }
        Continue(())
    }

    /// RST: the socket is closed, when it is dropped, with a linger time of zero.
    async fn reset(&mut self) -> Flow {
        self.let_leave().await?;
        self.wire.drain()?;
        let linger = SockRef::from(self.wire.stream()).set_linger(Some(Duration::ZERO));
        let act = match linger {
            Ok(()) => ClientAct::Reset,
            // The log says what happened, not what was meant.
            Err(_) => ClientAct::Close,
        };
        self.wire.log().push(What::Client(act));
        Break(End::Client(act))
    }

    /// After the last step: the replies due, then the server's close if it is bound to close, else ours.
    async fn finish(&mut self, conversation: &Conversation) -> Flow {
        self.replies().await?;
        if self.wire.pacer().closing() {
            return self.server_end(self.limits.reply).await;
        }
        let drops = |rule: &HandlerRule| rule.action == HandlerAction::Drop;
        if conversation.handlers.rules.iter().any(drops) {
            // A server may drop with another reply than 421: who closes first is not left to chance.
            self.rest();
            self.wire.pause(self.limits.drop).await?;
        }
        self.close().await
    }

    /// Holds the last reply against `pattern`. Without a reply to the last command there is none to hold, unless
    /// the server said that it was leaving.
    fn expect(&self, pattern: &ReplyPattern, ended: bool) {
        let pacer: &Pacer = self.wire.pacer();
        let unanswered = ended && pacer.due() > 0 && !pacer.closing();
        let got = pacer.last_code().filter(|_| !unanswered);
        self.wire.log().push(What::Expected {
            want: written(pattern),
            got,
            met: got.is_some_and(|code| pattern.matches(code)),
        });
    }
}

/// The pattern as it stands in a conversation: `250`, `4xx 5xx`.
fn written(pattern: &ReplyPattern) -> String {
    let codes: Vec<_> = pattern
        .codes
        .iter()
        .map(|code| String::from_utf8_lossy(code))
        .collect();
    codes.join(" ")
}
