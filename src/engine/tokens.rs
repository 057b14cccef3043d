//! Tokens of an engine that is charged for them: set apart before each request, settled by the service's own count.
//!
//! The engine does so itself, inside the wrappers: only it knows what a request holds besides its texts, and only its
//! answers state what was used. A request that is cut off, or whose answer can't be read, stays paid for.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use super::budgeted;
use super::price::{TokenDollars, Tokens};
use super::requests::{PARTS_OF_A_DOLLAR, in_dollars};
use super::{EngineError, Meter};
use crate::budget::Reservation;

/// Bytes that must have been counted before the ratio seen stands for those to come.
const ENOUGH_BYTES: u64 = 20_000;
/// How much more than the ratio seen is expected.
const MARGIN: f64 = 1.25;

/// The tokens of a run, and what they may cost.
#[derive(Debug)]
pub struct TokenLedger {
    meter: Arc<Meter>,
    dollars: Option<TokenDollars>,
    /// Bytes of the texts of answered requests, and their tokens.
    seen_bytes: AtomicU64,
    seen_tokens: AtomicU64,
}

/// Tokens set apart for one request. Dropped without being settled, they count as paid for.
#[derive(Debug)]
#[must_use = "a reservation is settled by what became of its request"]
pub struct TokenReservation<'a> {
    ledger: &'a TokenLedger,
    reservation: Reservation<'a>,
    bytes: u64,
    besides: u64,
}

impl TokenLedger {
    /// The ledger of requests that `meter` counts, at these prices.
    pub fn new(meter: Arc<Meter>, dollars: Option<TokenDollars>) -> Self {
        Self { meter, dollars, seen_bytes: AtomicU64::new(0), seen_tokens: AtomicU64::new(0) }
    }

    /// The most tokens that texts of so many bytes are expected to have: one a byte at first, then a quarter more than those
    /// seen so far.
    pub fn expected(&self, bytes: u64) -> u64 {
        let (seen, tokens) = (self.seen_bytes.load(Ordering::Relaxed), self.seen_tokens.load(Ordering::Relaxed));
        if seen < ENOUGH_BYTES {
            return bytes;
        }
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a share of a whole number")]
        let expected = (bytes as f64 * tokens as f64 / seen as f64 * MARGIN).ceil() as u64;
        expected.min(bytes)
    }

    /// Sets tokens apart for a request about to be sent: texts of `bytes` bytes, `besides` tokens of prompt and schema, and
    /// at most `answer` tokens in return.
    ///
    /// # Errors
    /// The refusal that ends the run, if they could pass the budget: the request must not be sent.
    pub fn reserve(&self, bytes: u64, besides: u64, answer: u64) -> Result<TokenReservation<'_>, EngineError> {
        let tokens = Tokens { input: self.expected(bytes) + besides, output: answer };
        let spending = self.meter.spending();
        let reservation =
            spending.reserve(self.parts(tokens)).map_err(|exceeded| budgeted::refusal(&in_dollars(exceeded)))?;
        Ok(TokenReservation { ledger: self, reservation, bytes, besides })
    }

    /// What tokens cost, in parts of a dollar.
    fn parts(&self, tokens: Tokens) -> u64 {
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "a float is cast to the nearest whole"
        )]
        self.dollars.map_or(0, |dollars| (dollars.cost(tokens) * PARTS_OF_A_DOLLAR) as u64)
    }
}

impl TokenReservation<'_> {
    /// The service has answered that it used so many.
    pub fn used(self, tokens: Tokens) {
        let Self { ledger, reservation, bytes, besides } = self;
        ledger.meter.count_tokens(tokens);
        ledger.seen_bytes.fetch_add(bytes, Ordering::Relaxed);
        ledger.seen_tokens.fetch_add(tokens.input.saturating_sub(besides), Ordering::Relaxed);
        reservation.settled(ledger.parts(tokens));
    }

    /// The request is known not to be charged, because it never left or was throttled.
    pub fn not_charged(self) {
        self.reservation.not_charged();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::budget::Budget;
    use crate::engine::price::{Price, TokenTerms};

    fn ledger(max_cost: Option<f64>) -> TokenLedger {
        let dollars = Some(TokenDollars { input: 1.0, output: 5.0 });
        let price = Price::PerTokens(TokenTerms { dollars, ..TokenTerms::default() });
        TokenLedger::new(Meter::within(&Budget { max_cost, max_units: None }, &price), dollars)
    }

    #[test]
    fn tokens_are_set_apart_by_the_byte_and_settled_by_the_services_count() {
        // 1,000 + 500 tokens in and 100 out: $0.002 at most.
        let ledger = ledger(Some(0.0025));
        let first = ledger.reserve(1_000, 500, 100).unwrap();
        let refusal = ledger.reserve(1_000, 500, 100).unwrap_err();
        assert_eq!(refusal.code.as_deref(), Some(budgeted::BUDGET_REACHED));
        assert!(refusal.message.contains("$0.0040, more than the $0.0025 allowed"), "{}", refusal.message);
        first.used(Tokens { input: 750, output: 50 });
        let read = ledger.meter.read();
        assert_eq!((read.tokens, read.dollars_reserved()), (Tokens { input: 750, output: 50 }, 0.001));
        ledger.reserve(500, 500, 100).unwrap().not_charged();
        drop(ledger.reserve(500, 500, 100).unwrap());
        assert!(ledger.reserve(1, 0, 0).is_err(), "a request that was cut off may have been charged");
    }

    #[test]
    fn a_quarter_more_than_what_was_seen_is_expected_and_never_more_than_one_a_byte() {
        let ledger = ledger(None);
        assert_eq!(ledger.expected(400), 400);
        ledger.reserve(20_000, 300, 16).unwrap().used(Tokens { input: 5_300, output: 10 });
        assert_eq!(ledger.expected(400), 125);
        ledger.reserve(100_000, 0, 16).unwrap().used(Tokens { input: 200_000, output: 10 });
        assert_eq!(ledger.expected(400), 400);
    }
}
