//! A service as a run uses it: the engine that sends requests, and its wrappers in the one right order.
//!
//! From the inside out: **deadline** (one attempt's time), **metered** (every attempt is counted), **budgeted** (none
//! leaves that could pass the budget), **paced** (every attempt takes its turn), **breaker** (sees every attempt, ends
//! the run), **retrying** (holds nothing while it waits), **splitting** (documents of a hopeless request, one by one).

use std::sync::Arc;
use std::time::Duration;

use super::breaker::{Advice, Breaker, Health, Patience};
use super::budgeted::Budgeted;
use super::deadline::Deadline;
use super::pace::{DEFAULT_REQUESTS_PER_SECOND, Pacing};
use super::requests::Metered;
use super::retry::{RetryPolicy, Retrying};
use super::split::Splitting;
use super::{Engine, Halt, Meter, Watched};

/// How requests are sent to a service.
#[derive(Debug, Clone)]
pub struct ServiceOptions {
    /// What governs when requests start.
    pub pacing: Pacing,
    /// Time for one attempt, from its turn to its answer.
    pub attempt_timeout: Duration,
    /// How often and how long one request is tried.
    pub retry: RetryPolicy,
    /// How long the whole service may fail before the run ends.
    pub patience: Patience,
    /// Hints for a run that the breaker ended.
    pub advice: Advice,
    /// What counts requests, and limits what they may cost.
    pub meter: Arc<Meter>,
    /// Ends the run.
    pub halt: Halt,
}

impl Default for ServiceOptions {
    /// 10 requests a second, 15 s an attempt, the defaults of retry, patience and advice, no budget, a halt of its own.
    fn default() -> Self {
        Self {
            pacing: Pacing::Rate(DEFAULT_REQUESTS_PER_SECOND),
            attempt_timeout: Duration::from_secs(15),
            retry: RetryPolicy::default(),
            patience: Patience::default(),
            advice: Advice::default(),
            meter: Meter::new(),
            halt: Halt::new(),
        }
    }
}

/// An engine in its wrappers, with what a run needs to watch and to end it.
#[derive(Clone)]
pub struct Service {
    /// What to score with.
    pub engine: Arc<dyn Engine>,
    /// What was sent and what it costs, readable at any time.
    pub meter: Arc<Meter>,
    /// Ends the waiting of all requests; thrown by the breaker and by a signal.
    pub halt: Halt,
    /// What is known of a model that can be swapped; `None` for one that can't.
    pub watched: Option<Watched>,
}

impl Service {
    /// Puts the wrappers around `engine`.
    pub fn around(engine: impl Engine + 'static, options: &ServiceOptions) -> Self {
        let (meter, halt) = (Arc::clone(&options.meter), options.halt.clone());
        let health = Health::new(options.patience);
        let attempt = Metered::new(Deadline::new(engine, options.attempt_timeout), Arc::clone(&meter));
        let attempt = Budgeted::new(attempt, Arc::clone(&meter), options.attempt_timeout);
        let paced = options.pacing.around(attempt, halt.clone());
        let watched = Breaker::new(paced, Arc::clone(&health), halt.clone(), options.advice);
        let retrying = Retrying::new(watched, options.retry, health, Arc::clone(&meter), halt.clone());
        Self { engine: Arc::new(Splitting::new(retrying)), meter, halt, watched: None }
    }

    /// An engine in this process, which needs no waiting and no retry: only counted.
    pub fn local(engine: impl Engine + 'static, halt: Halt) -> Self {
        let meter = Meter::new();
        let engine = Arc::new(Metered::new(engine, Arc::clone(&meter)));
        Self { engine, meter, halt, watched: None }
    }
}

#[cfg(test)]
mod tests {
    use tokio::time::Instant;

    use super::*;
    use crate::engine::ErrorKind;
    use crate::engine::script::{Script, Step, batch, batch_of};

    #[tokio::test(start_paused = true)]
    async fn every_attempt_is_metered_and_takes_its_turn() {
        let steps = [Step::Throttle, Step::Hang, Step::Fault, Step::Answer];
        let service = Service::around(Script::new(steps), &ServiceOptions::default());
        let begun = Instant::now();
        assert_eq!(service.engine.score(&batch(25)).await.unwrap().len(), 25);
        assert!(begun.elapsed() >= Duration::from_secs(15), "the hanging attempt was cut off after its time");
        let meter = service.meter.read();
        assert_eq!((meter.requests, meter.throttles, meter.failures, meter.retries), (4, 1, 2, 3));
        // The service may have charged the attempt that hung: nobody knows.
        assert_eq!((meter.documents_scored, meter.units_most, meter.units_reserved), (25, 75, 150));
    }

    #[tokio::test(start_paused = true)]
    async fn a_document_that_fells_its_request_each_time_fails_alone() {
        let script = Script::new([Step::RejectText("poison", ErrorKind::Transient)]);
        let service = Service::around(script, &ServiceOptions::default());
        let others = {
            let engine = Arc::clone(&service.engine);
            async move {
                loop {
                    engine.score(&batch(1)).await.unwrap();
                    tokio::time::sleep(Duration::from_secs(1)).await;
                }
            }
        };
        let others = tokio::spawn(others);
        let answers = service.engine.score(&batch_of(&["fine", "poison", "fine too"])).await.unwrap();
        others.abort();
        assert_eq!(answers.iter().map(Result::is_ok).collect::<Vec<_>>(), [true, false, true]);
    }

    #[tokio::test(start_paused = true)]
    async fn a_refusal_ends_all_that_wait() {
        let service = Service::around(Script::new([Step::Refuse]), &ServiceOptions::default());
        let (first, second) = (batch(1), batch(1));
        let (one, two) = tokio::join!(service.engine.score(&first), service.engine.score(&second));
        assert!([one, two].iter().all(|result| matches!(result, Err(error) if error.kind == ErrorKind::Refused)));
        assert_eq!(service.meter.read().requests, 1);
    }
}
