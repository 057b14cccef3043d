//! How wide the interval of a sampled run will be, before anything is paid for.
//!
//! ```text
//! half ≈ z·s_y·√(1 − ρ²)·√((1 − f)/n)
//! ```
//!
//! with n = f·N drawn calls. `s_y` is the spread of the calls' scores by the local engine, and ρ, how closely the engines go together, is
//! taken to be [`ASSUMED_CORRELATION`]. Where the service's scores of enough calls are stored, both are measured on those.

use crate::rollup::two_sided_z;

/// ρ where nothing is known of it: in the middle of what engines come to on each other's calls. Of .4 the interval is an eighth wider,
/// of .8 a quarter narrower.
pub const ASSUMED_CORRELATION: f64 = 0.6;

/// Calls with both scores from which they are measured.
const MEASURED_CALLS: u64 = 30;

/// Sums of calls' scores by both engines.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Expectation {
    local: Moments,
    both: Pairs,
}

#[derive(Debug, Clone, Copy, Default, PartialEq)]
struct Moments {
    calls: u64,
    sum: i128,
    squares: i128,
}

#[derive(Debug, Clone, Copy, Default, PartialEq)]
struct Pairs {
    calls: u64,
    x: i128,
    y: i128,
    xx: i128,
    xy: i128,
    yy: i128,
}

impl Expectation {
    /// Adds a call's score by the local engine in millionths, and the service's if it is stored.
    pub fn add(&mut self, local: Option<i64>, service: Option<i64>) {
        let Some(x) = local.map(i128::from) else { return };
        self.local.calls += 1;
        self.local.sum += x;
        self.local.squares += x * x;
        let Some(y) = service.map(i128::from) else { return };
        self.both.calls += 1;
        self.both.x += x;
        self.both.y += y;
        self.both.xx += x * x;
        self.both.xy += x * y;
        self.both.yy += y * y;
    }

    /// Calls with both scores, where they are enough to be measured by.
    #[must_use]
    pub fn measured(&self) -> Option<u64> {
        (self.both.calls >= MEASURED_CALLS).then_some(self.both.calls)
    }

    /// The correlation of both scores: measured, or assumed.
    #[must_use]
    pub fn correlation(&self) -> f64 {
        let Pairs { calls, x, y, xx, xy, yy } = self.both;
        let (xx, xy, yy) = (spread(calls, xx, x, x), spread(calls, xy, x, y), spread(calls, yy, y, y));
        if self.measured().is_none() {
            return ASSUMED_CORRELATION;
        }
        if xx > 0.0 && yy > 0.0 { xy / (xx * yy).sqrt() } else { 0.0 }
    }

    /// Half the width of the interval of a mean of `calls` calls of which `drawn` are drawn; `None` where nothing is known.
    #[must_use]
    pub fn half_width(&self, calls: u64, drawn: u64) -> Option<f64> {
        if drawn == 0 || calls == 0 || self.local.calls < 2 {
            return None;
        }
        let variance = if let Some(both) = self.measured() {
            spread(both, self.both.yy, self.both.y, self.both.y) / (both as f64 - 1.0)
        } else {
            let Moments { calls, sum, squares } = self.local;
            spread(calls, squares, sum, sum) / (calls as f64 - 1.0)
        };
        let left = variance * (1.0 - self.correlation().max(0.0).powi(2)).max(0.0);
        let missing = (1.0 - drawn as f64 / calls as f64).max(0.0);
        Some(two_sided_z(2.0 * super::estimate::TAIL) * (left * missing / drawn as f64).sqrt())
    }
}

/// Σ(a − ā)(b − b̄) in scores.
fn spread(calls: u64, products: i128, one: i128, other: i128) -> f64 {
    if calls == 0 {
        return 0.0;
    }
    (products as f64 - one as f64 * other as f64 / calls as f64) / 1e12
}

#[cfg(test)]
mod tests {
    use super::*;

    fn expectation(pairs: impl IntoIterator<Item = (i64, Option<i64>)>) -> Expectation {
        let mut sums = Expectation::default();
        for (local, service) in pairs {
            sums.add(Some(local), service);
        }
        sums
    }

    #[test]
    fn without_stored_scores_the_spread_is_the_local_one_and_the_correlation_assumed() {
        // Half of the calls at .3, half at −.3: a variance of .09·100/99.
        let sums = expectation((0..100).map(|number| (if number % 2 == 0 { 300_000 } else { -300_000 }, None)));
        assert_eq!((sums.measured(), sums.correlation()), (None, ASSUMED_CORRELATION));
        let variance = 0.09 * 100.0 / 99.0;
        let expected = 2.241_402_727_604_947 * (variance * 0.64 * 0.9 / 10.0_f64).sqrt();
        assert!((sums.half_width(100, 10).unwrap() - expected).abs() < 1e-9);
        assert_eq!(sums.half_width(100, 100), Some(0.0), "all of them leave nothing open");
        assert_eq!((sums.half_width(100, 0), Expectation::default().half_width(100, 10)), (None, None));
    }

    #[test]
    fn stored_scores_are_measured_from_thirty_calls_on() {
        let pair = |number: i64| (number * 10_000, Some(number * 20_000));
        assert_eq!(expectation((0..29).map(pair)).measured(), None);
        let sums = expectation((0..30).map(pair));
        assert_eq!(sums.measured(), Some(30));
        assert!((sums.correlation() - 1.0).abs() < 1e-9);
        assert!(sums.half_width(1000, 100).unwrap() < 1e-6, "the local score gives the other away");
        let unrelated = expectation((0..40).map(|number| (number % 2 * 100_000, Some(number / 2 % 2 * 400_000))));
        assert!(unrelated.correlation().abs() < 1e-9);
        let expected = 2.241_402_727_604_947 * (0.04_f64 * 40.0 / 39.0 * 0.9 / 100.0).sqrt();
        assert!((unrelated.half_width(1000, 100).unwrap() - expected).abs() < 1e-9);
        let mut lacking = unrelated;
        lacking.add(None, Some(1));
        assert_eq!(lacking, unrelated, "a call without a local score says nothing");
    }
}
