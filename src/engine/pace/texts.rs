//! Sends documents at a rate of documents and a rate of characters a second, both at once.
//!
//! A request takes its turn when the one before has had the time that its documents and characters are allowed, so the stream
//! is even however a service counts. Throttling slows it down a little; it comes back within a minute.

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use tokio::time::Instant;

use crate::engine::price::TextPace;
use crate::engine::{Answer, Batch, Engine, EngineError, ErrorKind, Halt, Profile};

/// Share of the rates that is aimed at: what arrivals jitter by throttles nothing then.
const HEADROOM: f64 = 0.985;
/// What a throttled request slows all down by.
const SLOWER: f64 = 0.9;
/// What each answered one gives back.
const FASTER: f64 = 1.01;
/// Never slower than this share.
const LEAST: f64 = 0.05;
/// A late request may be made up for by no more than this.
const LONGEST_CATCH_UP: Duration = Duration::from_millis(100);

/// Governs the requests of an engine.
#[derive(Debug)]
pub(super) struct TextPaced<E> {
    inner: E,
    pace: TextPace,
    /// When the next turn is due. The lock is the queue: tokio's is fair, and a waiter that is dropped leaves it.
    due: tokio::sync::Mutex<Option<Instant>>,
    share: Mutex<f64>,
    halt: Halt,
}

impl<E: Engine> TextPaced<E> {
    pub(super) fn new(inner: E, pace: TextPace, halt: Halt) -> Self {
        Self { inner, pace, due: tokio::sync::Mutex::default(), share: Mutex::new(HEADROOM), halt }
    }

    /// Waits for a turn, and keeps the next one off for as long as the batch is allowed.
    async fn take_turn(&self, batch: &Batch) {
        let mut due = self.due.lock().await;
        if let Some(due) = *due {
            tokio::time::sleep_until(due).await;
        }
        let chars: usize = batch.documents.iter().map(|document| document.text.chars().count()).sum();
        let seconds = self.pace.seconds(batch.documents.len() as u64, chars as u64) / self.share();
        let now = Instant::now();
        let began = due.map_or(now, |due| due.max(now.checked_sub(LONGEST_CATCH_UP).unwrap_or(now)));
        *due = Some(began + Duration::from_secs_f64(seconds));
    }

    fn share(&self) -> f64 {
        *self.share.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn change(&self, by: f64) {
        let mut share = self.share.lock().unwrap_or_else(PoisonError::into_inner);
        *share = (*share * by).clamp(LEAST, HEADROOM);
    }
}

#[async_trait]
impl<E: Engine> Engine for TextPaced<E> {
    fn profile(&self) -> &Profile {
        self.inner.profile()
    }

    async fn score(&self, batch: &Batch) -> Result<Vec<Answer>, EngineError> {
        tokio::select! {
            biased;
            reason = self.halt.halted() => return Err(reason.to_error()),
            () = self.take_turn(batch) => {}
        }
        let result = self.inner.score(batch).await;
        match &result {
            Err(error) if error.kind == ErrorKind::Throttled => self.change(SLOWER),
            Ok(_) => self.change(FASTER),
            Err(_) => {}
        }
        result
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::script::{Script, Step, batch_of};

    const PACE: TextPace = TextPace { documents: 4.0, chars: 200.0 };

    async fn takes(texts: &[&str], times: usize) -> f64 {
        let paced = TextPaced::new(Script::new([Step::Answer]), PACE, Halt::new());
        let begun = Instant::now();
        for _ in 0..times {
            paced.score(&batch_of(texts)).await.unwrap();
        }
        begun.elapsed().as_secs_f64()
    }

    #[tokio::test(start_paused = true)]
    async fn the_slower_of_the_two_rates_holds() {
        for (text, least) in [("short", 100.0 / 4.0), (&*"x".repeat(200), 100.0)] {
            let seconds = takes(&[text], 101).await;
            assert!(seconds >= least && seconds <= least / 0.97, "{seconds} s of {least} s");
        }
    }

    #[tokio::test(start_paused = true)]
    async fn throttling_slows_down_for_a_while() {
        let paced = TextPaced::new(Script::new([Step::Throttle, Step::Throttle, Step::Answer]), PACE, Halt::new());
        for _ in 0..2 {
            assert!(paced.score(&batch_of(&["a"])).await.is_err());
        }
        assert!((paced.share() - HEADROOM * 0.81).abs() < 1e-9);
        for _ in 0..30 {
            paced.score(&batch_of(&["a"])).await.unwrap();
        }
        assert!((paced.share() - HEADROOM).abs() < 1e-9);
    }
}
