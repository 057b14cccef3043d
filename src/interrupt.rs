//! How a run is asked to end: once to finish what is in flight, twice to end now.
//!
//! [`Interruption`] is what the run watches; [`watch_signals`] is what turns signals into it. The two meet in a plain stream
//! of events, so that tests ask without sending signals. The first request to end is graceful: intake stops, requests
//! in flight are answered and kept. The second calls a function that does not come back.

use std::convert::Infallible;
use std::io;

use futures_util::stream::{Stream, StreamExt};
use tokio::sync::watch;

/// The exit code of an interrupted run.
pub const EXIT_INTERRUPTED: u8 = 130;

/// What a run watches to know whether it should end. Clones watch the same request.
#[derive(Debug, Clone)]
pub struct Interruption(watch::Receiver<bool>);

/// The other end of an [`Interruption`]: what asks.
#[derive(Debug)]
pub struct Interrupter(watch::Sender<bool>);

/// A request to end and the way to make it.
#[must_use]
pub fn channel() -> (Interrupter, Interruption) {
    let (sender, receiver) = watch::channel(false);
    (Interrupter(sender), Interruption(receiver))
}

impl Interrupter {
    /// Asks the run to end gracefully. Asking again changes nothing.
    pub fn ask(&self) {
        self.0.send_replace(true);
    }
}

impl Interruption {
    /// One that never comes: for runs that nobody can interrupt.
    #[must_use]
    pub fn never() -> Self {
        channel().1
    }

    /// Whether the run was asked to end.
    #[must_use]
    pub fn is_requested(&self) -> bool {
        *self.0.borrow()
    }

    /// Returns when the run is asked to end; never, if nobody is left who could. Cancel safe.
    pub async fn requested(&self) {
        let mut receiver = self.0.clone();
        if receiver.wait_for(|asked| *asked).await.is_err() {
            std::future::pending::<()>().await;
        }
    }
}

/// Asks on the first of `events`, and calls `end_now` on the second. Returns only when there are no more events.
pub async fn follow(events: impl Stream<Item = ()>, interrupter: Interrupter, end_now: impl FnOnce() -> Infallible) {
    let mut events = std::pin::pin!(events);
    if events.next().await.is_some() {
        tracing::warn!("ending after the requests in flight; interrupt again to end at once");
        interrupter.ask();
        if events.next().await.is_some() {
            match end_now() {}
        }
    }
}

/// Watches SIGINT and SIGTERM (Ctrl-C elsewhere) for the rest of the process, from now on: the first asks, the second exits with [`EXIT_INTERRUPTED`].
///
/// # Errors
/// Whatever the system says when a signal can't be watched.
///
/// # Panics
/// Outside a tokio runtime.
pub fn watch_signals() -> io::Result<Interruption> {
    let events = signals()?;
    let (interrupter, interruption) = channel();
    let end_now = || std::process::exit(i32::from(EXIT_INTERRUPTED));
    tokio::spawn(follow(events, interrupter, end_now));
    Ok(interruption)
}

#[cfg(unix)]
fn signals() -> io::Result<impl Stream<Item = ()>> {
    use tokio::signal::unix::{SignalKind, signal};
    let events = |kind| {
        signal(kind).map(|signal| {
            futures_util::stream::unfold(signal, |mut signal| async move { signal.recv().await.map(|()| ((), signal)) })
                .boxed()
        })
    };
    Ok(futures_util::stream::select(events(SignalKind::interrupt())?, events(SignalKind::terminate())?))
}

#[cfg(not(unix))]
fn signals() -> io::Result<impl Stream<Item = ()>> {
    Ok(futures_util::stream::unfold((), |()| async { tokio::signal::ctrl_c().await.ok().map(|()| ((), ())) }).boxed())
}

#[cfg(test)]
mod tests {
    use futures_util::stream;
    use tokio::sync::mpsc;

    use super::*;

    /// Events that a test sends one by one.
    fn sent() -> (mpsc::UnboundedSender<()>, impl Stream<Item = ()>) {
        let (sender, receiver) = mpsc::unbounded_channel();
        let events = stream::unfold(receiver, |mut events| async move { events.recv().await.map(|()| ((), events)) });
        (sender, events)
    }

    fn not_now() -> Infallible {
        panic!("ended at once")
    }

    #[tokio::test]
    async fn the_first_event_asks_everyone_who_watches() {
        let (interrupter, interruption) = channel();
        let (send, events) = sent();
        let other = interruption.clone();
        let following = tokio::spawn(follow(events, interrupter, not_now));
        assert!(!interruption.is_requested());
        send.send(()).unwrap();
        tokio::join!(interruption.requested(), other.requested());
        assert!(interruption.is_requested() && other.is_requested());
        drop(send);
        following.await.unwrap();
        interruption.requested().await;
    }

    #[tokio::test]
    async fn the_second_event_ends_at_once() {
        let (interrupter, interruption) = channel();
        let (send, events) = sent();
        let following = tokio::spawn(follow(events, interrupter, not_now));
        send.send(()).unwrap();
        interruption.requested().await;
        send.send(()).unwrap();
        assert!(following.await.unwrap_err().is_panic());
    }

    #[tokio::test(start_paused = true)]
    async fn without_an_event_nothing_is_asked() {
        let (interrupter, interruption) = channel();
        follow(stream::empty(), interrupter, not_now).await;
        for interruption in [interruption, Interruption::never()] {
            let day = std::time::Duration::from_hours(24);
            assert!(tokio::time::timeout(day, interruption.requested()).await.is_err());
            assert!(!interruption.is_requested());
        }
    }
}
