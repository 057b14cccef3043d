//! What a run sends to its service and what it is charged: counters that can be read at any time.
//!
//! [`Metered`] stands right around the engine (inside pace and retry), so every attempt counts. Units are billed
//! for documents that were answered. What an attempt without an answer cost is not known; `units_reserved` includes it.
//! An engine that is charged for tokens counts them itself ([`TokenLedger`](super::tokens::TokenLedger)), since only its answers state them.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use async_trait::async_trait;
use tokio::time::Instant;

#[cfg(feature = "jobs")]
use super::price::TokenTerms;
use super::price::Tokens;
#[cfg(any(feature = "aws", test))]
use super::price::{Counts, Price, TimeTerms};
use super::{Answer, Batch, Engine, EngineError, ErrorKind, Profile};
#[cfg(any(feature = "aws", test))]
use crate::budget::Budget;
use crate::budget::{BudgetExceeded, Spending};

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
    tokens_input: AtomicU64,
    tokens_output: AtomicU64,
    /// Those of them that jobs have used.
    #[cfg(feature = "jobs")]
    tokens_of_jobs: [AtomicU64; 2],
    /// Milliseconds that answered and failed requests took, each by itself.
    working_ms: AtomicU64,
    /// When the first request began.
    first: OnceLock<Instant>,
    /// Milliseconds from then to the end of the last one that ended.
    standing_ms: AtomicU64,
    /// The most time from then on, by what is charged for time.
    longest: Option<Duration>,
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
    /// charged too: the bill can't pass it. At the end of a run without such requests it is `units_most`. Of an engine that
    /// is charged otherwise, millionths of a millionth of a dollar.
    pub units_reserved: u64,
    /// Tokens by the service's own count.
    pub tokens: Tokens,
    /// Those of them that jobs have used.
    pub tokens_of_jobs: Tokens,
    /// From the beginning of the first request to the end of the last.
    pub standing: Duration,
    /// All requests' time together.
    pub working: Duration,
}

/// What is set apart for an engine that is not charged by units, in a dollar.
pub(super) const PARTS_OF_A_DOLLAR: f64 = 1e12;

#[cfg(any(feature = "aws", test))]
#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a float is cast to the nearest whole")]
fn parts_of_a_dollar(dollars: f64) -> u64 {
    (dollars * PARTS_OF_A_DOLLAR) as u64
}

/// What passes a limit in parts of a dollar, in dollars.
pub(super) fn in_dollars(exceeded: BudgetExceeded) -> BudgetExceeded {
    match exceeded {
        BudgetExceeded::Units { planned, limit } => BudgetExceeded::Cost {
            planned: planned as f64 / PARTS_OF_A_DOLLAR,
            limit: limit as f64 / PARTS_OF_A_DOLLAR,
        },
        exceeded @ BudgetExceeded::Cost { .. } => exceeded,
    }
}

impl Requests {
    /// What is set apart, in dollars, of an engine that is not charged by units.
    pub fn dollars_reserved(&self) -> f64 {
        self.units_reserved as f64 / PARTS_OF_A_DOLLAR
    }
}

impl Meter {
    /// All counters at zero, and no limit to what may be billed.
    pub fn new() -> Arc<Self> {
        Arc::default()
    }

    /// The same, with at most `units` to be billed.
    #[cfg(test)]
    pub fn with_limit(units: u64) -> Arc<Self> {
        Arc::new(Self { spending: Spending::new(units), ..Self::default() })
    }

    /// All counters at zero, and the limits that `budget` sets for an engine at this `price`.
    #[cfg(any(feature = "aws", test))]
    pub fn within(budget: &Budget, price: &Price) -> Arc<Self> {
        let of_dollars = budget.max_cost.map_or(u64::MAX, parts_of_a_dollar);
        let (limit, longest) = match price {
            Price::Free => (u64::MAX, None),
            Price::PerUnit(_) => (budget.units(|units| price.cost(units).unwrap_or_default()), None),
            Price::PerTokens(_) | Price::PerTime(TimeTerms { counts: Counts::Working, .. }) => (of_dollars, None),
            Price::PerTime(terms) => {
                let seconds = budget.max_cost.zip(terms.dollars).map(|(most, dollars)| (most / dollars).max(0.0));
                (u64::MAX, seconds.and_then(|seconds| Duration::try_from_secs_f64(seconds).ok()))
            }
        };
        Arc::new(Self { spending: Spending::new(limit), longest, ..Self::default() })
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
            tokens: Tokens { input: value(&self.tokens_input), output: value(&self.tokens_output) },
            #[cfg(feature = "jobs")]
            tokens_of_jobs: {
                let [input, output] = &self.tokens_of_jobs;
                Tokens { input: value(input), output: value(output) }
            },
            #[cfg(not(feature = "jobs"))]
            tokens_of_jobs: Tokens::default(),
            standing: Duration::from_millis(value(&self.standing_ms)),
            working: Duration::from_millis(value(&self.working_ms)),
        }
    }

    /// Whether the time that may be paid for is over.
    pub(super) fn is_over(&self) -> bool {
        let standing = self.first.get().map(Instant::elapsed);
        self.longest.is_some_and(|longest| standing.is_some_and(|standing| standing >= longest))
    }

    /// Counts tokens that the service says were used.
    #[cfg(any(feature = "aws", test))]
    #[cfg_attr(
        not(any(feature = "bedrock", test)),
        allow(dead_code, reason = "for engines that are charged for tokens")
    )]
    pub(super) fn count_tokens(&self, tokens: Tokens) {
        add(&self.tokens_input, tokens.input);
        add(&self.tokens_output, tokens.output);
    }

    fn count_time(&self, began: Instant) {
        let ms = |time: Duration| u64::try_from(time.as_millis()).unwrap_or(u64::MAX);
        add(&self.working_ms, ms(began.elapsed()));
        let standing = self.first.get().map_or(Duration::ZERO, Instant::elapsed);
        self.standing_ms.fetch_max(ms(standing), Ordering::Relaxed);
    }

    pub(super) fn spending(&self) -> &Spending {
        &self.spending
    }

    /// Counts a job: documents that it scored, and units that it is charged at most and at least.
    #[cfg(feature = "jobs")]
    pub(crate) fn count_job(&self, scored: u64, most: u64, least: u64) {
        add(&self.documents_scored, scored);
        add(&self.units_most, most);
        add(&self.units_least, least);
        // Dropped without being settled, it stays reserved. A job that an earlier run has started may be beyond the limit.
        drop(self.spending.reserve(most));
    }

    /// Counts tokens that a job has used, and sets apart what they cost at `price`.
    #[cfg(feature = "jobs")]
    pub(crate) fn count_job_tokens(&self, tokens: Tokens, price: &Price) {
        self.count_tokens(tokens);
        let [input, output] = &self.tokens_of_jobs;
        add(input, tokens.input);
        add(output, tokens.output);
        if let Price::PerTokens(TokenTerms { dollars: Some(dollars), share_of_jobs, .. }) = price {
            drop(self.spending.reserve(parts_of_a_dollar(dollars.cost(tokens) * share_of_jobs)));
        }
    }

    /// Counts the time that a job took.
    #[cfg(feature = "jobs")]
    pub(crate) fn count_job_time(&self, seconds: f64) {
        let time = Duration::try_from_secs_f64(seconds).unwrap_or_default();
        add(&self.working_ms, u64::try_from(time.as_millis()).unwrap_or(u64::MAX));
    }

    /// Whether so many units more may be billed.
    ///
    /// # Errors
    /// [`BudgetExceeded`] if not.
    #[cfg(feature = "jobs")]
    pub(crate) fn allows(&self, units: u64) -> Result<(), BudgetExceeded> {
        self.spending.reserve(units).map(crate::budget::Reservation::not_charged)
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
        let began = Instant::now();
        self.meter.first.get_or_init(|| began);
        let result = self.inner.score(batch).await;
        self.meter.count_time(began);
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
