//! What a run sends to its service and what it is charged: counters that can be read at any time.
//!
//! [`Metered`] stands right around the engine (inside pace and retry), so every attempt counts. Units are billed
//! for documents that were answered. What an attempt without an answer cost is not known; `units_reserved` includes it.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use async_trait::async_trait;

use super::{Answer, Batch, Engine, EngineError, ErrorKind, Profile};
use crate::budget::Spending;

/// The counters of one run, shared by its wrappers.
#[derive(Debug, Default)]
pub struct Meter {
    requests: AtomicU64,
    answered: AtomicU64,
    throttles: AtomicU64,
    failures: AtomicU64,
    retries: AtomicU64,
    documents_scored: AtomicU64,
    units_most: AtomicU64,
    units_least: AtomicU64,
    spending: Spending,
}

/// What a [`Meter`] showed at one moment.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Requests {
    /// Attempts begun.
    pub requests: u64,
    /// Attempts that brought answers.
    pub answered: u64,
    /// Attempts that the service throttled.
    pub throttles: u64,
    /// Attempts that failed otherwise.
    pub failures: u64,
    /// Attempts that repeated an earlier one.
    pub retries: u64,
    /// Documents that came back with scores.
    pub documents_scored: u64,
    /// Billed units if the minimum holds for each document: the most that can be charged for what was scored.
    pub units_most: u64,
    /// Billed units if the minimum and the rounding hold for each request: the least that can be charged for what
    /// was scored.
    pub units_least: u64,
    /// `units_most`, and the units of requests in flight and of those whose answer was lost, which may have been
    /// charged too: the bill can't pass it. At the end of a run without such requests it is `units_most`.
    pub units_reserved: u64,
}

impl Meter {
    /// All counters at zero, and no limit to what may be billed.
    pub fn new() -> Arc<Self> {
        Arc::default()
    }

    /// The same, with at most `units` to be billed.
    pub fn with_limit(units: u64) -> Arc<Self> {
        Arc::new(Self { spending: Spending::new(units), ..Self::default() })
    }

    /// The counters now. Each is exact; together they may straddle a request that is just being counted.
    pub fn read(&self) -> Requests {
        let value = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
        Requests {
            requests: value(&self.requests),
            answered: value(&self.answered),
            throttles: value(&self.throttles),
            failures: value(&self.failures),
            retries: value(&self.retries),
            documents_scored: value(&self.documents_scored),
            units_most: value(&self.units_most),
            units_least: value(&self.units_least),
            units_reserved: self.spending.reserved(),
        }
    }

    pub(super) fn spending(&self) -> &Spending {
        &self.spending
    }

    pub(super) fn count_retry(&self) {
        add(&self.retries, 1);
    }

    fn count_answers(&self, batch: &Batch, answers: &[Answer], profile: &Profile) {
        add(&self.answered, 1);
        let scored = batch.documents.iter().zip(answers).filter(|(_, answer)| answer.is_ok());
        let Some(billing) = profile.price.billing() else {
            add(&self.documents_scored, scored.count() as u64);
            return;
        };
        let (mut documents, mut request_chars, mut most) = (0, 0, 0);
        for (document, _) in scored {
            let chars = document.text.chars().count();
            documents += 1;
            request_chars += chars;
            most += billing.units(chars);
        }
        add(&self.documents_scored, documents);
        add(&self.units_most, most);
        if documents > 0 {
            add(&self.units_least, billing.units(request_chars));
        }
    }
}

fn add(counter: &AtomicU64, amount: u64) {
    counter.fetch_add(amount, Ordering::Relaxed);
}

/// Counts what goes through an engine.
#[derive(Debug)]
pub struct Metered<E> {
    inner: E,
    meter: Arc<Meter>,
}

impl<E: Engine> Metered<E> {
    /// Counts the requests to `inner` on `meter`.
    pub fn new(inner: E, meter: Arc<Meter>) -> Self {
        Self { inner, meter }
    }
}

#[async_trait]
impl<E: Engine> Engine for Metered<E> {
    fn profile(&self) -> &Profile {
        self.inner.profile()
    }

    async fn score(&self, batch: &Batch) -> Result<Vec<Answer>, EngineError> {
        add(&self.meter.requests, 1);
        let result = self.inner.score(batch).await;
        match &result {
            Ok(answers) => self.meter.count_answers(batch, answers, self.inner.profile()),
            Err(error) if error.kind == ErrorKind::Throttled => add(&self.meter.throttles, 1),
            Err(_) => add(&self.meter.failures, 1),
        }
        result
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::script::{Script, Step, batch_of};

    #[tokio::test(start_paused = true)]
    async fn units_are_counted_for_scored_documents_only_between_two_bounds() {
        let meter = Meter::new();
        let engine = Metered::new(
            Script::new([Step::Answer, Step::DocumentFails(1), Step::Throttle, Step::Fault]),
            Arc::clone(&meter),
        );
        // 1 unit of text each for the first two, 5 for the third; 464 characters in all, then 455.
        let batch = batch_of(&["short", "short too", &"x".repeat(450)]);
        assert!(engine.score(&batch).await.is_ok());
        let first = meter.read();
        assert_eq!((first.units_most, first.units_least, first.documents_scored), (3 + 3 + 5, 5, 3));
        assert!(engine.score(&batch).await.is_ok());
        let second = meter.read();
        assert_eq!((second.units_most, second.units_least), (11 + 8, 5 + 5));
        assert!(engine.score(&batch).await.is_err());
        assert!(engine.score(&batch).await.is_err());
        let last = meter.read();
        assert_eq!((last.requests, last.answered, last.throttles, last.failures), (4, 2, 1, 1));
        assert_eq!(last.documents_scored, 5);
    }
}
