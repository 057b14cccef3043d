//! Sends requests evenly, at the rate that was set or at the lower one that the service allows.
//!
//! Requests take turns in a queue and start one interval apart, so a service that counts in a token bucket, a
//! sliding window or fixed seconds sees the same even stream. [`rate`] decides the interval by what the service
//! throttles. Stands inside retry: every attempt takes a turn. Time that was missed (a busy machine, a
//! suspended laptop, a clock that jumps) is not caught up beyond one request, so there is never a burst.
//!
//! - [`rate`]: how fast, by what comes back throttled
//! - [`in_flight`]: how many at once, for a service that counts what is on its way instead
//! - [`texts`]: documents and characters a second, for a service that counts both

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use tokio::time::Instant;

use super::{Answer, Batch, Engine, EngineError, ErrorKind, Halt, Profile};

mod in_flight;
mod rate;
#[cfg(test)]
mod simulation;
mod texts;

use in_flight::InFlight;
use rate::Rate;
use texts::TextPaced;

use super::price::TextPace;

/// What governs when requests start.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Pacing {
    /// A rate of requests a second, or the lower one that the service allows.
    Rate(f64),
    /// A number of requests on their way: what the service takes at once, found by what it throttles, and this many at most.
    InFlight(usize),
    /// A rate of documents and of characters.
    Texts(TextPace),
}

impl Pacing {
    /// An engine whose requests are governed so. Waiting ends when `halt` is thrown.
    pub fn around(self, engine: impl Engine + 'static, halt: Halt) -> Arc<dyn Engine> {
        match self {
            Self::Rate(rate) => Arc::new(Paced::new(engine, rate, halt)),
            Self::InFlight(most) => Arc::new(InFlight::new(engine, most, halt)),
            Self::Texts(pace) => Arc::new(TextPaced::new(engine, pace, halt)),
        }
    }
}

/// Requests a second that a new account may send to Amazon Comprehend's `BatchDetectSentiment`.
pub const DEFAULT_REQUESTS_PER_SECOND: f64 = 10.0;

/// A late request may be made up for by sending the next one early, by no more than this.
const LONGEST_CATCH_UP: Duration = Duration::from_millis(100);

/// Starts an engine's requests one interval apart.
#[derive(Debug)]
pub struct Paced<E> {
    inner: E,
    /// When the last turn was due. The lock is the queue: tokio's is fair, and a waiter that is dropped leaves it.
    last_turn: tokio::sync::Mutex<Option<Instant>>,
    rate: Mutex<Rate>,
    halt: Halt,
}

impl<E: Engine> Paced<E> {
    /// Sends at most `requests_per_second` to `inner`. Waiting ends when `halt` is thrown.
    ///
    /// Anything but a positive number counts as the default.
    pub fn new(inner: E, requests_per_second: f64, halt: Halt) -> Self {
        let set = Some(requests_per_second).filter(|rate| rate.is_finite() && *rate > 0.0);
        let rate = Rate::new(set.unwrap_or(DEFAULT_REQUESTS_PER_SECOND));
        Self { inner, last_turn: tokio::sync::Mutex::default(), rate: Mutex::new(rate), halt }
    }

    /// Waits for this request's turn.
    async fn take_turn(&self) {
        let mut last_turn = self.last_turn.lock().await;
        loop {
            let interval = Duration::from_secs_f64(1.0 / self.rate().now());
            let now = Instant::now();
            let due = last_turn.map_or(now, |last| {
                let no_earlier = now.checked_sub(interval.min(LONGEST_CATCH_UP)).unwrap_or(now);
                (last + interval).max(no_earlier)
            });
            if due <= now {
                *last_turn = Some(due);
                return;
            }
            // The rate may have changed when this wakes, so the turn is worked out again.
            tokio::time::sleep_until(due).await;
        }
    }

    fn rate(&self) -> MutexGuard<'_, Rate> {
        // Plain numbers, whole after every call: a panic elsewhere can't have broken them.
        self.rate.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[async_trait]
impl<E: Engine> Engine for Paced<E> {
    fn profile(&self) -> &Profile {
        self.inner.profile()
    }

    async fn score(&self, batch: &Batch) -> Result<Vec<Answer>, EngineError> {
        tokio::select! {
            biased;
            reason = self.halt.halted() => return Err(reason.to_error()),
            () = self.take_turn() => {}
        }
        let result = self.inner.score(batch).await;
        let throttled = matches!(&result, Err(error) if error.kind == ErrorKind::Throttled);
        self.rate().record(throttled, Instant::now());
        result
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::script::{Script, Step, batch};

    async fn starts(paced: &Arc<Paced<Script>>, requests: usize) -> Vec<Duration> {
        let begun = Instant::now();
        let mut moments = Vec::new();
        for _ in 0..requests {
            paced.score(&batch(1)).await.unwrap();
            moments.push(begun.elapsed());
        }
        moments
    }

    #[tokio::test(start_paused = true)]
    async fn requests_start_one_interval_apart() {
        let paced = Arc::new(Paced::new(Script::new([Step::Answer]), 10.0, Halt::new()));
        let moments = starts(&paced, 101).await;
        let expected = Duration::from_secs_f64(100.0 / paced.rate().now());
        assert_eq!(moments[0], Duration::ZERO);
        let last = moments[100];
        assert!(last >= expected && last <= expected + Duration::from_millis(2), "{last:?} for {expected:?}");
    }

    #[tokio::test(start_paused = true)]
    async fn missed_time_is_not_caught_up_with_a_burst() {
        let paced = Arc::new(Paced::new(Script::new([Step::Answer]), 10.0, Halt::new()));
        starts(&paced, 5).await;
        tokio::time::advance(Duration::from_hours(8)).await;
        let moments = starts(&paced, 12).await;
        let within_a_second = moments.iter().filter(|moment| **moment < Duration::from_secs(1)).count();
        assert!(within_a_second <= 11, "{within_a_second} requests in the first second after a jump");
    }

    #[tokio::test(start_paused = true)]
    async fn a_waiter_that_is_dropped_leaves_the_queue() {
        let paced = Arc::new(Paced::new(Script::new([Step::Answer]), 0.1, Halt::new()));
        starts(&paced, 1).await;
        let gone = tokio::spawn({
            let paced = Arc::clone(&paced);
            async move { paced.score(&batch(1)).await }
        });
        tokio::time::sleep(Duration::from_secs(1)).await;
        gone.abort();
        let moments = starts(&paced, 1).await;
        assert!(moments[0] <= Duration::from_millis(9_200), "{:?}", moments[0]);
    }

    #[tokio::test(start_paused = true)]
    async fn a_halt_ends_the_waiting() {
        let halt = Halt::new();
        let paced = Arc::new(Paced::new(Script::new([Step::Answer]), 0.1, halt.clone()));
        starts(&paced, 1).await;
        let (begun, one) = (Instant::now(), batch(1));
        let (result, ()) = tokio::join!(paced.score(&one), async {
            tokio::time::sleep(Duration::from_millis(100)).await;
            halt.stop();
        });
        assert_eq!(result.unwrap_err().reason(), "stopped");
        assert_eq!(begun.elapsed(), Duration::from_millis(100));
        assert_eq!(paced.inner.requests(), 1);
    }

    #[tokio::test(start_paused = true)]
    async fn nonsense_for_a_rate_counts_as_the_default() {
        for rate in [0.0, -1.0, f64::NAN, f64::INFINITY] {
            let paced = Paced::new(Script::new([Step::Answer]), rate, Halt::new());
            assert!((9.5..=10.0).contains(&paced.rate().now()));
        }
    }
}
