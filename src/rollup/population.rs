//! What the agents have in common: whether they differ at all, how much, and what makes that doubtful.
//!
//! The funnel says who lies outside the spread that the agents have; this says how large that spread is and whether it is one. Held
//! against each other are the A agents with enough calls; ȳ, v and ν are as in `model`, ω = 1/v, `μ_f` = Σωȳ/Σω.
//!
//! ```text
//! Q = Σω(ȳ − μ_f)²                                       (Cochran 1954, with A − 1 degrees of freedom if v were known)
//! Λ = Σ(1 − ω/Σω)²/ν      F = [Q/(A − 1)] / [1 + 2(A − 2)Λ/(A² − 1)]
//! p = chance of an F above this with A − 1 and (A² − 1)/(3Λ) degrees of freedom
//! ```
//!
//! p is that of Welch 1951 (Biometrika 38:330), as v is an estimate.

use serde::{Deserialize, Serialize};

use super::distribution::f_above;
use super::model::{Model, Point};
use super::shrink::Observed;
use super::trend::Trend;

/// What the agents have in common. Scores are adjusted for queue and language where there are queues.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize)]
pub struct Population {
    /// Agents with scored calls.
    pub agents: usize,
    /// Those of them with enough calls to be held against each other.
    pub judged: usize,
    /// μ̂: mean of the agents' true values.
    pub mean: f64,
    /// τ: standard deviation of the agents' true values.
    pub between: f64,
    /// `s_p`: pooled standard deviation of the calls of one agent.
    pub within: f64,
    /// Mean reliability of the judged; `None` where too few are for it to mean anything.
    pub reliability: Option<f64>,
    /// Whether the judged differ at all.
    pub heterogeneity: Option<Heterogeneity>,
    /// `μ_w`: centre of most of the judged, that of the funnel.
    pub funnel_mean: Option<f64>,
    /// `τ_w`: standard deviation between most of the judged, that of the funnel.
    pub funnel_between: Option<f64>,
    /// `σ_d`: standard deviation that the calls of one agent on one day have in common; `None` where dates show nothing of it.
    pub day_sd: Option<f64>,
    /// Mean over the agents of the factor by which that widens the variance of a mean.
    pub design_effect: f64,
    /// Whether agents with more calls score higher or lower.
    pub trend: Option<Trend>,
}

/// Whether agents differ.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Heterogeneity {
    /// Cochran's Q.
    pub q: f64,
    /// A − 1.
    pub degrees_of_freedom: usize,
    /// Chance of so large a Q if all agents were the same.
    pub p: f64,
}

impl Heterogeneity {
    /// Chance below which agents are said to differ.
    const NOTABLE: f64 = 0.05;

    /// Whether chance alone would hardly bring as much.
    #[must_use]
    pub fn agents_differ(&self) -> bool {
        self.p < Self::NOTABLE
    }

    /// Of agents that are judged; `None` for fewer than two.
    pub(super) fn of(agents: &[Observed]) -> Option<Self> {
        let count = agents.len() as f64;
        if agents.len() < 2 {
            return None;
        }
        let weight = |agent: &Observed| 1.0 / agent.variance;
        let total: f64 = agents.iter().map(weight).sum();
        let mean = agents.iter().map(|agent| weight(agent) * agent.mean).sum::<f64>() / total;
        let (mut q, mut lambda) = (0.0, 0.0);
        for agent in agents {
            q += weight(agent) * (agent.mean - mean) * (agent.mean - mean);
            lambda += (1.0 - weight(agent) / total) * (1.0 - weight(agent) / total) / agent.freedom;
        }
        let squares = count * count - 1.0;
        let ratio = q / (count - 1.0) / (1.0 + 2.0 * (count - 2.0) * lambda / squares);
        Some(Self { q, degrees_of_freedom: agents.len() - 1, p: f_above(ratio, count - 1.0, squares / (3.0 * lambda)) })
    }
}

impl Population {
    /// Of a model with its points and the agents of it that are judged; `None` where the model has no fit.
    pub(super) fn of(model: &Model, points: &[Point], judged: &[Observed]) -> Option<Self> {
        let fit = model.fit.as_ref()?;
        let agents = points.len();
        let mean_of = |values: &[f64]| values.iter().sum::<f64>() / values.len() as f64;
        Some(Self {
            agents,
            judged: judged.len(),
            mean: fit.mu,
            between: fit.tau_squared.sqrt(),
            within: model.within.sqrt(),
            reliability: None,
            heterogeneity: Heterogeneity::of(judged),
            funnel_mean: None,
            funnel_between: None,
            day_sd: model.between_days.map(f64::sqrt),
            design_effect: mean_of(&model.design_effects),
            trend: model.trend,
        })
    }

    /// The same to six decimals, as run.json has it.
    #[must_use]
    pub fn rounded(&self) -> Self {
        let round = |value: f64| (value * 1e6).round() / 1e6;
        Self {
            mean: round(self.mean),
            between: round(self.between),
            within: round(self.within),
            reliability: self.reliability.map(round),
            heterogeneity: self.heterogeneity.map(|found| Heterogeneity {
                q: round(found.q),
                p: round(found.p),
                ..found
            }),
            funnel_mean: self.funnel_mean.map(round),
            funnel_between: self.funnel_between.map(round),
            day_sd: self.day_sd.map(round),
            design_effect: round(self.design_effect),
            trend: self.trend.map(|trend| Trend {
                per_doubling: round(trend.per_doubling),
                p: round(trend.p),
                centre: round(trend.centre),
            }),
            ..*self
        }
    }

    /// `⌈(.7/.3)·s_p²·D/τ²⌉` with the mean design effect D: calls that give a score a reliability of 0.7.
    #[must_use]
    pub fn calls_for_reliability_70(&self) -> u64 {
        let ratio = (self.within / self.between) * (self.within / self.between);
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "positive; saturates where no number of calls would do"
        )]
        let calls = (0.7 / 0.3 * ratio * self.design_effect).ceil() as u64;
        calls
    }
}
