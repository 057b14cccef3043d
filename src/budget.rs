//! What a run may cost at most: checked before anything is sent, and held while it runs.
//!
//! Pure arithmetic. A budget is in dollars, in billed units, or both. Before the first request the plan's upper bound is
//! checked ([`Budget::check`]). During the run units are reserved from a [`Spending`] before *every* request, retries
//! included, because a request that failed on the way back may have been billed. They stay reserved unless the service
//! is known not to have charged them.

use std::sync::atomic::{AtomicU64, Ordering};

use crate::engine::Price;
use crate::exit::{ExitCode, Stops};
use crate::settings::{Cost, Settings};

/// Rounding that a cost may show without passing its limit: a millionth of a dollar.
const COST_TOLERANCE: f64 = 1e-6;

/// The most that a run may cost. The default has no limit.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Budget {
    /// In dollars.
    pub max_cost: Option<f64>,
    /// In billed units.
    pub max_units: Option<u64>,
}

/// What a run is planned to cost at most.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Planned {
    /// Billed units, as an upper bound.
    pub units: u64,
    /// Dollars for them.
    pub cost: f64,
}

/// The budget would be passed.
#[derive(Debug, Clone, Copy, PartialEq, thiserror::Error)]
pub enum BudgetExceeded {
    /// In dollars.
    #[error("the run may cost up to ${planned:.4}, more than the ${limit:.4} allowed")]
    Cost {
        /// Dollars planned, as an upper bound.
        planned: f64,
        /// Dollars allowed.
        limit: f64,
    },
    /// In billed units.
    #[error("the run may be billed up to {planned} units, more than the {limit} allowed")]
    Units {
        /// Units planned, as an upper bound.
        planned: u64,
        /// Units allowed.
        limit: u64,
    },
}

/// A limit that does not fit the engine: a limit that nothing is held against would be none.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BudgetUnfit {
    /// In dollars, where it is not known what the engine costs.
    #[error("there is a limit to what a run may cost, and no setting states what {engine} costs")]
    NoPrice {
        /// The engine.
        engine: String,
        /// The settings that would state it.
        settings: &'static str,
    },
    /// In units, where the engine is charged otherwise.
    #[error("there is a limit in units, and {engine} is not charged by units")]
    NoUnits {
        /// The engine.
        engine: String,
    },
}

impl Stops for BudgetUnfit {
    fn code(&self) -> ExitCode {
        ExitCode::Settings
    }

    fn hint(&self) -> Option<String> {
        Some(match self {
            Self::NoPrice { settings, .. } => format!("set {settings}, or leave --max-cost out"),
            Self::NoUnits { .. } => "limit it in dollars with --max-cost".to_owned(),
        })
    }
}

impl Stops for BudgetExceeded {
    fn code(&self) -> ExitCode {
        ExitCode::Budget
    }

    fn hint(&self) -> Option<String> {
        Some(match self {
            Self::Cost { planned, .. } => format!(
                "allow it with --max-cost {:.2}, or see with `undertone plan` which granularity or which part of the input fits",
                (planned * 100.0).ceil() / 100.0
            ),
            Self::Units { planned, .. } => format!(
                "allow it with --max-units {planned}, or see with `undertone plan` which granularity or which part of the input fits"
            ),
        })
    }
}

impl Budget {
    /// The limits that the settings state.
    pub fn of(settings: &Settings) -> Self {
        let Cost { max, max_units } = *settings.section();
        Self { max_cost: max, max_units }
    }

    /// Checks that each limit means something for an engine at this price.
    ///
    /// # Errors
    /// [`BudgetUnfit`] for a limit that nothing could be held against.
    pub fn fits(&self, engine: &str, price: &Price) -> Result<(), BudgetUnfit> {
        let engine = || engine.to_owned();
        match price.unset() {
            Some(settings) if self.max_cost.is_some() => {
                return Err(BudgetUnfit::NoPrice { engine: engine(), settings });
            }
            _ => {}
        }
        match price {
            Price::PerTokens(_) | Price::PerTime(_) if self.max_units.is_some() => {
                Err(BudgetUnfit::NoUnits { engine: engine() })
            }
            _ => Ok(()),
        }
    }

    /// Whether there is any limit.
    pub const fn is_limited(&self) -> bool {
        self.max_cost.is_some() || self.max_units.is_some()
    }

    /// Checks a plan before anything is sent. A limit that is not a number, or negative, allows nothing.
    ///
    /// # Errors
    /// [`BudgetExceeded`] if the plan's upper bound passes a limit.
    pub fn check(&self, planned: Planned) -> Result<(), BudgetExceeded> {
        if let Some(limit) = self.max_units.filter(|&limit| planned.units > limit) {
            return Err(BudgetExceeded::Units { planned: planned.units, limit });
        }
        match self.max_cost {
            Some(limit) if !is_within(planned.cost, limit) => {
                Err(BudgetExceeded::Cost { planned: planned.cost, limit })
            }
            _ => Ok(()),
        }
    }

    /// The most units that may be billed, when `cost_of` gives the dollars for a number of units and never falls.
    #[cfg(any(feature = "aws", test))]
    pub fn units(&self, cost_of: impl Fn(u64) -> f64) -> u64 {
        let by_units = self.max_units.unwrap_or(u64::MAX);
        let Some(limit) = self.max_cost else { return by_units };
        let affordable = |units: u64| is_within(cost_of(units), limit);
        if affordable(by_units) {
            return by_units;
        }
        // The largest affordable number lies in [low, high).
        let (mut low, mut high) = (0, by_units);
        while high - low > 1 {
            let middle = low + (high - low) / 2;
            if affordable(middle) { low = middle } else { high = middle }
        }
        low
    }
}

/// Whether `cost` is no more than `limit`; not so if either is no number.
fn is_within(cost: f64, limit: f64) -> bool {
    cost <= limit + COST_TOLERANCE
}

/// The units that may have been charged so far, shared by all requests in flight.
#[derive(Debug)]
pub struct Spending {
    limit: u64,
    reserved: AtomicU64,
}

impl Default for Spending {
    /// Without a limit.
    fn default() -> Self {
        Self::new(u64::MAX)
    }
}

/// Units set apart for one request. Dropped without being settled, they count as spent: the service may have charged them.
#[derive(Debug)]
#[must_use = "a reservation is settled by what became of its request"]
pub struct Reservation<'a> {
    spending: &'a Spending,
    units: u64,
}

impl Spending {
    /// Nothing reserved yet, and at most `limit` units to reserve.
    pub const fn new(limit: u64) -> Self {
        Self { limit, reserved: AtomicU64::new(0) }
    }

    /// Sets `units` apart for a request about to be sent.
    ///
    /// # Errors
    /// [`BudgetExceeded::Units`] if they would pass the limit: the request must not be sent.
    pub fn reserve(&self, units: u64) -> Result<Reservation<'_>, BudgetExceeded> {
        let add = |reserved: u64| reserved.checked_add(units).filter(|&sum| sum <= self.limit);
        match self.reserved.fetch_update(Ordering::AcqRel, Ordering::Acquire, add) {
            Ok(_) => Ok(Reservation { spending: self, units }),
            Err(reserved) => Err(BudgetExceeded::Units { planned: reserved.saturating_add(units), limit: self.limit }),
        }
    }

    /// Units of all documents that have scores, and of all requests that were sent and may have been charged although
    /// no answer came: what the bill can't pass.
    pub fn reserved(&self) -> u64 {
        self.reserved.load(Ordering::Acquire)
    }
}

impl Reservation<'_> {
    /// The request is charged for `units` of what was reserved; the others are free again.
    pub fn settled(self, units: u64) {
        self.release(self.units.saturating_sub(units));
    }

    /// The request is known not to be charged, because it never left or was throttled: its units are free again.
    pub fn not_charged(self) {
        self.release(self.units);
    }

    fn release(&self, units: u64) {
        self.spending.reserved.fetch_sub(units, Ordering::AcqRel);
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// The service's price steps.
    fn cost_of(units: u64) -> f64 {
        let units = units as f64;
        units.min(1e7) * 1e-4 + (units - 1e7).clamp(0.0, 4e7) * 5e-5 + (units - 5e7).max(0.0) * 2.5e-5
    }

    fn budget(max_cost: impl Into<Option<f64>>, max_units: impl Into<Option<u64>>) -> Budget {
        Budget { max_cost: max_cost.into(), max_units: max_units.into() }
    }

    #[test]
    fn a_plan_within_the_limits_passes_and_one_beyond_names_the_limit() {
        let planned = Planned { units: 12_345, cost: 1.2345 };
        assert_eq!(budget(None, None).check(planned), Ok(()));
        assert_eq!(budget(1.2345, 12_345).check(planned), Ok(()));
        assert_eq!(budget(2.0, 12_344).check(planned), Err(BudgetExceeded::Units { planned: 12_345, limit: 12_344 }));
        let error = budget(1.0, None).check(planned).unwrap_err();
        assert_eq!(error.to_string(), "the run may cost up to $1.2345, more than the $1.0000 allowed");
        assert!(error.hint().unwrap().contains("--max-cost 1.24"), "{:?}", error.hint());
    }

    #[test]
    fn a_limit_that_makes_no_sense_allows_nothing() {
        let planned = Planned { units: 3, cost: 0.0003 };
        for limit in [f64::NAN, f64::NEG_INFINITY, -1.0, 0.0] {
            assert!(budget(limit, None).check(planned).is_err(), "{limit}");
            assert_eq!(budget(limit, None).units(cost_of), 0, "{limit}");
        }
        assert_eq!(budget(0.0, 0).check(Planned { units: 0, cost: 0.0 }), Ok(()), "a run from the cache is free");
    }

    #[test]
    fn retries_are_paid_from_the_same_budget() {
        let spending = Spending::new(10);
        drop(spending.reserve(4).unwrap());
        spending.reserve(4).unwrap().settled(3);
        assert_eq!(spending.reserve(4).unwrap_err(), BudgetExceeded::Units { planned: 11, limit: 10 });
        spending.reserve(2).unwrap().not_charged();
        spending.reserve(2).unwrap().settled(2);
        assert_eq!(spending.reserved(), 9);
    }

    proptest! {
        #[test]
        fn the_units_that_a_cost_allows_are_the_most_that_cost_no_more(dollars in 0.0..20_000.0f64, units in any::<Option<u32>>()) {
            let budget = budget(dollars, units.map(u64::from));
            let allowed = budget.units(cost_of);
            let allows = |units| budget.check(Planned { units, cost: cost_of(units) }).is_ok();
            prop_assert!(allows(allowed));
            prop_assert!(!allows(allowed + 1));
        }

        #[test]
        fn requests_in_flight_at_once_never_pass_the_limit(limit in 0u64..200, sizes in prop::collection::vec(0u64..20, 1..40)) {
            let spending = Spending::new(limit);
            let granted: u64 = std::thread::scope(|scope| {
                let sent: Vec<_> = sizes.chunks(10).map(|sizes| {
                    let spending = &spending;
                    scope.spawn(move || sizes.iter().filter(|&&units| spending.reserve(units).is_ok()).sum::<u64>())
                }).collect();
                sent.into_iter().map(|sent| sent.join().unwrap()).sum()
            });
            prop_assert!(granted <= limit);
            prop_assert_eq!(spending.reserved(), granted);
        }
    }
}
