//! How good a model is on calls that it had not seen: each call is judged by a model that was fitted without it.

use super::fit::{Fitted, Rated};
use crate::evaluate::{Interval, interval, spearman};
use crate::random::Random;

/// Parts that are held out in turn.
const PARTS: usize = 5;

/// Figures on calls that the model had not seen.
#[derive(Debug, Clone, PartialEq)]
pub struct HeldOut {
    /// Calls judged.
    pub calls: usize,
    /// Spearman's correlation of the expected rating with the one given, both turned so that more is better.
    pub rank_correlation: Option<Interval>,
    /// The same of `customer_score`.
    pub score: Option<Interval>,
    /// By how much the first is above the second.
    pub ahead: Option<Interval>,
    /// Mean distance of the expected rating from the one given.
    pub distance: Option<Interval>,
    /// The same of the mean of all ratings, which knows nothing of the call.
    pub distance_of_mean: Option<Interval>,
}

/// Holds five parts of `calls` out in turn, whose ratings are turned so that more is better; the seed decides which.
pub(super) fn held_out(calls: &[Rated], seed: u64) -> HeldOut {
    let mut order: Vec<usize> = (0..calls.len()).collect();
    Random::new(seed).shuffle(&mut order);
    let mut judged: Vec<Judged> = Vec::with_capacity(calls.len());
    for part in 0..PARTS {
        let in_part = |place: usize| place % PARTS == part;
        let pick = |held: bool| -> Vec<Rated> {
            order.iter().enumerate().filter(|(place, _)| in_part(*place) == held).map(|(_, at)| calls[*at]).collect()
        };
        let (others, held) = (pick(false), pick(true));
        let mean = others.iter().map(|call| call.rating).sum::<f64>() / others.len() as f64;
        let fitted = Fitted::to(&others);
        judged.extend(held.iter().map(|call| Judged {
            rating: call.rating,
            expected: fitted.as_ref().map_or(mean, |fitted| fitted.expected(&call.columns)),
            score: call.columns.0[0],
            mean,
        }));
    }
    let count = judged.len();
    let correlation = |places: &[usize], value: fn(&Judged) -> f64| {
        spearman(&places.iter().map(|at| (value(&judged[*at]), judged[*at].rating)).collect::<Vec<_>>())
    };
    let distance = |places: &[usize], value: fn(&Judged) -> f64| {
        let sum: f64 = places.iter().map(|at| (value(&judged[*at]) - judged[*at].rating).abs()).sum();
        (!places.is_empty()).then(|| sum / places.len() as f64)
    };
    HeldOut {
        calls: count,
        rank_correlation: interval(count, seed, |places| correlation(places, |call| call.expected)),
        score: interval(count, seed, |places| correlation(places, |call| call.score)),
        ahead: interval(count, seed, |places| {
            Some(correlation(places, |call| call.expected)? - correlation(places, |call| call.score)?)
        }),
        distance: interval(count, seed, |places| distance(places, |call| call.expected)),
        distance_of_mean: interval(count, seed, |places| distance(places, |call| call.mean)),
    }
}

/// A call beside what was expected of it.
struct Judged {
    rating: f64,
    expected: f64,
    score: f64,
    mean: f64,
}
