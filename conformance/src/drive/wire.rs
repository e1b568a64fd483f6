//! A client's socket: every octet that passes goes to the log and to the pacer.

use std::{
    io::{self, ErrorKind, Read},
    net::Shutdown,
    ops::ControlFlow::{Break, Continue},
};

use smtpspec_core::{
    model::Pacer,
    repeat::Repeat,
    transcript::{ClientAct, Handshake, ServerEnd, What},
    wire::Protocol,
};
use socket2::SockRef;
use tokio::{
    io::{AsyncReadExt, Interest},
    net::TcpStream,
    sync::OwnedSemaphorePermit,
    task::yield_now,
    time::{Duration, Instant, timeout_at},
};

use super::{
    Limits,
    client::{End, Flow},
    tls::{Tls, is_record},
};
use crate::record::Log;

/// Octets read at once.
const CHUNK: usize = 16 * 1024;

/// Octets of repeated lines written at once, unless the lines themselves are longer.
const BLOCK: usize = 64 * 1024;

/// Why no TLS came about, and how the server ended the connection, if it did.
type Failure = (String, Option<ServerEnd>);

pub(super) struct Wire<'a> {
    stream: TcpStream,
    log: &'a Log,
    limits: &'a Limits,
    pacer: Pacer,
    buffer: Vec<u8>,
    received: usize,
    /// What had been received when the last line was sent; `None` where less or more than a line was sent last.
    line_sent_at: Option<usize>,
    /// Held until the server has said something: then it has taken the connection.
    arriving: Option<OwnedSemaphorePermit>,
    /// A handshake has begun.
    tls: Option<Tls>,
}

impl<'a> Wire<'a> {
    pub(super) fn new(
        stream: TcpStream,
        log: &'a Log,
        limits: &'a Limits,
        arriving: Option<OwnedSemaphorePermit>,
        protocol: Protocol,
    ) -> Self {
        Self {
            stream,
            log,
            limits,
            pacer: Pacer::speaking(protocol),
            buffer: vec![0; CHUNK],
            received: 0,
            line_sent_at: None,
            arriving,
            tls: None,
        }
    }

    pub(super) fn log(&self) -> &'a Log {
        self.log
    }

    pub(super) fn pacer(&self) -> &Pacer {
        &self.pacer
    }

    pub(super) fn stream(&self) -> &TcpStream {
        &self.stream
    }

    /// Reads until `done` holds. Each reply may take `limit`; an octet now and then does not prolong it.
    pub(super) async fn read_until(
        &mut self,
        limit: Duration,
        done: impl Fn(&Pacer) -> bool,
    ) -> Flow {
        let mut deadline = Instant::now() + limit;
        let mut due = self.pacer.due();
        while !done(&self.pacer) {
            if !self.read(deadline).await? {
                return self.client(ClientAct::GaveUp);
            }
            if self.pacer.due() < due {
                deadline = Instant::now() + limit;
            }
            due = self.pacer.due();
        }
        Continue(())
    }

    /// Does nothing but read for `time`.
    pub(super) async fn pause(&mut self, time: Duration) -> Flow {
        let deadline = Instant::now() + time;
        while self.read(deadline).await? {}
        Continue(())
    }

    /// Writes one segment. Reads when the server does not take it: it may itself wait for its replies to be read.
    pub(super) async fn write(&mut self, segment: &[u8]) -> Flow {
        // A server that has left is not spoken to; but what comes in clear behind a close_notify is said at once.
        if !self.is_notified() {
            self.drain()?;
        }
        self.log.push(What::Sent(segment.into()));
        self.line_sent_at = segment.ends_with(b"\n").then_some(self.received);
        self.hand_over(segment, &mut 0).await
    }

    /// Whether something has been received since a whole line was sent last: where no reply is due, all that was sent has
    /// been read.
    pub(super) fn is_answered(&self) -> bool {
        self.line_sent_at
            .is_some_and(|before| self.received > before)
    }

    /// Writes `repeat` in blocks that are made once. Its one entry grows with each block, before the write; when the
    /// connection ends in the middle, it says at last what the system took.
    pub(super) async fn repeat(&mut self, repeat: &Repeat) -> Flow {
        self.line_sent_at = None;
        let lines = repeat.lines();
        let most = repeat.times().min((BLOCK / lines.len()).max(1) as u64);
        let block = lines.repeat(usize::try_from(most).unwrap_or(1));
        let mut entry = None;
        let mut times = 0;
        while times < repeat.times() {
            let now = most.min(repeat.times() - times);
            let octets = &block[..lines.len() * usize::try_from(now).unwrap_or(1)];
            let mut taken = 0;
            let mut flow = self.drain();
            if flow.is_continue() {
                entry = self.grow(entry, repeat, times + now);
                flow = self.hand_over(octets, &mut taken).await;
            }
            if flow.is_break() {
                self.cut_short(entry, repeat, times * lines.len() as u64 + taken as u64);
                return flow;
            }
            times += now;
            // A server in this process needs its turn too.
            yield_now().await;
        }
        Continue(())
    }

    /// Logs that `repeat` has been written `times` times, the last of them perhaps not yet in full.
    fn grow(&self, entry: Option<usize>, repeat: &Repeat, times: u64) -> Option<usize> {
        let what = repeat.fewer(times).map(What::Repeated);
        match entry {
            None => what.and_then(|what| self.log.begin(what)),
            Some(begun) => {
                self.log.amend(begun, what);
                entry
            }
        }
    }

    /// Logs that no more than `octets` of `repeat` were written: the whole repetitions, and the part of one more.
    fn cut_short(&self, entry: Option<usize>, repeat: &Repeat, octets: u64) {
        let len = repeat.lines().len() as u64;
        let part = usize::try_from(octets % len).unwrap_or(0);
        let whole = repeat.fewer(octets / len).map(What::Repeated);
        let part = (part > 0).then(|| What::Sent(repeat.lines()[..part].into()));
        if let Some(entry) = entry {
            self.log.amend(entry, whole.into_iter().chain(part));
        }
    }

    /// Hands `octets` to the system, and says in `taken` how many it took.
    async fn hand_over(&mut self, octets: &[u8], taken: &mut usize) -> Flow {
        if !self.is_notified() {
            self.pacer.sent(octets);
        }
        let Some(tls) = &mut self.tls else {
            return self.put(octets, taken).await;
        };
        let sealed = tls.seal(octets);
        self.put(&sealed, &mut 0).await?;
        *taken = octets.len();
        Continue(())
    }

    /// Hands octets of the wire to the system, and says in `taken` how many it took.
    async fn put(&mut self, octets: &[u8], taken: &mut usize) -> Flow {
        let deadline = Instant::now() + self.limits.reply;
        while *taken < octets.len() {
            match self.stream.try_write(&octets[*taken..]) {
                Ok(n) => *taken += n,
                Err(error) if error.kind() == ErrorKind::WouldBlock => {
                    self.ready(deadline).await?;
                }
                Err(_) => return self.lost(),
            }
        }
        Continue(())
    }

    /// Takes what has come, without waiting. Asks the system itself: the runtime's idea of what is readable
    /// may be a moment old.
    pub(super) fn drain(&mut self) -> Flow {
        loop {
            let result = (&*SockRef::from(&self.stream)).read(&mut self.buffer);
            match result {
                Err(error) if error.kind() == ErrorKind::WouldBlock => return Continue(()),
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                result => self.take(&result)?,
            }
        }
    }

    /// Sends FIN.
    pub(super) fn shut_down_sending(&mut self) -> Flow {
        match SockRef::from(&self.stream).shutdown(Shutdown::Write) {
            Ok(()) => Continue(()),
            Err(_) => self.lost(),
        }
    }

    /// Reads once; `false` when nothing came before `deadline`.
    async fn read(&mut self, deadline: Instant) -> Flow<bool> {
        // Where octets are always there to be read, the timer alone would never be asked.
        if Instant::now() >= deadline {
            return Continue(false);
        }
        match timeout_at(deadline, self.stream.read(&mut self.buffer)).await {
            Err(_) => Continue(false),
            Ok(result) => {
                self.take(&result)?;
                Continue(true)
            }
        }
    }

    /// Waits until the socket can be written to, and reads what comes meanwhile.
    async fn ready(&mut self, deadline: Instant) -> Flow {
        let interest = Interest::READABLE | Interest::WRITABLE;
        match timeout_at(deadline, self.stream.ready(interest)).await {
            Err(_) => self.client(ClientAct::GaveUp),
            Ok(Err(_)) => self.lost(),
            Ok(Ok(ready)) if ready.is_readable() => {
                // Through the runtime, so that it learns when there is nothing more to read.
                match self.stream.try_read(&mut self.buffer) {
                    Err(error) if error.kind() == ErrorKind::WouldBlock => Continue(()),
                    result => self.take(&result),
                }
            }
            Ok(Ok(_)) => Continue(()),
        }
    }

    /// What a read has brought: octets in `buffer`, the end, or an error.
    fn take(&mut self, result: &io::Result<usize>) -> Flow {
        self.arriving = None;
        let n = match *result {
            Ok(0) => return self.server(ServerEnd::Close),
            Ok(n) => n,
            Err(_) => return self.server(ServerEnd::Reset),
        };
        self.received += n;
        match &mut self.tls {
            None => {
                let octets = &self.buffer[..n];
                self.log.push(What::Received(octets.into()));
                self.pacer.received(octets);
            }
            Some(tls) => {
                let fed = tls.feed(&self.buffer[..n]);
                self.heard(&fed.plain);
                if let Some(why) = fed.broken {
                    return self.broken(why, n);
                }
                // Behind a close_notify of its own the client looks for what comes in clear.
                if fed.closed && !self.is_notified() {
                    return self.server(ServerEnd::Close);
                }
            }
        }
        if self.received > self.limits.max_received {
            return self.client(ClientAct::Overflow);
        }
        Continue(())
    }

    /// TLS has broken over the last `n` octets. What was said in clear is heard; only a server that says goodbye in it is
    /// waited for.
    fn broken(&mut self, why: String, n: usize) -> Flow {
        self.log.push(What::Handshake(Handshake::Failed(why)));
        let octets = self.buffer[..n].to_vec();
        if !is_record(&octets) {
            self.heard(&octets);
        }
        if self.pacer.closing() {
            return Continue(());
        }
        self.client(ClientAct::Close)
    }

    fn heard(&mut self, octets: &[u8]) {
        if !octets.is_empty() {
            self.log.push(What::Received(octets.into()));
            self.pacer.received(octets);
        }
    }

    /// Whether a handshake was finished.
    pub(super) fn is_secured(&self) -> bool {
        self.pacer.is_secured()
    }

    fn is_notified(&self) -> bool {
        self.tls.as_ref().is_some_and(Tls::is_notified)
    }

    /// Inside TLS, sends close_notify, once.
    pub(super) async fn notify(&mut self) -> Flow {
        let Some(tls) = self.tls.as_mut().filter(|_| self.pacer.is_secured()) else {
            return Continue(());
        };
        let notify = tls.notify();
        self.put(&notify, &mut 0).await
    }

    /// Sends the first half of a ClientHello.
    pub(super) async fn begin_handshake(&mut self) -> Flow {
        self.line_sent_at = None;
        self.drain()?;
        let hello = match self.new_tls() {
            Ok(mut tls) => tls.outgoing(),
            Err(why) => {
                self.log.push(What::Handshake(Handshake::Failed(why)));
                return self.client(ClientAct::Close);
            }
        };
        let half = &hello[..hello.len() / 2];
        self.log.push(What::Handshake(Handshake::Half));
        self.log.push(What::Sent(half.into()));
        self.pacer.sent(half);
        self.put(half, &mut 0).await
    }

    fn new_tls(&self) -> Result<Tls, String> {
        let server = self.stream.peer_addr().map_err(|error| error.to_string())?;
        Tls::new(server.ip()).map_err(|error| error.to_string())
    }

    /// Does a handshake, and says whether it was done. What the server says in clear meanwhile is heard.
    pub(super) async fn shake_hands(&mut self, limit: Duration) -> Flow<bool> {
        self.line_sent_at = None;
        self.drain()?;
        match self.handshake(limit).await? {
            Ok(()) => Continue(true),
            Err((why, end)) => {
                self.log.push(What::Handshake(Handshake::Failed(why)));
                self.tls = None;
                match end {
                    Some(end) => self.server(end).map_continue(|()| false),
                    None => Continue(false),
                }
            }
        }
    }

    async fn handshake(&mut self, limit: Duration) -> Flow<Result<(), Failure>> {
        let deadline = Instant::now() + limit;
        let mut tls = match self.new_tls() {
            Ok(tls) => tls,
            Err(why) => return Continue(Err((why, None))),
        };
        loop {
            self.put(&tls.outgoing(), &mut 0).await?;
            let octets = match self.read_raw(deadline).await {
                Ok(octets) => octets,
                Err(failure) => return Continue(Err(failure)),
            };
            let fed = tls.feed(&octets);
            if let Some(why) = fed.broken {
                // The alert, if there is one, is the last word.
                self.put(&tls.outgoing(), &mut 0).await?;
                return Continue(Err(self.what_failed(why, &octets)));
            }
            if !tls.is_handshaking() {
                self.put(&tls.outgoing(), &mut 0).await?;
                self.log.push(What::Handshake(tls.done()));
                self.pacer.secured();
                self.tls = Some(tls);
                self.heard(&fed.plain);
                return Continue(Ok(()));
            }
        }
    }

    /// Octets as they came over the wire.
    async fn read_raw(&mut self, deadline: Instant) -> Result<Vec<u8>, Failure> {
        let closed = || "the server closed the connection".to_owned();
        match timeout_at(deadline, self.stream.read(&mut self.buffer)).await {
            Err(_) => Err(("nothing came within the limit".to_owned(), None)),
            Ok(Ok(0)) => Err((closed(), Some(ServerEnd::Close))),
            Ok(Err(error)) => Err((error.to_string(), Some(ServerEnd::Reset))),
            Ok(Ok(n)) => {
                self.arriving = None;
                self.received += n;
                Ok(self.buffer[..n].to_vec())
            }
        }
    }

    /// Octets that are no TLS are what the server says in clear.
    fn what_failed(&mut self, why: String, octets: &[u8]) -> Failure {
        if is_record(octets) {
            return (why, None);
        }
        self.heard(octets);
        ("the server went on in clear".to_owned(), None)
    }

    /// The system says that the connection is gone. What the server said before is still there to be read.
    fn lost(&mut self) -> Flow {
        self.drain()?;
        self.server(ServerEnd::Reset)
    }

    fn server(&self, end: ServerEnd) -> Flow {
        self.log.push(What::Server(end));
        Break(End::Server(end))
    }

    fn client(&self, act: ClientAct) -> Flow {
        self.log.push(What::Client(act));
        Break(End::Client(act))
    }
}
