//! One session: octets from the socket into the receiver, and what the receiver wants done onto the socket.

use std::{future::pending, io, sync::Arc};

use smtpspec_core::receiver::{Output, Receiver};
use tokio::{
    net::TcpStream,
    sync::watch,
    time::{Duration, sleep, timeout},
};
use tokio_rustls::TlsAcceptor;

use super::{
    ServeOptions,
    patience::{Interrupt, Patience},
    transport::Transport,
};

/// Octets read at once.
const CHUNK: usize = 16 * 1024;

pub(super) struct Session {
    /// `None` once closed.
    stream: Option<Transport>,
    tls: TlsAcceptor,
    receiver: Receiver,
    options: Arc<ServeOptions>,
    patience: Patience,
    dead: watch::Sender<bool>,
    buffer: Vec<u8>,
    /// The receiver has been told that nothing more will come.
    ended: bool,
}

impl Session {
    pub(super) fn new(
        stream: TcpStream,
        tls: TlsAcceptor,
        receiver: Receiver,
        options: Arc<ServeOptions>,
        stopped: watch::Receiver<bool>,
        dead: watch::Sender<bool>,
    ) -> Self {
        Self {
            stream: Some(Transport::Clear(stream)),
            tls,
            receiver,
            patience: Patience::new(stopped),
            options,
            dead,
            buffer: Vec::with_capacity(CHUNK),
            ended: false,
        }
    }

    /// Serves until the session is over and OnDisconnect has fired.
    pub(super) async fn run(mut self) {
        loop {
            self.outputs().await;
            if self.receiver.is_over() {
                return;
            }
            if self.ended || self.stream.is_none() {
                // Nothing more can come: whatever the receiver was waiting for, the session ends here.
                self.receiver.connection_lost();
                self.outputs().await;
                return;
            }
            self.input().await;
        }
    }

    /// Does what the receiver wants done, until it wants input.
    async fn outputs(&mut self) {
        while let Some(output) = self.receiver.next_output() {
            match output {
                Output::Reply(octets) => self.write(&octets).await,
                Output::InClear(octets) => {
                    self.stream = self.stream.take().map(Transport::in_clear);
                    self.write(&octets).await;
                }
                Output::Wait(ms) => sleep(Duration::from_millis(ms)).await,
                Output::StartTls => self.shake_hands().await,
                Output::Close => self.close().await,
                Output::Die => {
                    self.dead.send_replace(true);
                    // This task does not outlive the server.
                    pending::<()>().await;
                }
            }
        }
    }

    /// Does a handshake, and reports what came of it. The client has as much time for it as for a command.
    async fn shake_hands(&mut self) {
        let Some(Transport::Clear(stream)) = self.stream.take() else {
            return self.receiver.handshake_failed();
        };
        let handshake = self.tls.accept(stream).into_fallible();
        match self.patience.wait(self.options.idle, handshake).await {
            Err(Interrupt::Stopped) => self.receiver.shut_down(),
            Err(Interrupt::TooLong) => self.receiver.timed_out(),
            Ok(Ok(stream)) => {
                self.stream = Some(Transport::Tls(Box::new(stream)));
                self.receiver.handshake_done();
            }
            Ok(Err((error, stream))) => {
                // Closed in good order: it may hold what the client has sent in place of a handshake.
                self.stream = Some(Transport::Clear(stream));
                match error.kind() {
                    io::ErrorKind::UnexpectedEof => self.receiver.input_closed(),
                    io::ErrorKind::InvalidData => self.receiver.handshake_failed(),
                    _ => self.receiver.connection_lost(),
                }
            }
        }
    }

    /// Waits for octets, for the end of the connection, for too long, or for the server's shutdown.
    async fn input(&mut self) {
        let Some(stream) = &mut self.stream else {
            return;
        };
        self.buffer.clear();
        let read = stream.read(&mut self.buffer);
        match self.patience.wait(self.options.idle, read).await {
            Ok(read) => self.take(&read),
            Err(interrupt) => {
                self.ended = true;
                match interrupt {
                    Interrupt::Stopped => self.receiver.shut_down(),
                    Interrupt::TooLong => self.receiver.timed_out(),
                }
            }
        }
    }

    /// What a read has brought.
    fn take(&mut self, read: &io::Result<usize>) {
        self.ended = !matches!(read, Ok(1..));
        match read {
            Ok(0) if self.stream.as_ref().is_some_and(Transport::is_tls) => self.notified(),
            Ok(0) => self.receiver.input_closed(),
            Ok(_) => self.receiver.receive(&self.buffer),
            // Inside TLS: FIN without close_notify. What came before is whole.
            Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => {
                self.receiver.input_closed();
            }
            Err(_) => self.receiver.connection_lost(),
        }
    }

    /// The client has sent close_notify.
    fn notified(&mut self) {
        if self.receiver.tls_closed() {
            // A planted defect.
            self.stream = self.stream.take().map(Transport::in_clear);
            self.ended = false;
        }
    }

    async fn write(&mut self, octets: &[u8]) {
        let Some(stream) = &mut self.stream else {
            return;
        };
        let rest = match stream.try_write(octets) {
            // As nearly always: no limit is needed.
            Ok(taken) => &octets[taken..],
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => octets,
            Err(_) => return self.lost(),
        };
        if rest.is_empty() {
            return;
        }
        let written = timeout(self.options.write, stream.write_all(rest)).await;
        if !matches!(written, Ok(Ok(()))) {
            self.lost();
        }
    }

    fn lost(&mut self) {
        self.stream = None;
        self.receiver.connection_lost();
    }

    /// FIN, then reads on for a short time: closing a socket that holds unread octets sends RST, and RST takes
    /// the last reply away from a client that has not read it yet.
    async fn close(&mut self) {
        let Some(mut stream) = self.stream.take() else {
            return;
        };
        let drain = async {
            stream.shut_down().await?;
            stream.drain(&mut self.buffer).await
        };
        // However it ended, the socket is closed next.
        let _ = timeout(self.options.drain, drain).await;
    }
}
