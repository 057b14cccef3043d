//! Agents' means, drawn towards each other by as much as chance explains: the two-level normal model, fitted by
//! adjustment for density maximisation (ADM).
//!
//! An agent's mean ȳ has a known variance v; the agents' true values have mean μ and variance τ². With ω = 1/(v + τ²) and
//! μ̂ = Σωȳ/Σω,
//!
//! ```text
//! ℓ(τ²) = ½Σ log ω − ½ log Σω − ½ Σ ω(ȳ − μ̂)²          (the restricted log-likelihood)
//! τ²    = argmax of g = ℓ + log τ², over log τ²
//! κ     = −d²g/d(log τ²)² at the maximum
//! B     = v/(v + τ²)      θ̂ = Bμ̂ + (1 − B)ȳ
//! V     = (1 − B)v + B²/Σω + [B(1 − B)]²/κ · (ȳ − μ̂)²
//! θ̂ ± t·√V, with the 97.5 % quantile of Student's t with ν·(V/((1 − B)²v))² degrees of freedom, kept within [−1, 1]
//! ```
//!
//! v is estimated with ν degrees of freedom, and of V only the part that is the agent's own depends on it: ∂V/∂v is about (1 − B)²,
//! from which the degrees of freedom follow by Satterthwaite's rule.
//!
//! The term log τ² keeps τ² above 0, where maximum likelihood and the moment estimators (DerSimonian-Laird, Paule-Mandel)
//! often put it, giving every agent the same score with almost no width. Sources: Morris 1983 (JASA 78:47); Morris & Tang
//! 2011 (Statistical Science 26:271), where g and V are derived.

use super::distinct::Distinct;
use super::distribution::t_quantile;

/// One agent's mean and its variance, which is above 0.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Observed {
    /// ȳ.
    pub mean: f64,
    /// v.
    pub variance: f64,
    /// ν: degrees of freedom with which v was estimated.
    pub freedom: f64,
}

/// The population the agents come from.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Fit {
    /// μ̂: the mean of the agents' true values.
    pub mu: f64,
    /// τ²: the variance of the agents' true values. Never 0.
    pub tau_squared: f64,
    /// κ: how sharply τ² is known.
    pub curvature: f64,
    /// Σω: 1/Σω is the variance of μ̂.
    pub precision: f64,
}

/// One agent's value after the others were taken into account.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Shrunk {
    /// θ̂.
    pub value: f64,
    /// V, the variance of θ̂.
    pub variance: f64,
    /// 1 − B: how much of θ̂ is the agent's own.
    pub reliability: f64,
    /// Degrees of freedom of V.
    pub freedom: f64,
}

impl Shrunk {
    /// θ̂ ± t·√V, within the scale.
    #[must_use]
    pub fn interval(&self) -> (f64, f64) {
        around(self.value, t_quantile(TAIL, self.freedom) * self.variance.sqrt())
    }
}

/// What a 95 % interval leaves out at each end.
pub(crate) const TAIL: f64 = 0.025;

/// The interval of this half width around a score, cut off at the ends of the scale.
pub(crate) fn around(score: f64, half: f64) -> (f64, f64) {
    ((score - half).clamp(-1.0, 1.0), (score + half).clamp(-1.0, 1.0))
}

/// Agents below which the model is not fitted: with three or fewer, g has no maximum.
pub(super) const FEWEST_AGENTS: usize = 5;

/// Degrees of freedom from which Student's t is the normal distribution to six digits.
const MOST_FREEDOM: f64 = 1e6;

/// Points of the first search.
const GRID_POINTS: u32 = 400;

/// Steps of the golden section, each 0.618 of the one before: 1e-11 of the grid's spacing.
const GOLDEN_STEPS: u32 = 50;

/// Step in log τ² of the second difference that gives κ.
const CURVATURE_STEP: f64 = 1e-3;

/// κ below which the difference is rounding alone.
const LEAST_CURVATURE: f64 = 1e-6;

impl Fit {
    /// Fits the model; `None` for fewer than [`FEWEST_AGENTS`] agents.
    #[must_use]
    pub fn of(agents: &[Observed]) -> Option<Self> {
        if agents.len() < FEWEST_AGENTS {
            return None;
        }
        let variances = Distinct::of(agents.iter().map(|agent| agent.variance), |variance| variance.to_bits());
        let objective = |log_tau_squared| objective(agents, &variances, log_tau_squared);
        let log_tau_squared = maximise(search_range(agents), GRID_POINTS, objective);
        let at = |offset: f64| objective(log_tau_squared + offset);
        let bend = (at(CURVATURE_STEP) - 2.0 * at(0.0) + at(-CURVATURE_STEP)) / (CURVATURE_STEP * CURVATURE_STEP);
        let tau_squared = libm::exp(log_tau_squared);
        let (mu, precision) = centre(agents, &variances, tau_squared);
        Some(Self { mu, tau_squared, curvature: (-bend).max(LEAST_CURVATURE), precision })
    }

    /// The agent's value in the light of all.
    #[must_use]
    pub fn shrink(&self, agent: &Observed) -> Shrunk {
        self.shrink_beside(agent, 0.0)
    }

    /// The same of an agent who belongs to some whose values may lie beside μ̂ by `gap`: V holds (B·gap)² more.
    #[must_use]
    pub fn shrink_beside(&self, agent: &Observed, gap: f64) -> Shrunk {
        let Observed { mean, variance, freedom } = *agent;
        let shrinkage = variance / (variance + self.tau_squared);
        let away = mean - self.mu;
        let doubt = shrinkage * (1.0 - shrinkage) * away;
        let reliability = 1.0 - shrinkage;
        let posterior = reliability * variance
            + shrinkage * shrinkage * (1.0 / self.precision + gap * gap)
            + doubt * doubt / self.curvature;
        let part = posterior / (reliability * reliability * variance);
        Shrunk {
            value: shrinkage * self.mu + reliability * mean,
            variance: posterior,
            reliability,
            freedom: (freedom * part * part).min(MOST_FREEDOM),
        }
    }
}

/// A range of log τ² that holds the maximum of g, for 5 agents or more.
///
/// With A agents the slope of g is at least `1 − ½A·τ²/(v_min + τ²)`, which is positive below `τ² = 2·v_min/A`. It is at most
/// 1 − ½Στ²ω + ½max τ²ω + ½Σ(ȳ − μ̂)²/τ², which is negative from `τ² = 10·max(v_max, range²)` upwards.
fn search_range(agents: &[Observed]) -> (f64, f64) {
    let mut variances = (f64::INFINITY, 0.0_f64);
    let mut means = (f64::INFINITY, f64::NEG_INFINITY);
    for agent in agents {
        variances = (variances.0.min(agent.variance), variances.1.max(agent.variance));
        means = (means.0.min(agent.mean), means.1.max(agent.mean));
    }
    let range = means.1 - means.0;
    let low = 2.0 * variances.0 / agents.len() as f64;
    let high = 10.0 * variances.1.max(range * range);
    (libm::log(low), libm::log(high))
}

/// μ̂ and Σω.
fn centre(agents: &[Observed], variances: &Distinct<f64>, tau_squared: f64) -> (f64, f64) {
    let (mut precision, mut weighted) = (0.0, 0.0);
    for (agent, weight) in agents.iter().zip(variances.each(|variance| 1.0 / (variance + tau_squared))) {
        precision += weight;
        weighted += weight * agent.mean;
    }
    (weighted / precision, precision)
}

/// g at log τ².
fn objective(agents: &[Observed], variances: &Distinct<f64>, log_tau_squared: f64) -> f64 {
    let tau_squared = libm::exp(log_tau_squared);
    let (mu, precision) = centre(agents, variances, tau_squared);
    let (mut logs, mut misfit) = (0.0, 0.0);
    let spreads = variances.each(|variance| (variance + tau_squared, libm::log(variance + tau_squared)));
    for (agent, (spread, log)) in agents.iter().zip(spreads) {
        logs -= log;
        misfit += (agent.mean - mu) * (agent.mean - mu) / spread;
    }
    0.5 * (logs - libm::log(precision) - misfit) + log_tau_squared
}

/// Where `function` is greatest within a range: the best of `points` evenly spaced, then golden section between its neighbours.
pub(super) fn maximise((low, high): (f64, f64), points: u32, function: impl Fn(f64) -> f64) -> f64 {
    const GOLDEN: f64 = 0.618_033_988_749_894_9;
    let spacing = (high - low) / f64::from(points - 1);
    let mut best = (low, function(low));
    for point in 1..points {
        let x = low + spacing * f64::from(point);
        let value = function(x);
        if value > best.1 {
            best = (x, value);
        }
    }
    let (mut left, mut right) = ((best.0 - spacing).max(low), (best.0 + spacing).min(high));
    let mut inner = (right - GOLDEN * (right - left), left + GOLDEN * (right - left));
    let mut values = (function(inner.0), function(inner.1));
    for _ in 0..GOLDEN_STEPS {
        if values.0 >= values.1 {
            right = inner.1;
            inner = (right - GOLDEN * (right - left), inner.0);
            values = (function(inner.0), values.0);
        } else {
            left = inner.0;
            inner = (inner.1, left + GOLDEN * (right - left));
            values = (values.1, function(inner.1));
        }
    }
    left.midpoint(right)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn observed(means: &[f64], variances: &[f64]) -> Vec<Observed> {
        means.iter().zip(variances).map(|(&mean, &variance)| Observed { mean, variance, freedom: 30.0 }).collect()
    }

    /// Equal to the digits shown.
    fn shows(actual: f64, expected: f64, digits: i32) {
        assert!((actual - expected).abs() <= 0.5001 * 10_f64.powi(-digits), "{actual} does not round to {expected}");
    }

    #[test]
    fn first_vector() {
        let agents = observed(&[0.10, 0.25, -0.05, 0.30, 0.0], &[0.01, 0.02, 0.005, 0.04, 0.008]);
        let fit = Fit::of(&agents).unwrap();
        shows(fit.tau_squared, 0.046_513, 6);
        shows(fit.mu, 0.097_814, 6);
        shows(fit.curvature, 0.5859, 4);
        let expected =
            [(0.09961, 0.0928), (0.20424, 0.12975), (-0.03565, 0.07011), (0.20652, 0.16859), (0.01435, 0.0857)];
        for (agent, (value, deviation)) in agents.iter().zip(expected) {
            let shrunk = fit.shrink(agent);
            shows(shrunk.value, value, 5);
            shows(shrunk.variance.sqrt(), deviation, 5);
        }
    }

    #[test]
    fn second_vector_equal_agents() {
        let agents = observed(&[0.1; 6], &[0.01; 6]);
        let fit = Fit::of(&agents).unwrap();
        shows(fit.tau_squared, 0.006_667, 6);
        let shrunk = fit.shrink(&agents[0]);
        shows(shrunk.value, 0.1, 9);
        shows(shrunk.variance.sqrt(), 0.07071, 5);
    }

    #[test]
    fn third_vector() {
        let agents = observed(
            &[0.12, 0.08, 0.31, -0.22, 0.05, 0.15, 0.02, 0.40],
            &[0.004, 0.006, 0.01, 0.012, 0.003, 0.0025, 0.008, 0.12],
        );
        let fit = Fit::of(&agents).unwrap();
        shows(fit.tau_squared, 0.026_908, 6);
        shows(fit.mu, 0.087_563, 6);
        let expected = [0.1158, 0.08138, 0.24973, -0.12514, 0.05377, 0.14469, 0.03548, 0.14479];
        for (agent, value) in agents.iter().zip(expected) {
            shows(fit.shrink(agent).value, value, 5);
        }
    }

    #[test]
    fn equal_agents_have_the_closed_form_of_tau_whatever_their_number() {
        // With equal v and no spread, g = −½(A − 1)·log(v + τ²) + log τ² is greatest at τ² = 2v/(A − 3).
        for count in [5_u32, 50, 5000] {
            let agents = vec![Observed { mean: -0.2, variance: 1e-4, freedom: 30.0 }; count as usize];
            let fit = Fit::of(&agents).unwrap();
            let expected = 2.0 * 1e-4 / f64::from(count - 3);
            assert!((fit.tau_squared / expected - 1.0).abs() < 1e-4, "{} is not {expected}", fit.tau_squared);
        }
    }

    #[test]
    fn too_few_agents_are_not_fitted() {
        assert_eq!(Fit::of(&observed(&[0.1; 4], &[0.01; 4])), None);
    }

    proptest::proptest! {
        #[test]
        fn every_fit_is_finite_and_every_score_lies_between_its_own_mean_and_that_of_all(
            agents in proptest::collection::vec((-1.0..1.0_f64, -12.0..0.0_f64), 5..40)
        ) {
            let agents: Vec<Observed> = agents
                .into_iter()
                .map(|(mean, log_variance)| Observed { mean, variance: 10_f64.powf(log_variance), freedom: 30.0 })
                .collect();
            let fit = Fit::of(&agents).unwrap();
            proptest::prop_assert!(fit.tau_squared > 0.0 && fit.tau_squared.is_finite());
            let (low, high) = search_range(&agents);
            let at = libm::log(fit.tau_squared);
            proptest::prop_assert!(low < at && at < high, "the maximum lies inside the range");
            for agent in &agents {
                let shrunk = fit.shrink(agent);
                proptest::prop_assert!(shrunk.variance > 0.0 && shrunk.variance.is_finite());
                let (least, most) = (agent.mean.min(fit.mu), agent.mean.max(fit.mu));
                proptest::prop_assert!((least - 1e-12..=most + 1e-12).contains(&shrunk.value));
            }
        }
    }
}
