//! The switch that ends a run early.
//!
//! A signal, a refusal by the service or the breaker throws it; the first reason stands. Pace and retry then give up
//! their waiting, the batcher takes no more input, and requests that are already on their way finish, because they are
//! being paid for. Refuses to cancel anything itself: whatever waits before a request must wait for the switch too.

use std::sync::Arc;

use tokio::sync::watch;

use super::{EngineError, ErrorKind};

/// Why no further request may start.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum HaltReason {
    /// The run was asked to stop.
    Stopped,
    /// The service will answer nothing more in this run.
    Refused(EngineError),
}

/// A switch that all parts of one run share. Clones are the same switch.
#[derive(Debug, Clone)]
pub struct Halt {
    reason: Arc<watch::Sender<Option<HaltReason>>>,
}

impl Default for Halt {
    fn default() -> Self {
        Self { reason: Arc::new(watch::Sender::new(None)) }
    }
}

impl Halt {
    /// A switch that is not thrown.
    pub fn new() -> Self {
        Self::default()
    }

    /// Stops the run: what is on its way finishes, nothing new starts.
    pub fn stop(&self) {
        self.throw(HaltReason::Stopped);
    }

    /// Ends the run because of `error`.
    pub fn refuse(&self, error: EngineError) {
        self.throw(HaltReason::Refused(error));
    }

    /// Why the run was halted, if it was.
    pub fn reason(&self) -> Option<HaltReason> {
        self.reason.borrow().clone()
    }

    /// Fails if no request may start any more.
    ///
    /// # Errors
    /// The refusal that ended the run, or one with the code `stopped`.
    pub fn check(&self) -> Result<(), EngineError> {
        self.reason.borrow().as_ref().map_or(Ok(()), |reason| Err(reason.to_error()))
    }

    /// Waits until the run is halted. Cancel safe.
    pub async fn halted(&self) -> HaltReason {
        let mut watched = self.reason.subscribe();
        loop {
            if let Some(reason) = watched.borrow_and_update().clone() {
                return reason;
            }
            if watched.changed().await.is_err() {
                // Unreachable: the sender is gone only after self, which holds it.
                return std::future::pending().await;
            }
        }
    }

    fn throw(&self, reason: HaltReason) {
        self.reason.send_if_modified(|current| {
            let first = current.is_none();
            if first {
                *current = Some(reason);
            }
            first
        });
    }
}

impl HaltReason {
    /// The error of a request that may no longer start.
    pub fn to_error(&self) -> EngineError {
        match self {
            Self::Stopped => EngineError::new(ErrorKind::Refused, "the run was asked to stop").with_code("stopped"),
            Self::Refused(error) => error.clone(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn the_first_reason_stands_and_wakes_whoever_waits() {
        let halt = Halt::new();
        assert!(halt.check().is_ok());
        let waiting = tokio::spawn({
            let halt = halt.clone();
            async move { halt.halted().await }
        });
        tokio::task::yield_now().await;
        let refusal = EngineError::new(ErrorKind::Refused, "no").with_code("AccessDeniedException");
        halt.refuse(refusal.clone());
        halt.stop();
        assert_eq!(waiting.await.unwrap(), HaltReason::Refused(refusal.clone()));
        assert_eq!(halt.check(), Err(refusal));
    }
}
