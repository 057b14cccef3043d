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
use super::days::DaySpread;
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

    fn offset(&self, stratum: &Stratum) -> f64 {
        self.offsets.get(stratum).copied().unwrap_or(0.0)
    }

    /// What days do to an agent's adjusted scores.
    pub(super) fn day_spread(&self, agent: &AgentSums) -> DaySpread {
        DaySpread::of(agent.strata.iter().map(|sums| (&sums.days, self.offset(&sums.stratum))))
    }

    /// An agent's adjusted scores; `None` without calls.
    pub(super) fn adjusted(&self, agent: &AgentSums, days: &DaySpread) -> Option<Point> {
        let levels: Vec<(f64, f64, f64)> = agent
            .strata
            .iter()
            .filter_map(|sums| {
                Some((sums.scores.calls(), sums.scores.mean()? - self.offset(&sums.stratum), sums.scores.spread()))
            })
            .collect();
        let calls: f64 = levels.iter().map(|&(calls, ..)| calls).sum();
        if levels.is_empty() {
            return None;
        }
        let mean = levels.iter().map(|&(calls, level, _)| calls * level).sum::<f64>() / calls;
        let spread =
            levels.iter().map(|&(calls, level, spread)| spread + calls * (level - mean) * (level - mean)).sum();
        Some(Point::new(mean, &agent.all_scores(), spread, days))
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

#[cfg(test)]
mod tests {
    use crate::rollup::testing::row;
    use crate::rollup::{AgentBook, AgentsReport, CallRollup};
    use crate::sentiment::Millionths;

    fn queued(queue: Option<&str>, agent: &str, score: f64) -> CallRollup {
        CallRollup { queue: queue.map(Into::into), ..row("c", Some(score), &[(agent, 1.0)]) }
    }

    fn ended(queue: &str, agent: &str, start: f64, end: f64) -> CallRollup {
        let mut call = queued(Some(queue), agent, end);
        (call.customer.start, call.customer.end) = (Some(Millionths::nearest(start)), Some(Millionths::nearest(end)));
        call
    }

    fn report(calls: &[CallRollup]) -> AgentsReport {
        let mut book = AgentBook::default();
        for call in calls {
            book.add(call);
        }
        book.finish()
    }

    fn close(actual: Option<f64>, expected: f64) {
        assert!(actual.is_some_and(|actual| (actual - expected).abs() < 1e-9), "{actual:?} is not {expected}");
    }

    #[test]
    fn a_score_loses_what_its_queue_explains_as_far_as_it_is_believed() {
        // Two queues of 20 calls each, so half of the difference is believed: sales around .4, complaints around −.2, all around .1.
        let mut calls = Vec::new();
        for step in 0..10 {
            let wobble = f64::from(step) * 0.02 - 0.09;
            calls.push(queued(Some("sales"), "ann", 0.5 + wobble));
            calls.push(queued(Some("sales"), "bob", 0.3 + wobble));
            calls.push(queued(Some("complaints"), "bob", -0.1 + wobble));
            calls.push(queued(Some("complaints"), "cy", -0.3 + wobble));
        }
        let report = report(&calls);
        // Offsets: ½(.4 − .1) = .15 and ½(−.2 − .1) = −.15. With three agents nothing is shrunk.
        let [ann, bob, cy] = &report.agents[..] else { panic!("three agents") };
        close(ann.customer_score_raw, 0.5);
        close(ann.customer_score_adjusted, 0.35);
        close(bob.customer_score_raw, 0.1);
        close(bob.customer_score_adjusted, 0.1);
        close(cy.customer_score_adjusted, -0.15);
    }

    #[test]
    fn languages_are_strata_of_their_own() {
        let mut calls = Vec::new();
        for _ in 0..20 {
            for (language, agent, score) in [("en", "ann", 0.3), ("de", "bob", -0.1)] {
                calls.push(CallRollup { language: Some(language.into()), ..queued(Some("sales"), agent, score) });
            }
        }
        let report = report(&calls);
        close(report.agents[0].customer_score_adjusted, 0.2);
        close(report.agents[1].customer_score_adjusted, 0.0);
    }

    #[test]
    fn without_queues_nothing_is_adjusted() {
        let calls: Vec<_> =
            (0..60).map(|call| queued(None, ["a", "b", "c", "d", "e", "f"][call % 6], 0.01 * call as f64)).collect();
        let report = report(&calls);
        assert!(report.agents.iter().all(|agent| agent.customer_score_adjusted.is_none()));
        assert!(report.agents.iter().all(|agent| agent.customer_end_adjusted.is_none()));
        assert!(
            report.agents.iter().all(|agent| agent.verdict.place.map(|place| place.z).is_some()),
            "the funnel uses the raw scores"
        );
    }

    #[test]
    fn one_queue_alone_changes_nothing() {
        let calls: Vec<_> = (0..30)
            .map(|call| queued(Some("q"), ["a", "b", "c", "d", "e", "f"][call % 6], 0.01 * (call * call % 7) as f64))
            .collect();
        for agent in report(&calls).agents {
            close(agent.customer_score_adjusted, agent.customer_score.unwrap());
        }
    }

    #[test]
    fn ends_are_compared_given_the_starts() {
        // All calls lie on end = .1 + .5·start but for Bob's, which end .2 higher; Cy draws the angry ones.
        let mut calls = Vec::new();
        for step in 0..20 {
            let start = f64::from(step) * 0.02;
            calls.push(ended("q", "ann", start, 0.1 + 0.5 * start));
            calls.push(ended("q", "bob", start, 0.3 + 0.5 * start));
            calls.push(ended("q", "cy", start - 0.8, 0.1 + 0.5 * (start - 0.8)));
        }
        let report = report(&calls);
        let [ann, bob, cy] = &report.agents[..] else { panic!("three agents") };
        close(ann.customer_end, 0.195);
        close(cy.customer_end, -0.205);
        // Bob stands .2 above Ann whatever the line is, as they had the same starts.
        let difference = bob.customer_end_adjusted.unwrap() - ann.customer_end_adjusted.unwrap();
        assert!((difference - 0.2).abs() < 1e-9);
        let healer = cy.customer_end.unwrap() - ann.customer_end.unwrap();
        let fair = cy.customer_end_adjusted.unwrap() - ann.customer_end_adjusted.unwrap();
        assert!(healer < -0.39 && fair.abs() < 0.12, "the starts explain most of it: {fair}");
    }

    /// numpy: the formulas of this file's header over two queues of 4 and 6 calls.
    #[test]
    fn adjusted_ends_agree_with_numpy() {
        let calls: Vec<_> = [
            ("p", "ann", -0.5, -0.2),
            ("p", "ann", 0.1, 0.3),
            ("p", "bob", 0.4, 0.2),
            ("p", "bob", -0.1, 0.0),
            ("q", "ann", -0.8, -0.6),
            ("q", "bob", -0.3, -0.5),
            ("q", "bob", 0.0, 0.1),
            ("q", "cy", 0.2, -0.4),
            ("q", "cy", -0.6, -0.1),
            ("q", "cy", 0.5, 0.4),
        ]
        .map(|(queue, agent, start, end)| ended(queue, agent, start, end))
        .to_vec();
        let report = report(&calls);
        for (agent, expected) in report.agents.iter().zip([-0.024_139_263, -0.107_226_149, -0.090_048_976]) {
            close(agent.customer_end_adjusted, expected);
        }
    }
}
