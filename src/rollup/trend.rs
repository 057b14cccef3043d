//! Whether agents with few calls score otherwise than those with many, as leavers and new starters may.
//!
//! Then the number of calls says something of the agent, and drawing all towards one mean hides it. Over the agents with data, 15 or
//! more, with x = log₂ n and ω = 1/(v + τ²),
//!
//! ```text
//! x̄ = Σωx/Σω      b = Σω(x − x̄)ȳ / Σω(x − x̄)²      p = two-sided chance of the normal score b·√Σω(x − x̄)²
//! ```
//!
//! Where p < .01 a warning says so, and the variance V of every score that is drawn in holds [B·b(x − x̄)]² more: by so much the mean of agents
//! with as many calls may lie beside the mean of all.

use serde::{Deserialize, Serialize};

use super::distribution::two_sided_p;
use super::model::Point;
use super::shrink::Observed;

/// How scores go with the number of calls.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Trend {
    /// By how much the mean score rises with twice the calls.
    pub per_doubling: f64,
    /// Chance of so steep a line if calls and scores had nothing to do with each other.
    pub p: f64,
    /// x̄: the number of calls, by its logarithm to base 2, at which the line crosses the mean.
    pub centre: f64,
}

/// Agents from which a trend can be told.
const FEWEST_AGENTS: usize = 15;

impl Trend {
    /// Chance below which a trend is one.
    const NOTABLE: f64 = 0.01;

    /// Whether it is more than chance explains.
    #[must_use]
    pub fn is_notable(&self) -> bool {
        self.p < Self::NOTABLE
    }

    /// `None` for fewer than 15 agents, and if all have the same number of calls.
    pub(super) fn of(points: &[Point], agents: &[Observed], tau_squared: f64) -> Option<Self> {
        if points.len() < FEWEST_AGENTS {
            return None;
        }
        let places: Vec<(f64, f64, f64)> = points
            .iter()
            .zip(agents)
            .map(|(point, agent)| (libm::log2(point.calls), agent.mean, 1.0 / (agent.variance + tau_squared)))
            .collect();
        let total: f64 = places.iter().map(|(.., weight)| weight).sum();
        let centre = places.iter().map(|(x, _, weight)| weight * x).sum::<f64>() / total;
        let (mut spread, mut product) = (0.0, 0.0);
        for (x, mean, weight) in places {
            spread += weight * (x - centre) * (x - centre);
            product += weight * (x - centre) * mean;
        }
        (spread > 1e-9 * total).then(|| Self {
            per_doubling: product / spread,
            p: two_sided_p(product / spread.sqrt()),
            centre,
        })
    }

    /// How far the mean of agents with so many calls may lie beside the mean of all; 0 where the trend may be chance.
    pub(super) fn gap(&self, calls: f64) -> f64 {
        if self.is_notable() { self.per_doubling * (libm::log2(calls) - self.centre) } else { 0.0 }
    }
}
