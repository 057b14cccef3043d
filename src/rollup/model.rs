//! From an agent's calls to an agent's score: the variance within agents, then the model of [`super::shrink`].
//!
//! **The call is the sampling unit.** Turns of one call are alike, and intervals built on them cover far less than they claim. With
//! y the scores of an agent's n calls, ȳ their mean and A agents, d₀ = 10 and `s_p²` never below 10⁻⁶:
//!
//! ```text
//! SS   = Σ(y − ȳ)²                     s_p² = ΣSS / Σ(n − 1)
//! s̃²   = (d₀·s_p² + SS)/(d₀ + n − 1)   v = s̃²/n   ν = d₀ + n − 1          (Smyth 2004, SAGMB 3:3)
//! ```
//!
//! Where calls have dates, v is widened by what calls of one day have in common: see [`super::days`].
//!
//! Calls that several agents shared count with weights h: ȳ = Σhy/Σh, n = (Σh)²/Σh², SS = n·Σh(y − ȳ)²/Σh, which are the plain
//! formulas where every h is 1. Where Σ(n − 1) < 1, hardly any agent has two calls and noise can't be kept apart from
//! differences between agents: `s_p²` is then the variance between the agents' means, all of it taken as noise.
//!
//! With fewer than 5 agents nothing is shrunk: the score is ȳ, and its interval ȳ ± t·`√(s_p²/n)` with the 97.5 % quantile of
//! Student's t with Σ(n − 1) degrees of freedom (none where those are below 1).
//!
//! The **plain interval** takes nothing from other agents but what a day does to calls: ȳ ± t·√(s²/n) with s² = SS/(n − 1), never below
//! 10⁻⁶, and n − 1 degrees of freedom, where n ≥ 2. Here and above the variance of one call is widened as that of v is, and what
//! lies outside [−1, 1] is cut off.

use super::days::DaySpread;
use super::distribution::t_quantile;
use super::shrink::{Fit, Observed, Shrunk, TAIL, around};
use super::sums::Moments;
use super::trend::Trend;

/// d₀: how many calls the pooled variance is worth in each agent's own.
const PRIOR_STRENGTH: f64 = 10.0;

/// `s_p²` is at least this: a standard deviation of a thousandth of a score.
const LEAST_VARIANCE: f64 = 1e-6;

/// What one agent's calls say.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Point {
    /// ȳ.
    pub(super) mean: f64,
    /// n, effective.
    pub(super) calls: f64,
    /// SS.
    pub(super) squares: f64,
    /// q − 1: how many other calls share the day of one, on average.
    pub(super) shared: f64,
}

impl Point {
    /// From the sums over an agent's calls and those by days; `None` without any.
    pub(super) fn of(sums: &Moments, days: &DaySpread) -> Option<Self> {
        Some(Self::new(sums.mean()?, sums, sums.spread(), days))
    }

    /// From a mean and Σh(y − ȳ)² of values whose weights are those of `sums`, which must have calls.
    pub(super) fn new(mean: f64, sums: &Moments, spread: f64, days: &DaySpread) -> Self {
        let calls = sums.effective_calls();
        let shared = days.shared_with(sums.weight_squares());
        Self { mean, calls, squares: calls * spread / sums.calls(), shared }
    }

    /// What the days add to the variance of one call, given `σ_d²`.
    fn widening(&self, between_days: f64) -> f64 {
        // No call shares its day with more than all others.
        let share = if self.shared > 0.0 { (self.shared / (self.calls - 1.0)).min(1.0) } else { 0.0 };
        between_days * self.calls * share
    }
}

/// A score with its interval, and how much of it is the agent's own.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Estimate {
    pub(super) score: f64,
    pub(super) interval: Option<(f64, f64)>,
    /// The posterior; `None` where nothing was shrunk.
    pub(super) shrunk: Option<Shrunk>,
}

/// The agents' scores as one population.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Model {
    /// `s_p²`.
    pub(super) within: f64,
    /// Σ(n − 1).
    pub(super) freedom: f64,
    /// `σ_d²`; `None` where the calls show nothing of it.
    pub(super) between_days: Option<f64>,
    /// ȳ and v of each agent, in the order given.
    pub(super) observed: Vec<Observed>,
    /// v·n/s̃² of each agent: 1 where days change nothing.
    pub(super) design_effects: Vec<f64>,
    /// `None` for fewer than 5 agents.
    pub(super) fit: Option<Fit>,
    /// How scores go with the number of calls, where that can be told.
    pub(super) trend: Option<Trend>,
}

impl Model {
    /// Fits `points`, one an agent with calls, whose calls of one day have this variance in common.
    pub(super) fn of(points: &[Point], between_days: Option<f64>) -> Self {
        let freedom: f64 = points.iter().map(|point| point.calls - 1.0).sum();
        let within = within_variance(points, freedom);
        let (mut observed, mut design_effects) = (Vec::new(), Vec::new());
        for point in points {
            let freedom = PRIOR_STRENGTH + point.calls - 1.0;
            let own = (PRIOR_STRENGTH * within + point.squares) / freedom;
            let widened = own + point.widening(between_days.unwrap_or(0.0));
            observed.push(Observed { mean: point.mean, variance: widened / point.calls, freedom });
            design_effects.push(widened / own);
        }
        let fit = Fit::of(&observed);
        let trend = fit.as_ref().and_then(|fit| Trend::of(points, &observed, fit.tau_squared));
        Self { within, freedom, between_days, observed, design_effects, fit, trend }
    }

    /// The score of one of the agents, from its point and what was observed of it.
    pub(super) fn estimate(&self, point: &Point, observed: &Observed) -> Estimate {
        match &self.fit {
            Some(fit) => {
                let gap = self.trend.as_ref().map_or(0.0, |trend| trend.gap(point.calls));
                let shrunk = fit.shrink_beside(observed, gap);
                Estimate { score: shrunk.value, interval: Some(shrunk.interval()), shrunk: Some(shrunk) }
            }
            None => Estimate { score: point.mean, interval: self.pooled_interval(point), shrunk: None },
        }
    }

    /// The interval of an agent's mean from its own calls; `None` for fewer than two.
    pub(super) fn plain_interval(&self, point: &Point) -> Option<(f64, f64)> {
        let freedom = point.calls - 1.0;
        // Weights of two equal parts make two calls but for rounding.
        (freedom > 0.999).then(|| self.t_interval(point, (point.squares / freedom).max(LEAST_VARIANCE), freedom))
    }

    fn pooled_interval(&self, point: &Point) -> Option<(f64, f64)> {
        (self.freedom >= 1.0).then(|| self.t_interval(point, self.within, self.freedom))
    }

    /// From the variance of one call and its degrees of freedom.
    fn t_interval(&self, point: &Point, variance: f64, freedom: f64) -> (f64, f64) {
        let widened = variance + point.widening(self.between_days.unwrap_or(0.0));
        around(point.mean, t_quantile(TAIL, freedom) * (widened / point.calls).sqrt())
    }
}

fn within_variance(points: &[Point], freedom: f64) -> f64 {
    let (squares, divisor) = if freedom < 1.0 {
        let count = points.len() as f64;
        let mean = points.iter().map(|point| point.mean).sum::<f64>() / count.max(1.0);
        (points.iter().map(|point| (point.mean - mean) * (point.mean - mean)).sum::<f64>(), (count - 1.0).max(1.0))
    } else {
        (points.iter().map(|point| point.squares).sum::<f64>(), freedom)
    };
    (squares / divisor).max(LEAST_VARIANCE)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sentiment::Millionths;

    fn point(scores: &[f64]) -> Point {
        let mut sums = Moments::default();
        for &score in scores {
            sums.add(Millionths::ONE, Millionths::nearest(score));
        }
        Point::of(&sums, &DaySpread::default()).unwrap()
    }

    fn close(actual: f64, expected: f64) {
        assert!((actual - expected).abs() < 1e-12, "{actual} is not {expected}");
    }

    #[test]
    fn variances_are_pooled_and_each_agent_keeps_some_of_its_own() {
        let points = [point(&[0.1, 0.3]), point(&[-0.2, 0.0, 0.2])];
        let model = Model::of(&points, None);
        // SS = .02 and .08 over 1 + 2 degrees of freedom.
        close(model.within, 0.1 / 3.0);
        close(model.freedom, 3.0);
        close(model.observed[0].variance, (10.0 * 0.1 / 3.0 + 0.02) / 11.0 / 2.0);
        close(model.observed[1].variance, (10.0 * 0.1 / 3.0 + 0.08) / 12.0 / 3.0);
    }

    #[test]
    fn few_agents_have_plain_means_and_pooled_t_intervals() {
        let points = [point(&[0.1, 0.3]), point(&[-0.2, 0.0, 0.2])];
        let model = Model::of(&points, None);
        let estimate = model.estimate(&points[0], &model.observed[0]);
        close(estimate.score, 0.2);
        assert_eq!(estimate.shrunk, None);
        // scipy.stats.t.ppf(.975, 3) = 3.182446305284263
        let (low, high) = estimate.interval.unwrap();
        let half = 3.182_446_305_284_263 * (0.1 / 3.0 / 2.0_f64).sqrt();
        assert!((low - (0.2 - half)).abs() < 1e-9 && (high - (0.2 + half)).abs() < 1e-9);
    }

    #[test]
    fn days_widen_every_interval_by_what_calls_share() {
        let mut points = [point(&[0.1, 0.3]), point(&[-0.2, 0.0, 0.2])];
        points[0].shared = 1.0;
        let (narrow, wide) = (Model::of(&points, None), Model::of(&points, Some(0.01)));
        // Two calls of one day: σ_d²·2·1/1 more for each call.
        close(wide.observed[0].variance - narrow.observed[0].variance, 0.02 / 2.0);
        close(wide.design_effects[0], 1.0 + 0.02 / (2.0 * narrow.observed[0].variance));
        close(wide.design_effects[1], 1.0);
        let width = |(low, high): (f64, f64)| high - low;
        let ratio = |interval: fn(&Model, &Point) -> Option<(f64, f64)>| {
            width(interval(&wide, &points[0]).unwrap()) / width(interval(&narrow, &points[0]).unwrap())
        };
        close(ratio(Model::pooled_interval), (1.0 + 0.02 / narrow.within).sqrt());
        assert_eq!(narrow.plain_interval(&points[0]), Some((-1.0, 1.0)), "one degree of freedom: cut off");
    }

    /// scipy: `stats.t.interval(.95, 3, mean, sem)` of the four.
    #[test]
    fn the_plain_interval_knows_no_other_agent() {
        let points = [point(&[0.1, 0.3, 0.2, 0.0]), point(&[-0.9, 0.9]), point(&[0.5])];
        let model = Model::of(&points, None);
        let (low, high) = model.plain_interval(&points[0]).unwrap();
        assert!((low - (0.15 - 0.205_426_026)).abs() < 1e-8 && (high - (0.15 + 0.205_426_026)).abs() < 1e-8);
        assert_eq!(model.plain_interval(&points[2]), None);
    }

    #[test]
    fn one_call_each_takes_all_differences_for_noise() {
        let points = [0.0, 0.1, 0.2, 0.3, 0.4].map(|score| point(&[score]));
        let model = Model::of(&points, None);
        close(model.within, 0.1 / 4.0);
        let estimate = model.estimate(&points[4], &model.observed[4]);
        assert!((0.2..0.4).contains(&estimate.score), "drawn towards the mean: {estimate:?}");
        let few = Model::of(&points[..2], None);
        assert_eq!(few.estimate(&points[0], &few.observed[0]).interval, None, "nothing tells how wide it is");
    }

    #[test]
    fn equal_scores_and_no_agents_are_no_trouble() {
        let points = vec![point(&[0.25; 4]); 6];
        let model = Model::of(&points, None);
        close(model.within, LEAST_VARIANCE);
        let estimate = model.estimate(&points[0], &model.observed[0]);
        close(estimate.score, 0.25);
        let (low, high) = estimate.interval.unwrap();
        assert!(low < 0.25 && 0.25 < high && high - low < 0.01);
        assert_eq!(Model::of(&[], None).fit, None);
    }
}
