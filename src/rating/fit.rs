//! Fitting a model to rated calls.
//!
//! The weights are those of the least-squares line of the rating on the five columns with no weight below 0 (Lawson &
//! Hanson 1974), by coordinate descent; a small ridge parts the weight among columns that say the same. The curve is
//! the mean rating of up to ten equal groups of calls by index, pooled where it would turn back (pool adjacent violators,
//! Ayer et al. 1955). Its interval is where the same mean lies in 95 of 100 fits to calls drawn again (bootstrap).

use super::held_out::{HeldOut, held_out};
use super::{COLUMNS, Columns, Kind, Point, RatingModel, Scoring, Weights, along};
use crate::exit::{ExitCode, Stops};
use crate::random::Random;

/// Rated calls below which nothing is fitted.
pub(super) const LEAST_CALLS: usize = 100;

/// Most groups of the curve, and the calls that each of them takes.
const GROUPS: usize = 10;
const GROUP_CALLS: usize = 30;

/// Ridge, as a share of the columns' mean variance.
const RIDGE: f64 = 0.1;

/// Rounds of coordinate descent: five columns are settled long before.
const ROUNDS: usize = 300;

/// Fits to calls drawn again.
const RESAMPLES: usize = 200;

/// A rated call.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Rated {
    /// Its columns.
    pub columns: Columns,
    /// The rating as it was given.
    pub rating: f64,
}

/// Why ratings can't be learned from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum TrainError {
    /// There are too few.
    #[error("{calls} rated calls have a score of the customer; a call model takes {LEAST_CALLS} or more")]
    TooFew {
        /// How many there are.
        calls: usize,
    },
    /// They are all equal.
    #[error("all {calls} rated calls have the same rating: nothing can be learned from it")]
    Constant {
        /// How many there are.
        calls: usize,
    },
    /// No column goes the way of the ratings, or not on calls that were held out.
    #[error("the columns of calls.csv do not rise with these ratings by more than chance explains")]
    Unrelated,
}

impl Stops for TrainError {
    fn code(&self) -> ExitCode {
        ExitCode::Data
    }

    fn hint(&self) -> Option<String> {
        Some(
            match self {
                Self::TooFew { .. } => "rate more calls, or name more of their transcripts with --input",
                Self::Constant { .. } => "name another column with --rating COLUMN",
                Self::Unrelated => "if low ratings are the happy ones, say so with --better low",
            }
            .to_owned(),
        )
    }
}

/// What the fit itself leaves of a model.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Fitted {
    pub(super) weights: Weights,
    /// Points without intervals: `low` and `high` are `expected`. Ratings are turned so that more is better.
    pub(super) curve: Vec<Point>,
}

impl Fitted {
    /// Fits to ratings turned so that more is better; `None` where nothing goes their way.
    pub(super) fn to(calls: &[Rated]) -> Option<Self> {
        let weights = weights(calls)?;
        let curve = curve(&weights, calls);
        (curve.len() > 1).then_some(Self { weights, curve })
    }

    pub(super) fn expected(&self, columns: &Columns) -> f64 {
        along(&self.curve, self.weights.index(columns), |point| point.expected)
    }
}

/// Fits a model to `calls`, and judges it on parts that are held out; `rating` names the column.
///
/// # Errors
/// [`TrainError`] where the ratings can't be learned from.
pub fn train(
    calls: &[Rated],
    rating: &str,
    high_is_better: bool,
    scoring: Scoring,
    seed: u64,
) -> Result<(RatingModel, HeldOut), TrainError> {
    let turned = turn(calls, high_is_better)?;
    let held_out = held_out(&turned, seed);
    if held_out.rank_correlation.is_none_or(|correlation| correlation.low <= 0.0) {
        return Err(TrainError::Unrelated);
    }
    let fitted = Fitted::to(&turned).ok_or(TrainError::Unrelated)?;
    let given = calls.iter().map(|call| call.rating);
    let (lowest, highest) = (given.clone().fold(f64::INFINITY, f64::min), given.fold(f64::NEG_INFINITY, f64::max));
    let sign = if high_is_better { 1.0 } else { -1.0 };
    let points = fitted.curve.iter().zip(intervals(&fitted, &turned, seed)).map(|(point, (low, high))| {
        let expected = sign * point.expected;
        let (low, high) = if high_is_better { (low, high) } else { (-high, -low) };
        Point {
            index: rounded(point.index),
            expected: rounded(expected),
            low: rounded(low.min(expected)).max(lowest),
            high: rounded(high.max(expected)).min(highest),
        }
    });
    let mut curve: Vec<Point> = points.collect();
    curve.dedup_by(|next, one| next.index <= one.index);
    if curve.len() < 2 {
        return Err(TrainError::Unrelated);
    }
    let weights = Weights::from_all(fitted.weights.all().map(rounded));
    let model = RatingModel {
        kind: Kind::CallModel1,
        rating: rating.to_owned(),
        lowest,
        highest,
        high_is_better,
        calls: calls.len(),
        scoring,
        weights,
        curve,
    };
    Ok((model, held_out))
}

/// The calls with ratings of which more is better.
fn turn(calls: &[Rated], high_is_better: bool) -> Result<Vec<Rated>, TrainError> {
    if calls.len() < LEAST_CALLS {
        return Err(TrainError::TooFew { calls: calls.len() });
    }
    if calls.windows(2).all(|pair| pair.iter().all(|call| call.rating.total_cmp(&calls[0].rating).is_eq())) {
        return Err(TrainError::Constant { calls: calls.len() });
    }
    let sign = if high_is_better { 1.0 } else { -1.0 };
    Ok(calls.iter().map(|call| Rated { rating: sign * call.rating, ..*call }).collect())
}

/// As a file holds it.
fn rounded(value: f64) -> f64 {
    // Adding 0 takes the sign off a zero.
    (value * 1e6).round() / 1e6 + 0.0
}

/// Weights that sum to 1; `None` if all of them are 0.
fn weights(calls: &[Rated]) -> Option<Weights> {
    let count = calls.len() as f64;
    let mean = |value: &dyn Fn(&Rated) -> f64| calls.iter().map(value).sum::<f64>() / count;
    let centre: [f64; COLUMNS] = std::array::from_fn(|at| mean(&|call| call.columns.0[at]));
    let rating = mean(&|call| call.rating);
    let product = |one: usize, other: usize| {
        mean(&|call| (call.columns.0[one] - centre[one]) * (call.columns.0[other] - centre[other]))
    };
    let gram: [[f64; COLUMNS]; COLUMNS] = std::array::from_fn(|one| std::array::from_fn(|other| product(one, other)));
    let slope: [f64; COLUMNS] =
        std::array::from_fn(|at| mean(&|call| (call.columns.0[at] - centre[at]) * (call.rating - rating)));
    let ridge = RIDGE * (0..COLUMNS).map(|at| gram[at][at]).sum::<f64>() / COLUMNS as f64;
    let mut found = [0.0; COLUMNS];
    for _ in 0..ROUNDS {
        for at in 0..COLUMNS {
            let others: f64 =
                (0..COLUMNS).filter(|other| *other != at).map(|other| gram[at][other] * found[other]).sum();
            let curvature = gram[at][at] + ridge;
            found[at] = if curvature > 0.0 { ((slope[at] - others) / curvature).max(0.0) } else { 0.0 };
        }
    }
    let sum: f64 = found.iter().sum();
    (sum > 0.0).then(|| Weights::from_all(found.map(|weight| weight / sum)))
}

/// The mean rating of groups of calls by index, never falling. Calls of one index are in one group.
fn curve(weights: &Weights, calls: &[Rated]) -> Vec<Point> {
    let mut by_index: Vec<(f64, f64)> = calls.iter().map(|call| (weights.index(&call.columns), call.rating)).collect();
    by_index.sort_by(|a, b| a.0.total_cmp(&b.0).then(a.1.total_cmp(&b.1)));
    let least = by_index.len().div_ceil((by_index.len() / GROUP_CALLS).clamp(2, GROUPS)) as f64;
    let mut pooled: Vec<Group> = Vec::new();
    let mut open = Group::default();
    for same in by_index.chunk_by(|a, b| a.0.total_cmp(&b.0).is_eq()) {
        for (index, rating) in same {
            open = open.with(&Group { calls: 1.0, index: *index, rating: *rating });
        }
        if open.calls >= least {
            pool(&mut pooled, std::mem::take(&mut open));
        }
    }
    if open.calls > 0.0 {
        pool(&mut pooled, open);
    }
    let point = |group: &Group| {
        let (index, expected) = group.mean();
        Point { index, expected, low: expected, high: expected }
    };
    pooled.iter().map(point).collect()
}

/// Puts a group behind the others, together with those before it that it does not lie above.
fn pool(groups: &mut Vec<Group>, mut new: Group) {
    while let Some(last) = groups.pop() {
        if last.mean().1 < new.mean().1 {
            groups.push(last);
            break;
        }
        new = last.with(&new);
    }
    groups.push(new);
}

/// Sums over a group of calls.
#[derive(Default)]
struct Group {
    calls: f64,
    index: f64,
    rating: f64,
}

impl Group {
    fn with(&self, other: &Self) -> Self {
        Self { calls: self.calls + other.calls, index: self.index + other.index, rating: self.rating + other.rating }
    }

    /// Mean index and mean rating.
    fn mean(&self) -> (f64, f64) {
        (self.index / self.calls, self.rating / self.calls)
    }
}

/// For each point of the curve its 95 % interval: how far the mean of what is expected of the calls nearest to it moves in
/// 95 of 100 fits to calls drawn again.
fn intervals(fitted: &Fitted, calls: &[Rated], seed: u64) -> Vec<(f64, f64)> {
    let mut random = Random::new(seed);
    let nearest = by_nearest_point(fitted, calls);
    let mean = |fitted: &Fitted, group: &[&Rated]| {
        group.iter().map(|call| fitted.expected(&call.columns)).sum::<f64>() / group.len().max(1) as f64
    };
    let means: Vec<f64> = nearest.iter().map(|group| mean(fitted, group)).collect();
    let mut moves: Vec<Vec<f64>> = vec![Vec::with_capacity(RESAMPLES); nearest.len()];
    for _ in 0..RESAMPLES {
        let again: Vec<Rated> = (0..calls.len()).map(|_| calls[random.below(calls.len())]).collect();
        let Some(refitted) = Fitted::to(&again) else { continue };
        for ((group, before), moves) in nearest.iter().zip(&means).zip(&mut moves) {
            moves.push(mean(&refitted, group) - before);
        }
    }
    let bounds = |(point, moves): (&Point, &mut Vec<f64>)| {
        moves.sort_by(f64::total_cmp);
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a place in the list")]
        let at = |share: f64| moves.get((share * moves.len().saturating_sub(1) as f64).round() as usize).copied();
        let bound = |share: f64, unknown: f64| at(share).map_or(unknown, |moved| point.expected + moved);
        (bound(0.025, f64::NEG_INFINITY), bound(0.975, f64::INFINITY))
    };
    fitted.curve.iter().zip(&mut moves).map(bounds).collect()
}

fn by_nearest_point<'a>(fitted: &Fitted, calls: &'a [Rated]) -> Vec<Vec<&'a Rated>> {
    let mut nearest = vec![Vec::new(); fitted.curve.len()];
    for call in calls {
        let index = fitted.weights.index(&call.columns);
        let distance = |point: &Point| (point.index - index).abs();
        let place =
            (0..fitted.curve.len()).min_by(|a, b| distance(&fitted.curve[*a]).total_cmp(&distance(&fitted.curve[*b])));
        if let Some(group) = place.and_then(|place| nearest.get_mut(place)) {
            group.push(call);
        }
    }
    nearest
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::LazyLock;

    use crate::rating::{Expected, RatingModelError};
    use crate::sentiment::Millionths;
    use proptest::prelude::*;

    fn scoring() -> Scoring {
        Scoring { engine: "local".into(), granularity: "turn".into(), scoring_version: "2".into() }
    }

    /// Calls with columns at random and ratings from 1 to 5 that `truth` and some noise decide.
    fn calls(count: usize, seed: u64, truth: impl Fn(&[f64; COLUMNS]) -> f64) -> Vec<Rated> {
        let mut random = Random::new(seed);
        let mut uniform = move || random.below(1_000_001) as f64 / 1e6;
        let call = |_| {
            let columns = std::array::from_fn(|_| 2.0 * uniform() - 1.0);
            let noise = 2.0 * (uniform() + uniform() + uniform() - 1.5);
            Rated { columns: Columns(columns), rating: (truth(&columns) + noise).round().clamp(1.0, 5.0) }
        };
        (0..count).map(call).collect()
    }

    fn end_decides(columns: &[f64; COLUMNS]) -> f64 {
        3.0 + 1.5 * columns[1]
    }

    fn trained(calls: &[Rated], high_is_better: bool) -> RatingModel {
        learned(calls, high_is_better).expect("ratings that can be learned from").0
    }

    fn learned(calls: &[Rated], high_is_better: bool) -> Result<(RatingModel, HeldOut), TrainError> {
        train(calls, "csat", high_is_better, scoring(), 1)
    }

    #[test]
    fn the_column_that_decides_has_the_weight_and_the_same_calls_make_the_same_bytes() {
        let calls = calls(300, 1, end_decides);
        let (model, held_out) = learned(&calls, true).expect("ratings that can be learned from");
        let weights = model.weights.all();
        assert!(weights[1] > 0.8 && (weights.iter().sum::<f64>() - 1.0).abs() < 1e-5, "{weights:?}");
        assert_eq!((model.lowest, model.highest, model.calls), (1.0, 5.0, 300));
        assert_eq!(model.to_toml(), trained(&calls, true).to_toml());
        assert_eq!(RatingModel::from_toml(&model.to_toml()).expect("a model"), model);
        assert!(held_out.rank_correlation.expect("both vary").low > 0.4, "{held_out:?}");
        assert!(held_out.ahead.expect("both vary").low > 0.3, "customer_score knows nothing: {held_out:?}");
        assert!(held_out.distance.expect("calls").high < held_out.distance_of_mean.expect("calls").low, "{held_out:?}");
    }

    #[test]
    fn where_low_ratings_are_better_the_expected_rating_falls() {
        let turned: Vec<Rated> =
            calls(300, 2, end_decides).iter().map(|call| Rated { rating: 6.0 - call.rating, ..*call }).collect();
        let model = trained(&turned, false);
        let at = |value: f64| model.expected(&Columns([value; COLUMNS]));
        assert!(
            at(-0.9).rating > at(0.9).rating && at(-0.9).low <= at(-0.9).rating && at(-0.9).rating <= at(-0.9).high
        );
        assert_eq!(RatingModel::from_toml(&model.to_toml()).expect("a model"), model);
        assert_eq!(learned(&turned, true), Err(TrainError::Unrelated));
    }

    #[test]
    fn ratings_that_teach_nothing_are_refused() {
        let few = calls(LEAST_CALLS - 1, 3, end_decides);
        assert_eq!(learned(&few, true), Err(TrainError::TooFew { calls: 99 }));
        let constant: Vec<Rated> =
            calls(200, 3, end_decides).iter().map(|call| Rated { rating: 4.0, ..*call }).collect();
        assert_eq!(learned(&constant, true), Err(TrainError::Constant { calls: 200 }));
        let silent: Vec<Rated> =
            calls(200, 3, end_decides).iter().map(|call| Rated { columns: Columns([0.0; COLUMNS]), ..*call }).collect();
        assert_eq!(learned(&silent, true), Err(TrainError::Unrelated));
    }

    #[test]
    fn the_interval_holds_the_true_mean() {
        // Ratings are the end's sign, right in 3 of 4 cases: the true mean is .25 below 0 and .75 above.
        let (mut held, mut all) = (0, 0);
        for seed in 0..8 {
            let mut random = Random::new(seed);
            let call = |_| {
                let end = if random.below(2) == 0 { -0.5 } else { 0.5 };
                let right = random.below(4) < 3;
                Rated { columns: Columns([end; COLUMNS]), rating: f64::from(u8::from((end > 0.0) == right)) }
            };
            let model = trained(&(0..120).map(call).collect::<Vec<_>>(), true);
            for (value, truth) in [(-0.5, 250_000), (0.5, 750_000)] {
                let Expected { low, high, .. } = model.expected(&Columns([value; COLUMNS]));
                held += u32::from((low..=high).contains(&Millionths(truth)));
                all += 1;
            }
        }
        assert!(held * 10 >= all * 8, "{held} of {all}");
    }

    #[test]
    fn what_is_no_model_is_refused_without_its_values() {
        let model = trained(&calls(300, 4, end_decides), true);
        let text = model.to_toml();
        let refused = |text: &str| RatingModel::from_toml(text).expect_err("no model").to_string();
        assert_eq!(refused("secret words"), "no call model: line 1 can't be used");
        assert_eq!(refused(&text.replace("call model 1", "call model 9")), "no call model: line 7 can't be used");
        assert_eq!(refused(&text.replace("calls = 300", "calls = \"secret\"")), "no call model: line 12 can't be used");
        assert!(refused(&text.replace("highest = 5.0", "highest = 2.0")).contains("the scale"));
        assert!(refused(&text.replace("high_is_better = true", "high_is_better = false")).contains("turns back"));
        let weight = format!("customer_end = {}", model.weights.customer_end);
        assert!(refused(&text.replace(&weight, "customer_end = -0.5")).contains("a weight"));
        assert!(model.fits(&scoring()).is_ok());
        let packed = Scoring { granularity: "segment".into(), ..scoring() };
        let error = model.fits(&packed).expect_err("other scores");
        assert!(matches!(error, RatingModelError::OtherScores { what: "granularity", .. }) && error.hint().is_some());
    }

    static SOME: LazyLock<Vec<RatingModel>> = LazyLock::new(|| {
        (0..2).map(|seed| trained(&calls(120, seed, |columns| 3.0 + columns[0] + 0.5 * columns[2]), true)).collect()
    });

    proptest! {
        #[test]
        fn a_call_that_is_better_in_every_column_is_never_expected_to_be_rated_worse(
            which in 0..2_usize, columns in prop::array::uniform5(-1.0..1.0_f64), more in prop::array::uniform5(0.0..1.0_f64)
        ) {
            let model = &SOME[which];
            let better = Columns(std::array::from_fn(|at| columns[at] + more[at]));
            let (worse, better) = (model.expected(&Columns(columns)), model.expected(&better));
            prop_assert!(worse.rating <= better.rating);
            for expected in [worse, better] {
                prop_assert!(Millionths(1_000_000) <= expected.low && expected.low <= expected.rating);
                prop_assert!(expected.rating <= expected.high && expected.high <= Millionths(5_000_000));
            }
        }
    }
}
