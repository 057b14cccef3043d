//! Ends a run on a signal: on the first one after the requests in flight, on the second at once.
//!
//! Signals come as a plain stream of events, so that tests need none. The first one throws the run's [`Halt`]; the
//! second calls a function that does not return.

use std::convert::Infallible;
use std::io;

use futures_util::stream::{Stream, StreamExt};

use crate::engine::Halt;
use crate::exit::ExitCode;

/// Watches SIGINT and SIGTERM (Ctrl-C elsewhere) for the rest of the process: the first one stops the run that `halt`
/// ends, the second exits with [`ExitCode::Interrupted`]. Once a process is enough.
///
/// # Errors
/// When the system can't watch signals.
///
/// # Panics
/// Outside a tokio runtime.
pub fn stop_on_signals(halt: Halt) -> io::Result<()> {
    let end_now = || std::process::exit(i32::from(ExitCode::Interrupted.number()));
    tokio::spawn(follow(signals()?, halt, end_now));
    Ok(())
}

/// Throws `halt` on the first of `events`, and calls `end_now` on the second.
async fn follow(events: impl Stream<Item = ()>, halt: Halt, end_now: impl FnOnce() -> Infallible) {
    let mut events = std::pin::pin!(events);
    if events.next().await.is_some() {
        tracing::warn!("ending after the requests in flight; interrupt again to end at once");
        halt.stop();
        if events.next().await.is_some() {
            match end_now() {}
        }
    }
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
    use crate::engine::HaltReason;

    /// Events that a test sends one by one.
    fn sent() -> (mpsc::UnboundedSender<()>, impl Stream<Item = ()>) {
        let (sender, receiver) = mpsc::unbounded_channel();
        let events = stream::unfold(receiver, |mut events| async move { events.recv().await.map(|()| ((), events)) });
        (sender, events)
    }

    #[tokio::test]
    async fn the_first_event_stops_the_run_and_the_second_ends_at_once() {
        let halt = Halt::new();
        let (send, events) = sent();
        let following = tokio::spawn(follow(events, halt.clone(), || panic!("ended at once")));
        tokio::task::yield_now().await;
        assert_eq!(halt.reason(), None);
        send.send(()).unwrap();
        assert_eq!(halt.halted().await, HaltReason::Stopped);
        assert!(!following.is_finished());
        send.send(()).unwrap();
        assert!(following.await.unwrap_err().is_panic());
    }

    #[tokio::test]
    async fn without_an_event_nothing_stops() {
        let halt = Halt::new();
        follow(stream::empty(), halt.clone(), || panic!("ended at once")).await;
        assert_eq!(halt.reason(), None);
    }
}
