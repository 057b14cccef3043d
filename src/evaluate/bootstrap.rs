//! How sure a figure is: the bootstrap (Efron 1979), percentile intervals, seeded.

use std::fmt;

use serde::Serialize;

use crate::parallel::{cores, in_parallel};
use crate::random::Random;

/// Times that the texts are drawn again. Enough for the second digit of a 95 % interval.
pub const RESAMPLES: usize = 1000;

/// A figure and the range in which it lies with 95 % probability.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Interval {
    /// The figure on the texts as they are.
    pub value: f64,
    /// 2.5 % of the resamples lie below.
    pub low: f64,
    /// 2.5 % of the resamples lie above.
    pub high: f64,
}

impl fmt::Display for Interval {
    /// `0.612 (0.590 to 0.634)`; with `{:+}`, as a difference: `−0.010 (−0.020 to +0.004)`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Rounded here, so that adding zero takes the sign off what rounds to none.
        let [value, low, high] = [self.value, self.low, self.high].map(|number| (number * 1e3).round() / 1e3 + 0.0);
        let text = if f.sign_plus() {
            format!("{value:+.3} ({low:+.3} to {high:+.3})")
        } else {
            format!("{value:.3} ({low:.3} to {high:.3})")
        };
        f.pad(&text.replace('-', "−"))
    }
}

impl Interval {
    /// Whether zero lies outside: a difference that is more than chance.
    pub fn excludes_zero(&self) -> bool {
        self.low > 0.0 || self.high < 0.0
    }
}

/// Resamples drawn by one thread at a time. Fixed, so that an interval does not depend on how many threads there are.
const RESAMPLES_PER_PART: usize = 50;

/// The 95 % interval of `figure`, a function of the places of the items drawn, over `items` items (texts, or calls
/// where calls are the unit). Empty where the figure is. Resamples without a figure are passed over.
pub fn interval(items: usize, seed: u64, figure: impl Fn(&[usize]) -> Option<f64> + Sync) -> Option<Interval> {
    let places: Vec<usize> = (0..items).collect();
    let value = figure(&places)?;
    let parts = in_parallel(cores(), RESAMPLES / RESAMPLES_PER_PART, |part| {
        // A part's own stream: the seeds of two parts lie far apart in what the generator steps through.
        let mut random = Random::new(Random::new(seed ^ part as u64).bits());
        let mut places = places.clone();
        let resample = |_| {
            places.fill_with(|| random.below(items));
            figure(&places)
        };
        (0..RESAMPLES_PER_PART).filter_map(resample).collect::<Vec<f64>>()
    });
    let mut figures = parts.concat();
    figures.sort_by(f64::total_cmp);
    let quantile = |share: f64| {
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a place in the list")]
        let at = (share * (figures.len().saturating_sub(1)) as f64).round() as usize;
        figures.get(at).copied().unwrap_or(value)
    };
    Some(Interval { value, low: quantile(0.025), high: quantile(0.975) })
}

/// The 95 % interval of how much `figure` is higher for `new` than for `old` on the same items: both are drawn
/// together, so what makes some items hard for either cancels out.
pub fn paired_difference<T: Sync>(
    old: &[T],
    new: &[T],
    seed: u64,
    figure: impl Fn(&[T], &[usize]) -> Option<f64> + Sync,
) -> Option<Interval> {
    interval(old.len().min(new.len()), seed, |places| Some(figure(new, places)? - figure(old, places)?))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mean(values: &[f64], places: &[usize]) -> Option<f64> {
        (!places.is_empty()).then(|| places.iter().map(|at| values[*at]).sum::<f64>() / places.len() as f64)
    }

    #[test]
    fn the_interval_of_a_mean_is_about_two_standard_errors() {
        let values: Vec<f64> = (0..400).map(|i| f64::from(i % 2)).collect();
        let found = interval(400, 1, |places| mean(&values, places)).expect("values");
        assert!((found.value - 0.5).abs() < 1e-12);
        assert!((found.low - 0.451).abs() < 0.01 && (found.high - 0.549).abs() < 0.01, "{found:?}");
        assert_eq!(Some(found), interval(400, 1, |places| mean(&values, places)));
    }

    #[test]
    fn a_constant_difference_is_sure_whatever_the_spread() {
        let old: Vec<f64> = (0..50).map(f64::from).collect();
        let new: Vec<f64> = old.iter().map(|value| value + 1.0).collect();
        let difference = paired_difference(&old, &new, 1, mean).expect("values");
        assert!(difference.excludes_zero() && difference.high - difference.low < 1e-9, "{difference:?}");
        assert!(!paired_difference(&old, &old, 1, mean).expect("values").excludes_zero());
    }

    #[test]
    fn an_interval_reads_as_a_figure_or_as_a_difference() {
        let interval = Interval { value: -0.01, low: -0.02, high: 0.004 };
        assert_eq!(format!("{interval}|{interval:+}"), "−0.010 (−0.020 to 0.004)|−0.010 (−0.020 to +0.004)");
        let nothing = Interval { value: -0.0001, low: -0.0004, high: 0.0 };
        assert_eq!(format!("{nothing}|{nothing:+}"), "0.000 (0.000 to 0.000)|+0.000 (+0.000 to +0.000)");
    }

    #[test]
    fn nothing_has_no_interval() {
        assert_eq!(interval(0, 1, |places| mean(&[], places)), None);
    }
}
