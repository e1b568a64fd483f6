//! How long a session waits, and what else may end its waiting: one timer and one ear for the whole session, because to
//! make them anew for each command costs more than the command.

use std::{
    future::{Future, poll_fn},
    pin::{Pin, pin},
    task::{Context, Poll},
};

use tokio::{
    sync::watch,
    time::{Duration, Instant, Sleep, sleep_until},
};

use super::server::stopping;

/// Why a session does not wait any more.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Interrupt {
    /// The server shuts down.
    Stopped,
    /// What it waits for has taken too long.
    TooLong,
}

/// A session's timer, and its ear for the server's shutdown.
pub(super) struct Patience {
    stopped: watch::Receiver<bool>,
    /// Comes to its end when the server shuts down.
    stopping: Pin<Box<dyn Future<Output = ()> + Send>>,
    /// Set when something is waited for that does not come at once. It may go off early, and is then set anew.
    timer: Option<Pin<Box<Sleep>>>,
}

impl Patience {
    pub(super) fn new(stopped: watch::Receiver<bool>) -> Self {
        let mut heard = stopped.clone();
        Self {
            stopped,
            stopping: Box::pin(async move { stopping(&mut heard).await }),
            timer: None,
        }
    }

    /// Waits for `event` no longer than `limit`.
    pub(super) async fn wait<T>(
        &mut self,
        limit: Duration,
        event: impl Future<Output = T>,
    ) -> Result<T, Interrupt> {
        // A client that always has something to say does not keep the server from shutting down.
        if self.stopped.has_changed().unwrap_or(true) {
            return Err(Interrupt::Stopped);
        }
        let mut event = pin!(event);
        let mut deadline = None;
        poll_fn(|context| {
            if let Poll::Ready(event) = event.as_mut().poll(context) {
                return Poll::Ready(Ok(event));
            }
            if self.stopping.as_mut().poll(context).is_ready() {
                return Poll::Ready(Err(Interrupt::Stopped));
            }
            let deadline = *deadline.get_or_insert_with(|| Instant::now() + limit);
            self.poll_until(deadline, context)
                .map(|()| Err(Interrupt::TooLong))
        })
        .await
    }

    fn poll_until(&mut self, deadline: Instant, context: &mut Context<'_>) -> Poll<()> {
        let timer = self
            .timer
            .get_or_insert_with(|| Box::pin(sleep_until(deadline)));
        if timer.deadline() > deadline {
            timer.as_mut().reset(deadline);
        }
        loop {
            match timer.as_mut().poll(context) {
                Poll::Pending => return Poll::Pending,
                Poll::Ready(()) if timer.deadline() >= deadline => return Poll::Ready(()),
                // It was set for something that has come since.
                Poll::Ready(()) => timer.as_mut().reset(deadline),
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::future::{pending, ready};

    use pretty_assertions::assert_eq;
    use tokio::time::sleep;

    use super::*;

    const SHORT: Duration = Duration::from_millis(40);
    const LONG: Duration = Duration::from_mins(1);

    fn patience() -> (watch::Sender<bool>, Patience) {
        let (stop, stopped) = watch::channel(false);
        (stop, Patience::new(stopped))
    }

    #[tokio::test]
    async fn each_wait_has_its_own_limit() {
        let (_stop, mut patience) = patience();
        let begun = Instant::now();
        assert_eq!(patience.wait(LONG, ready(1)).await, Ok(1));
        let waits = patience.wait(LONG, sleep(SHORT / 2)).await;
        assert_eq!(waits, Ok(()));
        let waits = patience.wait(SHORT, pending::<()>()).await;
        assert_eq!(waits, Err(Interrupt::TooLong));
        let waits = patience.wait(2 * SHORT, pending::<()>()).await;
        assert_eq!(waits, Err(Interrupt::TooLong));
        let took = begun.elapsed();
        assert!(took >= 3 * SHORT, "{took:?}");
        assert!(took < LONG / 10, "{took:?}");
    }

    #[tokio::test]
    async fn a_wait_that_goes_on_is_not_cut_short_by_the_one_before() {
        let (_stop, mut patience) = patience();
        assert_eq!(patience.wait(SHORT, sleep(SHORT / 2)).await, Ok(()));
        assert_eq!(patience.wait(LONG, sleep(2 * SHORT)).await, Ok(()));
    }

    #[tokio::test]
    async fn a_shutdown_ends_every_wait() {
        let (stop, mut patience) = patience();
        let stops = async {
            sleep(SHORT).await;
            stop.send_replace(true);
        };
        let (waited, ()) = tokio::join!(patience.wait(LONG, pending::<()>()), stops);
        assert_eq!(waited, Err(Interrupt::Stopped));
        assert_eq!(
            patience.wait(LONG, ready(())).await,
            Err(Interrupt::Stopped)
        );
    }

    #[tokio::test]
    async fn a_server_that_is_gone_has_stopped() {
        let (stop, mut patience) = patience();
        drop(stop);
        assert_eq!(
            patience.wait(LONG, pending::<()>()).await,
            Err(Interrupt::Stopped)
        );
    }
}
