//! Every agent's row of agents.csv, and what the agents have in common.
//!
//! No agent has a rank. With 500 agents, a true spread of 0.06 and 15 calls each, the raw bottom tenth holds 29 % of the
//! agents who truly belong there, and the shrunken one 38 %. What is known of an agent's place is
//! `expected_percentile` and `p_bottom_decile`, which carry the doubt.

use super::agents::{AgentBook, AgentSums};
use super::case_mix::CaseMix;
use super::distribution::normal_cdf;
use super::funnel::{Funnel, funnel_z, over_dispersion, q_values};
use super::model::{Model, Point};
use super::shares::{self, Counts, Share};
use super::shrink::{Fit, Shrunk};
use super::sums::Hits;

/// What an agent's score is worth.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Status {
    /// No call with a customer score.
    NoData,
    /// Fewer than 5 agents have data: the score is the plain mean, with a pooled t interval.
    FewAgents,
    /// Reliability below 0.3: the score is more of the others' than of the agent's own.
    Insufficient,
    /// None of these.
    Ok,
}

impl Status {
    /// The name used in files.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::NoData => "no_data",
            Self::FewAgents => "few_agents",
            Self::Insufficient => "insufficient",
            Self::Ok => "ok",
        }
    }
}

/// Reliability below which a status is [`Status::Insufficient`].
const SUFFICIENT_RELIABILITY: f64 = 0.3;

/// Reliability and scored calls from which an agent has an expected percentile.
const PERCENTILE_RELIABILITY: f64 = 0.5;
const PERCENTILE_CALLS: u64 = 10;

/// Scored calls from which an agent takes part in the false discovery rate.
const DISCOVERY_CALLS: u64 = 5;

/// The tenth of a normal population that lies lowest ends so many standard deviations below its mean.
const BOTTOM_DECILE: f64 = 1.2816;

/// Standard deviations beyond which Φ is 0 or 1 to sixteen digits.
const CERTAIN: f64 = 8.3;

/// The part of a Fourier term below which it adds nothing to a double.
const NEGLIGIBLE: f64 = 1e-18;

/// More terms than agents with a million calls need; where every call of an agent has the same score, V is so small
/// that the series is cut here.
const FOURIER_TERMS: usize = 1 << 17;

/// One row of agents.csv. `None` is an empty cell.
#[derive(Debug, Clone, PartialEq)]
pub struct AgentRollup {
    /// The agent's id.
    pub id: Box<str>,
    /// Calls on which the agent appears.
    pub calls: u64,
    /// Those of them with a customer score, words in the agent's spans and enough coverage: n.
    pub calls_scored: u64,
    /// ȳ: mean of the calls' customer scores, weighted by the agent's part in each.
    pub customer_score_raw: Option<f64>,
    /// θ̂ from raw scores; ȳ for fewer than 5 agents.
    pub customer_score: Option<f64>,
    /// Lower end of its 95 % interval.
    pub customer_score_low: Option<f64>,
    /// Upper end of its 95 % interval.
    pub customer_score_high: Option<f64>,
    /// θ̂ from scores adjusted for queue and language. `None` if no call has a queue.
    pub customer_score_adjusted: Option<f64>,
    /// 1 − B of the raw scores. `None` for fewer than 5 agents.
    pub reliability: Option<f64>,
    /// What the score is worth.
    pub status: Status,
    /// Where `funnel_z` lies.
    pub funnel: Option<Funnel>,
    /// Distance from the mean in standard deviations, from adjusted scores where they exist. `None` for fewer than 5 agents.
    pub funnel_z: Option<f64>,
    /// What the funnel compares: the mean of the calls' scores before it is drawn in, adjusted where the scores are.
    pub funnel_score: Option<f64>,
    /// μ̂: what it is compared with. The same for all agents.
    pub funnel_mean: Option<f64>,
    /// `√(v + τ_w²)`: `funnel_z` is the distance between the two in this measure.
    pub funnel_sd: Option<f64>,
    /// Benjamini-Hochberg over agents with at least 5 scored calls; `None` for the others.
    pub q_value: Option<f64>,
    /// Mean over the other agents of the chance to be truly better than they, 0 to 1. Only where reliability ≥ 0.5 and n ≥ 10.
    pub expected_percentile: Option<f64>,
    /// Chance that the agent truly belongs to the lowest tenth.
    pub p_bottom_decile: Option<f64>,
    /// `⌈(.7/.3)·s_p²/τ²⌉`: calls that give a score a reliability of 0.7. The same for all agents.
    pub calls_for_reliability_70: Option<u64>,
    /// Weighted mean of the calls' customer `end`.
    pub customer_end: Option<f64>,
    /// The same given each call's start and queue; see [`super`]. `None` if no call has a queue.
    pub customer_end_adjusted: Option<f64>,
    /// Share of scored calls whose customer label is NEGATIVE.
    pub negative_calls: Option<Share>,
    /// Share of escalated calls among those where `escalated` is known.
    pub escalated: Option<Share>,
    /// Share of recovered calls among those where `recovered` is known.
    pub recovered: Option<Share>,
    /// How the agents of the agent's calls sound: weighted mean of the calls' agent score.
    pub agent_score: Option<f64>,
    /// Words spoken by customers and agents in the agent's spans.
    pub words: u64,
    /// Mean of h over `calls`.
    pub handled_share_mean: Option<f64>,
}

/// What the agents have in common.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Population {
    /// A: agents with scored calls.
    pub agents: usize,
    /// μ̂.
    pub mean: f64,
    /// τ: standard deviation of the agents' true values.
    pub between: f64,
    /// `s_p`: pooled standard deviation of the calls of one agent.
    pub within: f64,
}

impl Population {
    fn of(model: &Model) -> Option<Self> {
        let fit = model.fit.as_ref()?;
        Some(Self {
            agents: model.observed.len(),
            mean: fit.mu,
            between: fit.tau_squared.sqrt(),
            within: model.within.sqrt(),
        })
    }

    /// `⌈(.7/.3)·s_p²/τ²⌉`.
    #[must_use]
    pub fn calls_for_reliability_70(&self) -> u64 {
        let ratio = (self.within / self.between) * (self.within / self.between);
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "positive; saturates where no number of calls would do"
        )]
        let calls = (0.7 / 0.3 * ratio).ceil() as u64;
        calls
    }
}

/// All of agents.csv.
#[derive(Debug, Clone, PartialEq)]
pub struct AgentsReport {
    /// One row an agent, sorted by id.
    pub agents: Vec<AgentRollup>,
    /// Calls without any agent id; they are in no row.
    pub calls_without_agent: u64,
    /// From raw scores. `None` for fewer than 5 agents with data.
    pub population: Option<Population>,
}

impl AgentBook {
    /// Computes every agent's row. The book stays as it is.
    #[must_use]
    pub fn finish(&self) -> AgentsReport {
        let case_mix = CaseMix::of(self.agents.values());
        let mut agents: Vec<AgentRollup> =
            self.agents.iter().map(|(id, sums)| plain_row(id, sums, case_mix.as_ref())).collect();
        fill_shares(&mut agents, self);

        let (mut rows, sums): (Vec<&mut AgentRollup>, Vec<&AgentSums>) =
            agents.iter_mut().zip(self.agents.values()).filter(|(row, _)| row.calls_scored > 0).unzip();
        let raw: Vec<Point> = sums.iter().filter_map(|sums| Point::of(&sums.all_scores())).collect();
        let model = Model::of(&raw);
        fill_scores(&mut rows, &raw, &model);
        let adjusted = case_mix.map(|mix| {
            let points: Vec<Point> = sums.iter().filter_map(|sums| mix.adjusted(sums)).collect();
            let model = Model::of(&points);
            fill_adjusted(&mut rows, &points, &model);
            model
        });
        fill_funnel(&mut rows, adjusted.as_ref().unwrap_or(&model));

        let population = Population::of(&model);
        if let Some(population) = &population {
            for row in &mut agents {
                row.calls_for_reliability_70 = Some(population.calls_for_reliability_70());
            }
        }
        AgentsReport { agents, calls_without_agent: self.calls_without_agent, population }
    }
}

/// The columns that need no other agent, but for the case mix.
fn plain_row(id: &str, sums: &AgentSums, case_mix: Option<&CaseMix<'_>>) -> AgentRollup {
    AgentRollup {
        id: id.into(),
        calls: sums.calls,
        calls_scored: sums.calls_scored,
        customer_score_raw: sums.all_scores().mean(),
        customer_score: None,
        customer_score_low: None,
        customer_score_high: None,
        customer_score_adjusted: None,
        reliability: None,
        status: Status::NoData,
        funnel: None,
        funnel_z: None,
        funnel_score: None,
        funnel_mean: None,
        funnel_sd: None,
        q_value: None,
        expected_percentile: None,
        p_bottom_decile: None,
        calls_for_reliability_70: None,
        customer_end: sums.end.value(),
        customer_end_adjusted: case_mix.and_then(|mix| mix.adjusted_end(sums)),
        negative_calls: None,
        escalated: None,
        recovered: None,
        agent_score: sums.agent_score.value(),
        words: sums.words,
        handled_share_mean: (sums.calls > 0).then(|| sums.handled as f64 / sums.calls as f64 / 1e6),
    }
}

fn fill_shares(agents: &mut [AgentRollup], book: &AgentBook) {
    let shares_of = |hits: fn(&AgentSums) -> &Hits| {
        let counts: Vec<Option<Counts>> =
            book.agents.values().map(|sums| hits(sums).counts().map(|(hits, calls)| Counts { hits, calls })).collect();
        let known: Vec<Counts> = counts.iter().copied().flatten().collect();
        let mut shares = shares::shares(&known).into_iter();
        counts.into_iter().map(move |counts| counts.and_then(|_| shares.next()))
    };
    let negative = shares_of(|sums| &sums.negative);
    let escalated = shares_of(|sums| &sums.escalated);
    let recovered = shares_of(|sums| &sums.recovered);
    for (row, (negative, (escalated, recovered))) in agents.iter_mut().zip(negative.zip(escalated.zip(recovered))) {
        row.negative_calls = negative;
        row.escalated = escalated;
        row.recovered = recovered;
    }
}

/// Scores, intervals and what follows from the posterior; `rows` are the agents with data, in the order of `points`.
fn fill_scores(rows: &mut [&mut AgentRollup], points: &[Point], model: &Model) {
    let mut posteriors = Vec::new();
    for ((row, point), observed) in rows.iter_mut().zip(points).zip(&model.observed) {
        let estimate = model.estimate(point, observed);
        row.customer_score = Some(estimate.score);
        row.customer_score_low = estimate.interval.map(|(low, _)| low);
        row.customer_score_high = estimate.interval.map(|(_, high)| high);
        row.reliability = estimate.shrunk.map(|shrunk| shrunk.reliability);
        row.status = match row.reliability {
            None => Status::FewAgents,
            Some(reliability) if reliability < SUFFICIENT_RELIABILITY => Status::Insufficient,
            Some(_) => Status::Ok,
        };
        if let Some((fit, shrunk)) = model.fit.as_ref().zip(estimate.shrunk) {
            row.p_bottom_decile = Some(bottom_decile(fit, &shrunk));
            let ranked = shrunk.reliability >= PERCENTILE_RELIABILITY && row.calls_scored >= PERCENTILE_CALLS;
            posteriors.push((shrunk, ranked));
        }
    }
    for (row, percentile) in rows.iter_mut().zip(expected_percentiles(&posteriors)) {
        row.expected_percentile = percentile;
    }
}

fn fill_adjusted(rows: &mut [&mut AgentRollup], points: &[Point], model: &Model) {
    for ((row, point), observed) in rows.iter_mut().zip(points).zip(&model.observed) {
        row.customer_score_adjusted = Some(model.estimate(point, observed).score);
    }
}

/// Funnel, z and q-value.
fn fill_funnel(rows: &mut [&mut AgentRollup], model: &Model) {
    let Some(fit) = &model.fit else { return };
    let between = over_dispersion(&model.observed, fit.mu);
    let mut tested = Vec::new();
    for (row, observed) in rows.iter_mut().zip(&model.observed) {
        let z = funnel_z(observed, fit.mu, between);
        row.funnel_z = Some(z);
        row.funnel = Some(Funnel::of(z));
        row.funnel_score = Some(observed.mean);
        row.funnel_mean = Some(fit.mu);
        row.funnel_sd = Some((observed.variance + between).sqrt());
        if row.calls_scored >= DISCOVERY_CALLS {
            tested.push(z);
        }
    }
    let tested_rows = rows.iter_mut().filter(|row| row.calls_scored >= DISCOVERY_CALLS);
    for (row, q) in tested_rows.zip(q_values(&tested)) {
        row.q_value = Some(q);
    }
}

/// Φ((q10 − θ̂)/√V) with q10 = μ̂ − 1.2816τ.
fn bottom_decile(fit: &Fit, agent: &Shrunk) -> f64 {
    let decile = fit.mu - BOTTOM_DECILE * fit.tau_squared.sqrt();
    normal_cdf((decile - agent.value) / agent.variance.sqrt())
}

/// For each agent marked as sure enough, the mean over all other agents b of `Φ((θ̂ − θ̂_b)/√(V + V_b))`.
///
/// That is the chance that a normal D with mean `θ̂ − θ̂_b` and variance `V + V_b` is positive. All D lie within an
/// interval [−L, L], where the Fourier series of the sign function gives, with ω = πk/L over odd k,
///
/// ```text
/// Φ = ½ + 2/π·Σ 1/k·sin(ω(θ̂ − θ̂_b))·exp(−½ω²(V + V_b))
/// ```
///
/// Each term is a product of the agent's part and the other's part, so that the other agents' parts are added up once
/// for all: the time grows with the number of agents, not of pairs. Terms too small for a double are left out.
fn expected_percentiles(agents: &[(Shrunk, bool)]) -> Vec<Option<f64>> {
    if agents.iter().all(|(_, sure)| !sure) {
        return vec![None; agents.len()];
    }
    let (mut values, mut widest) = ((f64::INFINITY, f64::NEG_INFINITY), 0.0_f64);
    for (agent, _) in agents {
        values = (values.0.min(agent.value), values.1.max(agent.value));
        widest = widest.max(agent.variance);
    }
    let frequency = std::f64::consts::PI / (values.1 - values.0 + CERTAIN * (2.0 * widest).sqrt());
    let mut all: Vec<(f64, f64)> = Vec::new();
    for (agent, _) in agents {
        for (index, (cosine, sine)) in fourier_terms(agent, frequency).enumerate() {
            match all.get_mut(index) {
                Some(sum) => *sum = (sum.0 + cosine, sum.1 + sine),
                None => all.push((cosine, sine)),
            }
        }
    }
    // The agent itself is among all, with a chance of ½.
    let others = agents.len() as f64 - 1.0;
    let percentile = |agent: &Shrunk| {
        let terms = fourier_terms(agent, frequency).zip(&all);
        let series: f64 = terms
            .zip((1..).step_by(2))
            .map(|(((cosine, sine), (all_cosine, all_sine)), k)| (sine * all_cosine - cosine * all_sine) / f64::from(k))
            .sum();
        (0.5 + std::f64::consts::FRAC_2_PI * series / others).clamp(0.0, 1.0)
    };
    agents.iter().map(|(agent, sure)| sure.then(|| percentile(agent))).collect()
}

/// `exp(−½ω²V)` times cosine and sine of `ωθ̂`, for ω = `frequency` × 1, 3, 5 …, until they are 0 to a double's precision.
fn fourier_terms(agent: &Shrunk, frequency: f64) -> impl Iterator<Item = (f64, f64)> {
    let exponent = 0.5 * frequency * frequency * agent.variance;
    let angle = frequency * agent.value;
    // From k to k + 2 the angle grows by the same, and the exponent by more each time: (k + 2)² − k² = 4k + 4.
    let (turn_cosine, turn_sine) = (libm::cos(2.0 * angle), libm::sin(2.0 * angle));
    let growth = libm::exp(-8.0 * exponent);
    let (mut size, mut ratio) = (libm::exp(-exponent), growth);
    let (mut cosine, mut sine) = (libm::cos(angle), libm::sin(angle));
    let terms = std::iter::from_fn(move || {
        let term = (size > NEGLIGIBLE).then_some((size * cosine, size * sine));
        (cosine, sine) = (cosine * turn_cosine - sine * turn_sine, sine * turn_cosine + cosine * turn_sine);
        size *= ratio;
        ratio *= growth;
        term
    });
    terms.take(FOURIER_TERMS)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rollup::AgentBook;
    use crate::rollup::testing::row;
    use crate::sentiment::Millionths;

    fn report(agents: &[(&str, Vec<f64>)]) -> AgentsReport {
        let mut book = AgentBook::default();
        for (id, scores) in agents {
            for &score in scores {
                book.add(&row("c", Some(score), &[(id, 1.0)]));
            }
        }
        book.finish()
    }

    /// Seven agents with 3, 7, … 27 calls.
    fn seven() -> AgentsReport {
        let levels = [-0.1, 0.0, 0.05, 0.1, -0.3, 0.2, 0.12];
        let ids = ["a", "b", "c", "d", "e", "f", "g"];
        let scores = |agent: u32, level: f64| {
            (0..3 + 4 * agent)
                .map(|call| level + 0.1 + 0.7 * (f64::from((call * 7 + agent * 3) % 11) / 10.0 - 0.5) * 2.0)
                .collect()
        };
        let agents: Vec<_> =
            ids.into_iter().zip((0..).zip(levels).map(|(agent, level)| scores(agent, level))).collect();
        report(&agents)
    }

    fn column(report: &AgentsReport, value: impl Fn(&AgentRollup) -> Option<f64>, expected: &[Option<f64>]) {
        let actual: Vec<Option<f64>> = report.agents.iter().map(value).collect();
        let close = actual.len() == expected.len()
            && actual.iter().zip(expected).all(|pair| match pair {
                (Some(actual), Some(expected)) => (actual - expected).abs() < 2e-6,
                (actual, expected) => actual == expected,
            });
        assert!(close, "{actual:?} is not {expected:?}");
    }

    /// Expected values: the formulas of `model`, `shrink`, `funnel` and this file, written again in numpy and scipy (the
    /// maximum by `optimize.minimize_scalar`, q by `stats.false_discovery_control`).
    #[test]
    fn every_score_column_agrees_with_scipy() {
        let report = seven();
        let raw = [-0.233_333_333, 0.12, 0.15, 0.228, -0.207_368_421, 0.293_913_043, 0.235_555_556];
        column(&report, |agent| agent.customer_score_raw, &raw.map(Some));
        let score =
            [-0.046_057_988, 0.115_338_559, 0.139_179_143, 0.204_418_593, -0.156_894_827, 0.269_420_431, 0.220_876_694];
        column(&report, |agent| agent.customer_score, &score.map(Some));
        let low = [
            -0.443_322_097,
            -0.171_825_731,
            -0.102_104_193,
            -0.009_794_813,
            -0.363_137_495,
            0.092_754_33,
            0.058_496_55,
        ];
        column(&report, |agent| agent.customer_score_low, &low.map(Some));
        let high =
            [0.351_206_121, 0.402_502_848, 0.380_462_479, 0.418_631_999, 0.049_347_841, 0.446_086_531, 0.383_256_838];
        column(&report, |agent| agent.customer_score_high, &high.map(Some));
        let reliability =
            [0.449_100_799, 0.651_832_047, 0.750_605_328, 0.805_736_047, 0.839_245_799, 0.869_234_314, 0.886_160_995];
        column(&report, |agent| agent.reliability, &reliability.map(Some));
        let bottom =
            [0.221_558_543, 0.015_286_844, 0.002_824_727, 0.000_101_961, 0.335_799_333, 0.000_000_087, 0.000_000_171];
        column(&report, |agent| agent.p_bottom_decile, &bottom.map(Some));
        // The first is too unsure, the second has but 7 calls.
        let percentile = [
            None,
            None,
            Some(0.522_001_203),
            Some(0.661_581_773),
            Some(0.070_860_998),
            Some(0.811_762_835),
            Some(0.703_923_381),
        ];
        column(&report, |agent| agent.expected_percentile, &percentile);
        let z =
            [-1.076_396_602, 0.054_789_802, 0.197_950_494, 0.586_926_415, -1.571_659_32, 0.966_777_25, 0.677_113_801];
        column(&report, |agent| agent.funnel_z, &z.map(Some));
        // The first has 3 calls.
        let q = [
            None,
            Some(0.956_305_925),
            Some(0.956_305_925),
            Some(0.835_879_692),
            Some(0.696_177_487),
            Some(0.835_879_692),
            Some(0.835_879_692),
        ];
        column(&report, |agent| agent.q_value, &q);
        let population = report.population.unwrap();
        assert!((population.mean - 0.106_611_515).abs() < 2e-6 && (population.between - 0.240_416_17).abs() < 2e-6);
        assert!((population.within - 0.454_861_378).abs() < 2e-6);
        for agent in &report.agents {
            let distance = (agent.funnel_score.unwrap() - agent.funnel_mean.unwrap()) / agent.funnel_sd.unwrap();
            assert!((distance - agent.funnel_z.unwrap()).abs() < 1e-12, "the funnel's parts make its z");
            assert_eq!(agent.funnel_score, agent.customer_score_raw, "nothing is adjusted without queues");
        }
        assert!(report.agents.iter().all(|agent| agent.calls_for_reliability_70 == Some(9)));
        assert!(report.agents.iter().all(|agent| agent.status == Status::Ok && agent.funnel == Some(Funnel::In)));
    }

    proptest::proptest! {
        #[test]
        fn percentiles_are_the_means_over_pairs(
            agents in proptest::collection::vec((-1.0..1.0_f64, 1e-4..0.1_f64, proptest::bool::ANY), 2..60),
        ) {
            let agents: Vec<(Shrunk, bool)> = agents
                .into_iter()
                .map(|(value, variance, sure)| (Shrunk { value, variance, reliability: 0.5 }, sure))
                .collect();
            for (index, percentile) in expected_percentiles(&agents).into_iter().enumerate() {
                let (agent, sure) = agents[index];
                let others = agents.iter().enumerate().filter(|(other, _)| *other != index);
                let pairs = others.map(|(_, (other, _))| {
                    normal_cdf((agent.value - other.value) / (agent.variance + other.variance).sqrt())
                });
                let mean = pairs.sum::<f64>() / (agents.len() - 1) as f64;
                proptest::prop_assert_eq!(percentile.is_some(), sure);
                proptest::prop_assert!(percentile.is_none_or(|percentile| (percentile - mean).abs() < 1e-12));
            }
        }
    }

    #[test]
    fn few_agents_are_not_compared() {
        let report = report(&[("bob", vec![0.1, 0.3]), ("ann", vec![0.5]), ("cy", vec![0.2])]);
        let ids: Vec<&str> = report.agents.iter().map(|agent| &*agent.id).collect();
        assert_eq!(ids, ["ann", "bob", "cy"]);
        for agent in &report.agents {
            assert_eq!(agent.status, Status::FewAgents);
            assert_eq!(agent.customer_score, agent.customer_score_raw);
            assert!(agent.customer_score_low.is_some() && agent.reliability.is_none() && agent.funnel.is_none());
            assert!(agent.q_value.is_none() && agent.p_bottom_decile.is_none() && agent.expected_percentile.is_none());
            assert_eq!(agent.calls_for_reliability_70, None);
        }
        assert_eq!(report.population, None);
    }

    #[test]
    fn an_agent_without_scores_has_a_row_and_no_say() {
        let scores: Vec<(&str, Vec<f64>)> = ["a", "b", "c", "d", "e", "f"]
            .into_iter()
            .zip((0..6).map(|agent| vec![0.1 * f64::from(agent); 3]))
            .collect();
        let mut book = AgentBook::default();
        for (id, scores) in &scores {
            for &score in scores {
                book.add(&row("c", Some(score), &[(id, 1.0)]));
            }
        }
        let before = book.finish();
        book.add(&row("c", None, &[("aa", 1.0)]));
        let after = book.finish();
        assert_eq!(after.agents.len(), 7);
        let silent = &after.agents[1];
        assert_eq!((&*silent.id, silent.status, silent.calls, silent.calls_scored), ("aa", Status::NoData, 1, 0));
        assert_eq!((silent.customer_score, silent.funnel, silent.negative_calls), (None, None, None));
        assert_eq!(after.population, before.population);
        assert_eq!(after.agents[2], before.agents[1]);
    }

    #[test]
    fn an_agent_with_little_to_go_by_is_insufficient() {
        let noisy =
            |level: f64| (0..40).map(|call| level + if call % 2 == 0 { 0.5 } else { -0.5 }).collect::<Vec<f64>>();
        let mut agents: Vec<(&str, Vec<f64>)> = ["a", "b", "c", "d", "e", "f", "g"]
            .into_iter()
            .zip((0..7).map(|agent| noisy(0.03 * f64::from(agent))))
            .collect();
        agents.push(("z", vec![0.9]));
        let report = report(&agents);
        let last = report.agents.last().unwrap();
        assert_eq!(last.status, Status::Insufficient);
        assert!(last.reliability.unwrap() < 0.3 && last.customer_score.unwrap() < 0.5);
    }

    #[test]
    fn degenerate_books_have_reports_without_panic_or_nan() {
        let many = |scores: &[f64]| {
            let ids = ["a", "b", "c", "d", "e", "f", "g", "h"];
            report(&ids.into_iter().map(|id| (id, scores.to_vec())).collect::<Vec<_>>())
        };
        let cases = [report(&[]), report(&[("a", vec![1.0])]), many(&[0.3; 5]), many(&[-1.0]), many(&[1.0, -1.0])];
        for case in &cases {
            let shown = format!("{case:?}");
            assert!(!shown.contains("NaN") && !shown.contains("inf"), "{shown}");
        }
        assert_eq!(cases[0].agents, []);
        assert_eq!(cases[1].agents[0].customer_score_low, None);
    }

    #[test]
    fn percentiles_of_agents_who_are_alike_are_in_the_middle() {
        let alike = Shrunk { value: 0.1, variance: 0.01, reliability: 0.9 };
        let far = Shrunk { value: 0.9, variance: 1e-6, reliability: 0.9 };
        let percentiles = expected_percentiles(&[(alike, true), (alike, false), (far, true)]);
        // ½ against the second; Φ(−.8/√.010001) = Φ(−8.0) = 6e-16 against the third.
        assert!((percentiles[0].unwrap() - 0.25).abs() < 1e-9);
        assert_eq!(percentiles[1], None);
        assert!((percentiles[2].unwrap() - 1.0).abs() < 1e-9);
        assert_eq!(expected_percentiles(&[]), Vec::<Option<f64>>::new());
    }

    #[test]
    fn the_funnel_follows_the_adjusted_scores_where_they_exist() {
        // Two agents have only complaints, which are low for everyone.
        let mut book = AgentBook::default();
        for call in 0..40 {
            let wobble = 0.01 * f64::from(call % 7);
            for (agent, queue, level) in [
                ("a", "sales", 0.3),
                ("b", "sales", 0.31),
                ("c", "sales", 0.29),
                ("d", "sales", 0.3),
                ("e", "complaints", -0.5),
                ("f", "complaints", -0.51),
                ("g", "complaints", -0.49),
            ] {
                let mut call = row("c", Some(level + wobble), &[(agent, 1.0)]);
                call.queue = Some(queue.into());
                call.customer.end = Some(Millionths::nearest(level));
                book.add(&call);
            }
        }
        let report = book.finish();
        let (first, last) = (&report.agents[0], &report.agents[6]);
        let gap = |value: fn(&AgentRollup) -> Option<f64>| value(first).unwrap() - value(last).unwrap();
        assert!(gap(|agent| agent.customer_score) > 0.7 && gap(|agent| agent.customer_score_adjusted) < 0.2);
    }
}
