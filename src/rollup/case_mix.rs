//! Fairness between agents who draw different calls.
//!
//! A **stratum** is a queue and a language; its n counts calls by their weight h, and its mean is over the calls of all agents.
//!
//! **Score.** `y − n/(n + 20)·(stratum mean − grand mean)` takes the place of y: a stratum's difference is taken out as far as its number of
//! calls makes it believable. Within a stratum nothing changes but the level, so that an agent's adjusted sum of
//! squares follows from exact sums per stratum: within each as it was, and between their levels Σh·(level − ȳ)².
//!
//! **End.** `shift` regresses to the mean, so that agents who draw angry callers look like healers. Compared is the call's end z
//! given its start x: with k = n/(n + 20), pooled within-stratum slope β, the stratum's own least-squares slope β̂ (β where its
//! starts don't vary or it has fewer than 3 calls), its means `x̄_s` and `z̄_s` and the grand means x̄ and z̄,
//!
//! ```text
//! β_s  = β + k(β̂ − β)                      level_s = z̄ + β(x̄_s − x̄) + k·[z̄_s − z̄ − β(x̄_s − x̄)]
//! adjusted end = z̄ + mean over the agent's calls, weighted by h, of z − level_s − β_s(x − x̄_s)
//! ```

use std::collections::BTreeMap;

use super::agents::{AgentSums, Stratum};
use super::model::Point;
use super::sums::{Moments, Pairs};

/// Calls at which half of a stratum's difference is believed.
const BELIEVED_CALLS: f64 = 20.0;

/// Calls below which a stratum has no slope of its own.
const SLOPE_CALLS: f64 = 3.0;

fn belief(calls: f64) -> f64 {
    calls / (calls + BELIEVED_CALLS)
}

/// What the calls of each stratum are like, over all agents.
pub(super) struct CaseMix<'a> {
    /// How far a stratum's scores lie above all, as far as it is believed.
    offsets: BTreeMap<&'a Stratum, f64>,
    ends: BTreeMap<&'a Stratum, EndLine>,
    /// z̄.
    grand_end: f64,
}

/// `level_s`, `β_s` and `x̄_s`.
struct EndLine {
    level: f64,
    slope: f64,
    start: f64,
}

impl<'a> CaseMix<'a> {
    /// Measures the strata; `None` where no call has a queue, as there is no mix to adjust for then.
    pub(super) fn of(agents: impl IntoIterator<Item = &'a AgentSums>) -> Option<Self> {
        let mut strata: BTreeMap<&Stratum, (Moments, Pairs)> = BTreeMap::new();
        for sums in agents.into_iter().flat_map(|agent| &agent.strata) {
            let (scores, pairs) = strata.entry(&sums.stratum).or_default();
            *scores += &sums.scores;
            *pairs += &sums.pairs;
        }
        if strata.keys().all(|stratum| stratum.queue.is_none()) {
            return None;
        }
        let (ends, grand_end) = end_lines(&strata);
        Some(Self { offsets: offsets(&strata), ends, grand_end })
    }

    /// An agent's adjusted scores; `None` without calls.
    pub(super) fn adjusted(&self, agent: &AgentSums) -> Option<Point> {
        let levels: Vec<(f64, f64, f64)> = agent
            .strata
            .iter()
            .filter_map(|sums| {
                let offset = self.offsets.get(&sums.stratum).copied().unwrap_or(0.0);
                Some((sums.scores.calls(), sums.scores.mean()? - offset, sums.scores.spread()))
            })
            .collect();
        let calls: f64 = levels.iter().map(|&(calls, ..)| calls).sum();
        if levels.is_empty() {
            return None;
        }
        let mean = levels.iter().map(|&(calls, level, _)| calls * level).sum::<f64>() / calls;
        let spread =
            levels.iter().map(|&(calls, level, spread)| spread + calls * (level - mean) * (level - mean)).sum();
        Some(Point::new(mean, &agent.all_scores(), spread))
    }

    /// An agent's adjusted end; `None` if no call of it has both a start and an end.
    pub(super) fn adjusted_end(&self, agent: &AgentSums) -> Option<f64> {
        let (mut calls, mut residuals) = (0.0, 0.0);
        for sums in &agent.strata {
            if let Some(((start, end), line)) = sums.pairs.means().zip(self.ends.get(&sums.stratum)) {
                calls += sums.pairs.calls();
                residuals += sums.pairs.calls() * (end - line.level - line.slope * (start - line.start));
            }
        }
        (calls > 0.0).then(|| self.grand_end + residuals / calls)
    }
}

fn offsets<'a>(strata: &BTreeMap<&'a Stratum, (Moments, Pairs)>) -> BTreeMap<&'a Stratum, f64> {
    let mut all = Moments::default();
    for (scores, _) in strata.values() {
        all += scores;
    }
    let grand = all.mean().unwrap_or(0.0);
    strata
        .iter()
        .filter_map(|(&stratum, (scores, _))| Some((stratum, belief(scores.calls()) * (scores.mean()? - grand))))
        .collect()
}

fn end_lines<'a>(strata: &BTreeMap<&'a Stratum, (Moments, Pairs)>) -> (BTreeMap<&'a Stratum, EndLine>, f64) {
    let mut all = Pairs::default();
    let (mut spread, mut product) = (0.0, 0.0);
    for (_, pairs) in strata.values() {
        all += pairs;
        let own = pairs.cross_products();
        spread += own.0;
        product += own.1;
    }
    let pooled = if spread > 0.0 { product / spread } else { 0.0 };
    let (grand_start, grand_end) = all.means().unwrap_or((0.0, 0.0));
    let line = |pairs: &Pairs| {
        let (start, end) = pairs.means()?;
        let calls = pairs.calls();
        let (spread, product) = pairs.cross_products();
        let own = if calls >= SLOPE_CALLS && spread > 0.0 { product / spread } else { pooled };
        let expected = grand_end + pooled * (start - grand_start);
        let believed = belief(calls);
        Some(EndLine {
            level: expected + believed * (end - expected),
            slope: pooled + believed * (own - pooled),
            start,
        })
    };
    let lines = strata.iter().filter_map(|(&stratum, (_, pairs))| Some((stratum, line(pairs)?))).collect();
    (lines, grand_end)
}
