//! What scores add up to: means, intervals and distributions in exact sums of the parts that a table has.

use std::ops::AddAssign;

use serde::{Deserialize, Serialize};

use super::CallFigures;
use crate::output::{PARTS, parts};
use crate::rollup::{TAIL, around, t_quantile};
use crate::sentiment::{Label, Millionths};

/// Bins of a distribution from −1 to 1: hundredths, the last one for 1 itself.
pub(crate) const BINS: usize = 201;
const BIN_PARTS: i64 = PARTS / 100;

/// Values of one kind: how many, their sum, and how they are distributed.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct Series {
    pub(crate) count: u64,
    sum: i64,
    #[serde(with = "bins")]
    pub(crate) bins: Box<[u64; BINS]>,
}

impl Default for Series {
    fn default() -> Self {
        Self { count: 0, sum: 0, bins: Box::new([0; BINS]) }
    }
}

impl Series {
    pub(super) fn add(&mut self, score: Millionths) {
        let parts = parts(score);
        self.count += 1;
        self.sum += parts;
        let bin = usize::try_from((parts + PARTS) / BIN_PARTS).unwrap_or(0).min(BINS - 1);
        self.bins[bin] += 1;
    }

    /// The mean; `None` without values.
    pub(crate) fn mean(&self) -> Option<f64> {
        mean(self.count, self.sum)
    }

    /// The mean with its 95 % interval as [`Group::interval`] has it, the spread taken from hundredths; `None` below two
    /// values.
    pub(crate) fn interval(&self) -> Option<(f64, f64)> {
        let (count, mean) = (self.count as f64, self.mean()?);
        let middle = |bin: usize| (bin as f64 + 0.5).min(BINS as f64 - 1.0) / 100.0 - 1.0;
        let squares = |(bin, &count): (usize, &u64)| count as f64 * (middle(bin) - mean).powi(2);
        let spread: f64 = self.bins.iter().enumerate().map(squares).sum();
        (self.count >= 2).then(|| around(mean, t_quantile(TAIL, count - 1.0) * (spread / (count - 1.0) / count).sqrt()))
    }

    /// The value that a share of the values lies below, to a hundredth; `None` without values.
    pub(crate) fn quantile(&self, share: f64) -> Option<f64> {
        if self.count == 0 {
            return None;
        }
        let wanted = share * self.count as f64;
        let mut seen = 0;
        let place = self.bins.iter().position(|count| {
            seen += count;
            seen as f64 >= wanted
        });
        place.map(|bin| (bin as f64 + 0.5).min(BINS as f64 - 1.0) / 100.0 - 1.0)
    }
}

impl AddAssign<&Self> for Series {
    fn add_assign(&mut self, other: &Self) {
        self.count += other.count;
        self.sum += other.sum;
        self.bins.iter_mut().zip(other.bins.iter()).for_each(|(own, more)| *own += more);
    }
}

/// Bins as a sequence: `serde` knows no array of so many.
mod bins {
    use serde::{Deserialize as _, Deserializer, Serialize as _, Serializer, de::Error as _};

    use super::BINS;

    pub(super) fn serialize<S: Serializer>(bins: &[u64; BINS], serializer: S) -> Result<S::Ok, S::Error> {
        bins.as_slice().serialize(serializer)
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Box<[u64; BINS]>, D::Error> {
        let bins = Box::<[u64]>::deserialize(deserializer)?;
        bins.try_into().map_err(|_| D::Error::custom("another number of bins"))
    }
}

fn mean(count: u64, sum: i64) -> Option<f64> {
    (count > 0).then(|| sum as f64 / count as f64 / PARTS as f64)
}

/// Calls that share a day or a queue.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize)]
pub(crate) struct Group {
    pub(crate) calls: u64,
    pub(crate) scored: u64,
    sum: i64,
    squares: i128,
    end_sum: i64,
    end_squares: i128,
    ended: u64,
    pub(crate) negative: u64,
    pub(crate) escalated: u64,
    pub(crate) with_shift: u64,
}

impl Group {
    /// Calls of which nothing is known, for tests.
    #[cfg(test)]
    pub(crate) fn of_calls(calls: u64) -> Self {
        Self { calls, ..Self::default() }
    }

    pub(super) fn add(&mut self, call: &CallFigures<'_>) {
        self.calls += 1;
        if let Some(score) = call.customer_score.map(parts) {
            self.scored += 1;
            self.sum += score;
            self.squares += i128::from(score) * i128::from(score);
        }
        if let Some(end) = call.customer_end.map(parts) {
            self.ended += 1;
            self.end_sum += end;
            self.end_squares += i128::from(end) * i128::from(end);
        }
        self.negative += u64::from(call.customer_label == Some(Label::Negative));
        self.with_shift += u64::from(call.escalated.is_some());
        self.escalated += u64::from(call.escalated == Some(true));
    }

    /// The mean of the calls' customer scores; `None` if none was scored.
    pub(crate) fn mean(&self) -> Option<f64> {
        mean(self.scored, self.sum)
    }

    /// The mean of the calls' customer ends; `None` if none is known.
    pub(crate) fn end(&self) -> Option<f64> {
        mean(self.ended, self.end_sum)
    }

    /// The mean with its 95 % interval, calls being the sampling unit: mean ± t·s/√n with n − 1 degrees of freedom, within the scale;
    /// `None` below two scored calls.
    pub(crate) fn interval(&self) -> Option<(f64, f64)> {
        interval(self.scored, self.sum, self.squares)
    }

    /// The same of the calls' customer ends.
    pub(crate) fn end_interval(&self) -> Option<(f64, f64)> {
        interval(self.ended, self.end_sum, self.end_squares)
    }
}

fn interval(count: u64, sum: i64, squares: i128) -> Option<(f64, f64)> {
    let (calls, mean) = (count as f64, mean(count, sum).filter(|_| count >= 2)?);
    let spread = squares as f64 / (PARTS * PARTS) as f64 - calls * mean * mean;
    let error = (spread.max(0.0) / (calls - 1.0) / calls).sqrt();
    Some(around(mean, t_quantile(TAIL, calls - 1.0) * error))
}

impl AddAssign for Group {
    fn add_assign(&mut self, other: Self) {
        self.calls += other.calls;
        self.scored += other.scored;
        self.sum += other.sum;
        self.squares += other.squares;
        self.end_sum += other.end_sum;
        self.end_squares += other.end_squares;
        self.ended += other.ended;
        self.negative += other.negative;
        self.escalated += other.escalated;
        self.with_shift += other.with_shift;
    }
}

/// Words, and those of them that have a score.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize)]
pub(crate) struct Coverage {
    pub(crate) words: u64,
    pub(crate) scored: u64,
}

impl Coverage {
    pub(super) fn add(&mut self, words: u64, scored: u64) {
        self.words += words;
        self.scored += scored;
    }
}

impl AddAssign for Coverage {
    fn add_assign(&mut self, other: Self) {
        self.add(other.words, other.scored);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn series(parts: impl IntoIterator<Item = i64>) -> Series {
        let mut series = Series::default();
        parts.into_iter().for_each(|parts| series.add(Millionths(100 * parts)));
        series
    }

    #[test]
    fn both_ends_of_the_scale_have_a_bin() {
        let series = series([-10_000, 10_000, 10_000, 10_000]);
        assert_eq!((series.bins[0], series.bins[BINS - 1], series.count), (1, 3, 4));
        assert_eq!(series.mean(), Some(0.5));
        assert_eq!(Series::default().mean(), None);
    }

    #[test]
    fn the_interval_of_a_series_is_that_of_its_values() {
        assert_eq!((Series::default().interval(), series([100]).interval()), (None, None));
        let values = [-3000, -1200, 500, 1100, 4200, 800];
        let mut group = Group::default();
        for value in values {
            let score = Some(Millionths(100 * value));
            group.add(&CallFigures { customer_score: score, ..CallFigures::default() });
        }
        let (exact, found) = (group.interval().unwrap(), series(values).interval().unwrap());
        assert!((exact.0 - found.0).abs() < 0.01 && (exact.1 - found.1).abs() < 0.01, "{exact:?} {found:?}");
    }

    #[test]
    fn quantiles_are_right_to_a_hundredth() {
        let series = series(-5000..5000);
        for (share, expected) in [(0.25, -0.25), (0.5, 0.0), (0.75, 0.25)] {
            let found = series.quantile(share).unwrap();
            assert!((found - expected).abs() <= 0.01, "{found} is not {expected}");
        }
        assert_eq!(Series::default().quantile(0.5), None);
    }

    #[test]
    fn an_interval_is_that_of_a_mean_of_calls() {
        let add = |group: &mut Group, score| {
            group.add(&CallFigures { customer_score: score, ..CallFigures::default() });
        };
        let mut group = Group::default();
        add(&mut group, Some(Millionths(100_000)));
        assert_eq!(group.interval(), None, "one call has no spread");
        add(&mut group, Some(Millionths(300_000)));
        add(&mut group, None);
        assert_eq!((group.calls, group.scored), (3, 2));
        assert_eq!(group.interval(), Some((-1.0, 1.0)), "two calls say next to nothing");
        add(&mut group, Some(Millionths(200_000)));
        // s = .1, and t of two degrees of freedom is 4.302652729911275.
        let (low, high) = group.interval().unwrap();
        let half = 4.302_652_729_911_275 * 0.1 / 3.0_f64.sqrt();
        assert!((low - (0.2 - half)).abs() < 1e-9 && (high - (0.2 + half)).abs() < 1e-9, "{low} {high}");
    }
}
