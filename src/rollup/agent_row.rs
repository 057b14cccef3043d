//! One row of agents.csv, and all of them.

use super::funnel::{Funnel, Place};
use super::population::Population;
use super::shares::Share;

/// What an agent's score is worth.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Status {
    /// No call with a customer score.
    NoData,
    /// Too few agents have enough calls to tell what is the agent's own; below 5 agents the score is the plain mean.
    FewAgents,
    /// Too few calls for any verdict.
    Insufficient,
    /// Enough calls, but a reliability below 0.3: the score is more of the others' than of the agent's own.
    Uncertain,
    /// None of these.
    Ok,
    /// No verdict, as the scores are those of the local engine in a run that is to show what a service would give.
    Sampled,
}

impl Status {
    /// The name used in files.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::NoData => "no_data",
            Self::FewAgents => "few_agents",
            Self::Insufficient => "insufficient",
            Self::Uncertain => "uncertain",
            Self::Ok => "ok",
            Self::Sampled => "sampled",
        }
    }
}

/// What is said of an agent's place among the others; nothing, by default.
///
/// It is about agents with 10 scored calls or more only, and from scores adjusted for queue and language where these exist.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Verdict {
    /// 1 − B. `None` where fewer than 15 agents have 10 calls.
    pub reliability: Option<f64>,
    /// The agent's place in the funnel. `None` where fewer than 5 agents have 10 calls.
    pub place: Option<Place>,
    /// Benjamini-Hochberg over the agents with a place.
    pub q_value: Option<f64>,
    /// Mean over the other agents of the chance to be truly better than they, 0 to 1. Only where reliability ≥ 0.5.
    pub expected_percentile: Option<f64>,
    /// Chance that the agent truly belongs to the lowest tenth. Only where reliability ≥ 0.5.
    pub p_bottom_decile: Option<f64>,
    /// `μ_w`: what scores are compared with. The same in every row, of agents with few calls too.
    pub funnel_mean: Option<f64>,
    /// Calls that give a score a reliability of 0.7. The same in every row.
    pub calls_for_reliability_70: Option<u64>,
}

impl Verdict {
    /// Where the agent lies in the funnel.
    #[must_use]
    pub fn funnel(&self) -> Option<Funnel> {
        self.place.map(|place| place.funnel())
    }
}

/// One row of agents.csv. `None` is an empty cell.
///
/// Shares and scores stand for every agent, a [`Verdict`] for those with enough calls.
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
    /// The plain t interval of the same. `None` below two calls.
    pub customer_score_raw_interval: Option<(f64, f64)>,
    /// θ̂ from raw scores; ȳ for fewer than 5 agents.
    pub customer_score: Option<f64>,
    /// Lower end of its 95 % interval.
    pub customer_score_low: Option<f64>,
    /// Upper end of its 95 % interval.
    pub customer_score_high: Option<f64>,
    /// θ̂ from scores adjusted for queue and language. `None` if no call has a queue.
    pub customer_score_adjusted: Option<f64>,
    /// Its 95 % interval.
    pub customer_score_adjusted_interval: Option<(f64, f64)>,
    /// What the score is worth.
    pub status: Status,
    /// What is said of the agent's place among the others.
    pub verdict: Verdict,
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
    /// Factor by which what calls of one day have in common widens the variance of ȳ. `None` where dates show nothing of it.
    pub design_effect: Option<f64>,
}

/// All of agents.csv.
#[derive(Debug, Clone, PartialEq)]
pub struct AgentsReport {
    /// One row an agent, sorted by id.
    pub agents: Vec<AgentRollup>,
    /// Calls without any agent id; they are in no row.
    pub calls_without_agent: u64,
    /// `None` for fewer than 5 agents with data.
    pub population: Option<Population>,
}

impl AgentsReport {
    /// The same without any verdict: nothing is said of who stands out, of reliability and places, or of whether agents differ.
    #[must_use]
    pub(crate) fn without_verdicts(mut self) -> Self {
        for agent in &mut self.agents {
            agent.verdict = Verdict::default();
            if agent.status != Status::NoData {
                agent.status = Status::Sampled;
            }
        }
        self.population = None;
        self
    }
}
