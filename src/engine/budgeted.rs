//! Keeps a run within its budget: no attempt leaves whose documents could bring the bill over it.
//!
//! Units are set apart before each attempt, repeats included. They are free again when the service is known not
//! to have charged them (it refused the request, or answered that a document failed); an attempt that was cut
//! off, or whose answer can't be read, may have been charged and stays spent.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use tokio::time::Instant;

use super::price::{Counts, Price, TimeTerms};
use super::requests::{PARTS_OF_A_DOLLAR, in_dollars};
use super::{Answer, Batch, CREDENTIALS_UNAVAILABLE, Engine, EngineError, ErrorKind, Meter, Profile, UNREACHABLE};
use crate::budget::BudgetExceeded;

/// The code of the refusal when the budget is used up.
pub const BUDGET_REACHED: &str = "budget_reached";

/// An engine to which no request leaves when the budget is used up.
#[derive(Debug)]
pub struct Budgeted<E> {
    inner: E,
    meter: Arc<Meter>,
    attempt: Duration,
}

impl<E: Engine> Budgeted<E> {
    /// Lets requests to `inner`, none of which takes longer than `attempt`, leave as long as the spending of `meter` allows.
    pub const fn new(inner: E, meter: Arc<Meter>, attempt: Duration) -> Self {
        Self { inner, meter, attempt }
    }

    /// What a request is charged for at most, in what the meter's spending counts. Tokens are set apart by the engine.
    fn most(&self, batch: &Batch) -> u64 {
        match &self.inner.profile().price {
            Price::PerTime(TimeTerms { dollars: Some(dollars), counts: Counts::Working, .. }) => {
                parts(*dollars, self.attempt)
            }
            _ => self.units(batch.documents.iter()),
        }
    }

    fn units<'a>(&self, documents: impl Iterator<Item = &'a super::Document>) -> u64 {
        let Some(billing) = self.inner.profile().price.billing() else { return 0 };
        documents.map(|document| billing.units(document.text.chars().count())).sum()
    }
}

/// The refusal of a request that could pass the budget.
pub(super) fn refusal(exceeded: &BudgetExceeded) -> EngineError {
    used_up(format!("the budget is used up, counting requests whose answers were lost: with the next one, {exceeded}"))
}

fn used_up(message: String) -> EngineError {
    let error = EngineError { attempts: 0, ..EngineError::new(ErrorKind::Refused, message).with_code(BUDGET_REACHED) };
    error.with_hint("run the same command again to go on: the budget is each run's own")
}

/// What a time costs, in parts of a dollar.
#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a float is cast to the nearest whole")]
fn parts(dollars_a_second: f64, time: Duration) -> u64 {
    (dollars_a_second * time.as_secs_f64() * PARTS_OF_A_DOLLAR) as u64
}

/// Whether the service may have processed the request: it was sent, and no fault of the service came back.
fn may_be_charged(error: &EngineError) -> bool {
    const NEVER_SENT: [&str; 2] = [UNREACHABLE, CREDENTIALS_UNAVAILABLE];
    // The service's codes are in camel case; those of this program, for an attempt without an answer, in snake case.
    let named =
        error.code.as_deref().is_some_and(|code| NEVER_SENT.contains(&code) || code.starts_with(char::is_uppercase));
    error.kind == ErrorKind::Transient && !named
}

#[async_trait]
impl<E: Engine> Engine for Budgeted<E> {
    fn profile(&self) -> &Profile {
        self.inner.profile()
    }

    async fn score(&self, batch: &Batch) -> Result<Vec<Answer>, EngineError> {
        if self.meter.is_over() {
            return Err(used_up(
                "the budget is used up by the time that has passed since the first request".to_owned(),
            ));
        }
        let reserved = self.meter.spending().reserve(self.most(batch));
        let reservation = reserved.map_err(|exceeded| match self.inner.profile().price {
            Price::PerTime(_) => refusal(&in_dollars(exceeded)),
            _ => refusal(&exceeded),
        })?;
        let began = Instant::now();
        let result = self.inner.score(batch).await;
        if let Price::PerTime(TimeTerms { dollars: Some(dollars), .. }) = self.inner.profile().price {
            // What took time may be charged, whatever came of it.
            reservation.settled(parts(dollars, began.elapsed()));
            return result;
        }
        match &result {
            Ok(answers) => {
                let scored = batch.documents.iter().zip(answers).filter(|(_, answer)| answer.is_ok());
                reservation.settled(self.units(scored.map(|(document, _)| document)));
            }
            Err(error) if may_be_charged(error) => drop(reservation),
            Err(_) => reservation.not_charged(),
        }
        result
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::script::{Script, Step, batch};

    /// Units of one document of the script's batches: the minimum.
    const UNITS: u64 = 3;

    fn budgeted(steps: impl IntoIterator<Item = Step>, documents: u64) -> Budgeted<Script> {
        Budgeted::new(Script::new(steps), Meter::with_limit(documents * UNITS), Duration::from_secs(15))
    }

    #[tokio::test(start_paused = true)]
    async fn the_request_that_could_pass_the_budget_is_not_sent() {
        let engine = budgeted([Step::Answer], 25);
        assert_eq!(engine.score(&batch(20)).await.unwrap().len(), 20);
        let error = engine.score(&batch(6)).await.unwrap_err();
        assert_eq!((error.kind, error.code.as_deref()), (ErrorKind::Refused, Some(BUDGET_REACHED)));
        assert_eq!(engine.score(&batch(5)).await.unwrap().len(), 5);
        assert_eq!(engine.meter.read().units_reserved, 25 * UNITS);
    }

    #[tokio::test(start_paused = true)]
    async fn a_throttled_request_costs_nothing_and_a_broken_one_may() {
        let engine = budgeted([Step::Throttle, Step::Answer], 10);
        assert!(engine.score(&batch(10)).await.is_err());
        assert_eq!(engine.meter.read().units_reserved, 0);
        assert!(engine.score(&batch(10)).await.is_ok());
        assert_eq!(engine.meter.read().units_reserved, 10 * UNITS);
    }

    #[test]
    fn only_a_fault_that_the_service_names_is_free() {
        let transient = |code: &str| EngineError::new(ErrorKind::Transient, "").with_code(code);
        assert!(may_be_charged(&transient("timeout")) && may_be_charged(&transient("unreadable_answer")));
        assert!(!may_be_charged(&transient("InternalServerException")) && !may_be_charged(&transient(UNREACHABLE)));
        assert!(!may_be_charged(&transient(CREDENTIALS_UNAVAILABLE)), "what can't be signed is not sent");
        assert!(!may_be_charged(&EngineError::new(ErrorKind::Throttled, "")));
    }
}
