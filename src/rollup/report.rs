//! Every agent's row of agents.csv, and what the agents have in common.
//!
//! No agent has a rank. With 500 agents, a true spread of 0.06 and 15 calls each, the raw bottom tenth holds 29 % of the
//! agents who truly belong there, and the shrunken one 38 %: [`Note::NoRanks`] says so. What can be said of an agent's
//! place is `expected_percentile` and `p_bottom_decile`, which carry the doubt.

use std::fmt;

use super::agents::{AgentBook, AgentSums};
use super::case_mix::CaseMix;
use super::distribution::normal_cdf;
use super::funnel::{Funnel, funnel_z, over_dispersion, q_values};
use super::model::{Model, Point};
use super::shares::{Counts, Prior, Share};
use super::shrink::{Fit, Shrunk};
use super::sums::Tally;

/// What an agent's score is worth.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Status {
    /// No call with a customer score.
    NoData,
    /// Fewer than 5 agents have data: the score is the plain mean, with a pooled t interval.
    FewAgents,
    /// Reliability below 0.3: the score says more of the others than of the agent.
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

/// Something a reader of the report must know.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Note {
    /// Fewer than 5 agents have scored calls.
    FewAgents,
    /// Hardly any agent has two scored calls.
    NoRepeatedCalls,
    /// Why there is no rank column.
    NoRanks,
}

impl fmt::Display for Note {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::FewAgents => {
                "Fewer than 5 agents have scored calls: their scores are plain means, and they are not compared."
            }
            Self::NoRepeatedCalls => {
                "Hardly any agent has two scored calls, so chance can't be told from differences between agents: all of the difference is taken as chance."
            }
            Self::NoRanks => {
                "Agents are not ranked. With 500 agents and 15 calls each, a raw bottom-10 % list holds 29 % of the agents who truly belong there, and even the shrunken scores find only 38 %. Use the intervals and the funnel."
            }
        })
    }
}

/// All of agents.csv.
#[derive(Debug, Clone, PartialEq)]
pub struct AgentsReport {
    /// One row an agent, sorted by id.
    pub agents: Vec<AgentRollup>,
    /// Calls entered.
    pub calls: u64,
    /// Those of them without any agent id; they are in no row.
    pub calls_without_agent: u64,
    /// Those of them of which too little of the customer's words was scored.
    pub calls_low_coverage: u64,
    /// From raw scores. `None` for fewer than 5 agents with data.
    pub population: Option<Population>,
    /// From adjusted scores. `None` for fewer than 5 agents, or if no call has a queue.
    pub population_adjusted: Option<Population>,
    /// `τ_w` of the funnel.
    pub funnel_between: Option<f64>,
    /// What a reader must know.
    pub notes: Vec<Note>,
}

impl AgentsReport {
    /// Computes every row of `book`.
    pub(super) fn of(book: &AgentBook) -> Self {
        let case_mix = CaseMix::of(book.agents.values());
        let mut agents: Vec<AgentRollup> =
            book.agents.iter().map(|(id, sums)| plain_row(id, sums, case_mix.as_ref())).collect();
        fill_shares(&mut agents, book);

        let (mut rows, sums): (Vec<&mut AgentRollup>, Vec<&AgentSums>) =
            agents.iter_mut().zip(book.agents.values()).filter(|(row, _)| row.calls_scored > 0).unzip();
        let raw: Vec<Point> = sums.iter().filter_map(|sums| Point::of(&sums.all_scores())).collect();
        let model = Model::of(&raw);
        fill_scores(&mut rows, &raw, &model);
        let adjusted = case_mix.map(|mix| {
            let points: Vec<Point> = sums.iter().filter_map(|sums| mix.adjusted(sums)).collect();
            let model = Model::of(&points);
            fill_adjusted(&mut rows, &points, &model);
            model
        });
        let funnel_between = fill_funnel(&mut rows, adjusted.as_ref().unwrap_or(&model));

        let population = Population::of(&model);
        if let Some(population) = &population {
            for row in &mut agents {
                row.calls_for_reliability_70 = Some(population.calls_for_reliability_70());
            }
        }
        Self {
            agents,
            calls: book.calls,
            calls_without_agent: book.calls_without_agent,
            calls_low_coverage: book.calls_low_coverage,
            population,
            population_adjusted: adjusted.as_ref().and_then(Population::of),
            funnel_between,
            notes: notes(&model),
        }
    }
}

fn notes(model: &Model) -> Vec<Note> {
    let few = model.fit.is_none();
    let mut notes = vec![if few { Note::FewAgents } else { Note::NoRanks }];
    if model.freedom < 1.0 && !model.observed.is_empty() {
        notes.push(Note::NoRepeatedCalls);
    }
    notes
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
    let shares = |tally: fn(&AgentSums) -> &Tally| {
        let counts: Vec<Option<Counts>> =
            book.agents.values().map(|sums| tally(sums).counts().map(|(hits, calls)| Counts { hits, calls })).collect();
        let known: Vec<Counts> = counts.iter().copied().flatten().collect();
        let prior = Prior::of(&known);
        counts.into_iter().map(move |counts| counts.map(|counts| prior.share(&counts)))
    };
    let negative = shares(|sums| &sums.negative);
    let escalated = shares(|sums| &sums.escalated);
    let recovered = shares(|sums| &sums.recovered);
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

/// Funnel, z and q-value; returns `τ_w`.
fn fill_funnel(rows: &mut [&mut AgentRollup], model: &Model) -> Option<f64> {
    let fit = model.fit.as_ref()?;
    let between = over_dispersion(&model.observed, fit.mu);
    let mut tested = Vec::new();
    for (row, observed) in rows.iter_mut().zip(&model.observed) {
        let z = funnel_z(observed, fit.mu, between);
        row.funnel_z = Some(z);
        row.funnel = Some(Funnel::of(z));
        if row.calls_scored >= DISCOVERY_CALLS {
            tested.push(z);
        }
    }
    let tested_rows = rows.iter_mut().filter(|row| row.calls_scored >= DISCOVERY_CALLS);
    for (row, q) in tested_rows.zip(q_values(&tested)) {
        row.q_value = Some(q);
    }
    Some(between.sqrt())
}

/// Φ((q10 − θ̂)/√V) with q10 = μ̂ − 1.2816τ.
fn bottom_decile(fit: &Fit, agent: &Shrunk) -> f64 {
    let decile = fit.mu - BOTTOM_DECILE * fit.tau_squared.sqrt();
    normal_cdf((decile - agent.value) / agent.variance.sqrt())
}

/// For each agent marked as sure enough, the mean over all other agents b of `Φ((θ̂ − θ̂_b)/√(V + V_b))`.
///
/// Each pair is looked at once, as Φ(−x) = 1 − Φ(x), so that 10,000 agents take a second or two.
fn expected_percentiles(agents: &[(Shrunk, bool)]) -> Vec<Option<f64>> {
    let mut sums = vec![0.0; agents.len()];
    for (index, (agent, sure)) in agents.iter().enumerate() {
        let mut own = 0.0;
        for ((other, other_sure), sum) in agents.iter().zip(&mut sums).skip(index + 1) {
            if !sure && !other_sure {
                continue;
            }
            let z = (agent.value - other.value) / (agent.variance + other.variance).sqrt();
            let better = if z.abs() < CERTAIN { normal_cdf(z) } else { f64::from(z > 0.0) };
            own += better;
            *sum += 1.0 - better;
        }
        sums[index] += own;
    }
    let others = agents.len().saturating_sub(1) as f64;
    agents.iter().zip(sums).map(|((_, sure), sum)| sure.then(|| sum / others)).collect()
}
