//! Tokens a minute: requests start as far apart as the tokens that they are expected to use.
//!
//! The service sets a request's input and its most output apart when it begins, and counts what was used when it ends. How
//! many tokens a request will use is known only then, so each is expected to use what those before it did by their bytes,
//! and what it used more or less moves the next turn. Time that was missed is caught up for half a second at most.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::time::Instant;

use crate::engine::price::Tokens;
use crate::engine::{EngineError, Halt};

/// Share of the quota that is aimed at: what is expected of a request is never exact.
const HEADROOM: f64 = 0.985;
/// Seconds that are caught up.
const CATCH_UP: f64 = 0.5;
/// Tokens a byte before any request was answered.
const FIRST_INPUT: f64 = 0.3;
/// Share of the tokens that may be answered which are, before any request was answered.
const FIRST_OUTPUT: f64 = 0.5;

/// Starts requests by the tokens that they use.
#[derive(Debug)]
pub(super) struct TokenPace {
    per_second: f64,
    /// Tokens of the quota for one that is answered.
    output_weight: f64,
    halt: Halt,
    began: Instant,
    /// The queue: tokio's lock is fair, and a waiter that is dropped leaves it.
    queue: tokio::sync::Mutex<()>,
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    /// When the next request may start, in seconds after `began`.
    next: f64,
    /// Sums over answered requests.
    bytes: f64,
    input: f64,
    most_output: f64,
    output: f64,
}

/// A request that has begun.
#[derive(Debug, Clone, Copy)]
pub(super) struct Turn {
    bytes: f64,
    most_output: f64,
    expected: f64,
}

impl State {
    fn expects(&self, bytes: f64, most_output: f64, output_weight: f64) -> f64 {
        let (input, output) = if self.bytes > 0.0 {
            (self.input / self.bytes, self.output / self.most_output)
        } else {
            (FIRST_INPUT, FIRST_OUTPUT)
        };
        bytes * input + most_output * output * output_weight
    }
}

impl TokenPace {
    /// At most `a_minute` tokens a minute, of which one that is answered counts `output_weight`. Waiting ends with `halt`.
    pub(super) fn new(a_minute: u64, output_weight: f64, halt: Halt) -> Self {
        let per_second = (a_minute.max(1) as f64) * HEADROOM / 60.0;
        let (queue, state) = (tokio::sync::Mutex::default(), Mutex::default());
        Self { per_second, output_weight, halt, began: Instant::now(), queue, state }
    }

    /// Waits for the turn of a request of so many bytes, to which so many tokens may be answered.
    ///
    /// # Errors
    /// What ended the run in the meantime.
    pub(super) async fn turn(&self, bytes: u64, most_output: u64) -> Result<Turn, EngineError> {
        let turn = async {
            let _queue = self.queue.lock().await;
            loop {
                let due = self.began + Duration::from_secs_f64(self.state().next.max(0.0));
                if due <= Instant::now() {
                    break;
                }
                // What other requests turn out to have used may have moved it when this wakes.
                tokio::time::sleep_until(due).await;
            }
            self.begin(bytes as f64, most_output.max(1) as f64)
        };
        tokio::select! {
            biased;
            reason = self.halt.halted() => Err(reason.to_error()),
            turn = turn => Ok(turn),
        }
    }

    fn begin(&self, bytes: f64, most_output: f64) -> Turn {
        let now = self.began.elapsed().as_secs_f64();
        let mut state = self.state();
        let expected = state.expects(bytes, most_output, self.output_weight);
        state.next = state.next.max(now - CATCH_UP) + expected / self.per_second;
        Turn { bytes, most_output, expected }
    }

    /// The request has used so many.
    pub(super) fn used(&self, turn: Turn, tokens: Tokens) {
        let (input, output) = (tokens.input as f64, tokens.output as f64);
        let mut state = self.state();
        state.next += (input + output * self.output_weight - turn.expected) / self.per_second;
        state.bytes += turn.bytes;
        state.most_output += turn.most_output;
        state.input += input;
        state.output += output;
    }

    /// The request is known to have used nothing.
    pub(super) fn unused(&self, turn: Turn) {
        self.state().next -= turn.expected / self.per_second;
    }

    fn state(&self) -> MutexGuard<'_, State> {
        // Plain numbers, whole after every statement.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;

    /// Sends requests of between 500 and 5,000 bytes for `time`; each takes a second. Returns the tokens that they use.
    async fn used(pace: &Arc<TokenPace>, time: Duration) -> f64 {
        let end = Instant::now() + time;
        let mut sum = 0.0;
        let mut tasks = tokio::task::JoinSet::new();
        for number in 0_u64.. {
            let bytes = 500 + number * 2_777 % 4_500;
            let turn = pace.turn(bytes, 80).await.unwrap();
            if Instant::now() >= end {
                break;
            }
            let tokens = Tokens { input: bytes / 4, output: 30 };
            sum += tokens.input as f64 + 5.0 * tokens.output as f64;
            let pace = Arc::clone(pace);
            tasks.spawn(async move {
                tokio::time::sleep(Duration::from_secs(1)).await;
                pace.used(turn, tokens);
            });
        }
        sum
    }

    #[tokio::test(start_paused = true)]
    async fn the_quota_is_used_and_not_passed_in_any_minute() {
        let pace = Arc::new(TokenPace::new(100_000, 5.0, Halt::new()));
        for minute in 0..5 {
            let share = used(&pace, Duration::from_mins(1)).await / 100_000.0;
            assert!((0.96..=1.0).contains(&share), "minute {minute}: {share}");
        }
    }

    #[tokio::test(start_paused = true)]
    async fn what_was_refused_uses_nothing_and_missed_time_is_not_caught_up() {
        let pace = Arc::new(TokenPace::new(60_000, 1.0, Halt::new()));
        let begun = Instant::now();
        for _ in 0..50 {
            let turn = pace.turn(10_000, 80).await.unwrap();
            pace.unused(turn);
        }
        assert!(begun.elapsed() < Duration::from_secs(1), "{:?}", begun.elapsed());
        tokio::time::advance(Duration::from_hours(1)).await;
        let share = used(&pace, Duration::from_mins(1)).await / 60_000.0;
        assert!(share < 1.2, "{share}");
    }

    #[tokio::test(start_paused = true)]
    async fn a_halt_ends_the_waiting() {
        let halt = Halt::new();
        let pace = TokenPace::new(60, 1.0, halt.clone());
        pace.turn(10_000, 80).await.unwrap();
        let (turn, ()) = tokio::join!(pace.turn(10_000, 80), async {
            tokio::time::sleep(Duration::from_secs(2)).await;
            halt.stop();
        });
        assert_eq!(turn.unwrap_err().reason(), "stopped");
    }
}
