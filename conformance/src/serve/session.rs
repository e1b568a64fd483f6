//! One session: octets from the socket into the receiver, and what the receiver wants done onto the socket.

use std::{future::pending, io, sync::Arc};

use smtpspec_core::receiver::{Output, Receiver};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
    sync::watch,
    time::{Duration, sleep, timeout},
};

use super::{ServeOptions, server::stopping};

/// Octets read at once.
const CHUNK: usize = 16 * 1024;

pub(super) struct Session {
    /// `None` once closed.
    stream: Option<TcpStream>,
    receiver: Receiver,
    options: Arc<ServeOptions>,
    stopped: watch::Receiver<bool>,
    dead: watch::Sender<bool>,
    buffer: Vec<u8>,
    /// The receiver has been told that nothing more will come.
    ended: bool,
}

impl Session {
    pub(super) fn new(
        stream: TcpStream,
        receiver: Receiver,
        options: Arc<ServeOptions>,
        stopped: watch::Receiver<bool>,
        dead: watch::Sender<bool>,
    ) -> Self {
        Self {
            stream: Some(stream),
            receiver,
            options,
            stopped,
            dead,
            buffer: vec![0; CHUNK],
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
                Output::Wait(ms) => sleep(Duration::from_millis(ms)).await,
                Output::Close => self.close().await,
                Output::Die => {
                    self.dead.send_replace(true);
                    // This task does not outlive the server.
                    pending::<()>().await;
                }
            }
        }
    }

    /// Waits for octets, for the end of the connection, for too long, or for the server's shutdown.
    async fn input(&mut self) {
        let Some(stream) = &mut self.stream else {
            return;
        };
        let read = timeout(self.options.idle, stream.read(&mut self.buffer));
        let read = tokio::select! {
            biased;
            () = stopping(&mut self.stopped) => None,
            read = read => Some(read.ok()),
        };
        if let Some(read) = read {
            self.take(read.as_ref());
        } else {
            self.receiver.shut_down();
            self.ended = true;
        }
    }

    /// What a read has brought; `None` when the time was over.
    fn take(&mut self, read: Option<&io::Result<usize>>) {
        self.ended = !matches!(read, Some(Ok(1..)));
        match read {
            None => self.receiver.timed_out(),
            Some(Ok(0)) => self.receiver.input_closed(),
            Some(Ok(n)) => self.receiver.receive(&self.buffer[..*n]),
            Some(Err(_)) => self.receiver.connection_lost(),
        }
    }

    async fn write(&mut self, octets: &[u8]) {
        let Some(stream) = &mut self.stream else {
            return;
        };
        let written = timeout(self.options.write, stream.write_all(octets)).await;
        if !matches!(written, Ok(Ok(()))) {
            self.stream = None;
            self.receiver.connection_lost();
        }
    }

    /// FIN, then reads on for a short time: closing a socket that holds unread octets sends RST, and RST takes
    /// the last reply away from a client that has not read it yet.
    async fn close(&mut self) {
        let Some(mut stream) = self.stream.take() else {
            return;
        };
        let drain = async {
            stream.shutdown().await?;
            while stream.read(&mut self.buffer).await? > 0 {}
            io::Result::Ok(())
        };
        // However it ended, the socket is closed next.
        let _ = timeout(self.options.drain, drain).await;
    }
}
