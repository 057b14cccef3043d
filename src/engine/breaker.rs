//! Ends a run against a service that answers no request.
//!
//! A request's own trouble is retry's to judge; whether the *service* is gone shows only over all requests.
//! [`Health`] remembers when anything was last answered, and [`Breaker`], around every attempt, throws the run's
//! [`Halt`] once there was nothing but failures for a stated time. A refusal (credentials, access, region) halts
//! the run at the first one. There is no half-open state: a run that ended this way is run again.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use tokio::time::Instant;

use super::{
    Answer, Batch, CREDENTIALS_UNAVAILABLE, Engine, EngineError, ErrorKind, Halt, MODEL_NOT_READY, ONLY_THROTTLED,
    Profile, UNREACHABLE,
};

/// How long a service may fail before the run ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Patience {
    /// With nothing but failures for this long, the run ends.
    pub silence: Duration,
    /// The same, for a service that could not even be connected to and has answered nothing in this run.
    pub unreachable: Duration,
    /// The same, for a model that is being loaded.
    pub loading: Duration,
    /// Fewer failures than this end nothing, however long they took.
    pub failures: u32,
}

impl Default for Patience {
    /// Two minutes; half a minute for a service that was never reached; ten minutes for a model that is loaded; five failures.
    fn default() -> Self {
        Self {
            silence: Duration::from_mins(2),
            unreachable: Duration::from_secs(30),
            loading: Duration::from_mins(10),
            failures: 5,
        }
    }
}

/// Hints for a run that the breaker ended, in the words of the service's own settings.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Advice {
    /// For a service that failed for too long.
    pub failing: &'static str,
    /// For a service that did nothing but throttle.
    pub throttling: &'static str,
}

impl Default for Advice {
    fn default() -> Self {
        Self {
            failing: "run the same command again when the service answers",
            throttling: "send fewer requests a second, and run the same command again",
        }
    }
}

/// What is known of the service from all requests of a run.
#[derive(Debug)]
pub struct Health {
    patience: Patience,
    record: Mutex<Record>,
}

#[derive(Debug, Default)]
struct Record {
    answered_at: Option<Instant>,
    failing_since: Option<Instant>,
    failures: u32,
    unreachable_only: bool,
}

impl Health {
    /// Of a service before the first request.
    pub fn new(patience: Patience) -> Arc<Self> {
        Arc::new(Self { patience, record: Mutex::default() })
    }

    /// Whether the service has answered any request after `moment`.
    pub fn answered_since(&self, moment: Instant) -> bool {
        self.record().answered_at.is_some_and(|at| at >= moment)
    }

    /// Whether the service has answered any request so lately.
    pub(super) fn answered_within(&self, time: Duration) -> bool {
        self.record().answered_at.is_some_and(|at| at.elapsed() <= time)
    }

    fn answered(&self) {
        *self.record() = Record { answered_at: Some(Instant::now()), ..Record::default() };
    }

    /// Counts a failed attempt; returns for how long everything has failed once that is too long.
    fn failed(&self, error: &EngineError) -> Option<Duration> {
        let now = Instant::now();
        let mut record = self.record();
        let unreachable = error.code.as_deref() == Some(UNREACHABLE);
        record.unreachable_only =
            unreachable && record.answered_at.is_none() && (record.failures == 0 || record.unreachable_only);
        record.failures += 1;
        let since = *record.failing_since.get_or_insert(now);
        let limit = if record.unreachable_only {
            self.patience.unreachable
        } else if error.code.as_deref() == Some(MODEL_NOT_READY) {
            self.patience.loading
        } else {
            self.patience.silence
        };
        let lasted = now.saturating_duration_since(since);
        (lasted >= limit && record.failures >= self.patience.failures).then_some(lasted)
    }

    fn record(&self) -> std::sync::MutexGuard<'_, Record> {
        // A record is whole after every statement, so one left by a panic is as good as any.
        self.record.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Watches every attempt and halts the run when sending more is pointless.
#[derive(Debug)]
pub struct Breaker<E> {
    inner: E,
    health: Arc<Health>,
    halt: Halt,
    advice: Advice,
}

impl<E: Engine> Breaker<E> {
    /// Watches `inner`, notes what it sees in `health`, and throws `halt`.
    pub fn new(inner: E, health: Arc<Health>, halt: Halt, advice: Advice) -> Self {
        Self { inner, health, halt, advice }
    }

    fn judge(&self, error: EngineError) -> EngineError {
        match error.kind {
            ErrorKind::Refused => {
                self.halt.refuse(error.clone());
                error
            }
            ErrorKind::Rejected => {
                self.health.answered();
                error
            }
            ErrorKind::Throttled | ErrorKind::Transient => match self.health.failed(&error) {
                None => error,
                Some(lasted) => {
                    let refusal = opened(error, lasted, self.advice);
                    self.halt.refuse(refusal.clone());
                    refusal
                }
            },
        }
    }
}

/// The refusal that ends the run after `last`, the last of nothing but failures.
fn opened(last: EngineError, lasted: Duration, advice: Advice) -> EngineError {
    let message = format!(
        "the service has answered nothing but failures for {:.0} s, the last one: {} ({})",
        lasted.as_secs_f64(),
        last.message,
        last.reason()
    );
    let refusal = EngineError::new(ErrorKind::Refused, message);
    match last.code.as_deref() {
        // A request that was never sent has a hint of its own.
        Some(UNREACHABLE | CREDENTIALS_UNAVAILABLE) => EngineError { code: last.code, hint: last.hint, ..refusal },
        _ if last.kind == ErrorKind::Throttled => refusal.with_code(ONLY_THROTTLED).with_hint(advice.throttling),
        _ => refusal.with_code("circuit_open").with_hint(advice.failing),
    }
}

#[async_trait]
impl<E: Engine> Engine for Breaker<E> {
    fn profile(&self) -> &Profile {
        self.inner.profile()
    }

    async fn score(&self, batch: &Batch) -> Result<Vec<Answer>, EngineError> {
        self.halt.check()?;
        match self.inner.score(batch).await {
            Ok(answers) => {
                self.health.answered();
                Ok(answers)
            }
            Err(error) => Err(self.judge(error)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::HaltReason;
    use crate::engine::script::{Script, Step, batch};
    use crate::exit::Stops as _;

    fn breaker(steps: impl IntoIterator<Item = Step>) -> (Breaker<Script>, Halt) {
        let halt = Halt::new();
        (Breaker::new(Script::new(steps), Health::new(Patience::default()), halt.clone(), Advice::default()), halt)
    }

    async fn attempt_every(breaker: &Breaker<Script>, pause: Duration, times: usize) -> Vec<ErrorKind> {
        let mut kinds = Vec::new();
        for _ in 0..times {
            if let Err(error) = breaker.score(&batch(1)).await {
                kinds.push(error.kind);
            }
            tokio::time::sleep(pause).await;
        }
        kinds
    }

    #[tokio::test(start_paused = true)]
    async fn two_minutes_of_nothing_but_failures_end_the_run() {
        let (breaker, halt) = breaker([Step::Fault, Step::Throttle]);
        // At 0, 20, … 100 s it is patient; at 120 s it is not, and the next one is not even sent.
        let kinds = attempt_every(&breaker, Duration::from_secs(20), 8).await;
        assert!(kinds[..6].iter().all(|kind| *kind != ErrorKind::Refused));
        assert_eq!(kinds[6..], [ErrorKind::Refused, ErrorKind::Refused]);
        assert_eq!(breaker.inner.requests(), 7);
        let Some(HaltReason::Refused(error)) = halt.reason() else { panic!("must be refused") };
        assert_eq!((error.reason(), error.hint()), (ONLY_THROTTLED, Some(Advice::default().throttling.to_owned())));
        assert!(error.message.contains("120 s") && error.message.contains("ThrottlingException"), "{}", error.message);
    }

    #[tokio::test(start_paused = true)]
    async fn one_answer_in_between_starts_the_time_again() {
        let steps = [Step::Fault, Step::Fault, Step::Fault, Step::Answer, Step::Fault];
        let (breaker, halt) = breaker(steps);
        attempt_every(&breaker, Duration::from_secs(30), 8).await;
        assert_eq!(halt.reason(), None);
        attempt_every(&breaker, Duration::from_secs(30), 1).await;
        assert!(halt.reason().is_some(), "the failures from 120 s on have lasted until 240 s");
    }

    #[tokio::test(start_paused = true)]
    async fn a_few_failures_far_apart_end_nothing_and_a_rejection_counts_as_an_answer() {
        let (sparse, halt) = breaker([Step::Fault]);
        attempt_every(&sparse, Duration::from_mins(10), 4).await;
        assert_eq!(halt.reason(), None);
        let (rejecting, halt) = breaker([Step::Reject("InvalidRequestException")]);
        attempt_every(&rejecting, Duration::from_mins(10), 20).await;
        assert_eq!(halt.reason(), None);
    }

    #[tokio::test(start_paused = true)]
    async fn a_refusal_ends_the_run_at_once() {
        let (breaker, halt) = breaker([Step::Refuse]);
        assert_eq!(attempt_every(&breaker, Duration::ZERO, 3).await, [ErrorKind::Refused; 3]);
        assert_eq!(breaker.inner.requests(), 1);
        assert!(matches!(halt.reason(), Some(HaltReason::Refused(error)) if error.reason() == "AccessDeniedException"));
    }
}
