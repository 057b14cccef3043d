//! Rated calls: how far a call's values put the calls in the order in which people were happy with them.

use std::fmt;

use serde::Serialize;

use super::{Interval, auc, interval, spearman};

/// Which of a call's values is judged: columns of calls.csv.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Measure {
    /// The mean over the whole call.
    CustomerScore,
    /// The last third.
    CustomerEnd,
    /// The worst three turns in a row.
    CustomerLow,
    /// The first third.
    CustomerStart,
    /// The last third less the first.
    CustomerShift,
    /// The last quarter.
    CustomerQ4,
    /// The share of negative turns, of which less is better.
    CustomerNegativeShare,
}

/// How many columns are judged.
pub const MEASURES: usize = 7;

impl Measure {
    /// All of them, in the order of [`RatedCall::values`]; the first is the main one.
    pub const ALL: [Self; MEASURES] = [
        Self::CustomerScore,
        Self::CustomerEnd,
        Self::CustomerLow,
        Self::CustomerStart,
        Self::CustomerShift,
        Self::CustomerQ4,
        Self::CustomerNegativeShare,
    ];

    /// The column's name.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::CustomerScore => "customer_score",
            Self::CustomerEnd => "customer_end",
            Self::CustomerLow => "customer_low",
            Self::CustomerStart => "customer_start",
            Self::CustomerShift => "customer_shift",
            Self::CustomerQ4 => "customer_q4",
            Self::CustomerNegativeShare => "customer_negative_share",
        }
    }

    /// The column's value, turned so that more is better.
    fn turned(self, value: f64) -> f64 {
        if self == Self::CustomerNegativeShare { -value } else { value }
    }
}

impl fmt::Display for Measure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// A person's rating of a call, and an engine's values.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct RatedCall {
    /// The rating, turned so that more is better.
    pub rating: f64,
    /// Whether it lies in the worse half of the scale.
    pub unhappy: bool,
    /// The engine's values in the order of [`Measure::ALL`]; empty where nothing was scored.
    pub values: [Option<f64>; MEASURES],
}

/// How well one value orders the calls.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct MeasureFigures {
    /// The value.
    pub measure: Measure,
    /// Calls that have it; the others count nowhere.
    pub calls: usize,
    /// Those of them that were unhappy.
    pub unhappy: usize,
    /// The chance that an unhappy call has a lower value than one that is not (of a share of negative turns, a higher
    /// one). Empty unless there are both.
    pub auc: Option<Interval>,
    /// Spearman's correlation with the rating, above 0 where the value is better for calls with better ratings. Empty
    /// where either does not vary.
    pub rank_correlation: Option<Interval>,
}

impl MeasureFigures {
    /// The figures of each value, with intervals over calls that the seed decides.
    pub fn all(calls: &[RatedCall], seed: u64) -> [Self; MEASURES] {
        Measure::ALL.map(|measure| {
            let known: Vec<RatedCall> = calls.iter().filter(|call| value(call, measure).is_some()).copied().collect();
            Self {
                measure,
                calls: known.len(),
                unhappy: known.iter().filter(|call| call.unhappy).count(),
                auc: interval(known.len(), seed, |places| unhappy_auc(measure, &known, places)),
                rank_correlation: interval(known.len(), seed, |places| correlation(measure, &known, places)),
            }
        })
    }
}

fn value(call: &RatedCall, measure: Measure) -> Option<f64> {
    call.values[measure as usize].map(|value| measure.turned(value))
}

/// The column that follows the ratings best, as far as these calls can show.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Closest {
    /// The column.
    pub measure: Measure,
    /// By how much its rank correlation is above that of `customer_score`, on the calls that have both; empty if it is that.
    pub ahead: Option<Interval>,
    /// The same in words.
    pub words: String,
}

impl Closest {
    /// The column with the highest rank correlation; `None` where no column has any.
    pub fn of(calls: &[RatedCall], figures: &[MeasureFigures], seed: u64) -> Option<Self> {
        let value = |figures: &&MeasureFigures| figures.rank_correlation.map_or(f64::NEG_INFINITY, |rho| rho.value);
        let best = figures.iter().max_by(|a, b| value(a).total_cmp(&value(b)))?;
        let (measure, main) = (best.measure, Measure::CustomerScore);
        let both: Vec<RatedCall> = calls.iter().filter(|call| value_of_both(call, measure, main)).copied().collect();
        let ahead = if measure == main {
            None
        } else {
            interval(both.len(), seed, |places| {
                Some(correlation(measure, &both, places)? - correlation(main, &both, places)?)
            })
        };
        let mut words = format!("{measure} follows these ratings best: rank correlation {:+}", best.rank_correlation?);
        if let Some(ahead) = ahead {
            let sure = if ahead.excludes_zero() { "more than chance explains" } else { "which may be chance" };
            words += &format!(", {ahead:+} against {main}, {sure}");
        }
        let count = figures.len();
        words += &format!(
            ". All rated calls with a value were used, and the best of {count} columns was picked on them: \
             look at other calls before you rely on a small lead."
        );
        Some(Self { measure, ahead, words })
    }
}

fn value_of_both(call: &RatedCall, one: Measure, other: Measure) -> bool {
    value(call, one).is_some() && value(call, other).is_some()
}

/// The chance that an unhappy call among those at these places has a lower value than one that is not. Calls without
/// the value are passed over.
pub fn unhappy_auc(measure: Measure, calls: &[RatedCall], places: &[usize]) -> Option<f64> {
    let scored: Vec<(f64, bool)> =
        places.iter().filter_map(|at| Some((-value(&calls[*at], measure)?, calls[*at].unhappy))).collect();
    auc(&scored)
}

fn correlation(measure: Measure, calls: &[RatedCall], places: &[usize]) -> Option<f64> {
    let pairs: Vec<(f64, f64)> =
        places.iter().filter_map(|at| Some((value(&calls[*at], measure)?, calls[*at].rating))).collect();
    spearman(&pairs)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn unhappy_calls_are_those_that_should_score_low() {
        let call = |rating: f64, score: Option<f64>| {
            let mut values = [score; MEASURES];
            values[Measure::CustomerEnd as usize] = None;
            RatedCall { rating, unhappy: rating < 3.0, values }
        };
        let calls = [call(5.0, Some(0.9)), call(4.0, Some(0.2)), call(1.0, Some(-0.5)), call(1.0, None)];
        let [score, end, low, .., negative_share] = MeasureFigures::all(&calls, 1);
        assert_eq!((score.calls, score.unhappy), (3, 1));
        assert_eq!(score.auc.map(|auc| auc.value), Some(1.0));
        assert_eq!(score.rank_correlation.map(|rho| rho.value), Some(1.0));
        assert_eq!((end.calls, end.auc, low.calls), (0, None, 3));
        assert_eq!(negative_share.auc.map(|auc| auc.value), Some(0.0), "a high share of negative turns is bad");
    }

    #[test]
    fn the_column_that_follows_best_is_named_with_its_lead() {
        let call = |at: u32| {
            let rating = f64::from(at % 5);
            let mut values = [Some(f64::from(at * 7 % 11)); MEASURES];
            values[Measure::CustomerNegativeShare as usize] = Some(1.0 - rating / 5.0);
            RatedCall { rating, unhappy: rating < 2.0, values }
        };
        let calls: Vec<RatedCall> = (0..100).map(call).collect();
        let figures = MeasureFigures::all(&calls, 1);
        let closest = Closest::of(&calls, &figures, 1).expect("values");
        assert_eq!(closest.measure, Measure::CustomerNegativeShare);
        assert!(closest.ahead.expect("another column").excludes_zero());
        assert!(closest.words.contains("more than chance explains") && closest.words.contains("best of 7 columns"));
        let none = [RatedCall { rating: 1.0, unhappy: true, values: [None; MEASURES] }; 3];
        assert_eq!(Closest::of(&none, &MeasureFigures::all(&none, 1), 1), None);
    }
}
