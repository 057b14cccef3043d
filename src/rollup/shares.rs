//! Shares of calls (negative, escalated, recovered) per agent, drawn towards each other like the scores are.
//!
//! Of an agent's n calls k are hits. The agents' true shares are Beta(mM, (1 − m)M): mean m, and a prior worth M calls.
//! With B the beta function,
//!
//! ```text
//! ℓ(M) = Σ [ln B(k + mM, n − k + (1 − m)M) − ln B(mM, (1 − m)M)]
//! m    = Σω·(k/n) / Σω,  ω = n/(n + M),  kept within [½/(Σn + 1), 1 − ½/(Σn + 1)]
//! M    = argmax of ℓ − ln M over ln M in [0, ln 10⁶]
//! share = (k + mM)/(n + M), interval: the 2.5 % and 97.5 % quantiles of Beta(k + mM, n − k + (1 − m)M)
//! ```
//!
//! The term −ln M is to 1/M what log τ² is to τ² in the normal model: it keeps the agents from being declared all the same
//! (Tak, Kelly & Morris 2017, Journal of Statistical Software 78(5), from Morris & Tang 2011). M ≥ 1 keeps the prior from being
//! weaker than Jeffreys's, which is worth one call. With fewer than 5 agents there is no population to
//! learn from, and each has Jeffreys's prior, Beta(½, ½).

use super::distinct::Distinct;
use super::distribution::beta_quantile;
use super::shrink::{FEWEST_AGENTS, maximise};

/// A share with its 95 % interval.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Share {
    /// The posterior mean.
    pub value: f64,
    /// 2.5 % of the posterior lies below.
    pub low: f64,
    /// 2.5 % of the posterior lies above.
    pub high: f64,
}

/// Hits and calls of one agent; effective ones where calls were shared, so not always whole.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Counts {
    /// k, in [0, n].
    pub hits: f64,
    /// n, at least 1.
    pub calls: f64,
}

/// What is known of an agent's share before its calls: Beta(`hits`, `misses`).
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Prior {
    /// mM.
    pub hits: f64,
    /// (1 − m)M.
    pub misses: f64,
}

/// Points of the first search for M.
const GRID_POINTS: u32 = 60;

/// The greatest worth of the prior, in calls.
const GREATEST_WORTH: f64 = 1e6;

impl Prior {
    /// Jeffreys's prior.
    pub const JEFFREYS: Self = Self { hits: 0.5, misses: 0.5 };

    /// The prior that the agents with calls show together.
    #[must_use]
    pub fn of(agents: &[Counts]) -> Self {
        if agents.len() < FEWEST_AGENTS {
            return Self::JEFFREYS;
        }
        let agents = &distinct(agents);
        let worth = libm::exp(maximise((0.0, libm::log(GREATEST_WORTH)), GRID_POINTS, |log_worth| {
            Self::worth(agents, libm::exp(log_worth)).log_likelihood(agents) - log_worth
        }));
        Self::worth(agents, worth)
    }

    fn worth(agents: &Distinct<Counts>, worth: f64) -> Self {
        let (mut calls, mut weights, mut weighted) = (0.0, 0.0, 0.0);
        // ω·(k/n) = k/(n + M).
        let parts =
            |agent: &Counts| (agent.calls, agent.calls / (agent.calls + worth), agent.hits / (agent.calls + worth));
        for (own_calls, weight, hits) in agents.each(parts) {
            calls += own_calls;
            weights += weight;
            weighted += hits;
        }
        let edge = 0.5 / (calls + 1.0);
        let mean = (weighted / weights).clamp(edge, 1.0 - edge);
        Self { hits: mean * worth, misses: (1.0 - mean) * worth }
    }

    fn log_likelihood(&self, agents: &Distinct<Counts>) -> f64 {
        let log_beta = |a: f64, b: f64| libm::lgamma(a) + libm::lgamma(b) - libm::lgamma(a + b);
        let prior = log_beta(self.hits, self.misses);
        agents.each(|agent| log_beta(agent.hits + self.hits, agent.calls - agent.hits + self.misses) - prior).sum()
    }

    /// The agent's share in the light of all.
    #[must_use]
    pub fn share(&self, agent: &Counts) -> Share {
        let hits = agent.hits + self.hits;
        let misses = (agent.calls - agent.hits).max(0.0) + self.misses;
        Share {
            value: hits / (hits + misses),
            low: beta_quantile(0.025, hits, misses),
            high: beta_quantile(0.975, hits, misses),
        }
    }
}

/// The share of each agent in the light of all.
pub(super) fn shares(agents: &[Counts]) -> Vec<Share> {
    let prior = Prior::of(agents);
    distinct(agents).each(|agent| prior.share(agent)).collect()
}

fn distinct(agents: &[Counts]) -> Distinct<Counts> {
    Distinct::of(agents.iter().copied(), |agent| (agent.hits.to_bits(), agent.calls.to_bits()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn close(actual: f64, expected: f64) {
        assert!((actual - expected).abs() < 1e-6, "{actual} is not {expected}");
    }

    fn counts(pairs: &[(f64, f64)]) -> Vec<Counts> {
        pairs.iter().map(|&(hits, calls)| Counts { hits, calls }).collect()
    }

    /// scipy 1.17: `minimize_scalar(-(Σ betaln(k+a, n-k+b) - betaln(a, b)) + ln M)`, quantiles by `stats.beta.ppf`.
    #[test]
    fn prior_and_shares_agree_with_scipy() {
        let agents = counts(&[(2.0, 10.0), (5.0, 12.0), (0.0, 6.0), (9.0, 15.0), (1.0, 20.0), (4.5, 9.5)]);
        let prior = Prior::of(&agents);
        close(prior.hits, 0.733_800_4);
        close(prior.misses, 1.751_130_0);
        let expected = [
            (0.218_968_01, 0.046_779_75, 0.475_124_91),
            (0.395_845_91, 0.170_154_47, 0.648_743_00),
            (0.086_482_79, 0.000_765_25, 0.334_070_02),
        ];
        for (agent, (value, low, high)) in agents.iter().zip(expected) {
            let share = prior.share(agent);
            close(share.value, value);
            close(share.low, low);
            close(share.high, high);
        }
    }

    /// scipy 1.17: `stats.beta.ppf([.025, .975], .5, 5.5)`.
    #[test]
    fn few_agents_have_the_prior_of_jeffreys() {
        let agents = counts(&[(0.0, 5.0), (2.0, 4.0)]);
        let prior = Prior::of(&agents);
        assert_eq!(prior, Prior::JEFFREYS);
        let share = prior.share(&agents[0]);
        close(share.value, 0.5 / 6.0);
        close(share.low, 9.342_06e-5);
        close(share.high, 0.379_377_14);
    }

    #[test]
    fn no_hits_and_nothing_but_hits_stay_within_bounds() {
        for hits in [0.0, 1.0] {
            let agents = vec![Counts { hits, calls: 1.0 }; 8];
            let prior = Prior::of(&agents);
            assert!(prior.hits > 0.0 && prior.misses > 0.0, "{prior:?}");
            let share = prior.share(&agents[0]);
            assert!(0.0 <= share.low && share.low <= share.value && share.value <= share.high && share.high <= 1.0);
        }
    }

    #[test]
    fn alike_agents_share_what_they_know() {
        let agents = counts(&[(3.0, 10.0); 30]);
        let share = Prior::of(&agents).share(&agents[0]);
        let alone = Prior::JEFFREYS.share(&agents[0]);
        assert!(share.high - share.low < 0.5 * (alone.high - alone.low), "{share:?} against {alone:?}");
    }
}
