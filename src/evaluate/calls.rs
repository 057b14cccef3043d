//! Rated calls: how far a call's values put the calls in the order in which people were happy with them.

use std::fmt;

use serde::Serialize;

use super::{Interval, auc, interval, spearman};

/// Which of a call's values is judged: columns of calls.csv.
#[expect(clippy::enum_variant_names, reason = "they are the names of columns")]
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Measure {
    /// The mean over the whole call.
    CustomerScore,
    /// The last third.
    CustomerEnd,
    /// The worst three turns in a row.
    CustomerLow,
}

impl Measure {
    /// All of them, in the order of [`RatedCall::values`]; the first is the main one.
    pub const ALL: [Self; 3] = [Self::CustomerScore, Self::CustomerEnd, Self::CustomerLow];

    /// The column's name.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::CustomerScore => "customer_score",
            Self::CustomerEnd => "customer_end",
            Self::CustomerLow => "customer_low",
        }
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
    pub values: [Option<f64>; 3],
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
    /// The chance that an unhappy call has a lower value than one that is not. Empty unless there are both.
    pub auc: Option<Interval>,
    /// Spearman's correlation with the rating. Empty where either does not vary.
    pub rank_correlation: Option<Interval>,
}

impl MeasureFigures {
    /// The figures of each value, with intervals over calls that the seed decides.
    pub fn all(calls: &[RatedCall], seed: u64) -> [Self; 3] {
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
    call.values[measure as usize]
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
        let call =
            |rating: f64, score: Option<f64>| RatedCall { rating, unhappy: rating < 3.0, values: [score, None, score] };
        let calls = [call(5.0, Some(0.9)), call(4.0, Some(0.2)), call(1.0, Some(-0.5)), call(1.0, None)];
        let [score, end, low] = MeasureFigures::all(&calls, 1);
        assert_eq!((score.calls, score.unhappy), (3, 1));
        assert_eq!(score.auc.map(|auc| auc.value), Some(1.0));
        assert_eq!(score.rank_correlation.map(|rho| rho.value), Some(1.0));
        assert_eq!((end.calls, end.auc, low.calls), (0, None, 3));
    }
}
