//! Exact sums over calls: what the agents' book adds up, and the floats read from it after the last addition.
//!
//! A call counts with a weight h in millionths (the agent's share of it) and its values y are in millionths, so that every sum is a
//! whole number, and adding or merging in any order gives the same one. With h² in the sums the **effective number of
//! calls** n = (Σh)²/Σh² is known (Kish 1965): it is the plain number where no call was shared.

use std::ops::AddAssign;

use serde::{Deserialize, Serialize};

use crate::sentiment::Millionths;

/// Weight of a whole call.
const WHOLE_CALL: f64 = 1e6;

/// Sums for a weighted mean and the spread around it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub(super) struct Moments {
    weight: i128,
    weight_squares: i128,
    values: i128,
    squares: i128,
}

impl Moments {
    pub(super) fn add(&mut self, weight: Millionths, value: Millionths) {
        let (weight, value) = (i128::from(weight.0), i128::from(value.0));
        self.weight += weight;
        self.weight_squares += weight * weight;
        self.values += weight * value;
        self.squares += weight * value * value;
    }

    /// Σh, in calls.
    pub(super) fn calls(&self) -> f64 {
        self.weight as f64 / WHOLE_CALL
    }

    /// Σh², in calls.
    pub(super) fn weight_squares(&self) -> f64 {
        self.weight_squares as f64 / (WHOLE_CALL * WHOLE_CALL)
    }

    /// Calls, the sum of their scores and that of the squares, each to the nearest whole number; scores in ten-thousandths.
    pub(super) fn in_parts(&self) -> (u64, i64, u64) {
        let nearest = |sum: i128, unit: i128| (sum + unit / 2).div_euclid(unit);
        let calls = u64::try_from(nearest(self.weight, 1_000_000)).unwrap_or(u64::MAX);
        let sum = i64::try_from(nearest(self.values, 100_000_000)).unwrap_or(i64::MAX);
        (calls, sum, u64::try_from(nearest(self.squares, 10_000_000_000)).unwrap_or(u64::MAX))
    }

    /// n = (Σh)²/Σh²; 0 without calls.
    pub(super) fn effective_calls(&self) -> f64 {
        if self.weight == 0 {
            return 0.0;
        }
        let weight = self.weight as f64;
        // Rounding must not make one call less than one.
        (weight * weight / self.weight_squares as f64).max(1.0)
    }

    /// Σhy / Σh.
    pub(super) fn mean(&self) -> Option<f64> {
        (self.weight > 0).then(|| self.values as f64 / self.weight as f64 / 1e6)
    }

    /// Σh(y − ȳ)² with h in calls and y in scores: (Σh·Σhy² − (Σhy)²)/Σh, of which the numerator is exact where it fits.
    pub(super) fn spread(&self) -> f64 {
        if self.weight == 0 {
            return 0.0;
        }
        let exact = self
            .weight
            .checked_mul(self.squares)
            .zip(self.values.checked_mul(self.values))
            .map(|(product, square)| (product - square) as f64);
        let numerator = exact.unwrap_or_else(|| {
            let values = self.values as f64;
            (self.weight as f64 * self.squares as f64 - values * values).max(0.0)
        });
        numerator / self.weight as f64 / (WHOLE_CALL * 1e12)
    }
}

impl AddAssign<&Self> for Moments {
    fn add_assign(&mut self, other: &Self) {
        self.weight += other.weight;
        self.weight_squares += other.weight_squares;
        self.values += other.values;
        self.squares += other.squares;
    }
}

/// Sums for the regression of a call's end on its start.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub(super) struct Pairs {
    weight: i128,
    starts: i128,
    ends: i128,
    start_squares: i128,
    products: i128,
}

impl Pairs {
    pub(super) fn add(&mut self, weight: Millionths, start: Millionths, end: Millionths) {
        let [weight, start, end] = [weight, start, end].map(|number| i128::from(number.0));
        self.weight += weight;
        self.starts += weight * start;
        self.ends += weight * end;
        self.start_squares += weight * start * start;
        self.products += weight * start * end;
    }

    /// Σh, in calls.
    pub(super) fn calls(&self) -> f64 {
        self.weight as f64 / WHOLE_CALL
    }

    /// Mean start and mean end; `None` without calls.
    pub(super) fn means(&self) -> Option<(f64, f64)> {
        let weight = self.weight as f64 * 1e6;
        (self.weight > 0).then(|| (self.starts as f64 / weight, self.ends as f64 / weight))
    }

    /// Σh(x − x̄)² and Σh(x − x̄)(y − ȳ) of start x and end y, h in calls.
    pub(super) fn cross_products(&self) -> (f64, f64) {
        if self.weight == 0 {
            return (0.0, 0.0);
        }
        let centred = |squares: i128, one: i128, other: i128| {
            let exact = self.weight.checked_mul(squares).zip(one.checked_mul(other)).map(|(a, b)| (a - b) as f64);
            let numerator = exact.unwrap_or(self.weight as f64 * squares as f64 - one as f64 * other as f64);
            numerator / self.weight as f64 / (WHOLE_CALL * 1e12)
        };
        let spread = centred(self.start_squares, self.starts, self.starts).max(0.0);
        (spread, centred(self.products, self.starts, self.ends))
    }
}

impl AddAssign<&Self> for Pairs {
    fn add_assign(&mut self, other: &Self) {
        self.weight += other.weight;
        self.starts += other.starts;
        self.ends += other.ends;
        self.start_squares += other.start_squares;
        self.products += other.products;
    }
}

/// Sums for a weighted mean alone.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub(super) struct Mean {
    weight: i128,
    values: i128,
}

impl Mean {
    pub(super) fn add(&mut self, weight: Millionths, value: Millionths) {
        self.weight += i128::from(weight.0);
        self.values += i128::from(weight.0) * i128::from(value.0);
    }

    pub(super) fn value(&self) -> Option<f64> {
        (self.weight > 0).then(|| self.values as f64 / self.weight as f64 / 1e6)
    }
}

impl AddAssign<&Self> for Mean {
    fn add_assign(&mut self, other: &Self) {
        self.weight += other.weight;
        self.values += other.values;
    }
}

/// Sums for the share of calls of which something is true.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub(super) struct Hits {
    weight: i128,
    weight_squares: i128,
    hits: i128,
}

impl Hits {
    pub(super) fn add(&mut self, weight: Millionths, hit: bool) {
        let weight = i128::from(weight.0);
        self.weight += weight;
        self.weight_squares += weight * weight;
        self.hits += if hit { weight } else { 0 };
    }

    /// Effective hits and calls, `(n·Σ_hits h/Σh, n)` with n = (Σh)²/Σh²; `None` without calls.
    pub(super) fn counts(&self) -> Option<(f64, f64)> {
        if self.weight == 0 {
            return None;
        }
        let weight = self.weight as f64;
        let calls = (weight * weight / self.weight_squares as f64).max(1.0);
        Some((calls * (self.hits as f64 / weight), calls))
    }
}

impl AddAssign<&Self> for Hits {
    fn add_assign(&mut self, other: &Self) {
        self.weight += other.weight;
        self.weight_squares += other.weight_squares;
        self.hits += other.hits;
    }
}

/// The sums of a type as one array, and back.
macro_rules! as_array {
    ($type:ident: $count:literal, $($part:ident),+) => {
        impl $type {
            /// The sums, in an order that never changes.
            pub(super) const fn to_array(self) -> [i128; $count] {
                [$(self.$part),+]
            }

            /// What [`Self::to_array`] gave.
            pub(super) const fn of_array([$($part),+]: [i128; $count]) -> Self {
                Self { $($part),+ }
            }
        }
    };
}

as_array!(Moments: 4, weight, weight_squares, values, squares);
as_array!(Pairs: 5, weight, starts, ends, start_squares, products);
as_array!(Mean: 2, weight, values);
as_array!(Hits: 3, weight, weight_squares, hits);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whole_calls_give_the_plain_formulas() {
        let mut sums = Moments::default();
        for value in [100_000, 300_000, 800_000] {
            sums.add(Millionths::ONE, Millionths(value));
        }
        // Mean .4; deviations −.3, −.1, .4: squares .09 + .01 + .16.
        assert!((sums.mean().unwrap() - 0.4).abs() < 1e-15);
        assert!((sums.spread() - 0.26).abs() < 1e-15);
        assert!((sums.effective_calls() - 3.0).abs() < 1e-15);
    }

    #[test]
    fn sums_are_told_in_ten_thousandths_to_the_nearest() {
        let mut sums = Moments::default();
        sums.add(Millionths::ONE, Millionths(-300_049));
        sums.add(Millionths(400_000), Millionths(500_000));
        // −.300049 + .4·.5 = −.100049; .090029… + .4·.25 = .190029….
        assert_eq!(sums.in_parts(), (1, -1000, 19_002_940));
    }

    #[test]
    fn shared_calls_weigh_less() {
        let mut sums = Moments::default();
        sums.add(Millionths::ONE, Millionths(0));
        sums.add(Millionths(500_000), Millionths(600_000));
        // Mean .3/1.5 = .2; n = 1.5²/1.25 = 1.8; spread 1·.04 + .5·.16 = .12.
        assert!((sums.mean().unwrap() - 0.2).abs() < 1e-15);
        assert!((sums.effective_calls() - 1.8).abs() < 1e-15);
        assert!((sums.spread() - 0.12).abs() < 1e-15);
    }

    #[test]
    fn equal_scores_have_no_spread_at_all() {
        let mut sums = Moments::default();
        for _ in 0..1000 {
            sums.add(Millionths(333_333), Millionths(123_457));
        }
        assert!(sums.spread().abs() < f64::MIN_POSITIVE);
    }

    #[test]
    fn too_many_calls_for_exact_products_still_give_a_spread() {
        let each = Moments {
            weight: 1_000_000,
            weight_squares: 1_000_000_000_000,
            values: 0,
            squares: 1_000_000_000_000_000_000,
        };
        let mut sums = each;
        for _ in 0..50 {
            let double = sums;
            sums += &double;
        }
        // 2^50 calls of ±1 around 0.
        assert!((sums.spread() / 2_f64.powi(50) - 1.0).abs() < 1e-12);
    }
}
