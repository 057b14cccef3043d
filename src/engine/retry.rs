//! Sends a request again when that may help, and only then.
//!
//! *Whether* is the error's kind; *when* is exponential back-off with full jitter; *how often* is capped in
//! attempts and in elapsed time. Throttling is no fault of the request, so only elapsed time ends it. A fault counts
//! against a request only while the service answers others: when it answers none, the breaker decides. Stands outside
//! pace, so every attempt takes its turn and nothing is held while waiting. Refuses to judge documents: those that
//! failed inside an answered request are the caller's.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use tokio::time::Instant;

use super::breaker::Health;
use super::{Answer, Batch, Engine, EngineError, ErrorKind, Halt, Meter, Profile};

/// How long and how often one request is tried.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RetryPolicy {
    /// Attempts that may end in a transient fault before the request is given up.
    pub attempts: u32,
    /// Time after the first attempt's start at which the request is given up, whatever failed.
    pub elapsed: Duration,
    /// The longest wait after the first failure; it doubles with each further one.
    pub base: Duration,
    /// No wait is longer than this.
    pub longest: Duration,
    /// No wait is longer than this after throttling, or while the service answers others: pace slows all requests
    /// down alike, and one that failed often must not still wait when all others are done.
    pub longest_serving: Duration,
}

impl Default for RetryPolicy {
    /// 8 attempts, 5 minutes, waits of up to 0.2 s at first and never over 20 s, 2 s while the service answers others.
    fn default() -> Self {
        Self {
            attempts: 8,
            elapsed: Duration::from_mins(5),
            base: Duration::from_millis(200),
            longest: Duration::from_secs(20),
            longest_serving: Duration::from_secs(2),
        }
    }
}

impl RetryPolicy {
    /// The wait after so many failures: uniform over the whole of an exponentially growing window (full jitter).
    fn wait(&self, is_serving: bool, failures: u32, jitter: f64) -> Duration {
        let longest = if is_serving { self.longest_serving } else { self.longest };
        let doublings = failures.saturating_sub(1).min(30);
        self.base.saturating_mul(1 << doublings).min(longest).mul_f64(jitter.clamp(0.0, 1.0))
    }
}

/// A service that has answered any request within this time is serving.
const LATELY: Duration = Duration::from_secs(5);

/// Where jitter comes from: a number in [0, 1) at each call.
type Jitter = Box<dyn Fn() -> f64 + Send + Sync>;

/// Tries an engine's requests again.
pub struct Retrying<E> {
    inner: E,
    policy: RetryPolicy,
    health: Arc<Health>,
    meter: Arc<Meter>,
    halt: Halt,
    jitter: Jitter,
}

impl<E: Engine> Retrying<E> {
    /// Tries requests to `inner` by `policy`, with jitter from the thread's generator.
    pub fn new(inner: E, policy: RetryPolicy, health: Arc<Health>, meter: Arc<Meter>, halt: Halt) -> Self {
        Self { inner, policy, health, meter, halt, jitter: Box::new(fastrand::f64) }
    }

    /// The same with a source of jitter that a test controls.
    #[cfg(test)]
    pub(super) fn with_jitter(mut self, jitter: Jitter) -> Self {
        self.jitter = jitter;
        self
    }

    /// Waits before the next attempt; fails if the run was halted.
    async fn pause(&self, wait: Duration) -> Result<(), EngineError> {
        tokio::select! {
            biased;
            reason = self.halt.halted() => Err(reason.to_error()),
            () = tokio::time::sleep(wait) => Ok(()),
        }
    }
}

/// What became of one request so far.
struct Attempts {
    began: Instant,
    attempts: u32,
    faults: u32,
}

impl Attempts {
    /// Whether `error` ends the request.
    fn is_final(&self, error: &EngineError, policy: &RetryPolicy, health: &Health) -> bool {
        match error.kind {
            ErrorKind::Rejected | ErrorKind::Refused => true,
            ErrorKind::Throttled | ErrorKind::Transient => {
                if error.worth.is_some_and(|tries| self.faults >= tries) {
                    return true;
                }
                let spent = self.faults >= policy.attempts && health.answered_since(self.began);
                spent || self.began.elapsed() >= policy.elapsed
            }
        }
    }

    fn give_up(&self, mut error: EngineError) -> EngineError {
        error.attempts = self.attempts;
        if matches!(error.kind, ErrorKind::Throttled | ErrorKind::Transient) {
            let elapsed = self.began.elapsed().as_secs_f64();
            error.message = format!("{}; given up after {} attempts in {elapsed:.1} s", error.message, self.attempts);
        }
        error
    }
}

#[async_trait]
impl<E: Engine> Engine for Retrying<E> {
    fn profile(&self) -> &Profile {
        self.inner.profile()
    }

    async fn score(&self, batch: &Batch) -> Result<Vec<Answer>, EngineError> {
        let mut so_far = Attempts { began: Instant::now(), attempts: 0, faults: 0 };
        loop {
            so_far.attempts += 1;
            let error = match self.inner.score(batch).await {
                Ok(answers) => return Ok(answers),
                Err(error) => error,
            };
            so_far.faults += u32::from(error.kind == ErrorKind::Transient);
            if so_far.is_final(&error, &self.policy, &self.health) {
                return Err(so_far.give_up(error));
            }
            let left = self.policy.elapsed.saturating_sub(so_far.began.elapsed());
            let is_serving = error.kind == ErrorKind::Throttled || self.health.answered_within(LATELY);
            self.pause(self.policy.wait(is_serving, so_far.attempts, (self.jitter)()).min(left)).await?;
            self.meter.count_retry();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::breaker::{Advice, Breaker, Patience};
    use crate::engine::script::{Script, Step, batch};

    struct Bench {
        engine: Retrying<Breaker<Script>>,
        health: Arc<Health>,
        meter: Arc<Meter>,
        halt: Halt,
    }

    fn bench(steps: impl IntoIterator<Item = Step>) -> Bench {
        let (health, meter, halt) = (Health::new(Patience::default()), Meter::new(), Halt::new());
        let breaker = Breaker::new(Script::new(steps), Arc::clone(&health), halt.clone(), Advice::default());
        let engine =
            Retrying::new(breaker, RetryPolicy::default(), Arc::clone(&health), Arc::clone(&meter), halt.clone())
                .with_jitter(Box::new(|| 1.0));
        Bench { engine, health, meter, halt }
    }

    /// Keeps the service looking alive, as other requests being answered would.
    async fn others_are_answered(health: Arc<Health>) {
        let others = Breaker::new(Script::new([Step::Answer]), health, Halt::new(), Advice::default());
        loop {
            others.score(&batch(1)).await.unwrap();
            tokio::time::sleep(Duration::from_secs(1)).await;
        }
    }

    #[tokio::test(start_paused = true)]
    async fn waits_double_and_the_third_attempt_is_answered() {
        let bench = bench([Step::Fault, Step::Throttle, Step::Answer]);
        let begun = Instant::now();
        assert!(bench.engine.score(&batch(3)).await.is_ok());
        assert_eq!(begun.elapsed(), Duration::from_millis(200 + 400));
        assert_eq!(bench.meter.read().retries, 2);
    }

    #[tokio::test(start_paused = true)]
    async fn a_request_that_alone_keeps_failing_is_given_up_after_eight_attempts() {
        let bench = bench([Step::Fault]);
        let others = tokio::spawn(others_are_answered(Arc::clone(&bench.health)));
        let begun = Instant::now();
        let error = bench.engine.score(&batch(3)).await.unwrap_err();
        others.abort();
        // 0.2 + 0.4 + 0.8 + 1.6 + 2 + 2 + 2 seconds of waiting between eight attempts.
        assert_eq!(begun.elapsed(), Duration::from_secs(9));
        assert_eq!((error.kind, error.attempts), (ErrorKind::Transient, 8));
        assert!(error.message.ends_with("given up after 8 attempts in 9.0 s"), "{}", error.message);
    }

    #[tokio::test(start_paused = true)]
    async fn while_no_request_is_answered_the_breaker_judges_the_service() {
        let bench = bench([Step::Fault]);
        let begun = Instant::now();
        let error = bench.engine.score(&batch(3)).await.unwrap_err();
        assert_eq!((error.kind, error.reason()), (ErrorKind::Refused, "circuit_open"));
        assert!((120..=140).contains(&begun.elapsed().as_secs()), "{:?}", begun.elapsed());
        assert!(bench.halt.reason().is_some());
    }

    #[tokio::test(start_paused = true)]
    async fn throttling_is_given_up_by_time_and_not_by_attempts() {
        let bench = bench([Step::Throttle]);
        let others = tokio::spawn(others_are_answered(Arc::clone(&bench.health)));
        let begun = Instant::now();
        let error = bench.engine.score(&batch(1)).await.unwrap_err();
        others.abort();
        assert_eq!(begun.elapsed(), Duration::from_mins(5));
        assert_eq!(error.kind, ErrorKind::Throttled);
        assert!(error.attempts > 8);
    }

    #[tokio::test(start_paused = true)]
    async fn what_no_retry_mends_is_sent_once() {
        for (step, kind) in [(Step::Refuse, ErrorKind::Refused), (Step::Reject("InvalidRequest"), ErrorKind::Rejected)]
        {
            let bench = bench([step]);
            let error = bench.engine.score(&batch(1)).await.unwrap_err();
            assert_eq!((error.kind, error.attempts, bench.meter.read().retries), (kind, 1, 0));
        }
    }

    #[tokio::test(start_paused = true)]
    async fn a_halt_ends_the_waiting() {
        let bench = bench([Step::Throttle]);
        let halt = bench.halt.clone();
        tokio::spawn(async move {
            tokio::time::sleep(Duration::from_secs(3)).await;
            halt.stop();
        });
        let begun = Instant::now();
        let error = bench.engine.score(&batch(1)).await.unwrap_err();
        assert_eq!(begun.elapsed(), Duration::from_secs(3));
        assert_eq!(error.reason(), "stopped");
    }

    #[test]
    fn full_jitter_spans_the_whole_window_and_never_passes_the_longest_wait() {
        let policy = RetryPolicy::default();
        let wait = |failures, jitter| policy.wait(false, failures, jitter);
        assert_eq!((wait(5, 0.0), wait(3, 0.5)), (Duration::ZERO, Duration::from_millis(400)));
        assert_eq!(wait(u32::MAX, 1.0), policy.longest);
        assert_eq!(policy.wait(true, u32::MAX, 1.0), policy.longest_serving);
    }
}
