//! A server under test while it is tested.

use std::{
    future::pending,
    net::{Ipv4Addr, SocketAddr},
    num::NonZeroUsize,
    sync::Arc,
    time::Duration,
};

use smtpspec_core::{conversation::TlsMode, event::Hello, receiver::Config, wire::Protocol};
use tokio::{sync::Semaphore, time::timeout};

use super::{
    EMBEDDED, Scripts, Stage, StartOptions, Target, TargetError, Usage, child::ChildProcess,
    probe::probe,
};
use crate::{
    observe::{EventsSpec, Hub, Observer},
    serve::{self, Hooks, ServeOptions, Server},
};

/// For a process that is ending to be seen to have ended.
const DYING: Duration = Duration::from_millis(500);

/// A server under test that accepts connections. Dropped, it is killed; better is [`Running::stop`].
#[derive(Debug)]
pub struct Running {
    name: String,
    /// How it was started.
    started: Option<(Target, StartOptions)>,
    stage: Stage,
    server: Option<Server>,
    /// The embedded server once more, speaking LMTP.
    lmtp: Option<Server>,
    observer: Option<Observer>,
    child: Option<ChildProcess>,
}

impl Running {
    pub(super) fn embedded(config: &Config, options: &StartOptions) -> Result<Self, TargetError> {
        let hub = Hub::new();
        let events = hub.clone();
        let hooks = Hooks::new(move |record| events.event(record));
        let scripts = Scripts::Registry(hooks.scripts.clone());
        let serve_options = ServeOptions {
            idle: options.idle,
            implicit_tls: options.tls == TlsMode::Implicit,
            ..ServeOptions::default()
        };
        let listen = SocketAddr::from((Ipv4Addr::LOCALHOST, 0));
        let start = |protocol: Protocol| {
            let config = Config {
                protocol,
                ..config.clone()
            };
            let server = Server::start(listen, config, serve_options.clone(), hooks.clone());
            server.map_err(|source| TargetError::Start {
                what: format!("the embedded server ({})", protocol.name()),
                source,
            })
        };
        let server = start(options.protocol)?;
        // Conversations of LMTP's are played in the same run.
        let lmtp = match options.protocol {
            Protocol::Smtp => Some(start(Protocol::Lmtp)?),
            Protocol::Lmtp => None,
        };
        let stage = Stage {
            server: server.address(),
            lmtp: Some(lmtp.as_ref().unwrap_or(&server).address()),
            hello: Some(serve::hello()),
            hub,
            scripts,
            arrivals: None,
            disconnect_limit: None,
            segment_gap: None,
        };
        Ok(Self {
            name: EMBEDDED.to_owned(),
            started: None,
            stage,
            server: Some(server),
            lmtp,
            observer: None,
            child: None,
        })
    }

    pub(super) async fn connect(
        name: &str,
        server: SocketAddr,
        events: Option<&EventsSpec>,
        options: &StartOptions,
    ) -> Result<Self, TargetError> {
        let observer = match events {
            Some(spec) => Some(Observer::open(spec).await?),
            None => None,
        };
        Self::watch(name, server, observer, None, options).await
    }

    /// Waits for the hello, if there is an event stream, and until the server accepts connections.
    pub(super) async fn watch(
        name: &str,
        server: SocketAddr,
        observer: Option<Observer>,
        child: Option<ChildProcess>,
        options: &StartOptions,
    ) -> Result<Self, TargetError> {
        let hub = observer.as_ref().map(|observer| observer.hub().clone());
        let mut running = Self {
            name: name.to_owned(),
            started: None,
            stage: Stage {
                server,
                lmtp: options.protocol.is_lmtp().then_some(server),
                hello: None,
                hub: hub.unwrap_or_default(),
                scripts: Scripts::None,
                arrivals: None,
                disconnect_limit: None,
                segment_gap: None,
            },
            server: None,
            lmtp: None,
            observer,
            child,
        };
        if running.observer.is_some() {
            let hello = running.hello(options.start).await?;
            running.take(hello);
        }
        // A server that we did not start is there or is not.
        let patience = running
            .child
            .as_ref()
            .map_or(Duration::ZERO, |_| options.start);
        let answered = tokio::select! {
            biased;
            error = running.failed() => Err(error),
            result = probe(&running.stage, options.tls, patience) => result.map_err(|source| {
                TargetError::Unreachable { source, output: running.output() }
            }),
        }?;
        // What its own configuration keeps from answering has told why; of another only the run can tell.
        if running.child.is_some() && !answered {
            return Err(TargetError::Silent {
                name: running.name.clone(),
                output: running.output(),
            });
        }
        Ok(running)
    }

    async fn hello(&self, limit: Duration) -> Result<Hello, TargetError> {
        let Some(observer) = &self.observer else {
            return pending().await;
        };
        let hello = async {
            tokio::select! {
                biased;
                hello = observer.hello() => Ok(hello),
                error = self.failed() => Err(error),
            }
        };
        let hello = timeout(limit, hello).await;
        hello.unwrap_or_else(|_| {
            Err(TargetError::NoHello {
                name: self.name.clone(),
                limit,
                output: self.output(),
            })
        })
    }

    /// No more than `backlog` connections at once will be waiting for the server to take them.
    pub(super) fn with_backlog(mut self, backlog: Option<NonZeroUsize>) -> Self {
        let permits = backlog.map(|most| Arc::new(Semaphore::new(most.get())));
        self.stage.arrivals = permits;
        self
    }

    /// OnDisconnect is due after `disconnect`, and segments are `gap` apart, where that is longer than usual.
    pub(super) fn with_times(
        mut self,
        disconnect: Option<Duration>,
        gap: Option<Duration>,
    ) -> Self {
        self.stage.disconnect_limit = disconnect;
        self.stage.segment_gap = gap;
        self
    }

    fn take(&mut self, hello: Hello) {
        if let (true, Some(observer)) = (hello.semantics.scripts, &self.observer) {
            self.stage.scripts = Scripts::Adapter(observer.scripts());
        }
        self.stage.hello = Some(hello);
    }

    /// Its name, as a transcript shows it.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// What sessions need of it.
    pub fn stage(&self) -> &Stage {
        &self.stage
    }

    /// Waits until the target is lost: its process has ended, or its event stream cannot be understood.
    pub async fn failed(&self) -> TargetError {
        tokio::select! {
            biased;
            error = self.died() => error,
            error = self.broken() => error,
        }
    }

    /// Whether [`Running::failed`] has a reason to come to its end already.
    pub fn is_failing(&self) -> bool {
        let broken = self.observer.as_ref().is_some_and(Observer::is_broken);
        let exited = self.child.as_ref().is_some_and(ChildProcess::has_exited);
        let mut servers = self.server.iter().chain(&self.lmtp);
        let died = servers.any(Server::has_died);
        broken || exited || died
    }

    async fn died(&self) -> TargetError {
        let status = match (&self.child, &self.server) {
            (Some(child), _) => {
                let status = child.exited().await;
                child.last_words().await;
                status.to_string()
            }
            (None, Some(server)) => {
                tokio::select! {
                    () = server.died() => {}
                    () = self.lmtp_died() => {}
                }
                "a planted defect".to_owned()
            }
            (None, None) => return pending().await,
        };
        TargetError::Died {
            name: self.name.clone(),
            status,
            output: self.output(),
        }
    }

    async fn lmtp_died(&self) {
        match &self.lmtp {
            Some(server) => server.died().await,
            None => pending().await,
        }
    }

    async fn broken(&self) -> TargetError {
        let Some(observer) = &self.observer else {
            return pending().await;
        };
        let broken = observer.broken().await;
        // A process that dies takes its event stream with it: its death is the better explanation.
        let dying = self.child.as_ref().map_or(Duration::ZERO, |_| DYING);
        let died = timeout(dying, self.died()).await;
        died.unwrap_or(TargetError::BrokenEventStream(broken))
    }

    /// The end of what the target's process has printed.
    pub fn output(&self) -> String {
        self.child
            .as_ref()
            .map(ChildProcess::output)
            .unwrap_or_default()
    }

    /// What its processes hold, where they are ours and can be read. The embedded server shares its process with
    /// its clients: only [`Target::Apart`](super::Target::Apart) can be told from them.
    pub fn usage(&self) -> Option<Usage> {
        self.child.as_ref()?.usage()
    }

    /// Remembers how it was started, to be able to do it again.
    pub(super) fn started(mut self, target: &Target, options: &StartOptions) -> Self {
        self.started = Some((target.clone(), options.clone()));
        self
    }

    /// Starts it anew in the place of the one that has died, at another address. What is left of that one is stopped.
    pub async fn restart(&mut self) -> Result<(), TargetError> {
        let Some((target, options)) = self.started.clone() else {
            return Ok(());
        };
        let old = std::mem::replace(self, Box::pin(target.start(&options)).await?);
        old.stop().await;
        Ok(())
    }

    /// Stops it, if we started it.
    pub async fn stop(self) {
        for server in self.server.into_iter().chain(self.lmtp) {
            server.shut_down().await;
        }
        if let Some(child) = self.child {
            child.stop().await;
        }
    }
}
